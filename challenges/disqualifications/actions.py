"""Disqualify an entry or a team: an organiser asks, the team replies, the Region decides."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from challenges.disqualifications import rules
from challenges.disqualifications.models import Disqualification, DisqualificationStatus
from challenges.entries.actions.choices import bring_back
from challenges.entries.models import Entry
from challenges.organising.actions.notices import announce_recomputed
from challenges.organising.models.challenges import Phase
from challenges.queue.actions import queue_standings
from challenges.teams.actions.teams import settle_state
from challenges.teams.enums import TeamState
from challenges.teams.models import Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.rates import DAY, keep_pace
from portal.lib.refusals import Conflict, Invalid

SAME_TEAM_A_DAY = 5


@transaction.atomic
def propose(*, team: Team, entry: Entry | None, reason: str, by: User) -> Disqualification:
    """Ask the Region to put an entry out of the results, or the whole team when entry is None.

    Nothing changes for the team yet. In order: proposal, with the date until which the team may
    reply; event "disqualification.proposed"; a letter to its members. Raises NotAllowed;
    Conflict for a team that left, and when the same is asked already; Invalid for an
    entry of another team; QuotaSpent past five in a day, withdrawn ones included, since each
    writes to the team.
    """
    team = Team.objects.locked(team)
    require(rules.may_propose_disqualification, by, team)
    if not team.is_live:
        raise Conflict(
            _("Cette équipe ne participe plus : elle n’a rien au classement."), code="team_closed"
        )
    if entry is not None and not Entry.objects.of_team(team.pk).filter(pk=entry.pk).exists():
        raise Invalid(_("Cette soumission n’est pas de cette équipe."), code="entry_of_another")
    keep_pace(
        team.disqualifications.all(),
        by="proposed_at",
        most=SAME_TEAM_A_DAY,
        window=DAY,
        sentence=_("Cinq demandes par jour au plus contre la même équipe."),
        code="disqualifications_day",
    )
    now = clock.now()
    found = Disqualification(
        challenge=team.challenge,
        team=team,
        entry=entry,
        reason=reason,
        proposed_by=by,
        proposed_at=now,
        reply_by=now + timedelta(days=settings.DISQUALIFICATION_REPLY_DAYS),
    )
    try:
        with transaction.atomic():
            found.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            _("Une procédure est déjà ouverte, ou décidée, pour cette soumission ou cette équipe."),
            code="disqualification_once",
        ) from error
    record("disqualification.proposed", by=by, on=found, **_about(found), reason=reason)
    owe("mail.disqualification_asked", key=str(found.public_id), found_id=found.pk)
    return found


@transaction.atomic
def answer(*, found: Disqualification, text: str, by: User) -> Disqualification:
    """Reply for the team, once, until the decision.

    In order: the reply; event "disqualification.answered"; a letter to the Region. Raises
    NotAllowed; Conflict when the team has replied or the decision is taken.
    """
    found = Disqualification.objects.locked(found)
    require(rules.may_answer_disqualification, by, found)
    if found.replied_at is not None or not found.is_undecided:
        raise Conflict(
            _("Votre équipe a déjà répondu, ou la décision est prise."),
            code="answered",
        )
    found.reply, found.replied_at, found.replied_by = text, clock.now(), by
    found.version += 1
    found.save()
    record("disqualification.answered", by=by, on=found, team=found.team.slug)
    tell_region(found)
    return found


@transaction.atomic
def withdraw(*, found: Disqualification, reason: str, by: User) -> Disqualification:
    """Take a proposal back, by an organiser, before it is decided on.

    In order: status WITHDRAWN; event "disqualification.withdrawn"; a letter to the team.
    """
    found = Disqualification.objects.locked(found)
    require(rules.may_withdraw_disqualification, by, found)
    _decide(found, DisqualificationStatus.WITHDRAWN, reason, by)
    record("disqualification.withdrawn", by=by, on=found, **_about(found), reason=reason)
    _tell(found)
    return found


@transaction.atomic
def dismiss(*, found: Disqualification, reason: str, by: User, version: int) -> Disqualification:
    """Refuse a proposal, by the Region: the team keeps its place.

    In order: status DISMISSED with its author and reason; event "disqualification.dismissed";
    letters to the team and to the organisers. Raises NotAllowed; Conflict when it changed since
    it was read, or was decided on.
    """
    found = _read(found, version, by)
    _decide(found, DisqualificationStatus.DISMISSED, reason, by)
    record("disqualification.dismissed", by=by, on=found, **_about(found), reason=reason)
    _tell(found)
    return found


@transaction.atomic
def pronounce(*, found: Disqualification, reason: str, by: User, version: int) -> Disqualification:
    """Disqualify, by the Region, once the team replied or had its days to.

    In order: status IN_FORCE with its author and reason; the entry dated, or the team
    DISQUALIFIED; boards queued; a public notice where the results are out; event
    "disqualification.pronounced"; letters to the team and to the organisers. Scores, receipts
    and choices stay as they are, so that `lift` gives them back; files are kept no longer than
    others. Raises NotAllowed; Conflict before the team could reply, when it changed since it was
    read, when the team left.
    """
    team = Team.objects.locked(found.team)  # before the proposal, as `propose` does
    found = _read(found, version, by)
    if not found.is_ripe(clock.now()) and found.is_undecided:
        raise Conflict(
            _("L’équipe n’a pas répondu et son délai court jusqu’au %(date)s.")
            % {"date": clock.paris_text(found.reply_by)},
            code="disqualification_unheard",
            reply_by=found.reply_by,
        )
    if not team.is_live and found.is_undecided and found.entry is None:
        raise Conflict(
            _("Cette équipe ne participe plus : classez la demande sans suite."), code="team_closed"
        )
    _decide(found, DisqualificationStatus.IN_FORCE, reason, by)
    if found.entry is None:
        team.state = TeamState.DISQUALIFIED
        team.save(update_fields=["state"])
    else:
        Entry.objects.filter(pk=found.entry.pk, disqualified_at__isnull=True).update(
            disqualified_at=found.decided_at, disqualified_by=by, disqualified_reason=reason
        )
    _recompute(found)
    record("disqualification.pronounced", by=by, on=found, **_about(found), reason=reason)
    _tell(found)
    return found


@transaction.atomic
def lift(*, found: Disqualification, reason: str, by: User, version: int) -> Disqualification:
    """Take a disqualification back, by the Region: the entry or the team returns to the boards.

    In order: status LIFTED with its author and reason; the entry no longer dated, or
    the team open again; a final choice that no longer has room is
    undone; boards queued; a public notice where the results are out; event
    "disqualification.lifted"; letters to the team and to the organisers. Raises as `dismiss`.
    """
    team = Team.objects.locked(found.team)
    found = _read(found, version, by)
    found.become(DisqualificationStatus.LIFTED)
    found.lifted_by, found.lifted_at, found.lifted_reason = by, clock.now(), reason
    found.save()
    if found.entry is None:
        team.state = TeamState.OPEN
        settle_state(team)
    else:
        bring_back(found.entry)
    _recompute(found)
    record("disqualification.lifted", by=by, on=found, **_about(found), reason=reason)
    _tell(found)
    return found


def tell_region(found: Disqualification) -> None:
    """Owe the Region one letter, once the team replied or had its days to."""
    owe("mail.disqualification_to_decide", key=str(found.public_id), found_id=found.pk)


@transaction.atomic
def ripen() -> int:
    """Owe the Region a letter for each proposal whose team let its days pass; return how many."""
    due = list(Disqualification.objects.ripe(clock.now()).order_by("pk"))
    for each in due:
        tell_region(each)
    return len(due)


def _read(found: Disqualification, version: int, by: User) -> Disqualification:
    """Lock a proposal to decide on it; raises Conflict when it is not the version that was read."""
    found = Disqualification.objects.locked(found)
    require(rules.may_decide_disqualification, by, found)
    if version != found.version:
        raise Conflict(
            _("Cette procédure a changé depuis que vous l’avez lue : relisez-la."),
            code="changed",
        )
    return found


def _decide(found: Disqualification, to: DisqualificationStatus, reason: str, by: User) -> None:
    found.become(to)
    found.decide(by, clock.now())
    found.decision = reason
    found.save()


def _about(found: Disqualification) -> dict[str, str]:
    """Name what it is about in the journal: the team, and the entry if it is about one."""
    entry = {"entry": str(found.entry_id)} if found.entry_id else {}
    return {"team": found.team.slug, **entry}


def _recompute(found: Disqualification) -> None:
    """Queue the boards of each phase that it is about; announce it where they are final."""
    entered = Entry.objects.of_team(found.team_id)
    if found.entry_id:
        entered = entered.filter(pk=found.entry_id)
    phases = Phase.objects.filter(pk__in=entered.values("enrolment__phase_id")).order_by("index")
    now = clock.now()
    for phase in phases:
        queue_standings(phase.pk, cause=f"disqualification:{found.pk}:{found.version}")
        announce_recomputed(phase, at=now)


def _tell(found: Disqualification) -> None:
    owe(
        "mail.disqualification_decided",
        key=f"{found.public_id}:{found.version}",
        found_id=found.pk,
        version=found.version,
        status=str(found.status),
    )
