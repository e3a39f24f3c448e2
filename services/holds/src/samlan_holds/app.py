"""What the holds process is: its documents, handlers and doors, put together."""

from __future__ import annotations

from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings

from samlan_holds.api import router, staff_router
from samlan_holds.consumers import event_door
from samlan_holds.handlers.commands import Commands
from samlan_holds.handlers.deadlines import Deadlines
from samlan_holds.handlers.importing import Importing
from samlan_holds.handlers.items import Items
from samlan_holds.handlers.people import People
from samlan_holds.jobs import jobs
from samlan_holds.store.copies import Copies
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Queues
from samlan_holds.views.checks import Checks
from samlan_holds.views.holds import HoldViews
from samlan_holds.views.lists import Lists


def build(settings: ServiceSettings, resources: Resources | None = None) -> Service:
    """The service, not started yet."""
    resources = resources or Resources(settings)
    clock, verifier = resources.library_clock, resources.verifier
    copies, holds = Copies(resources), Holds(resources)
    queues = Queues(resources, holds, copies)
    commands = Commands(clock, queues, holds, copies)
    importing = Importing(clock, queues, holds, copies)

    async def indexes() -> None:
        await copies.prepare()
        await holds.prepare()
        await queues.prepare()

    return Service(
        resources,
        routers=(
            router(verifier, commands, importing, HoldViews(queues, holds)),
            staff_router(verifier, Lists(clock, queues, copies), Checks(queues, copies)),
        ),
        events=event_door(Items(resources, queues, holds, copies), People(queues, holds, copies)),
        jobs=jobs(clock, Deadlines(queues, holds), queues, holds),
        indexes=indexes,
        background=(queues.teach_for_ever,),
    )
