"""Small real models in NumPy: what the demonstration teams send.

Each learns on the training offers and gives days for the test offers, at least 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portal.management.opening.demonstration.offers import AREAS, OCCUPATIONS, Offers

Floats = NDArray[np.float64]


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


def blend(*parts: Floats) -> Floats:
    """Average predictions on the log scale."""
    return _days(np.mean([np.log(part) for part in parts], axis=0))


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


def _days(logs: Floats) -> Floats:
    days: Floats = np.maximum(1.0, np.exp(logs))
    return days
