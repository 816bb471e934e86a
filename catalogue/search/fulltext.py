"""The full text of the database: the analysed words of every indexed resource, a column a field.

A document is what the search keeps of a resource; a plan, what a query looks for.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from django.db import connection

from catalogue.resources import words
from catalogue.resources.enums import LANGUAGES, Guarantee, Lifecycle, ModelSize, Task
from catalogue.resources.fields import CARD, Section, card_complete
from catalogue.resources.models import Measurement, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import quality
from catalogue.resources.words import licence_label
from catalogue.search import text as analysis
from catalogue.search.models import Synonym, split_phrases
from catalogue.search.synonyms import Phrase, Slot, Thesaurus
from catalogue.standards.quality import measures_groups
from portal.accounts.enums import OrganisationBadge
from portal.lib import clock

# The fields, and what a word counts for in each.
WEIGHTS = {
    "title": 15.0,
    "acronym": 15.0,
    "organisation": 2.0,
    "tags": 4.0,
    "files": 1.0,
    "description": 1.0,
}
FIELDS, HEAVIEST = tuple(WEIGHTS), max(WEIGHTS.values())
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
            "tags": _joined([resource.summary, *_topics(resource)]),
            "files": _joined(_files(resource)),
            "description": _joined(own_texts(resource)),
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
    own = [resource.organisation] if resource.organisation else []
    for organisation in [*own, *resource.producers.all()]:
        names += [organisation.name, organisation.acronym, *organisation.former_names]
    return names


def topics(resource: Resource) -> list[str]:
    """List what a card is about, as words."""
    tasks = [str(Task(code).label) for code in resource.tasks if code != Task.OTHER]
    return [*tasks, *resource.tags, *resource.rome_codes]


def _topics(resource: Resource) -> list[str]:
    return [*topics(resource), *resource.publics, *resource.territories]


def _files(resource: Resource) -> list[str]:
    readable = card_files.readable_details(resource)  # no name of what is had on request
    rows = [*readable.get("files", []), *readable.get("distributions", [])]
    return [text for row in rows for text in (row.get("title", ""), row.get("format", "")) if text]


def own_texts(resource: Resource) -> Iterator[str]:
    """Give the texts of a card, its summary first."""
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
        ("library", _libraries(resource)),
        ("model_size", _sizes(resource)),
        ("guarantee", _guarantees(resource, measured)),
    ):
        for value in values:
            yield Facet(name, str(value)[:120])
    for slug, name in resource.holders:
        yield Facet("organisation", slug, name[:160])


def _formats(resource: Resource) -> list[str]:
    rows = [*resource.details.get("files", []), *resource.details.get("distributions", [])]
    return sorted({str(row["format"]).lower() for row in rows if row.get("format")})


def _libraries(resource: Resource) -> list[str]:
    """Name the library of a model: its name alone, however it is written."""
    name = str(resource.details.get("library") or "").strip().lower()
    return [name] if name else []


def _sizes(resource: Resource) -> list[str]:
    number = resource.details.get("parameters")
    return [ModelSize.of(number)] if isinstance(number, int) and number > 0 else []


def _guarantees(resource: Resource, measured: list[Measurement]) -> Iterator[str]:
    if card_complete(resource.details):
        yield Guarantee.CARD
    told = str(resource.details.get("group_results") or "")
    if any(m.group for m in measured) or measures_groups(told):
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


QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]*)[\"“”«»]")
MOST_WORDS = 24
# A word found through a synonym counts less than the word typed.
SYNONYM = 0.7


@dataclass(frozen=True)
class Plan:
    """What to look for. asked: the reader typed something, even if only stop words.

    also: the synonyms, as they are written.
    """

    slots: tuple[Slot, ...]
    asked: bool
    also: tuple[str, ...] = ()

    @property
    def typed(self) -> list[str]:
        """List the words typed, analysed, in order."""
        return [word for slot in self.slots for word in slot.typed]

    @property
    def phrases(self) -> list[Phrase]:
        """List the synonyms to look for as phrases."""
        return [phrase for slot in self.slots for phrase in slot.others]

    @property
    def is_one_word(self) -> bool:
        """Tell a query whose every match is complete."""
        return len(self.slots) == 1 and (self.slots[0].quoted or len(self.slots[0].typed) == 1)

    @property
    def marked(self) -> frozenset[str]:
        """Give the words to look for, and to mark in the texts."""
        return frozenset(self.typed).union(*self.phrases)


def plan(q: str) -> Plan:
    """Analyse a query and add the synonyms in force; costs one query when something is asked."""
    if not q:
        return Plan((), asked=False)
    quoted = [tuple(analysis.terms(text)) for text in QUOTED.findall(q)]
    loose = analysis.terms(QUOTED.sub(" ", q))[:MOST_WORDS]
    slots = [Slot(phrase[:MOST_WORDS], quoted=True) for phrase in quoted if phrase]
    if not loose:
        return Plan(tuple(dict.fromkeys(slots)), asked=True)
    known = thesaurus()
    slots += known.slots(loose)
    also = dict.fromkeys(known.written[phrase] for slot in slots for phrase in slot.others)
    return Plan(tuple(dict.fromkeys(slots)), asked=True, also=tuple(also))


def thesaurus() -> Thesaurus:
    """Read the rows at each query: an edit works at once in every process.

    Only what is made of them is kept, under the very texts that it was made of.
    """
    rows = Synonym.objects.filter(active=True).order_by("pk")
    return _made(tuple(rows.values_list("phrases", flat=True)))


@lru_cache(maxsize=2)
def _made(groups: tuple[str, ...]) -> Thesaurus:
    return Thesaurus(split_phrases(text) for text in groups)


# PostgreSQL knows four classes of weights.
CLASSES = {
    "title": "A",
    "acronym": "A",
    "tags": "B",
    "organisation": "C",
    "files": "D",
    "description": "D",
}
NAMING = ("title", "acronym", "organisation")
# Parts of one statement: SQLite takes 500.
PARTS = 400
EVERY = 1 << 40


class Dialect(Protocol):
    """What differs between databases."""

    both: str
    either: str
    matches: str  # the condition that a resource answers a query, its parameter
    names_match: str  # the same for first letters
    score: str  # how well it answers
    to_score: str  # the condition under which there is a score
    scored: bool  # the query is the parameter of the score, else of that condition
    binary: str  # texts compared by their bytes

    def phrase(self, words: Phrase, fields: Sequence[str] = FIELDS) -> str:
        """Write words that stand side by side in one of some fields."""

    def beginnings(self, words: Iterable[str]) -> str:
        """Write what titles hold where each word begins one of theirs."""

    def put(self, documents: Iterable[Document]) -> None:
        """Add resources that are not there."""


class SQLite:
    """FTS5: the words of each field and, last, those of titles as they are typed."""

    both, either = " AND ", " OR "
    matches = names_match = "catalogue_fulltext MATCH %s"
    score = f"-bm25(catalogue_fulltext, {', '.join(str(WEIGHTS[name]) for name in FIELDS)}, 0)"
    to_score, scored = matches, False
    binary = "BINARY"

    def phrase(self, words: Phrase, fields: Sequence[str] = FIELDS) -> str:
        """Write it between quotes, which no analysed word holds."""
        return f'{{{" ".join(fields)}}} : "{" ".join(words)}"'

    def beginnings(self, words: Iterable[str]) -> str:
        """Look for prefixes."""
        return self.both.join(f'names : "{word}" *' for word in words)

    def put(self, documents: Iterable[Document]) -> None:
        """Write the words one space apart."""
        _insert(
            [*FIELDS, "names"],
            ["%s"] * (len(FIELDS) + 1),
            [(each.resource_id, *_texts(each), " ".join(each.first_letters)) for each in documents],
        )


class PostgreSQL:
    """Vectors of words with their places, one class of weights a field."""

    both, either = " & ", " | "
    matches = "t.search @@ CAST(%s AS tsquery)"
    names_match = "t.names @@ CAST(%s AS tsquery)"
    score = (
        "ts_rank('{"
        + ", ".join(
            str(max(WEIGHTS[name] for name in FIELDS if CLASSES[name] == letter) / HEAVIEST)
            for letter in "DCBA"
        )
        + "}', t.search, CAST(%s AS tsquery))"
    )
    to_score, scored = "TRUE", True
    binary = '"C"'

    def phrase(self, words: Phrase, fields: Sequence[str] = FIELDS) -> str:
        """Write words that follow each other, in some classes of weights."""
        letters = "" if fields is FIELDS else ":" + "".join(sorted({CLASSES[f] for f in fields}))
        return "(" + " <-> ".join(f"{_lexeme(word)}{letters}" for word in words) + ")"

    def beginnings(self, words: Iterable[str]) -> str:
        """Look for prefixes."""
        return self.both.join(f"{_lexeme(word)}:*" for word in words)

    def put(self, documents: Iterable[Document]) -> None:
        """Write the vectors ourselves: the database's own parser would cut words its own way."""
        vector = "CAST(%s AS tsvector)"
        _insert(
            [*FIELDS, "search", "names"],
            [*["%s"] * len(FIELDS), vector, vector],
            [
                (
                    each.resource_id,
                    *_texts(each),
                    _vector(each),
                    " ".join(_lexeme(word) for word in each.first_letters),
                )
                for each in documents
            ],
        )


def dialect() -> Dialect:
    """Choose by the database in use."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def any_of(plan: Plan) -> str:
    """Write what every result holds: a word, a quoted phrase or a synonym."""
    words: list[Phrase] = []
    for slot in plan.slots:
        words += [slot.typed] if slot.quoted else [(word,) for word in slot.typed]
        words += slot.others
    return dialect().either.join(dialect().phrase(each) for each in dict.fromkeys(words))


def all_of(plan: Plan) -> str:
    """Write what a result with every idea of the query holds."""
    return dialect().both.join(f"({_idea(slot)})" for slot in plan.slots)


def _idea(slot: Slot) -> str:
    said = dialect()
    words = [slot.typed] if slot.quoted else [(word,) for word in slot.typed]
    typed = said.both.join(said.phrase(each) for each in words)
    return said.either.join([f"({typed})", *(said.phrase(other) for other in slot.others)])


def put(documents: Sequence[Document]) -> None:
    """Add the words of resources that are not there; a trigger removes them with their row."""
    dialect().put(documents)


class Texts(NamedTuple):
    """The analysed words of a resource, those of each field one space apart."""

    title: str
    acronym: str
    organisation: str
    tags: str
    files: str
    description: str


def texts(ids: Sequence[int]) -> dict[int, Texts]:
    """Read the words of some resources."""
    if not ids:
        return {}
    places = ", ".join(["%s"] * len(ids))
    sql = f"SELECT rowid, {', '.join(FIELDS)} FROM catalogue_fulltext WHERE rowid IN ({places})"  # noqa: S608 - names of ours
    return {pk: Texts(*words) for pk, *words in rows(sql, ids)}


def names_near(after: int, most: int) -> list[tuple[int, str]]:
    """Read the words of the names of some resources, by their numbers."""
    columns = " || ' ' || ".join(NAMING)
    sql = (
        f"SELECT rowid, {columns} FROM catalogue_fulltext WHERE rowid > %s ORDER BY rowid LIMIT %s"  # noqa: S608 - ours
    )
    return [(pk, words) for pk, words in rows(sql, [after, most])]


def holders(
    stems: Iterable[str], fields: Sequence[str] = FIELDS, *, most: int = EVERY
) -> dict[str, int]:
    """Count the resources that hold each stem in some fields; one that none holds is left out.

    most: where counting a stem stops.
    """
    wanted = sorted(stems)
    found = f"SELECT 1 FROM catalogue_fulltext t WHERE {dialect().matches} LIMIT {most}"  # noqa: S608 - ours
    part = f"SELECT %s, (SELECT COUNT(*) FROM ({found}) AS counted)"  # noqa: S608 - ours
    counts: dict[str, int] = {}
    for start in range(0, len(wanted), PARTS):
        lot = wanted[start : start + PARTS]
        params = [value for s in lot for value in (s, dialect().phrase((s,), fields))]
        counts |= dict(rows(" UNION ALL ".join([part] * len(lot)), params))
    return {stem: count for stem, count in counts.items() if count}


def holding(stems: Iterable[str], fields: Sequence[str], most: int) -> list[int]:
    """List some of the resources that hold all of some stems in some fields."""
    wanted = dialect().both.join(dialect().phrase((stem,), fields) for stem in stems)
    sql = f"SELECT rowid FROM catalogue_fulltext t WHERE {dialect().matches} LIMIT %s"  # noqa: S608 - ours
    return [pk for (pk,) in rows(sql, [wanted, most])]


def titled(words: Sequence[str], most: int) -> list[int]:
    """List the resources whose titles hold words that begin so, the most used first."""
    sql = (
        "SELECT r.resource_id FROM catalogue_fulltext t"  # noqa: S608 - ours
        " JOIN catalogue_indexedresource r ON r.resource_id = t.rowid"
        f" WHERE {dialect().names_match}"
        " ORDER BY r.boost DESC, r.verified DESC, r.quality DESC, r.resource_id DESC LIMIT %s"
    )
    return [pk for (pk,) in rows(sql, [dialect().beginnings(words), most])]


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Read what a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _insert(columns: Sequence[str], places: Sequence[str], values: list[tuple[Any, ...]]) -> None:
    sql = (
        f"INSERT INTO catalogue_fulltext (rowid, {', '.join(columns)})"  # noqa: S608 - names of ours
        f" VALUES (%s, {', '.join(places)})"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def _texts(document: Document) -> list[str]:
    return [" ".join(document.terms[name]) for name in FIELDS]


def _vector(document: Document) -> str:
    """Write the words of all fields with their places; two fields are never side by side."""
    written, at = [], 0
    for name in FIELDS:
        at += 2
        for word in document.terms[name]:
            written.append(f"{_lexeme(word)}:{at}{CLASSES[name]}")
            at += 1
    return " ".join(written)


def _lexeme(word: str) -> str:
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"
