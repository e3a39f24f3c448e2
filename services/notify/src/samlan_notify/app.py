"""Notify as a process: what was said to whom, when, by which channel, with what result."""

from __future__ import annotations

from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service, run
from samlan_plumbing.settings import ServiceSettings

from samlan_notify.api import routes
from samlan_notify.clients import Courier
from samlan_notify.clients.accounts import Accounts
from samlan_notify.clients.mail import MailCourier
from samlan_notify.clients.sms import SmsCourier
from samlan_notify.consumers import events
from samlan_notify.domain.notice import Channel
from samlan_notify.handlers.copying import Copying
from samlan_notify.handlers.delivering import Delivery
from samlan_notify.handlers.following import Following
from samlan_notify.handlers.recording import Recording
from samlan_notify.handlers.sending import Sending
from samlan_notify.handlers.survey import Survey
from samlan_notify.jobs import jobs
from samlan_notify.settings import NotifySettings
from samlan_notify.store import Known, Notices


def build(settings: NotifySettings, *, resources: Resources | None = None) -> Service:
    """The service as its environment describes it, not yet started."""
    settings = own(settings)
    resources = resources or Resources(settings)
    notices, known = Notices(resources), Known(resources)
    survey = Survey(copies=known, books=resources.books)
    delivery = Delivery(
        notices=notices,
        survey=survey,
        couriers=_couriers(settings, resources),
        library_clock=resources.library_clock,
        machine_clock=resources.machine_clock,
    )
    sending = Sending(
        notices=notices,
        survey=survey,
        accounts=Accounts(resources.peers),
        delivery=delivery,
        library_clock=resources.library_clock,
        machine_clock=resources.machine_clock,
    )

    async def indexes() -> None:
        await notices.prepare()
        await known.prepare()

    return Service(
        resources,
        routers=[routes(resources.verifier, notices=notices, known=known, clock=resources.library_clock)],
        events=events(
            Recording(
                notices=notices,
                known=known,
                books=resources.books,
                clock=resources.library_clock,
                machine_clock=resources.machine_clock,
            ),
            Copying(known=known, notices=notices, clock=resources.library_clock),
            Following(known=known, books=resources.books, machine_clock=resources.machine_clock),
        ),
        jobs=jobs(sending),
        indexes=indexes,
    )


def _couriers(settings: NotifySettings, resources: Resources) -> dict[Channel, Courier]:
    return {
        "email": MailCourier(
            host=settings.smtp_host, port=settings.smtp_port,
            sender=settings.mail_from, clock=resources.machine_clock,
        ),
        "sms": SmsCourier(url=settings.sms_url),
    }  # fmt: skip


def own(settings: ServiceSettings) -> NotifySettings:
    """The settings with notify's own variables."""
    if isinstance(settings, NotifySettings):
        return settings
    return NotifySettings(**settings.model_dump())


def main() -> None:
    """The process's main."""
    run(lambda settings: build(own(settings)))


if __name__ == "__main__":
    main()
