"""Make the forms of answers, and files of them, for the tests of scoring."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from challenges.scoring.contract import AnswerSpec, Limits
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.truth import Answer, Keys
from challenges.scoring.verdict import Verdict

KEY = {"name": "id", "role": "id", "type": "string"}
SHARE = {"min": 0, "max": 1}


def one_row(**target: Any) -> dict[str, Any]:
    """Declare one answer a row; target: facts of its column."""
    column = {"name": "p", "role": "target", "type": "float"} | target
    return {"layout": "one_row_per_id", "columns": [KEY, column]}


def several(form: str | None, *names: str, **facts: Any) -> dict[str, Any]:
    """Declare several numbers a row; facts: of the column of that name."""
    plain = {"role": "target", "type": "float"} | (SHARE if form == "probabilities" else {})
    columns = [{"name": name} | plain | facts.get(name, {}) for name in names]
    return {"layout": "numbers_per_id", "form": form, "columns": [KEY, *columns]}


def ranked_list(**more: Any) -> dict[str, Any]:
    """Declare ranked lists of at most three of four items."""
    columns = [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "r", "role": "rank", "type": "integer", "min": 1, "max": 3},
        {"name": "i", "role": "item", "type": "category", "domain": ["a", "b", "c", "d"]},
    ]
    return {"layout": "ranked_list", "columns": columns, "max_items_per_query": 3} | more


def scores(policy: str | None = "complete", **more: Any) -> dict[str, Any]:
    """Declare a score for each candidate of a query."""
    columns = [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "i", "role": "item", "type": "category"},
        {"name": "s", "role": "score", "type": "float"},
    ]
    return {"layout": "candidate_scores", "policy": policy, "columns": columns} | more


def spec(**target: Any) -> AnswerSpec:
    """Make the specification of one row per id; target: facts of its column."""
    return AnswerSpec.from_json(one_row(**target))


def ranked(**more: Any) -> AnswerSpec:
    """Make the specification of ranked lists of at most three items."""
    return AnswerSpec.from_json(ranked_list(**more))


def keys(*ids: str) -> Keys:
    """Make keys in the given order."""
    return Keys.of(ids)


def table(**columns: Sequence[Any]) -> str:
    """Write columns as CSV."""
    rows = [columns, *zip(*columns.values(), strict=True)]
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def parquet(**columns: Any) -> bytes:
    """Write columns as Parquet."""
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
    return read_predictions(data, name, wanted, known, limits)


def first(content: str | bytes, wanted: AnswerSpec, known: Keys, **more: Any) -> tuple[Any, ...]:
    """Return (code, line, hint) of the first fault, which must be there."""
    found, answer = verdict(content, wanted, known, **more)
    assert answer is None
    fault = found.faults[0]
    return fault.code, fault.line, fault.hint
