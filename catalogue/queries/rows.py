"""A resource as one line of a list: the same line for every kind."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.enums import SCORED_KINDS, Access, LicenceStatus, ResourceKind, Scope, Task
from catalogue.models import Resource
from catalogue.validators import words
from catalogue.validators.fields import FREQUENCIES, MATURITIES, NEED_STATES
from portal.lib import clock, languages

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


def ring(resource: Resource) -> int | None:
    """Give the score shown beside the line; none for what is read rather than reused."""
    if resource.kind not in SCORED_KINDS - RINGLESS:
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
            access = Access(resource.access)
            return str(access.label), access.tone, access.icon


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
    """Say the scope, with its note."""
    label = str(Scope(resource.scope).label)
    if not resource.scope_note:
        return label
    note = languages.written(resource.scope_note, resource.written_in)
    return format_html("{} ({})", label, note)


def _marks(resource: Resource) -> Iterator[Mark]:
    details = resource.details
    if resource.dead_links:
        yield "link", _("Lien mort")
    yield from _own_marks(resource)
    if licence := licence_text(resource):
        yield "scale", licence
    if version := details.get("version"):
        yield "git-branch", str(version)
    if resource.downloads:
        yield "download", str(resource.downloads)
    if resource.reuses:
        said = ngettext("%(n)s réutilisation", "%(n)s réutilisations", resource.reuses)
        yield "git-fork", said % {"n": resource.reuses}
    yield "globe", scope_text(resource)


def _own_marks(resource: Resource) -> Iterator[Mark]:
    details = resource.details
    match resource.kind:
        case ResourceKind.DATASET:
            yield from _dataset_marks(resource)
        case ResourceKind.NEED if details.get("beneficiary"):
            yield "users", languages.written(details["beneficiary"], resource.written_in)
        case ResourceKind.SOLUTION if details.get("maturity"):
            yield "flask-conical", str(dict(MATURITIES)[details["maturity"]])
        case ResourceKind.PROGRAMME if details.get("funder"):
            yield "landmark", languages.written(details["funder"], resource.written_in)
        case ResourceKind.NEWS if details.get("event_date"):
            yield "calendar", details["event_date"]
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
