"""What people do to the scoring: pause a phase, try broken entries again, decide on one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.entries.actions import deposits
from challenges.entries.actions.deposits import settle_later
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import has_final_results
from challenges.evaluation import rules
from challenges.evaluation.actions.evaluations import queue_scores
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import Evaluation, in_force, pausing_phase
from challenges.evaluation.queries import BROKEN
from challenges.organising.actions.notices import announce
from challenges.organising.enums import NoticeKind
from challenges.organising.models.challenges import Phase
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import Dashed, Job
from challenges.scoring.verdict import ReasonCode
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

PORTAL = SystemActor("scheduler")
REASON_MAX_CHARACTERS = 500
MOST_RETRIED = 500


@transaction.atomic
def pause(*, phase: Phase, reason: str, by: User) -> Phase:
    """Hold the scores that teams wait for: entries are received and checked, none is scored.

    Their code does not run either. What a worker does already ends; a change of scoring is still
    tried aside, with the runs that it waits for. In order: phase PAUSED; the jobs that wait tied
    to it; public notice; event "phase.paused". Raises NotAllowed; Invalid without reason; Conflict
    before the publication and when it is paused already.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_pause_phase, by, phase)
    reason = reason.strip()[:REASON_MAX_CHARACTERS]
    if not reason:
        raise Invalid(_("Dites pourquoi : les équipes le liront."), code="reason_required")
    if not phase.challenge.is_public:
        raise Conflict(
            _("Ce challenge n’est pas publié : il n’a pas de file à arrêter."),
            code="before_visa",
        )
    if phase.paused_at:
        raise Conflict(_("La notation de cette phase est déjà en pause."), code="phase_paused")
    now = clock.now()
    _hold(phase, by.pk, reason, now)
    announce(
        challenge=phase.challenge,
        kind=NoticeKind.SCORING,
        sentence=gettext_lazy(
            "La notation de « %(name)s » est en pause. Motif : %(reason)s. Les soumissions sont "
            "reçues et leur format est vérifié ; elles seront notées à la reprise."
        ),
        at=now,
        name=phase.name,
        reason=reason.rstrip(". "),
    )
    record("phase.paused", by=by, on=phase, reason=reason)
    return phase


def _hold(phase: Phase, person: int | None, reason: str, at: datetime) -> None:
    """Write the pause of a locked phase, and tie to it the jobs that wait."""
    phase.paused_at, phase.paused_by_id, phase.pause_reason = at, person, reason
    phase.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    waited = Evaluation.objects.filter(in_force(), entry__enrolment__phase=phase)
    for kind, subject in ((JobKind.SCORE, "pk"), (JobKind.RUN, "run_id")):
        Job.objects.filter(
            kind=kind,
            state=JobState.READY,
            dedup_key__in=waited.order_by().values(key=Dashed(subject)),
        ).update(phase=phase)


def pause_without_grant() -> int:
    """Pause the phases whose restricted data have no grant in force; return how many.

    For each that may still be scored, once: phase paused by nobody, its cause as reason; jobs as by
    `pause`; public notice; event "phase.paused"; letter to the organisers.
    """
    now = clock.now()
    found = Phase.objects.without_grant(now).filter(paused_at__isnull=True)
    return sum(_pause_without_grant(phase, now) for phase in found.order_by("pk"))


@transaction.atomic
def _pause_without_grant(phase: Phase, now: datetime) -> bool:
    phase = Phase.objects.locked(phase)
    if phase.paused_at or not phase.challenge.waits_for_grant(now):
        return False
    notice = announce(
        challenge=phase.challenge,
        kind=NoticeKind.SCORING,
        sentence=gettext_lazy(
            "« %(name)s » est en pause : ses données à accès restreint n’ont plus d’habilitation "
            "en cours. Rien n’est reçu ni noté d’ici la reprise."
        ),
        at=now,
        name=phase.name,
    )
    _hold(phase, None, notice.text, now)
    record("phase.paused", by=PORTAL, on=phase, reason=notice.text)
    owe("mail.phase_paused", key=f"{phase.pk}:{notice.pk}", phase_id=phase.pk, notice_id=notice.pk)
    return True


@transaction.atomic
def resume(*, phase: Phase, by: User) -> Phase:
    """Score again what waits, in its order. Event "phase.resumed", public notice.

    Raises NotAllowed; Conflict when it is not paused, and until a grant of its restricted data is
    in force.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_pause_phase, by, phase)
    if not phase.paused_at:
        raise Conflict(_("La notation de cette phase n’est pas en pause."), code="phase_running")
    if phase.challenge.waits_for_grant(clock.now()):
        raise Conflict(
            _("Choisissez d’abord, dans « Textes et règles », une habilitation en cours."),
            code="grant_not_active",
        )
    phase.paused_at = phase.paused_by = None
    phase.pause_reason = ""
    phase.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    announce(
        challenge=phase.challenge,
        kind=NoticeKind.SCORING,
        sentence=gettext_lazy("La notation de « %(name)s » a repris."),
        at=clock.now(),
        name=phase.name,
    )
    record("phase.resumed", by=by, on=phase)
    return phase


def retry_phase(*, phase: Phase, by: User) -> int:
    """Try again the entries that broke down by the platform's fault; return how many.

    Never one that failed by its own fault, or by its program's: those a moderator examines. The
    entry takes a slot again where its team has one left. For each, at most AT_ONCE: as
    `examinations.requeue`. Event "phase.retried" with their number. Raises NotAllowed; Conflict
    when there is none.
    """
    require(rules.may_pause_phase, by, phase)
    broken = Entry.objects.filter(BROKEN, enrolment__phase=phase).order_by("received_at", "pk")
    found = list(broken.values_list("pk", flat=True))
    if not found:
        raise Conflict(
            _("Aucune soumission n’attend de relance : aucune panne n’en a arrêté."),
            code="nothing_to_retry",
        )
    made = sum(_retry_entry(Entry(pk=pk), by) for pk in found[:MOST_RETRIED])
    record("phase.retried", by=by, on=phase, entries=made)
    return made


@transaction.atomic
def _retry_entry(entry: Entry, by: User) -> bool:
    entry = Entry.objects.locked(entry)
    if (entry.status, entry.reason_code) != (EntryStatus.NEEDS_ATTENTION, ReasonCode.PLATFORM):
        return False
    try_again(entry)
    record("entry.requeued", by=by, on=entry, note="")
    return True


@transaction.atomic
def requeue(*, entry: Entry, by: Actor, note: str = "") -> Entry:
    """Give an examined entry another try, by a moderator who is not of its team.

    In order: entry QUEUED, or CHECKING if its file was not checked yet; its jobs live again;
    event "entry.requeued" with the note. Raises NotAllowed; Conflict when it is no longer
    examined.
    """
    entry = Entry.objects.locked(entry)
    require(rules.may_examine_entry, by, entry)
    try_again(entry)
    record("entry.requeued", by=by, on=entry, note=note)
    return entry


def try_again(entry: Entry) -> None:
    """Put an examined, locked entry back where it broke down, in the caller's transaction.

    Where the platform broke down, with the slots that its team has left.
    """
    now = clock.now()
    if entry.reason_code == ReasonCode.PLATFORM:
        deposits.take_slots_again(entry)
    if entry.verdict:
        entry.become(EntryStatus.QUEUED, at=now)
        entry.save()
        entry.evaluations.filter(state=EvaluationState.FAILED, to_examine=True).update(
            state=EvaluationState.PENDING, finished_at=None, to_examine=False, reason_code=""
        )
        queue_scores(entry)
        for evaluation in entry.evaluations.exclude(state=EvaluationState.DONE):
            jobs.revive(
                kind=JobKind.SCORE,
                subject_id=evaluation.pk,
                phase_id=pausing_phase(evaluation),
            )
    else:
        entry.become(EntryStatus.CHECKING, at=now)
        entry.save()
        jobs.revive(kind=JobKind.CHECK, subject_id=entry.pk)


@transaction.atomic
def score_again(*, entry: Entry, by: Actor, note: str = "") -> Entry:
    """Score an entry that failed once more, by a moderator who is not of its team.

    In order: entry QUEUED, its slot as it was; its failed evaluations in force live again; event
    "entry.scored_again" with the note. Raises NotAllowed; Conflict when it has not failed, and
    once the final results are confirmed, unless it came after them.
    """
    phase = Phase.objects.share_locked(entry.enrolment.phase_id)
    entry = Entry.objects.locked(entry)
    require(rules.may_score_again, by, entry)
    if has_final_results(phase) and entry.counts:
        raise Conflict(
            _("Les résultats définitifs sont publiés : plus rien ne se note de nouveau."),
            code="phase_revealed",
        )
    if entry.status != EntryStatus.FAILED:
        raise Conflict(_("Cette soumission n’est pas en échec."), code="entry_status")
    Entry.objects.filter(pk=entry.pk).refuse_deleted()
    entry.become(EntryStatus.QUEUED, at=clock.now())
    entry.save()
    failed = entry.evaluations.filter(in_force(), state=EvaluationState.FAILED)
    keys = [str(pk) for pk in failed.order_by("pk").values_list("pk", flat=True)]
    entry.evaluations.filter(pk__in=keys).update(
        state=EvaluationState.PENDING, finished_at=None, to_examine=False, reason_code=""
    )
    queue_scores(entry)
    for key in keys:
        jobs.revive(kind=JobKind.SCORE, subject_id=key, phase_id=phase.pk)
    record("entry.scored_again", by=by, on=entry, note=note)
    return entry


@transaction.atomic
def give_up(*, entry: Entry, our_fault: bool, by: Actor, note: str = "") -> Entry:
    """End an examined entry, by a moderator; our fault gives its slots back, another takes them.

    In order: entry FAILED; slots; event "entry.given_up" with the note; letter. Raises
    NotAllowed; Conflict when it is no longer examined.
    """
    entry = Entry.objects.locked(entry)
    require(rules.may_examine_entry, by, entry)
    entry.become(EntryStatus.FAILED, at=clock.now(), reason=ReasonCode.PLATFORM.value)
    if our_fault:
        entry.give_slots_back()
    elif entry.day_slot is None and entry.total_slot is None:
        deposits.take_slots_again(entry)
    entry.save()
    settle_later(entry)
    record("entry.given_up", by=by, on=entry, our_fault=our_fault, note=note)
    deposits.tell_outcome(entry)
    return entry
