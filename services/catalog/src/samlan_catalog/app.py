"""What the process of catalog is: its resources and its one door; it reads no events."""

from __future__ import annotations

from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings

from samlan_catalog import api
from samlan_catalog.handlers import branch_import, item_import, title_import
from samlan_catalog.store import Store
from samlan_catalog.views import Catalogue


def build(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """The catalog service, not yet started."""
    resources = resources or Resources(settings)
    store = Store(resources)
    imports: dict[str, api.TakeRows] = {
        "branches": branch_import(resources, store),
        "titles": title_import(resources, store),
        "items": item_import(resources, store),
    }
    router = api.routes(resources, catalogue=Catalogue(resources, store), imports=imports)
    return Service(resources, routers=[router], indexes=store.prepare)
