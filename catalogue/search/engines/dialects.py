"""How each database finds candidates by their words; the same matches on both."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db import connection, transaction

from catalogue.search.synonyms import Phrase, Slot

Sql = tuple[str, list[Any]]
Rows = list[tuple[Any, ...]]
FEW = 1_000


class Dialect(Protocol):
    """What differs between databases."""

    binary: str  # collation of the alphabetical order
    searched: str  # the table `d` of the conditions on words, keyed by resource_id

    def all_words(self, slots: Sequence[Slot]) -> Sql:
        """Write the condition that a row `d` holds every idea."""

    def any_word(self, slots: Sequence[Slot]) -> Sql:
        """Write the condition that a row `d` holds some word."""

    def rounded(self, expression: str) -> str:
        """Write a score as a whole number of millionths."""

    def hits(self, select: Sql) -> "Hits":
        """Prepare the matches for the statements that follow."""


class Hits(Protocol):
    """The matches of one query, named `search_hit` in the statements run over them."""

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run a statement over the matches."""

    def facet_join(self) -> str:
        """Write the join of facets `f` with hits `h`, in the order that is fast."""

    def term_join(self) -> str:
        """Write where to read the terms `t` of the hits, and perhaps of others."""


def dialect() -> Dialect:
    """Choose by the database in use."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


class SQLite:
    """FTS5 over the analysed words; matches in a temporary table."""

    binary = ""
    searched = "catalogue_indexedresource"
    IN_TEXT = (
        "d.resource_id IN (SELECT rowid FROM catalogue_fulltext WHERE catalogue_fulltext MATCH %s)"
    )

    def all_words(self, slots: Sequence[Slot]) -> Sql:
        """Match every idea in one expression."""
        return self.IN_TEXT, [" AND ".join(self._slot(slot) for slot in slots)]

    def any_word(self, slots: Sequence[Slot]) -> Sql:
        """Match some word or some synonym."""
        parts = [_quoted((word,)) for slot in slots if not slot.quoted for word in slot.typed]
        parts += [_quoted(slot.typed) for slot in slots if slot.quoted]
        parts += [_quoted(phrase) for slot in slots for phrase in slot.others]
        return self.IN_TEXT, [" OR ".join(parts)]

    def _slot(self, slot: Slot) -> str:
        if slot.quoted:
            return _quoted(slot.typed)
        typed = " AND ".join(_quoted((word,)) for word in slot.typed)
        ways = [f"({typed})", *(_quoted(phrase) for phrase in slot.others)]
        return f"({' OR '.join(ways)})"

    def rounded(self, expression: str) -> str:
        """Round half up: the cast truncates."""
        return f"CAST(({expression}) * 1000000 + 0.5 AS INTEGER)"

    def hits(self, select: Sql) -> "TemporaryHits":
        """Fill the temporary table of this connection."""
        sql, params = select
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS search_hit"
                " (id INTEGER PRIMARY KEY, complete INTEGER, miss INTEGER, which TEXT)"
            )
            cursor.execute("DELETE FROM search_hit")
            cursor.execute(f"INSERT INTO search_hit {sql}", params)
            return TemporaryHits(few=cursor.rowcount < FEW)


class TemporaryHits:
    """Matches in SQLite's temporary table; the order of joins is ours, not the planner's."""

    def __init__(self, *, few: bool) -> None:
        self.few = few

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run a statement."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    def facet_join(self) -> str:
        """Read few hits one by one, else the facets in their index order."""
        hits, facets = "search_hit h", "catalogue_indexedfacet f"
        first, then = (hits, facets) if self.few else (facets, hits)
        return f"{first} CROSS JOIN {then} ON f.resource_id = h.id"

    def term_join(self) -> str:
        """Read the terms alone, in the index that holds their impact."""
        return "catalogue_indexedterm t INDEXED BY term_resource_impact"


class PostgreSQL:
    """Words in the table of terms, phrases in a stored tsvector and then in the words themselves.

    A common word is in half of the cards: reading its entry of the terms' index costs a
    twentieth of matching the tsvector of each card.
    """

    binary = 'COLLATE "C"'
    searched = "catalogue_indexedtext"
    IN_TEXT = "d.fulltext @@ CAST(%s AS tsquery)"
    HOLDS = (
        "d.resource_id IN (SELECT resource_id FROM catalogue_indexedterm WHERE term IN ({places}))"
    )

    def all_words(self, slots: Sequence[Slot]) -> Sql:
        """Match every idea."""
        return _joined([self._slot(slot) for slot in slots], " AND ")

    def any_word(self, slots: Sequence[Slot]) -> Sql:
        """Match some word or some synonym."""
        words = [word for slot in slots if not slot.quoted for word in slot.typed]
        parts = [self._holds(words)] if words else []
        parts += [self._phrase(slot.typed) for slot in slots if slot.quoted]
        parts += [self._phrase(phrase) for slot in slots for phrase in slot.others]
        return _joined(parts, " OR ")

    def _slot(self, slot: Slot) -> Sql:
        if slot.quoted:
            return self._phrase(slot.typed)
        typed = _joined([self._holds([word]) for word in slot.typed], " AND ")
        return _joined([typed, *(self._phrase(phrase) for phrase in slot.others)], " OR ")

    def _phrase(self, phrase: Phrase) -> Sql:
        if len(phrase) == 1:
            return self._holds(phrase)
        condition = f"({self.IN_TEXT} AND ' ' || d.words || ' ' LIKE %s)"
        return condition, [_conjunction(phrase), f"% {' '.join(phrase)} %"]

    def _holds(self, words: Sequence[str]) -> Sql:
        return self.HOLDS.format(places=", ".join(["%s"] * len(words))), list(words)

    def rounded(self, expression: str) -> str:
        """Round to the nearest: the cast does."""
        return f"CAST(({expression}) * 1000000 AS BIGINT)"

    def hits(self, select: Sql) -> "CommonHits":
        """Keep the statement: each that follows begins with it."""
        return CommonHits(select)


class CommonHits:
    """Matches as a common table expression."""

    def __init__(self, select: Sql) -> None:
        self._select = select

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run a statement that begins with the matches.

        The planner cannot know how many matches pass the filters and takes them for a handful;
        nested loops, right for a handful, are ten times slower for some hundreds.
        """
        matches, before = self._select
        begin = f"WITH search_hit(id, complete, miss, which) AS MATERIALIZED ({matches}) "
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(begin + sql, [*before, *params])
            found = cursor.fetchall()
            cursor.execute("SET LOCAL enable_nestloop = on")
        return found

    def facet_join(self) -> str:
        """Let the planner choose."""
        return "search_hit h JOIN catalogue_indexedfacet f ON f.resource_id = h.id"

    def term_join(self) -> str:
        """Let the planner choose."""
        return "search_hit h JOIN catalogue_indexedterm t ON t.resource_id = h.id"


def _joined(parts: Sequence[Sql], word: str) -> Sql:
    return f"({word.join(sql for sql, _ in parts)})", [p for _, params in parts for p in params]


def _quoted(phrase: Phrase) -> str:
    # Analysed words hold letters and digits only: nothing to escape.
    return f'"{" ".join(phrase)}"'


def _lexeme(word: str) -> str:
    return f"'{word}'"


def _conjunction(words: Sequence[str]) -> str:
    return " & ".join(_lexeme(word) for word in words)
