"""Blur the public figures of an entry: Laplace noise, drawn once, from a secret.

An entry spends ε, shared equally by its public figures. What is protected is the answer of one
row: another answer there changes the odds of what is shown by a factor of exp(ε) at most. Basic
composition: the ε of every scored entry add up, copies of one file included.

A mean of bounded row losses is shown with Laplace(Δ/ε): Δ is the most that one answer moves it.
F1 (of one label) and AUC have no such Δ: the counts of positives they are made of are noised,
once an entry, and the figure is computed from them; AUC over 32 bins of scores.

The draw depends on the secret, the figure, what it spends and the canonical answer: the same
answer is always shown the same, so that sending it again tells nothing, and equal files share
their rank; another scale draws anew, since one draw at two scales would tell the exact figure.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from challenges.scoring import registry
from challenges.scoring.answer import canonical
from challenges.scoring.contract import MOST_EPSILON, MetricSpec, ScoringContract
from challenges.scoring.evaluation import finite
from challenges.scoring.metric import Array, Part, is_binary
from challenges.scoring.truth import Labels

FEWEST_UNITS = 30
BINS = 32
CLIP = 1e-6
BOUNDED = "brier"  # a loss of 1 at most, of an answer from 0 to 1
PUBLIC = "public"
_STEPS = 2**53


@dataclass(frozen=True)
class Noise:
    """Hold what blurs the entries of a phase. epsilon: spent by one entry. key: 32 secret bytes."""

    epsilon: float
    key: bytes

    def __post_init__(self) -> None:
        if not 0 < self.epsilon <= MOST_EPSILON:
            raise ValueError(f"epsilon lies above 0 and is at most {MOST_EPSILON:g}")


def key_of(labels: Labels) -> bytes:
    """Return the secret of a truth: from its resamplings, which its salt alone decides.

    A part of a single bucket has only one resampling, that anybody could write down: when every
    part is such, the labels are added, in the order that the salt decides.
    """
    digest = hashlib.sha256(b"noise of public figures\0")
    for split, weights in sorted(labels.weights.items()):
        digest.update(f"{split} {weights.shape}\n".encode())
        digest.update(np.ascontiguousarray(weights).tobytes())
    if all(weights.shape[1] <= 1 for weights in labels.weights.values()):
        digest.update(np.ascontiguousarray(labels.y).tobytes())
    return digest.digest()


def sensitivity(spec: MetricSpec, units: int) -> float | None:
    """Return Δ, the most that one answer of the truth moves a mean; None for any other figure.

    units: rows of the public part, at least 1.
    """
    most = _MEANS.get(registry.ALIASES.get(spec.metric, spec.metric))
    return None if most is None else most(spec) / units


def problems(contract: ScoringContract, units: int | None = None) -> list[tuple[str, str]]:
    """List what cannot be blurred: (figure key, why). units: rows of the public part."""
    found = [
        (spec.key, "sensitivity")
        for spec in contract.metrics
        if registry.ALIASES.get(spec.metric, spec.metric) not in KNOWN
    ]
    column = contract.answer.answer
    if not (
        column.min is not None and column.max is not None and 0 <= column.min <= column.max <= 1
    ):
        found += [(spec.key, "range") for spec in contract.metrics if spec.metric == BOUNDED]
    if contract.truth.weight is not None:
        found.append((contract.primary.key, "weight"))
    if units is not None and units < FEWEST_UNITS:
        found.append((contract.primary.key, "units"))
    return found


def blurred(
    contract: ScoringContract,
    part: Part,
    values: Mapping[str, object],
    noise: Noise,
    answer: str,
) -> dict[str, float | None]:
    """Return the public figures to show: {key: value}.

    part: the public one. values: its exact figures. answer: the digest of the canonical
    answer. A figure without a value has none. Values stay in the range of their metric.
    """
    share = noise.epsilon / len(contract.metrics)
    shown: dict[str, float | None] = {}
    for spec in contract.metrics:
        metric = registry.metric(spec.metric)
        subject = canonical([spec.key, spec.metric, dict(spec.params), share, answer])
        draw = _Draw(noise.key, subject)
        exact = values.get(spec.key)
        if not isinstance(exact, int | float):
            shown[spec.key] = None
            continue
        delta = sensitivity(spec, len(part))
        if delta is not None:
            found = float(exact) + draw.laplace(delta / share)
        else:
            found = _CELLS[metric.name](spec, part, share, draw)
        kept = finite(found)
        shown[spec.key] = None if kept is None else min(max(kept, metric.low), metric.high)
    return shown


class _Draw:
    """Draw from a secret: the same secret and subject give the same numbers, on any machine."""

    def __init__(self, key: bytes, subject: bytes) -> None:
        self._key, self._subject, self._count = key, subject, 0

    def uniform(self) -> float:
        """Return a number in (0, 1)."""
        message = self._count.to_bytes(8, "big") + self._subject
        self._count += 1
        bits = int.from_bytes(hmac.digest(self._key, message, "sha256")[:8], "big") >> 11
        return (bits + 0.5) / _STEPS

    def laplace(self, scale: float) -> float:
        """Return a number of Laplace's law, centred."""
        at = self.uniform() - 0.5
        return -scale * log(1 - 2 * abs(at)) * (1 if at > 0 else -1)

    def around(self, counts: Array, scale: float, most: Array) -> Array:
        """Noise counts, kept between 0 and what the answer alone says they are at most."""
        noised = [float(count) + self.laplace(scale) for count in counts.tolist()]
        return np.asarray(np.clip(np.array(noised), 0.0, most), np.float64)


def _log_loss(spec: MetricSpec) -> float:
    return 2 * log(1 / float(spec.params.get("clip", CLIP)))


_MEANS: dict[str, Callable[[MetricSpec], float]] = {
    "accuracy": lambda _spec: 1.0,
    "brier": lambda _spec: 1.0,
    "log_loss": _log_loss,
    "log_loss_multi": _log_loss,
}


def _f1(spec: MetricSpec, part: Part, epsilon: float, draw: _Draw) -> float:
    """Noise the positives found and those missed: one answer moves one of the two by 1."""
    y, p = (_positive(part, side, spec.params["positive"]) for side in (part.y, part.p))
    given = int(p.sum())
    cells = np.array([int((y & p).sum()), int((y & ~p).sum())])
    found, missed = draw.around(cells, 1 / epsilon, np.array([given, len(y) - given]))
    return float(2 * found / (found + missed + given)) if found + missed + given else 0.0


def _positive(part: Part, codes: Array, positive: object) -> Array:
    if not part.texts:
        return np.asarray(codes == float(str(positive)))
    return np.isin(codes, [i for i, text in enumerate(part.texts) if text == str(positive)])


def _roc_auc(spec: MetricSpec, part: Part, epsilon: float, draw: _Draw) -> float:
    """Noise the positives of 32 bins of the scores: one answer moves one of them by 1."""
    if not is_binary(part.y):
        return float("nan")
    first = np.searchsorted(np.sort(part.p), part.p, "left")
    _, at = np.unique(first * BINS // len(part.p), return_inverse=True)
    rows = np.bincount(at)
    yes = draw.around(np.bincount(at, part.y), 1 / epsilon, rows)
    no = rows - yes
    if not yes.sum() or not no.sum():
        return 0.5
    below = np.cumsum(no) - no
    return float((yes * (below + no / 2)).sum() / (yes.sum() * no.sum()))


_CELLS: dict[str, Callable[[MetricSpec, Part, float, _Draw], float]] = {
    "f1": _f1,
    "roc_auc": _roc_auc,
}
KNOWN = (*_MEANS, *_CELLS)
