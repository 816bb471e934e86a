"""What is shown together gives no small set of rows away, declared or not."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from challenges.scoring.audit.disclosure import Floors, cells_to_hide, counted_slice, slices
from challenges.scoring.audit.run import published_audit
from tests.challenges.scoring.audit.parts import contract, part, run

Atom = tuple[str, ...]
CROSSINGS: list[list[tuple[str, str]]] = [[], [("a", "b")], [("a", "b"), ("a", "c")]]


def spread(atoms: dict[Atom, tuple[int, int]], keys: str) -> tuple[dict[str, list[str]], Any]:
    """Lay out rows. atoms: {group of each attribute: (negatives, positives)}."""
    rows = [(atom, y) for atom, n in atoms.items() for y in (0, 1) for _ in range(n[y])]
    y = np.array([y for _, y in rows])
    return {key: [atom[at] for atom, _ in rows] for at, key in enumerate(keys)}, y


def shown(columns: dict[str, list[str]], y: Any, crossings: Any, floors: Floors) -> list[Any]:
    """Return (attributes, groups shown) of each table."""
    names = {key: sorted(set(values)) for key, values in columns.items()}
    codes = {
        key: np.array([names[key].index(v) for v in values], np.int32)
        for key, values in columns.items()
    }
    alone: dict[str, Any] = {}
    tables = []
    for cut in slices(codes, names, list(columns), crossings):
        parents = [alone[key] for key in cut.attributes] if cut.parents else []
        tables.append(counted_slice(cut, y, 1 - y, None, parents))
        alone.setdefault(cut.attributes[0], tables[-1])
    return [
        (
            each.cut.attributes,
            [g for g, out in zip(each.cut.groups, closed, strict=True) if not out],
        )
        for each, closed in zip(tables, cells_to_hide(tables, floors), strict=True)
    ]


def worked_out(
    atoms: dict[Atom, tuple[int, int]], keys: str, told: list[Any], mark: int, floor: int
) -> list[tuple[Atom, ...]]:
    """Try every small set of up to four atoms: return those that the sums shown determine.

    The attacker knows which atoms there are and every sum shown, exactly. mark: 0 persons,
    1 positives. A set of atoms is small when it counts fewer than the floor.
    """
    listed = sorted(atoms)
    count = [sum(atoms[atom]) if mark == 0 else atoms[atom][1] for atom in listed]
    known = [np.ones(len(listed))]
    for attributes, groups in told:
        at = [keys.index(key) for key in attributes]
        known += [np.array([float(tuple(a[i] for i in at) == g) for a in listed]) for g in groups]
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
        n = int(rng.choice([0, 0, 0, 0, 1, 3, 6, 40, 300]))
        yes = int(rng.choice([0, n // 4, n // 2]))
        if n:
            atoms[tuple(f"{k}{v}" for k, v in zip(keys, codes, strict=True))] = (n - yes, yes)
    return atoms, keys


@pytest.mark.parametrize("floors", [Floors(11), Floors(11, 5, 5)])
@pytest.mark.parametrize("block", range(6))
def test_no_small_set_of_rows_can_be_solved_for(block: int, floors: Floors) -> None:
    tried = 0
    for seed in range(25 * block, 25 * block + 25):
        atoms, keys = drawn(seed)
        yes = sum(positives for _, positives in atoms.values())
        rows = sum(map(sum, atoms.values()))
        if rows < 11 or yes < 5 or rows - yes < 5:
            continue  # the figures of all rows are shown, whatever they are
        for crossings in CROSSINGS:
            if set().union(*crossings) <= set(keys):
                tried += 1
                columns, y = spread(atoms, keys)
                told = shown(columns, y, crossings, floors)
                assert worked_out(atoms, keys, told, 0, floors.persons) == []
                if floors.positives:
                    assert worked_out(atoms, keys, told, 1, floors.positives) == []
    assert tried > 20


def test_a_group_nearly_the_same_as_another_does_not_tell_the_few_between() -> None:
    """Three disabled persons get no benefit: « disabled » less « benefit » is them alone."""
    atoms = {
        ("rqth", "aah"): (60, 40),
        ("rqth", "non"): (2, 1),
        ("sans", "non"): (300, 200),
    }
    columns, y = spread(atoms, "ab")
    groups = {"rqth": columns["a"], "aah": columns["b"], "sexe": ["f", "h"] * 301 + ["f"]}
    chosen = contract(groups=("rqth", "aah", "sexe"))
    told = published_audit(chosen, run(chosen, part(y * 1.0, y * 1.0, groups), replicates=50))
    states = [[group["state"] for group in each["groups"]] for each in told["slices"]]
    assert ["hidden", "hidden"] in states[:2]
    assert states[2] == ["shown", "shown"]  # an attribute that tells nothing keeps its groups


def test_a_set_of_few_positives_is_not_told_by_what_reads_the_truth() -> None:
    atoms = {("rqth", "aah"): (60, 40), ("rqth", "non"): (60, 2), ("sans", "non"): (300, 200)}
    columns, y = spread(atoms, "ab")
    assert [len(groups) for _, groups in shown(columns, y, [], Floors(11))] == [2, 2]
    assert 0 in [len(groups) for _, groups in shown(columns, y, [], Floors(11, 5, 5))]


def test_many_attributes_of_many_groups_are_counted_apart() -> None:
    """Fourteen attributes of 30 groups make more kinds than a number of 64 bits holds."""
    rng = np.random.default_rng(0)
    columns = {f"k{i}": rng.integers(0, 30, 1000).astype(str).tolist() for i in range(14)}
    told = shown(columns, rng.integers(0, 2, 1000), [], Floors(11))
    assert [len(groups) for _, groups in told] == [30] * 14
