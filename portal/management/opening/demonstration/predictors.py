"""Small real models in NumPy: what the demonstration teams send.

Each learns on the training offers and gives days for the test offers, at least 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portal.management.opening.demonstration.offers import AREAS, OCCUPATIONS, Offers

Floats = NDArray[np.float64]
BINS, WIDTH = 16, 17


def constant(train: Offers, test: Offers) -> Floats:
    """Answer the median of all offers."""
    return np.full(len(test), float(np.median(train.days)))


def by_occupation(train: Offers, test: Offers) -> Floats:
    """Answer the median of the occupation."""
    medians = np.array(
        [np.median(train.days[train.occupation == at]) for at in range(len(OCCUPATIONS))]
    )
    return medians[test.occupation]


def by_contract_mean(train: Offers, test: Offers) -> Floats:
    """Answer the mean of the contract: long tails pull it up, a beginner's choice."""
    means = np.array([train.days[train.contract == at].mean() for at in range(4)])
    return means[test.contract]


def by_occupation_and_area(train: Offers, test: Offers) -> Floats:
    """Answer the median of the occupation, corrected by the middle of the area."""
    base = by_occupation(train, train)
    ratio = np.log(train.days / base)
    place = np.array([np.median(ratio[train.area == at]) for at in range(len(AREAS))])
    return _days(np.log(by_occupation(train, test)) + place[test.area])


def shrunk_cells(train: Offers, test: Offers, *, weight: float = 12.0) -> Floats:
    """Answer the mean log of occupation x area, drawn towards both of them."""
    logs = np.log(train.days)
    middle = logs.mean()
    trade = _effect(train.occupation, logs - middle, len(OCCUPATIONS), weight)
    rest = logs - middle - trade[train.occupation]
    place = _effect(train.area, rest, len(AREAS), weight)
    rest = rest - place[train.area]
    cells = len(AREAS)
    cell = _effect(train.occupation * cells + train.area, rest, len(OCCUPATIONS) * cells, weight)
    found = middle + trade[test.occupation] + place[test.area]
    return _days(found + cell[test.occupation * cells + test.area])


def ridge(train: Offers, test: Offers, *, penalty: float = 5.0) -> Floats:
    """Fit the log of the days on one-hot columns and a few numbers, with a ridge penalty."""
    pay = _usual_pay(train)
    x, z = _design(train, pay), _design(test, pay)
    middle, spread = x.mean(0), x.std(0) + 1e-9
    x, z = (x - middle) / spread, (z - middle) / spread
    logs = np.log(train.days)
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    slope = np.linalg.solve(gram, x.T @ (logs - logs.mean()))
    return _days(logs.mean() + z @ slope)


def boosted(
    train: Offers, test: Offers, *, trees: int = 90, rate: float = 0.18, seed: int = 0
) -> Floats:
    """Boost trees of depth 3 on binned columns, each on a random 70 % of the rows."""
    pay, ranks = _usual_pay(train), (_rank(train, "occupation"), _rank(train, "area"))
    x, z = _table(train, pay, ranks), _table(test, pay, ranks)
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in x.T]
    binned = np.stack([np.searchsorted(e, c, "right") for e, c in zip(edges, x.T, strict=True)], 1)
    asked = np.stack([np.searchsorted(e, c, "right") for e, c in zip(edges, z.T, strict=True)], 1)
    logs = np.log(train.days)
    fitted, found = np.full(len(train), logs.mean()), np.full(len(test), logs.mean())
    draw = np.random.Generator(np.random.PCG64(seed))
    for _ in range(trees):
        kept = draw.random(len(train)) < 0.7
        _grow(binned, logs - fitted, kept, asked, (fitted, found), rate, depth=3)
    return _days(found)


def blend(*parts: Floats) -> Floats:
    """Average predictions on the log scale."""
    return _days(np.mean([np.log(part) for part in parts], axis=0))


def _grow(
    x: NDArray[np.int64],
    residual: Floats,
    kept: NDArray[np.bool_],
    asked: NDArray[np.int64],
    targets: tuple[Floats, Floats],
    rate: float,
    *,
    depth: int,
    here: NDArray[np.bool_] | None = None,
    there: NDArray[np.bool_] | None = None,
) -> None:
    """Grow one tree and add its leaves to the fitted and to the asked rows, in place."""
    here = np.ones(len(x), dtype=bool) if here is None else here
    there = np.ones(len(asked), dtype=bool) if there is None else there
    rows = here & kept
    split = _best_split(x[rows], residual[rows]) if depth else None
    if split is None:
        leaf = rate * residual[rows].sum() / (rows.sum() + 4.0)
        targets[0][here] += leaf
        targets[1][there] += leaf
        return
    column, bound = split
    for side in (True, False):
        left = (x[:, column] <= bound) == side
        left_asked = (asked[:, column] <= bound) == side
        _grow(
            x, residual, kept, asked, targets, rate,
            depth=depth - 1, here=here & left, there=there & left_asked,
        )  # fmt: skip


def _best_split(x: NDArray[np.int64], residual: Floats) -> tuple[int, int] | None:
    """Find the column and bin that explain most, at least 30 rows a side."""
    total, (count, columns) = residual.sum(), x.shape
    if count < 60:
        return None
    codes = (x + np.arange(columns) * WIDTH).ravel()
    shape = (columns, WIDTH)
    weights = np.repeat(residual, columns)
    sums = np.bincount(codes, weights, columns * WIDTH).reshape(shape).cumsum(axis=1)
    sizes = np.bincount(codes, minlength=columns * WIDTH).reshape(shape).cumsum(axis=1)
    gain = sums**2 / (sizes + 4.0) + (total - sums) ** 2 / (count - sizes + 4.0)
    gain[(sizes < 30) | (count - sizes < 30)] = 0
    column, at = np.unravel_index(int(np.argmax(gain)), shape)
    if gain[column, at] <= total * total / (count + 4.0) + 1e-9:
        return None
    return int(column), int(at)


def _effect(code: NDArray[np.int64], values: Floats, size: int, weight: float) -> Floats:
    sums = np.bincount(code, values, size)
    effect: Floats = sums / (np.bincount(code, minlength=size) + weight)
    return effect


def _usual_pay(train: Offers) -> Floats:
    """Give the median pay of each occupation, as the training offers show it."""
    return np.array(
        [np.nanmedian(train.pay[train.occupation == at]) for at in range(len(OCCUPATIONS))]
    )


def _gap(offers: Offers, usual: Floats) -> Floats:
    gap: Floats = np.nan_to_num(np.log(offers.pay / usual[offers.occupation]), nan=0.0)
    return gap


def _design(offers: Offers, usual: Floats) -> Floats:
    gap = _gap(offers, usual)
    turn = offers.month * np.pi / 6
    numbers = [
        gap, np.maximum(gap, 0), np.isnan(offers.pay), offers.experience, offers.openings,
        np.cos(turn), np.sin(turn),
    ]  # fmt: skip
    hot = [
        column[:, None] == np.arange(size)
        for column, size in (
            (offers.occupation, len(OCCUPATIONS)),
            (offers.area, len(AREAS)),
            (offers.contract, 4),
            (offers.size, 4),
            (offers.hours, 3),
        )
    ]
    return np.concatenate([np.stack(numbers, 1).astype(float), *[h.astype(float) for h in hot]], 1)


def _rank(train: Offers, name: str) -> NDArray[np.int64]:
    """Order the values of a column by the mean log duration of the training offers."""
    codes = getattr(train, name)
    logs = np.log(train.days)
    means = np.bincount(codes, logs) / np.maximum(1, np.bincount(codes))
    return np.argsort(np.argsort(means))


def _table(
    offers: Offers, usual: Floats, ranks: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Floats:
    columns = [
        ranks[0][offers.occupation], ranks[1][offers.area], offers.contract, offers.size,
        offers.hours, offers.month, offers.experience, offers.openings, _gap(offers, usual),
    ]  # fmt: skip
    return np.stack(columns, 1).astype(float)


def _days(logs: Floats) -> Floats:
    days: Floats = np.maximum(1.0, np.exp(logs))
    return days
