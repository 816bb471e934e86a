"""Hold the scoring of a phase, let it go on, and try again what broke down by our fault."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules
from challenges.actions.examinations import try_again
from challenges.enums import EntryStatus, JobKind, JobState, NoticeKind, ReasonCode
from challenges.models import Entry, Evaluation, Job, Phase
from challenges.models.entry import EntryQuerySet
from challenges.models.job import Dashed
from challenges.models.rescoring import in_force
from challenges.organising.actions.notices import announce
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

REASON_MAX_CHARACTERS = 500
AT_ONCE = 500


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
    phase.paused_at, phase.paused_by_id, phase.pause_reason = now, by.pk, reason
    phase.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    waited = Evaluation.objects.filter(in_force(), entry__enrolment__phase=phase)
    for kind, subject in ((JobKind.SCORE, "pk"), (JobKind.RUN, "run_id")):
        Job.objects.filter(
            kind=kind,
            state=JobState.READY,
            dedup_key__in=waited.order_by().values(key=Dashed(subject)),
        ).update(phase=phase)
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


@transaction.atomic
def resume(*, phase: Phase, by: User) -> Phase:
    """Score again what waits, in its order. Event "phase.resumed", public notice.

    Raises NotAllowed; Conflict when it is not paused.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_pause_phase, by, phase)
    if not phase.paused_at:
        raise Conflict(_("La notation de cette phase n’est pas en pause."), code="phase_running")
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


def retry(*, phase: Phase, by: User) -> int:
    """Try again the entries that broke down by the platform's fault; return how many.

    Never one that failed by its own fault, or by its program's: those a moderator examines. The
    entry takes a slot again where its team has one left. For each, at most AT_ONCE: as
    `examinations.requeue`. Event "phase.retried" with their number. Raises NotAllowed; Conflict
    when there is none.
    """
    require(rules.may_pause_phase, by, phase)
    found = list(broken(phase).order_by("received_at", "pk").values_list("pk", flat=True))
    if not found:
        raise Conflict(
            _("Aucune soumission n’attend de relance : rien n’a échoué du fait de la plateforme."),
            code="nothing_to_retry",
        )
    made = sum(_retry_one(Entry(pk=pk), by) for pk in found[:AT_ONCE])
    record("phase.retried", by=by, on=phase, entries=made)
    return made


@transaction.atomic
def _retry_one(entry: Entry, by: User) -> bool:
    entry = Entry.objects.locked(entry)
    if (entry.status, entry.reason_code) != (EntryStatus.NEEDS_ATTENTION, ReasonCode.PLATFORM):
        return False
    try_again(entry)
    record("entry.requeued", by=by, on=entry, note="")
    return True


def broken(phase: Phase) -> EntryQuerySet:
    """Keep the entries of a phase that wait because the platform broke down."""
    return Entry.objects.filter(
        enrolment__phase=phase,
        status=EntryStatus.NEEDS_ATTENTION,
        reason_code=ReasonCode.PLATFORM.value,
    )
