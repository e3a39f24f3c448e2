"""The billing service as a process: its resources, its doors, its jobs."""

from __future__ import annotations

from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings

from samlan_billing import api, consumers, jobs
from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.store import Store


def build(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """The service, not yet started; books that cannot be read are refused here."""
    resources = resources or Resources(settings)
    store = Store(resources)
    bookkeeper = Bookkeeper(store, resources.books, resources.library_clock)
    return Service(
        resources,
        routers=(api.router(bookkeeper, resources),),
        events=consumers.events(bookkeeper),
        jobs=jobs.jobs(bookkeeper),
        indexes=store.prepare,
    )
