"""Write about a challenge to those concerned: its visa, dates, notices, deadlines, invitations.

A reminder is named by its phase and the date it is about: two schedulers, or one that runs
again, owe it once, and a close that moves has its own reminders.
"""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from challenges.organising.enums import NoticeKind, PhaseMoment
from challenges.organising.letters import organisers, page, region, registered, tell
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    Notice,
    OrganiserInvitation,
    Phase,
)
from challenges.organising.queries import REMINDERS_HOURS, closing, just_opened
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.enums import Delivery, InvitationState, RegionRole
from portal.accounts.models import User
from portal.accounts.news import Kind, declare
from portal.audit.duties import duty
from portal.audit.outbox import handler, owe
from portal.lib import clock


def _editorial(
    letter: str, challenge_id: int, people: Iterable[User] | None = None, about: str = ""
) -> None:
    challenge = Challenge.objects.get(pk=challenge_id)
    tell(
        letter,
        organisers(challenge) if people is None else people,
        challenge,
        path=page(challenge) if challenge.is_public else f"/espace/challenges/{challenge.slug}/",
        event=f"{challenge.pk}:{challenge.status_since.isoformat()}",
        about=about or challenge.title,
    )


@handler("mail.challenge_submitted")
def challenge_submitted(challenge_id: int) -> None:
    """Tell the moderators that a challenge awaits their visa."""
    _editorial("challenge_submitted", challenge_id, region(RegionRole.MODERATOR))


@handler("mail.challenge_published")
def challenge_published(challenge_id: int) -> None:
    """Tell the organisers that their challenge is published."""
    _editorial("challenge_published", challenge_id)


@handler("mail.challenge_sent_back")
def challenge_sent_back(challenge_id: int, reason: str) -> None:
    """Tell the organisers which corrections are asked."""
    _editorial("challenge_sent_back", challenge_id, about=reason)


@handler("mail.phase_dates")
def phase_dates(phase_id: int, notice_id: int) -> None:
    """Tell the people registered that the dates changed.

    notice_id: the notice of this change, so that dates which come back are told again.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    said = Notice.objects.get(pk=notice_id).text
    _tell_of_phase("phase_dates", phase, str(notice_id), said)


def _tell_of_phase(letter: str, phase: Phase, event: str, about: str, rest: str = "") -> None:
    """Tell the people registered something of a phase, once for each event of it."""
    tell(
        letter,
        registered(phase.challenge),
        phase.challenge,
        path=page(phase.challenge, rest),
        event=f"{phase.pk}:{event}",
        about=about,
    )


@handler("mail.notice")
def notice(notice_id: int) -> None:
    """Tell the people registered of a public notice, once each."""
    announced = Notice.objects.select_related("challenge").get(pk=notice_id)
    rules = announced.kind == NoticeKind.TERMS
    tell(
        "terms_changed" if rules else "challenge_notice",
        registered(announced.challenge),
        announced.challenge,
        path=page(announced.challenge, "reglement/" if rules else ""),
        event=str(announced.pk),
        about=announced.text,
    )


@duty("challenges.deadlines", minutes=5)
def remind() -> None:
    """Owe the reminders of what opened or closes soon."""
    now = clock.now()
    for phase in just_opened(now):
        opens_at = str(phase.opens_at)
        owe("mail.phase_opened", key=f"{phase.pk}:{opens_at}", phase_id=phase.pk, date=opens_at)
    for hours in REMINDERS_HOURS:
        for phase in closing(now, hours):
            closes_at = str(phase.closes_at)
            owe(
                "mail.phase_closes",
                key=f"{phase.pk}:{closes_at}:{hours}",
                phase_id=phase.pk,
                date=closes_at,
                hours=hours,
            )


@handler("mail.phase_opened")
def phase_opened(phase_id: int, date: str) -> None:
    """Tell who had registered before that a phase is open, unless its dates moved meanwhile.

    Nor while its restricted data have no grant in force.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    waits = phase.challenge.waits_for_grant(clock.now())
    if waits or str(phase.opens_at) != date or phase.moment() != PhaseMoment.OPEN:
        return
    waiting = registered(phase.challenge, before=phase.opens_at)
    challenge, event = phase.challenge, f"{phase.pk}:{date}"
    path = page(challenge)
    tell("phase_opened", waiting, challenge, path=path, event=event, about=phase.name)


@handler("mail.phase_closes")
def phase_closes(phase_id: int, date: str, hours: int) -> None:
    """Tell the people registered when a phase closes, unless the close moved or has passed.

    With the first reminder, those who have chosen no final entry are reminded of it.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    if str(phase.closes_at) != date or phase.moment() != PhaseMoment.OPEN:
        return
    about = _closing_text(phase)
    _tell_of_phase(f"phase_closes_{hours}", phase, date, about, "soumissions/")
    if hours == max(REMINDERS_HOURS) and phase.final_choices:
        owe("mail.choices_missing", key=f"{phase.pk}:{date}", phase_id=phase.pk, date=date)


def _closing_text(phase: Phase) -> str:
    """Write the phase and its close, to the minute in Paris with the offset."""
    closes_at = phase.closes_at
    return f"{phase.name} ({clock.paris_text(closes_at)})" if closes_at else str(phase.name)


@handler("mail.organiser_invited")
def organiser_invited(invitation_id: int) -> None:
    """Ask a person to run a challenge with others; an address without account gets nothing."""
    invitation = OrganiserInvitation.objects.select_related("challenge").get(pk=invitation_id)
    if invitation.state != InvitationState.SENT:
        return
    tell(
        "organiser_invited",
        User.objects.filter(email__iexact=invitation.email, is_active=True),
        invitation.challenge,
        path="/espace/challenges/",
        event=str(invitation.pk),
        about=str(invitation.role),
    )


def _takes_part(user: User) -> bool:
    return User.objects.filter(pk=user.pk, registrations__isnull=False).exists()


def _moderates(user: User) -> bool:
    return has_permission(user, Permission.CHALLENGE_REVEAL)


KINDS = (
    Kind(
        "entries",
        _("Mes soumissions"),
        ("entry_scored", "entry_rejected", "entry_failed", "entry_examined"),
        detail=_("Évaluées, refusées, échouées, examinées."),
        default=Delivery.DAILY,
        open_to=_takes_part,
    ),
    Kind(
        "deadlines",
        _("Échéances"),
        ("phase_opened", "phase_closes_48", "phase_closes_3", "choices_missing"),
        detail=_("Une phase ouvre, ferme dans 48 h, dans 3 h ; aucun choix final."),
        open_to=_takes_part,
    ),
    Kind(
        "results",
        _("Résultats"),
        ("phase_revealed", "team_ranked", "phase_rescored"),
        detail=_("Publication des résultats, réévaluation de toutes les soumissions."),
        open_to=_takes_part,
    ),
    Kind(
        "announcements",
        _("Annonces et équipes"),
        ("challenge_notice", "team_captain", "guest_invited"),
        detail=_("Annonces des organisateurs, invitations, changement de capitaine."),
        open_to=_takes_part,
    ),
    Kind(
        "organising",
        _("Les challenges que j’organise"),
        (
            "registration_pending",
            "entry_attention",
            "phase_paused",
            "program_to_mend",
            "baseline_drifted",
            "challenge_published",
            "challenge_sent_back",
            "organiser_invited",
            "rescoring_refused",
            "disqualification_settled",
        ),
        detail=_(
            "Inscriptions à accepter, soumissions examinées, score de référence changé, visa."
        ),
        open_to=lambda user: ChallengeOrganiser.objects.filter(user=user).exists(),
    ),
    Kind(
        "moderation",
        _("Modération des challenges"),
        (
            "challenge_submitted",
            "entry_to_examine",
            "reveal_proposed",
            "rescoring_ready",
            "disqualification_to_decide",
        ),
        detail=_("Visas, examens techniques, résultats à confirmer."),
        open_to=_moderates,
    ),
    Kind(
        "rules",
        _("Règlement et dates"),
        ("terms_changed", "phase_dates"),
        essential=_("Ils changent ce que vous pouvez faire, et jusqu’à quand."),
        open_to=_takes_part,
    ),
    Kind(
        "answers",
        _("Décisions sur votre participation"),
        (
            "registration_accepted",
            "registration_refused",
            "disqualification_asked",
            "disqualification_decided",
        ),
        essential=_("Elles vous donnent un droit, ou un délai pour répondre."),
        open_to=_takes_part,
    ),
    Kind(
        "operation",
        _("Pannes du portail"),
        ("platform_alarm", "job_dead"),
        essential=_("Des soumissions attendent que quelqu’un répare."),
        open_to=_moderates,
    ),
)
for kind in KINDS:
    declare(kind)
