"""The files of cards: their addresses, who holds them, the texts that name them, who has them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db.models import Sum

from catalogue.resources import rules, words
from catalogue.resources.enums import Access, ResourceKind
from catalogue.resources.fields import DETAILS, RELATIONS
from catalogue.resources.models import CardFile, Resource
from catalogue.standards.published import File
from portal.accounts.models import Organisation, User
from portal.lib.storage.objects import digests_in_columns

PLACE = "/fichiers/"
ADDRESS = re.compile(rf"{PLACE}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})/[^/]+\Z")
# Field of the details that holds files, and the column of its rows that leads to the bytes.
COLUMNS = {"files": "url", "distributions": "download_url"}


def file_address(file: CardFile) -> str:
    """Give the address of a file: the same for ever, in no language."""
    return f"{settings.SITE_URL}{PLACE}{file.public_id}/{quote(file.name)}"


def file_identified(url: object) -> UUID | None:
    """Read which file an address would lead to if it were ours; None for one of another form."""
    found = ADDRESS.search(str(url or ""))
    return UUID(found[1]) if found else None


def is_own(url: object) -> bool:
    """Say whether an address leads to a file of ours, at the address that the portal has today."""
    return (
        str(url or "").startswith(f"{settings.SITE_URL}{PLACE}")
        and file_identified(url) is not None
    )


def current_addresses(resource: Resource, details: dict[str, Any]) -> dict[str, Any]:
    """Write the host of today in the addresses of a card's own files."""
    former = {
        public_id
        for field, column in COLUMNS.items()
        for row in details.get(field) or []
        if (public_id := file_identified(row.get(column))) and not is_own(row.get(column))
    }
    if not former:
        return details
    rows = CardFile.objects.filter(resource=resource, public_id__in=former).defer("preview")
    known = {each.public_id: file_address(each) for each in rows}
    told = {
        field: [row | _address_of_today(known, column, row.get(column)) for row in details[field]]
        for field, column in COLUMNS.items()
        if details.get(field)
    }
    return details | told


def _address_of_today(known: dict[UUID, str], column: str, url: object) -> dict[str, str]:
    found = file_identified(url)
    return {column: known[found]} if found in known else {}


Provider = Callable[[Resource], str]


class Card(Protocol):
    """A resource, or what is read of one: its number and its kind are known."""

    @property
    def pk(self) -> Any:
        """Its number."""

    @property
    def kind(self) -> str:
        """Its kind."""


Held = Mapping[int, Sequence[File]]
HeldProvider = Callable[[Sequence[Card]], Held]
# Where a card says where its files are: field of the details, columns that lead to one.
FILE_COLUMNS = {"files": ("url",), "distributions": ("download_url", "access_url")}
ON_REQUEST = frozenset({Access.ON_REQUEST, Access.RESTRICTED})
# By kind: who holds its files, and who describes those held.
providers: dict[ResourceKind, Provider] = {}
# By kind: where the files of a card of some accesses are deposited, "" where the card keeps them.
depositories: dict[ResourceKind, Callable[[Resource, Collection[str]], str]] = {}
held_providers: dict[ResourceKind, HeldProvider] = {}


def files_page(resource: Resource) -> str:
    """Give the address of the page of a card's files, or "" when they are not held here."""
    provider = providers.get(ResourceKind(resource.kind))
    return provider(resource) if provider else ""


def deposit_page(resource: Resource, access: object = None) -> str:
    """Give the address where the files of a card are deposited, "" when the card keeps its own.

    access: what a text that may go online says, beside the card online.
    """
    depository = depositories.get(ResourceKind(resource.kind))
    if depository is None:
        return ""
    accesses = {str(access or resource.access), *([resource.access] if resource.live else [])}
    return depository(resource, accesses)


def files_held(resources: Sequence[Card]) -> dict[int, Sequence[File]]:
    """Give the files held of some resources, by primary key; as anyone may know of them."""
    found: dict[int, Sequence[File]] = {}
    for kind, provider in held_providers.items():
        of_kind = [each for each in resources if each.kind == kind]
        if of_kind:
            found |= provider(of_kind)
    return found


def without_files(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give the details of a card without where its files are."""
    return {name: value for name, value in details.items() if name not in FILE_COLUMNS}


def files_together(online: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, Any]:
    """Add the files that a proposal brings to those online, which it was not shown.

    A row that leads where one online does is that one: it stays as it is online.
    """
    told = dict(proposed) | files_besides(online, proposed)
    for name in FILE_COLUMNS:
        rows = [*(online.get(name) or []), *(told.get(name) or [])]
        if rows:
            told[name] = rows
    return told


def files_besides(known: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the rows of files of a proposal that lead where none of those known does."""
    found = {}
    for name, columns in FILE_COLUMNS.items():
        there = {_destination(row, columns) for row in known.get(name) or []}
        rows = proposed.get(name) or []
        found[name] = [row for row in rows if _destination(row, columns) not in there]
    return found


def _destination(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """Tell where a row leads, whatever the host of the portal was; a row without address, whole."""
    url = next((row[column] for column in columns if row.get(column)), "")
    return str(file_identified(url) or url or sorted(row.items()))


def readable_details(resource: Resource) -> dict[str, Any]:
    """Give the details of a card as anyone may read them.

    The files of what is had on request alone have no address and no name there, and the cards it
    is tied to are told by its links, which name none that is hidden. The files that the portal
    keeps are told by its address of today.
    """
    hidden = {RELATIONS.name, *(FILE_COLUMNS if resource.access in ON_REQUEST else ())}
    told = {name: value for name, value in resource.details.items() if name not in hidden}
    return current_addresses(resource, told)


# The columns of a row in which people write of a file.
WORDS = ("title", "description", "licence", "access_url")


def field_of(kind: str) -> str:
    """Name the field where cards of a kind tell their files; "" for a kind that has none."""
    return next((name for name in COLUMNS if name in DETAILS[kind].by_name), "")


def rows_with(details: Mapping[str, Any]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """Give the rows of a text that name a file as we do, each with its identifier."""
    for field, column in COLUMNS.items():
        for row in details.get(field) or []:
            if found := file_identified(row.get(column)):
                yield found, row


def ids_named(details: Mapping[str, Any]) -> set[UUID]:
    """Give the identifiers of the files that a text names."""
    return {found for found, _row in rows_with(details)}


def without_refused(details: Mapping[str, Any], refused: Collection[UUID]) -> dict[str, Any]:
    """Give the details of a card without the files that nobody may be given."""
    told = dict(details)
    for field, column in COLUMNS.items() if refused else ():
        rows = told.get(field) or []
        told[field] = [row for row in rows if file_identified(row.get(column)) not in refused]
    return told


def files_of_text(
    resource: Resource, details: Mapping[str, Any], *, whole: bool = False
) -> list[CardFile]:
    """List the files of a card that a text of it names, in its order; those of others are not.

    whole: with their first rows, which a list does not need.
    """
    order = list(dict.fromkeys(found for found, _row in rows_with(details)))
    if not order:
        return []
    rows = CardFile.objects.filter(resource_id=resource.pk, public_id__in=order)
    rows = rows if whole else rows.defer("preview")
    return sorted(rows, key=lambda each: order.index(each.public_id))


def files_shown(resource: Resource, details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the files of a text that anyone may read as pages tell them.

    previews: whether the first rows of the file may be shown. words: what the text says of it that
    the file does not. Of what is had on request, the name and the size alone: no address.
    """
    rows = dict(rows_with(details))
    lines = file_lines(files_of_text(resource, details), {resource.access})
    if resource.access in ON_REQUEST:
        return [each | {"href": "", "words": {}} for each in lines]
    return [each | {"words": _words(rows[each["file"].public_id], each["file"])} for each in lines]


def file_lines(files: Iterable[CardFile], accesses: set[str]) -> list[dict[str, Any]]:
    """Give some files as pages tell them: address, and whether first rows may be shown."""
    closed = not ON_REQUEST.isdisjoint(accesses)
    return [
        {"file": each, "href": file_address(each), "previews": each.has_preview and not closed}
        for each in files
    ]


def _words(row: Mapping[str, Any], file: CardFile) -> dict[str, str]:
    told = {name: str(row.get(name) or "") for name in WORDS}
    told["licence"] = words.licence_label(told["licence"])
    return {name: text for name, text in told.items() if text and text != file.name}


# Of a file and a person: the access that each other text says, of those that give it to them.
givers: list[Callable[[CardFile, Any], Iterable[str]]] = []


def may_have(file: CardFile, user: Any) -> bool:
    """Say whether this person, or a visitor, may have the bytes of a file."""
    return any(True for _access in _accesses_given(file, user))


def may_preview(file: CardFile, user: Any) -> bool:
    """Say whether its first rows may be shown: never those of what is had on request."""
    if not file.has_preview or file.resource.access in ON_REQUEST:
        return False
    return any(access not in ON_REQUEST for access in _accesses_given(file, user))


def _accesses_given(file: CardFile, user: Any) -> Iterator[str]:
    """Give the access that each text says, of those by which this person may have a file."""
    if not file.is_sound:
        return
    card = file.resource
    if is_public(file) and (card.access == Access.OPEN or user.is_authenticated):
        yield card.access
    if not user.is_authenticated:
        return
    is_masked = card.masked_at is not None
    if rules.owns(user, card):
        if (card.live or is_masked) and file.public_id in ids_named(card.details):
            yield card.access
    elif is_masked and not rules.may_moderate(user):
        return
    for accesses_given in givers:
        yield from accesses_given(file, user)


def is_public(file: CardFile) -> bool:
    """Say whether the card online gives a file, to all or to any account."""
    card = file.resource
    if not card.live or not file.is_sound or card.access in ON_REQUEST:
        return False
    return file.public_id in ids_named(card.details)


def weight(*, organisation: Organisation | None, person: User | None) -> int:
    """Sum the bytes that an organisation, or a person, keeps; the same bytes count once."""
    held = CardFile.objects.held_by(organisation, person).order_by()
    once = held.values("sha256", "size").distinct()
    return int(once.aggregate(all=Sum("size"))["all"] or 0)


def kept_objects(hashes: Iterable[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a file of a card names."""
    return digests_in_columns([CardFile], list(hashes))
