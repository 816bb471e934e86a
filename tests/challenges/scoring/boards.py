"""Make truths, answers and boards for the tests of intervals and tiers."""

from typing import Any

import numpy as np

from challenges.scoring import evaluation
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.tiers import Listed
from challenges.scoring.truth import CompiledTruth, compile_truth, load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Verdict

SALT = b"s" * 32


def contract(
    metric: str = "accuracy",
    kind: str = "string",
    *,
    replicates: int = 1000,
    params: dict[str, Any] | None = None,
    **truth: Any,
) -> ScoringContract:
    """Make a contract of one metric on rows (id, y)."""
    return ScoringContract.from_json(
        {
            "submission": {
                "layout": "one_row_per_id",
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "p", "role": "target", "type": kind},
                ],
            },
            "truth": {"id": "id", "target": "y", **truth},
            "metrics": [
                {"key": "score", "metric": metric, "primary": True, "params": params or {}}
            ],
            "interval": {"replicates": replicates},
        }
    )


def scores(*metrics: dict[str, Any], **target: Any) -> ScoringContract:
    """Make a contract of several metrics on rows (id, y) answered by probabilities."""
    column = {"name": "p", "role": "target", "type": "float", "min": 0, "max": 1} | target
    key = {"name": "id", "role": "id", "type": "string"}
    return ScoringContract.from_json(
        {
            "submission": {"layout": "one_row_per_id", "columns": [key, column]},
            "truth": {"id": "id", "target": "y"},
            "metrics": list(metrics),
        }
    )


def truth_of(chosen: ScoringContract, rows: dict[str, list[Any]]) -> CompiledTruth:
    """Compile a truth given by columns."""
    names = list(rows)
    lines = [",".join(names)]
    lines += [",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True)]
    return compile_truth(chosen, "\n".join(lines).encode(), {}, salt=SALT)


def evaluated(chosen: ScoringContract, truth: CompiledTruth, answers: dict[str, Any]) -> Evaluated:
    """Score an answer given by identifier."""
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    cells = [answers[name] for name in keys.ids]
    if chosen.answer.answer.is_number:
        answer = Answer(np.array(cells, np.float64), [])
    else:
        texts = sorted(set(cells))
        answer = Answer(np.array([texts.index(c) for c in cells], np.int32), texts)
    return evaluation.evaluate(chosen, keys, labels, answer, Verdict(True))


def board(
    n: int,
    right: list[Any],
    *,
    clusters: int | None = None,
    decimals: int = 4,
    replicates: int = 1000,
) -> list[Listed]:
    """Make a board of accuracies; right: for each team, the rows (bool) it has right."""
    cluster = {"cluster": "c"} if clusters else {}
    chosen = contract(replicates=replicates, **cluster)
    columns: dict[str, list[Any]] = {"id": [f"r{i}" for i in range(n)], "y": ["a"] * n}
    if clusters:
        columns["c"] = [f"c{i * clusters // n}" for i in range(n)]
    truth = truth_of(chosen, columns)
    listed = []
    for team, hits in enumerate(right):
        answers = {f"r{i}": "a" if hit else "b" for i, hit in enumerate(hits)}
        done = evaluated(chosen, truth, answers)
        value = round(done.values["public"]["score"], decimals)
        listed.append(Listed(f"team{team}", value, done.sums["public"]))
    return listed
