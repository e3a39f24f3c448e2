"""A device's program in a process of its own, to be killed: says a journal of physical events, then waits.

Usage: python device.py STORE AMQP_URL DEVICE EVENTS KILL_AT; exits 0 once the broker has everything.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from samlan_kiosk.app import Kiosk
from samlan_plumbing.seams import install


async def main(store: str, url: str, device: str, events: int, kill_at: int) -> None:
    left = kill_at

    async def nemesis(_: str, __: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    install(nemesis)
    async with Kiosk(Path(store), url, "vast", "lerum", device) as kiosk:
        for number in range(events):
            await kiosk.item_returned(f"3517700{number}", scan=f"scan-{number}")
        while await kiosk.waiting():
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], *map(int, sys.argv[4:6])))  # type: ignore[arg-type]
