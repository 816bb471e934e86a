"""Show a public score only when it improves beyond chance: the Ladder, one per team.

On the loss R (1 − score where greater is better), R₀ = ∞: R(f) is shown iff R(f) < R − s/√n, s
being the standard deviation (ddof 1) of the paired unit losses; for what is no mean of unit
losses, iff the gain exceeds the paired standard error over the buckets.

A gain of one row with none lost gives s/√n = 1/n, the gain itself: counts are compared as
integers, so that the answer hangs on no rounding.
Source: Blum and Hardt 2015, ICML (arXiv 1502.04585).
"""

from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import arrays
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import Floats, Metric, Params, Part, ratio

Bits = NDArray[np.bool_]
MAX_BYTES = 1_600_000  # as much as dense sums: above, the buckets tell nearly the same
TOLERANCE = 1e-12  # relative, on losses that are no counts


@dataclass(frozen=True)
class Seen:
    """Hold what one entry did on the public part.

    score: its exact figure. hits: (n,) which units are right, when the figure is their share.
    losses: (n,) loss of each unit, when the figure is their mean. replicates: the figure under
    each shared resampling, empty when it has none.
    """

    score: float
    hits: Bits | None = None
    losses: Floats | None = None
    replicates: Floats | None = None


def better(new: Seen, best: Seen, direction: str) -> bool:
    """Say whether an entry improves on the team's leading one beyond chance."""
    if new.hits is not None and best.hits is not None and len(new.hits) == len(best.hits):
        return _more_hits(new.hits, best.hits, direction)
    if new.losses is not None and best.losses is not None and len(new.losses) == len(best.losses):
        return _less_loss(new.losses, best.losses)
    return _beyond_error(new, best, direction)


def _more_hits(new: Bits, best: Bits, direction: str) -> bool:
    """Compare counts: with D the net gain and S2 the rows that changed, over n rows,

    D/n > s/√n  ⇔  D > 0 and D² > S2.
    """
    gained = int(np.count_nonzero(new & ~best))
    lost = int(np.count_nonzero(best & ~new))
    net = lost - gained if direction == "min" else gained - lost
    return len(new) > 1 and net > 0 and net**2 > gained + lost


def _less_loss(new: Floats, best: Floats) -> bool:
    """Compare losses by the same inequality, on sums that no order of the rows changes."""
    gain = best - new
    net, squares = fsum(gain), fsum(gain * gain)
    return len(gain) > 1 and net > 0 and net**2 - squares > TOLERANCE * squares


def _beyond_error(new: Seen, best: Seen, direction: str) -> bool:
    """Compare by the paired standard error over the buckets; nothing is seen without one."""
    if new.replicates is None or best.replicates is None:
        return False
    count = min(len(new.replicates), len(best.replicates))
    apart = new.replicates[:count] - best.replicates[:count]
    apart = apart[np.isfinite(apart)]
    if len(apart) < 2 or 2 * len(apart) < count:
        return False
    error = float(apart.std(ddof=1))
    gain = (new.score - best.score) * (-1 if direction == "min" else 1)
    return error > TOLERANCE and gain > error


def unit_losses(metric: Metric, params: Params, part: Part, direction: str) -> bytes | None:
    """Pack the unit losses of an answer on a part of rows that stand each for itself.

    Returns None when the figure is no plain mean over its units (weights, ratios, order
    statistics) and above MAX_BYTES. A share of right units is packed as bits.
    """
    if part.weight is not None or metric.value is not ratio:
        return None
    stats = metric.stats(part, params)
    if stats.width != 2 or not np.array_equal(stats.column, np.tile([0, 1], len(part))):
        return None
    counted, value = stats.value[0::2], stats.value[1::2]
    if not np.isin(counted, (0.0, 1.0)).all():  # decided by the truth alone
        return None
    value = value[counted == 1.0]
    if np.isin(value, (0.0, 1.0)).all():
        packed = np.packbits(value == 1.0)
        return _packed({"kind": "hits", "n": len(value)}, packed)
    return _packed(
        {"kind": "losses", "n": len(value)}, value if direction == "min" else 1.0 - value
    )


def _packed(meta: dict[str, Any], array: NDArray[Any]) -> bytes | None:
    return arrays.pack(meta, {"units": array}) if array.nbytes <= MAX_BYTES else None


def seen_of(score: float, losses: bytes | None, sums: bytes | None) -> Seen:
    """Read what a sealed result keeps of the public part: figure, unit losses, bucket sums."""
    replicates = None
    if sums is not None:
        replicates = np.asarray(Buckets.from_bytes(sums)[2]["replicates"], np.float64)
    if losses is None:
        return Seen(score, replicates=replicates)
    meta, named = arrays.unpack(losses)
    if meta["kind"] == "hits":
        bits = np.unpackbits(named["units"], count=int(meta["n"])).astype(bool)
        return Seen(score, hits=bits, replicates=replicates)
    return Seen(score, losses=named["units"], replicates=replicates)
