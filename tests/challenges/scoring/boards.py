"""Make contracts, truths, scored answers and boards for the tests of scoring."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from challenges.scoring import evaluation
from challenges.scoring.compilation import CompiledTruth, compile_truth
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.tiers import Listed
from challenges.scoring.truth import Answer, Keys, Labels, load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Verdict
from tests.challenges.scoring.answers import one_row, table

SALT = b"s" * 32
ROWS = {"id": "id", "target": "y"}


def contract_of(
    submission: dict[str, Any], *metrics: Mapping[str, Any] | str, **more: Any
) -> ScoringContract:
    """Make a contract; a metric is its own key unless said, the truth stands in (id, y)."""
    declared = [{"metric": one} if isinstance(one, str) else one for one in metrics]
    figures = [figure(**one) for one in declared]
    figures[0].setdefault("primary", not any(one.get("primary") for one in figures))
    raw: dict[str, Any] = {"submission": submission, "truth": ROWS, "metrics": figures} | more
    by_group = raw.get("fairness", {}).get("metrics", ())
    raw["fairness"] = raw.get("fairness", {}) | {"metrics": [figure(**one) for one in by_group]}
    return ScoringContract.from_json(raw)


def figure(metric: str, **more: Any) -> dict[str, Any]:
    """Declare a figure, under the key of its metric, of which more is better unless said."""
    return {"key": metric, "metric": metric, "direction": "max", **more}


def contract(
    metric: str = "accuracy",
    kind: str = "string",
    *,
    replicates: int = 1000,
    params: dict[str, Any] | None = None,
    **truth: Any,
) -> ScoringContract:
    """Make a contract of one metric, « score », on rows (id, y)."""
    ranking = {"key": "score", "metric": metric, "primary": True, "params": params or {}}
    interval = {"replicates": replicates}
    return contract_of(one_row(type=kind), ranking, truth=ROWS | truth, interval=interval)


def truth_of(
    chosen: ScoringContract, rows: str | dict[str, list[Any]], **files: bytes
) -> CompiledTruth:
    """Compile a truth given as CSV or by columns; files: beside it, « . » of a name is « _ »."""
    text = rows if isinstance(rows, str) else table(**rows)
    beside = {name.replace("_", "."): content for name, content in files.items()}
    return compile_truth(chosen, text.encode(), beside, salt=SALT)


def compiled(
    chosen: ScoringContract, rows: str | dict[str, list[Any]], **files: bytes
) -> tuple[Keys, Labels]:
    """Compile a truth and load what it made."""
    truth = truth_of(chosen, rows, **files)
    return load_keys(truth.keys), load_labels(truth.labels)


def scored(
    chosen: ScoringContract, rows: str | dict[str, list[Any]], answer: str | bytes
) -> Evaluated:
    """Publish a truth, read a file of answers that it accepts, and score it."""
    truth = truth_of(chosen, rows)
    evaluation.require_defined(chosen, truth)
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    data = answer.encode() if isinstance(answer, str) else answer
    verdict, laid = read_predictions(data, "p.csv", chosen.answer, keys)
    assert laid is not None, verdict.faults
    return evaluation.evaluate(chosen, keys, labels, laid, verdict)


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
