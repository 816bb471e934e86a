"""What each database reads and writes of the index; the same matches on both."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalogue.search.synonyms import Phrase

Numbers = NDArray[np.int64]
Rows = list[tuple[Any, ...]]
# What a word weighs in a card, in [0, 1), is read as so many parts.
WHOLE = 1 << 20
# Parts of one statement: SQLite takes 500.
PARTS = 400


class Postings(NamedTuple):
    """The resources that hold a word and, in [0, 1), what it weighs in each; shape (n,) both."""

    ids: Numbers
    impact: NDArray[np.float64]


class Dialect(Protocol):
    """What differs between databases."""

    def holding(self, phrases: Sequence[Phrase]) -> dict[Phrase, Numbers]:
        """Find the resources that hold each phrase, its words side by side; one statement."""

    def joined(self, expression: str) -> str:
        """Write the texts of all rows as one, a comma between two."""

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows in one statement; no value is null."""


def dialect() -> Dialect:
    """Choose by the database in use."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def postings(terms: Sequence[str]) -> dict[str, Postings]:
    """Find the resources that hold each word, and what it weighs there; one statement.

    Both in one whole number, and the numbers of a word in one text: a row for each would cost
    more than all the rest of a search.
    """
    if not terms:
        return {}
    both = f"resource_id * {WHOLE} + CAST(ROUND(impact * {WHOLE - 1}) AS BIGINT)"
    joined = dialect().joined(f"CAST({both} AS TEXT)")
    part = f"SELECT %s, {joined} FROM catalogue_indexedterm WHERE term = %s"  # noqa: S608 - ours
    found = _joined(part, [(term, term) for term in terms])
    return {
        term: Postings(numbers // WHOLE, (numbers % WHOLE) / (WHOLE - 1))
        for term, numbers in found.items()
    }


def valued(facet: str, values: Sequence[str] = ()) -> dict[str, Numbers]:
    """Find the resources that hold each value of a facet, or each of some; one statement."""
    named = f"AND value IN ({', '.join(['%s'] * len(values))})" if values else ""
    joined = dialect().joined("CAST(resource_id AS TEXT)")
    sql = (
        f"SELECT value, {joined} FROM catalogue_indexedfacet"  # noqa: S608 - names of ours
        f" WHERE facet = %s {named} GROUP BY value"
    )
    return {value: _numbers(text) for value, text in _rows(sql, [facet, *values])}


def _joined(part: str, keyed: Sequence[tuple[Any, ...]]) -> dict[Any, Numbers]:
    """Run a statement of parts, each of which begins with its key and gives one joined text."""
    found: dict[Any, Numbers] = {}
    for start in range(0, len(keyed), PARTS):
        lot = keyed[start : start + PARTS]
        rows = _rows(" UNION ALL ".join([part] * len(lot)), [v for values in lot for v in values])
        found |= {key: _numbers(text) for key, text in rows}
    return found


def _numbers(text: str | None) -> Numbers:
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def _rows(sql: str, params: Sequence[Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: Rows = cursor.fetchall()
        return found


class SQLite:
    """FTS5 over the analysed words."""

    def holding(self, phrases: Sequence[Phrase]) -> dict[Phrase, Numbers]:
        """Match each as a phrase of the full text."""
        part = (
            "SELECT %s, GROUP_CONCAT(rowid) FROM catalogue_fulltext"
            " WHERE catalogue_fulltext MATCH %s"
        )
        # Analysed words hold letters and digits only: nothing to escape.
        said = {phrase: " ".join(phrase) for phrase in phrases}
        found = _joined(part, [(text, f'"{text}"') for text in said.values()])
        return {phrase: found[said[phrase]] for phrase in phrases}

    def joined(self, expression: str) -> str:
        """Use the name it has here."""
        return f"GROUP_CONCAT({expression})"

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Run one prepared statement over the rows."""
        places = ", ".join(["%s"] * len(columns))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                list(rows),
            )


class PostgreSQL:
    """A stored tsvector finds what holds the words of a phrase, the words themselves tell where."""

    def holding(self, phrases: Sequence[Phrase]) -> dict[Phrase, Numbers]:
        """Match the words by their index, then their order."""
        part = (
            "SELECT %s, STRING_AGG(CAST(resource_id AS TEXT), ',') FROM catalogue_indexedtext"
            " WHERE fulltext @@ CAST(%s AS tsquery) AND ' ' || words || ' ' LIKE %s"
        )
        said = {phrase: " ".join(phrase) for phrase in phrases}
        words = {phrase: " & ".join(f"'{word}'" for word in phrase) for phrase in phrases}
        found = _joined(part, [(said[p], words[p], f"% {said[p]} %") for p in phrases])
        return {phrase: found[said[phrase]] for phrase in phrases}

    def joined(self, expression: str) -> str:
        """Use the name it has here."""
        return f"STRING_AGG({expression}, ',')"

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Copy the rows as a file: nothing to write out or to parse for each."""
        names = ", ".join(columns)
        written = io.StringIO()
        csv.writer(written).writerows(rows)
        written.seek(0)
        copy = f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({names}))"
        with connection.cursor() as cursor:
            cursor.copy_expert(copy, written)
