"""Run the code of teams: on the public sample (A), on the hidden inputs (B).

Neither opens a truth: B reads sealed inputs, which hold no label, and the worker forgets the
truths that it knew before it starts one. Scoring (C) is another job, without any code of a team.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from challenges.entries.actions import checks
from challenges.enums import LogAudience, ReasonCode
from challenges.models import CodeRun, CodeTrial, Job, PhaseTask, RunPlan
from challenges.programs.actions import code as team_code
from challenges.programs.actions.code import RunOutcome, TrialOutcome
from challenges.queue.actions import WORKER
from challenges.queue.worker import Beating
from challenges.sandbox import archives, packages, rooms
from challenges.sandbox import code_runs as running
from challenges.sandbox.base import MIB, Limits
from challenges.sandbox.code_runs import Run
from challenges.sandbox.packages import Layout, Package
from challenges.sandbox.steps import Reason
from challenges.scoring import inputs
from challenges.scoring.answer import AnswerSpec, Policy
from challenges.scoring.predictions.faults import archive_fault, fault_of, neutral
from challenges.scoring.process import child
from challenges.scoring.truth.keys import keys_of
from challenges.scoring.verdict import Fault, Verdict
from challenges.worker import code_inputs, isolation, predictions, vault
from challenges.worker.programs import RunFailed
from datasets import gate
from datasets.actions import releases
from portal.lib import canonical, failpoints, objects

OURS = {Reason.PLATFORM, Reason.NO_SANDBOX}
PACKAGE = "E_PACKAGE"
READ_LIMITS = {ReasonCode.TIMEOUT.value, ReasonCode.MEMORY.value}
LAYOUTS = {
    Layout.MANIFEST.value: "manifest.toml",
    Layout.MAIN.value: "main.py",
    Layout.CODALAB.value: "metadata",
}
UNLIKE = "inputs_unlike"


def checked(path: Path, task: PhaseTask) -> Verdict:
    """Check that a package can be started; nothing of it runs, nothing hidden is read."""
    if isolation.missing() is not None:
        return Verdict(False, (fault_of(ReasonCode.NO_SANDBOX.value),))
    with isolation.desk() as desk:
        try:
            _package(path, desk, _plan(task))
        except archives.ArchiveRefused as refused:
            return Verdict(False, (archive_fault(refused.code),))
        except packages.PackageRefused as refused:
            return Verdict(False, (_unstartable(refused),))
    return Verdict(True)


def trial_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Run a package on the public sample, and read what it wrote as an entry would be."""
    trial = team_code.begin_trial(job=job)
    if trial is None:
        return
    truths.forget()
    failpoints.hit("trial.before_run")
    tried = _tried(trial, job)
    if not beating.lost.is_set():
        team_code.finish_trial(job=job, tried=tried)


def run_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Run the package of an entry on the hidden inputs, and seal what it wrote."""
    run = team_code.begin_run(job=job)
    if run is None:
        return
    truths.forget()  # no label lies in this process while code runs
    failpoints.hit("run.before_code")
    ended = _hidden(run, _task(run), job)
    failpoints.hit("run.computed")
    if not beating.lost.is_set():
        team_code.finish_run(job=job, ended=ended)


@dataclass(frozen=True)
class _Pass:
    """What a run gave. content: of the file it wrote, empty with a reason_code."""

    run: Run
    reason_code: str = ""
    detail: str = ""
    content: bytes = b""


def _tried(trial: CodeTrial, job: Job) -> TrialOutcome:
    phase, plan = trial.phase, trial.plan
    if isolation.missing() is not None:
        return TrialOutcome(ReasonCode.NO_SANDBOX.value)
    task = PhaseTask.objects.select_related("phase__challenge", "scorer_version").filter(
        phase=phase, plan=plan
    )[0]
    with (
        releases.opened(releases.Deposit(trial.sealed, trial.keys), "paquet.zip") as path,
        isolation.desk() as desk,
    ):
        if infected := checks.infected_verdict(path):
            return _not_run(infected.faults[0])
        try:
            package = _package(path, desk, plan)
        except archives.ArchiveRefused as refused:
            return _not_run(archive_fault(refused.code))
        except packages.PackageRefused as refused:
            return _not_run(_unstartable(refused))
        sample = desk / "sample"
        held = objects.read(plan.sample_sha256)
        isolation.laid(held, sample)
        files = {each.name: each.read_bytes() for each in sample.iterdir()}
        spec = vault.contract_of(task).answer
        if spec.policy is Policy.COMPLETE:  # the candidates of the sample are not declared
            spec = replace(spec, policy=Policy.TOP_K)
        run = running.trial(
            package,
            sample,
            sandbox=isolation.sandbox(),
            room=_made(desk / "run"),
            limits=limits_of(task),
        )
        ended = _read(run, spec, keys_of(inputs.identifiers(files, plan.ids)), job)
    return _told(ended, phase.logs == LogAudience.TEAM_TRIAL)


def _unstartable(refused: packages.PackageRefused) -> Fault:
    """Say why a package cannot be started, what its author wrote made safe to show."""
    facts = {k: neutral(v) if isinstance(v, str) else v for k, v in refused.facts.items()}
    return replace(fault_of(PACKAGE, variant=refused.why, **facts), line=refused.line)


def _not_run(fault: Fault) -> TrialOutcome:
    return TrialOutcome(fault.code, fault.message, _kept(Verdict(False, (fault,))))


def _told(ended: tuple[_Pass, Verdict | None], logs: bool) -> TrialOutcome:
    found, verdict = ended
    measured = found.run.ended
    log, cut = "", False
    if logs and measured is not None:
        log, cut = _log(found.run), measured.cut
    return TrialOutcome(
        found.reason_code,
        found.detail,
        {} if verdict is None else _kept(verdict),
        log,
        cut,
        {} if measured is None else asdict(measured.measures),
    )


def _kept(verdict: Verdict) -> dict[str, Any]:
    said = verdict.to_json()
    return {key: said[key] for key in ("faults", "warnings", "rows")}


def _hidden(run: CodeRun, task: PhaseTask, job: Job) -> RunOutcome:
    """Run a package on hidden inputs, and read what it wrote in a child that knows their rows."""
    plan = run.plan
    keys = gate.read_keys(task.holdout)
    files = gate.open_holdout(version=plan.inputs, reason=f"run {run.pk}", by=WORKER)
    if code_inputs.unlike(files, plan.ids, keys):
        raise RunFailed(UNLIKE)  # the organiser's fault, that no team pays for
    with isolation.desk() as desk, isolation.room() as room, vault.local_copy(run.entry) as path:
        package = _package(path, desk, plan)
        try:
            shown = _made(room / "inputs")
            for file, content in files.items():
                (shown / file).write_bytes(content)
                (shown / file).chmod(0o644)
            found, _verdict = _read(
                running.hidden(
                    package,
                    shown,
                    sandbox=isolation.sandbox(),
                    room=_made(room / "run"),
                    limits=limits_of(task),
                    logs=_organiser_reads(task),
                ),
                vault.contract_of(task).answer,
                keys,
                job,
            )
            failpoints.hit("run.read")  # hidden inputs are still in memory
        finally:
            rooms.wipe(room)
    ended = _ended(found, package, task)
    if found.reason_code:
        return ended
    suffix = found.run.file.suffix if found.run.file else ".csv"
    return replace(
        ended,
        kept=predictions.seal(found.content, suffix=suffix),
        inputs_digest=_keyed(files),
    )


def _ended(found: _Pass, package: Package, task: PhaseTask) -> RunOutcome:
    """Tell what the run used: exact for moderators, in classes for the team."""
    seen = found.run.seen
    measures = {} if found.run.ended is None else asdict(found.run.ended.measures)
    return RunOutcome(
        found.reason_code,
        seed=package.seed,
        environment_digest=isolation.environment_digest(),
        minutes=seen.duration_minutes,
        half_gib=seen.memory_half_gb,
        measures=measures,
        detail="" if task.phase.challenge.restricted else found.detail,
        log=_log(found.run) if _organiser_reads(task) else "",
    )


def _read(run: Run, spec: AnswerSpec, keys: bytes, job: Job) -> tuple[_Pass, Verdict | None]:
    """Read the file of a run as that of an entry; raises RunFailed for a fault of ours.

    A file that our reading cannot hold is read in another attempt, and then is its own fault:
    given back each time, it would be an attempt without end.
    """
    if run.reason in OURS:
        raise RunFailed(str(run.reason))
    if run.reason is not None or run.file is None:
        return _Pass(run, str(run.reason), run.detail), None
    verdict, answer = child.read(run.file, spec, keys, name=run.file.name)
    if answer is None:
        fault = verdict.faults[0]
        if fault.code == ReasonCode.PLATFORM or (fault.code in READ_LIMITS and _is_new(job)):
            raise RunFailed(fault.code)
        detail = f"{fault.code} : {fault.message}"
        return _Pass(run, ReasonCode.OUTPUT.value, detail), verdict
    return _Pass(run, content=run.file.read_bytes()), verdict


def _is_new(job: Job) -> bool:
    """Say whether no attempt of this job ended so, and another is left."""
    return job.error_code not in READ_LIMITS and job.attempt < job.max_attempts


def _log(run: Run) -> str:
    if run.ended is None:
        return ""
    said, wrong = (each.decode(errors="replace") for each in (run.ended.stdout, run.ended.stderr))
    return f"{said}\n--- stderr ---\n{wrong}" if wrong else said


def _organiser_reads(task: PhaseTask) -> bool:
    return task.phase.logs != LogAudience.NONE and not task.phase.challenge.restricted


def limits_of(task: PhaseTask) -> Limits:
    """Return what a run of a team's code may use."""
    seconds = float(task.phase.time_limit_s)
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=seconds,
        memory_bytes=task.phase.memory_mb * MIB,
        output_bytes=max(64 * MIB, int(task.phase.answer_spec.get("max_bytes") or 0)),
    )


def _package(path: Path, desk: Path, plan: RunPlan) -> Package:
    folder = _made(desk / "package")
    archives.unpack(path, folder)
    package = packages.read(folder, environments=(plan.environment,))
    if plan.layouts and package.layout not in plan.layouts:
        shown = ", ".join(LAYOUTS[one] for one in plan.layouts)
        raise packages.PackageRefused("layout", attendu=shown)
    return package


def _task(run: CodeRun) -> PhaseTask:
    """Return a task that scores the predictions of a run: all have the same identifiers."""
    return (
        PhaseTask.objects.select_related("phase__challenge", "scorer_version", "holdout")
        .filter(phase_id=run.entry.enrolment.phase_id, plan_id=run.plan_id)
        .order_by("-current", "index", "pk")[:1]
        .get()
    )


def _plan(task: PhaseTask) -> RunPlan:
    if task.plan is None:
        raise AssertionError("the task takes no code")
    return task.plan


def _keyed(files: Mapping[str, bytes]) -> str:
    """Digest inputs with a key: their bytes cannot be guessed from it."""
    told = canonical.dumps({name: salted(content) for name, content in files.items()})
    return salted(told)


def salted(content: bytes) -> str:
    """Return a keyed digest of a file."""
    return salted_hmac("challenges.inputs", content, algorithm="sha256").hexdigest()


def _made(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o755)
    return folder
