"""The process that services are forked from: it has imported what they share, libraries and our own.

Forked, a service is there at once and shares that memory with the others; of a service itself nothing is
here. It is run as `python -m samlan.forkserver FD`, or is itself the fork of a command that has imported a
part of that (`begin`). Over its socket it takes one JSON line for each process wanted, answers with its pid,
and tells when one has ended. When the socket closes, whoever asked is gone: all are ended.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

SHARED: Final = (
    "aio_pika", "samlan_contracts.policy", "samlan_plumbing.peers", "samlan_plumbing.topology", "uvloop",
)  # fmt: skip
"""What both services and the commands that start them import."""

PRELOADED: Final = (
    "aio_pika", "aiosmtpd.smtp", "aiosmtplib", "argon2", "babel.dates",
    "cryptography.hazmat.primitives.asymmetric.ed25519", "cryptography.hazmat.primitives.ciphers.aead",
    "encodings.idna", "fastapi", "faststream.rabbit", "faststream.rabbit.prometheus",
    "faststream.rabbit.opentelemetry", "httpx2", "jinja2", "joserfc.jwt", "joserfc.jwk",
    "opentelemetry.sdk.trace", "orjson", "prometheus_client", "pydantic.v1", "pydantic_settings", "pymarc",
    "pymongo.asynchronous.mongo_client", "samlan_contracts.policy", "samlan_plumbing.runtime", "structlog",
    "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.on", "uvloop", "yaml",
)  # fmt: skip
DRAIN_SECONDS: Final = 25.0
POLL_SECONDS: Final = 0.05


class Closes(Protocol):
    """What is open and can be closed."""

    def close(self) -> None:
        """Closes it."""


class ForkServer:
    """Forks what it is asked for and tells what ended, until its socket closes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: set[int] = set()
        self._unread = b""
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def serve(self) -> None:
        """Serves until nobody asks any more, then ends every process."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno())
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(self._woken, selectors.EVENT_READ)
        asked = True
        try:
            while asked:
                for key, _ in selector.select():
                    asked = self._take_requests() if key.fileobj is self._control else self._tell_ended()
        finally:
            self._end_all()

    def _take_requests(self) -> bool:
        try:
            data = self._control.recv(65536)
        except ConnectionError:  # who asked is gone and had not read an answer
            data = b""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            wanted = json.loads(line)
            self._tell({"name": wanted["name"], "pid": self._fork(wanted)})
        return bool(data)

    def _fork(self, wanted: dict[str, Any]) -> int:
        pid = os.fork()
        if not pid:
            self._forget_parent()
            become(**wanted)
        self._children.add(pid)
        return pid

    def _forget_parent(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for end in (self._control, self._woken, self._wake):
            end.close()

    def _tell_ended(self) -> bool:
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        for pid, code in self._reap():
            self._tell({"ended": pid, "code": code})
        return True

    def _reap(self) -> list[tuple[int, int]]:
        ended = []
        for pid in list(self._children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self._children.discard(pid)
                ended.append((pid, os.waitstatus_to_exitcode(status)))
        return ended

    def _tell(self, message: dict[str, Any]) -> None:
        with suppress(OSError):
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def _end_all(self) -> None:
        for number, seconds in ((signal.SIGTERM, DRAIN_SECONDS), (signal.SIGKILL, DRAIN_SECONDS)):
            for pid in self._children:
                os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while self._children and time.monotonic() < deadline:
                self._reap()
                time.sleep(POLL_SECONDS)


def become(name: str, entry: str, environment: dict[str, str], log: str) -> NoReturn:
    """Turns this fresh fork into the process wanted: its environment, its log, its `module:function`."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(environment)
        _speak_into(log)
        code = _call(entry)
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(code)


def _call(entry: str) -> int:
    module, _, function = entry.partition(":")
    main: Callable[[], object] = getattr(import_module(module), function)
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def serve(control: socket.socket) -> None:
    """Imports what services share and serves."""
    for module in PRELOADED:
        import_module(module)
    gc.collect()
    gc.freeze()  # what is shared now stays shared: no collection writes to it
    ForkServer(control).serve()


def begin(control: socket.socket, log: Path, foreign: Iterable[Closes]) -> NoReturn:
    """Turns this fresh fork of a command into the fork server; `foreign` are the command's open files."""
    code = 1
    try:
        os.setsid()  # a Ctrl-C at the terminal is the command's
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for one in foreign:
            one.close()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for first, last in ((3, control.fileno()), (control.fileno() + 1, os.sysconf("SC_OPEN_MAX"))):
            os.closerange(first, last)  # of whoever called the command as well
        _speak_into(log)
        serve(control)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        _leave(code)


def _speak_into(log: str | Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(file, standard)
    os.close(file)


def flush() -> None:
    """Writes out what was printed, where that can be; a command may have been called without an output."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _leave(code: int) -> NoReturn:
    flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
