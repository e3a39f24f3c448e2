"""What the supervisor's processes run: a service, or the catchers of mails and texts."""

import asyncio
import os
import signal
from importlib import import_module
from pathlib import Path


def service() -> None:
    """The service that `SAMLAN_SERVICE` names."""
    from samlan_plumbing.runtime import run

    run(import_module(f"samlan_{os.environ['SAMLAN_SERVICE']}.app").build)


def catchers() -> None:
    """The catchers, until SIGTERM."""
    asyncio.run(_catch())


async def _catch() -> None:
    from samlan_embedded.catchers import Catching, catching

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    where = Catching(
        mail=Path(os.environ["SAMLAN_MAIL"]), sms=Path(os.environ["SAMLAN_SMS"]),
        smtp_port=int(os.environ["SAMLAN_SMTP_PORT"]), sms_port=int(os.environ["SAMLAN_SMS_PORT"]),
    )  # fmt: skip
    async with catching(where):
        await ended.wait()
