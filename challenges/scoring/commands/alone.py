"""Read and score a file in this very process: on a team's own machine, whatever its system.

The portal reads in a child under limits (child.py), as its files come from strangers. Here the
file is one's own: the same reader, the same figures, no child. Same signatures as child.py."""

from pathlib import Path

from challenges.scoring.answer import AnswerSpec, Limits
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import evaluate as score
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.reader import read_predictions as read_bytes
from challenges.scoring.truth import load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Verdict


def check(
    path: Path | str,
    spec: AnswerSpec,
    keys: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> Verdict:
    """Check a prediction file; raises OSError when it cannot be read."""
    verdict, _ = _read(path, spec, keys, limits, name)
    return verdict


def evaluate(
    path: Path | str,
    contract: ScoringContract,
    keys: bytes,
    labels: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> Evaluated:
    """Check a prediction file, then score it; raises OSError when it cannot be read."""
    verdict, answer = _read(path, contract.answer, keys, limits, name)
    if answer is None:
        return Evaluated(verdict)
    return score(contract, load_keys(keys), load_labels(labels), answer, verdict)


def _read(
    path: Path | str, spec: AnswerSpec, keys: bytes, limits: Limits | None, name: str | None
) -> tuple[Verdict, Answer | None]:
    known = load_keys(keys)
    limits = limits or Limits.of(spec, len(known))
    with Path(path).open("rb") as file:
        data = file.read(limits.max_bytes + 1)
    return read_bytes(data, name or Path(path).name, spec, known, limits)
