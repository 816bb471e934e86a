"""What the search keeps of a published resource."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalogue.enums import LANGUAGES, Guarantee, Lifecycle, Task
from catalogue.models import Measurement, Resource
from catalogue.queries import files, quality
from catalogue.search import analysis
from catalogue.validators import words
from catalogue.validators.fields import CARD, Section, card_complete
from catalogue.validators.words import licence_label
from portal.accounts.enums import OrganisationBadge
from portal.lib import clock

# The fields, and what a word counts for in each.
WEIGHTS = {
    "title": 10.0,
    "acronym": 10.0,
    "organisation": 4.0,
    "tags": 4.0,
    "files": 1.0,
    "description": 1.0,
}
FIELDS = tuple(WEIGHTS)
# A word of its own between two fields, so that a phrase never runs from one into the next.
MARK = "¶"
# Use of a resource: 1 + POPULARITY x log10(1 + views + 10 x followers + …).
POPULARITY = 0.15
STOPPED = 0.2
SHORTEST = 3


class Written(NamedTuple):
    """A word of a name: folded, and as it is written."""

    word: str
    shown: str


class Facet(NamedTuple):
    """One value of one facet, with its label when the value is not a word of ours."""

    facet: str
    value: str
    label: str = ""


@dataclass(frozen=True)
class Document:
    """One resource as the index holds it."""

    resource_id: int
    terms: Mapping[str, list[str]]  # field: analysed words in order
    first_letters: Sequence[str]  # the words of titles as they are typed
    boost: float
    verified: bool
    quality: int
    reuses: int
    updated_on: Any
    facets: tuple[Facet, ...]
    title_key: str
    written: tuple[Written, ...] = ()


def build(
    resource: Resource, measurements: Iterable[Measurement], beside: quality.Known | None = None
) -> Document:
    """Analyse a resource. Its organisation is read; nothing else is when `beside` is given."""
    measured = list(measurements)
    organisation = resource.organisation
    badges = organisation.badges if organisation else []
    score = quality.assess(resource, measured, beside).score
    titles = [resource.title, resource.title_en, *resource.alternate_titles]
    written = resource.content_modified_at or resource.created_at
    modified = max(at for at in (written, resource.restored_at) if at)
    return Document(
        resource_id=resource.pk,
        terms={
            "title": _joined(titles),
            "acronym": analysis.terms(resource.acronym),
            "organisation": _joined(_holders(resource)),
            "tags": _joined(_topics(resource)),
            "files": _joined(_files(resource)),
            "description": _joined(_texts(resource)),
        },
        first_letters=tuple(
            word for text in [*titles, resource.acronym] for word in analysis.prefixes(text)
        ),
        boost=_boost(resource),
        verified=OrganisationBadge.VERIFIED in badges,
        quality=score or 0,
        reuses=resource.reuses,
        updated_on=clock.paris_day(modified),
        facets=tuple(dict.fromkeys(_facets(resource, measured))),
        title_key=analysis.fold(resource.title)[:200],
        written=tuple(_written([*titles, resource.acronym, *_holders(resource)])),
    )


def _joined(texts: Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in texts:
        words = analysis.terms(text)
        if words:
            found += [MARK, *words] if found else words
    return found


def _written(names: Iterable[str]) -> Iterator[Written]:
    """List the words that a typing slip may have meant: no stop word, three letters at least."""
    for text in names:
        for word, start, end in analysis.words(text):
            if len(word) >= SHORTEST and word not in analysis.STOP_WORDS:
                shown = text[start:end].lower()[: analysis.MAX_WORD]
                yield Written(word, shown)


def _holders(resource: Resource) -> list[str]:
    names = [resource.producer_name, *resource.authors]
    if resource.organisation:
        organisation = resource.organisation
        names += [organisation.name, organisation.acronym, *organisation.former_names]
    return names


def _topics(resource: Resource) -> list[str]:
    tasks = [str(Task(code).label) for code in resource.tasks if code != Task.OTHER]
    return [*resource.tags, *tasks, *resource.rome_codes, *resource.publics, *resource.territories]


def _files(resource: Resource) -> list[str]:
    readable = files.readable(resource)  # no name of what is had on request
    rows = [*readable.get("files", []), *readable.get("distributions", [])]
    return [text for row in rows for text in (row.get("title", ""), row.get("format", "")) if text]


def _texts(resource: Resource) -> Iterator[str]:
    yield resource.summary
    yield resource.description
    yield from (licence_label(name) for name in resource.licences)
    asked = {field.name for field in CARD} | {
        f.name for f in resource.details_of_kind.fields if f.section is Section.BODY
    }
    for name in sorted(asked & set(resource.details) - {"files", "distributions", "relations"}):
        yield from _strings(resource.details[name])


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for item in value.values():
                yield from _strings(item)
        case _:
            pass  # numbers and empty values have no words


def _facets(resource: Resource, measured: list[Measurement]) -> Iterator[Facet]:
    yield Facet("kind", resource.kind)
    yield Facet("scope", resource.scope)
    yield Facet("access", resource.access)
    for name, values in (
        ("task", resource.tasks),
        ("use_case", resource.use_cases),
        ("beneficiary", resource.beneficiaries),
        ("licence", resource.licences),
        ("language", [code for code in resource.languages if code in LANGUAGES]),
        ("territory", [words.place_stored(text) for text in resource.territories]),
        ("tag", resource.tags),
        ("format", _formats(resource)),
        ("guarantee", _guarantees(resource, measured)),
    ):
        for value in values:
            yield Facet(name, str(value)[:120])
    if holder := resource.holder_name:
        yield Facet("organisation", resource.holder_slug, holder[:160])


def _formats(resource: Resource) -> list[str]:
    rows = [*resource.details.get("files", []), *resource.details.get("distributions", [])]
    return sorted({str(row["format"]).lower() for row in rows if row.get("format")})


def _guarantees(resource: Resource, measured: list[Measurement]) -> Iterator[str]:
    if card_complete(resource.details):
        yield Guarantee.CARD
    if any(m.group for m in measured) or resource.details.get("group_results"):
        yield Guarantee.FAIRNESS
    if any(m.from_challenge for m in measured):
        yield Guarantee.CHALLENGE


def _boost(resource: Resource) -> float:
    used = resource.views + 10 * resource.followers + 10 * resource.reuses
    boost = 1 + POPULARITY * math.log10(1 + used)
    if resource.archived_at or resource.lifecycle == Lifecycle.STOPPED:
        boost *= STOPPED
    return boost


def is_findable(resource: Resource) -> bool:
    """Tell what the index may hold: what an anonymous visitor finds in lists."""
    return resource.live and resource.expired_at is None
