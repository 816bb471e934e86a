"""Run programs in isolation: an organiser's on an entry, the code of teams on inputs.

An organiser's: the reference is opened for the time of one run, in memory, under the lease of the
job; each opening is an event. A failure is the team's when its own code failed, or when the
program refused its file although it has already scored another on the same data; anything else is
the organiser's: the entry then waits for a moderator and the team loses nothing.

Code of teams: on the public sample (A), on the hidden inputs (B). Neither opens a truth: B reads
sealed inputs, which hold no label, and the worker forgets the truths that it knew before it starts
one. Scoring (C) is another job, without any code of a team.
"""

import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.utils.crypto import salted_hmac

from challenges.bundles import programs
from challenges.bundles.programs import PRIVATE, PUBLIC, Form, ProgramSpec, Protocol
from challenges.entries.actions.checks import infected_verdict
from challenges.entries.models import Entry
from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import RUN, Result, columns_of
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import Evaluation, rounded
from challenges.organising.enums import ColumnKind, LogAudience, ReportAudience
from challenges.organising.models.scorings import Column, PhaseTask, RunPlan
from challenges.programs import checks
from challenges.programs.actions import changes as program_changes
from challenges.programs.actions import code as team_code
from challenges.programs.actions import runs
from challenges.programs.actions.changes import Report
from challenges.programs.actions.code import TrialOutcome
from challenges.programs.actions.runs import KeptPredictions, RunOutcome
from challenges.programs.models import CodeRun, CodeTrial
from challenges.programs.rows import Contributions, contributions
from challenges.queue import worker as queue_worker
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import NO_GRANT, Job, attempt_seconds
from challenges.queue.worker import Beating
from challenges.sandbox import code_runs as running
from challenges.sandbox import evalai, metadata, rooms, steps
from challenges.sandbox.base import MIB, Limits
from challenges.sandbox.code_runs import Run
from challenges.sandbox.scores import Declared
from challenges.sandbox.steps import Outcome, Party, Reason
from challenges.scoring import archives, child, inputs
from challenges.scoring.arrays import Data
from challenges.scoring.contract import AnswerSpec, Policy
from challenges.scoring.inputs import UNLIKE, InputFault, identifiers
from challenges.scoring.packages import Package, PackageRefused
from challenges.scoring.truth import keys_of, load_keys
from challenges.scoring.verdict import Fault, ReasonCode, Verdict, archive_fault, fault_of, neutral
from datasets import gate
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from datasets.releases import actions as releases
from portal.lib import canonical, children, failpoints
from portal.lib.refusals import Hidden
from portal.lib.storage import objects

CLEANING_SECONDS = 5


def cleaned_html(html: bytes) -> str:
    """Return HTML without script, address, form or style; "" when it cannot be cleaned in time."""
    try:
        cleaned = children.run(
            "challenges.programs.reports_child",
            str(CLEANING_SECONDS),
            given=html,
            seconds=2 * CLEANING_SECONDS,
        )
    except children.ChildLost:
        return ""
    return cleaned.decode()


GRACE_SECONDS = 2.0
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Ran:
    """What came of one run. values: {part: {column key: exact value}}; exact: of every key."""

    outcome: Outcome
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    exact: Mapping[str, float] = field(default_factory=dict)


class ProgramScorer(evaluator.MetricScorer):
    """Check and score by the organiser's program, run on each entry."""

    watch_runs = 5

    def compile(self, task: PhaseTask, version: HoldoutVersion) -> HoldoutVersion:
        """Keep the identifiers that the bundle itself published: the rest is the program's."""
        form, keys = Form.from_json(task.form), keys_of([])
        if form.ids is not None:
            files = gate.open_holdout(version=version, reason="compile", by=WORKER)
            keys = checks.published_keys(form.ids, files[programs.REFERENCE])
        return holdouts.add_compiled(version=version, keys=keys, labels=b"{}", by=WORKER)

    def check(self, path: Path, task: PhaseTask, keys: bytes, *, name: str) -> Verdict:
        if evaluator.missing_isolation() is not None:
            return Verdict(False, (fault_of(ReasonCode.NO_SANDBOX.value),))
        return super().check(path, task, keys, name=name)

    def score(
        self,
        job: Job,
        evaluation: Evaluation,
        task: PhaseTask,
        truths: evaluator.Truths,
        beating: Beating,
    ) -> None:
        """Run the program on an entry, and end its job."""
        score_by_program(job, evaluation, task, beating)

    def exact_figures(self, known: Mapping[str, Any]) -> evaluator.Figures:
        """Name the exact figures that the program gave."""
        exact: evaluator.Figures = known["exact"]
        return exact

    def public_figures(self, known: Mapping[str, Any]) -> set[str]:
        """Name those that boards show before the reveal."""
        shown = known["values"].get(PUBLIC, {})
        return {key for key in known["exact"] if key in shown}

    def score_again(
        self, evaluation: Evaluation, task: PhaseTask, truths: evaluator.Truths
    ) -> evaluator.Figures:
        """Run the program once more, and store nothing; raises ScoringFailed."""
        ran = run_on_evaluation(evaluation, task)
        if not ran.outcome.scored:
            raise evaluator.ScoringFailed(str(ran.outcome.reason))
        return ran.exact


class CodeScorer(evaluator.MetricScorer):
    """Check the code of a team; our metrics score what it wrote on the hidden inputs."""

    def note_compiled(self, task: PhaseTask) -> None:
        """Note on the plan of a task whether its inputs go with its compiled truth."""
        if task.plan is not None:
            plan, why = task.plan, f"plan {task.plan_id}"
            files = _opened(plan, why)
            problem = unlike_truth(files, plan.ids, gate.read_keys(task.holdout))
            team_code.note_inputs(plan=plan, problem=problem)

    def check(self, path: Path, task: PhaseTask, keys: bytes, *, name: str) -> Verdict:
        """Check that a package can be started; nothing of it runs."""
        return check_package(path, task)

    @contextmanager
    def scored_file(self, evaluation: Evaluation) -> Iterator[tuple[Path, str]]:
        """Give what the code wrote, its seal opened."""
        kept = _run_of(evaluation).predictions
        with objects.open(kept.ciphertext_sha256) as source:
            opened = gate.open_ciphertext(
                cast(BinaryIO, source), kept.keys, reason=f"evaluation {evaluation.pk}", by=WORKER
            )
        with rooms.private("predictions") as folder:
            path = folder / f"{FILE}{kept.suffix}"
            path.write_bytes(opened)
            yield path, path.name

    def failure(self, verdict: Verdict) -> str:
        """Say that the code wrote what cannot be scored."""
        return ReasonCode.OUTPUT.value

    def signed_means(self, evaluation: Evaluation, task: PhaseTask) -> dict[str, Any]:
        """Sign the run: classes and digests, no exact measure."""
        return {RUN: runs.signed_run(_run_of(evaluation), task)}

    def measures(self, evaluation: Evaluation) -> dict[str, Any]:
        """Return what the run used: exact, for moderators."""
        return runs.run_measures(_run_of(evaluation))


def _run_of(evaluation: Evaluation) -> CodeRun:
    if evaluation.run is None:
        raise AssertionError("a scoring of code waits for its run")
    return evaluation.run


evaluator.register_scorer(CodeScorer(), mode="code")
evaluator.register_scorer(ProgramScorer(), mode="program")


def score_by_program(job: Job, evaluation: Evaluation, task: PhaseTask, beating: Beating) -> None:
    """Run the program on an entry, then store what it scored or why it did not."""
    started = time.monotonic()
    ran = run_on_evaluation(evaluation, task)
    if ran.outcome.party is Party.PLATFORM:
        raise evaluator.ScoringFailed(str(ran.outcome.reason))
    failpoints.hit("score.computed")
    if beating.lost.is_set():
        return
    seconds = time.monotonic() - started
    given = contributions(ran.outcome.rows, ran.values, task)
    told = _report(ran.outcome, task, given.fault)
    if not ran.outcome.scored:
        _failed(job, evaluation, ran.outcome, told)
        return
    evaluations.finish_score(
        job=job,
        result=_result(ran, evaluation, task, seconds, given),
        also=partial(program_changes.write_report, evaluation=evaluation, told=told),
    )


def _failed(job: Job, evaluation: Evaluation, outcome: Outcome, told: Report) -> None:
    code = str(outcome.reason)
    refused = outcome.reason is Reason.PROGRAM and _has_scored(evaluation)
    is_teams = outcome.party is Party.TEAM or refused
    evaluations.finish_failed(
        job=job,
        code=code,
        to_examine=not is_teams,
        also=partial(program_changes.write_report, evaluation=evaluation, told=told),
    )


def _has_scored(evaluation: Evaluation) -> bool:
    """Say whether the program has already scored an entry on the same data: it works then."""
    return Evaluation.objects.filter(
        scorer_version_id=evaluation.scorer_version_id,
        holdout_id=evaluation.holdout_id,
        state=EvaluationState.DONE,
    ).exists()


def run_on_evaluation(evaluation: Evaluation, task: PhaseTask) -> Ran:
    """Run the program of a task on the entry of an evaluation; nothing is stored."""
    return run_on_entry(evaluation.entry, task, reason=f"evaluation {evaluation.pk}")


def run_on_entry(entry: Entry, task: PhaseTask, *, reason: str) -> Ran:
    """Run the program of a task on an entry; nothing is stored. reason: of the openings."""
    version = task.scorer_version
    if version.programs is None:
        raise ValueError("not a program")
    own = gate.open_holdout(version=version.programs, reason=reason, by=WORKER)
    data = gate.open_holdout(version=task.holdout, reason=reason, by=WORKER)
    with evaluator.local_copy(entry) as path, evaluator.room() as room:
        return run_program(
            ProgramSpec.from_json(version.spec),
            {**own, **data},
            path,
            room,
            limits=program_limits(task),
            form=Form.from_json(task.form),
        )


def program_limits(task: PhaseTask) -> Limits:
    """Return what each program of a phase may use."""
    seconds = float(task.phase.time_limit_s)
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=seconds,
        memory_bytes=task.phase.memory_mb * MIB,
        grace_seconds=GRACE_SECONDS,
    )


def run_program(
    spec: ProgramSpec, files: Files, sent: Path, room: Path, *, limits: Limits, form: Form
) -> Ran:
    """Run a program on a file, in a room.

    files: the sealed archives, by name. sent: the file of a team; its extension tells an archive.
    Never raises for what a program does.
    """
    if spec.protocol is Protocol.EVALAI:
        return _evalai(spec, files, sent, room, limits)
    try:
        submission = _submission(sent, room / "submission", form)
    except archives.ArchiveRefused as refused:
        return Ran(Outcome(Reason.OUTPUT, Party.TEAM, {}, detail=refused.reason))
    if not spec.takes_code:
        _disarm(submission)
    task = steps.Task(
        scoring_program=evaluator.lay_archive(files[programs.SCORING], room / "scoring"),
        reference=_laid(files, programs.REFERENCE, room / "reference"),
        columns=tuple(_declared(each) for each in spec.scores),
        ingestion_program=_laid(files, programs.INGESTION, room / "ingestion"),
        input_data=_laid(files, programs.INPUT, room / "input"),
        limits=limits,
        scoring_limits=limits,
        ingestion_only_during_scoring=spec.beside_truth,
    )
    place = rooms.made(room / "run")
    outcome = steps.run_steps(task, submission, sandbox=evaluator.sandbox(), room=place)
    return _read_scores(spec, outcome, {"": outcome.values})


def _evalai(spec: ProgramSpec, files: Files, sent: Path, room: Path, limits: Limits) -> Ran:
    reference = evaluator.lay_archive(files[programs.REFERENCE], room / "reference")
    found = evalai.run_evaluation(
        evalai.Evaluation(
            evaluator.lay_archive(files[programs.SCORING], room / "scoring"),
            next(path for path in sorted(reference.rglob("*")) if path.is_file()),
            spec.codename,
            {
                split: tuple(_declared(each) for each in scores)
                for split, scores in spec.splits.items()
            },
            limits,
        ),
        sent,
        sandbox=evaluator.sandbox(),
        room=rooms.made(room / "run"),
    )
    return _read_scores(spec, found.outcome, found.values)


def _read_scores(
    spec: ProgramSpec, outcome: Outcome, found: Mapping[str, Mapping[str, float]]
) -> Ran:
    """Put the scores under their columns, in the parts where they are told."""
    if not outcome.scored:
        return Ran(outcome)
    values: dict[str, dict[str, float]] = {PUBLIC: {}, PRIVATE: {}}
    exact = {}
    for each in spec.scores:
        value = found[each.split][each.name]
        exact[f"{each.split}/{each.name}" if each.split else each.name] = value
        for part in each.parts:
            values[part][each.key] = value
    return Ran(outcome, values, exact)


def _submission(sent: Path, folder: Path, form: Form) -> Path:
    """Lay the files of a team: an archive unpacked, a plain file under the expected name."""
    rooms.made(folder)
    if sent.suffix == ".zip":
        archives.unpack(sent, folder)
        return folder
    target = folder / (form.name or sent.name)
    target.write_bytes(sent.read_bytes())
    target.chmod(0o644)
    return folder


def _disarm(submission: Path) -> None:
    """Take away what would make plain answers a program: nothing of a team runs where none is due.

    The platform writes its own metadata beside answers anyway.
    """
    while (found := metadata.path_of(submission)) is not None:
        found.unlink()


def _laid(files: Files, name: str, folder: Path) -> Path | None:
    return evaluator.lay_archive(files[name], folder) if name in files else None


def _declared(score: programs.Declared) -> Declared:
    return Declared(score.name, score.valid_min, score.valid_max, score.sentinels)


def _result(
    ran: Ran, evaluation: Evaluation, task: PhaseTask, seconds: float, given: Contributions
) -> Result:
    columns = columns_of(evaluation)
    hidden = {column.key for column in columns if column.hidden}
    shown = {
        part: {
            key: value
            for key, value in with_computed_columns(columns, values).items()
            if key not in hidden
        }
        for part, values in ran.values.items()
    }
    provenance: dict[str, Any] = {
        "code_version": evaluator.CODE_VERSION,
        "contract_sha256": task.scorer_version.digest,
    }
    rows, primary = given.rows, given.primary
    sealed = evaluator.seal(
        evaluation,
        values=shown,
        intervals={
            part: {primary: list(each.interval)} for part, each in rows.items() if each.interval
        },
        n={part: each.rows for part, each in rows.items()},
        sums={part: each.sums for part, each in rows.items()},
        exact=ran.exact,
        undeclared=list(ran.outcome.undeclared),
        provenance=provenance,
    )
    interval = rows[PUBLIC].interval if PUBLIC in rows else None
    measured = [step.ended.measures for step in ran.outcome.steps]
    return Result(
        public=dict(shown[PUBLIC]),
        intervals={primary: list(interval)} if interval else {},
        payload=sealed.ciphertext,
        payload_sha256=hashlib.sha256(sealed.ciphertext).hexdigest(),
        key_id=sealed.key_id,
        seconds=seconds,
        provenance=provenance,
        cpu_seconds=sum(each.cpu_seconds for each in measured),
        peak_mb=max((each.peak_bytes for each in measured), default=0) / MIB,
        environment_digest=evaluator.environment_digest(),
    )


def with_computed_columns(columns: list[Column], values: Mapping[str, float]) -> dict[str, float]:
    """Add the computed columns, from values rounded as they are stored; none of a missing one."""
    decimals = {column.key: column.decimals for column in columns}
    found = dict(values)
    for column in columns:
        if column.kind != ColumnKind.COMPUTED or not column.operands:
            continue
        stored = [
            rounded(values[key], decimals[key])[0] for key in column.operands if key in values
        ]
        if len(stored) == len(column.operands):
            found[column.key] = _operated(column.operation, stored)
    return found


def _operated(operation: str, values: list[float]) -> float:
    match operation:
        case "avg":
            return sum(values) / len(values)
        case "sum":
            return sum(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            raise ValueError(f"unknown operation {operation}")


def _report(outcome: Outcome, task: PhaseTask, left: str) -> Report:
    """Keep what the organiser may read; left: why the rows were left out.

    Of restricted data, the kinds of faults alone: a program that reads the answers chooses the
    names of its scores, its words and its report, and could carry the answers out by them.
    """
    challenge = task.phase.challenge
    if challenge.restricted:
        return Report(
            faults=[{"kind": one.kind.value, "key": "", "line": 0} for one in outcome.faults]
        )
    last = outcome.steps[-1].ended if outcome.steps else None
    kept = last if task.phase.logs != LogAudience.NONE else None
    log = kept.stderr.decode(errors="replace") if kept and not outcome.scored else ""
    wanted = challenge.detailed_results != ReportAudience.NONE
    return Report(
        undeclared=list(outcome.undeclared),
        faults=[
            {"kind": one.kind.value, "key": one.key, "line": one.line} for one in outcome.faults
        ],
        detail=" ; ".join(one for one in (outcome.detail, outcome.rows_fault, left) if one),
        log=log,
        html=cleaned_html(outcome.report) if wanted and outcome.report else "",
    )


def unlike_truth(files: Mapping[str, bytes], column: str, keys: Data) -> InputFault | None:
    """Say, without any value, why opened inputs do not go with a truth; None where they do.

    keys: its compiled identifiers.
    """
    try:
        found = set(identifiers(files, column))
    except InputFault as fault:
        return fault
    known = set(load_keys(keys).ids)
    if found == known:
        return None
    return InputFault(UNLIKE, lacking=str(len(known - found)), more=str(len(found - known)))


OURS = {Reason.PLATFORM, Reason.NO_SANDBOX}
PACKAGE = "E_PACKAGE"
FILE = "predictions"
READ_LIMITS = {ReasonCode.TIMEOUT.value, ReasonCode.MEMORY.value}
INPUTS_UNLIKE = "inputs_unlike"


def check_package(path: Path, task: PhaseTask) -> Verdict:
    """Check that a package can be started; nothing of it runs, nothing hidden is read."""
    if evaluator.missing_isolation() is not None:
        return Verdict(False, (fault_of(ReasonCode.NO_SANDBOX.value),))
    with evaluator.desk() as desk:
        try:
            _package(path, desk)
        except archives.ArchiveRefused as refused:
            return Verdict(False, (archive_fault(refused.code),))
        except PackageRefused as refused:
            return Verdict(False, (_unstartable(refused),))
    return Verdict(True)


def trial_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Run a package on the public sample, and read what it wrote as an entry would be."""
    trial = team_code.begin_trial(job=job)
    if trial is None:
        return
    truths.forget()
    failpoints.hit("trial.before_run")
    tried = _tried(trial, job)
    if not beating.lost.is_set():
        team_code.finish_trial(job=job, tried=tried)


def run_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Run the package of an entry on the hidden inputs, and seal what it wrote."""
    run = runs.begin_run(job=job)
    if run is None:
        return
    if run.entry.enrolment.phase.challenge.restricted:
        beating.asks = partial(runs.stop_without_grant, job, run)
    truths.forget()  # no label lies in this process while code runs
    failpoints.hit("run.before_code")
    ended = _hidden(run, _task(run), job)
    failpoints.hit("run.computed")
    if not beating.lost.is_set():
        runs.finish_run(job=job, ended=ended)


@dataclass(frozen=True)
class _Pass:
    """What a run gave. content: of the file it wrote, empty with a reason_code."""

    run: Run
    reason_code: str = ""
    detail: str = ""
    content: bytes = b""


def _tried(trial: CodeTrial, job: Job) -> TrialOutcome:
    phase, plan = trial.phase, trial.plan
    if evaluator.missing_isolation() is not None:
        return TrialOutcome(ReasonCode.NO_SANDBOX.value)
    task = PhaseTask.objects.select_related("phase__challenge", "scorer_version").filter(
        phase=phase, plan=plan
    )[0]
    with (
        releases.opened(releases.Deposit(trial.sealed, trial.keys), "paquet.zip") as path,
        evaluator.desk() as desk,
    ):
        if infected := infected_verdict(path):
            return _not_run(infected.faults[0])
        try:
            package = _package(path, desk)
        except archives.ArchiveRefused as refused:
            return _not_run(archive_fault(refused.code))
        except PackageRefused as refused:
            return _not_run(_unstartable(refused))
        sample = desk / "sample"
        held = objects.read(plan.sample_sha256)
        evaluator.lay_archive(held, sample)
        files = {each.name: each.read_bytes() for each in sample.iterdir()}
        spec = evaluator.contract_of(task).answer
        if spec.policy is Policy.COMPLETE:  # the candidates of the sample are not declared
            spec = replace(spec, policy=Policy.TOP_K)
        run = running.trial(
            package,
            sample,
            sandbox=evaluator.sandbox(),
            room=rooms.made(desk / "run"),
            limits=code_limits(task),
        )
        ended = _read_run(run, spec, keys_of(inputs.identifiers(files, plan.ids)), job)
    return _trial_outcome(ended, phase.logs == LogAudience.TEAM_TRIAL)


def _unstartable(refused: PackageRefused) -> Fault:
    """Say why a package cannot be started, what its author wrote made safe to show."""
    facts = {k: neutral(v) if isinstance(v, str) else v for k, v in refused.facts.items()}
    return replace(fault_of(PACKAGE, variant=refused.why, **facts), line=refused.line)


def _not_run(fault: Fault) -> TrialOutcome:
    return TrialOutcome(fault.code, fault.message, evaluator.verdict_kept(Verdict(False, (fault,))))


def _trial_outcome(ended: tuple[_Pass, Verdict | None], logs: bool) -> TrialOutcome:
    found, verdict = ended
    measured = found.run.ended
    log, cut = "", False
    if logs and measured is not None:
        log, cut = _log(found.run), measured.cut
    return TrialOutcome(
        found.reason_code,
        found.detail,
        {} if verdict is None else evaluator.verdict_kept(verdict),
        log,
        cut,
        {} if measured is None else asdict(measured.measures),
    )


def _hidden(run: CodeRun, task: PhaseTask, job: Job) -> RunOutcome:
    """Run a package on hidden inputs, and read what it wrote in a child that knows their rows."""
    plan = run.plan
    keys = gate.read_keys(task.holdout)
    files = _opened(plan, f"run {run.pk}")
    if unlike_truth(files, plan.ids, keys):
        raise evaluator.ScoringFailed(INPUTS_UNLIKE)  # the organiser's fault, that no team pays for
    with (
        evaluator.desk() as desk,
        evaluator.room() as room,
        evaluator.local_copy(run.entry) as path,
    ):
        package = _package(path, desk)
        try:
            shown = rooms.made(room / "inputs")
            for file, content in files.items():
                (shown / file).write_bytes(content)
                (shown / file).chmod(0o644)
            found, _verdict = _read_run(
                running.hidden(
                    package,
                    shown,
                    sandbox=evaluator.sandbox(),
                    room=rooms.made(room / "run"),
                    limits=code_limits(task),
                    logs=_organiser_reads(task),
                ),
                evaluator.contract_of(task).answer,
                keys,
                job,
            )
            failpoints.hit("run.read")  # hidden inputs are still in memory
        finally:
            rooms.wipe(room)
    ended = _run_outcome(found, package, task)
    if found.reason_code:
        return ended
    suffix = found.run.file.suffix if found.run.file else ".csv"
    sealed = gate.seal_file(FILE, found.content)
    kept = KeptPredictions(sealed.ciphertext_sha256, sealed.ciphertext_size, sealed.keys, suffix)
    return replace(ended, kept=kept, inputs_digest=_keyed(files))


def _opened(plan: RunPlan, reason: str) -> dict[str, bytes]:
    """Open the inputs of a plan; what a grant lends takes the place of the table, in memory.

    Has the job put off where the grant lends nothing at this instant.
    """
    evaluator.refuse_without_grant(plan.challenge)
    lent = io.BytesIO()
    if plan.data_file_id is not None:
        try:
            gate.open_lent(
                grant=plan.challenge.grant_id or 0,
                data_file=plan.data_file_id,
                target=lent,
                reason=reason,
                by=WORKER,
            )
        except Hidden as error:  # no extract is built, or its release was taken back
            raise evaluator.ScoringFailed(NO_GRANT) from error
    files = gate.open_holdout(version=plan.inputs, reason=reason, by=WORKER)
    if plan.data_file_id is not None:
        files[team_code.table_of(plan)] = lent.getvalue()
    return files


def _run_outcome(found: _Pass, package: Package, task: PhaseTask) -> RunOutcome:
    """Tell what the run used: exact for moderators, in classes for the team."""
    seen = found.run.seen
    measures = {} if found.run.ended is None else asdict(found.run.ended.measures)
    return RunOutcome(
        found.reason_code,
        seed=package.seed,
        environment_digest=evaluator.environment_digest(),
        minutes=seen.duration_minutes,
        half_gib=seen.memory_half_gb,
        measures=measures,
        detail="" if task.phase.challenge.restricted else found.detail,
        log=_log(found.run) if _organiser_reads(task) else "",
    )


def _read_run(run: Run, spec: AnswerSpec, keys: bytes, job: Job) -> tuple[_Pass, Verdict | None]:
    """Read the file of a run as that of an entry; raises ScoringFailed for a fault of ours.

    A file that our reading cannot hold is read in another attempt, and then is its own fault:
    given back each time, it would be an attempt without end.
    """
    if run.reason in OURS:
        raise evaluator.ScoringFailed(str(run.reason))
    if run.reason is not None or run.file is None:
        return _Pass(run, str(run.reason), run.detail), None
    verdict, answer = child.read(run.file, spec, keys, name=run.file.name)
    if answer is None:
        fault = verdict.faults[0]
        if fault.code == ReasonCode.PLATFORM or (fault.code in READ_LIMITS and _is_new(job)):
            raise evaluator.ScoringFailed(fault.code)
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


def code_limits(task: PhaseTask) -> Limits:
    """Return what a run of a team's code may use."""
    seconds = float(task.phase.time_limit_s)
    return Limits(
        wall_seconds=seconds,
        cpu_seconds=seconds,
        memory_bytes=task.phase.memory_mb * MIB,
        output_bytes=max(64 * MIB, int(task.phase.answer_spec.get("max_bytes") or 0)),
    )


def _package(path: Path, desk: Path) -> Package:
    folder = rooms.made(desk / "package")
    archives.unpack(path, folder)
    return metadata.package_of(folder)


def _task(run: CodeRun) -> PhaseTask:
    """Return a task that scores the predictions of a run: all have the same identifiers."""
    return (
        PhaseTask.objects.select_related("phase__challenge", "scorer_version", "holdout")
        .filter(phase_id=run.entry.enrolment.phase_id, plan_id=run.plan_id)
        .order_by("-current", "index", "pk")[:1]
        .get()
    )


def _keyed(files: Mapping[str, bytes]) -> str:
    """Digest inputs with a key: their bytes cannot be guessed from it."""
    told = canonical.dumps({name: salted(content) for name, content in files.items()})
    return salted(told)


def salted(content: bytes) -> str:
    """Return a keyed digest of a file."""
    return salted_hmac("challenges.inputs", content, algorithm="sha256").hexdigest()


def bury_trial(job: Job) -> None:
    """End a trial whose job is dead, by our fault."""
    team_code.end_dead_trial(job)
    evaluations.bury_subject(job)


def run_seconds(job: Job) -> float:
    """Return how long one attempt at a run may last, by the limit of its phase."""
    runs = CodeRun.objects.filter(pk=job.subject_id)
    return attempt_seconds(*runs.values_list("entry__enrolment__phase__time_limit_s", flat=True))


def trial_seconds(job: Job) -> float:
    """Return how long one attempt at a trial may last, by the limit of its phase."""
    trials = CodeTrial.objects.filter(pk=job.subject_id)
    return attempt_seconds(*trials.values_list("phase__time_limit_s", flat=True))


queue_worker.register(JobKind.RUN, run_job, bury=runs.bury_run, most_seconds=run_seconds)
queue_worker.register(JobKind.TRIAL, trial_job, bury=bury_trial, most_seconds=trial_seconds)
