"""Small cells are never shown, and nothing shown gives one away."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from challenges.scoring.audit.disclosure import Floors, cells_to_hide, counted_slice, slices
from challenges.scoring.audit.run import published_audit
from tests.challenges.scoring.audit.parts import contract, figure, part, run

SIX = ("a", "b", "c", "d", "e", "f")


def counted(sizes: dict[str, int]) -> tuple[Any, Any]:
    """Make rows of groups of these sizes, half of them positive."""
    group = [name for name, n in sizes.items() for _ in range(n)]
    y = np.arange(len(group)) % 2
    return y.astype(float), group


def shown(sizes: dict[str, int], **more: Any) -> list[str]:
    """Return the groups that the published audit of one attribute shows."""
    y, group = counted(sizes)
    chosen = contract(**more)
    told = published_audit(chosen, run(chosen, part(y, y, {"sexe": group}), replicates=50))
    return [g["key"][0] for g in told["slices"][0]["groups"] if g["state"] != "hidden"]


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ({"a": 100, "b": 100}, ["a", "b"]),
        ({"a": 100, "b": 11}, ["a", "b"]),
        ({"a": 100, "b": 10}, []),
        ({"a": 100, "b": 10, "c": 50}, ["a"]),
        ({"a": 100, "b": 5, "c": 6, "d": 50}, ["a", "d"]),
        ({"a": 100, "b": 4, "c": 6, "d": 50}, ["a"]),
        ({"a": 5}, []),
    ],
)
def test_a_small_group_takes_the_next_smallest_along(
    sizes: dict[str, int], wanted: list[str]
) -> None:
    assert shown(sizes) == wanted


def test_the_declared_threshold_only_raises() -> None:
    sizes = {"a": 100, "b": 60, "c": 50, "d": 40}
    assert shown(sizes, min_rows=45) == ["a", "b"]
    assert shown({"a": 100, "b": 10, "c": 50}, min_rows=1) == ["a"]


def test_sizes_are_rounded_and_small_groups_greyed() -> None:
    y, group = counted({"a": 102, "b": 98, "c": 13})
    chosen = contract()
    told = published_audit(chosen, run(chosen, part(y, y, {"sexe": group}), replicates=50))
    groups = told["slices"][0]["groups"]
    assert [(g["n"], g["state"]) for g in groups] == [(100, "shown"), (100, "few"), (15, "few")]
    assert told["n"] == 215


def test_a_group_of_few_positives_shows_its_selection_only() -> None:
    y = np.concatenate([np.tile([0.0, 1.0], 200), [1.0] * 4 + [0.0] * 60, np.tile([0.0, 1.0], 60)])
    group = ["a"] * 400 + ["b"] * 64 + ["c"] * 120
    chosen = contract()
    told = published_audit(chosen, run(chosen, part(y, y, {"sexe": group}), replicates=50))
    states = {
        key: [cell["state"] for cell in figure(told, key)["groups"]]
        for key in ("selection", "tpr", "fpr", "ppv", "npv", "auc", "metric", "calibration")
    }
    assert states.pop("selection") == ["shown"] * 3
    assert set(map(tuple, states.values())) == {("shown", "hidden", "hidden")}


def test_persons_are_counted_once() -> None:
    y = np.tile([0.0, 1.0], 300)
    group = ["a"] * 300 + ["b"] * 250 + ["c"] * 50
    bucket = np.concatenate([np.arange(550), 550 + np.arange(50) // 5])
    assert shown({"a": 300, "b": 250, "c": 50}, cluster="personne") == ["a", "b", "c"]
    chosen = contract(cluster="personne", person="cluster")
    rows = part(y, y, {"sexe": group}, bucket=bucket)
    told = published_audit(chosen, run(chosen, rows, replicates=50))
    assert [g["state"] for g in told["slices"][0]["groups"]] == ["shown", "hidden", "hidden"]


def test_rows_of_an_ignored_group_are_not_worked_out() -> None:
    codes = np.array([0] * 100 + [1] * 100 + [-1] * 3, np.int32)
    cut = slices({"g": codes}, {"g": ["a", "b"]}, ["g"], [])[0]
    whole = counted_slice(cut, np.zeros(203), np.zeros(203), None)
    assert cells_to_hide([whole], Floors(11))[0].tolist() == [True, False]
    assert cells_to_hide([whole], Floors(3))[0].tolist() == [False, False]


def worked_out(
    record: Any, counts: dict[tuple[str, ...], int]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Solve for every hidden cell from what is shown, with exact counts: return those found.

    counts: rows of each (first attribute, second attribute). The attacker knows exactly the
    number of rows of each cell shown and of the whole, and which pairs exist.
    """
    atoms = sorted(counts)
    names = record["slices"][0]["attributes"] + record["slices"][1]["attributes"]

    def members(attributes: list[str], key: list[str]) -> list[float]:
        wanted = dict(zip(attributes, key, strict=True))
        return [
            float(all(wanted.get(n, v) == v for n, v in zip(names, atom, strict=True)))
            for atom in atoms
        ]

    known, unknown = [[1.0] * len(atoms)], []
    for each in record["slices"]:
        for group in each["groups"]:
            line = members(each["attributes"], group["key"])
            if group["state"] == "hidden":
                unknown.append((tuple(each["attributes"]), tuple(group["key"]), line))
            else:
                known.append(line)
    rank = np.linalg.matrix_rank(np.array(known))
    small = []
    for attributes, key, line in unknown:
        n = sum(counts[a] for a, inside in zip(atoms, line, strict=True) if inside)
        if 0 < n < 11 and np.linalg.matrix_rank(np.array([*known, line])) == rank:
            small.append((attributes, key))
    return small


@pytest.mark.parametrize("seed", range(80))
def test_no_small_cell_of_a_crossing_can_be_solved_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    firsts, seconds = int(rng.integers(2, 4)), int(rng.integers(2, 6))
    pairs = list(product(SIX[:firsts], SIX[:seconds]))
    sizes = {pair: int(rng.choice([0, 3, 8, 11, 20, 60, 300])) for pair in pairs}
    sizes = {pair: n for pair, n in sizes.items() if n}
    rows = [pair for pair, n in sizes.items() for _ in range(n)]
    y = np.arange(len(rows)) % 2.0
    groups = {"sexe": [a for a, _ in rows], "age": [b for _, b in rows]}
    chosen = contract(groups=("sexe", "age"), crossings=[["sexe", "age"]], measures=RATES)
    told = published_audit(chosen, run(chosen, part(y, y, groups), replicates=20))
    assert worked_out(told, sizes) == []
    for each in told["slices"]:
        _residuals_are_large(each, told, sizes, chosen_of(each, sizes))


RATES = ["demographic_parity", "equal_opportunity"]


def chosen_of(each: Any, sizes: dict[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """Count the rows of each group of a slice of (sexe, age)."""
    at = [("sexe", "age").index(name) for name in each["attributes"]]
    found: dict[tuple[str, ...], int] = {}
    for pair, n in sizes.items():
        key = tuple(pair[i] for i in at)
        found[key] = found.get(key, 0) + n
    return found


def _residuals_are_large(
    each: Any, told: Any, sizes: dict[tuple[str, ...], int], counts: dict[tuple[str, ...], int]
) -> None:
    """Require what is left of every shown sum to be a group that could be shown."""
    hidden_cells = [tuple(g["key"]) for g in each["groups"] if g["state"] == "hidden"]
    left = sum(counts.get(key, 0) for key in hidden_cells)
    assert left == 0 or left >= 11 or len(hidden_cells) == len(each["groups"])
    for side in range(len(each["attributes"])) if len(each["attributes"]) == 2 else ():
        alone = next(s for s in told["slices"] if s["attributes"] == [each["attributes"][side]])
        for group in alone["groups"]:
            if group["state"] == "hidden":
                continue
            line = [key for key in hidden_cells if key[side] == group["key"][0]]
            left = sum(counts.get(key, 0) for key in line)
            assert left == 0 or left >= 11


@pytest.mark.parametrize("seed", range(10))
def test_hidden_groups_leave_no_trace_in_the_published_record(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b", "c", "rare"], 600, p=[0.4, 0.3, 0.29, 0.01]).tolist()
    y, p = rng.integers(0, 2, 600).astype(float), rng.random(600)
    chosen = contract()
    told = published_audit(chosen, run(chosen, part(y, p, {"sexe": group}), replicates=50))
    each = told["slices"][0]
    out = [g for g, one in enumerate(each["groups"]) if one["state"] == "hidden"]
    assert len(out) >= 2
    for g in out:
        assert set(each["groups"][g]) == {"key", "state"}
    for one in each["figures"]:
        for g in out:
            assert one["groups"][g] == {"state": "hidden", "value": None, "low": None, "high": None}
        contrasts = [one["gap"], one["claim"], *one["apart"]]
        assert all(not set(c["of"]) & set(out) for c in contrasts if c is not None)


@pytest.mark.parametrize("one_person", [False, True])
def test_what_a_shown_group_leaves_of_another_attribute_is_not_small(one_person: bool) -> None:
    """Municipalities nest in departments: their sums tell of one another without a crossing."""
    sizes = {
        "13": {"m1": 300, "m2": 4, "m3": 3},
        "83": {"t1": 200, "t2": 9, "t3": 8},
        "06": {"n1": 90, "n2": 80},
    }
    departments = [d for d, towns in sizes.items() for n in towns.values() for _ in range(n)]
    towns = [t for found in sizes.values() for t, n in found.items() for _ in range(n)]
    y = np.arange(len(towns)) % 2.0
    more: dict[str, Any] = {"cluster": "c", "person": "cluster"} if one_person else {}
    chosen = contract(groups=("departement", "ville"), measures=RATES, **more)
    rows = part(y, y, {"departement": departments, "ville": towns})
    told = published_audit(chosen, run(chosen, rows, replicates=20))
    shown_towns = {g["key"][0] for g in told["slices"][1]["groups"] if g["state"] != "hidden"}
    assert not shown_towns & {"m2", "m3", "t2", "t3"}
    for group in told["slices"][0]["groups"]:
        if group["state"] != "hidden":
            inside = sizes[group["key"][0]]
            left = sum(n for town, n in inside.items() if town not in shown_towns)
            assert left == 0 or left >= 11
