"""Where the files of a card are, when the portal holds them.

Apps above say so at start (AppConfig.ready), one provider for a kind:

    from catalogue.queries import files
    files.register(ResourceKind.DATASET, address_of)   # "" when it holds none
    files.register_held(ResourceKind.DATASET, files_of)  # {resource: its files}, all at once
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from catalogue.enums import Access, ResourceKind
from catalogue.models import Resource
from catalogue.queries import file_addresses
from catalogue.standards.published import File
from catalogue.validators.fields import RELATIONS

Provider = Callable[[Resource], str]


class Card(Protocol):
    """A resource, or what is read of one: its number and its kind are known."""

    @property
    def pk(self) -> Any:
        """Its number."""

    @property
    def kind(self) -> str:
        """Its kind."""


HeldProvider = Callable[[Sequence[Card]], Mapping[int, Sequence[File]]]
# Where a card says where its files are: field of the details, columns that lead to one.
FILE_COLUMNS = {"files": ("url",), "distributions": ("download_url", "access_url")}
ON_REQUEST = frozenset({Access.ON_REQUEST, Access.RESTRICTED})
_providers: dict[ResourceKind, Provider] = {}
_held: dict[ResourceKind, HeldProvider] = {}


def register(kind: ResourceKind, provider: Provider) -> None:
    """Name who holds the files of a kind; twice the same changes nothing."""
    _providers[kind] = provider


def register_held(kind: ResourceKind, provider: HeldProvider) -> None:
    """Name who describes the files held of a kind; twice the same changes nothing."""
    _held[kind] = provider


def address(resource: Resource) -> str:
    """Give the address of the page of a card's files, or "" when they are not held here."""
    provider = _providers.get(ResourceKind(resource.kind))
    return provider(resource) if provider else ""


def held(resources: Sequence[Card]) -> dict[int, Sequence[File]]:
    """Give the files held of some resources, by primary key; as anyone may know of them."""
    found: dict[int, Sequence[File]] = {}
    for kind, provider in _held.items():
        of_kind = [each for each in resources if each.kind == kind]
        if of_kind:
            found |= provider(of_kind)
    return found


def without(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give the details of a card without where its files are."""
    return {name: value for name, value in details.items() if name not in FILE_COLUMNS}


def together(online: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, Any]:
    """Add the files that a proposal brings to those online, which it was not shown.

    A row that leads where one online does is that one: it stays as it is online.
    """
    told = dict(proposed) | besides(online, proposed)
    for name in FILE_COLUMNS:
        rows = [*(online.get(name) or []), *(told.get(name) or [])]
        if rows:
            told[name] = rows
    return told


def besides(known: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the rows of files of a proposal that lead where none of those known does."""
    found = {}
    for name, columns in FILE_COLUMNS.items():
        there = {_place(row, columns) for row in known.get(name) or []}
        rows = proposed.get(name) or []
        found[name] = [row for row in rows if _place(row, columns) not in there]
    return found


def _place(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """Tell where a row leads, whatever the host of the portal was; a row without address, whole."""
    url = next((row[column] for column in columns if row.get(column)), "")
    return str(file_addresses.identified(url) or url or sorted(row.items()))


def readable(resource: Resource) -> dict[str, Any]:
    """Give the details of a card as anyone may read them.

    The files of what is had on request alone have no address and no name there, and the cards it
    is tied to are told by its links, which name none that is hidden. The files that the portal
    keeps are told by its address of today.
    """
    hidden = {RELATIONS.name, *(FILE_COLUMNS if resource.access in ON_REQUEST else ())}
    told = {name: value for name, value in resource.details.items() if name not in hidden}
    return file_addresses.current(resource, told)
