"""End a challenge for good."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules
from challenges.actions.notices import announce
from challenges.enums import ChallengeStatus, NoticeKind
from challenges.models import Challenge, Entry, Phase, Rescoring, Reveal
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def archive(*, challenge: Challenge, reason: str, by: User) -> Challenge:
    """End a challenge that is closed: by an owner or the Region once its results are published.

    Before, by a person of the Region apart from it. A publication that was proposed and that
    nobody confirmed ends with it.
    Nothing enters any more, a bench ends, references are watched no more, and the time for which
    files are held runs. In order: CLOSED or REVEALED to ARCHIVED; public notice with the reason;
    event "challenge.archived". Raises NotAllowed; Invalid without a reason; Conflict while
    something of it is undecided, or before it is closed. No edge leads back.
    """
    # Entries being accepted hold their phase: they are in before the archive, or refused.
    phases = list(challenge.phases.select_related(None).select_for_update().order_by("pk"))
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_archive_challenge, by, challenge)
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid(_("Dites pourquoi le challenge est archivé."), code="reason_required")
    now = clock.now()
    _refuse_grace(phases, now)
    _refuse_undecided(challenge)
    published = challenge.status == ChallengeStatus.REVEALED
    challenge.become(ChallengeStatus.ARCHIVED, at=now)
    challenge.save()
    sentence = gettext_lazy("Challenge archivé : %(reason)s")
    announce(challenge=challenge, kind=NoticeKind.TEXT, sentence=sentence, at=now, reason=reason)
    record("challenge.archived", by=by, on=challenge, reason=reason, results_published=published)
    return challenge


def _refuse_grace(phases: Iterable[Phase], at: datetime) -> None:
    """Refuse while a file whose upload began before a close may still end."""
    for phase in phases:
        ends = phase.grace_ends_at
        if ends is not None and phase.is_in_grace(at):
            raise Conflict(
                _(
                    "Des envois commencés avant la fermeture peuvent encore arriver, "
                    "jusqu’au %(date)s."
                )
                % {"date": clock.paris_text(ends)},
                code="phase_in_grace",
            )


def _refuse_undecided(challenge: Challenge) -> None:
    """Refuse while a scoring, a confirmed publication or a change of scoring goes on."""
    reveals = Reveal.objects.filter(
        phase__challenge=challenge, confirmed_at__isnull=False, executed_at__isnull=True
    )
    if reveals.exists():
        raise Conflict(
            _("Une publication des résultats est confirmée : laissez-la se terminer."),
            code="reveal_waiting",
        )
    entries = Entry.objects.filter(enrolment__phase__challenge=challenge)
    if entries.without_outcome().exists():
        raise Conflict(
            _("Des soumissions attendent encore leur résultat ou un examen."),
            code="entries_unfinished",
        )
    if Rescoring.objects.open().filter(phase__challenge=challenge).exists():
        raise Conflict(_("Un changement de notation attend sa décision."), code="rescoring_waiting")
