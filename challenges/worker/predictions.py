"""What is scored of an entry: the file of its team, or what the code of its team predicted."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from challenges.actions.code_runs import Kept
from challenges.actions.jobs import WORKER
from challenges.enums.code import Reproduction
from challenges.models import CodeRun, Evaluation, PhaseTask
from challenges.sandbox import energy, rooms
from challenges.sandbox.base import MIB
from challenges.scoring import child, examination, reruns
from challenges.scoring.predictions.align import Answer
from challenges.scoring.truth import load_keys, load_labels
from challenges.scoring.verdict import Evaluated
from challenges.worker import vault
from challenges.worker.vault import Truth
from datasets import gate
from portal.lib import objects

FILE, SECOND, IDS = "predictions", "second", "ids.json"


@dataclass(frozen=True)
class Given:
    """A file to score. name: what its author called it.

    second: the answer of the second run where it differs, along ids.
    """

    path: Path
    name: str
    second: Answer | None = None
    ids: Sequence[str] = ()


def seal(content: bytes, *, suffix: str, second: Answer | None, ids: Sequence[str]) -> Kept:
    """Seal the predictions of a run to the scoring worker.

    content: the file of the first run. second: what the second one answered, where it differs,
    along ids.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(FILE, content)
        if second is not None:
            archive.writestr(SECOND, second.to_bytes())
            archive.writestr(IDS, json.dumps(list(ids)))
    sealed = gate.seal_file(FILE, target.getvalue())
    return Kept(sealed.ciphertext_sha256, sealed.ciphertext_size, sealed.keys, suffix)


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
    with (
        zipfile.ZipFile(io.BytesIO(opened)) as archive,
        rooms.private("predictions") as folder,
    ):
        path = folder / f"{FILE}{kept.suffix}"
        path.write_bytes(archive.read(FILE))
        if SECOND in archive.namelist():
            answer, ids = Answer.from_bytes(archive.read(SECOND)), json.loads(archive.read(IDS))
            yield Given(path, path.name, answer, ids)
        else:
            yield Given(path, path.name)


def examined(
    evaluation: Evaluation, task: PhaseTask, truth: Truth, *, losses: bool, epsilon: float | None
) -> tuple[Evaluated, str]:
    """Score what an evaluation has, and say whether code wrote the same twice; the worse counts.

    The second word is a Reproduction, empty where the team sent its answers.
    """
    contract = vault.contract_of(task)
    with of(evaluation) as given:
        first = child.examine(
            given.path,
            contract,
            truth.keys,
            truth.labels,
            name=given.name,
            losses=losses,
            epsilon=epsilon,
        )
    run = evaluation.run
    if run is None or not first.verdict.accepted:
        return first, ""
    if given.second is None:
        return first, Reproduction.SAME.value
    keys = load_keys(truth.keys)
    place = {name: at for at, name in enumerate(given.ids)}
    answer = reruns.taken(given.second, [place[name] for name in keys.ids])
    second = examination.examine(
        contract,
        keys,
        load_labels(truth.labels),
        answer,
        replace(first.verdict, digest=answer.digest, warnings=()),
        losses=losses,
        epsilon=epsilon,
    )
    said, found = reruns.judged(contract, first, second, agreed=bool(run.agreed))
    return found, said.value


def used(run: CodeRun, task: PhaseTask) -> dict[str, Any]:
    """Return what the first run of a code used, as fields of a Result: exact, for the worker."""
    measures = run.measures[0] if run.measures else {}
    if not measures:
        return {}
    seconds, cpu = float(measures["wall_seconds"]), float(measures["cpu_seconds"])
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mb": measures["peak_bytes"] / MIB,
        "energy_wh": energy.watt_hours(
            cpu_seconds=cpu, wall_seconds=seconds, memory_bytes=task.phase.memory_mb * MIB
        ),
        "environment_digest": run.environment_digest,
    }


def signed(run: CodeRun, task: PhaseTask, reproduction: str) -> dict[str, Any]:
    """Write the run file that a score receipt signs: classes and digests, no exact measure."""
    return {
        "package_sha256": run.entry.sha256,
        "environment": run.environment_digest,
        "inputs": run.inputs_digest,
        "seed": run.seed,
        "limits": {"seconds": task.phase.time_limit_s, "memory_mb": task.phase.memory_mb},
        "minutes": run.minutes,
        "half_gib": run.half_gib,
        "runs": len(run.measures),
        "shuffled": run.shuffled,
        "canaries": run.canaries,
        "reproduction": reproduction,
    }
