"""What the process of accounts is: its resources, its doors, and what runs in the background."""

from __future__ import annotations

from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings

from samlan_accounts import api, consumers, jobs
from samlan_accounts.handlers.importing import ImportPatrons
from samlan_accounts.handlers.patrons import ChangePatrons
from samlan_accounts.handlers.sessions import HashPins, LogIn, Resolve
from samlan_accounts.settings import AccountsSettings
from samlan_accounts.store.attempts import LogInAttempts
from samlan_accounts.store.patrons import Patrons
from samlan_accounts.store.vault import PinHasher, Vault
from samlan_accounts.views import Accounts


def build(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """The accounts service, not yet started."""
    settings = own(settings)
    resources = resources or Resources(settings)
    vault = Vault.open(settings.keys)
    hasher = PinHasher(vault)
    patrons, attempts = Patrons(resources, vault), LogInAttempts(resources)
    changes = ChangePatrons(resources, patrons, hasher)

    async def indexes() -> None:
        await patrons.prepare()
        await attempts.prepare()

    router = api.routes(
        resources,
        accounts=Accounts(resources, patrons),
        imports=ImportPatrons(resources, patrons),
        changes=changes,
        log_in=LogIn(patrons, attempts, hasher, upgrade=HashPins(patrons, hasher)),
        resolve=Resolve(patrons, resources.books),
    )
    return Service(
        resources,
        routers=[router],
        events=consumers.door(changes),
        jobs=[jobs.temporary_accounts(patrons, changes)],
        indexes=indexes,
        background=[
            jobs.PinHashing(
                patrons, HashPins(patrons, hasher), resources.flow, share=settings.pin_hashing_share
            ),
        ],
    )


def own(settings: ServiceSettings) -> AccountsSettings:
    """The settings with accounts' own variables."""
    if isinstance(settings, AccountsSettings):
        return settings
    return AccountsSettings(**settings.model_dump())
