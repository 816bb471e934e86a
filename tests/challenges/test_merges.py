"""Two teams become one: by both captains, in time, within what one team could have sent."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail

from challenges.actions import choices, entries, merges, teams, uploads
from challenges.actions import disqualifications as disqualify
from challenges.enums import EntryStatus, JobKind, MergeState, Split, TeamRole, TeamState
from challenges.invariants import broken_merges, passed_quotas
from challenges.models import (
    Challenge,
    Entry,
    Job,
    MergeRequest,
    Phase,
    PhaseTask,
    Team,
    TeamMember,
)
from challenges.models.listings import listing
from challenges.queries.teams import quota_left
from portal.audit import outbox
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2060, 11, 24, 11, 0, tzinfo=UTC)  # after the dates of the factories


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.fixture
def challenge() -> Challenge:
    """Return a challenge whose phase opened the day before, five a day."""
    made: Challenge = ChallengeFactory(opened=True, team_max=3)
    Phase.objects.update(opens_at=NOON - timedelta(days=1), max_total=None)
    return made


@pytest.fixture
def two(challenge: Challenge) -> tuple[Team, Team]:
    """Return the team that asks and the one that takes in."""
    return TeamFactory(challenge=challenge), TeamFactory(challenge=challenge)


def at(monkeypatch: pytest.MonkeyPatch, instant: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: instant)


def asked(gone: Team, stays: Team) -> MergeRequest:
    return merges.ask(team=gone, name=stays.name, by=captain_of(gone))


def merged(gone: Team, stays: Team) -> Team:
    return merges.accept(merge=asked(gone, stays), by=captain_of(stays))


def sent(team: Team, count: int, **given: Any) -> list[Entry]:
    phase = team.challenge.phases.get()
    return [
        EntryFactory(enrolment__team=team, enrolment__phase=phase, quota_day=NOON.date(), **given)
        for _ in range(count)
    ]


def enter(team: Team, **given: Any) -> entries.Accepted:
    values = {
        "phase": team.challenge.phases.get(),
        "team": team,
        "content": b"id,y\n1,0.5\n",
        "original_name": "a.csv",
        "idempotency_key": str(uuid4()),
        "by": captain_of(team),
    }
    return entries.enter(**{**values, **given})


def refused(code: str, kind: type[Any], act: Any) -> None:
    before = list(Team.objects.order_by("pk").values()), list(TeamMember.objects.values())
    with pytest.raises(kind) as refusal:
        act()
    assert refusal.value.code == code
    assert (list(Team.objects.order_by("pk").values()), list(TeamMember.objects.values())) == before


@pytest.mark.parametrize("before", [True, False])
def test_no_team_escapes_a_disqualification_by_merging(
    two: tuple[Team, Team], before: bool
) -> None:
    """The judged team alone reads why; the other one, what it reads of any request."""
    judged, other = two
    merge = asked(judged, other) if before else None
    received = asked(other, judged) if before else None
    by = judged.challenge.organisers.get().user
    found = disqualify.propose(team=judged, entry=None, reason="Données interdites.", by=by)
    if merge is not None:  # as if its captain had taken it back, without a letter
        merge.refresh_from_db()
        assert merge.state == MergeState.WITHDRAWN
        refused(
            "merge_answered", Conflict, lambda: merges.accept(merge=merge, by=captain_of(other))
        )
        letters = Outbox.objects.exclude(topic="mail.disqualification_asked")
        assert set(letters.values_list("topic", flat=True)) == {"mail.merge_asked"}
    received = received or asked(other, judged)  # taken as any other
    assert received.state == MergeState.ASKED
    refused("merge_not_now", Conflict, lambda: merges.accept(merge=received, by=captain_of(judged)))
    refused("merge_not_now", Conflict, lambda: asked(judged, other))
    disqualify.withdraw(found=found, reason="Erreur de ma part.", by=by)
    assert merges.accept(merge=received, by=captain_of(judged)) == judged


def test_two_teams_become_one(two: tuple[Team, Team]) -> None:
    gone, stays = two
    captain = captain_of(gone)
    (entry,) = sent(gone, 1, scored=True)
    sent(stays, 1)
    merge = asked(gone, stays)
    merges.accept(merge=merge, by=captain_of(stays))
    gone.refresh_from_db()
    stays.refresh_from_db()
    assert (gone.state, gone.merged_into, stays.state) == (TeamState.MERGED, stays, TeamState.OPEN)
    places = stays.members.filter(left_at=None).order_by("pk")
    assert list(places.values_list("user", "role")) == [
        (captain_of(stays).pk, TeamRole.CAPTAIN),
        (captain.pk, TeamRole.MEMBER),
    ]
    assert Entry.objects.get(pk=entry.pk).enrolment.team == gone
    assert entry in Entry.objects.visible_to(captain)
    assert Entry.objects.visible_to(captain_of(stays)).count() == 2
    assert Job.objects.filter(kind=JobKind.STANDINGS).count() == 1
    assert MergeRequest.objects.get().state == MergeState.ACCEPTED
    assert [each.action for each in AuditEvent.objects.order_by("seq")] == [
        "team.merge_asked",
        "team.merged",
    ]
    assert (list(broken_merges()), list(passed_quotas())) == ([], [])
    refused("merge_answered", Conflict, lambda: merges.refuse(merge=merge, by=captain_of(stays)))


def test_the_board_lists_the_best_of_both_under_the_team_that_stays(
    two: tuple[Team, Team],
) -> None:
    gone, stays = two
    (theirs,) = sent(gone, 1, scored=True)
    sent(stays, 2, scored=True)
    evaluation = theirs.evaluations.get()
    PhaseTask.objects.create(
        phase=theirs.enrolment.phase,
        name="mesure",
        scorer_version=evaluation.scorer_version,
        holdout=evaluation.holdout,
    )
    board = stays.challenge.leaderboards.get()
    merged(gone, stays)
    found = listing(board, Split.PUBLIC)
    assert found.counts == {stays.pk: 3}
    # All have 0.25: the first received counts.
    assert [(each.team_id, each.entry_id) for each in found.candidates] == [(stays.pk, theirs.pk)]


def test_letters_say_what_happens_to_whom(two: tuple[Team, Team]) -> None:
    gone, stays = two
    first, second = captain_of(gone).email, captain_of(stays).email
    merges.refuse(merge=asked(gone, stays), by=captain_of(stays))
    while outbox.relay():
        pass
    merged(gone, stays)
    while outbox.relay():
        pass
    words = ("réunir deux équipes", "demande refusée", "équipes réunies")
    told = sorted(
        (next(word for word in words if word in each.subject), each.to[0]) for each in mail.outbox
    )
    assert told == sorted(
        [
            ("réunir deux équipes", second),
            ("réunir deux équipes", second),
            ("demande refusée", first),
            ("équipes réunies", first),
            ("équipes réunies", second),
        ]
    )


def test_only_captains_ask_and_answer(two: tuple[Team, Team]) -> None:
    gone, stays = two
    stranger = captain_of(TeamFactory(challenge=gone.challenge))
    merge = asked(gone, stays)
    for by in (stranger, captain_of(gone)):
        with pytest.raises(NotAllowed):
            merges.accept(merge=merge, by=by)
        with pytest.raises(NotAllowed):
            merges.refuse(merge=merge, by=by)
    with pytest.raises(NotAllowed):
        merges.withdraw(merge=merge, by=captain_of(stays))
    with pytest.raises(NotAllowed):
        merges.ask(team=gone, name=stays.name, by=stranger)
    merges.withdraw(merge=merge, by=captain_of(gone))
    refused("merge_answered", Conflict, lambda: merges.accept(merge=merge, by=captain_of(stays)))


@pytest.mark.parametrize("name", ["", "Personne", "la mienne", "référence", "partie"])
def test_a_name_that_is_no_other_live_team_is_unknown(challenge: Challenge, name: str) -> None:
    mine = TeamFactory(challenge=challenge, name="La mienne", slug="la-mienne")
    TeamFactory(challenge=challenge, slug="reference", is_baseline=True)
    TeamFactory(challenge=challenge, slug="partie", state=TeamState.WITHDRAWN)
    TeamFactory(slug="personne")  # of another challenge
    refused(
        "merge_unknown_team",
        Invalid,
        lambda: merges.ask(team=mine, name=name, by=captain_of(mine)),
    )


def test_one_request_waits_at_a_time(two: tuple[Team, Team]) -> None:
    gone, stays = two
    asked(gone, stays)
    refused("merge_asked", Conflict, lambda: asked(gone, stays))


def test_a_team_insists_three_times_a_day(
    two: tuple[Team, Team], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = two
    for _time in range(3):
        merges.withdraw(merge=asked(gone, stays), by=captain_of(gone))
    refused("merges_day", QuotaSpent, lambda: asked(gone, stays))
    asked(gone, TeamFactory(challenge=gone.challenge))
    MergeRequest.objects.waiting().delete()
    at(monkeypatch, NOON + timedelta(days=1))
    asked(gone, stays)


@pytest.mark.parametrize(("milliseconds", "accepted"), [(-1, True), (0, False), (1, False)])
def test_merging_ends_seven_days_before_the_close(
    two: tuple[Team, Team],
    monkeypatch: pytest.MonkeyPatch,
    milliseconds: int,
    accepted: bool,
) -> None:
    gone, stays = two
    merge = asked(gone, stays)
    Phase.objects.update(closes_at=NOON + timedelta(days=9))
    at(monkeypatch, NOON + timedelta(days=2, milliseconds=milliseconds))
    if accepted:
        assert merges.accept(merge=merge, by=captain_of(stays)) == stays
    else:
        refused("merge_closed", Closed, lambda: merges.accept(merge=merge, by=captain_of(stays)))
        refused("merge_closed", Closed, lambda: asked(stays, gone))


@pytest.mark.parametrize(("people", "accepted"), [(2, True), (3, False)])
def test_both_together_fit_in_a_team(two: tuple[Team, Team], people: int, accepted: bool) -> None:
    gone, stays = two  # three people at most
    for _ in range(people - 1):
        stays.members.create(
            challenge=stays.challenge, user=accepted_person(stays.challenge), joined_at=NOON
        )
    if accepted:
        merged(gone, stays)
        assert Team.objects.get(pk=stays.pk).state == TeamState.FULL
    else:
        merge = asked(gone, stays)
        refused(
            "merge_too_many", Conflict, lambda: merges.accept(merge=merge, by=captain_of(stays))
        )


@pytest.mark.parametrize(("theirs", "accepted"), [(5, True), (6, False)])
def test_both_together_sent_no_more_than_one_team_could_have(
    two: tuple[Team, Team], theirs: int, accepted: bool
) -> None:
    """Two days since the opening, five a day: ten at most."""
    gone, stays = two
    sent(stays, 5)
    sent(gone, theirs)
    merge = asked(gone, stays)
    if accepted:
        merges.accept(merge=merge, by=captain_of(stays))
    else:
        with pytest.raises(Conflict) as refusal:
            merges.accept(merge=merge, by=captain_of(stays))
        assert refusal.value.code == "merge_slots"
        assert (refusal.value.facts["used"], refusal.value.facts["allowed"]) == (11, 10)


@pytest.mark.parametrize(("limit", "accepted"), [(4, True), (3, False)])
def test_both_together_hold_the_limit_in_all(
    two: tuple[Team, Team], limit: int, accepted: bool
) -> None:
    gone, stays = two
    sent(stays, 2)
    sent(gone, 2)
    sent(gone, 3, rejected=True)  # given back: not counted
    Phase.objects.update(max_total=limit)
    merge = asked(gone, stays)
    if not accepted:
        refused("merge_slots", Conflict, lambda: merges.accept(merge=merge, by=captain_of(stays)))
        return
    merges.accept(merge=merge, by=captain_of(stays))
    with pytest.raises(QuotaSpent) as refusal:
        enter(stays)
    assert refusal.value.facts["next_opening"] is None
    assert list(passed_quotas()) == []


def test_todays_use_is_summed_whatever_the_slots(two: tuple[Team, Team]) -> None:
    gone, stays = two
    phase = stays.challenge.phases.get()
    sent(gone, 2)
    sent(stays, 2)
    merged(gone, stays)
    assert quota_left(phase, stays).day_left == 1
    assert enter(stays).entry.day_slot == 3
    with pytest.raises(QuotaSpent) as refusal:
        enter(stays)
    assert refusal.value.facts["next_opening"] == datetime(2060, 11, 24, 23, 0, tzinfo=UTC)


def test_parallel_and_refused_files_are_summed(two: tuple[Team, Team]) -> None:
    gone, stays = two
    sent(gone, 1, queued=True)
    sent(gone, 1, rejected=True)
    merged(gone, stays)
    Phase.objects.update(max_parallel=1)
    with pytest.raises(QuotaSpent):
        enter(stays)
    Phase.objects.update(max_parallel=None, max_refused_per_day=1)
    with pytest.raises(QuotaSpent):
        enter(stays)


def test_the_absorbed_team_sends_nothing_more(two: tuple[Team, Team]) -> None:
    gone, stays = two
    captain = captain_of(gone)
    phase = gone.challenge.phases.get()
    first = enter(gone, idempotency_key="k").entry
    under_way, submitted = (
        uploads.append(
            upload=uploads.begin(phase=phase, team=gone, length=11, name="b.csv", by=captain),
            offset=0,
            content=[content],
            checksum=None,
            by=captain,
        )
        for content in (b"id,y\n1,0.7\n", b"id,y\n1,0.6\n")
    )
    uploads.submit(upload=submitted, idempotency_key="s", by=captain)
    merged(gone, stays)
    assert list(stays.enrolments.get().uploads.live(clock.now())) == [under_way]
    with pytest.raises(NotAllowed):
        enter(gone, by=captain)
    # What was sent before is the same entry; what was under way goes on for the root.
    assert enter(stays, idempotency_key="k", by=captain).entry == first
    under_way.refresh_from_db()
    accepted = uploads.submit(upload=under_way, idempotency_key="u", by=captain)
    assert accepted.entry.enrolment.team == stays


@pytest.mark.parametrize(("theirs", "kept"), [(1, [1, 1]), (2, [0, 1])])
def test_final_choices_stay_while_they_fit(
    two: tuple[Team, Team], theirs: int, kept: list[int]
) -> None:
    """Two at most: those of the team that stays go first."""
    gone, stays = two
    sent(gone, theirs, scored=True, final_choice=True)
    (own,) = sent(stays, 1, scored=True, final_choice=True)
    captain = captain_of(stays)
    merged(gone, stays)
    counts = [Entry.objects.filter(enrolment__team=each, final_choice=True).count() for each in two]
    assert counts == kept
    if counts == [1, 1]:
        (more,) = sent(stays, 1, scored=True)
        with pytest.raises(Conflict) as refusal:
            choices.choose(entry=more, by=captain)
        assert refusal.value.code == "final_choices_full"
        absorbed = Entry.objects.get(enrolment__team=gone)
        assert not choices.unchoose(entry=absorbed, by=captain).final_choice
        assert choices.choose(entry=more, by=captain).final_choice
    assert Entry.objects.get(pk=own.pk).status == EntryStatus.SCORED


def test_a_chain_of_merges_counts_for_its_end(challenge: Challenge) -> None:
    first, second, third = (TeamFactory(challenge=challenge) for _ in range(3))
    person = captain_of(first)
    sent(first, 1)
    merged(first, second)
    merged(second, third)
    assert set(Team.objects.filter(merged_into=third)) == {first, second}
    assert list(broken_merges()) == []
    assert quota_left(challenge.phases.get(), third).day_used == 1
    entry = Entry.objects.get()
    assert entry in Entry.objects.visible_to(captain_of(third))
    assert entry.enrolment.team.has_member(person)
    assert not entry.enrolment.team.has_captain(person)
    # It left its first teams by merging: it may come back to the root, not join another.
    teams.leave(team=third, by=person)
    with pytest.raises(Conflict) as refusal:
        teams.create(challenge=challenge, name="Autre", by=person)
    assert refusal.value.code == "left_a_team"
    invitation = teams.invite(team=third, email=person.email, by=captain_of(third))
    token = teams.invitation_token(invitation.public_id)
    assert teams.accept_invitation(public_id=invitation.public_id, token=token, by=person) == third


def test_other_requests_about_the_absorbed_team_end(challenge: Challenge) -> None:
    first, second, third = (TeamFactory(challenge=challenge) for _ in range(3))
    crossing = asked(second, first)
    other = asked(third, first)
    merged(first, second)
    for merge in (crossing, other):
        merge.refresh_from_db()
        assert merge.state == MergeState.WITHDRAWN
    mail.outbox.clear()
    while outbox.relay():
        pass
    told = [each.to for each in mail.outbox if each.subject.endswith("demande retirée")]
    assert told == [[captain_of(third).email]]  # the team that took it in reads of the merge
    refused(
        "team_closed",
        Conflict,
        lambda: merges.ask(team=first, name=third.name, by=captain_of(second)),
    )


def test_results_of_a_closed_phase_do_not_change(two: tuple[Team, Team]) -> None:
    gone, stays = two
    closed = gone.challenge.phases.get()
    Phase.objects.create(
        challenge=gone.challenge, index=1, name="Finale", opens_at=NOON, max_bytes=100
    )
    EntryFactory(enrolment__team=gone, enrolment__phase=closed)
    Phase.objects.filter(pk=closed.pk).update(closes_at=NOON)
    merge = asked(gone, stays)
    refused(
        "merge_phase_closed", Conflict, lambda: merges.accept(merge=merge, by=captain_of(stays))
    )
    # The other way round changes nothing there: only the absorbed team's results would move.
    merges.withdraw(merge=merge, by=captain_of(gone))
    assert merged(stays, gone) == gone
