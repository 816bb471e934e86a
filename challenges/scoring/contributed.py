"""Bound a figure that an organiser's program computed, from what each row contributed to it.

The figure is then the mean of the rows, weighted if they have weights: `rows.csv` of a program.
Its sums are those of a mean of ours, so that boards make tiers of them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from challenges.scoring.contract import LEVEL, REPLICATES
from challenges.scoring.intervals import (
    MAX_BUCKETS,
    Buckets,
    centred,
    draw_weights,
    percentile,
    wilson,
)
from challenges.scoring.metric import Floats, Piece, Stats

TOLERANCE = 1e-4  # programs often round what they write
NAME = "rows"


class NotTheMean(ValueError):
    """Rows whose mean is not the figure that the program wrote; mean: theirs."""

    def __init__(self, mean: float) -> None:
        super().__init__(f"the mean of the rows is {mean!r}")
        self.mean = mean


@dataclass(frozen=True)
class Contributed:
    """What rows tell: their number, the interval (low, high, method) or None, the sealed sums."""

    rows: int
    interval: tuple[float, float, str] | None
    sums: bytes


def contributed(
    ids: Sequence[str],
    values: Sequence[float],
    weights: Sequence[float],
    *,
    figure: float,
    contract: str,
) -> Contributed:
    """Sum up rows into buckets and resample them.

    ids: unique, of n >= 1 rows; values: finite, (n,); weights: (n,) of 0 or more, empty when each
    row counts once. figure: the score that the program wrote. contract: names the scoring; two
    answers over the same identifiers have the same resamplings, so that they compare in pairs.
    Raises NotTheMean when the figure is further than 1e-4, absolute and relative, from the mean.
    """
    order = sorted(range(len(ids)), key=lambda at: _mark(contract, ids[at]))
    value = np.array([values[at] for at in order], np.float64)
    weight = np.array([weights[at] for at in order], np.float64) if weights else np.ones(len(order))
    total = float(weight.sum())
    mean = float((weight * value).sum() / total) if total > 0 else float("nan")
    if not abs(mean - figure) <= TOLERANCE * max(1.0, abs(figure)):
        raise NotTheMean(mean)
    count = min(len(order), MAX_BUCKETS)
    bucket = np.arange(len(order)) % count
    stats = Stats.of(len(order), 2, Piece(0, weight), Piece(1, weight * value))
    buckets = Buckets.of(stats, bucket, count)
    seed = _seed(contract, [ids[at] for at in order])
    sums = np.concatenate([*buckets.resampled(draw_weights(count, REPLICATES, seed))])
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn, _bias = centred(sums[:, 1] / sums[:, 0] + (figure - mean), figure)
    interval = _interval(value, drawn, is_plain=not weights)
    meta = {
        "metric": NAME,
        "params": {},
        "units": len(order),
        "rows": len(order),
        "rarest": None,
        "value": figure,
        "interval": list(interval) if interval else None,
        "contract": contract,
    }
    return Contributed(len(order), interval, buckets.to_bytes(meta, replicates=drawn))


def _mark(contract: str, id_: str) -> bytes:
    return hashlib.sha256(f"{contract}\n{id_}".encode()).digest()


def _seed(contract: str, ids: Sequence[str]) -> bytes:
    digest = hashlib.sha256(f"{contract}\n{NAME}\n".encode())
    for one in ids:
        digest.update(one.encode() + b"\0")
    return digest.digest()


def _interval(value: Floats, drawn: Floats, *, is_plain: bool) -> tuple[float, float, str] | None:
    if len(value) < 2:
        return None
    if is_plain and np.isin(value, (0.0, 1.0)).all():
        return (*wilson(float(value.sum()), len(value)), "wilson")
    found = percentile(drawn, LEVEL)
    if found is None or found[0] == found[1]:  # rows all alike do not say how far others lie
        return None
    return (*found, "bootstrap")
