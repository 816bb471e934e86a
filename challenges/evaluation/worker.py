"""What the worker opens to score: compiled truths, sealed results, predictions, rooms for programs.

Truths and results are kept in memory only.
"""

import base64
import functools
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction

from challenges.entries.actions import checks
from challenges.entries.models import Entry
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import Result
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation, SealedResult
from challenges.organising.models.challenges import Challenge
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import mode_of
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import NO_GRANT, Job, attempt_seconds
from challenges.queue.worker import Beating
from challenges.sandbox import host, rooms
from challenges.sandbox.base import SYSTEM, Missing
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.scoring import archives, child
from challenges.scoring.compilation import compile_truth
from challenges.scoring.contract import VERSION, ScoringContract, TruthFault, engine_sha256
from challenges.scoring.evaluation import examine_file
from challenges.scoring.truth import load_keys, load_labels
from challenges.scoring.verdict import Evaluated, ReasonCode, Verdict
from datasets import gate
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.lib import canonical, clock, failpoints
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name


@functools.cache
def sandbox() -> Bubblewrap:
    """Give the sandbox of this process."""
    return Bubblewrap()


def missing_isolation() -> Missing | None:
    """Say what this host lacks to isolate programs, or None."""
    return sandbox().available()


@functools.cache
def environment_digest() -> str:
    """Digest what programs run with, for receipts; asked once, it costs a run."""
    return host.fingerprint(SYSTEM.name, sandbox())


@contextmanager
def room() -> Iterator[Path]:
    """Make the folder of one evaluation, in memory where the host has such a folder.

    Held-out data lie there in clear while a program reads them, and go with the folder.
    """
    with sandbox().room(rooms.in_memory()) as folder:
        yield folder


@contextmanager
def desk() -> Iterator[Path]:
    """Make a folder for what a team sent, on a disk: nothing held out lies there."""
    with sandbox().room(Path(tempfile.gettempdir())) as folder:
        yield folder


def clean_rooms() -> int:
    """Remove what processes that were killed left in clear; returns how many folders."""
    return rooms.clean({Path(tempfile.gettempdir()), rooms.in_memory()})


def lay_archive(content: bytes, folder: Path) -> Path:
    """Unpack an archive of ours into a new folder of a room."""
    packed = folder.with_suffix(".zip.part")
    packed.write_bytes(content)
    archives.unpack(packed, rooms.made(folder))
    packed.unlink()
    return folder


CODE_VERSION = f"openemploi {VERSION}, numpy {installed('numpy')}"
_KEPT = 4


class ScoringFailed(Exception):
    """What should have scored died, was stopped or gave nothing; its code tells why.

    Where it is perhaps our fault, the job is tried again.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def verdict_kept(verdict: Verdict) -> dict[str, Any]:
    """Return what is stored of the verdict of a file."""
    told = verdict.to_json()
    return {key: told[key] for key in ("faults", "warnings", "rows")}


@dataclass(frozen=True)
class Truth:
    """A compiled truth: public identifiers, and labels that never leave this process."""

    keys: bytes
    labels: bytes

    @cached_property
    def resampling_sha256(self) -> str:
        """Return the digest of the stored resamplings: all entries are judged on the same ones.

        They are drawn from a secret, so that their digest tells nothing of the truth.
        """
        digest = hashlib.sha256()
        for split, weights in sorted(load_labels(self.labels).weights.items()):
            digest.update(f"{split} {weights.shape}\n".encode())
            digest.update(np.ascontiguousarray(weights).tobytes())
        return digest.hexdigest()


class Opened:
    """Sealed results opened once each, in memory."""

    def __init__(self) -> None:
        self._found: dict[UUID, dict[str, Any]] = {}

    def of(self, evaluation_id: UUID) -> dict[str, Any]:
        """Return the opened result of an evaluation."""
        if evaluation_id not in self._found:
            self._found[evaluation_id] = unseal(evaluation_id)
        return self._found[evaluation_id]


class Truths:
    """The few truths last opened, by version; forgotten with the process."""

    def __init__(self) -> None:
        self._kept: dict[int, Truth] = {}

    def of(self, task: PhaseTask, *, reason: str) -> Truth:
        """Open the truth of a task, compiled first if it was not."""
        version = compiled_holdout(task)
        if version.pk not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[version.pk] = Truth(
                gate.read_keys(version), gate.open_labels(version=version, reason=reason, by=WORKER)
            )
        return self._kept[version.pk]

    def forget(self) -> None:
        """Drop every truth."""
        self._kept.clear()


def take_key() -> bool:
    """Take the private key where this process may have it; say whether it can open."""
    gate.act_as_worker()
    return gate.can_open()


def contract_of(task: PhaseTask) -> ScoringContract:
    """Read the scoring contract of a task, its groups held to the threshold of the challenge."""
    contract = ScoringContract.from_json(task.scorer_version.spec)
    least = max(contract.n_min_group, task.phase.challenge.n_min_group)
    return replace(contract, n_min_group=least)


def compiled_holdout(task: PhaseTask) -> HoldoutVersion:
    """Return the task's held-out version, its truth compiled if it was not yet."""
    version = HoldoutVersion.objects.get(pk=task.holdout_id)
    if version.is_compiled:
        return version
    refuse_without_grant(task.phase.challenge)
    return scorer_for(task).compile(task, version)


def refuse_without_grant(challenge: Challenge) -> None:
    """Have the job put off while the restricted data that it would open have no grant."""
    if challenge.waits_for_grant(clock.now()):
        raise ScoringFailed(NO_GRANT)


@contextmanager
def local_copy(entry: Entry) -> Iterator[Path]:
    """Give a private copy of an entry's file, removed at the end."""
    with tempfile.TemporaryDirectory(prefix=rooms.prefix("entry")) as folder:
        path = Path(folder) / f"answer{Path(entry.original_name).suffix.lower()[:12]}"
        with objects.open(entry.sha256) as source, path.open("wb") as target:
            for piece in objects.pieces(source):
                target.write(piece)
        yield path


def seal(evaluation: Evaluation, **exact: Any) -> gate.Sealed:
    """Seal what a scoring gave, exact, and what scored.

    exact: "values", "intervals", "n" and "sums" by part, "provenance", and what else is to be kept:
    mappings, lists, numbers, text and bytes.
    """
    return gate.seal_result(canonical.dumps(as_json({"evaluation": str(evaluation.pk), **exact})))


def unseal(evaluation_id: UUID) -> dict[str, Any]:
    """Open the sealed result of an evaluation; {} when it has none."""
    sealed = SealedResult.objects.filter(evaluation_id=evaluation_id).first()
    if sealed is None:
        return {}
    found: dict[str, Any] = json.loads(gate.open_result(bytes(sealed.payload)))
    if found["evaluation"] != str(evaluation_id):
        raise ValueError("a sealed result of another evaluation")
    return found


def sums_of(opened: dict[str, Any], split: str) -> bytes | None:
    """Return the sums of the primary figure on a part."""
    found = opened.get("sums", {}).get(split)
    return None if found is None else base64.b64decode(found)


def losses_of(opened: dict[str, Any], split: str) -> bytes | None:
    """Return the unit losses of the primary figure on a part, where they were kept."""
    found = opened.get("losses", {}).get(split)
    return None if found is None else base64.b64decode(found)


def as_json(value: Any) -> Any:
    """Turn mappings, tuples and bytes into what JSON holds: keys as text, bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "items"):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def _parts_in_force(task: PhaseTask) -> dict[str, int]:
    """Return the part of each identifier of a task in force."""
    version = compiled_holdout(task)
    labels = gate.open_labels(version=version, reason="parts in force", by=WORKER)
    part = load_labels(labels).part.tolist()
    return dict(zip(load_keys(gate.read_keys(version)).ids, part, strict=True))


PLATFORM_LIMITS = {ReasonCode.TIMEOUT.value, ReasonCode.MEMORY.value}
Figures = Mapping[str, float]


class MetricScorer:
    """Check and score by our metrics: read in a child, computed here, sealed, released once."""

    # A reference that differs is scored so many times in all; a metric always gives the same.
    watch_runs = 1

    def compile(self, task: PhaseTask, version: HoldoutVersion) -> HoldoutVersion:
        """Read the held-out files of a task as labels under their published identifiers."""
        spec = task.scorer_version.spec
        contract = contract_of(task)
        files = gate.open_holdout(version=version, reason="compile", by=WORKER)
        answers = files[safe_name(spec["truth"]["file"])]
        sources = {each.source for each in contract.attributes if each.source not in {"truth", ""}}
        beside = {source: files[safe_name(source)] for source in sources}
        try:
            truth = compile_truth(contract, answers, beside)
        except TruthFault as fault:
            former = task.phase.tasks.filter(current=True, index=task.index).first()
            split = contract_of(former).truth.split_column if former is not None else None
            if former is None or former == task or not fault.is_missing(split):
                raise
            # Of a draw, only what was sealed has the column: the file that was sent has none.
            truth = compile_truth(contract, answers, beside, parts=_parts_in_force(former))
        if task.current:  # that of a change is noted once it is in force
            evaluations.note_parts(task=task, units=truth.n)
        keys, labels = truth.keys, truth.labels
        return holdouts.add_compiled(version=version, keys=keys, labels=labels, by=WORKER)

    def note_compiled(self, task: PhaseTask) -> None:
        """Note what the truth of a task, just compiled, tells of the rest of it."""

    def check(self, path: Path, task: PhaseTask, keys: bytes, *, name: str) -> Verdict:
        """Check the format of a file, blind to the answers."""
        return mode_of(task).check(path, task, keys, name=name)

    def score(
        self, job: Job, evaluation: Evaluation, task: PhaseTask, truths: Truths, beating: Beating
    ) -> None:
        """Score an entry, and end its job."""
        started = time.monotonic()
        truth = truths.of(task, reason=f"evaluation {evaluation.pk}")
        failpoints.hit("score.before_child")
        scored = self.examine(evaluation, task, truth, losses=task.phase.ladder)
        _try_again(job, scored.verdict)
        failpoints.hit("score.computed")
        if beating.lost.is_set():
            return
        if not scored.verdict.accepted:
            evaluations.finish_failed(job=job, code=self.failure(scored.verdict))
            return
        provenance: dict[str, Any] = {
            "code_version": CODE_VERSION,
            "contract_sha256": contract_of(task).digest,
            "engine_sha256": engine_sha256(),
            "resampling_sha256": truth.resampling_sha256,
            **self.signed_means(evaluation, task),
        }
        result = _result(scored, evaluation, time.monotonic() - started, provenance)
        result = replace(result, **self.measures(evaluation))
        evaluations.finish_score(job=job, result=result)

    def examine(
        self, evaluation: Evaluation, task: PhaseTask, truth: Truth, *, losses: bool
    ) -> Evaluated:
        """Score what an evaluation has: a private copy of it, removed at the end."""
        with self.scored_file(evaluation) as (path, name):
            return examine_file(
                path,
                contract_of(task),
                truth.keys,
                truth.labels,
                read=child.read,
                name=name,
                losses=losses,
            )

    @contextmanager
    def scored_file(self, evaluation: Evaluation) -> Iterator[tuple[Path, str]]:
        """Give what an evaluation scores, and its name: the file of its entry."""
        with local_copy(evaluation.entry) as path:
            yield path, evaluation.entry.original_name

    def failure(self, verdict: Verdict) -> str:
        """Name why a file that was accepted could not be scored."""
        return verdict.faults[0].code

    def signed_means(self, evaluation: Evaluation, task: PhaseTask) -> dict[str, Any]:
        """Say what else scored, for the receipt to sign."""
        return {}

    def measures(self, evaluation: Evaluation) -> dict[str, Any]:
        """Return what else is measured than the scoring, as fields of a Result."""
        return {}

    def exact_figures(self, known: Mapping[str, Any]) -> Figures:
        """Name the exact figures of a sealed result."""
        return flat_figures(known["values"])

    def public_figures(self, known: Mapping[str, Any]) -> set[str]:
        """Name those of its exact figures that boards show before the reveal."""
        public = flat_figures(known["values"].get(Split.PUBLIC.value, {}))
        return {f"{Split.PUBLIC.value}/{key}" for key in public}

    def score_again(self, evaluation: Evaluation, task: PhaseTask, truths: Truths) -> Figures:
        """Score once more, and store nothing; raises ScoringFailed."""
        truth = truths.of(task, reason=f"watch {evaluation.pk}")
        scored = self.examine(evaluation, task, truth, losses=False)
        if not scored.verdict.accepted:
            raise ScoringFailed(scored.verdict.faults[0].code)
        return flat_figures(as_json(scored.values))


_scorers: dict[str, MetricScorer] = {}


def register_scorer(scorer: MetricScorer, *, mode: str) -> None:
    """Say what checks and scores the tasks of another mode; its subject does it at start."""
    _scorers[mode] = scorer


def scorer_for(task: PhaseTask) -> MetricScorer:
    """Return what checks and scores the entries of a task, by its mode."""
    return _scorers.get(mode_of(task).name) or MetricScorer()


def compile_job(job: Job, truths: Truths, beating: Beating) -> None:
    """Compile the held-out truth of a task."""
    task = PhaseTask.objects.select_related("scorer_version", "plan__challenge", "holdout").get(
        pk=job.subject_id
    )
    task.holdout = compiled_holdout(task)
    scorer_for(task).note_compiled(task)
    with transaction.atomic():
        jobs.complete(job)


def check_job(job: Job, truths: Truths, beating: Beating) -> None:
    """Check the format of an entry; nothing of it runs, no answer is known."""
    entry = evaluations.begin_check(job=job)
    if entry is None:
        return
    task = _first_task(entry)
    keys = gate.read_keys(compiled_holdout(task))
    failpoints.hit("check.before_child")
    with local_copy(entry) as path:
        verdict = checks.infected_verdict(path) or scorer_for(task).check(
            path, task, keys, name=entry.original_name
        )
    _try_again(job, verdict)
    evaluations.finish_check(
        job=job,
        accepted=verdict.accepted,
        verdict=verdict_kept(verdict),
        digest=verdict.digest,
    )


def score_job(job: Job, truths: Truths, beating: Beating) -> None:
    """Score an entry by what scores its task."""
    evaluation = evaluations.begin_score(job=job)
    if evaluation is not None:
        task = _task_of(evaluation)
        scorer_for(task).score(job, evaluation, task, truths, beating)


def _try_again(job: Job, verdict: Verdict) -> None:
    """Leave a death of the child to another attempt, and believe it at the last one."""
    code = "" if verdict.accepted else verdict.faults[0].code
    if code in PLATFORM_LIMITS and job.attempt < job.max_attempts:
        raise ScoringFailed(code)


def _first_task(entry: Entry) -> PhaseTask:
    return (
        PhaseTask.objects.select_related(
            "scorer_version__programs", "phase__challenge", "holdout", "plan"
        )
        .filter(phase_id=entry.enrolment.phase_id, current=True)
        .order_by("index")[:1]
        .get()
    )


def _task_of(evaluation: Evaluation) -> PhaseTask:
    tasks = evaluation.tasks()
    return tasks.select_related("scorer_version__programs", "holdout", "phase__challenge")[:1].get()


def _result(
    found: Evaluated, evaluation: Evaluation, seconds: float, provenance: dict[str, Any]
) -> Result:
    sealed = seal(
        evaluation,
        values=found.values,
        intervals=found.intervals,
        n=found.n,
        audit=found.audit,
        sums=found.sums,
        losses=found.losses,
        provenance=provenance,
    )
    public = found.values.get("public", {})
    return Result(
        public={key: value for key, value in public.items() if not isinstance(value, dict)},
        intervals=found.intervals.get("public", {}),
        payload=sealed.ciphertext,
        payload_sha256=hashlib.sha256(sealed.ciphertext).hexdigest(),
        key_id=sealed.key_id,
        seconds=seconds,
        input_sha256=found.verdict.digest,
        provenance=provenance,
    )


def flat_figures(values: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Lay nested figures out: {"part/key/…": number}; what has no value is left out."""
    found: dict[str, float] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= flat_figures(value, f"{name}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    return found


def check_seconds(_job: Job) -> float:
    """Return how long the check of a file may last."""
    return float(settings.CHECK_MOST_SECONDS)


def score_seconds(job: Job) -> float:
    """Return how long one attempt at a score may last, by the limit of its phase."""
    entries = Evaluation.objects.filter(pk=job.subject_id)
    return attempt_seconds(*entries.values_list("entry__enrolment__phase__time_limit_s", flat=True))


for kind, do, most in (
    (JobKind.COMPILE, compile_job, None),
    (JobKind.CHECK, check_job, check_seconds),
    (JobKind.SCORE, score_job, score_seconds),
):
    queue_worker.register(kind, do, bury=evaluations.bury_subject, most_seconds=most)
