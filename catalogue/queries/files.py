"""Where the files of a card are, when the portal holds them.

Apps above say so at start (AppConfig.ready), one provider for a kind:

    from catalogue.queries import files
    files.register(ResourceKind.DATASET, address_of)   # "" when it holds none
"""

from collections.abc import Callable

from catalogue.enums import ResourceKind
from catalogue.models import Resource

Provider = Callable[[Resource], str]
_providers: dict[ResourceKind, Provider] = {}


def register(kind: ResourceKind, provider: Provider) -> None:
    """Name who holds the files of a kind; twice the same changes nothing."""
    _providers[kind] = provider


def address(resource: Resource) -> str:
    """Give the address of the page of a card's files, or "" when they are not held here."""
    provider = _providers.get(ResourceKind(resource.kind))
    return provider(resource) if provider else ""
