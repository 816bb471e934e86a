"""Details by class and calibration: counts of small classes never come out."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring.contract import ScoringContract
from challenges.scoring.details import details
from challenges.scoring.metric import Part
from tests.challenges.scoring.parts import lists


def contract(kind: str = "string", **more: Any) -> ScoringContract:
    """Declare one answer a row."""
    return ScoringContract.from_json(
        {
            "submission": {
                "layout": "one_row_per_id",
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "p", "role": "target", "type": kind},
                ],
            },
            "truth": {"id": "id", "target": "y", **more},
            "metrics": [{"key": "score", "metric": "accuracy"}],
            "fairness": {"min_rows": 11},
        }
    )


def part(y: Any, p: Any, **more: Any) -> Part:
    """Make a part of single rows."""
    return Part(y=np.asarray(y), p=np.asarray(p), bucket=np.arange(len(y)), buckets=len(y), **more)


def labels(sizes: dict[str, int]) -> Part:
    """Make labels of these sizes, one in five answered as the next class."""
    texts = list(sizes)
    y = np.repeat(np.arange(len(texts)), list(sizes.values()))
    p = np.where(np.arange(len(y)) % 5 == 0, (y + 1) % len(texts), y)
    return part(y.astype(np.int32), p.astype(np.int32), texts=texts)


def test_classes_and_matrix() -> None:
    told = details(contract(), labels({"a": 100, "b": 60}))
    assert told is not None
    assert [(c["key"], c["n"], c["given"]) for c in told["classes"]] == [
        ("a", 100, 90),
        ("b", 60, 70),
    ]
    assert told["classes"][0]["recall"] == {"value": 0.8, "low": 0.711, "high": 0.867}
    assert told["classes"][0]["precision"]["value"] == pytest.approx(80 / 92, abs=5e-4)
    assert told["classes"][1]["f1"] == pytest.approx(2 * 48 / 128, abs=5e-4)
    assert told["matrix"] == {"others": False, "cells": [[80, 20, 0], [10, 50, 0]]}
    assert told["hidden"] == 0


def test_small_classes_are_gathered_and_cannot_be_worked_out() -> None:
    told = details(contract(), labels({"a": 100, "b": 60, "c": 30, "d": 7}))
    assert told is not None
    assert [c["key"] for c in told["classes"]] == ["a", "b"]
    assert told["hidden"] == 2
    assert told["matrix"]["others"]
    assert len(told["matrix"]["cells"]) == 3
    none = details(contract(), labels({"a": 100, "b": 7}))
    assert none is not None
    assert (none["classes"], none["matrix"], none["hidden"]) == ([], None, 2)


def test_a_class_rarely_answered_has_no_precision() -> None:
    rare = labels({"a": 100, "b": 60})
    told = details(contract(), part(rare.y, np.zeros(160, np.int32), texts=["a", "b"]))
    assert told is not None
    assert told["classes"][1]["precision"] is None
    assert told["classes"][1]["recall"]["value"] == 0.0


def test_bins_of_scores_hold_both_answers() -> None:
    rng = np.random.default_rng(3)
    p = np.round(rng.random(2000), 3)
    y = (rng.random(2000) < p).astype(float)
    told = details(contract("float"), part(y, p))
    assert told is not None
    bins = told["calibration"]
    assert 8 <= len(bins) <= 10
    assert sum(each["n"] for each in bins) == pytest.approx(2000, abs=25)
    for each in bins:
        assert abs(each["observed"] - each["predicted"]) < 0.12
        assert 0 < each["observed"] < 1
        assert each["low"] < each["observed"] < each["high"]


def test_a_certain_answer_tells_no_label_by_its_scores() -> None:
    y = np.tile([0.0, 1.0], 300)
    told = details(contract("float"), part(y, np.where(y == 1, 0.97, 0.02)))
    assert told is not None
    assert told["calibration"] == [
        {"n": 600, "predicted": 0.495, "observed": 0.5, "low": 0.46, "high": 0.54}
    ]
    rare = details(contract("float"), part(np.zeros(600), np.linspace(0, 1, 600)))
    assert rare is not None
    assert rare["calibration"] == []


def test_numbers_are_compared_by_tenths() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(1000, 100, 500)
    told = details(contract("float"), part(y, y + rng.normal(0, 20, 500)))
    assert told is not None
    assert (told["kind"], len(told["calibration"])) == ("numbers", 10)
    assert all(each["n"] == 50 for each in told["calibration"])
    few = details(contract("float"), part(y[:10], y[:10]))
    assert few is not None
    assert few["calibration"] == []


def test_clusters_give_no_interval() -> None:
    told = details(contract(cluster="c"), labels({"a": 100, "b": 60}))
    assert told is not None
    assert told["classes"][0]["recall"] == {"value": 0.8, "low": None, "high": None}


def test_lists_have_no_details() -> None:
    flat, offsets = lists([[0], [1]])
    ranked = Part(
        y=flat, p=flat, bucket=np.arange(2), buckets=2, y_offsets=offsets, p_offsets=offsets
    )
    assert details(contract(), ranked) is None
