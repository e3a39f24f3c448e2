"""What is being done right now: a spinner with one changing line, or plain lines without a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status
from rich.text import Text

from samlan.demo.words import GOOD, QUIET


def moves(console: Console) -> bool:
    """Whether lines on this terminal can be changed after they were written."""
    return console.is_terminal and not console.is_dumb_terminal


class Telling:
    """Says what is being done while the block runs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    def __enter__(self) -> Telling:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(self, words: str) -> None:
        """This is being done now."""
        if not moves(self._console):
            self._console.print(words)
        elif self._status is None:
            self._status = self._console.status(words, spinner_style=QUIET)
            self._status.start()
        else:
            self._status.update(words)

    def news(self, words: str) -> None:
        """This happened meanwhile."""
        if self._status is not None:
            self._status.update(words)
        else:
            self._console.print(words, style=QUIET)

    def progress(self, file: str, done: int, total: int) -> None:
        """So much of a file is loaded."""
        if moves(self._console):
            self.say(f"loading {file.partition('.')[0]}: {done * 100 // max(total, 1)} %")
        elif done == total:
            self.say(f"loaded {file}")

    def done(self, words: str) -> None:
        """This is done, and stays on the screen."""
        self.stop()
        self._console.print(Text.assemble(("✓ ", GOOD), words))

    def stop(self) -> None:
        """Nothing is being done that a person should wait for."""
        if self._status is not None:
            self._status.stop()
            self._status = None
