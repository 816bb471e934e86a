"""The full text of the database: the analysed words of every indexed resource, a column a field.

Our own analysis decides what a word is and the database finds it: FTS5 on SQLite, vectors of words
on PostgreSQL. Both read queries made of the same phrases, find the same resources and give each a
score with one weight a field; `ranking.py` then orders the first of them again.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from django.db import connection

from catalogue.search.document import FIELDS, WEIGHTS, Document
from catalogue.search.plan import Plan
from catalogue.search.synonyms import Phrase, Slot

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
            str(max(WEIGHTS[name] for name in FIELDS if CLASSES[name] == letter) / 10)
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


def names(after: int, most: int) -> list[tuple[int, str]]:
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
