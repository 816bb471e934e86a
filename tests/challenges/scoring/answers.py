"""Make specifications and files for the tests of the reader."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from challenges.scoring.answer import AnswerSpec, Limits
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import Keys
from challenges.scoring.verdict import Verdict


def spec(**target: Any) -> AnswerSpec:
    """Make the specification of one row per id; target: facts of its column."""
    column = {"name": "p", "role": "target", "type": "float"} | target
    return AnswerSpec.from_json(
        {
            "layout": "one_row_per_id",
            "columns": [{"name": "id", "role": "id", "type": "string"}, column],
        }
    )


def ranked(**more: Any) -> AnswerSpec:
    """Make the specification of ranked lists of at most three items."""
    return AnswerSpec.from_json(
        {
            "layout": "ranked_list",
            "columns": [
                {"name": "q", "role": "query", "type": "string"},
                {"name": "r", "role": "rank", "type": "integer", "min": 1, "max": 3},
                {"name": "i", "role": "item", "type": "category", "domain": ["a", "b", "c", "d"]},
            ],
            "max_items_per_query": 3,
        }
        | more
    )


def keys(*ids: str) -> Keys:
    """Make keys in the given order."""
    return Keys.of(ids)


def parquet(**columns: Any) -> bytes:
    """Write a table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def verdict(
    content: str | bytes,
    wanted: AnswerSpec,
    known: Keys,
    name: str = "p.csv",
    limits: Limits | None = None,
) -> tuple[Verdict, Answer | None]:
    """Read a file given by its content."""
    data = content.encode() if isinstance(content, str) else content
    return read(data, name, wanted, known, limits)


def first(content: str | bytes, wanted: AnswerSpec, known: Keys, **more: Any) -> tuple[Any, ...]:
    """Return (code, line, hint) of the first fault, which must be there."""
    found, answer = verdict(content, wanted, known, **more)
    assert answer is None
    fault = found.faults[0]
    return fault.code, fault.line, fault.hint
