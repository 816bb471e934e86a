"""The files of drafts: those that a text names, who brought them, who may have them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from catalogue.contributions import rules
from catalogue.contributions.models import CardUpload, Contribution
from catalogue.contributions.record_checks import HeldFile
from catalogue.resources import rules as resource_rules
from catalogue.resources.enums import FileState
from catalogue.resources.models import CardFile
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.files import (
    ON_REQUEST,
    file_lines,
    files_of_text,
    ids_named,
    is_own,
    rows_with,
)
from portal.accounts.authorization import Permission, has_permission
from portal.lib.storage import parts


def files_named_by(
    contribution: Contribution, record: Mapping[str, Any]
) -> dict[str, HeldFile | None]:
    """Give what is known of each file of ours that a record names, by its address.

    None for one that this contribution may not name: it did not bring it, and it is not online.
    """
    card, details = contribution.resource, record.get("details") or {}
    online = ids_named(card.details) if card.live else set()
    own = {each.public_id: each for each in files_of_text(card, details, whole=True)}
    page = card_files.deposit_page(card, record.get("access")) if own else ""
    found: dict[str, HeldFile | None] = {}
    for public_id, row in rows_with(details):
        file = own.get(public_id)
        if file is None and not is_own(row.get("url") or row.get("download_url")):
            continue  # an address of another portal
        may_name = file and (public_id in online or is_brought(file, contribution))
        is_new = bool(may_name) and public_id not in online
        told = _kept_file(file, is_new and bool(page)) if file and may_name else None
        found[str(row.get("url") or row.get("download_url"))] = told
    return found


def deposit_page(contribution: Contribution) -> str:
    """Give the address where the files of this card are deposited, "" when a draft takes them."""
    return card_files.deposit_page(contribution.resource, contribution.content.get("access"))


def _kept_file(file: CardFile, of_release: bool) -> HeldFile:
    waits = file.state == FileState.WAITING
    personal = tuple(file.preview.get("personal") or ())
    signs = tuple(file.signs)
    return HeldFile(file.name, file.size, file.sha256, waits, signs, personal, of_release)


def is_brought(file: CardFile, contribution: Contribution) -> bool:
    """Say whether a file of a card was brought in the name in which this contribution is made."""
    if contribution.is_new and contribution.resource.first_published_at is None:
        return True  # nobody else may have written the text of this card
    if contribution.organisation_id is not None or file.organisation_id is not None:
        return file.organisation_id == contribution.organisation_id
    return file.added_by_id is not None and file.added_by_id == contribution.author_id


def files_of_draft(contribution: Contribution) -> list[CardFile]:
    """List the files that a draft names and its authors may know, in its order.

    They know those brought in the name in which they write, and those that the card online shows
    them. To name another one tells nothing of it, its name and its digest no more than its bytes.
    """
    card = contribution.resource
    by_person = contribution.author_id is not None and contribution.author_id == card.author_id
    holds = contribution.organisation_id == card.organisation_id
    holds = holds and (card.organisation_id is not None or by_person)
    shows = card.live and (holds or card.access not in ON_REQUEST)
    online = ids_named(card.details) if shows else set()
    named_files = files_of_text(card, contribution.content.get("details") or {})
    return [f for f in named_files if f.public_id in online or is_brought(f, contribution)]


def files_shown_in_draft(contribution: Contribution) -> list[dict[str, Any]]:
    """Give the files of a draft to those who write it, as `shown`."""
    said = {contribution.resource.access, str(contribution.content.get("access") or "")}
    return file_lines(files_of_draft(contribution), said)


def accesses_given(file: CardFile, user: Any) -> Iterator[str]:
    """Give the access that each proposal says, of those by which this person may have a file."""
    card = file.resource
    rows = Contribution.objects.visible_to(user).filter(resource=card)
    for each in rows.select_related("revision", "organisation", "resource__organisation"):
        if _gives(each, file, user):
            yield str(each.content.get("access") or card.access)


def _gives(contribution: Contribution, file: CardFile, user: Any) -> bool:
    """Say whether this person may have, by a contribution that they see, a file it brought.

    What is had on request, or by releases, stays with who answers for the card and who brought it.
    """
    card, told = contribution.resource, contribution.content
    if file.public_id not in ids_named(told.get("details") or {}) or not is_brought(
        file, contribution
    ):
        return False
    if rules.writes(user, contribution):
        return True
    owns = resource_rules.owns(user, card)
    is_closed = not ON_REQUEST.isdisjoint((card.access, told.get("access")))
    if not owns and (is_closed or deposit_page(contribution)):
        return False
    # Who left the organisation does not.
    reads = owns or has_permission(user, Permission.CONTRIBUTION_READ_ALL)
    return reads and contribution.status not in rules.UNSENT


def kept_parts(names: Collection[str]) -> Iterator[str]:
    """Give the parts of files to come that an upload names, those of these uploads."""
    return parts.in_rows(CardUpload.objects.all(), names)
