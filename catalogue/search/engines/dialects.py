"""How each database finds candidates by their words; the same matches on both."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from django.db import connection, transaction

from catalogue.search.synonyms import Phrase, Slot

Sql = tuple[str, list[Any]]
Rows = list[tuple[Any, ...]]


class Weighed(NamedTuple):
    """A word to look for: what its impact is multiplied by, and its bit."""

    term: str
    weight: float
    bit: int


class Dialect(Protocol):
    """What differs between databases."""

    binary: str  # collation of the alphabetical order
    within_words: str  # the condition that the title of `d` holds the words of a parameter

    def all_words(self, slots: Sequence[Slot]) -> Sql:
        """Write the condition that a row `d` holds every idea."""

    def any_word(self, slots: Sequence[Slot]) -> Sql:
        """Write the condition that a row `d` holds some word."""

    def with_text(self, source: str) -> str:
        """Add to the rows `d` what the conditions on phrases read."""

    def scores(self, words: Sequence["Weighed"]) -> Sql:
        """Prepare `search_score`: the sum and the bits of each resource that holds some word.

        Gives what a statement over it begins with.
        """

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run a statement over the matches."""

    def rounded(self, expression: str) -> str:
        """Write a score as a whole number of millionths."""

    def joined(self, expression: str) -> str:
        """Write the texts of all rows as one."""

    def within(self, letter: str) -> str:
        """Write the condition that a letter is among those of a parameter."""

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows in one statement; no value is null."""


def dialect() -> Dialect:
    """Choose by the database in use."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


class SQLite:
    """FTS5 over the analysed words; sums in a temporary table."""

    binary = ""
    within_words = "INSTR(' ' || d.title_words || ' ', %s) > 0"
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

    def with_text(self, source: str) -> str:
        """Add nothing: the full text is a table of its own."""
        return source

    def joined(self, expression: str) -> str:
        """Use the name it has here."""
        return f"GROUP_CONCAT({expression}, '')"

    def within(self, letter: str) -> str:
        """Use the name it has here."""
        return f"INSTR(%s, {letter}) > 0"

    def scores(self, words: Sequence[Weighed]) -> Sql:
        """Add one word after the other in a temporary table: no sorting, as a GROUP BY does."""
        parts = " UNION ALL ".join(
            [
                "SELECT resource_id, impact * %s, %s FROM catalogue_indexedterm"
                " INDEXED BY term_resource_impact WHERE term = %s"
            ]
            * len(words)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS search_score"
                " (resource_id INTEGER PRIMARY KEY, score REAL, mask INTEGER)"
            )
            cursor.execute("DELETE FROM search_score")
            cursor.execute(
                f"INSERT INTO search_score {parts} ON CONFLICT (resource_id) DO UPDATE"
                " SET score = score + excluded.score, mask = mask | excluded.mask",
                [value for word in words for value in (word.weight, word.bit, word.term)],
            )
        return "", []

    def rounded(self, expression: str) -> str:
        """Round half up: the cast truncates."""
        return f"CAST(({expression}) * 1000000 + 0.5 AS INTEGER)"

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Run one prepared statement over the rows."""
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                list(rows),
            )

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run it as it is."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()


class PostgreSQL:
    """Words in the table of terms, phrases in a stored tsvector and then in the words themselves.

    A common word is in half of the cards: reading its entry of the terms' index costs a
    twentieth of matching the tsvector of each card.
    """

    binary = 'COLLATE "C"'
    within_words = "STRPOS(' ' || d.title_words || ' ', %s) > 0"
    IN_TEXT = "x.fulltext @@ CAST(%s AS tsquery)"
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
        condition = f"({self.IN_TEXT} AND ' ' || x.words || ' ' LIKE %s)"
        return condition, [_conjunction(phrase), f"% {' '.join(phrase)} %"]

    def _holds(self, words: Sequence[str]) -> Sql:
        return self.HOLDS.format(places=", ".join(["%s"] * len(words))), list(words)

    def with_text(self, source: str) -> str:
        """Join the words and their vector as `x`."""
        return f"{source} JOIN catalogue_indexedtext x ON x.resource_id = d.resource_id"

    def joined(self, expression: str) -> str:
        """Use the name it has here."""
        return f"STRING_AGG({expression}, '')"

    def within(self, letter: str) -> str:
        """Use the name it has here."""
        return f"STRPOS(%s, {letter}) > 0"

    def scores(self, words: Sequence[Weighed]) -> Sql:
        """Add up by resource, one word after the other: no text is compared for each row."""
        parts = " UNION ALL ".join(
            [
                "SELECT resource_id, impact * CAST(%s AS DOUBLE PRECISION) AS score,"
                " CAST(%s AS BIGINT) AS bit FROM catalogue_indexedterm WHERE term = %s"
            ]
            * len(words)
        )
        sql = f"""WITH search_score AS MATERIALIZED (
            SELECT resource_id, SUM(score) AS score, BIT_OR(bit) AS mask
            FROM ({parts}) AS word GROUP BY resource_id
        ) """  # noqa: S608 - values as parameters
        return sql, [value for word in words for value in (word.weight, word.bit, word.term)]

    def rounded(self, expression: str) -> str:
        """Round to the nearest: the cast does."""
        return f"CAST(({expression}) * 1000000 AS BIGINT)"

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Copy the rows as a file: nothing to write out or to parse for each."""
        names = ", ".join(columns)
        written = io.StringIO()
        csv.writer(written).writerows(rows)
        written.seek(0)
        copy = f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({names}))"
        with connection.cursor() as cursor:
            cursor.copy_expert(copy, written)

    def rows(self, sql: str, params: Sequence[Any]) -> Rows:
        """Run it in memory, without nested loops.

        The planner cannot know how many matches pass the filters and takes them for a handful;
        nested loops, right for a handful, are ten times slower for some hundreds.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
            cursor.execute(sql, params)
            found = cursor.fetchall()
            cursor.execute("SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL work_mem TO DEFAULT")
        return found


def _joined(parts: Sequence[Sql], word: str) -> Sql:
    return f"({word.join(sql for sql, _ in parts)})", [p for _, params in parts for p in params]


def _quoted(phrase: Phrase) -> str:
    # Analysed words hold letters and digits only: nothing to escape.
    return f'"{" ".join(phrase)}"'


def _lexeme(word: str) -> str:
    return f"'{word}'"


def _conjunction(words: Sequence[str]) -> str:
    return " & ".join(_lexeme(word) for word in words)
