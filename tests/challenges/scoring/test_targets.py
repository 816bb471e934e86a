"""Several targets a row: a figure each, read beside its own truth, and a formula of them."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.contract import ScoringContract
from challenges.scoring.definedness import undefined
from challenges.scoring.examination import examine
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import TruthFault, compile_truth, load_keys, load_labels
from tests.challenges.scoring.boards import SALT

ROWS = 200
RNG = np.random.default_rng(7)
TRUTH = np.column_stack([RNG.normal(size=ROWS), RNG.integers(0, 2, ROWS)])
GIVEN = np.column_stack([TRUTH[:, 0] + 0.5, RNG.random(ROWS)])


def contract(*metrics: dict[str, Any], **facts: Any) -> ScoringContract:
    columns = [
        {"name": name, "role": "target", "type": "float", "label": f"vrai_{name}"}
        | facts.get(name, {})
        for name in "ab"
    ]
    key = {"name": "id", "role": "id", "type": "string"}
    shape = {"layout": "numbers_per_id", "form": "targets", "columns": [key, *columns]}
    split = {"column": "jeu", "public": "public", "private": "private"}
    return ScoringContract.from_json(
        {
            "submission": shape,
            "truth": {"id": "id", "target": "vrai_a", "split": split},
            "metrics": [{"key": one["metric"]} | one for one in metrics],
        }
    )


MAE = {"metric": "mae", "direction": "min", "params": {"target": "vrai_a"}}
BRIER = {"metric": "brier", "direction": "min", "params": {"target": "vrai_b"}}
MEAN = {
    "metric": "formula", "direction": "min", "primary": True,
    "params": {"formula": "(mae + brier) / 2"},
}  # fmt: skip
SHARE = {"min": 0, "max": 1}


def table(head: str, values: np.ndarray[Any, Any], more: str = "") -> bytes:
    lines = [
        ",".join([str(at), *map(repr, map(float, row))])
        + (f",{'public' if at % 2 else 'private'}" if more else "")
        for at, row in enumerate(values)
    ]
    return "\n".join([head + more, *lines]).encode() + b"\n"


HELD = table("id,vrai_a,vrai_b", TRUTH, ",jeu")


@pytest.mark.parametrize("primary", ["formula", "mae"])
def test_each_figure_reads_its_own_columns(primary: str) -> None:
    metrics = [one | {"primary": one["metric"] == primary} for one in (MEAN, MAE, BRIER)]
    chosen = contract(*metrics, b=SHARE)
    assert registry.problems(chosen) == []
    truth = compile_truth(chosen, HELD, {}, salt=SALT)
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    assert undefined(chosen, keys, labels) == []
    verdict, answer = read(table("id,a,b", GIVEN), "p.csv", chosen.answer, keys)
    assert answer is not None, verdict.faults

    found = examine(chosen, keys, labels, answer, verdict, losses=True)

    for part, rows in (("public", slice(1, None, 2)), ("private", slice(0, None, 2))):
        mae = np.abs(GIVEN - TRUTH)[rows, 0].mean()
        brier = ((GIVEN - TRUTH)[rows, 1] ** 2).mean()
        wanted = {"mae": mae, "brier": brier, "formula": (mae + brier) / 2}
        assert found.values[part] == pytest.approx(wanted, abs=1e-12)
        low, high = found.intervals[part]["formula"][:2]
        assert low < wanted["formula"] < high
    assert ("public" in found.losses) is (primary == "mae")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (MAE | {"params": {}}, "target must be one of vrai_a, vrai_b"),
        (MAE | {"params": {"target": "a"}}, "target must be one of vrai_a, vrai_b"),
        (BRIER, "brier needs answers of at least 0"),
        (
            {"metric": "log_loss_multi", "direction": "min", "params": {"target": "vrai_a"}},
            "log_loss_multi cannot read this kind of answer",
        ),
    ],
)
def test_a_figure_of_no_target_is_refused(metric: dict[str, Any], said: str) -> None:
    assert said in [text for _key, text in registry.problems(contract(metric))]


def test_a_target_that_the_truth_lacks_is_refused() -> None:
    with pytest.raises(TruthFault) as fault:
        compile_truth(contract(MAE), HELD.replace(b"vrai_b", b"autre"), {}, salt=SALT)
    assert fault.value.code == "E_COLUMN_MISSING"
