"""What this process is: circulation's store, its handlers, and the doors to them."""

from __future__ import annotations

from samlan_plumbing.http import private_router
from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings

from samlan_circulation.api import desk_routes, record_routes
from samlan_circulation.clients import Accounts
from samlan_circulation.consumers import event_door, fact_door
from samlan_circulation.handlers.answers import Answers
from samlan_circulation.handlers.facts import Facts
from samlan_circulation.handlers.imports import Imports
from samlan_circulation.handlers.loans import Loans
from samlan_circulation.handlers.marks import Marks
from samlan_circulation.handlers.news import News
from samlan_circulation.handlers.returns import Returns
from samlan_circulation.handlers.routings import Routings
from samlan_circulation.handlers.stages import Stages
from samlan_circulation.jobs import jobs
from samlan_circulation.store import Store
from samlan_circulation.views import Views


def build(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """The service, not yet started."""
    resources = resources or Resources(settings)
    resources.log.info("policy_books", members=list(resources.books.members))  # a bad book ends the start
    store = Store(resources)
    answers = Answers(store, resources)
    returns = Returns(store, answers, resources)
    views = Views(store, resources)
    router = private_router(resources.service, resources.verifier)
    desk_routes(router, Loans(store, resources), returns, Marks(store, returns, resources), views)
    record_routes(router, store, views, Imports(store, resources))
    facts = Facts(store, returns, answers, Accounts(resources.peers), resources)
    return Service(
        resources,
        routers=[router],
        events=event_door(store, News(store), Routings(store, answers, resources)),
        facts=fact_door(facts),
        jobs=jobs(Stages(store, resources)),
        indexes=store.prepare,
        background=[answers.watch_for_ever, returns.finish_for_ever],
    )
