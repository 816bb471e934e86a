"""Say that teams send code and what it reads; try it on the public sample.

A trial uses no attempt and opens nothing hidden; each of its steps is fenced by the job's lease.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles.code import (
    KEY,
    MEMORY_MB,
    PACKAGE_BYTES,
    SECONDS,
    CodeRules,
)
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.spec import PortableSpec, Role
from challenges.entries import rules as entries_rules
from challenges.entries.actions.deposits import refuse_closed
from challenges.entries.models import Entry
from challenges.evaluation.actions.sweeps import SWEPT
from challenges.evaluation.enums import RunState
from challenges.organising import rules as organising_rules
from challenges.organising.actions import drafts
from challenges.organising.actions.notices import announce_by_letter
from challenges.organising.actions.texts import read_from
from challenges.organising.enums import ChallengeStatus, LogAudience, PhaseKind, PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import PhaseTask, RunPlan
from challenges.organising.queries import lent_to_code, refuse_not_isolated
from challenges.programs.models import CodeTrial
from challenges.programs.queries import plan_of, trials_left
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.scoring.contract import Layout
from challenges.scoring.inputs import InputFault, identifiers
from challenges.scoring.verdict import ReasonCode
from challenges.teams.models import Team
from datasets.holdouts import actions as holdouts
from datasets.releases import actions as releases
from datasets.releases.models import DataFile
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, QuotaSpent
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name


def code_rules(challenge: Challenge) -> CodeRules | None:
    """Read what the document of a challenge says of code; None where teams send predictions."""
    said = challenge.bundle.get(KEY)
    if not isinstance(said, dict):
        return None
    known = CodeRules.__dataclass_fields__
    return CodeRules(**{name: said[name] for name in known if name in said})


@transaction.atomic
def settle_code(*, challenge: Challenge, rules: CodeRules | None, by: User) -> Challenge:
    """Choose what the teams of a draft send: code run under these rules, or predictions (None).

    In order: the document; files that only the other choice has taken out of it; limits of the
    phases of code; the last check no longer stands where the choice itself changed; event
    "challenge.code_settled". The same rules change nothing. Raises NotAllowed; Conflict once it
    left the draft; Invalid for rules out of bounds.
    """
    challenge = drafts.locked_draft(challenge, by)
    former = code_rules(challenge)
    if rules is not None:
        _refuse_out_of_bounds(rules)
    if rules == former:
        return challenge
    document = {key: value for key, value in challenge.bundle.items() if key != KEY}
    if rules is not None:
        document[KEY] = asdict(rules)
    turned = (rules is None) != (former is None)
    if turned:
        document["files"] = _without_the_others(challenge, is_code=rules is not None)
        written = drafts.written_of(challenge)
        if written.scorings and rules is not None:
            raise Conflict(
                _("Une phase a ses propres réponses : retirez-les avant de demander du code."),
                code="code_phase_scoring",
            )
        drafts.reopen(written)
    challenge.bundle = document
    challenge.save_change("bundle")
    if rules is not None:
        _limit(challenge, rules)
    record("challenge.code_settled", by=by, on=challenge, code=rules is not None)
    return challenge


@transaction.atomic
def amend_code(*, challenge: Challenge, rules: CodeRules, by: User) -> Challenge:
    """Change how code is run in a published challenge, before anybody could send any.

    In order: the document; limits of its phases; notice and letters; event
    "challenge.code_amended". The same rules change nothing. Raises NotAllowed; Invalid for rules
    out of bounds; Conflict once a phase opened or a team sent something,
    or where teams do not send code.
    """
    # Once it left the draft, phases are held before their challenge: their dates move so.
    list(challenge.phases.select_related(None).select_for_update().order_by("pk"))
    challenge = Challenge.objects.locked(challenge)
    require(organising_rules.may_edit_challenge, by, challenge)
    former = code_rules(challenge)
    if former is None or not may_amend_code(challenge):
        raise Conflict(
            _("Une phase a déjà ouvert, ou une équipe a déjà soumis : ceci ne change plus."),
            code="frozen",
        )
    _refuse_out_of_bounds(rules)
    if rules == former:
        return challenge
    challenge.bundle = {**challenge.bundle, KEY: asdict(rules)}
    challenge.save_change("bundle")
    _limit(challenge, rules)
    announce_by_letter(
        challenge=challenge,
        sentence=gettext_lazy("Les règles d’exécution des programmes changent avant l’ouverture."),
    )
    record("challenge.code_amended", by=by, on=challenge)
    return challenge


def may_amend_code(challenge: Challenge) -> bool:
    """Say whether a published challenge has neither opened a phase nor received anything."""
    now = clock.now()
    before = {PhaseMoment.COMING, PhaseMoment.UNDATED}
    begun = any(each.moment(now) not in before for each in challenge.phases.all())
    entered = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge).exists()
    return challenge.status == ChallengeStatus.PUBLISHED and not begun and not entered


def _limit(challenge: Challenge, rules: CodeRules) -> None:
    challenge.phases.filter(kind=PhaseKind.CODE).update(
        time_limit_s=rules.time_limit_s,
        memory_mb=rules.memory_mb,
        logs=LogAudience(rules.logs),
        max_bytes=rules.max_bytes,
    )


def _refuse_out_of_bounds(rules: CodeRules) -> None:
    within = (
        SECONDS[0] <= rules.time_limit_s <= SECONDS[1]
        and MEMORY_MB[0] <= rules.memory_mb <= MEMORY_MB[1]
        and PACKAGE_BYTES[0] <= rules.max_bytes <= PACKAGE_BYTES[1]
    )
    if not within or rules.logs not in set(LogAudience):
        raise Invalid(_("Le portail ne sait pas appliquer ces règles."), code="code_rules")


def _without_the_others(challenge: Challenge, *, is_code: bool) -> dict[str, Any]:
    """Leave out the files that the new choice has no place for; what was sealed stays sealed."""
    refused = drafts.NOT_IN_CODE if is_code else drafts.ONLY_IN_CODE
    return {
        audience: [each for each in listed if each["role"] not in refused]
        for audience, listed in drafts.files_of(challenge).items()
    }


SAMPLE_ROWS = (100, 1_000)
SAMPLE_MAX_BYTES = 50 << 20


@transaction.atomic
def make_plan(
    *,
    challenge: Challenge,
    inputs: Mapping[str, bytes | Path],
    ids: str,
    sample: Mapping[str, bytes | Path],
    by: User,
) -> RunPlan:
    """Seal hidden inputs and keep a public sample of the same files.

    inputs, sample: {file name: content}, the same names. ids: the column of identifiers, that a
    CSV of each has; the hidden ones are those of the truth, which the worker compares. In
    order: sealed version "<slug>/inputs"; sample in the private store; plan; event
    "run_plan.made". Raises NotAllowed; Invalid, code "inputs", with a French sentence that holds
    no value.
    """
    require(organising_rules.may_edit_challenge, by, challenge)
    given = {name: _bytes(content) for name, content in sample.items()}
    _refuse_unlike(inputs, given)
    rows = _rows(inputs, given, ids)
    version = holdouts.register(
        name=f"{challenge.slug}/inputs", owner=challenge.organiser, files=inputs, by=by
    )
    zipped = foreign_bundle.zipped(iter(sorted(given.items())))  # the same files, the same object
    stored = objects.put(zipped, limit_bytes=2 * SAMPLE_MAX_BYTES)
    plan = RunPlan.objects.create(
        challenge=challenge,
        inputs=version,
        ids=ids,
        sample_sha256=stored.sha256,
        sample_size=stored.size,
        sample_rows=rows,
        sample_files=[{"name": name, "size": len(given[name])} for name in sorted(given)],
        created_at=clock.now(),
    )
    record("run_plan.made", by=by, on=challenge, files=len(inputs), rows=rows)
    return plan


@transaction.atomic
def use_plan(*, phase: Phase, plan: RunPlan, by: User) -> Phase:
    """Have a draft phase take code: its tasks in force read this plan, its kind is CODE.

    In order: tasks, with a job "compile" each; kind; event "run_plan.used". Raises NotAllowed;
    Conflict outside a draft, without a task, or where a program scores.
    """
    phase = Phase.objects.locked(phase)
    require(organising_rules.may_edit_challenge, by, phase.challenge)
    if phase.challenge.status != ChallengeStatus.DRAFT:
        raise Conflict(_("Ceci ne se change que dans un brouillon."), code="not_a_draft")
    if plan.challenge_id != phase.challenge_id:
        raise Conflict(_("Ces entrées sont celles d’un autre challenge."), code="other_challenge")
    tasks = phase.tasks.filter(current=True)
    if not tasks.exists():
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    if tasks.filter(scorer_version__programs__isnull=False).exists():
        raise Conflict(
            _("Un programme note cette phase : son propre protocole prend le code."),
            code="scorer_kind",
        )
    tasks.update(plan=plan)
    for task in tasks:  # the worker compares the inputs with the truth
        jobs.revive(kind=JobKind.COMPILE, subject_id=task.pk, dedup_key=f"{task.pk}:{plan.pk}")
    phase.kind = PhaseKind.CODE
    phase.save(update_fields=["kind"])
    record("run_plan.used", by=by, on=phase.challenge, phase=phase.index)
    return phase


@transaction.atomic
def read_lent(*, challenge: Challenge, data_file: DataFile | None, by: User) -> RunPlan:
    """Have the code of a draft read what its grant lends, in place of the table deposited, or not.

    Nothing of it is kept: the worker opens the extract for each run. The sealed table stays what
    exports carry. In order: the plan in force, to be compared with the truth again; a job "compile"
    for each task; event "run_plan.lent". The same file changes nothing. Raises NotAllowed for who
    is not of the organisation; Conflict outside a draft, without a plan, and for a file of which
    the grant lends no extract.
    """
    challenge = drafts.locked_draft(challenge, by)
    tasks = PhaseTask.objects.filter(phase__challenge=challenge, current=True, plan__isnull=False)
    plan = RunPlan.objects.filter(tasks__in=tasks).order_by("-pk").first()
    if plan is None:
        raise Conflict(_("Demandez d’abord le contrôle du brouillon."), code="no_plan")
    if data_file == plan.data_file:
        return plan
    require(organising_rules.may_choose_grant, by, challenge)
    if data_file is not None and data_file not in lent_files(challenge):
        raise Conflict(
            _("L’habilitation ne prête pas ce fichier, ou en prête plus de %(most)d Mo.")
            % {"most": settings.BUNDLE_MAX_BYTES // 1_000_000},
            code="file_not_lent",
        )
    read_from(plan, data_file, by)
    return plan


def lent_files(challenge: Challenge) -> list[DataFile]:
    """List the files of which the grant of a challenge lends what code may read."""
    ready = lent_to_code(challenge.grant)
    return list(DataFile.objects.filter(extracts__in=ready).order_by("pk"))


def table_of(plan: RunPlan) -> str:
    """Name the table among the inputs of a plan: the others say how to answer."""
    names = [each["name"] for each in plan.sample_files if each["name"] != FORMAT_NAME]
    return str(names[0])


@transaction.atomic
def note_inputs(*, plan: RunPlan, problem: InputFault | None) -> None:
    """Keep what the worker found of the inputs: None where they go with the truth."""
    plan.checked_at = clock.now()
    plan.problem = problem.sentence if problem else ""
    plan.problem_facts = dict(problem.facts) if problem else {}
    plan.save(update_fields=["checked_at", "problem", "problem_facts"])
    record("run_plan.checked", by=WORKER, on=plan.challenge, fits=problem is None)


def _refuse_unlike(inputs: Mapping[str, bytes | Path], sample: Mapping[str, bytes]) -> None:
    if set(inputs) != set(sample) or not inputs:
        raise Invalid(
            _("L’échantillon et les entrées cachées ont les mêmes noms de fichiers."),
            code="inputs",
        )
    if any(safe_name(name) != name for name in inputs):
        raise Invalid(_("Un nom de fichier ne convient pas."), code="inputs")
    if sum(len(each) for each in sample.values()) > SAMPLE_MAX_BYTES:
        raise Invalid(
            _("L’échantillon dépasse %(most)d Mo.") % {"most": SAMPLE_MAX_BYTES >> 20},
            code="inputs",
        )


def _rows(inputs: Mapping[str, bytes | Path], sample: Mapping[str, bytes], ids: str) -> int:
    """Return how many identifiers the sample has, once both are read."""
    try:
        rows = len(identifiers(sample, ids))
        identifiers({name: _bytes(content) for name, content in inputs.items()}, ids)
    except InputFault as fault:
        raise Invalid(_(fault.sentence) % fault.facts, code="inputs") from fault
    low, high = SAMPLE_ROWS
    if not low <= rows <= high:
        raise Invalid(
            _("L’échantillon compte %(rows)d lignes ; il en faut de %(low)d à %(high)d.")
            % {"rows": rows, "low": low, "high": high},
            code="inputs",
        )
    return rows


def _bytes(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


MAX_FILE_BYTES = 2 << 30
# What DrivenData's packages read to know the rows and the columns that are asked.
FORMAT_NAME = "submission_format.csv"
FORMATTED = frozenset({Layout.ONE_ROW_PER_ID, Layout.NUMBERS_PER_ID})


def give_inputs(
    *, challenge: Challenge, spec: PortableSpec, folder: Path, sealed: bool, by: User
) -> RunPlan | None:
    """Make the plan of a draft of code and use it; None where teams send predictions.

    sealed: held-out files were sealed anew; otherwise the plan in force stays where its sample is
    the same. Raises what `make_plan` and `use_plan` raise.
    """
    if spec.code is None:
        return None
    inputs, sample = _files(spec, Folder(folder))
    phase = challenge.phases.get(index=0)
    task = PhaseTask.objects.select_related("plan").get(phase=phase, index=0, current=True)
    former = task.plan
    if former is not None and not sealed and sample_of(former) == sample:
        return former
    plan = make_plan(
        challenge=challenge,
        inputs=inputs,
        ids=str(spec.contract.truth.key),
        sample=sample,
        by=by,
    )
    if former is not None and former.data_file_id is not None:
        plan.data_file_id = former.data_file_id
        plan.save(update_fields=["data_file"])
    use_plan(phase=phase, plan=plan, by=by)
    return plan


def _files(spec: PortableSpec, place: Folder) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Name the hidden inputs and the sample alike, each with the format of its answer."""
    hidden, shown = (
        place.read(_path(spec, role), limit_bytes=MAX_FILE_BYTES)
        for role in (Role.HIDDEN_INPUTS, Role.SAMPLE_INPUTS)
    )
    name = safe_name(Path(_path(spec, Role.HIDDEN_INPUTS)).name)
    inputs, sample = {name: hidden}, {name: shown}
    if spec.contract.answer.layout in FORMATTED and name != FORMAT_NAME:
        example = _path(spec, Role.SAMPLE_SUBMISSION)
        ids = place.column(_path(spec, Role.HIDDEN_INPUTS), str(spec.contract.truth.key))
        inputs[FORMAT_NAME] = _format(spec, place, example, ids)
        sample[FORMAT_NAME] = place.read(example, limit_bytes=MAX_FILE_BYTES)
    return inputs, sample


def _path(spec: PortableSpec, role: Role) -> str:
    entry = spec.file(role)
    if entry is None:
        raise AssertionError("the reader asks for this file")
    return entry.path


def _format(spec: PortableSpec, place: Folder, example: str, ids: list[str]) -> bytes:
    """Write an answer that says nothing: each hidden identifier, then the example's first row."""
    own = spec.contract.answer.find("id")
    header = place.header(example)
    first = [place.column(example, name)[0] for name in header]
    at = header.index(own.name if own else "")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([*first[:at], each, *first[at + 1 :]] for each in ids)
    return out.getvalue().encode()


def sample_of(plan: RunPlan) -> dict[str, bytes]:
    """Read the public sample, by the names that programs read."""
    with zipfile.ZipFile(io.BytesIO(objects.read(plan.sample_sha256))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


TRIAL_MOST_LOG = 2 * 64 * 1024


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended. reason_code: empty when it wrote a file that is accepted."""

    reason_code: str
    detail: str = ""
    verdict: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""
    log_cut: bool = False
    measures: Mapping[str, Any] = field(default_factory=dict)


def start_trial(
    *, phase: Phase, team: Team, content: BinaryIO, original_name: str, by: User
) -> CodeTrial:
    """Queue a trial of a team's package on the public sample of a phase.

    content: a binary file that can be read twice. In order: the package, encrypted; trial
    QUEUED; job "trial"; event "code_trial.asked". Raises NotAllowed; Closed when the phase takes
    nothing; Conflict where it takes no code; QuotaSpent past the trials of the hour; TooLarge;
    Invalid for an empty file; NoSandbox.
    """
    require(entries_rules.may_enter, by, team)
    refuse_closed(Phase.objects.select_related("challenge").get(pk=phase.pk), clock.now())
    plan = plan_of(phase)
    if plan is None:
        raise Conflict(_("Cette phase ne prend pas de code."), code="no_code")
    refuse_not_isolated()
    _refuse_spent(team, clock.now())
    size, digest = releases.measured(content, limit_bytes=phase.max_bytes)
    if not size:
        raise Invalid(_("Le fichier est vide."), code="E_EMPTY")
    kept = releases.keep(content)
    made = CodeTrial(
        phase=phase,
        team=team,
        plan=plan,
        asked_by_id=by.pk,
        sha256=digest,
        size=size,
        original_name=safe_name(original_name),
        sealed=kept.sha256,
        keys=list(kept.keys),
    )
    try:
        return _queued(made, by)
    except BaseException:  # no row names these bytes: nobody would erase them
        releases.forget(kept.sha256)
        raise


@transaction.atomic
def _queued(trial: CodeTrial, by: User) -> CodeTrial:
    team = Team.objects.select_for_update().get(pk=trial.team_id)
    trial.created_at = clock.now()
    _refuse_spent(team, trial.created_at)
    trial.save(force_insert=True)
    jobs.put(
        kind=JobKind.TRIAL,
        subject_id=trial.pk,
        fair_rank=CodeTrial.objects.alive().filter(team=team).count(),
    )
    record("code_trial.asked", by=by, on=trial, team=team.slug)
    return trial


def _refuse_spent(team: Team, now: datetime) -> None:
    hour = trials_left(team, now)
    if not hour.left:
        raise QuotaSpent(
            _("Votre équipe a fait beaucoup d’essais cette heure-ci."),
            code="trials_reached",
            next_opening=hour.next_opening,
        )


@transaction.atomic
def begin_trial(*, job: Job) -> CodeTrial | None:
    """Start a trial; None when it has ended already."""
    if not jobs.fence(job):
        return None
    trial = CodeTrial.objects.select_for_update().get(pk=job.subject_id)
    if not trial.is_alive:
        jobs.complete(job)
        return None
    trial.state, trial.started_at = RunState.RUNNING, clock.now()
    trial.save(update_fields=["state", "started_at"])
    return trial


@transaction.atomic
def finish_trial(*, job: Job, tried: TrialOutcome) -> bool:
    """Keep what a trial gave, and forget its package; False when the lease was lost.

    In order: job done; trial DONE or FAILED; event "code_trial.ended"; its bytes, once committed.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    trial = CodeTrial.objects.select_for_update().get(pk=job.subject_id)
    _end(trial, tried)
    return True


def _end(trial: CodeTrial, tried: TrialOutcome) -> None:
    trial.state = RunState.FAILED if tried.reason_code else RunState.DONE
    trial.reason_code, trial.detail = tried.reason_code, tried.detail
    trial.verdict, trial.measures = dict(tried.verdict), dict(tried.measures)
    trial.log = tried.log.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:TRIAL_MOST_LOG]
    trial.log_cut = tried.log_cut
    trial.finished_at = clock.now()
    sealed, trial.sealed, trial.keys = trial.sealed, "", []
    trial.save()
    record("code_trial.ended", by=WORKER, on=trial, reason=tried.reason_code)
    transaction.on_commit(lambda: releases.forget(sealed), robust=True)


def end_dead_trial(job: Job) -> None:
    """End a trial that our platform could not make: the team asks again."""
    trial = CodeTrial.objects.select_for_update().filter(pk=job.subject_id).first()
    if trial is not None and trial.is_alive:
        _end(trial, TrialOutcome(ReasonCode.PLATFORM.value))


@transaction.atomic
def sweep_trials() -> int:
    """Recreate the missing jobs of trials, some at a time; return how many were missing."""
    alone = CodeTrial.objects.alive().filter(~Q(Job.objects.does(JobKind.TRIAL, "pk")))
    missing = [str(pk) for pk in alone.order_by("pk").values_list("pk", flat=True)[:SWEPT]]
    for key in missing:
        jobs.revive(kind=JobKind.TRIAL, subject_id=key)
    return len(missing)
