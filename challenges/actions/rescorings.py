"""Change the scoring of a phase: proposed, tried on every entry, decided by a second person.

The exchange itself is in `swaps`: the worker alone opens what it releases.
"""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from challenges import retention, rules
from challenges.actions import readings
from challenges.enums import ChallengeStatus, EvaluationState, JobKind, JobState
from challenges.enums.rescorings import RescoringState
from challenges.evaluation.actions import evaluations, scorers
from challenges.models import (
    Entry,
    Evaluation,
    Job,
    Phase,
    PhaseTask,
    Rescoring,
    Reveal,
    ScorerVersion,
)
from challenges.organising.actions.folders import queue_compile
from challenges.queue import actions as jobs
from datasets.models import HoldoutVersion
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

_LIVE = {
    ChallengeStatus.PUBLISHED,
    ChallengeStatus.SUSPENDED,
    ChallengeStatus.CLOSED,
    ChallengeStatus.REVEALED,
}
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
def change(
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
    require(rules.may_propose_rescoring, by, phase)
    refuse_untimely(phase)
    tasks = phase.tasks.filter(current=True, index=index)
    task = tasks.select_related("scorer_version__scorer").first()
    if task is None:
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    scorers.refuse_program(task.scorer_version.scorer)
    if spec is not None and phase.tasks.filter(current=True).count() > 1:
        raise shared_figures()
    version = None if spec is None else scorers.next_version(task=task, spec=spec, by=by)
    files = {}
    if truth is not None:
        files = {scorers.truth_file(task): truth}
        scorers.refuse_unreadable(version or task.scorer_version, truth)
    holdout = scorers.holdout_edition(task=task, version=version, files=files, by=by)
    return propose(phase=phase, index=index, version=version, holdout=holdout, reason=reason, by=by)


def shared_figures() -> Invalid:
    """Say that the figures of several tasks do not change for one of them."""
    return Invalid(
        _(
            "Les mesures sont communes aux tâches de cette phase : changées pour une seule, leur "
            "moyenne n’aurait plus de sens. Corrigez les réponses d’une tâche, ou gardez les "
            "mesures."
        ),
        code="metrics_shared",
    )


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
    reveals = Reveal.objects.filter(phase=phase, confirmed_at__isnull=False)
    if reveals.filter(executed_at__isnull=True).exists():
        raise Conflict(
            _("Les résultats définitifs sont en cours de publication : réessayez ensuite."),
            code="phase_revealing",
        )
    retention.refuse_deleted(Entry.objects.filter(enrolment__phase=phase))


def start(*, rescoring: Rescoring, by: User) -> Rescoring:
    """Score every entry by the new scoring, aside: nothing is released, nobody waits for it.

    In order: change RUNNING, event "rescoring.started" the first time; what ended for a fault
    of ours forgotten. Then, the phase no longer held: evaluations and jobs of the first
    `asides.BATCH` entries, the last of the queue; the sweep of the worker queues the others.
    Raises NotAllowed; Conflict while the truth is being compiled, when its identifiers are
    others, or once decided.
    """
    rescoring = _started(rescoring, by)
    evaluations.queue_missing_trials(rescoring, batches=1)
    if not rescoring.not_ended().exists():
        evaluations.compare_boards_later(rescoring, cause=f"start:{clock.now().isoformat()}")
    return rescoring


@transaction.atomic
def _started(rescoring: Rescoring, by: User) -> Rescoring:
    Phase.objects.locked(rescoring.phase)
    rescoring = Rescoring.objects.locked(rescoring)
    require(rules.may_propose_rescoring, by, rescoring.phase)
    tryable = {RescoringState.PROPOSED, RescoringState.RUNNING, RescoringState.READY}
    if rescoring.state not in tryable:
        raise decided()
    readings.refuse_unread(rescoring)
    if rescoring.state == RescoringState.PROPOSED:
        rescoring.state, rescoring.started_at = RescoringState.RUNNING, clock.now()
        rescoring.save()
        record("rescoring.started", by=by, on=rescoring, entries=rescoring.entries().count())
    evaluations.retry_trials(rescoring)
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
    if rescoring.proposed_by_id == by.pk:
        raise Conflict(_("Il faut deux personnes différentes."), code="takes_two")
    if is_stuck(rescoring):
        jobs.revive(kind=JobKind.SWAP, subject_id=rescoring.pk, dedup_key=str(rescoring.pk))
        record("rescoring.relaunched", by=by, on=rescoring)
        return rescoring
    settled = {RescoringState.ACCEPTED, RescoringState.IN_FORCE}
    if rescoring.decided_by_id == by.pk and rescoring.state in settled:
        return rescoring
    if not rescoring.is_tried or rescoring.state == RescoringState.ACCEPTED:
        raise decided() if not rescoring.is_open or rescoring.decided_by_id else _unready(0)
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
    rescoring.decided_by_id, rescoring.decided_at = by.pk, clock.now()
    rescoring.save()
    jobs.revive(kind=JobKind.SWAP, subject_id=rescoring.pk, dedup_key=str(rescoring.pk))
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


def decided() -> Conflict:
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
    if rescoring.proposed_by_id == by.pk:
        raise Conflict(_("Il faut deux personnes différentes."), code="takes_two")
    if not note.strip():
        raise Invalid(_("Dites pourquoi vous refusez ce changement."), code="reason_required")
    rescoring.decided_by_id, rescoring.decided_at = by.pk, clock.now()
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
        raise decided()
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
def ready(*, job: Job, rescoring: Rescoring, facts: dict[str, Any]) -> bool:
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
