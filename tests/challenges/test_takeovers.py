"""A phase takes over the final choices of the one before: once a team, without a slot."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from challenges.disqualifications import actions as disqualifications
from challenges.entries.actions import choices, deposits
from challenges.enums import EntryStatus, PhaseKind
from challenges.invariants import late_takeovers
from challenges.models import Challenge, Disqualification, Entry, Job, Phase, Team
from challenges.models.listings import finals
from challenges.organising.actions import phases
from challenges.organising.queries import checklist
from challenges.results import actions as results
from challenges.tasks.takeovers import take_over
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit import duties
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.challenges import world
from tests.challenges.test_authoring import built
from tests.factories.accounts import UserFactory
from tests.factories.challenges import EntryFactory, PhaseFactory, TeamFactory, captain_of
from tests.factories.disqualifications import asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return an open challenge whose second phase takes over the choices of the first."""
    made = world.opened(tmp_path)
    final = phases.make_like_first(
        made.phases.get(index=0), index=1, name="Finale", kind=PhaseKind.FINAL
    )
    dated(final, opens_at=clock.now() + timedelta(days=1), max_per_day=0)
    Phase.objects.filter(pk=final.pk).update(migrate_from=made.phases.get(index=0))
    return made


def dated(phase: Phase, **values: Any) -> Phase:
    """Change a phase behind the back of every rule."""
    Phase.objects.filter(pk=phase.pk).update(**values)
    phase.refresh_from_db()
    return phase


def entered(challenge: Challenge, *skills: float) -> list[Entry]:
    """Enter files of one team in the first phase."""
    team = TeamFactory(challenge=challenge)
    first = challenge.phases.get(index=0)
    return [
        world.entered(challenge, skill, team=team, seed=at, phase=first)
        for at, skill in enumerate(skills)
    ]


def turned(challenge: Challenge) -> Phase:
    """Close the first phase and open the second one, an hour ago."""
    at = clock.now() - timedelta(hours=1)
    dated(challenge.phases.get(index=0), opens_at=at - timedelta(days=1), closes_at=at)
    return dated(challenge.phases.get(index=1), opens_at=at)


def copies(phase: Phase) -> dict[str, list[Any]]:
    """List what a phase took over, by team."""
    found: dict[str, list[Any]] = {}
    for each in Entry.objects.filter(enrolment__phase=phase).order_by("pk"):
        found.setdefault(each.enrolment.team.name, []).append(each.migrated_from_id)
    return {team: sorted(of, key=str) for team, of in found.items()}


def test_final_choices_enter_the_phase_that_opens_once_and_are_scored(
    challenge: Challenge, client: Client
) -> None:
    chosen = entered(challenge, 0.3, 0.9, 0.6)
    usual = entered(challenge, 0.4, 0.7, 0.5)
    assert drain()
    captain = captain_of(chosen[0].enrolment.team)
    choices.choose(entry=chosen[0], by=captain)
    final = challenge.phases.get(index=1)
    take_over()
    assert copies(final) == {}
    final = turned(challenge)
    take_over()
    take_over()
    assert copies(final) == {
        chosen[0].enrolment.team.name: [chosen[0].pk],
        usual[0].enrolment.team.name: sorted([usual[1].pk, usual[2].pk], key=str),
    }
    copy = Entry.objects.get(migrated_from=chosen[0])
    assert (copy.sha256, copy.number, copy.day_slot, copy.total_slot) == (
        chosen[0].sha256,
        1,
        None,
        None,
    )
    assert f'"former":"{chosen[0].pk}"' in copy.receipt
    assert drain()
    assert set(Entry.objects.filter(enrolment__phase=final).values_list("status", flat=True)) == {
        EntryStatus.SCORED
    }
    assert final.leaderboards.get().standings.count() == 2
    final.refresh_from_db()
    assert final.migrated_at is not None
    with pytest.raises(QuotaSpent):
        world.entered(challenge, team=copy.enrolment.team, phase=final)
    client.force_login(captain)
    page = client.get(reverse("challenges:entry", args=[challenge.slug, copy.pk])).text
    assert "de la soumission 1 de la phase" in page
    assert [each.action for each in AuditEvent.objects.filter(action="phase.taken_over")] == [
        "phase.taken_over"
    ]


def test_a_team_that_waits_for_a_score_is_taken_over_later(challenge: Challenge) -> None:
    ready = entered(challenge, 0.8)
    assert drain()
    final = turned(challenge)
    assert list(late_takeovers()) == [f"phase:{final.pk}"]
    back = clock.now() + timedelta(hours=1)
    dated(challenge.phases.get(index=0), closes_at=back)
    late = entered(challenge, 0.6)
    final = turned(challenge)
    assert list(late_takeovers()) == []
    take_over()
    assert copies(final) == {ready[0].enrolment.team.name: [ready[0].pk]}
    final.refresh_from_db()
    assert final.migrated_at is None
    dated(final, closes_at=clock.now() - timedelta(minutes=30))
    with pytest.raises(Conflict) as refused:
        results.propose_reveal(phase=final, by=world.owner_of(challenge))
    assert refused.value.code == "choices_not_taken_over"
    assert drain()
    take_over()
    assert copies(final)[late[0].enrolment.team.name] == [late[0].pk]
    final.refresh_from_db()
    assert final.migrated_at is not None


@pytest.mark.parametrize("status", list(EntryStatus))
def test_an_entry_without_outcome_is_waited_for_everywhere(status: EntryStatus) -> None:
    """The take-over, its invariant and the results say the same of each status."""
    former = EntryFactory(status=status, day_slot=None, total_slot=None)
    source, at = former.enrolment.phase, clock.now() - timedelta(hours=1)
    dated(source, closes_at=at)
    final = PhaseFactory(challenge=source.challenge, index=1, migrate_from=source, opens_at=at)
    has_outcome = status in {"scored", "failed", "rejected", "withdrawn"}
    assert list(late_takeovers()) == [f"phase:{final.pk}"] * has_outcome
    assert results.unfinished_entries(source.pk) == (not has_outcome)
    take_over()
    final.refresh_from_db()
    assert (final.migrated_at is not None) is has_outcome


def test_a_key_that_a_team_sent_does_not_stop_what_is_taken_over(challenge: Challenge) -> None:
    former = entered(challenge, 0.8)[0]
    team = former.enrolment.team
    assert drain()
    final = turned(challenge)
    dated(final, max_per_day=1)
    with pytest.raises(Invalid) as refused:
        deposits.enter(
            phase=final,
            team=team,
            content=b"id,y\n1,0.5\n",
            original_name="a.csv",
            idempotency_key=f"reprise-{former.pk}",
            by=captain_of(team),
        )
    assert refused.value.code == "idempotency_key_reserved"
    own = world.entered(challenge, team=team, phase=final)
    Entry.objects.filter(pk=own.pk).update(idempotency_key=f"reprise-{former.pk}")
    assert choices.take_over(phase=final) == 1
    assert copies(final)[team.name] in ([None, former.pk], [former.pk, None])


def test_a_grace_that_still_runs_is_waited_for(challenge: Challenge) -> None:
    entered(challenge, 0.8)
    assert drain()
    final = turned(challenge)
    dated(challenge.phases.get(index=0), closes_at=clock.now() - timedelta(minutes=5))
    take_over()
    assert copies(final) == {}


def test_a_breakdown_of_one_team_leaves_nothing_by_half_and_stops_no_other(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    broken = entered(challenge, 0.8, 0.7)
    other = entered(challenge, 0.6)
    assert drain()
    final = turned(challenge)
    jobs = Job.objects.count()
    hits: list[str] = []

    def fail_first(name: str) -> None:
        hits.append(name)
        if len(hits) == 1:
            raise OSError("No space")

    monkeypatch.setattr(choices.failpoints, "hit", fail_first)
    assert choices.take_over(phase=final) == 1
    assert "No space" in caplog.text
    assert (list(copies(final)), Job.objects.count()) == ([other[0].enrolment.team.name], jobs + 1)
    final.refresh_from_db()
    assert final.migrated_at is None
    assert choices.take_over(phase=final) == 2
    assert len(copies(final)[broken[0].enrolment.team.name]) == 2
    final.refresh_from_db()
    assert final.migrated_at is not None


def test_a_team_that_always_breaks_down_is_named_and_left_by_the_organiser(
    challenge: Challenge, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = entered(challenge, 0.8)[0]
    assert drain()
    final = turned(challenge)
    dated(final, closes_at=clock.now() - timedelta(minutes=30))

    def fail(name: str) -> None:
        raise OSError("No space")

    with monkeypatch.context() as broken:
        broken.setattr(choices.failpoints, "hit", fail)
        take_over()
    by = world.owner_of(challenge)
    with pytest.raises(Conflict) as refused:
        results.propose_reveal(phase=final, by=by)
    team = former.enrolment.team
    assert (refused.value.code, refused.value.facts) == (
        "choices_not_taken_over",
        {"teams": [team.name]},
    )
    client.force_login(by)
    page = client.get(reverse("challenges:organiser", args=[challenge.slug])).text
    address = reverse("challenges:takeover_end", args=[challenge.slug, 1])
    assert team.name in page
    assert address in page
    with pytest.raises(NotAllowed):
        choices.end_takeover(phase=final, by=captain_of(team))
    choices.end_takeover(phase=final, by=by)
    assert f'"{team.slug}"' in AuditEvent.objects.get(action="phase.takeover_ended").body.body
    take_over()
    assert copies(final) == {}
    results.propose_reveal(phase=final, by=by)
    with pytest.raises(Conflict):
        choices.end_takeover(phase=final, by=by)


def judge() -> User:
    return UserFactory(region="moderator")


def put_out(team: Team, entry: Entry | None) -> Disqualification:
    """Disqualify an entry, or the whole team when it is None."""
    found = asked(entry, team, status="in_force", decided_at=clock.now(), decided_by=judge())
    if entry is None:
        Team.objects.filter(pk=team.pk).update(state="disqualified")
    else:
        Entry.objects.filter(pk=entry.pk).update(
            disqualified_at=clock.now(), disqualified_by=judge(), disqualified_reason="Article 4."
        )
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_a_choice_that_comes_back_after_the_take_over_is_taken_over(
    challenge: Challenge, whole: bool
) -> None:
    best, second = entered(challenge, 0.9, 0.8)
    others = entered(challenge, 0.7, 0.6, 0.5)
    team = best.enrolment.team
    assert drain()
    found = put_out(team, None if whole else best)
    final = turned(challenge)
    dated(final, closes_at=clock.now() - timedelta(minutes=30))
    take_over()
    final.refresh_from_db()
    assert final.migrated_at is not None
    before = copies(final)
    assert before.get(team.name, []) == ([] if whole else [second.pk])
    dated(final, migrated_at=clock.now() - timedelta(minutes=10))
    disqualifications.lift(found=found, reason="Erreur.", by=judge(), version=found.version)
    assert drain()
    with pytest.raises(Conflict) as refused:
        results.propose_reveal(phase=final, by=world.owner_of(challenge))
    assert refused.value.code == "choices_not_taken_over"
    # Another best entry of a team that has its copies is not theirs to add.
    Entry.objects.filter(pk=others[0].pk).update(status=EntryStatus.WITHDRAWN)
    take_over()
    take_over()
    assert copies(final) == before | {team.name: sorted([best.pk, second.pk], key=str)}
    assert drain()
    results.propose_reveal(phase=final, by=world.owner_of(challenge))


def test_the_choices_are_read_once_and_then_team_by_team(challenge: Challenge) -> None:
    """What each team adds does not grow with the others."""
    for _team in range(2):
        entered(challenge, 0.8)
    assert drain()
    first = challenge.phases.get(index=0)
    board = first.leaderboards.get()
    teams = list(finals(board))
    assert len(teams) == 2
    for team in teams:
        assert finals(board, team_id=team) == {team: finals(board)[team]}


@pytest.mark.django_db(transaction=True)
def test_no_team_waits_for_the_copies_of_another(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each team has its transaction, none inside that of the schedule."""
    entered(challenge, 0.8)
    entered(challenge, 0.6)
    assert drain()
    turned(challenge)
    depths: list[int] = []
    monkeypatch.setattr(
        choices.failpoints, "hit", lambda name: depths.append(len(connection.atomic_blocks))
    )
    assert "challenges.takeovers" in duties.run_due()
    assert depths == [1, 1]


def test_the_form_ties_a_phase_to_an_earlier_one_and_the_list_asks_for_dates(
    client: Client,
) -> None:
    by = world.owner()
    client.force_login(by)
    challenge = built(by)
    final = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    address = reverse("challenges:write_phase", args=["niveau", 1])
    form = client.get(address).context["form"]
    sent = {each.name: each.value() for each in form if each.value() not in (None, False)}
    assert client.post(address, sent | {"migrate_from": "1"}).status_code == 422
    assert client.post(address, sent | {"migrate_from": "0", "max_per_day": "0"}).status_code == 302
    final.refresh_from_db()
    first = challenge.phases.get(index=0)
    assert final.migrate_from == first
    assert (
        "migrate_from" not in client.get(reverse("challenges:write_phase", args=["niveau", 0])).text
    )
    told = {each.key: each.state for each in checklist(challenge)}
    assert (told["migration"], told["dates"]) == ("missing", "advice")
    now = clock.now()
    dated(first, opens_at=now, closes_at=now + timedelta(days=2))
    dated(final, opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=3))
    told = {each.key: each.state for each in checklist(challenge)}
    assert (told["migration"], told["order"]) == ("missing", "advice")
    dated(final, opens_at=now + timedelta(days=2))
    assert {each.key: each.state for each in checklist(challenge)}["migration"] == "ready"
    assert (
        "Reprend les choix finals"
        in client.get(reverse("challenges:presentation", args=["niveau"])).text
    )
