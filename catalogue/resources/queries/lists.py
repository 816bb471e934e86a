"""Resources as lists, result pages and exported tables show them, without one query each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Greatest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from catalogue.resources import words
from catalogue.resources.enums import (
    SCORED_KINDS,
    Access,
    Deposit,
    LicenceStatus,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.resources.fields import FREQUENCIES, MATURITIES, NEED_STATES
from catalogue.resources.models import Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import published
from catalogue.standards import licences
from catalogue.standards.published import File
from catalogue.standards.writers.plain import COLUMNS
from portal.lib import clock
from portal.lib.prose import texts
from portal.lib.prose.texts import for_xml


def in_order(ids: Sequence[int]) -> list[Resource]:
    """Fetch published resources in the order given; one that is gone meanwhile is left out."""
    found = Resource.objects.public().with_organisation().select_related("indexed").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


Mark = tuple[str, str]  # icon, text
Badge = tuple[str, str, str]  # label, tone, icon
MOST_MARKS = 4
RINGLESS = frozenset({ResourceKind.NEED, ResourceKind.IDEA})


@dataclass(frozen=True)
class Row:
    """What a line shows."""

    kind: str
    title: str
    href: str
    owner: str
    summary: str
    meta: tuple[Mark, ...]
    quality: int | None
    badge: Badge | None
    language: str = "fr"


def row(resource: Resource) -> Row:
    """Build the line of a published resource fetched with its organisation and its index row."""
    return Row(
        kind=resource.kind,
        title=resource.title,
        href=resource.get_absolute_url(),
        owner=resource.holder_name,
        summary=resource.summary,
        meta=tuple(_marks(resource))[:MOST_MARKS],
        quality=ring(resource),
        badge=badge(resource),
        language=resource.written_in,
    )


def has_ring(resource: Resource) -> bool:
    """Say whether a score is shown beside the line of such a kind."""
    return resource.kind in SCORED_KINDS - RINGLESS


def ring(resource: Resource) -> int | None:
    """Give the score shown beside the line; none for what is read rather than reused."""
    if not has_ring(resource):
        return None
    indexed = getattr(resource, "indexed", None)
    return indexed.quality or None if indexed else None


def badge(resource: Resource) -> Badge | None:
    """Give the one state that matters for the kind."""
    if resource.archived_at:
        return _("Archivée"), "ardoise", "inbox"
    match resource.kind:
        case ResourceKind.NEED:
            state = dict(NEED_STATES).get(resource.details.get("state", "open"))
            return str(state), "ocre", "users"
        case ResourceKind.IDEA:
            return _("À reprendre"), "mimosa", "lightbulb"
        case ResourceKind.NEWS:
            return (_("Échue"), "ardoise", "calendar") if resource.expired_at else None
        case ResourceKind.PROGRAMME:
            return _programme_state(resource)
        case _:
            return access(resource)


def access(resource: Resource, level: str = "") -> Badge:
    """Say who may reach the thing, or its files of some level, and when its reuse is limited."""
    found = Access(level or resource.access)
    is_open = has_open_licences(resource)
    if found is not Access.OPEN:
        return str(found.label), found.tone, found.icon
    if is_open is None:
        return _("Consultable"), found.tone, "eye"
    if is_open:
        return str(found.label), "pin", found.icon
    return _("Accès libre, réutilisation limitée"), "ocre", found.icon


def access_told(resource: Resource) -> str:
    """Tell what the words of `access` mean for who reuses the thing; "" where they say it."""
    is_open = has_open_licences(resource)
    if is_open is False:
        return _(
            "Le code ou le contenu est consultable, mais cette licence n’est pas une licence libre"
        )
    if Access(resource.access) is not Access.OPEN:
        return ""
    if is_open:
        return _("À lire et à réutiliser, sous une licence ouverte")
    return _("À lire ; sans licence connue, le réutiliser n’est pas permis d’avance")


def has_open_licences(resource: Resource) -> bool | None:
    """Say whether all the licences of a resource are open; None where none is known."""
    known = [licences.read_expression(name).is_open for name in resource.licences]
    return all(known) if known else None


def _programme_state(resource: Resource) -> Badge | None:
    opens, closes = resource.details.get("opens_on"), resource.details.get("closes_on")
    if not (opens and closes):
        return None
    today = clock.paris_day(clock.now()).isoformat()
    if today < opens:
        return _("À venir"), "calanque", "calendar"
    if today > closes:
        return _("Clos"), "ardoise", "circle-x"
    return _("Ouvert"), "pin", "circle-dot"


def licence_text(resource: Resource) -> str:
    """Say the licence in a few words; nothing when the kind has none."""
    match resource.licence_status:
        case LicenceStatus.DECLARED:
            return ", ".join(words.licence_label(name) for name in resource.licences)
        case LicenceStatus.TO_CONFIRM:
            return _("Licence à confirmer")
        case LicenceStatus.NONE:
            return _("Aucune licence")
        case _:
            return ""


def scope_text(resource: Resource) -> str:
    """Say the scope, with its note; nothing while a draft does not say it."""
    label = str(Scope(resource.scope).label) if resource.scope else ""
    if not resource.scope_note:
        return label
    note = texts.in_language(resource.scope_note, resource.written_in)
    return format_html("{} ({})", label, note)


def _marks(resource: Resource) -> Iterator[Mark]:
    details = resource.details
    if resource.dead_links:
        yield "link", _("Lien mort")
    yield from _own_marks(resource)
    if licence := licence_text(resource):
        unsure = resource.licence_status == LicenceStatus.TO_CONFIRM
        yield "minus" if unsure else "scale", licence
    if version := details.get("version"):
        yield "git-branch", str(version)
    if resource.downloads:
        yield "download", str(resource.downloads)
    if resource.reuses:
        said = ngettext("%(n)s réutilisation", "%(n)s réutilisations", resource.reuses)
        yield "git-fork", said % {"n": resource.reuses}
    if resource.scope not in ("", Scope.UNKNOWN):
        yield "globe", scope_text(resource)


def _own_marks(resource: Resource) -> Iterator[Mark]:
    details = resource.details
    match resource.kind:
        case ResourceKind.DATASET:
            yield from _dataset_marks(resource)
        case ResourceKind.NEED if details.get("beneficiary"):
            yield "users", texts.in_language(details["beneficiary"], resource.written_in)
        case ResourceKind.SOLUTION if details.get("maturity"):
            yield "flask-conical", str(dict(MATURITIES)[details["maturity"]])
        case ResourceKind.PROGRAMME if details.get("funder"):
            yield "landmark", texts.in_language(details["funder"], resource.written_in)
        case ResourceKind.NEWS if details.get("event_date"):
            yield "calendar", words.dated(details["event_date"])
        case ResourceKind.ALGORITHM if details.get("programming_languages"):
            yield "code", ", ".join(details["programming_languages"])
    if resource.tasks and resource.tasks[0] != Task.OTHER:
        yield "tag", str(Task(resource.tasks[0]).label)


def _dataset_marks(resource: Resource) -> Iterator[Mark]:
    rows = resource.details.get("distributions", [])
    formats = dict.fromkeys(str(row["format"]) for row in rows if row.get("format"))
    if formats:
        yield "table", ", ".join(formats)
    frequency = resource.details.get("update_frequency")
    if frequency and frequency != "unknown":
        yield "refresh-cw", str(dict(FREQUENCIES)[frequency])


Json = dict[str, Any]


# Columns of an export that are columns of a card: as they are, or texts that XML can write.
AS_STORED = ("kind", "subtype", "licence_status", "scope", "languages", "lifecycle")
TEXTS = (
    "title", "acronym", "summary", "homepage_url", "repository_url", "documentation_url",
    "licence_note",
)  # fmt: skip
LISTS = ("authors", "licences", "rome_codes", "tags")
# What the other columns are made of.
OTHERS = (
    "pk", "public_id", "slug", "deposit", "producer_name", "organisation__name", "territories",
    "access", "use_cases", "tasks", "archived_at", "details", "indexed__quality", "issued",
    "modified",
)  # fmt: skip
READ = (*AS_STORED, *TEXTS, *LISTS, *OTHERS)
ADDRESSES = frozenset(column for columns in card_files.FILE_COLUMNS.values() for column in columns)
USE_CASES, TASKS = frozenset(UseCase.values), frozenset(Task.values)
ISSUED = Coalesce("first_published_at", "created_at")
TOLD = ("content_modified_at", "archived_at", "restored_at")


def export_batches(size: int) -> Iterator[list[Json]]:
    """Give the line of every public resource, the first published first, so many at a time.

    Each begins after the last of the one before, on the index of the publications: none is found
    by counting through what was given already.
    """
    found = _export_rows()
    while batch := list(found[:size]):
        yield export_lines(batch)
        if len(batch) < size:
            return
        found = _export_rows().filter(published.after(batch[-1].issued, batch[-1].pk))


def export_rows(ids: Sequence[int]) -> list[Any]:
    """Read those of some resources that are public, in the order given: READ, by name."""
    found = {row.pk: row for row in _export_rows().filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def _export_rows() -> Any:
    changed = (Coalesce(F(name), F("issued")) for name in TOLD)
    rows = Resource.objects.public().annotate(issued=ISSUED).annotate(modified=Greatest(*changed))
    return rows.order_by("first_published_at", "pk").values_list(*READ, named=True)


def export_lines(rows: Sequence[Any]) -> list[Json]:
    """Write the lines of some resources, in their order: COLUMNS, lists as lists."""
    with override(published.LANGUAGE):
        held = card_files.files_held(rows)
    root = published.root()
    return [_export_line(row, held.get(row.pk, ()), root) for row in rows]


def _export_line(row: Any, held: Sequence[File], root: str) -> Json:
    access = row.access
    if held and all(each.access != Access.OPEN for each in held):
        access = held[0].access
    public_id = str(row.public_id)
    line = {name: getattr(row, name) for name in AS_STORED}
    line |= {name: for_xml(getattr(row, name)) for name in TEXTS}
    line |= {name: [for_xml(text) for text in getattr(row, name)] for name in LISTS}
    line |= {
        "id": public_id,
        "iri": f"{root}/id/{public_id}",
        "url": published.page(row.slug),
        "organisation": for_xml(row.producer_name or row.organisation__name or ""),
        "territories": [for_xml(words.place_stored(text)) for text in row.territories],
        "access": access,
        "use_cases": [code for code in dict.fromkeys(row.use_cases) if code in USE_CASES],
        "tasks": [code for code in dict.fromkeys(row.tasks) if code in TASKS],
        "archived": row.archived_at is not None,
        "referenced": row.deposit == Deposit.REFERENCED,
        "formats": _formats(row, held),
        "quality": row.indexed__quality or None,
        "published_at": row.issued.isoformat(timespec="seconds"),
        "modified_at": row.modified.isoformat(timespec="seconds"),
    }
    return {name: line[name] for name in COLUMNS}


def _formats(row: Any, held: Sequence[File]) -> list[str]:
    """List the formats of the files that anyone may know of."""
    if held:
        told = [each.format for each in held]
    elif row.access in card_files.ON_REQUEST:
        told = []
    else:
        named = [row.details.get(name) or () for name in card_files.FILE_COLUMNS]
        told = [_format(each) for rows in named for each in rows]
    return sorted({for_xml(text) for text in told if text})


def _format(file: Json) -> str:
    """Give the format of a file that has an address."""
    has_address = any(file.get(name) for name in ADDRESSES)
    return str(file.get("format") or "") if has_address else ""
