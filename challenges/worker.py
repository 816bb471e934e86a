"""The scoring worker: claim a job, do it, end it by an action; nothing here needs a broker.

Long work is done outside any transaction. The queue is polled every second.
"""

import hashlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from challenges.entries.actions import checks
from challenges.enums import JobKind, ReasonCode
from challenges.evaluation import worker as vault
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import Result
from challenges.exchange import worker as exchange_worker
from challenges.exchange.actions import bundles as bundle_imports
from challenges.models import Entry, Evaluation, Job, PhaseTask
from challenges.organising.actions import challenges, drafts
from challenges.programs import worker as program_worker
from challenges.programs.actions import code as team_code
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.worker import Beating
from challenges.receipts.actions import RUN
from challenges.rescoring import worker as rescoring_worker
from challenges.results import worker as result_worker
from challenges.sandbox.base import halted_by
from challenges.scoring import contract
from challenges.scoring.predictions.faults import fault_of
from challenges.scoring.process import child
from challenges.scoring.verdict import Evaluated, Verdict
from datasets import gate
from portal.audit.duties import beat
from portal.lib import failpoints

PLATFORM_LIMITS = {ReasonCode.TIMEOUT.value, ReasonCode.MEMORY.value}


def compile_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Compile the held-out truth of a task."""
    task = PhaseTask.objects.select_related("scorer_version", "plan__challenge", "holdout").get(
        pk=job.subject_id
    )
    task.holdout = vault.compiled_holdout(task)
    program_worker.check_inputs(task)
    with transaction.atomic():
        jobs.complete(job)


def check_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Check the format of an entry in a child that holds no label."""
    entry = evaluations.begin_check(job=job)
    if entry is None:
        return
    task = _first_task(entry)
    keys = gate.read_keys(vault.compiled_holdout(task))
    failpoints.hit("check.before_child")
    with vault.local_copy(entry) as path:
        verdict = checks.infected_verdict(path) or _check(path, task, keys, entry)
    _try_again(job, verdict)
    evaluations.finish_check(
        job=job,
        accepted=verdict.accepted,
        verdict=vault.verdict_kept(verdict),
        digest=verdict.digest,
    )


def _check(path: Path, task: PhaseTask, keys: bytes, entry: Entry) -> Verdict:
    if task.takes_code:
        return program_worker.check_package(path, task)
    if task.scorer_version.is_program:
        if vault.missing_isolation() is not None:
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
        program_worker.score_by_program(job, evaluation, task, beating)
        return
    truth = truths.of(task, reason=f"evaluation {evaluation.pk}")
    failpoints.hit("score.before_child")
    found = vault.examine(evaluation, task, truth, losses=task.phase.ladder)
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
        "code_version": vault.CODE_VERSION,
        "contract_sha256": vault.contract_of(task).digest,
        "engine_sha256": contract.engine_sha256(),
        "resampling_sha256": truth.resampling_sha256,
    }
    if run is not None:
        means[RUN] = vault.signed_run(run, task)
    result = _result(found, evaluation, time.monotonic() - started, means)
    if run is not None:
        result = replace(result, **vault.run_measures(run))
    evaluations.finish_score(job=job, result=result)


def _result(
    found: Evaluated, evaluation: Evaluation, seconds: float, means: dict[str, Any]
) -> Result:
    sealed = vault.seal(
        evaluation,
        values=found.values,
        intervals=found.intervals,
        n=found.n,
        audit=found.audit,
        sums=found.sums,
        losses=found.losses,
        means=means,
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
        means=means,
    )


def _try_again(job: Job, verdict: Verdict) -> None:
    """Leave a death of the child to another attempt, and believe it at the last one."""
    code = "" if verdict.accepted else verdict.faults[0].code
    if code in PLATFORM_LIMITS and job.attempt < job.max_attempts:
        raise vault.ScoringFailed(code)


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


log = logging.getLogger("portal.worker")
Handler = Callable[[Job, vault.Truths, Beating], None]
HANDLERS: Mapping[str, Handler] = {
    JobKind.COMPILE: compile_job,
    JobKind.CHECK: check_job,
    JobKind.SCORE: score_job,
    JobKind.RUN: program_worker.run_job,
    JobKind.TRIAL: program_worker.trial_job,
    JobKind.STANDINGS: result_worker.standings_job,
    JobKind.REVEAL: result_worker.reveal_job,
    JobKind.IMPORT: exchange_worker.import_job,
    JobKind.DRY_RUN: exchange_worker.draft_job,
    JobKind.COMPARE: rescoring_worker.compare_job,
    JobKind.SWAP: rescoring_worker.swap_job,
    JobKind.WATCH: rescoring_worker.watch_job,
}
_BOUNDARY_SECONDS = 5.0
_IDLE_SECONDS = 0.2


def _bury(job: Job) -> None:
    """Move on the subject of a dead job."""
    if job.kind == JobKind.DRY_RUN:
        drafts.abandon(job)
        return
    if job.kind == JobKind.IMPORT:
        bundle_imports.end_broken_import(job)
    if job.kind == JobKind.TRIAL:
        team_code.end_dead_trial(job)
    evaluations.bury_subject(job)


class Worker:
    """One process that works: its name, what it has opened, when it last tidied."""

    def __init__(self, name: str = "", *, hung: Callable[[], None] | None = None) -> None:
        self.name = name or f"worker-{socket.gethostname()}-{os.getpid()}"
        self.truths = vault.Truths()
        self._hung = hung
        self._tidied = float("-inf")
        self._tidied_whole = time.monotonic()
        self._reaps_from = float("-inf")
        self._interrupted: Job | None = None  # by a database that went away: the queue has it not
        self._claimed = False

    def work_one(self) -> bool:
        """Take and do the next due job; False when there is none."""
        self._put_back()
        job = jobs.claim(owner=self.name)
        if job is None:
            return False
        self._claimed = True
        with Beating(job, tidy=self.tidy, hung=self._hung) as beating, halted_by(beating.is_over):
            self._do(job, beating)
        if beating.unanswered:
            self._interrupted = job
        return True

    def _put_back(self) -> None:
        """Give the queue the job that a silent database interrupted; its attempt does not count."""
        if self._interrupted is not None:
            jobs.postpone(job=self._interrupted, seconds=0, code=jobs.DATABASE_AWAY)
            self._interrupted = None

    def _do(self, job: Job, beating: Beating) -> None:
        try:
            HANDLERS[job.kind](job, self.truths, beating)
        except Exception as error:  # the boundary of the worker
            self._interrupted = job
            away = jobs.outage(error)
            if away == jobs.DATABASE_AWAY:
                raise  # the loop waits for the database
            # The type only: a message could hold a value of the held-out data.
            code = away or str(getattr(error, "code", "") or type(error).__name__)
            log.warning("job %s %s attempt %d: %s", job.kind, job.pk, job.attempt, code)
            if away:
                jobs.postpone(job=job, code=away)
            else:
                jobs.give_back(job=job, code=code, buried=_bury)
            self._interrupted = None

    def tidy(self, *, force: bool = False) -> None:
        """Every few seconds: sign of life, abandoned jobs, missing jobs, passed closes."""
        now = time.monotonic()
        if not force and now - self._tidied < settings.REAP_SECONDS:
            return
        self._tidied = now
        if now - self._tidied_whole > settings.LEASE_SECONDS:
            # The database was away, or we were: the others could not beat, or will now.
            self._reaps_from = now + settings.LEASE_SECONDS
        lacks = vault.missing_isolation()
        beat(
            "worker",
            claimed=self._claimed,
            process=self.name,
            isolates=lacks is None,
            **({"lacks": lacks.sentence} if lacks else {}),
        )
        self._claimed = False
        vault.clean_rooms()
        queue_worker.clean_folders()
        if now >= self._reaps_from:
            jobs.reap(buried=_bury)
        self._tidied_whole = now  # the database answers, whatever fails below
        evaluations.sweep_entries()
        challenges.close_those_over()

    def stop(self) -> None:
        """Forget what was opened."""
        self.truths.forget()


def run(stop: threading.Event, *, name: str = "") -> None:
    """Work until asked to stop; a database that goes away is waited for."""
    with queue_worker.temporary_folder():
        _work(stop, name)


def _leave() -> None:
    """End this process, whose work does not stop: its supervisor starts another."""
    os._exit(os.EX_SOFTWARE)


def _work(stop: threading.Event, name: str) -> None:
    worker = Worker(name, hung=_leave)
    while not stop.is_set():
        try:
            worker.tidy()
            if worker.work_one():
                continue
        except DatabaseError as error:
            log.warning("database: %s", type(error).__name__)
            connection.close()
            stop.wait(_BOUNDARY_SECONDS)
        stop.wait(settings.WORKER_POLL_SECONDS)
    worker.stop()


def drain(
    done: Callable[[], bool] | None = None, *, seconds: float = 600.0, name: str = ""
) -> bool:
    """Work until `done` says so, or until nothing is left but what a pause holds.

    False when time ran out.

    For commands that do the worker's job themselves; in embedded mode the process takes the
    private key.
    """
    gate.act_as_worker()
    worker = Worker(name)
    deadline = time.monotonic() + seconds
    finished = done or (lambda: not Job.objects.alive().unheld().exists())
    try:
        worker.tidy(force=True)
        while time.monotonic() < deadline:
            if _turn(worker):
                continue
            if finished():
                return True
            time.sleep(_IDLE_SECONDS)
        return finished()
    finally:
        worker.stop()


def _turn(worker: Worker) -> bool:
    """Do one job; a database that is busy or away for a moment is no reason to give up."""
    try:
        if worker.work_one():
            return True
        worker.tidy()
    except DatabaseError as error:
        log.warning("database: %s", type(error).__name__)
        connection.close()
    return False
