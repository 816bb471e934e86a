"""The files that the portal keeps for cards, and the texts that name them.

A text (the details of a card, or of a proposal) names a file by its address. A file is public while
the text online names it; before, those who may see the proposal that brought it may have it. To
name a file that another proposal brought gives nobody anything: its address is no key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Sum

from catalogue import rules
from catalogue.enums import Access, FileState
from catalogue.models import CardFile, CardUpload, Contribution, Resource
from catalogue.queries.file_addresses import COLUMNS, address, identified, is_own
from catalogue.queries.files import ON_REQUEST
from catalogue.validators import words
from catalogue.validators.checks import HeldFile
from catalogue.validators.fields import DETAILS
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation, User
from portal.lib import parts
from portal.lib.references import in_columns

# The columns of a row in which people write of a file.
WORDS = ("title", "description", "licence", "access_url")


def field_of(kind: str) -> str:
    """Name the field where cards of a kind tell their files; "" for a kind that has none."""
    return next((name for name in COLUMNS if name in DETAILS[kind].by_name), "")


def rows_with(details: Mapping[str, Any]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """Give the rows of a text that name a file as we do, each with its identifier."""
    for field, column in COLUMNS.items():
        for row in details.get(field) or []:
            if found := identified(row.get(column)):
                yield found, row


def named(details: Mapping[str, Any]) -> set[UUID]:
    """Give the identifiers of the files that a text names."""
    return {found for found, _row in rows_with(details)}


def of_text(
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


def held(contribution: Contribution, record: Mapping[str, Any]) -> dict[str, HeldFile | None]:
    """Give what is known of each file of ours that a record names, by its address.

    None for one that this contribution may not name: it did not bring it, and it is not online.
    """
    card, details = contribution.resource, record.get("details") or {}
    online = named(card.details) if card.live else set()
    own = {each.public_id: each for each in of_text(card, details, whole=True)}
    found: dict[str, HeldFile | None] = {}
    for public_id, row in rows_with(details):
        file = own.get(public_id)
        if file is None and not is_own(row.get("url") or row.get("download_url")):
            continue  # an address of another portal
        may_name = file and (public_id in online or is_brought(file, contribution))
        told = _told(file) if file and may_name else None
        found[str(row.get("url") or row.get("download_url"))] = told
    return found


def _told(file: CardFile) -> HeldFile:
    waits = file.state == FileState.WAITING
    personal = tuple(file.preview.get("personal") or ())
    return HeldFile(file.name, file.size, file.sha256, waits, tuple(file.signs), personal)


def is_brought(file: CardFile, contribution: Contribution) -> bool:
    """Say whether a file of a card was brought in the name in which this contribution is made."""
    if contribution.is_new and contribution.resource.first_published_at is None:
        return True  # nobody else may have written the text of this card
    if contribution.organisation_id is not None or file.organisation_id is not None:
        return file.organisation_id == contribution.organisation_id
    return file.added_by_id is not None and file.added_by_id == contribution.author_id


def of_draft(contribution: Contribution) -> list[CardFile]:
    """List the files that a draft names and its authors may know, in its order.

    They know those brought in the name in which they write, and those that the card online shows
    them. To name another one tells nothing of it, its name and its digest no more than its bytes.
    """
    card = contribution.resource
    by_person = contribution.author_id is not None and contribution.author_id == card.author_id
    holds = contribution.organisation_id == card.organisation_id
    holds = holds and (card.organisation_id is not None or by_person)
    shows = card.live and (holds or card.access not in ON_REQUEST)
    online = named(card.details) if shows else set()
    named_files = of_text(card, contribution.content.get("details") or {})
    return [f for f in named_files if f.public_id in online or is_brought(f, contribution)]


def shown(resource: Resource, details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the files of a text that anyone may read as pages tell them.

    previews: whether the first rows of the file may be shown. words: what the text says of it that
    the file does not.
    """
    rows = dict(rows_with(details))
    lines = _lines(of_text(resource, details), {resource.access})
    return [each | {"words": _words(rows[each["file"].public_id], each["file"])} for each in lines]


def shown_in_draft(contribution: Contribution) -> list[dict[str, Any]]:
    """Give the files of a draft to those who write it, as `shown`."""
    said = {contribution.resource.access, str(contribution.content.get("access") or "")}
    return _lines(of_draft(contribution), said)


def _lines(files: Iterable[CardFile], accesses: set[str]) -> list[dict[str, Any]]:
    closed = not ON_REQUEST.isdisjoint(accesses)
    return [
        {"file": each, "href": address(each), "previews": each.has_preview and not closed}
        for each in files
    ]


def _words(row: Mapping[str, Any], file: CardFile) -> dict[str, str]:
    told = {name: str(row.get(name) or "") for name in WORDS}
    told["licence"] = words.licence_label(told["licence"])
    return {name: text for name, text in told.items() if text and text != file.name}


def readable(file: CardFile, user: Any) -> bool:
    """Say whether this person, or a visitor, may have the bytes of a file."""
    return any(True for _access in _given(file, user))


def may_preview(file: CardFile, user: Any) -> bool:
    """Say whether its first rows may be shown: never those of what is had on request."""
    if not file.has_preview or file.resource.access in ON_REQUEST:
        return False
    return any(access not in ON_REQUEST for access in _given(file, user))


def _given(file: CardFile, user: Any) -> Iterator[str]:
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
        if (card.live or is_masked) and file.public_id in named(card.details):
            yield card.access
    elif is_masked and not rules.may_moderate(user):
        return
    rows = Contribution.objects.visible_to(user).filter(resource=card)
    for each in rows.select_related("revision", "organisation", "resource__organisation"):
        if _gives(each, file, user):
            yield str(each.content.get("access") or card.access)


def _gives(contribution: Contribution, file: CardFile, user: Any) -> bool:
    """Say whether this person may have, by a contribution that they see, a file it brought.

    What is had on request stays with who answers for the card and who brought it.
    """
    card, told = contribution.resource, contribution.content
    if file.public_id not in named(told.get("details") or {}) or not is_brought(file, contribution):
        return False
    is_closed = not ON_REQUEST.isdisjoint((card.access, told.get("access")))
    if is_closed and not rules.writes(user, contribution) and not rules.owns(user, card):
        return False
    if rules.writes(user, contribution):
        return True
    reads = rules.owns(user, card) or has_permission(user, Permission.CONTRIBUTION_READ_ALL)
    return reads and contribution.status not in rules.UNSENT  # who left the organisation does not


def is_public(file: CardFile) -> bool:
    """Say whether the card online gives a file, to all or to any account."""
    card = file.resource
    if not card.live or not file.is_sound or card.access in ON_REQUEST:
        return False
    return file.public_id in named(card.details)


def weight(*, organisation: Organisation | None, person: User | None) -> int:
    """Sum the bytes that an organisation, or a person, keeps; the same bytes count once."""
    held = CardFile.objects.held_by(organisation, person).order_by()
    once = held.values("sha256", "size").distinct()
    return int(once.aggregate(all=Sum("size"))["all"] or 0)


def kept(hashes: Iterable[str]) -> Iterator[str]:
    """Give the sha256 of objects, among these, that a file of a card names."""
    return in_columns([CardFile], list(hashes))


def kept_parts(names: Collection[str]) -> Iterator[str]:
    """Give the parts of files to come that an upload names, those of these uploads."""
    return parts.in_rows(CardUpload.objects.all(), names)
