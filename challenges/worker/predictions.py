"""What is scored of an entry: the file of its team, or what the code of its team predicted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from challenges.models import CodeRun, Evaluation, PhaseTask
from challenges.programs.actions.code import KeptPredictions
from challenges.queue.actions import WORKER
from challenges.sandbox import rooms
from challenges.sandbox.base import MIB
from challenges.scoring.process import child
from challenges.scoring.verdict import Evaluated
from challenges.worker import vault
from challenges.worker.vault import Truth
from datasets import gate
from portal.lib import objects

FILE = "predictions"


@dataclass(frozen=True)
class Given:
    """A file to score. name: what its author called it."""

    path: Path
    name: str


def seal(content: bytes, *, suffix: str) -> KeptPredictions:
    """Seal the predictions of a run to the scoring worker."""
    sealed = gate.seal_file(FILE, content)
    return KeptPredictions(sealed.ciphertext_sha256, sealed.ciphertext_size, sealed.keys, suffix)


@contextmanager
def of(evaluation: Evaluation) -> Iterator[Given]:
    """Give what an evaluation scores: a private copy, removed at the end."""
    entry = evaluation.entry
    if evaluation.run is None:
        with vault.local_copy(entry) as path:
            yield Given(path, entry.original_name)
        return
    kept = evaluation.run.predictions
    with objects.open(kept.ciphertext_sha256) as source:
        opened = gate.open_ciphertext(
            cast(BinaryIO, source), kept.keys, reason=f"evaluation {evaluation.pk}", by=WORKER
        )
    with rooms.private("predictions") as folder:
        path = folder / f"{FILE}{kept.suffix}"
        path.write_bytes(opened)
        yield Given(path, path.name)


def examined(evaluation: Evaluation, task: PhaseTask, truth: Truth, *, losses: bool) -> Evaluated:
    """Score what an evaluation has."""
    with of(evaluation) as given:
        return child.examine(
            given.path,
            vault.contract_of(task),
            truth.keys,
            truth.labels,
            name=given.name,
            losses=losses,
        )


def used(run: CodeRun) -> dict[str, Any]:
    """Return what the run of a code used, as fields of a Result: exact, for the worker."""
    if not run.measures:
        return {}
    return {
        "seconds": float(run.measures["wall_seconds"]),
        "cpu_seconds": float(run.measures["cpu_seconds"]),
        "peak_mb": run.measures["peak_bytes"] / MIB,
        "environment_digest": run.environment_digest,
    }


def signed(run: CodeRun, task: PhaseTask) -> dict[str, Any]:
    """Write the run file that a score receipt signs: classes and digests, no exact measure."""
    return {
        "package_sha256": run.entry.sha256,
        "environment": run.environment_digest,
        "inputs": run.inputs_digest,
        "seed": run.seed,
        "limits": {"seconds": task.phase.time_limit_s, "memory_mb": task.phase.memory_mb},
        "minutes": run.minutes,
        "half_gib": run.half_gib,
    }
