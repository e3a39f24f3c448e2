"""`samlan up`: the whole consortium on this machine until Ctrl-C."""

import asyncio
import signal
from pathlib import Path

from rich.console import Console
from rich.table import Table
from samlan_embedded import DidNotStart
from samlan_plumbing.clocks import read_clock

from samlan.addresses import FILE, Addresses
from samlan.supervisor import Supervisor
from samlan.trouble import Trouble


def run_until_interrupted(data: Path, port: int | None, clock: Path | None) -> None:
    """Starts everything, prints the addresses, and ends everything on Ctrl-C or SIGTERM."""
    asyncio.run(_up(data, port, clock, Console()))


async def _up(data: Path, port: int | None, clock: Path | None, console: Console) -> None:
    if clock:
        check_clock(clock)
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    supervisor = Supervisor(
        data, port=port, clock=clock, tell=lambda line: console.print(line, highlight=False)
    )
    addresses = await started(supervisor, interrupted)
    if addresses is None:
        return
    console.print(table(addresses, data))
    await interrupted.wait()
    console.print("stopping")
    await supervisor.stop()


async def started(supervisor: Supervisor, interrupted: asyncio.Event) -> Addresses | None:
    """The addresses once everything is ready, or None when interrupted before; then all is ended again."""
    start = asyncio.create_task(supervisor.start())
    interruption = asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait((start, interruption), return_when=asyncio.FIRST_COMPLETED)
        if not start.done():
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return None
        return start.result()
    except DidNotStart as error:
        raise Trouble(str(error)) from error
    finally:
        interruption.cancel()


def check_clock(clock: Path) -> None:
    """Refuses a clock's file that holds no time before anything is started."""
    try:
        read_clock(clock)
    except OSError as error:
        raise Trouble(f"--clock {clock}: {error.strerror}") from None
    except ValueError as error:
        raise Trouble(f"--clock {clock}: {error}") from None


def table(addresses: Addresses, data: Path) -> Table:
    """The addresses a person needs; the rest stands in the file."""
    shown = Table(show_header=False, box=None)
    for name, value in (
        ("gateway", addresses.gateway), ("mail", addresses.mail), ("sms", addresses.sms),
        ("logs", addresses.logs), ("all addresses", str(data / FILE)),
    ):  # fmt: skip
        shown.add_row(name, value)
    return shown
