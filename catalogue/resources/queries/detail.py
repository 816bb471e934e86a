"""Everything that the page of a resource shows, read in a constant number of queries."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.resources import words
from catalogue.resources.enums import (
    SCORED_KINDS,
    UNLICENSED_KINDS,
    Barrier,
    Beneficiary,
    FileSign,
    LicenceStatus,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.resources.fields import (
    CITATION,
    COMMON_BY_NAME,
    EMPTY,
    EXAMPLE,
    RELATIONS,
    Field,
    FieldType,
    Section,
    Text,
    language_choices,
)
from catalogue.resources.file_types import EXECUTABLE_NAMES, extension
from catalogue.resources.models import Measurement, Resource
from catalogue.resources.queries import examples, lists, quality, readme
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import versions as card_versions
from catalogue.resources.queries.chain import chain_of, verified_scores
from catalogue.standards import licences
from catalogue.standards.readers.syntax import amounts
from catalogue.standards.writers import citation
from portal.lib import clock
from portal.lib.prose import numbers

# Facts that decide before one reads, in the head of a page; how many of each, and their filter.
CHIPS = {
    "licences": (1, "licence"),  # beside the access
    "maturity": (1, ""),
    "tasks": (2, "task"),
    "funder": (1, ""),
    "event_date": (1, ""),
    "parameters": (1, ""),
    "languages": (2, "language"),
    "programming_languages": (2, ""),
    "library": (1, ""),
    "update_frequency": (1, ""),
}
LONGEST_CHIP = 40
MOST_CONTENTS = 8  # of the contents of a page, those of its text included
# What one reads first of a model: what it is for, and where it stops.
USES = ("intended_purpose", "users", "people_affected", "excluded_uses", "limits")
TELLS_LIMITS = re.compile(r"\b(?:limit|bia[is])", re.I)
WAYS = re.compile(r"(https?://[^\s<>]*[^\s<>.,;:)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)")
AROUND_WAY = re.compile(r"^[\s,;:<>\[\]–—)-]+|[\s,;:<>\[\]–—(-]+$")
BETWEEN_WAYS = ("", ".", "/", "ou", "et", "or", "and")
MOST_BUILT_ON = 8
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# What no page of a kind asks for again: shown elsewhere on it, or written by the portal.
NOT_ASKED = frozenset({RELATIONS.name, CITATION.name, "files", "distributions"})


@dataclass(frozen=True)
class Fact:
    """One short line of the side column. items: texts, each with an address or ""."""

    label: Text
    items: tuple[tuple[str, str], ...]
    unverified: bool = False
    is_written: bool = False  # in the words of the card, not in ours
    name: str = ""  # of what it says, where the head of the page may say it too


@dataclass(frozen=True)
class Part:
    """One kind-specific field of the main column. shape says how to show the value."""

    label: Text
    shape: str  # text, list, rows, url
    value: Any = None
    is_written: bool = True  # in the words of the card, not in ours
    unverified: bool = False

    @property
    def anchor(self) -> str:
        """Name its place on the page."""
        return f"partie-{slugify(str(self.label))}"


def card(resource: Resource, held: card_files.Held | None = None) -> dict[str, Any]:
    """Read what stands on the page of a resource fetched with its organisation."""
    measured = list(resource.measurements.all())
    known_quality = quality.known([resource], held)
    assessment = quality.assess(resource, measured, known_quality)
    criteria = quality.criterion_lines(assessment)
    whole = [m for m in measured if not m.group]
    vouched = verified_scores(resource)
    stored = card_files.files_shown(resource, resource.details)
    pages = _pages_of_parts(resource)
    parts = dict(_parts(resource, stored=stored, pages=pages))
    facts = list(_facts(resource, pages))
    asked = _questions(resource)
    text = readme.readme(resource, has_uses=bool(asked["uses"]), facts=_shown(resource, facts))
    measures = resource.details.get("declared_measures") or ()
    if readme.tells(text["results_html"], measures):
        parts.pop("declared_measures", None)
    context = {
        "resource": resource,
        "row": lists.row(resource),
        "facts": [*facts, *_keywords(resource, facts)],
        "chips": list(_chips(resource, facts)),
        "access": lists.access(resource) if resource.kind not in UNLICENSED_KINDS else None,
        "access_told": lists.access_told(resource) if resource.kind not in UNLICENSED_KINDS else "",
        "files": [parts.pop(name) for name in card_files.FILE_COLUMNS if name in parts],
        "declared": [parts.pop(name) for name in ("declared_measures",) if name in parts],
        "parts": list(parts.values()),
        "stored": stored,
        "is_closed": resource.access in card_files.ON_REQUEST,
        **examples.example(resource),
        **asked,
        **text,
        "measures": [_measure_within_bounds(m, whole) for m in whole],
        "groups": [m for m in measured if m.group and not m.is_kept_back],
        "verified": vouched,
        "on_challenge": any(m.from_challenge for m in measured)
        or any(not each.withdrawn for each in vouched),
        "chain": chain_of(resource, measured, vouched),
        "built_on": _models_built_on(resource),
        "score": assessment.score,
        "criteria": criteria,
        "to_do": (to_do := quality.first_to_do(criteria)),
        "verdict": quality.verdict(assessment.score, to_do),
        "strict": quality.strict(resource, known_quality),
        "quality_history": quality.history(resource),
        **_history(resource),
        "last_day": words.dated(str(resource.details.get(words.EXPIRY_FIELD) or "")).replace(
            " ", "\u00a0"
        ),
        "to_review": _is_to_review(resource),
        "to_check": sorted(resource.unverified_fields),
    }
    contents = list(_contents(context))
    room = MOST_CONTENTS - len(contents) + text["text_begins"]
    return context | {"contents": contents, "room": f":{max(room, 2)}"}


def _contents(context: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Give the anchor and the title of each section of the page, in its order."""
    text = [("presentation", _("Présentation"))] if context["text_html"] else []
    uses = (("uses", "usages", _("Usages et limites")),)
    if context["text_last"]:
        yield from ((anchor, title) for name, anchor, title in uses if context[name])
    else:
        yield from text
    for name, anchor, title in (
        ("verified", "score-verifie", _("Score vérifié")),
        ("measures", "mesures", _("Ce qu’il sait faire, mesuré")),
        ("groups", "equite", _("Égalité de traitement")),
        ("results_html", "resultats", _("Ce qu’il sait faire, selon son producteur")),
    ):
        if context[name]:
            yield anchor, title
    if context["example"]:
        runs = context["example_runs"]
        yield "exemple", _("Le faire fonctionner") if runs else _("Le télécharger")
    yield from ((each.anchor, each.label) for each in (*context["declared"], *context["files"]))
    for name, anchor, title in (
        ("stored", "fichiers", _("Fichiers")),
        *(() if context["text_last"] else uses),
        ("questions", "ethique", _("Explicabilité et éthique")),
    ):
        if context[name]:
            yield anchor, title
    if context["text_last"]:
        yield from text
    yield from ((each.anchor, each.label) for each in context["parts"])


def _pages_of_parts(resource: Resource) -> dict[str, str]:
    """Give the page of what a model names as its base or its data, by name.

    That of its card where the catalogue has one, else its page on Hugging Face.
    """
    base, rows = resource.details.get("base_model"), resource.details.get("trained_on") or ()
    named = {str(row.get("title") or ""): "datasets/" for row in rows} | {str(base or ""): ""}
    pages = {
        name: f"https://huggingface.co/{place}{name}" if HUB_ID.fullmatch(name) else ""
        for name, place in named.items()
        if name
    }
    if resource.kind != ResourceKind.MODEL or not pages:
        return {}
    named_here = Q(title__in=list(pages)) | Q(
        homepage_url__in=[each for each in pages.values() if each]
    )
    cards = Resource.objects.public().filter(named_here).exclude(pk=resource.pk).order_by("-pk")
    for card in cards.only("title", "homepage_url", "slug"):
        for name, page in list(pages.items()):
            if name == card.title or page == card.homepage_url != "":
                pages[name] = card.get_absolute_url()
    return pages


def _models_built_on(resource: Resource) -> list[Resource]:
    """List the models that declare this one as their base, by its name on the Hub, or its title."""
    if resource.kind != ResourceKind.MODEL:
        return []
    on_hub = examples.HUB_MODEL.fullmatch(resource.homepage_url)
    name = on_hub[1] if on_hub else resource.title
    models = Resource.objects.public().filter(kind=ResourceKind.MODEL)
    models = models.filter(details__base_model=name).exclude(pk=resource.pk)
    return list(models.only("kind", "title", "summary", "slug").order_by("-pk")[:MOST_BUILT_ON])


def _is_to_review(resource: Resource) -> bool:
    """Say whether nobody has read it again for a year; what is archived is not kept up."""
    due = resource.next_review_at
    return due is not None and resource.archived_at is None and due <= clock.now()


def _measure_within_bounds(measure: Measurement, among: Sequence[Measurement]) -> dict[str, Any]:
    same = [m for m in among if m.metric == measure.metric]
    values = [v for m in same for v in (m.low, m.high, m.value, m.reference) if v is not None]
    low, high = min(values), max(values)
    pad = (high - low) * 0.1 or 0.1
    return {"row": measure, "minimum": low - pad, "maximum": high + pad}


def _shown(resource: Resource, facts: Sequence[Fact]) -> Iterator[readme.Shown]:
    """Give what a page says beside its text, and where each leads."""
    yield from (
        (resource.holder_name, ""),
        ("", resource.homepage_url),
        ("", resource.repository_url),
    )
    for fact in facts:
        yield from fact.items


def _chips(resource: Resource, facts: Sequence[Fact]) -> Iterator[tuple[str, str, bool]]:
    """Give the verified facts that the head of a page repeats: text, address, is_written."""
    by_name = {fact.name: fact for fact in facts if not fact.unverified}
    for name, (most, facet) in CHIPS.items():
        fact = by_name.get(name)
        if name == "licences" and resource.licence_status != LicenceStatus.DECLARED:
            if licence := lists.licence_text(resource):
                yield licence, "", False
        elif name == "languages" and "mul" in resource.languages:
            continue  # means nothing without its label
        elif fact and name == "languages" and len(fact.items) > most:
            yield _("%(n)s langues") % {"n": len(fact.items)}, "", False
        elif fact:
            values = told_tasks(resource) if name == "tasks" else getattr(resource, name, ())
            for at, (text, _href) in enumerate(fact.items[:most]):
                label = _sized(resource.details[name]) if name == "parameters" else text
                if len(label) <= LONGEST_CHIP:
                    # A note of the licence has no value, and no filter.
                    href = _filtered(facet, values[at]) if facet and at < len(values) else ""
                    yield label, href, fact.is_written


def _sized(parameters: int) -> str:
    """Say the size of a model."""
    if parameters < 1_000_000:
        return _("%(n)s paramètres") % {"n": _rounded(parameters)}
    return _("%(n)s de paramètres") % {"n": _rounded(parameters)}


def _keywords(resource: Resource, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Give the keywords that say more than the facts and one another, but for their spelling."""
    known = {_spelled(text) for fact in facts for text, _href in fact.items}
    once = {key: name for name in reversed(resource.tags) if (key := _spelled(name)) not in known}
    if once:
        items = tuple((once[key], _filtered("tag", once[key])) for key in reversed(once))
        yield Fact(_("Mots-clés"), items, is_written=True, name="tags")


def _spelled(text: str) -> str:
    """Write words without accents, hyphens or plural."""
    return re.sub(r"[sx](?=-|$)", "", slugify(text))


def _facts(resource: Resource, pages: Mapping[str, str]) -> Iterator[Fact]:
    unverified = resource.unverified_fields
    yield from _licence(resource, "licences" in unverified)
    yield from _own_facts(resource, pages)
    if resource.authors:
        written = tuple((name, "") for name in resource.authors)
        yield Fact(_("Auteurs"), written, "authors" in unverified)
    shown = {resource.homepage_url}
    for label, column in (
        (_("Dépôt de code"), "repository_url"),
        (_("Documentation"), "documentation_url"),
    ):
        if (address := getattr(resource, column)) and address not in shown:
            yield Fact(label, ((_short_address(address), address),), column in unverified)
    if resource.scope not in ("", Scope.UNKNOWN):
        yield Fact(_("Échelle"), ((lists.scope_text(resource), ""),))
    if resource.territories:
        yield Fact(_("Territoires"), tuple(_territories(resource)))
    for column, label, values, names, facet in (
        ("languages", _("Langues"), resource.languages, _languages(resource), ""),
        ("tasks", _("Tâches"), told_tasks(resource), dict(Task.choices), "task"),
        ("use_cases", _("Cas d’usage"), resource.use_cases, dict(UseCase.choices), "use_case"),
        ("barriers", _("Verrou"), resource.barriers, dict(Barrier.choices), ""),
        ("", _("Bénéficiaires"), resource.beneficiaries, dict(Beneficiary.choices), ""),
        ("", _("Codes ROME"), resource.rome_codes, {}, ""),
    ):
        if values:
            items = ((str(names.get(v, v)), _filtered(facet, v) if facet else "") for v in values)
            yield Fact(label, tuple(items), column in unverified, name=column)
    if resource.contact:
        yield Fact(_("Contact"), tuple(_contact(resource.contact)), "contact" in unverified)


def _contact(text: str) -> Iterator[tuple[str, str]]:
    """Give who to write to and the ways, in their order."""
    for at, piece in enumerate(WAYS.split(text)):
        if at % 2:
            is_mail = not piece.startswith("http")
            yield (piece, f"mailto:{piece}") if is_mail else (_short_address(piece), piece)
        elif (name := AROUND_WAY.sub("", piece)) not in BETWEEN_WAYS:
            yield name, ""


def _languages(resource: Resource) -> dict[str, Text]:
    several = {"mul": _("Plusieurs (liste à confirmer)")} if len(resource.languages) == 1 else {}
    return dict(language_choices(resource.languages)) | several


def told_tasks(resource: Resource) -> list[str]:
    """List the tasks that say something: not « autre tâche »."""
    return [task for task in resource.tasks if task != Task.OTHER]


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
            names = [(words.licence_label(n), licences.address(n)) for n in resource.licences]
        case LicenceStatus.TO_CONFIRM:
            names = [(_("À confirmer"), "")]
        case _:
            names = [(_("Aucune licence"), "")]
    note = resource.licence_note
    known = {"à confirmer", *resource.licences, *(text for text, _address in names)}
    if note and note not in known:
        names.append((note, ""))
    yield Fact(_("Licence"), tuple(names), unverified, name="licences")


def _short_address(address: str) -> str:
    text = address.split("://", 1)[-1].removeprefix("www.").rstrip("/")
    return text if len(text) <= 34 else f"{text[:33]}…"


def _own_facts(resource: Resource, pages: Mapping[str, str]) -> Iterator[Fact]:
    own = resource.details_of_kind
    if resource.subtype:
        label = dict(own.subtypes).get(resource.subtype, resource.subtype)
        yield Fact(_("Nature"), ((str(label), ""),))
    for field in own.in_section(Section.FACTS):
        value = resource.details.get(field.name)
        if value in (None, "", []):
            continue
        if field.name == "source_url" and resource.homepage_url in ("", value):
            continue  # what one does first
        if field.name == "paper" and examples.HUB_MODEL.fullmatch(citation.article_address(value)):
            continue  # the page of the model
        texts = [
            value_text(field, item) for item in (value if isinstance(value, list) else [value])
        ]
        if field.name == "parameters":
            texts = [_rounded(value)]
        is_url = field.type is FieldType.URL
        items = tuple((t, pages.get(t, "")) for t in texts)
        if is_url:
            items = tuple((_short_address(t), t) for t in texts)
        elif field.name == "paper":
            items = (_article(texts[0]),)
        yield Fact(
            field.label,
            items,
            field.name in resource.unverified_fields,
            is_written=not _is_ours(field, value),
            name=field.name,
        )
    if names := _data_named(resource):
        items = tuple((name, pages.get(name, "")) for name in names)
        unverified = "trained_on" in resource.unverified_fields
        yield Fact(_("Entraîné sur"), items, unverified, is_written=True)


def _is_ours(field: Field, value: Any) -> bool:
    """Say whether a value is written in the words of the reader, not of the card."""
    usual = field.name == "modalities" and {*value} <= words.MODALITIES.keys()
    return usual or bool(field.choices) or field.type in (FieldType.URL, FieldType.DATE)


def _data_named(resource: Resource) -> list[str]:
    """Name the data that a model learnt from, where it says no more of them."""
    rows = resource.details.get("trained_on") or ()
    named = [{name for name, value in row.items() if value} == {"title"} for row in rows]
    return [row["title"] for row in rows] if all(named) else []


def _article(paper: str) -> tuple[str, str]:
    """Tell the words of an article from where it is read."""
    address = citation.article_address(paper)
    return paper.replace(address, "").rstrip(", ") or _short_address(address), address


def _rounded(count: int) -> str:
    """Write a large number in millions or in billions."""
    if count < 1_000_000:
        return numbers.number(count)
    unit = 1_000_000 if round(count, -5) < 1_000_000_000 else 1_000_000_000
    many = round(count / unit, 1)
    if unit == 1_000_000:
        said = ngettext("%(n)s million", "%(n)s millions", int(many))
    else:
        said = ngettext("%(n)s milliard", "%(n)s milliards", int(many))
    return said % {"n": numbers.number(many, 0 if many.is_integer() else 1)}


def value_text(field: Field, value: object) -> str:
    """Write one stored value for reading."""
    if field.type is FieldType.CHOICE:
        return str(field.say(value))
    if field.name == "modalities":
        return str(words.MODALITIES.get(str(value), value))
    if field.type in (FieldType.INTEGER, FieldType.NUMBER):
        exact = Decimal(str(value))
        return numbers.number(exact, max(0, -int(exact.as_tuple().exponent)))
    if field.type is FieldType.DATE or field.name == "temporal_coverage":
        return words.dated(str(value))
    return str(value)


def _parts(
    resource: Resource, *, stored: Sequence[Mapping[str, Any]], pages: Mapping[str, str]
) -> Iterator[tuple[str, Part]]:
    """Yield the long fields that are filled; stored: the files that are told apart from them."""
    apart = {each["file"].public_id for each in stored}
    shown = {resource.homepage_url, resource.repository_url} - {""}
    details = card_files.readable_details(resource)
    for field in resource.details_of_kind.in_section(Section.BODY):
        if field in (RELATIONS, EXAMPLE, CITATION):
            continue  # shown by the chain; as code
        if field.name == "trained_on" and _data_named(resource):
            continue  # among the facts
        if answered := part(
            field,
            details.get(field.name),
            resource.slug,
            apart=apart,
            shown=shown,
            language=resource.written_in,
        ):
            yield field.name, replace(answered, unverified=field.name in resource.unverified_fields)


def part(
    field: Field,
    value: Any,
    slug: str = "",
    *,
    apart: Collection[UUID] = (),
    shown: Collection[str] = (),
    language: str = "fr",
) -> Part | None:
    """Give the shape in which a value is shown; None when there is none.

    apart: the files of ours whose rows are left out, as are those at addresses shown elsewhere.
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
                if row.get(column) not in shown
            ]
            if not rows:
                return None
            repeats = all(_is_name_of_file(row, column) for _number, row in rows)
            used = [
                each
                for each in field.columns
                if any(row.get(each.name) for _number, row in rows)
                if each.name != "title" or not repeats
            ]
            if [c.type for c in used] == [FieldType.LINE]:  # no table for one column of words
                return Part(field.label, "list", [row.get(used[0].name) for _n, row in rows])
            table = [
                [
                    _cell(c, row.get(c.name), language) | {"href": _way_out(slug, field, number, c)}
                    for c in used
                ]
                for number, row in rows
            ]
            return Part(field.label, "rows", table)
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


def _cell(column: Field, value: Any, language: str) -> dict[str, Any]:
    absent = None if column.type is FieldType.INTEGER else ""
    shown = absent if value in (None, "") else value
    shape = {"sha256": "digest", "bytes": "size"}.get(column.name, column.type.value)
    label = _("Taille") if column.name == "bytes" else column.label
    if column.name == "value" and language == "fr":  # else as the text next to it
        shown = words.figure(str(shown))
    if column.name == "metric":
        shown = words.metric(str(shown))
    place = _leads_to(shown) if column.type is FieldType.URL and shown else ""
    is_file = column.type is FieldType.URL and extension(str(shown)) in EXECUTABLE_NAMES
    signs = [FileSign.EXECUTABLE] if is_file else []
    is_figure = shape in ("size", "integer", "number") or column.name == "value"
    said = {"label": label, "value": shown, "shape": shape, "signs": signs, "place": place}
    return said | {"is_figure": is_figure}


def _is_name_of_file(row: Mapping[str, Any], column: str) -> bool:
    """Say whether the title of a row is the name of its file, which its address says."""
    return unquote(str(row.get(column) or "")).rpartition("/")[2] == row.get("title")


def _leads_to(address: str) -> str:
    """Say where an address leads: its host and the name of the file."""
    host, _slash, path = address.split("://", 1)[-1].removeprefix("www.").partition("/")
    *folders, name = path.split("?", 1)[0].rstrip("/").split("/")
    return f"{host}/{'…/' * bool(folders)}{unquote(name)}".rstrip("/")


def _questions(resource: Resource) -> dict[str, Any]:
    """Give the answers of the explainability card: those on uses and limits, then the others."""
    answers = {
        field.name: replace(answer, unverified=field.name in resource.unverified_fields)
        for field in resource.details_of_kind.in_section(Section.CARD)
        if (answer := part(field, resource.details.get(field.name)))
    }
    if emitted := answers.pop("co2_grams", None):
        grams = resource.details["co2_grams"]
        # What the footprint says in words is not said again.
        footprint = amounts.EMITTED.search(str(resource.details.get("footprint") or ""))
        if not footprint or amounts.grams(footprint) != grams:
            answers["co2_grams"] = replace(emitted, label=_("Émissions"), value=_emitted(grams))
    asked = {field.name for field in resource.details_of_kind.in_section(Section.CARD)}
    texts = f"{resource.description} {resource.details.get('intended_purpose') or ''}"
    silent = "limits" in asked and not {"limits", "excluded_uses"} & answers.keys()
    silent = silent and not TELLS_LIMITS.search(texts)
    uses = [answers.pop(name) for name in USES if name in answers]
    return {"uses": uses, "questions": list(answers.values()), "says_no_limit": silent}


def _emitted(grams: float) -> str:
    """Write emissions in the unit that suits their size."""
    size = 2 if grams >= 1_000_000 else 1 if grams >= 1_000 else 0
    unit = ("g", "kg", "t")[size]
    many = round(Decimal(str(grams)) / 1_000**size, 2).normalize()
    count = numbers.number(many, max(0, -int(many.as_tuple().exponent)))
    return _("%(count)s %(unit)s d’équivalent CO₂") % {"count": count, "unit": unit}


def unanswered(resource: Resource) -> dict[str, Any]:
    """List what the card could say and does not: groups of names and labels, and how many."""
    own = resource.details_of_kind
    common = [(name, str(COMMON_BY_NAME[name].label)) for name in ("description", "contact")]
    groups: dict[Text, list[tuple[str, str]]] = {
        _("La ressource"): [each for each in common if not getattr(resource, each[0])],
        _("Explicabilité et éthique"): [],
    }
    other, asked = groups.values()
    for field in own.fields:
        if field.name not in NOT_ASKED and resource.details.get(field.name) in EMPTY:
            group = asked if field.section is Section.CARD else other
            group.append((field.name, str(field.label)))
    shown = [(title, fields) for title, fields in groups.items() if fields]
    return {"groups": shown, "count": len(other) + len(asked)}


def _history(resource: Resource) -> dict[str, Any]:
    """Tell the last versions; of a card without any, its publication alone."""
    shown = list(card_versions.versions_of_card(resource)[: card_versions.ON_CARD])
    return {
        "history": card_versions.version_lines(shown),
        "reviewed_at": card_versions.reviewed_at(shown),
    }


def preview_card(resource: Resource) -> dict[str, Any]:
    """Read what stands on the page of a resource built from a revision, not fetched.

    Files are shown by their own addresses: nobody is counted, and those of a new card lead nowhere.
    """
    context = card(resource)
    ringed = resource.kind in SCORED_KINDS - lists.RINGLESS
    line = replace(context["row"], quality=context["score"] if ringed else None)
    plain = {name: [_plain_part(part) for part in context[name]] for name in ("files", "parts")}
    return context | {"row": line} | plain


def _plain_part(part: Part) -> Part:
    if part.shape != "rows":
        return part
    return replace(part, value=[[cell | {"href": ""} for cell in row] for row in part.value])
