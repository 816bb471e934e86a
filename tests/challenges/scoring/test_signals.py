"""Entries too alike, probing, blends: each planted and found; honest entries are left alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import nnls

from challenges.scoring import blends, probing, signals
from challenges.scoring.blends import nonnegative
from challenges.scoring.probing import Attempt, Habit, Spending
from challenges.scoring.signals import Entrant, Known, Rule
from challenges.scoring.sketch import Shape, Sketch, shape_of

ROWS = 1000
FEATURES = 10
SEEDS = 200
Rng = np.random.Generator


def sketch(values: Any) -> Sketch:
    """Lay values as the sketch of an answer would hold them; text is laid as words."""
    laid = np.asarray(values)
    if laid.dtype.kind in "iu":
        distinct = min(3, len(np.unique(laid)))
        return Sketch(laid.astype(np.uint64)[:, None], Shape(distinct))
    laid = laid.astype(np.float64)[:, None]
    return Sketch(laid, shape_of(laid, laid, (0.0, 1.0)))


def entrant(team: str, values: Any, entry: str = "") -> Entrant:
    found = sketch(values)
    return Entrant(entry or f"{team}1", team, found.values.tobytes().hex()[:99999], found)


class World:
    """Hold rows whose answer hangs on ten features, and honest teams that see eight each."""

    def __init__(self, seed: int, teams: int = 6) -> None:
        self.rng = np.random.default_rng([22, seed])
        self.x = self.rng.normal(size=(ROWS, FEATURES))
        self.weights = self.rng.normal(size=FEATURES)
        self.y = (self.rng.random(ROWS) < self.odds(self.x @ self.weights)).astype(float)
        self.reference = self.model(range(4), 0.0)
        self.honest = [
            self.model(self.rng.choice(FEATURES, 8, replace=False), 0.15) for _ in range(teams)
        ]

    @staticmethod
    def odds(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    def model(self, seen: Sequence[int] | Any, noise: float) -> Any:
        """Return probabilities by a fit on some features, its weights known within a noise."""
        chosen = list(seen)
        weights = self.weights[chosen] + noise * self.rng.normal(size=len(chosen))
        return self.odds(self.x[:, chosen] @ weights)

    def known(self, *, words: bool = False) -> Known:
        if not words:
            published = sketch(self.reference), sketch(np.full(ROWS, 0.5))
            truth = self.y[:, None]
        else:
            published = sketch(self.labels(self.reference)), sketch(np.zeros(ROWS, int))
            truth = self.y.astype(np.uint64)[:, None]
        digests = frozenset(each.values.tobytes().hex()[:99999] for each in published)
        return Known(truth, published, digests)

    @staticmethod
    def labels(p: Any) -> Any:
        return (p > 0.5).astype(int)

    def numbers(self) -> list[Entrant]:
        return [entrant(f"t{i}", p) for i, p in enumerate(self.honest)]

    def words(self) -> list[Entrant]:
        return [entrant(f"t{i}", self.labels(p)) for i, p in enumerate(self.honest)]


def teams_of(pairs: Sequence[signals.Pair]) -> list[tuple[str, str]]:
    return sorted((each.first[:-1], each.second[:-1]) for each in pairs)


def test_the_same_answer_in_two_teams() -> None:
    world = World(0)
    entrants = [*world.numbers(), entrant("copy", world.honest[2])]
    found = signals.duplicates(entrants, world.known())
    assert found == [signals.Pair("t21", "copy1", {Rule.DUPLICATE: 1.0})]
    again = entrant("t2", world.honest[2], "t22")  # its own team's is no signal
    assert signals.duplicates([*world.numbers(), again], world.known()) == []


def test_what_is_published_or_constant_is_nobodys() -> None:
    world = World(0)
    same = [
        entrant(team, values)
        for values in (world.reference, np.full(ROWS, 0.5), np.full(ROWS, 0.25))
        for team in ("a", "b")
    ]
    assert signals.duplicates(same, world.known()) == []
    assert signals.alike(same, world.known()) == []


@pytest.mark.parametrize("change", ["noise", "scale", "rounding", "some rows"])
def test_a_disguised_copy_is_found(change: str) -> None:
    world = World(1)
    own = world.honest[3]
    copies = {
        "noise": own + 0.003 * world.rng.normal(size=ROWS),
        "scale": 0.1 + 0.8 * own,
        "rounding": np.round(own, 3),
        "some rows": np.where(np.arange(ROWS) % 4 == 0, world.honest[1], own),
    }
    found = signals.alike([*world.numbers(), entrant("copy", copies[change])], world.known())
    assert teams_of(found) == [("t3", "copy")]
    (figures,) = [each.figures for each in found]
    if change == "some rows":
        assert figures == {Rule.VALUES: pytest.approx(0.75, abs=0.03)}
    else:
        assert figures[Rule.RESIDUALS] > signals.ALIKE


def test_both_figures_of_the_same_pair_are_told() -> None:
    world = World(1)
    own = np.where(np.arange(ROWS) % 10 == 0, world.honest[3] + 1e-4, world.honest[3])
    for known in (world.known(), Known(None)):
        (found,) = signals.alike([*world.numbers(), entrant("copy", own)], known)
        assert found.figures[Rule.RESIDUALS] > 0.9999
        assert found.figures[Rule.VALUES] == pytest.approx(0.9, abs=0.01)


def test_the_strongest_pair_of_two_teams_is_told_once() -> None:
    world = World(2)
    near = world.honest[0] + 0.003 * world.rng.normal(size=ROWS)
    nearer = world.honest[0] + 0.0005 * world.rng.normal(size=ROWS)
    copies = [entrant("copy", near, "copy1"), entrant("copy", nearer, "copy2")]
    (found,) = signals.alike([*world.numbers(), *copies], world.known())
    assert (found.first, found.second) == ("t01", "copy2")


def test_few_rows_or_few_values_tell_nothing() -> None:
    world = World(3)
    few = [entrant(t, world.honest[0][:20]) for t in ("a", "b")]
    assert signals.alike(few, Known(None)) == []
    rng = world.rng
    tenths = [np.round(np.clip(p + 0.02 * rng.normal(size=ROWS), 0, 1), 1) for p in world.honest]
    assert signals.alike([entrant(f"t{i}", p) for i, p in enumerate(tenths)], world.known()) == []


def test_copied_labels_are_found_by_their_errors() -> None:
    """Nine times in ten when 3 rows of 1,000 were changed."""
    found = 0
    for seed in range(40):
        world = World(seed)
        other = world.labels(world.honest[2])
        at = world.rng.choice(ROWS, 3, replace=False)
        other[at] = 1 - other[at]
        told = signals.alike([*world.words(), entrant("copy", other)], world.known(words=True))
        found += ("t2", "copy") in teams_of(told)
        assert all(each.figures[Rule.ERRORS] >= signals.SAME_ERRORS for each in told)
    assert found >= 34


def test_too_few_teams_say_nothing_of_what_is_usual() -> None:
    world = World(4, teams=2)
    entrants = [*world.words(), entrant("copy", world.labels(world.honest[1]))]
    assert signals.alike(entrants, world.known(words=True)) == []


def test_ranked_lists_are_compared_as_they_stand() -> None:
    rng = np.random.default_rng(9)
    lists = [rng.integers(0, 50, 400) for _ in range(5)]
    entrants = [entrant(f"t{i}", each) for i, each in enumerate(lists)]
    near = np.where(rng.random(400) < 0.03, 99, lists[1])
    found = signals.alike([*entrants, entrant("copy", near)], Known(None))
    assert teams_of(found) == [("t1", "copy")]


@pytest.mark.parametrize("terms", [2, 3])
def test_a_mean_of_others_is_found(terms: int) -> None:
    world = World(5)
    weights = [0.5, 0.3, 0.2][:terms]
    shares = np.array(weights) / sum(weights)
    mixed = sum(w * world.honest[i] for i, w in enumerate(weights))
    mine = entrant("mix", np.round(mixed, 6))
    found = blends.blends([*world.numbers(), mine], world.known())
    told = {name: share for each in found if each.entry == "mix1" for name, share in each.terms}
    assert sorted(told) == [f"t{i}1" for i in range(terms)]
    assert sum(told.values()) == pytest.approx(1)
    assert len(shares) == terms


def test_a_mean_of_four_or_of_its_own_team_is_none() -> None:
    world = World(5)
    four = entrant("mix", sum(world.honest[:4]) / 4)
    assert blends.blends([*world.numbers(), four], world.known()) == []
    own = entrant("t0", (world.honest[0] + world.model(range(10), 0.2)) / 2, "t02")
    assert blends.blends([*world.numbers(), own], world.known()) == []
    assert blends.blends(world.numbers()[:2], world.known()) == []


def test_a_copy_is_no_blend() -> None:
    world = World(6)
    copy = entrant("copy", 0.9 * world.honest[0])
    assert blends.blends([copy, *world.numbers()[:1], entrant("c", world.y)], world.known()) == []
    assert blends.blends([*world.numbers(), copy], world.known()) == []


@pytest.mark.parametrize("seed", range(40))
def test_nonnegative_least_squares_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    a, b = rng.normal(size=(30, 12)), rng.normal(size=30)
    wanted, _ = nnls(a, b)
    assert nonnegative(a.T @ a, a.T @ b) == pytest.approx(wanted, abs=1e-9)


def test_nonnegative_of_nothing_or_of_repeated_columns() -> None:
    assert nonnegative(np.zeros((0, 0)), np.zeros(0)).shape == (0,)
    a = np.random.default_rng(1).normal(size=(30, 4))
    a[:, 3] = a[:, 0]
    b = a[:, 0] + a[:, 1]
    found = nonnegative(a.T @ a, a.T @ b)
    assert a @ found == pytest.approx(b, abs=1e-8)


@pytest.mark.slow
def test_honest_entries_are_left_alone_over_200_seeds() -> None:
    """Counted: 1 of 3,000 pairs of independent models by either rule, no reference, no sample.

    That pair drew the same eight features of ten, with nearly the same weights.
    """
    alarms = {"numbers": 0, "words": 0, "duplicates": 0, "blends": 0}
    for seed in range(SEEDS):
        world = World(seed)
        numbers, words = world.numbers(), world.words()
        for team in ("u", "v"):
            numbers.append(entrant(team, world.reference))
            words.append(entrant(team, world.labels(world.reference)))
        alarms["numbers"] += len(signals.alike(numbers, world.known()))
        alarms["words"] += len(signals.alike(words, world.known(words=True)))
        alarms["duplicates"] += len(signals.duplicates(numbers, world.known()))
        alarms["blends"] += len(blends.blends(numbers, world.known()))
    assert (alarms.pop("duplicates"), alarms.pop("blends")) == (0, 0)
    assert max(alarms.values()) <= 2


def test_plain_errors_would_accuse_honest_teams() -> None:
    """Why the truth is taken out first: p − y is alike for any two models of a noisy answer."""
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng([23, seed])
        shared = 0.25 + 0.03 * rng.normal(size=ROWS)
        y = (rng.random(ROWS) < shared).astype(float)
        one, two = (shared + 0.02 * rng.normal(size=ROWS) for _ in range(2))
        assert signals.alike([entrant("a", one), entrant("b", two)], Known(y[:, None])) == []
        alarms += float(np.corrcoef(one - y, two - y)[0, 1]) > signals.ALIKE
    assert alarms == 40


def attempts(*values: Any, scores: Sequence[float | None] = ()) -> list[Attempt]:
    made = []
    for i, each in enumerate(values):
        one = entrant("t", each, f"e{i}")
        score = scores[i] if i < len(scores) else None
        made.append(Attempt(one.entry, one.digest, one.sketch, score))
    return made


def habits(tried: Sequence[Attempt], **more: Any) -> dict[Habit, tuple[str, ...]]:
    given: dict[str, Any] = {"direction": "max", "trivial": None, **more}
    spending = given.pop("spending", Spending())
    known = given.pop("known", Known(None))
    return dict(probing.probing(tried, known, spending, **given).habits)


def test_small_changes() -> None:
    base = np.random.default_rng(1).random(1000)
    steps = [base.copy() for _ in range(5)]
    for i, each in enumerate(steps):
        each[: 4 * i] = 0.5
    assert habits(attempts(*steps)) == {Habit.SMALL_CHANGES: ("e1", "e2", "e3", "e4")}
    assert habits(attempts(*steps[:3])) == {}  # twice is a mended row
    assert habits(attempts(base, base, base, base)) == {}  # the same file again changes nothing
    lost = [Attempt("e", str(i), None) for i in range(9)]
    assert habits(lost) == {}


def test_a_single_row_of_a_small_set_is_a_small_change() -> None:
    steps = [np.random.default_rng(1).random(60) for _ in range(1)] * 4
    steps = [np.where(np.arange(60) == i, 0.5, each) for i, each in enumerate(steps)]
    assert habits(attempts(*steps)) == {}  # two rows differ from one file to the next
    steps = [np.where(np.arange(60) <= i, 0.5, steps[0]) for i in range(4)]
    assert Habit.SMALL_CHANGES in habits(attempts(*steps))


def test_flat_vectors() -> None:
    half = np.where(np.arange(100) < 50, 0.1, 0.9)
    flat = attempts(half, 1 - half)
    assert habits(flat) == {Habit.FLAT: ("e0", "e1")}
    assert habits(flat[:1]) == {}
    assert habits(flat, number_classes=2) == {}
    constant = attempts(np.full(100, 0.2), np.full(100, 0.7))
    assert habits(constant, number_classes=2) == {Habit.FLAT: ("e0", "e1")}
    sample = Known(None, (), frozenset({constant[0].digest}))
    assert habits(constant, known=sample) == {}


def test_progressions_and_long_values() -> None:
    odds = 2.0 ** np.arange(-12, 12)
    attack = np.concatenate([np.full(500, 0.25), odds / (1 + odds)])
    assert habits(attempts(attack)) == {Habit.PROGRESSION: ("e0",)}
    ends = 1e-4 * np.random.default_rng(3).random(25)
    assert habits(attempts(np.concatenate([np.full(500, 0.25), ends]))) == {
        Habit.LONG_VALUES: ("e0",)
    }


@pytest.mark.parametrize(
    ("direction", "scores", "found"),
    [
        ("max", (0.8, 0.5, 0.82), ("e1",)),
        ("max", (0.8, 0.6, 0.82), ()),
        ("min", (0.2, 0.5, 0.6), ("e1", "e2")),
        ("max", (0.5, 0.45, None), ()),
        ("none", (0.8, 0.5, 0.8), ()),
    ],
)
def test_falls_to_the_trivial_score(
    direction: str, scores: Sequence[float | None], found: tuple[str, ...]
) -> None:
    rng = np.random.default_rng(1)
    tried = attempts(*(rng.random(100) for _ in range(3)), scores=scores)
    told = habits(tried, direction=direction, trivial=0.5)
    assert told == ({Habit.FALL: found} if found else {})
    assert habits(tried, direction=direction, trivial=None) == {}


def test_the_budget() -> None:
    assert habits([], spending=Spending(0.11, 3, 60)) == {Habit.BUDGET: ()}
    assert habits([], spending=Spending(0.10, 3, 60)) == {}
    assert habits([], spending=Spending(0.0, 60, 60)) == {Habit.BUDGET: ()}
    assert habits([], spending=Spending(0.0, 0, 0)) == {}


def attacker(seed: int) -> list[Attempt]:
    """Send a good file, then constants, then a few rows at a time."""
    rng = np.random.default_rng([24, seed])
    values: list[Any] = [rng.random(ROWS), np.full(ROWS, 0.2), np.full(ROWS, 0.8)]
    base = np.full(ROWS, 0.5)
    for i in range(20):
        base = base.copy()
        base[i * 3 : i * 3 + 3] = 0.9 - 0.01 * i
        values.append(base)
    return attempts(*values, scores=[0.7, 0.5, 0.5])


def honest(seed: int) -> list[Attempt]:
    """Try a constant, then models, one of them broken, one of them mended on a row."""
    world = World(seed, teams=12)
    values: list[Any] = [np.full(ROWS, 0.3), *world.honest]
    mended = world.honest[-1].copy()
    mended[0] = 0.5
    return attempts(*values, mended, scores=[0.5, 0.7, 0.72, 0.5, 0.74])


@pytest.mark.slow
def test_probing_is_flagged_and_honest_tries_are_not_over_200_seeds() -> None:
    """Even with the whole quota used and one broken file, which are a trait each."""
    spent = Spending(0.2, 60, 60)
    missed = alarms = 0
    for seed in range(SEEDS):
        for tried, wanted in ((attacker(seed), True), (honest(seed), False)):
            told = probing.probing(tried, Known(None), spent, direction="max", trivial=0.5)
            missed += wanted and not told.is_flagged
            alarms += told.is_flagged and not wanted
    assert (missed, alarms) == (0, 0)
