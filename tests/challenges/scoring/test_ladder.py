"""The Ladder: what is shown moves only when the data can tell, by the published rule."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.evaluation import parts_of
from challenges.scoring.intervals import Buckets
from challenges.scoring.ladder import (
    Seen,
    better,
    seen_of,
    unit_losses,
)
from challenges.scoring.metric import Part
from challenges.scoring.truth import Answer, load_keys, load_labels
from tests.challenges.scoring import boards
from tests.properties import given
from tests.properties import strategies as st


@dataclass(frozen=True)
class Shown:
    """What a team is shown for one entry; leader: position of the entry that it comes from."""

    improved: bool
    leader: int
    score: float


def climb(seen: Sequence[Seen], direction: str) -> list[Shown]:
    """Apply the Ladder to the entries of one team, in order of receipt."""
    found: list[Shown] = []
    leader = -1
    for index, each in enumerate(seen):
        improved = leader < 0 or better(each, seen[leader], direction)
        leader = index if improved else leader
        found.append(Shown(improved, leader, seen[leader].score))
    return found


ORACLE = Path(__file__).parents[4] / "shared/cases/bundles/ladder_oracle/oracle_ladder.json"


def hits(right: Sequence[Any]) -> Seen:
    """Make an entry that is right on some rows."""
    bits = np.asarray(right, bool)
    return Seen(float(bits.mean()), hits=bits)


def losses(values: Sequence[float]) -> Seen:
    array = np.asarray(values, np.float64)
    return Seen(float(array.mean()), losses=array)


def drawn(score: float, replicates: Sequence[float]) -> Seen:
    return Seen(score, replicates=np.asarray(replicates, np.float64))


def turned(n: int, wrong: int, *, repaired: int = 0, spoiled: int = 0) -> Seen:
    """Start from some wrong rows, repair some of them and spoil others."""
    right = np.arange(n) >= wrong
    right[:repaired] = True
    right[n - spoiled :] = False
    return hits(right)


# Seven entries of twenty rows whose errors are .40 .35 .25 .30 .10 .25 .00.
SEQUENCE = [
    turned(20, 8),
    turned(20, 8, repaired=3, spoiled=2),
    turned(20, 8, repaired=3),
    turned(20, 8, repaired=3, spoiled=1),
    turned(20, 8, repaired=6),
    turned(20, 8, repaired=6, spoiled=3),
    turned(20, 0),
]


def errors(rungs: Sequence[Any]) -> list[float]:
    return [round(1 - rung.score, 9) for rung in rungs]


def test_it_shows_what_the_rows_can_tell() -> None:
    rungs = climb(SEQUENCE, "max")
    assert errors(rungs) == [0.4, 0.4, 0.25, 0.25, 0.1, 0.1, 0.0]
    assert [rung.improved for rung in rungs] == [True, False, True, False, True, False, True]
    assert [rung.leader for rung in rungs] == [0, 0, 2, 2, 4, 4, 6]


@pytest.mark.skipif(not ORACLE.exists(), reason="the oracle of ../shared is not here")
def test_the_oracle() -> None:
    """Equal to 1e-9 the values that ladder_oracle/make_oracle.py wrote."""
    case = json.loads(ORACLE.read_text())["small_exact"]
    truth = np.array(case["labels"])
    seen = [hits(np.array(one) == truth) for one in case["submissions"]]
    assert [1 - each.score for each in seen] == pytest.approx(case["raw_error"], abs=1e-9)
    found = [1 - rung.score for rung in climb(seen, "max")]
    assert found == pytest.approx(case["ladder_free_released_error"], abs=1e-9)


def test_one_row_more_is_no_improvement_whatever_the_rounding() -> None:
    """The trap: gain 1/n and s/√n = 1/n, equal only in integers."""
    for n in range(2, 400):
        base = np.arange(n) % 3 > 0
        base[0] = False
        more = base.copy()
        more[0] = True
        assert not better(hits(more), hits(base), "max"), n
        assert not better(losses(1.0 - more), losses(1.0 - base), "min"), n
        more[3:4] = True  # two rows and none lost: 4 > 2
        assert better(hits(more), hits(base), "max") == (n > 3), n


def test_it_is_a_paired_test() -> None:
    """s/√n against the formula in floats, away from ties; every row a little better is better."""
    base = np.linspace(1, 2, 50)
    assert better(losses(base - 1e-3), losses(base), "min")
    assert not better(losses(base), losses(base), "min")
    rng = np.random.default_rng(8)
    for _ in range(300):
        n = int(rng.integers(2, 60))
        best, new = rng.integers(0, 2, (2, n)).astype(bool)
        gap = new.astype(float) - best
        need = np.std(gap, ddof=1) / np.sqrt(n)
        if abs(gap.mean() - need) > 1e-12:
            wanted = bool(gap.mean() > need)
            assert better(hits(new), hits(best), "max") is wanted
            assert better(hits(~new), hits(~best), "min") is wanted
            seen = [losses(1.0 - bits) for bits in (new, best)]
            assert better(*seen, "min") is wanted


def test_a_figure_that_is_no_mean_is_compared_by_its_resamplings() -> None:
    best = drawn(0.80, [0.78, 0.80, 0.82])
    assert better(drawn(0.83, [0.82, 0.83, 0.84]), best, "max")  # error .01
    assert not better(drawn(0.81, [0.80, 0.81, 0.82]), best, "max")
    assert better(drawn(0.77, [0.76, 0.77, 0.78]), best, "min")
    assert not better(drawn(0.83, [0.82, 0.83, 0.84]), best, "min")


@pytest.mark.parametrize(
    "replicates",
    [[], [0.9], [np.nan, np.nan, 0.9], [0.88, 0.90, 0.92]],
    ids=["none", "one", "mostly undefined", "always as far"],
)
def test_what_has_no_error_is_no_improvement(replicates: list[float]) -> None:
    best = drawn(0.80, [0.78, 0.80, 0.82])
    assert not better(drawn(0.90, replicates), best, "max")
    assert not better(Seen(0.9), best, "max")
    assert not better(best, Seen(0.9), "min")


def test_one_row_has_no_deviation_and_another_count_of_units_is_not_paired() -> None:
    assert not better(hits([1]), hits([0]), "max")
    assert not better(hits([1, 1, 1]), hits([0, 0, 0, 0]), "max")
    assert not better(losses([0.0]), losses([1.0, 1.0]), "min")


bits = st.lists(st.booleans(), min_size=12, max_size=12)


@given(st.lists(bits, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_what_is_shown_only_improves(entries: list[list[bool]], draw: Any) -> None:
    rungs = climb([hits(one) for one in entries], "max")
    scores = [rung.score for rung in rungs]
    assert scores == sorted(scores)
    assert all(rungs[rung.leader].improved for rung in rungs)
    assert all(rung.improved == (rung.leader == at) for at, rung in enumerate(rungs))
    order = list(range(12))
    draw.shuffle(order)
    moved = [hits([one[at] for at in order]) for one in entries]
    assert climb(moved, "max") == rungs  # the order of the rows changes nothing
    again = [hits(one) for one in entries for _ in range(2)]
    assert climb(again, "max")[::2] == [
        type(rung)(rung.improved, 2 * rung.leader, rung.score) for rung in rungs
    ]  # a file sent twice changes nothing


def board_error(show: Callable[[Any], float], files: Any, truth: Any, *, climbs: bool) -> float:
    """Send useless files, keep those the board calls good, send their majority; what it shows."""
    kept, last = [], 1.0
    for file in files:
        error = show(file == truth)
        if (error < last) if climbs else (error < 0.5):
            kept.append(file)
        last = error if climbs else last
    vote = np.mean(kept or files[:1], axis=0) > 0.5
    return show(vote == truth)


def plain(right: Any) -> float:
    return 1 - float(np.mean(right))


def climbing() -> Callable[[Any], float]:
    """Return a board that follows one team up the Ladder."""
    state: list[Seen] = []

    def show(right: Any) -> float:
        new = hits(right)
        if not state or better(new, state[-1], "max"):
            state[:] = [new]
        return 1 - state[-1].score

    return show


def attacked(n: int, k: int, seeds: int, *, ladder: bool) -> float:
    """Return the mean error shown at the end of a majority vote of k coin flips."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        truth, files = rng.integers(0, 2, n), rng.integers(0, 2, (k, n))
        show = climbing() if ladder else plain
        found.append(board_error(show, files, truth, climbs=ladder))
    return float(np.mean(found))


def test_500_coin_flips_on_500_rows() -> None:
    assert attacked(500, 500, 6, ladder=True) >= 0.43
    assert attacked(500, 500, 6, ladder=False) < 0.30


@pytest.mark.full
@pytest.mark.parametrize(("n", "plain_error", "free"), [(500, 0.280, 0.444), (2000, 0.388, 0.471)])
def test_the_table_of_the_attack(n: int, plain_error: float, free: float) -> None:
    """The figures of the design, 20 seeds of 500 files, to two standard errors of the mean."""
    assert attacked(n, 500, 20, ladder=False) == pytest.approx(plain_error, abs=0.01)
    assert attacked(n, 500, 20, ladder=True) == pytest.approx(free, abs=0.01)


def part_of(metric: str, truth: list[Any], answer: list[Any]) -> Part:
    """Cut the public part of an answer, rows in canonical order."""
    numbers = not isinstance(truth[0], str)
    chosen = boards.contract(metric, "float" if numbers else "string")
    compiled = boards.truth_of(chosen, {"id": [f"r{i}" for i in range(len(truth))], "y": truth})
    keys, labels = load_keys(compiled.keys), load_labels(compiled.labels)
    cells = [answer[int(name[1:])] for name in keys.ids]
    texts = [] if numbers else sorted(set(cells))
    values = np.array(cells if numbers else [texts.index(cell) for cell in cells])
    made = Answer(values.astype(np.float64 if numbers else np.int32), texts)
    return parts_of(labels, keys, made)["public"]


def packed(metric: str, truth: list[Any], answer: list[Any], direction: str) -> Seen | None:
    part = part_of(metric, truth, answer)
    found = registry.metric(metric)
    data = unit_losses(found, {}, part, direction)
    stats = found.stats(part, {})
    buckets = Buckets.of(stats, part.bucket, part.buckets)
    score = float(found.value(buckets.total(), stats.context))
    sums = buckets.to_bytes({}, replicates=np.array([score, score]))
    return None if data is None else seen_of(score, data, sums)


def test_shares_are_kept_as_bits_and_means_as_losses() -> None:
    seen = packed("accuracy", list("aabbc" * 3), list("aabaa" * 3), "max")
    assert seen is not None
    assert seen.hits is not None
    assert (int(seen.hits.sum()), len(seen.hits)) == (9, 15)
    seen = packed("mae", [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], "min")
    assert seen is not None
    assert seen.losses is not None
    assert sorted(seen.losses) == [0.0, 0.5, 1.0]
    assert seen.score == pytest.approx(0.5)
    assert seen.replicates is not None


def test_a_figure_that_is_no_mean_keeps_no_unit_loss() -> None:
    for metric in ("rmse", "r2", "pearson", "medae"):
        assert packed(metric, [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], "min") is None
    assert packed("f1_macro", list("aab"), list("abb"), "max") is None
    part = part_of("accuracy", list("ab"), list("aa"))
    weighted = Part(**{**part.__dict__, "weight": np.array([1.0, 2.0])})
    assert unit_losses(registry.metric("accuracy"), {}, weighted, "max") is None
