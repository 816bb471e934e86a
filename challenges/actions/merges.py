"""Merging two teams into one: asked by a captain, accepted by the other, never undone."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions.evaluations import queue_standings
from challenges.actions.teams import settle_state
from challenges.enums import (
    ChallengeStatus,
    EntryStatus,
    MergeState,
    PhaseMoment,
    TeamRole,
    TeamState,
)
from challenges.models import (
    Challenge,
    Enrolment,
    Entry,
    MergeRequest,
    Phase,
    Team,
    TeamMember,
    Upload,
)
from challenges.queries.merges import last_day, may_merge, usage
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.paces import DAY, keep_pace
from portal.lib.refusals import Closed, Conflict, Invalid

_LIVE = {TeamState.OPEN, TeamState.FULL}
REQUESTS_A_DAY = 10
SAME_TEAM_A_DAY = 3


@transaction.atomic
def ask(*, team: Team, name: str, by: User) -> MergeRequest:
    """Ask the team of this name to take one's own in.

    In order: request; event "team.merge_asked"; letter to the captains of the other team.
    Raises NotAllowed; Invalid for a name that no other live team has; Closed in the last days
    before a close; Conflict when a request waits already, or a disqualification is asked against
    one's own team; QuotaSpent past ten requests of the team in a day, or three to the same one.
    What the other team sent is told to nobody before its captain accepts; what is asked against
    it, to nobody: the request waits.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    _refuse_gone(team)
    _refuse_judged(team)
    _refuse_late(team.challenge, clock.now())
    others = team.challenge.teams.live().exclude(pk=team.pk)
    other = others.filter(slug=slugify(" ".join(name.split())[:80]) or "-").first()
    if other is None:
        raise Invalid(_("Aucune autre équipe ne porte ce nom."), code="merge_unknown_team")
    if team.merges_asked.waiting().exists():
        raise Conflict(
            _("Votre équipe attend déjà une réponse : retirez d’abord cette demande."),
            code="merge_asked",
        )
    _refuse_insistence(team, other)
    merge = MergeRequest.objects.create(
        from_team=team, into_team=other, asked_by=by, asked_at=clock.now()
    )
    record("team.merge_asked", by=by, on=team, merge=str(merge.public_id))
    owe("mail.merge_asked", key=str(merge.public_id), merge_id=merge.pk)
    return merge


def _refuse_insistence(team: Team, other: Team) -> None:
    """Bound what a team writes to captains who never asked for it."""
    keep_pace(
        team.merges_asked.filter(into_team=other),
        by="asked_at",
        most=SAME_TEAM_A_DAY,
        window=DAY,
        sentence=_("Trois demandes par jour au plus à la même équipe."),
        code="merges_day",
    )
    keep_pace(
        team.merges_asked.all(),
        by="asked_at",
        most=REQUESTS_A_DAY,
        window=DAY,
        sentence=_("Dix demandes par jour au plus."),
        code="merges_day",
    )


@transaction.atomic
def refuse(*, merge: MergeRequest, by: User) -> MergeRequest:
    """Refuse to take a team in. Event "team.merge_refused", letter to the captains who asked."""
    merge = MergeRequest.objects.locked(merge)
    require(rules.may_answer_merge, by, merge)
    _answer(merge, MergeState.REFUSED, by)
    record("team.merge_refused", by=by, on=merge.into_team, merge=str(merge.public_id))
    owe("mail.merge_refused", key=str(merge.public_id), merge_id=merge.pk)
    return merge


@transaction.atomic
def withdraw(*, merge: MergeRequest, by: User) -> MergeRequest:
    """Take a request back before it is answered. Event "team.merge_withdrawn"."""
    merge = MergeRequest.objects.locked(merge)
    require(rules.may_withdraw_merge, by, merge)
    _answer(merge, MergeState.WITHDRAWN, by)
    record("team.merge_withdrawn", by=by, on=merge.from_team, merge=str(merge.public_id))
    return merge


def end_asked(*, team: Team, by: User) -> None:
    """End the request that a team sent and that waits, in the transaction that holds the team.

    As its captain would take it back, event "team.merge_withdrawn": the other team is not told
    that another cause ended it.
    """
    for merge in team.merges_asked.waiting().select_for_update().order_by("pk"):
        _answer(merge, MergeState.WITHDRAWN, by)
        record("team.merge_withdrawn", by=by, on=team, merge=str(merge.public_id))


@transaction.atomic
def accept(*, merge: MergeRequest, by: User) -> Team:
    """Take a team in, for good; return the team that stays.

    Locks, in this order: both teams by key, the request, the phases, the enrolments by key; an
    entry being received is counted or refused. In order: request accepted, the other requests
    about the absorbed team withdrawn, with a letter to the captains of a third team that asked;
    its members join, its captains as members; its uploads under way go on for the team that
    stays; its final choices, unless both together are too many; team MERGED; boards
    recomputed; event "team.merged"; letter to everybody in it.
    Raises NotAllowed; Closed in the last days before a close; Conflict when a team is gone,
    a disqualification is asked against the team that answers, the two are too many people, sent
    more than one team could have, or the absorbed one has files in a phase that is closed: its
    results do not change any more. A team that asked has no request left while one is asked
    against it: see `end_asked`.
    """
    gone, stays = Team.objects.both_locked(merge.from_team_id, merge.into_team_id)
    merge = MergeRequest.objects.locked(merge)
    require(rules.may_answer_merge, by, merge)
    _refuse_answered(merge)
    for each in (gone, stays):
        _refuse_gone(each)
    _refuse_judged(stays)
    phases = [Phase.objects.held(pk) for pk in _phase_ids(stays.challenge)]
    for phase in phases:  # so that an entry being received has a row to wait for
        for each in sorted((gone, stays), key=lambda team: team.pk):
            Enrolment.objects.get_or_create(phase=phase, team=each)
    Enrolment.objects.all_locked(_phase_ids(stays.challenge), gone.pk, stays.pk)
    now = clock.now()  # after the locks: nothing is received later for the team that goes
    _answer(merge, MergeState.ACCEPTED, by)
    _refuse_late(stays.challenge, now)
    _refuse_closed_results(gone, phases, now)
    _refuse_crowd(gone, stays)
    _refuse_usage(gone, stays, now)
    _withdraw_others(gone, stays, merge, by)
    for phase in phases:
        _join_choices(phase, gone, stays)
    _join_people(gone, stays, now)
    _join_uploads(gone, stays, now)
    _absorb(gone, stays)
    for phase in phases:
        if Entry.objects.counted_for(gone.pk).filter(enrolment__phase=phase).exists():
            queue_standings(phase.pk, cause=f"merge:{merge.public_id}")
    record("team.merged", by=by, on=stays, absorbed=gone.slug, merge=str(merge.public_id))
    owe("mail.teams_merged", key=str(merge.public_id), merge_id=merge.pk)
    return stays


def _phase_ids(challenge: Challenge) -> list[int]:
    return list(challenge.phases.order_by("pk").values_list("pk", flat=True))


def _refuse_answered(merge: MergeRequest) -> None:
    if merge.state != MergeState.ASKED:
        raise Conflict(_("Cette demande a déjà sa réponse."), code="merge_answered")


def _answer(merge: MergeRequest, state: MergeState, by: User) -> None:
    _refuse_answered(merge)
    merge.state, merge.answered_by, merge.answered_at = state.value, by, clock.now()
    merge.save(update_fields=["state", "answered_by", "answered_at"])


def _refuse_gone(team: Team) -> None:
    if team.state not in _LIVE or team.is_baseline:
        raise Conflict(_("Cette équipe n’existe plus."), code="team_closed")


def _refuse_judged(own: Team) -> None:
    """Refuse while a disqualification is asked: a merge would take the team out of its reach.

    Only for one's own team, whose members know of it.
    """
    if own.disqualifications.undecided().exists():
        raise Conflict(
            _(
                "Une disqualification est demandée contre votre équipe : elle ne se réunit à "
                "aucune autre avant la décision."
            ),
            code="merge_not_now",
        )


def _refuse_late(challenge: Challenge, now: datetime) -> None:
    if challenge.status != ChallengeStatus.PUBLISHED:
        raise Closed(_("Ce challenge ne réunit plus d’équipes."), code="merge_closed")
    if not may_merge(challenge, now):
        raise Closed(
            _("Deux équipes ne se réunissent plus à moins de %(days)d jours d’une clôture.")
            % {"days": settings.MERGE_DAYS_BEFORE_CLOSE},
            code="merge_closed",
            closes_at=last_day(challenge, now),
        )


def _refuse_closed_results(gone: Team, phases: list[Phase], now: datetime) -> None:
    for phase in phases:
        sent = Entry.objects.counted_for(gone.pk).filter(enrolment__phase=phase)
        if phase.moment(now) == PhaseMoment.CLOSED and sent.exists():
            raise Conflict(
                _(
                    "L’équipe à réunir a déposé dans « %(phase)s », qui est close : ses résultats "
                    "ne changent plus."
                )
                % {"phase": phase.name},
                code="merge_phase_closed",
            )


def _refuse_crowd(gone: Team, stays: Team) -> None:
    people = TeamMember.objects.filter(team__in=[gone, stays], left_at__isnull=True).count()
    if people > stays.challenge.team_max:
        raise Conflict(
            _("À deux, vos équipes comptent %(people)d personnes : %(max)d au plus.")
            % {"people": people, "max": stays.challenge.team_max},
            code="merge_too_many",
        )


def _refuse_usage(gone: Team, stays: Team, now: datetime) -> None:
    for each in usage(gone, stays, now):
        if each.is_over:
            raise Conflict(
                _(
                    "À deux, vos équipes ont utilisé %(used)d essais dans « %(phase)s » : une "
                    "équipe en aurait eu %(allowed)d au plus."
                )
                % {"used": each.used, "phase": each.phase.name, "allowed": each.allowed},
                code="merge_slots",
                used=each.used,
                allowed=each.allowed,
            )


def _withdraw_others(gone: Team, stays: Team, merge: MergeRequest, by: User) -> None:
    for asked in gone.merges_received.waiting().exclude(from_team=stays).order_by("pk"):
        owe("mail.merge_ended", key=str(asked.public_id), merge_id=asked.pk)
    for waiting in (gone.merges_asked.waiting(), gone.merges_received.waiting()):
        waiting.exclude(pk=merge.pk).update(
            state=MergeState.WITHDRAWN.value, answered_by=by, answered_at=clock.now()
        )


def _join_choices(phase: Phase, gone: Team, stays: Team) -> None:
    """Keep the choices of both while they fit; else those of the team that stays."""
    of_phase = Entry.objects.filter(enrolment__phase=phase, final_choice=True)
    chosen = of_phase.filter(status=EntryStatus.SCORED)
    theirs = list(of_phase.counted_for(gone.pk).order_by("pk").values_list("pk", flat=True))
    kept = chosen.counted_for(stays.pk).count()
    if theirs and kept + chosen.filter(pk__in=theirs).count() > phase.final_choices:
        Entry.objects.filter(pk__in=theirs).update(final_choice=False)


def _join_people(gone: Team, stays: Team, now: datetime) -> None:
    for member in list(gone.members.filter(left_at__isnull=True).order_by("joined_at", "pk")):
        member.left_at = now
        member.save(update_fields=["left_at"])
        TeamMember.objects.create(
            team=stays,
            challenge_id=stays.challenge_id,
            user_id=member.user_id,
            role=TeamRole.MEMBER,
            joined_at=now,
        )


def _join_uploads(gone: Team, stays: Team, at: datetime) -> None:
    kept = {each.phase_id: each for each in stays.enrolments.order_by("pk")}
    # One that was submitted stays with its entry: moved, it would count as still to submit.
    under_way = Upload.objects.filter(enrolment__team=gone).live(at)
    for upload in list(under_way.select_related("enrolment").order_by("pk")):
        upload.enrolment = kept[upload.enrolment.phase_id]
        upload.save(update_fields=["enrolment"])


def _absorb(gone: Team, stays: Team) -> None:
    gone.state, gone.merged_into = TeamState.MERGED.value, stays
    gone.save(update_fields=["state", "merged_into"])
    gone.absorbed.update(merged_into=stays)
    settle_state(stays)
