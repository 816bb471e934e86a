"""Everything that the page of a resource shows, read in a constant number of queries."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.resources import words
from catalogue.resources.enums import (
    SCORED_KINDS,
    Barrier,
    Beneficiary,
    LicenceStatus,
    ResourceKind,
    Task,
    UseCase,
)
from catalogue.resources.fields import RELATIONS, Field, FieldType, Section, Text, language_choices
from catalogue.resources.models import Measurement, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import lists, quality
from catalogue.resources.queries import versions as card_versions
from catalogue.resources.queries.chain import chain_of, verified_scores
from catalogue.standards import licences
from portal.lib import clock

# Kinds whose questions are shown even when nobody has answered any.
ALWAYS_ASKED = frozenset({ResourceKind.MODEL})
# The field that says where the files are.
FILES_FIELD = "distributions"


@dataclass(frozen=True)
class Fact:
    """One short line of the side column. items: texts, each with an address or ""."""

    label: Text
    items: tuple[tuple[str, str], ...]
    unverified: bool = False
    is_written: bool = False  # in the words of the card, not in ours


@dataclass(frozen=True)
class Part:
    """One kind-specific field of the main column. shape says how to show the value."""

    label: Text
    shape: str  # text, list, rows, url, missing
    value: Any = None
    columns: tuple[Text, ...] = ()
    is_written: bool = True  # in the words of the card, not in ours


def card(resource: Resource, *, now: datetime | None = None) -> dict[str, Any]:
    """Read what stands on the page of a resource fetched with its organisation.

    now: the present instant, for who read the clock already.
    """
    measured = list(resource.measurements.all())
    beside = quality.known([resource])
    assessment = quality.assess(resource, measured, beside)
    whole = [m for m in measured if not m.group]
    files_href = card_files.files_page(resource)
    vouched = verified_scores(resource)
    stored = card_files.files_shown(resource, card_files.readable_details(resource))
    return {
        "resource": resource,
        "row": lists.row(resource),
        "facts": list(_facts(resource)),
        "parts": list(_parts(resource, held=bool(files_href), stored=stored)),
        "files_href": files_href,
        "stored": stored,
        "questions": _questions(resource),
        "measures": [_measure_within_bounds(m, whole) for m in whole],
        "groups": [m for m in measured if m.group and not m.is_kept_back],
        "verified": vouched,
        "on_challenge": any(m.from_challenge for m in measured)
        or any(not each.withdrawn for each in vouched),
        "chain": chain_of(resource, measured, vouched),
        "score": assessment.score,
        "criteria": quality.criterion_lines(assessment),
        "strict": quality.strict(resource, beside),
        "quality_history": quality.history(resource),
        **_history(resource),
        "last_day": _dated(str(resource.details.get(words.EXPIRY_FIELD) or "")).replace(
            " ", "\u00a0"
        ),
        "to_review": _is_to_review(resource, now),
        "to_check": sorted(resource.unverified_fields),
        "closed_licence": any(
            not licences.read_expression(name).is_open for name in resource.licences
        ),
    }


def _is_to_review(resource: Resource, now: datetime | None) -> bool:
    """Say whether nobody has read it again for a year; what is archived is not kept up."""
    due = resource.next_review_at
    return due is not None and resource.archived_at is None and due <= (now or clock.now())


def _measure_within_bounds(measure: Measurement, among: Sequence[Measurement]) -> dict[str, Any]:
    same = [m for m in among if m.metric == measure.metric]
    values = [v for m in same for v in (m.low, m.high, m.value, m.reference) if v is not None]
    low, high = min(values), max(values)
    pad = (high - low) * 0.1 or 0.1
    return {"row": measure, "minimum": low - pad, "maximum": high + pad}


def _facts(resource: Resource) -> Iterator[Fact]:
    unverified = resource.unverified_fields
    holder = _("Producteur") if resource.is_referenced else _("Organisme")
    if resource.holder_name:
        yield Fact(holder, ((resource.holder_name, ""),), "producer_name" in unverified)
    if resource.authors:
        yield Fact(_("Auteurs"), _plain_fact(resource.authors))
    yield from _licence(resource, "licences" in unverified)
    for label, column in (
        (_("Page de la ressource"), "homepage_url"),
        (_("Dépôt de code"), "repository_url"),
        (_("Documentation"), "documentation_url"),
    ):
        if address := getattr(resource, column):
            yield Fact(label, ((_short_address(address), address),), column in unverified)
    yield from _own_facts(resource)
    yield Fact(_("Échelle"), ((lists.scope_text(resource), ""),))
    if resource.territories:
        yield Fact(_("Territoires"), tuple(_territories(resource)))
    for label, values, names, facet in (
        (_("Langues"), resource.languages, dict(language_choices(resource.languages)), ""),
        (_("Tâches"), resource.tasks, dict(Task.choices), "task"),
        (_("Cas d’usage"), resource.use_cases, dict(UseCase.choices), "use_case"),
        (_("Verrou"), resource.barriers, dict(Barrier.choices), ""),
        (_("Bénéficiaires"), resource.beneficiaries, dict(Beneficiary.choices), ""),
        (_("Codes ROME"), resource.rome_codes, {}, ""),
    ):
        if values:
            items = ((str(names.get(v, v)), _filtered(facet, v) if facet else "") for v in values)
            yield Fact(label, tuple(items))
    if resource.contact:
        href = resource.contact if resource.contact.startswith(("http://", "https://")) else ""
        yield Fact(_("Contact"), ((resource.contact, href),))


def _territories(resource: Resource) -> Iterator[tuple[str, str]]:
    for text in resource.territories:
        yield words.place_shown(text), _filtered("territory", words.place_stored(text))


def _filtered(facet: str, value: str) -> str:
    return f"{reverse('catalogue:list')}?{urlencode({facet: value})}"


def _licence(resource: Resource, unverified: bool) -> Iterator[Fact]:
    match resource.licence_status:
        case LicenceStatus.NOT_APPLICABLE:
            return
        case LicenceStatus.DECLARED:
            names = [words.licence_label(name) for name in resource.licences]
        case LicenceStatus.TO_CONFIRM:
            names = [_("À confirmer")]
        case _:
            names = [_("Aucune licence")]
    note = resource.licence_note
    if note and note not in names and note not in {"à confirmer", *resource.licences}:
        names.append(note)
    yield Fact(_("Licence"), _plain_fact(names), unverified)


def _plain_fact(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, "") for value in values)


def _short_address(address: str) -> str:
    text = address.split("://", 1)[-1].removeprefix("www.").rstrip("/")
    return text if len(text) <= 34 else f"{text[:33]}…"


def _own_facts(resource: Resource) -> Iterator[Fact]:
    own = resource.details_of_kind
    if resource.subtype:
        label = dict(own.subtypes).get(resource.subtype, resource.subtype)
        yield Fact(_("Nature"), ((str(label), ""),))
    for field in own.in_section(Section.FACTS):
        value = resource.details.get(field.name)
        if value in (None, "", []):
            continue
        texts = [
            value_text(field, item) for item in (value if isinstance(value, list) else [value])
        ]
        is_url = field.type is FieldType.URL
        items = tuple((_short_address(t) if is_url else t, t if is_url else "") for t in texts)
        yield Fact(
            field.label,
            items,
            is_written=not (field.choices or is_url or field.type is FieldType.DATE),
        )


def value_text(field: Field, value: object) -> str:
    """Write one stored value for reading."""
    if field.type is FieldType.CHOICE:
        return str(field.say(value))
    if field.type is FieldType.INTEGER:
        return f"{value:,}".replace(",", "\u202f")
    if field.type is FieldType.NUMBER:
        return _measured_number(value)
    if field.type is FieldType.DATE or field.name == "temporal_coverage":
        return _dated(str(value))
    return str(value)


def _measured_number(value: object) -> str:
    """Write a number with its decimals, thousands apart."""
    text = f"{Decimal(str(value)):,f}".replace(",", "\u202f")
    return text.replace(".", ",") if _is_french() else text


def _dated(text: str) -> str:
    """Write a day, or a period between two days, in words; what is neither as it stands."""
    try:
        days = [_day(date.fromisoformat(part.strip())) for part in text.split("/")]
    except ValueError:
        return text
    if len(days) == 1:
        return days[0]
    if len(days) == 2:
        return _("du %(start)s au %(end)s") % {"start": days[0], "end": days[1]}
    return text


def _day(day: date) -> str:
    words = dateformat.format(day, "j F Y")
    return words.replace("1 ", "1er ", 1) if day.day == 1 and _is_french() else words


def _is_french() -> bool:
    return (get_language() or "fr").startswith("fr")


def _parts(
    resource: Resource, *, held: bool, stored: Sequence[Mapping[str, Any]]
) -> Iterator[Part]:
    """Yield the long fields: what is filled, and what is missing of what an owned card needs.

    held: the portal has the files, the card need not say where they are. stored: the files that
    are told apart from these fields.
    """
    apart = {each["file"].public_id for each in stored}
    details = card_files.readable_details(resource)
    for field in resource.details_of_kind.in_section(Section.BODY):
        if field.name == RELATIONS.name:
            continue  # told by the chain
        value = details.get(field.name)
        if found := part(field, value, resource.slug, apart=apart):
            yield found
        elif value:
            continue  # all its rows are told apart
        elif field.name in resource.details.keys() - details.keys():
            continue  # told to who is given access
        elif (
            field.needed and not resource.is_referenced and not (held and field.name == FILES_FIELD)
        ):
            yield Part(field.label, "missing")


def part(field: Field, value: Any, slug: str = "", *, apart: Collection[UUID] = ()) -> Part | None:
    """Give the shape in which a value is shown; None when there is none.

    apart: the files of ours whose rows are left out.
    """
    if value in (None, "", []):
        return None
    match field.type:
        case FieldType.ROWS:
            column = card_files.COLUMNS.get(field.name, "")
            rows = [
                (number, row)
                for number, row in enumerate(value)
                if not apart or card_files.file_identified(row.get(column)) not in apart
            ]
            if not rows:
                return None
            used = [c for c in field.columns if any(row.get(c.name) for _number, row in rows)]
            table = [
                [
                    _cell(c, row.get(c.name)) | {"href": _way_out(slug, field, number, c)}
                    for c in used
                ]
                for number, row in rows
            ]
            return Part(field.label, "rows", table, tuple(c.label for c in used))
        case FieldType.LIST:
            return Part(field.label, "list", value)
        case FieldType.URL:
            return Part(field.label, "url", value)
        case _:
            return Part(field.label, "text", value_text(field, value), is_written=not field.choices)


def _way_out(slug: str, field: Field, number: int, column: Field) -> str:
    """Give the counted way to a file; "" where the address itself is shown."""
    if column.name not in card_files.FILE_COLUMNS.get(field.name, ()):
        return ""
    return reverse("catalogue:file_out", args=(slug, field.name, number, column.name))


def _cell(column: Field, value: Any) -> dict[str, Any]:
    absent = None if column.type is FieldType.INTEGER else ""
    told = absent if value in (None, "") else value
    shape = "digest" if column.name == "sha256" else column.type.value
    return {"label": column.label, "value": told, "shape": shape}


def _questions(resource: Resource) -> list[Part]:
    asked = resource.details_of_kind.in_section(Section.CARD)
    found = [
        part(field, resource.details.get(field.name)) or Part(field.label, "missing")
        for field in asked
    ]
    answered = any(each.shape != "missing" for each in found)
    return found if answered or resource.kind in ALWAYS_ASKED else []


def _history(resource: Resource) -> dict[str, Any]:
    """Tell the last versions; of a card without any, its publication alone."""
    shown = list(card_versions.versions_of_card(resource)[: card_versions.ON_CARD])
    return {
        "history": card_versions.version_lines(shown),
        "latest_version": shown[0].number if shown else 0,
    }


def preview_card(resource: Resource) -> dict[str, Any]:
    """Read what stands on the page of a resource built from a revision, not fetched.

    Files are shown by their own addresses: nobody is counted, and those of a new card lead nowhere.
    """
    told = card(resource)
    ringed = resource.kind in SCORED_KINDS - lists.RINGLESS
    line = replace(told["row"], quality=told["score"] if ringed else None)
    return told | {"row": line, "parts": [_plain_part(part) for part in told["parts"]]}


def _plain_part(part: Part) -> Part:
    if part.shape != "rows":
        return part
    return replace(part, value=[[cell | {"href": ""} for cell in row] for row in part.value])
