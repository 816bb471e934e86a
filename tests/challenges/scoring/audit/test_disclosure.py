"""Small cells are never shown, and nothing shown gives a small set of rows away."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from challenges.scoring.audit.disclosure import Floors, cells_to_hide, counted_slice, slices
from challenges.scoring.audit.run import published_audit
from tests.challenges.scoring.audit.parts import contract, figure, part, run

Atom = tuple[str, ...]
RATES = ["demographic_parity", "equal_opportunity"]
CROSSINGS: list[list[list[str]]] = [[], [["a", "b"]], [["a", "b"], ["a", "c"]]]


def told(y: Any, groups: dict[str, list[str]], bucket: Any = None, **more: Any) -> Any:
    """Return the published audit of a perfect answer."""
    chosen = contract(groups=tuple(groups), **more)
    buckets = {} if bucket is None else {"bucket": bucket}
    return published_audit(
        chosen, run(chosen, part(y * 1.0, y * 1.0, groups, **buckets), replicates=20)
    )


def shown(record: Any, at: int = 0) -> list[str]:
    """Return the groups that a slice shows."""
    groups = record["slices"][at]["groups"]
    return ["".join(group["key"]) for group in groups if group["state"] != "hidden"]


# --- one attribute


def counted(sizes: dict[str, int]) -> tuple[Any, dict[str, list[str]]]:
    """Make rows of groups of these sizes, half of them positive."""
    group = [name for name, n in sizes.items() for _ in range(n)]
    return np.arange(len(group)) % 2, {"sexe": group}


@pytest.mark.parametrize(
    ("sizes", "least", "wanted"),
    [
        ({"a": 100, "b": 100}, 11, ["a", "b"]),
        ({"a": 100, "b": 11}, 11, ["a", "b"]),
        ({"a": 100, "b": 10}, 11, []),
        ({"a": 100, "b": 10, "c": 50}, 11, ["a"]),
        ({"a": 100, "b": 5, "c": 6, "d": 50}, 11, ["a", "d"]),
        ({"a": 100, "b": 4, "c": 6, "d": 50}, 11, ["a"]),
        ({"a": 5}, 11, []),
        ({"a": 100, "b": 60, "c": 50, "d": 40}, 45, ["a", "b"]),
        ({"a": 100, "b": 10, "c": 50}, 1, ["a"]),  # the declared threshold only raises
    ],
)
def test_a_small_group_takes_the_next_smallest_along(
    sizes: dict[str, int], least: int, wanted: list[str]
) -> None:
    assert shown(told(*counted(sizes), min_rows=least)) == wanted


def test_sizes_are_rounded_and_small_groups_greyed() -> None:
    record = told(*counted({"a": 102, "b": 98, "c": 13}))
    groups = record["slices"][0]["groups"]
    assert [(g["n"], g["state"]) for g in groups] == [(100, "shown"), (100, "few"), (15, "few")]
    assert record["n"] == 215


def test_a_group_of_few_positives_shows_its_selection_only() -> None:
    y = np.concatenate([np.tile([0.0, 1.0], 200), [1.0] * 4 + [0.0] * 60, np.tile([0.0, 1.0], 60)])
    record = told(y, {"sexe": ["a"] * 400 + ["b"] * 64 + ["c"] * 120})
    states = {
        key: [cell["state"] for cell in figure(record, key)["groups"]]
        for key in ("selection", "tpr", "fpr", "ppv", "npv", "auc", "metric", "calibration")
    }
    assert states.pop("selection") == ["shown"] * 3
    assert set(map(tuple, states.values())) == {("shown", "hidden", "hidden")}


def test_persons_are_counted_once() -> None:
    y, groups = counted({"a": 300, "b": 250, "c": 50})
    bucket = np.concatenate([np.arange(550), 550 + np.arange(50) // 5])
    assert shown(told(y, groups, cluster="personne")) == ["a", "b", "c"]
    assert shown(told(y, groups, bucket, cluster="personne", person="cluster")) == ["a"]


def test_rows_of_an_ignored_group_are_not_worked_out() -> None:
    codes = np.array([0] * 100 + [1] * 100 + [-1] * 3, np.int32)
    cut = slices({"g": codes}, {"g": ["a", "b"]}, ["g"], [])[0]
    whole = counted_slice(cut, np.zeros(203), np.zeros(203), None)
    assert cells_to_hide([whole], Floors(11))[0].tolist() == [True, False]
    assert cells_to_hide([whole], Floors(3))[0].tolist() == [False, False]


@pytest.mark.parametrize("seed", range(3))
def test_hidden_groups_leave_no_trace_in_the_published_record(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b", "c", "rare"], 600, p=[0.4, 0.3, 0.29, 0.01]).tolist()
    each = told(rng.integers(0, 2, 600), {"sexe": group})["slices"][0]
    out = [g for g, one in enumerate(each["groups"]) if one["state"] == "hidden"]
    assert len(out) >= 2
    for g in out:
        assert set(each["groups"][g]) == {"key", "state"}
    for one in each["figures"]:
        for g in out:
            assert one["groups"][g] == {"state": "hidden", "value": None, "low": None, "high": None}
        contrasts = [one["gap"], one["claim"], *one["apart"]]
        assert all(not set(c["of"]) & set(out) for c in contrasts if c is not None)


# --- several attributes


def spread(atoms: dict[Atom, tuple[int, int]], keys: str) -> tuple[Any, dict[str, list[str]]]:
    """Lay out rows. atoms: {group of each attribute: (negatives, positives)}."""
    rows = [(atom, y) for atom, n in atoms.items() for y in (0, 1) for _ in range(n[y])]
    columns = {key: [atom[at] for atom, _ in rows] for at, key in enumerate(keys)}
    return np.array([y for _, y in rows]), columns


def worked_out(
    record: Any, atoms: dict[Atom, tuple[int, int]], keys: str, *, positives: bool, floor: int
) -> list[tuple[Atom, ...]]:
    """Try every small set of up to four atoms: return those that the sums shown determine.

    The attacker knows which atoms there are and every sum shown, exactly: of the rows of each
    group shown or, for positives, of those whose recall is. A set of atoms is small when it
    counts fewer than the floor.
    """
    listed = sorted(atoms)
    count = [atoms[atom][1] if positives else sum(atoms[atom]) for atom in listed]
    known = [np.ones(len(listed))]
    for at, each in enumerate(record["slices"]):
        where = [keys.index(key) for key in each["attributes"]]
        cells = each["groups"]
        if positives:
            figures = [one for one in each["figures"] if one["key"] == "tpr"]
            cells = figure(record, "tpr", at)["groups"] if figures else []
        known += [
            np.array([float([atom[i] for i in where] == group["key"]) for atom in listed])
            for group, cell in zip(each["groups"], cells, strict=bool(cells))
            if cell["state"] != "hidden"
        ]
    basis, scale, _ = np.linalg.svd(np.array(known).T, full_matrices=False)
    basis = basis[:, scale > 1e-9]
    found = []
    for many in range(1, 5):
        for chosen in combinations(range(len(listed)), many):
            if sum(count[i] for i in chosen) >= floor:
                continue
            aim = np.zeros(len(listed))
            aim[list(chosen)] = 1.0
            if np.abs(aim - basis @ (basis.T @ aim)).max() < 1e-6:
                found.append(tuple(listed[i] for i in chosen))
    return found


def drawn(seed: int) -> tuple[dict[Atom, tuple[int, int]], str]:
    """Draw which groups meet, mostly none, and how many rows each meeting has."""
    rng = np.random.default_rng(seed)
    keys = "abc"[: int(rng.integers(2, 4))]
    sizes = [int(rng.integers(2, 4)) for _ in keys]
    atoms = {}
    for codes in product(*map(range, sizes)):
        n = int(rng.choice([0, 0, 0, 0, 1, 3, 6, 11, 40, 300]))
        yes = int(rng.choice([0, n // 4, n // 2]))
        if n:
            atoms[tuple(f"{k}{v}" for k, v in zip(keys, codes, strict=True))] = (n - yes, yes)
    return atoms, keys


@pytest.mark.parametrize(
    "block", [0, 1, 2, *(pytest.param(each, marks=pytest.mark.full) for each in (3, 4, 5))]
)
def test_no_small_set_of_rows_can_be_solved_for(block: int) -> None:
    tried = 0
    for seed in range(25 * block, 25 * block + 25):
        atoms, keys = drawn(seed)
        yes = sum(positives for _, positives in atoms.values())
        rows = sum(map(sum, atoms.values()))
        if rows < 11 or yes < 5 or rows - yes < 5:
            continue  # the figures of all rows are shown, whatever they are
        more = {"cluster": "c", "person": "cluster"} if seed % 2 else {}
        for crossings in CROSSINGS:
            if {key for pair in crossings for key in pair} <= set(keys):
                tried += 1
                y, columns = spread(atoms, keys)
                persons = {"bucket": np.arange(len(y))} if more else {}
                record = told(y, columns, crossings=crossings, measures=RATES, **more, **persons)
                assert worked_out(record, atoms, keys, positives=False, floor=11) == []
                assert worked_out(record, atoms, keys, positives=True, floor=5) == []
    assert tried > 20


def test_a_group_nearly_the_same_as_another_does_not_tell_the_few_between() -> None:
    """Three disabled persons get no benefit: « disabled » less « benefit » is them alone."""
    atoms = {("rqth", "aah"): (60, 40), ("rqth", "non"): (2, 1), ("sans", "non"): (300, 200)}
    y, columns = spread(atoms, "ab")
    record = told(y, columns | {"sexe": ["f", "h"] * 301 + ["f"]})
    assert [] in [shown(record, at) for at in (0, 1)]
    # An attribute that tells nothing keeps its groups.
    assert [group["state"] for group in record["slices"][2]["groups"]] == ["shown", "shown"]


def test_a_set_of_few_positives_is_not_told_by_what_reads_the_truth() -> None:
    atoms = {("rqth", "aah"): (60, 40), ("rqth", "non"): (60, 2), ("sans", "non"): (300, 200)}
    record = told(*spread(atoms, "ab"))
    assert [len(shown(record, at)) for at in (0, 1)] == [2, 2]
    cells = [[cell["state"] for cell in figure(record, "tpr", at)["groups"]] for at in (0, 1)]
    assert ["hidden", "hidden"] in cells


@pytest.mark.parametrize("place", [0, 65])
@pytest.mark.parametrize(("apart", "closed"), [(0, False), (3, True), (20, False)])
def test_many_attributes_are_counted_apart(place: int, apart: int, closed: bool) -> None:
    """Sixty-six attributes of two groups make more kinds than a number of 64 bits holds."""
    columns = [*[np.zeros(300)] * 64, np.arange(300) < 100]
    columns.insert(place, np.arange(300) < 100 + apart)
    codes = {f"k{at:02}": column.astype(np.int32) for at, column in enumerate(columns)}
    y = np.arange(300) % 2
    cuts = slices(codes, {key: ["non", "oui"] for key in codes}, list(codes), [])
    tables = [counted_slice(cut, y, 1 - y, None) for cut in cuts]
    assert any(out.any() for out in cells_to_hide(tables, Floors(11))) is closed


def test_many_groups_that_meet_at_random_stay_shown() -> None:
    """Sixty groups leave more combinations than are tried by two and by three."""
    rng = np.random.default_rng(0)
    codes = {key: rng.integers(0, 20, 1000).astype(np.int32) for key in "abc"}
    y = rng.integers(0, 2, 1000)
    cuts = slices(codes, {key: [f"g{at}" for at in range(20)] for key in codes}, list(codes), [])
    tables = [counted_slice(cut, y, 1 - y, None) for cut in cuts]
    assert not any(out.any() for out in cells_to_hide(tables, Floors(11)))
