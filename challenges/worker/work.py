"""Do one job: compile a truth, check a file, score it."""

import hashlib
import time
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from django.db import transaction

from challenges.entries.actions import checks
from challenges.enums import ReasonCode
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import Result
from challenges.models import Entry, Evaluation, Job, PhaseTask
from challenges.queue import actions as jobs
from challenges.queue.worker import Beating
from challenges.receipts.actions import RUN
from challenges.scoring import contract
from challenges.scoring.predictions.faults import fault_of
from challenges.scoring.process import child
from challenges.scoring.verdict import Evaluated, Verdict
from challenges.worker import code, code_inputs, isolation, predictions, programs, vault
from datasets import gate
from portal.lib import failpoints

PLATFORM_LIMITS = {ReasonCode.TIMEOUT.value, ReasonCode.MEMORY.value}
CODE_VERSION = f"openemploi {contract.VERSION}, numpy {installed('numpy')}"


class ChildFailed(Exception):
    """A reading child died or was stopped: perhaps our fault, so the job is tried again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def compile_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Compile the held-out truth of a task."""
    task = PhaseTask.objects.select_related("scorer_version", "plan__challenge", "holdout").get(
        pk=job.subject_id
    )
    task.holdout = vault.compiled(task)
    code_inputs.check(task)
    with transaction.atomic():
        jobs.complete(job)


def check_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Check the format of an entry in a child that holds no label."""
    entry = evaluations.begin_check(job=job)
    if entry is None:
        return
    task = _first_task(entry)
    keys = gate.read_keys(vault.compiled(task))
    failpoints.hit("check.before_child")
    with vault.local_copy(entry) as path:
        verdict = checks.infected_verdict(path) or _checked(path, task, keys, entry)
    _try_again(job, verdict)
    evaluations.finish_check(
        job=job, accepted=verdict.accepted, verdict=_kept(verdict), digest=verdict.digest
    )


def _checked(path: Path, task: PhaseTask, keys: bytes, entry: Entry) -> Verdict:
    if task.takes_code:
        return code.checked(path, task)
    if task.scorer_version.is_program:
        if isolation.missing() is not None:
            return Verdict(False, (fault_of(ReasonCode.NO_SANDBOX.value),))
        return checks.check_for_program(path, task, keys, name=entry.original_name)
    contract = vault.contract_of(task)
    return child.check(path, contract.answer, keys, name=entry.original_name)


def score_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Score an entry: read in a child, computed here, sealed, released once."""
    evaluation = evaluations.begin_score(job=job)
    if evaluation is None:
        return
    started = time.monotonic()
    task = _task_of(evaluation)
    if task.scorer_version.is_program:
        programs.score_job(job, evaluation, task, beating)
        return
    truth = truths.of(task, reason=f"evaluation {evaluation.pk}")
    failpoints.hit("score.before_child")
    found = predictions.examined(evaluation, task, truth, losses=task.phase.ladder)
    _try_again(job, found.verdict)
    failpoints.hit("score.computed")
    if beating.lost.is_set():
        return
    run = evaluation.run
    if not found.verdict.accepted:
        fault = found.verdict.faults[0].code if run is None else ReasonCode.OUTPUT.value
        evaluations.finish_failed(job=job, code=fault)
        return
    means: dict[str, Any] = {
        "code_version": CODE_VERSION,
        "contract_sha256": vault.contract_of(task).digest,
        "engine_sha256": contract.engine_sha256(),
        "resampling_sha256": truth.resampling_sha256,
    }
    if run is not None:
        means[RUN] = predictions.signed(run, task)
    result = _result(found, evaluation, time.monotonic() - started, means)
    if run is not None:
        result = replace(result, **predictions.used(run))
    evaluations.finish_score(job=job, result=result)


def _result(
    found: Evaluated, evaluation: Evaluation, seconds: float, means: dict[str, Any]
) -> Result:
    sealed = vault.seal(found, evaluation, means)
    public = found.values.get("public", {})
    return Result(
        public={key: value for key, value in public.items() if not isinstance(value, dict)},
        intervals=found.intervals.get("public", {}),
        payload=sealed.ciphertext,
        payload_sha256=hashlib.sha256(sealed.ciphertext).hexdigest(),
        key_id=sealed.key_id,
        seconds=seconds,
        input_sha256=found.verdict.digest,
        means=means,
    )


def _try_again(job: Job, verdict: Verdict) -> None:
    """Leave a death of the child to another attempt, and believe it at the last one."""
    code = "" if verdict.accepted else verdict.faults[0].code
    if code in PLATFORM_LIMITS and job.attempt < job.max_attempts:
        raise ChildFailed(code)


def _kept(verdict: Verdict) -> dict[str, object]:
    said = verdict.to_json()
    return {key: said[key] for key in ("faults", "warnings", "rows")}


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
    return (
        PhaseTask.objects.select_related("scorer_version__programs", "holdout", "phase__challenge")
        .filter(
            phase_id=evaluation.entry.enrolment.phase_id,
            scorer_version_id=evaluation.scorer_version_id,
            holdout_id=evaluation.holdout_id,
        )
        .order_by("-current", "-pk")[:1]
        .get()
    )
