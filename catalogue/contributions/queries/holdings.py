"""All that an organisation has in the catalogue, as the files of an archive that it takes away."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalogue.contributions.models import Contribution, Decision
from catalogue.contributions.queries import proposals
from catalogue.resources.enums import FileState, ResourceKind
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import records as card_records
from portal.accounts.models import Organisation
from portal.lib.storage import objects
from portal.lib.storage.files import Member

CARDS_AT_ONCE = 100
LANGUAGE = "fr"  # whoever asks: an archive says the same to all the members
MOMENTS = ("created_at", "first_published_at", "content_modified_at", "last_reviewed_at",
           "next_review_at", "archived_at", "masked_at")  # fmt: skip
STEPS = ("created_at", "edited_at", "first_submitted_at", "submitted_at", "decided_at")


def cards(organisation: Organisation) -> QuerySet[Resource]:
    """List the cards of an organisation, drafts too."""
    return Resource.objects.filter(organisation=organisation).order_by("pk")


def members(organisation: Organisation) -> Iterator[Member]:
    """Give the files of the archive, some cards at a time: JSON and Markdown of each, its files."""
    yield Member("LISEZ-MOI.md", _readme(organisation).encode())
    found = list(cards(organisation).values_list("pk", flat=True))
    for start in range(0, len(found), CARDS_AT_ONCE):
        some = found[start : start + CARDS_AT_ONCE]
        yield from _files(some)
        yield from _stored(organisation, some)


def _files(some: Sequence[int]) -> list[Member]:
    decisions = Prefetch("decisions", Decision.objects.order_by("pk"))
    proposed = (
        Contribution.objects.select_related("revision", "author", "batch")
        .prefetch_related(decisions)
        .order_by("pk")
    )
    rows = Resource.objects.with_organisation().prefetch_related(
        Prefetch("contributions", proposed)
    )
    found = rows.in_bulk(some)
    with override(LANGUAGE):
        return [each for pk in some for each in _pair(found[pk])]


def _stored(organisation: Organisation, some: Sequence[int]) -> Iterator[Member]:
    """Give the files of these cards, those that were examined.

    What the organisation keeps, and what its cards online give, whoever brought it.
    """
    online = Resource.objects.filter(pk__in=some, live=True).values_list("details", flat=True)
    given = {found for details in online for found in card_files.ids_named(details)}
    rows = CardFile.objects.filter(
        Q(organisation=organisation) | Q(public_id__in=given),
        resource__in=some,
        state=FileState.SOUND,
        unnamed_at=None,
    )
    for file in rows.select_related("resource").defer("preview").order_by("pk"):
        place = f"fichiers/{file.resource.slug}/{str(file.public_id)[:8]}-{file.name}"
        yield Member(place, partial(objects.open, file.sha256))


def _pair(resource: Resource) -> Iterator[Member]:
    own = [
        each
        for each in resource.contributions.all()
        if each.organisation_id == resource.organisation_id
    ]
    told = json.dumps(_document(resource, own), ensure_ascii=False, indent=1)
    yield Member(f"fiches/{resource.slug}.json", (told + "\n").encode())
    record = card_records.record_of(resource)
    if not resource.live and own:
        record = proposals.proposed_record(own[-1])
    yield Member(f"fiches/{resource.slug}.md", markdown(record).encode())


def _document(resource: Resource, own: Sequence[Contribution]) -> dict[str, Any]:
    """Tell a card whole: what is online, the origin of each value, each proposal and decision."""
    return {
        "id": str(resource.public_id),
        "slug": resource.slug,
        "kind": resource.kind,
        "organisation": resource.organisation.slug if resource.organisation else "",
        "online": resource.live,
        **{name: _moment(getattr(resource, name)) for name in MOMENTS},
        "archive_reason": resource.archive_reason,
        "source": resource.source,
        "source_id": resource.source_id,
        "values": _values(card_records.record_of(resource)),
        "provenance": resource.provenance,
        "contributions": [_contribution(each) for each in own],
    }


def _contribution(each: Contribution) -> dict[str, Any]:
    return {
        "id": str(each.public_id),
        "status": each.status,
        "author": str(each.author) if each.author else "",
        "lot": str(each.batch.public_id) if each.batch else "",
        **{name: _moment(getattr(each, name)) for name in STEPS},
        "note": each.note,
        "values": _values(proposals.proposed_record(each)),
        "provenance": each.content.get("provenance") or {},
        "checks": each.checks,
        "decisions": [
            {
                "outcome": decision.outcome,
                "reason": decision.reason,
                "message": decision.message,
                "fields": decision.fields,
                "decided_at": _moment(decision.decided_at),
            }
            for decision in each.decisions.all()
        ],
    }


def _values(record: dict[str, Any]) -> dict[str, Any]:
    flat = card_records.flat(record)
    return {name: value for name, value in flat.items() if name not in ("kind", "organisation")}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def markdown(record: dict[str, Any]) -> str:
    """Write a card as a Markdown text: title, summary, each filled field under its label."""
    flat, kind = card_records.flat(record), str(record["kind"])
    parts = [f"# {flat.get('title') or _('Sans titre')}", str(ResourceKind(kind).label)]
    parts += [f"> {flat['summary']}"] if flat.get("summary") else []
    parts += [str(flat["description"])] if flat.get("description") else []
    for name, own in card_records.fields_of(kind).items():
        if name in ("title", "summary", "description", "organisation"):
            continue
        lines = card_records.words_of(own, flat.get(name)).split("\n")
        if any(lines):
            text = lines[0] if len(lines) == 1 else "\n".join(f"- {each}" for each in lines if each)
            parts.append(f"## {own.label}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _readme(organisation: Organisation) -> str:
    with override(LANGUAGE):
        return _(
            "# Les fiches de %(name)s\n\n"
            "- `fiches/` : chaque fiche, brouillons compris, en JSON (valeurs, provenance, "
            "propositions et décisions) et en Markdown.\n"
            "- `fichiers/` : les fichiers déposés sur le portail, fiche par fiche.\n"
        ) % {"name": organisation.name}
