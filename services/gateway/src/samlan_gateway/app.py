"""What the process of the gateway is: the one public door, and nothing it owns but a day's answers."""

from __future__ import annotations

from functools import cache, partial
from typing import Final

from fastapi import FastAPI
from samlan_plumbing.http import web_app
from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service, run
from samlan_plumbing.settings import ServiceSettings
from samlan_plumbing.tokens import Signer
from samlan_plumbing.topology import SERVICES

from samlan_gateway.api import catalogue, desk, operator, patron
from samlan_gateway.api.documents import document
from samlan_gateway.api.door import MAX_BODY, Door
from samlan_gateway.clients.broker import Queues, Watch
from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.watching import JOURNEY
from samlan_gateway.handlers.clock import MoveClock
from samlan_gateway.handlers.desk import DeskCommands
from samlan_gateway.handlers.patron import PatronCommands
from samlan_gateway.handlers.sessions import Doorkeeper
from samlan_gateway.store.answers import Answers
from samlan_gateway.store.sessions import Sessions
from samlan_gateway.views.catalogue import Catalogue
from samlan_gateway.views.desk import Desk
from samlan_gateway.views.operations import Operations
from samlan_gateway.views.patron import Pages

OWNERS: Final = tuple(name for name in SERVICES if name != "gateway")


def build(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """The gateway, not yet started."""
    resources = resources or Resources(settings)
    app = web_app("gateway", resources.log, max_body=MAX_BODY, title="Samlån")
    answers, sessions = Answers(resources), Sessions(resources)
    watch = Watch(settings.rabbitmq_url, JOURNEY, resources.log)
    _mount(app, resources, Door(resources.verifier, sessions, answers), sessions, watch)

    async def indexes() -> None:
        await answers.prepare()
        await sessions.prepare()

    return Service(resources, routers=[], app=app, indexes=indexes, closing=[watch.end])


def _mount(app: FastAPI, resources: Resources, door: Door, sessions: Sessions, watch: Watch) -> None:
    settings, owners = resources.settings, Owners(resources.peers)
    pages, at_the_desk = Pages(owners), Desk(owners)
    signer = Signer(settings.keys, resources.machine_clock)
    clock = MoveClock(
        path=settings.clock, library=resources.library_clock, machine=resources.machine_clock,
        peers=resources.peers, queues=Queues(settings.rabbitmq_url), services=OWNERS,
    )  # fmt: skip
    doorkeeper = Doorkeeper(owners, sessions, signer, resources.machine_clock)
    patrons = patron.PatronRooms(doorkeeper, pages, PatronCommands(owners))
    desks = desk.DeskRooms(at_the_desk, DeskCommands(owners), pages)
    operators = operator.OperatorRooms(Operations(resources, owners, OWNERS), watch, clock)
    routers = [
        *patron.routes(door, patrons), catalogue.routes(door, Catalogue(owners)),
        *desk.routes(door, desks), operator.routes(door, operators),
    ]  # fmt: skip
    for router in routers:
        app.include_router(router)
    app.openapi = cache(partial(document, routers))  # type: ignore[method-assign]


def main() -> None:
    """The process's main."""
    run(build)


if __name__ == "__main__":
    main()
