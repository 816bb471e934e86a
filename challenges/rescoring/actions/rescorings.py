"""Change the scoring of a phase: proposed, tried on every entry, decided by a second person.

The worker alone opens what the exchange releases: it prepares it, `apply` puts it in force, all
at once. Each night the references are scored again, and one that moved rings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import give_outcome, queue_scores, settle_entry
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import Evaluation, Score, evaluations_of
from challenges.organising.actions.folders import queue_compile
from challenges.organising.actions.notices import announce
from challenges.organising.enums import PUBLIC_STATUSES, ChallengeStatus, NoticeKind
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Leaderboard, PhaseTask, ScorerVersion
from challenges.organising.modes import mode_of
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER, queue_standings
from challenges.queue.enums import JOB_PRIORITY, JobKind, JobState
from challenges.queue.models import NO_GRANT, Job
from challenges.rescoring import rules
from challenges.rescoring.actions import scorers, trials
from challenges.rescoring.models import BaselineCheck, Rescoring, RescoringState, WatchState
from challenges.results import actions as results
from challenges.results.actions import FinalResults, SettledRung
from challenges.results.models.boards import Listing, Reveal, Standing
from challenges.scoring.truth import Keys, load_keys
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage import objects

_LIVE = PUBLIC_STATUSES - {ChallengeStatus.ARCHIVED}
REASON_MAX_CHARACTERS = 2_000


@transaction.atomic
def propose(
    *,
    phase: Phase,
    index: int = 0,
    version: ScorerVersion | None = None,
    holdout: HoldoutVersion | None = None,
    reason: str,
    by: User,
) -> Rescoring:
    """Propose another scorer version, another edition of the held-out data, or both.

    index: the task of the phase that would be replaced. In order: task, not in force; change;
    job "compile" where the truth was not compiled; event "rescoring.proposed". Nothing that
    teams see changes. Raises NotAllowed; Invalid without reason or change; Conflict while
    another change is open, before the publication, while the final results are being released
    and once the challenge is archived.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_propose_rescoring, by, phase)
    reason = reason.strip()
    if not reason:
        raise Invalid(
            _("Dites pourquoi la notation change : les équipes le liront."), code="reason_required"
        )
    refuse_untimely(phase)
    former = phase.tasks.filter(current=True, index=index).select_related("scorer_version").first()
    if former is None:
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    if version is not None and version.scorer_id != former.scorer_version.scorer_id:
        raise Invalid(_("Cette version est celle d’une autre notation."), code="other_scorer")
    wanted = (
        former.scorer_version_id if version is None else version.pk,
        former.holdout_id if holdout is None else holdout.pk,
    )
    if wanted == (former.scorer_version_id, former.holdout_id):
        raise Invalid(_("Rien ne change : ni la mesure, ni les réponses."), code="same_scoring")
    task = PhaseTask.objects.create(
        phase=phase,
        index=index,
        name=former.name,
        scorer_version_id=wanted[0],
        holdout_id=wanted[1],
        plan_id=former.plan_id,
        form=former.form,
        current=False,
    )
    rescoring = _open(task, former, reason[:REASON_MAX_CHARACTERS], by)
    if not task.holdout.is_compiled:
        queue_compile(task)
    record("rescoring.proposed", by=by, on=rescoring, phase=phase.index, reason=reason)
    return rescoring


@transaction.atomic
def propose_figures(
    *,
    phase: Phase,
    index: int = 0,
    spec: Mapping[str, Any] | None = None,
    truth: bytes | None = None,
    reason: str,
    by: User,
) -> Rescoring:
    """Propose other figures, corrected answers, or both, for a task that a metric scores.

    spec: the whole contract, None where it stays. truth: the CSV of the answers, sealed here.
    In order: scorer version; edition of the held-out data; as `propose`. Raises as `propose`,
    and Invalid where a program scores, for other figures where the phase has several tasks (their
    means would mix two definitions), or for a contract or answers that cannot be read.
    """
    task = task_to_change(phase, index, by)
    scorers.refuse_program(task.scorer_version.scorer)
    if spec is not None and phase.tasks.filter(current=True).count() > 1:
        raise Invalid(
            _(
                "Les mesures sont communes aux tâches de cette phase : changées pour une seule, "
                "leur moyenne n’aurait plus de sens. Corrigez les réponses d’une tâche, ou gardez "
                "les mesures."
            ),
            code="metrics_shared",
        )
    version = None if spec is None else scorers.next_version(task=task, spec=spec, by=by)
    files = {}
    if truth is not None:
        files = {scorers.truth_file(task): truth}
        scorers.refuse_unreadable(task, version or task.scorer_version, truth)
    holdout = scorers.holdout_edition(task=task, version=version, files=files, by=by)
    return propose(phase=phase, index=index, version=version, holdout=holdout, reason=reason, by=by)


def task_to_change(phase: Phase, index: int, by: User) -> PhaseTask:
    """Return the task in force whose scoring a person may change; raises NotAllowed, Conflict."""
    require(rules.may_propose_rescoring, by, phase)
    refuse_untimely(phase)
    tasks = phase.tasks.filter(current=True, index=index)
    task = tasks.select_related("scorer_version__scorer", "scorer_version__programs").first()
    if task is None:
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    return task


def _open(task: PhaseTask, former: PhaseTask, reason: str, by: User) -> Rescoring:
    try:
        with transaction.atomic():
            return Rescoring.objects.create(
                phase_id=task.phase_id,
                task=task,
                former=former,
                reason=reason,
                proposed_by_id=by.pk,
                proposed_at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict(
            _("Un changement de notation est déjà à l’étude pour cette phase."),
            code="rescoring_open",
        ) from error


def is_timely(phase: Phase) -> bool:
    """Say whether the scoring of a phase may still change."""
    try:
        refuse_untimely(phase)
    except Conflict:
        return False
    return True


def refuse_untimely(phase: Phase) -> None:
    """Raise Conflict where the scoring of a phase changes no more, or not this way.

    After the final results a change is an erratum: both are kept.
    """
    if phase.challenge.status not in _LIVE:
        raise Conflict(
            _(
                "La notation d’un brouillon se change par un nouvel import, et plus du tout une "
                "fois le challenge archivé."
            ),
            code="rescoring_untimely",
        )
    reveals = Reveal.objects.filter(phase=phase, decided_at__isnull=False)
    if reveals.filter(executed_at__isnull=True).exists():
        raise Conflict(
            _("Les résultats définitifs sont en cours de publication : réessayez ensuite."),
            code="phase_revealing",
        )
    Entry.objects.filter(enrolment__phase=phase).refuse_deleted()


def start(*, rescoring: Rescoring, by: User) -> Rescoring:
    """Score every entry by the new scoring, aside: nothing is released, nobody waits for it.

    In order: change RUNNING, event "rescoring.started" the first time; what ended for a fault
    of ours forgotten. Then, the phase no longer held: evaluations and jobs of the first
    `trials.TRIAL_BATCH` entries, the last of the queue; the sweep of the worker queues the others.
    Raises NotAllowed; Conflict while the truth is being compiled, when its identifiers are
    others, once decided, or while its restricted data have no grant in force.
    """
    rescoring = _started(rescoring, by)
    trials.queue_missing_trials(rescoring, batches=1)
    if not rescoring.not_ended().exists():
        trials.compare_boards_later(rescoring, cause=f"start:{clock.now().isoformat()}")
    return rescoring


@transaction.atomic
def _started(rescoring: Rescoring, by: User) -> Rescoring:
    phase = Phase.objects.locked(rescoring.phase)
    rescoring = Rescoring.objects.locked(rescoring)
    require(rules.may_propose_rescoring, by, rescoring.phase)
    tryable = {RescoringState.PROPOSED, RescoringState.RUNNING, RescoringState.READY}
    if rescoring.state not in tryable:
        raise already_decided()
    if phase.challenge.waits_for_grant(clock.now()):
        raise Conflict(
            _("Les données de ce challenge n’ont pas d’habilitation en cours : rien n’est noté."),
            code=NO_GRANT,
        )
    refuse_unread(rescoring)
    if rescoring.state == RescoringState.PROPOSED:
        rescoring.state, rescoring.started_at = RescoringState.RUNNING, clock.now()
        rescoring.save()
        record("rescoring.started", by=by, on=rescoring, entries=rescoring.entries().count())
    trials.retry_trials(rescoring)
    return rescoring


@transaction.atomic
def accept(*, rescoring: Rescoring, digest: str, by: User) -> Rescoring:
    """Accept a change: by a person of the Region, not an organiser, not the proposer.

    digest: of the comparison that was read. In order: change ACCEPTED; job "swap"; event
    "rescoring.accepted". Twice by the same person changes nothing. Where the job of an accepted
    change is dead, any of these persons gives it another life: event "rescoring.relaunched".
    Raises NotAllowed; Conflict while entries wait, or when the comparison has moved.
    """
    Phase.objects.locked(rescoring.phase)
    rescoring = Rescoring.objects.locked(rescoring)
    require(rules.may_decide_rescoring, by, rescoring.phase)
    rescoring.refuse_proposer(by)
    if is_stuck(rescoring):
        jobs.revive(kind=JobKind.SWAP, subject_id=rescoring.pk)
        record("rescoring.relaunched", by=by, on=rescoring)
        return rescoring
    settled = {RescoringState.ACCEPTED, RescoringState.IN_FORCE}
    if rescoring.decided_by_id == by.pk and rescoring.state in settled:
        return rescoring
    if not rescoring.is_tried or rescoring.state == RescoringState.ACCEPTED:
        raise already_decided() if not rescoring.is_open or rescoring.decided_by_id else _unready(0)
    refuse_untimely(rescoring.phase)
    waiting = rescoring.waiting()
    if rescoring.state != RescoringState.READY or waiting:
        raise _unready(waiting)
    if (rescoring.facts.get("digest"), rescoring.facts.get("seen")) != (digest, rescoring.seen()):
        raise Conflict(
            _("La comparaison a changé depuis l’affichage de la page : relisez-la."),
            code="changed",
        )
    rescoring.state = RescoringState.ACCEPTED
    rescoring.decide(by, clock.now())
    rescoring.save()
    jobs.revive(kind=JobKind.SWAP, subject_id=rescoring.pk)
    record("rescoring.accepted", by=by, on=rescoring, phase=rescoring.phase.index)
    return rescoring


def is_stuck(rescoring: Rescoring) -> bool:
    """Say whether a change was accepted and no job will put it in force any more."""
    if rescoring.state != RescoringState.ACCEPTED:
        return False
    swaps = Job.objects.alive().filter(kind=JobKind.SWAP, dedup_key=str(rescoring.pk))
    return not swaps.exists()


def _unready(waiting: int) -> Conflict:
    return Conflict(
        _("Toutes les soumissions ne sont pas encore notées et comparées."),
        code="rescoring_unready",
        waiting=waiting,
    )


def already_decided() -> Conflict:
    """Say that a change was settled already."""
    return Conflict(_("Ce changement est déjà décidé."), code="answered")


@transaction.atomic
def refuse(*, rescoring: Rescoring, note: str, by: User) -> Rescoring:
    """Refuse a change, with a reason for the organisers: by who could accept it.

    In order: change REFUSED; what was still to score dropped; event "rescoring.refused";
    letter. Raises NotAllowed, Invalid without reason, Conflict once decided.
    """
    rescoring = _locked_open(rescoring)
    require(rules.may_decide_rescoring, by, rescoring.phase)
    rescoring.refuse_proposer(by)
    if not note.strip():
        raise Invalid(_("Dites pourquoi vous refusez ce changement."), code="reason_required")
    rescoring.decide(by, clock.now())
    _end(rescoring, RescoringState.REFUSED, note=note.strip()[:REASON_MAX_CHARACTERS])
    record("rescoring.refused", by=by, on=rescoring, note=rescoring.note)
    owe("mail.rescoring_refused", key=str(rescoring.pk), rescoring_id=rescoring.pk)
    return rescoring


@transaction.atomic
def withdraw(*, rescoring: Rescoring, by: User) -> Rescoring:
    """Take a change back before it is decided: by an organiser. Event "rescoring.withdrawn"."""
    rescoring = _locked_open(rescoring)
    require(rules.may_propose_rescoring, by, rescoring.phase)
    _end(rescoring, RescoringState.WITHDRAWN)
    record("rescoring.withdrawn", by=by, on=rescoring)
    return rescoring


def _locked_open(rescoring: Rescoring) -> Rescoring:
    Phase.objects.locked(rescoring.phase)
    rescoring = Rescoring.objects.locked(rescoring)
    if not rescoring.is_open or rescoring.state == RescoringState.ACCEPTED:
        raise already_decided()
    return rescoring


def _end(rescoring: Rescoring, state: RescoringState, **values: Any) -> None:
    """Close a change that is not followed; drop what nobody has begun to score."""
    rescoring.state = state
    for name, value in values.items():
        setattr(rescoring, name, value)
    rescoring.save()
    pending = Evaluation.objects.filter(
        pk__in=rescoring.evaluations().filter(state=EvaluationState.PENDING).values("pk")
    )
    keys = [str(pk) for pk in pending.order_by("pk").values_list("pk", flat=True)]
    queued = Job.objects.filter(kind=JobKind.SCORE, dedup_key__in=keys)
    begun = set(
        queued.filter(state=JobState.LEASED).order_by("pk").values_list("dedup_key", flat=True)
    )
    queued.exclude(state=JobState.LEASED).update(state=JobState.DONE, finished_at=clock.now())
    pending.filter(pk__in=[key for key in keys if key not in begun]).delete()


@transaction.atomic
def store_comparison(*, job: Job, rescoring: Rescoring, facts: dict[str, Any]) -> bool:
    """Store what a change moves, as the worker computed it; False when something moved meanwhile.

    facts: with "seen", what they stand on: other by now, nothing is written and the job goes on.
    In order: phase locked; job done; facts; change READY; letter to the Region the first time.
    """
    if not jobs.fence(job):
        return True
    Phase.objects.locked(rescoring.phase)
    rescoring = (
        Rescoring.objects.select_related("task", "former")
        .select_for_update(of=["self"])
        .get(pk=rescoring.pk)
    )
    tryable = rescoring.state in {RescoringState.RUNNING, RescoringState.READY}
    if tryable and rescoring.seen() != facts["seen"]:
        return False
    jobs.complete(job)
    if not tryable:
        return True
    rescoring.facts, first = facts, rescoring.state == RescoringState.RUNNING
    rescoring.state = RescoringState.READY
    rescoring.save()
    if first:
        owe("mail.rescoring_ready", key=str(rescoring.pk), rescoring_id=rescoring.pk)
    return True


def refuse_unread(rescoring: Rescoring) -> None:
    """Raise Conflict while the answers of a change are not read, or where nobody could use them."""
    holdout, former = rescoring.task.holdout, rescoring.former.holdout
    if not holdout.is_compiled:
        job = compilation_job(rescoring)
        if job is not None and job.state == JobState.DEAD:
            raise Conflict(
                _(
                    "Les réponses corrigées ne se lisent pas (%(code)s). Retirez ce changement et "
                    "proposez-en un autre."
                )
                % {"code": job.error_code},
                code="truth_unreadable",
            )
        raise Conflict(
            _("Les réponses sont en cours de lecture : réessayez dans un instant."),
            code="holdout_not_compiled",
        )
    if former.is_compiled and holdout.pk != former.pk and not _same_identifiers(holdout, former):
        raise Conflict(
            _(
                "Les réponses corrigées ne portent pas sur les mêmes identifiants : les fichiers "
                "des équipes ne pourraient plus être lus."
            ),
            code="truth_ids_changed",
        )


def _same_identifiers(one: HoldoutVersion, other: HoldoutVersion) -> bool:
    first, second = _keys(one), _keys(other)
    if len(first) != len(second):
        return False
    return _candidates(first) == _candidates(second)


def _keys(version: HoldoutVersion) -> Keys:
    return load_keys(objects.read(str(version.compiled_keys_sha256)))  # without a label


def _candidates(keys: Keys) -> dict[str, set[str]]:
    rows = keys.candidates or [[] for _name in keys.ids]
    return {name: set(row) for name, row in zip(keys.ids, rows, strict=True)}


def compilation_job(rescoring: Rescoring) -> Job | None:
    """Return the job that reads the truth of a change, None where it was read already."""
    task = rescoring.task
    key = f"{task.holdout_id}:{task.scorer_version_id}"
    return Job.objects.filter(kind=JobKind.COMPILE, dedup_key=key).first()


_CHANGED = gettext_lazy(
    "La notation de « %(name)s » a changé, toutes les soumissions ont été notées de nouveau. "
    "Motif : %(reason)s"
)
_ERRATUM = gettext_lazy(
    "Erratum : les résultats définitifs de « %(name)s » ont été réévalués. Les premiers restent "
    "lisibles à la page de chaque soumission. Motif : %(reason)s"
)
ComputeBoards = Callable[[], Sequence[tuple[Listing, Sequence[Standing], dict[str, Any]]]]


@dataclass(frozen=True)
class Release:
    """What an evaluation shows once it is in force: exact figures, to round once."""

    evaluation: Evaluation
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Any]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """All that a change releases, read from the sealed results of `seen`.

    settled: what a Ladder shows of each team instead, in order of receipt.
    """

    seen: frozenset[UUID]
    releases: Sequence[Release] = ()
    settled: Sequence[SettledRung] = field(default=())


class NotSeen(Exception):
    """Another entry was scored while this was prepared: prepare again."""

    code = "rescoring_moving"


def put_in_force(rescoring: Rescoring, prepared: Prepared, *, at: datetime, sign: bool) -> None:
    """Exchange the tasks and release what the new one found, in the caller's transaction.

    sign: False to see what would move, in a transaction that is taken back: nothing is signed,
    queued, owed or recorded, so that nobody's act waits for it.
    In order: tasks; columns; scores, rungs and receipts; entries. Raises NotSeen.
    """
    done = evaluations_of(rescoring.task).filter(state=EvaluationState.DONE)
    if frozenset(done.order_by("pk").values_list("pk", flat=True)) != prepared.seen:
        raise NotSeen
    PhaseTask.objects.filter(pk=rescoring.former_id).update(current=False)
    PhaseTask.objects.filter(pk=rescoring.task_id).update(current=True)
    former, new = (mode_of(task).contract(task) for task in (rescoring.former, rescoring.task))
    if former is not None and new is not None:
        scorers.follow_contract(rescoring.phase, former, new)
    for each in prepared.releases:
        _release_scores(each, at, sign=sign)
    for shown in prepared.settled:
        results.write_rung(shown, sign=sign)
    _realign(rescoring, at, sign=sign)


def _release_scores(each: Release, at: datetime, *, sign: bool) -> None:
    scores = evaluations.public_scores(each.evaluation, each.figures, each.intervals, at=at)
    with immutable.writes(Score):
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if sign:
        evaluations.issue_score_receipt(each.evaluation, scores, provenance=each.provenance, at=at)


def _realign(rescoring: Rescoring, at: datetime, *, sign: bool) -> None:
    """Give each entry the outcome of the scoring in force; queue what it has not ended with."""
    found = {each.entry_id: each for each in evaluations_of(rescoring.task).select_related("entry")}
    lasting = {
        EntryStatus.SCORED: EvaluationState.DONE,
        EntryStatus.FAILED: EvaluationState.FAILED,
    }
    # All are held before the first of them writes in the journal.
    held = rescoring.entries().select_related("enrolment__phase").order_by("pk")
    for entry in held.select_for_update(of=("self",)):
        evaluation = found.get(entry.pk)
        status = EntryStatus(entry.status)
        kept = status in lasting and evaluation is not None and lasting[status] == evaluation.state
        if kept or status == EntryStatus.NEEDS_ATTENTION:
            continue
        _move_entry(entry, evaluation, at, sign=sign)


def _move_entry(entry: Entry, evaluation: Evaluation | None, at: datetime, *, sign: bool) -> None:
    if entry.status in {EntryStatus.SCORED, EntryStatus.FAILED}:
        entry.become(EntryStatus.QUEUED, at=at)
    if not sign:
        give_outcome(entry, at)
        entry.save()
        return
    entry.save()
    queue_scores(entry)
    if evaluation is not None:
        Job.objects.filter(
            kind=JobKind.SCORE, dedup_key=str(evaluation.pk), state=JobState.READY
        ).update(priority=JOB_PRIORITY[JobKind.SCORE], phase=entry.enrolment.phase_id)
    settle_entry(entry, at)


@transaction.atomic
def apply(
    *,
    job: Job,
    rescoring: Rescoring,
    prepared: Prepared,
    boards: ComputeBoards,
    finals: Callable[[], FinalResults],
) -> bool:
    """Put an accepted change in force; False when nothing was done.

    boards, finals: compute the boards, and the final results of a phase whose own are out, as
    they stand in this transaction. In order:
    job done; the exchange (`put_in_force`); boards; after the reveal, an erratum, final results
    (`reveals.release`); change IN_FORCE; job "standings"; notice; letter; event
    "rescoring.in_force". Old evaluations, scores and receipts stay. Raises NotSeen.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    phase = Phase.objects.locked(rescoring.phase)
    rescoring = (
        Rescoring.objects.select_related(
            "task__scorer_version__scorer", "former__scorer_version", "phase__challenge"
        )
        .select_for_update(of=["self"])
        .get(pk=rescoring.pk)
    )
    if rescoring.state != RescoringState.ACCEPTED:
        return False
    now = clock.now()
    put_in_force(rescoring, prepared, at=now, sign=True)
    is_erratum = phase.is_revealed
    if is_erratum:
        results.release_results(phase, finals(), at=now)
    else:
        for found, lines, facts in boards():
            results.write_board(Leaderboard.objects.locked(found.board), found, lines, facts)
    rescoring.state, rescoring.executed_at = RescoringState.IN_FORCE, now
    rescoring.save()
    queue_standings(phase.pk, cause=f"rescoring:{rescoring.pk}")
    announce(
        challenge=rescoring.phase.challenge,
        kind=NoticeKind.SCORING,
        sentence=_ERRATUM if is_erratum else _CHANGED,
        at=now,
        name=rescoring.phase.name,
        reason=rescoring.reason,
    )
    record(
        "rescoring.in_force",
        by=WORKER,
        on=rescoring,
        scores=len(prepared.seen),
        erratum=is_erratum,
    )
    owe("mail.phase_rescored", key=str(rescoring.pk), rescoring_id=rescoring.pk)
    return True


@dataclass(frozen=True)
class WatchOutcome:
    """What one more scoring of a reference gave.

    figure, difference: the public figure that moved most; empty and None where only a reserved
    one did. tolerance: what was allowed. runs: how many were needed to tell.
    """

    state: WatchState
    figure: str = ""
    difference: float | None = None
    tolerance: float | None = None
    runs: int = 1
    reason_code: str = ""


@transaction.atomic
def queue_watches() -> int:
    """Queue one scoring of each reference of the challenges that are out; return how many.

    None of a challenge that waits for a grant.
    """
    now = clock.now()
    day = clock.paris_day(now)
    found = 0
    tasks = PhaseTask.objects.filter(
        current=True, phase__challenge__status__in=[each.value for each in _LIVE]
    ).exclude(phase__challenge__in=Challenge.objects.waiting_for_grant(now))
    for task in tasks.order_by("pk"):
        watched = evaluations_of(task).filter(
            entry__in=Entry.objects.references().filter(status=EntryStatus.SCORED),
            state=EvaluationState.DONE,
        )
        for pk in watched.order_by("pk").values_list("pk", flat=True):
            jobs.put(kind=JobKind.WATCH, subject_id=pk, dedup_key=f"{pk}:{day}")
            found += 1
    return found


@transaction.atomic
def note_watch(*, job: Job, evaluation: Evaluation, seen: WatchOutcome) -> BaselineCheck | None:
    """Keep what a night found, once; None when the lease was lost or the night is told.

    In order: job done; check; for a drift that is not that of the night before: event
    "baseline.drifted", letter to the organisers and the operators.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return None
    Entry.objects.locked(evaluation.entry)
    day = clock.paris_day(clock.now())
    checks = BaselineCheck.objects.filter(evaluation=evaluation)
    if checks.filter(day=day).exists():
        return None
    last = checks.order_by("-day").first()
    rings = seen.state != WatchState.SAME and not (last is not None and _alike(last, seen))
    with immutable.writes(BaselineCheck):
        check = BaselineCheck.objects.create(
            evaluation=evaluation,
            day=day,
            state=seen.state,
            figure=seen.figure[:160],
            difference=seen.difference,
            tolerance=seen.tolerance,
            runs=seen.runs,
            reason_code=seen.reason_code[:40],
            rang=rings,
            checked_at=clock.now(),
        )
    if rings:
        record("baseline.drifted", by=jobs.WORKER, on=evaluation.entry, state=seen.state.value)
        owe("mail.baseline_drifted", key=str(check.pk), check_id=check.pk)
    return check


def _alike(last: BaselineCheck, seen: WatchOutcome) -> bool:
    """Say whether the night before told the same drift."""
    return (
        last.state == seen.state
        and last.figure == seen.figure
        and last.reason_code == seen.reason_code
        and _near(last.difference, seen.difference, seen.tolerance)
    )


def _near(one: float | None, other: float | None, tolerance: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= (tolerance or 0.0)


def refuse_undecided(challenge: Challenge) -> None:
    """Raise Conflict while a change of the scoring of a challenge is undecided."""
    if Rescoring.objects.open().filter(phase__challenge=challenge).exists():
        raise Conflict(_("Un changement de notation attend sa décision."), code="rescoring_waiting")
