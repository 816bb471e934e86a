"""A hundred people at once: the slots hold, on both databases."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from challenges.entries.actions import checks, choices, deposits
from challenges.entries.enums import EntryStatus
from challenges.evaluation.enums import Split
from challenges.invariants import passed_quotas
from challenges.models import (
    Challenge,
    Entry,
    Job,
    Phase,
    PhaseTask,
    Rescoring,
    Reveal,
    Score,
    Team,
    TeamMember,
)
from challenges.organising.actions import challenges
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import RescoringState
from challenges.results import actions as results
from challenges.teams.actions import teams
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges.rescoring.test_rescorings import corrected, phase, proposed, region, tried
from tests.challenges.world import answer, entered, opened, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, accepted_person, captain_of
from tests.threads import at_once, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
PARALLEL = 100


def send(team: Team, phase: Phase, key: str, content: bytes) -> str:
    accepted = deposits.enter(
        phase=phase,
        team=team,
        content=content,
        original_name="reponse.csv",
        idempotency_key=key,
        by=captain_of(team),
        again=True,
    )
    return "accepted" if accepted.created else "replayed"


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(5, marks=pytest.mark.full)], ids=["one round", "five rounds"]
)
def test_a_hundred_entries_at_once_take_five_slots(rounds: int) -> None:
    for number in range(rounds):
        team = TeamFactory()
        phase = team.challenge.phases.get()
        outcomes = at_once(
            PARALLEL, lambda n, t=team, p=phase: send(t, p, str(uuid4()), answer(0.5, n))
        )
        assert outcomes == {"accepted": 5, "quota_reached": 95}, number
        slots = Entry.objects.filter(enrolment__team=team).order_by("day_slot")
        assert [entry.day_slot for entry in slots] == [1, 2, 3, 4, 5]
        assert sorted(entry.number for entry in slots) == [1, 2, 3, 4, 5]
    assert Job.objects.count() == 5 * rounds
    assert list(passed_quotas()) == []


def test_midnight_in_paris_falls_between_entries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five for the day that begins, whoever is late; never more than five for the one that ends."""
    team = TeamFactory()
    phase = team.challenge.phases.get()
    midnight = datetime(2060, 10, 31, 23, tzinfo=UTC)  # the night of a day of 25 hours
    local = threading.local()
    monkeypatch.setattr(clock, "now", lambda: getattr(local, "at", midnight))

    def act(number: int) -> str:
        local.at = midnight + timedelta(milliseconds=number % 2 - 1)
        return send(team, phase, str(uuid4()), answer(0.5, number))

    outcomes = at_once(60, act)
    assert set(outcomes) == {"accepted", "quota_reached"}
    days = Counter(Entry.objects.values_list("quota_day", flat=True))
    began, ended = clock.paris_day(midnight), clock.paris_day(midnight - timedelta(hours=1))
    assert days[began] == 5
    assert days[ended] <= 5
    assert outcomes["accepted"] == days[began] + days[ended]
    assert list(passed_quotas()) == []
    monkeypatch.undo()  # the age of files, which the final check looks at, is on the true clock


def test_forty_checks_at_once_are_counted_one_by_one(settings: Any) -> None:
    """The hourly count is held by the database: no process counts for itself."""
    settings.CHECKS_PER_HOUR = 5
    team = TeamFactory()
    phase, by = team.challenge.phases.get(), captain_of(team)

    def act(number: int) -> str:
        checks.check(phase=phase, team=team, content=b"x", original_name="x.csv", by=by)
        return "checked"

    # Nothing is compiled: those that were counted are told to come back.
    assert at_once(40, act) == {"unavailable": 5, "checks_reached": 35}
    assert Team.objects.get().checks_used == 5


def test_one_key_twenty_times_is_one_entry() -> None:
    team = TeamFactory()
    phase = team.challenge.phases.get()
    outcomes = at_once(20, lambda n: send(team, phase, "k", answer(0.5)))
    assert outcomes == {"accepted": 1, "replayed": 19}
    assert Entry.objects.count() == 1


def test_a_person_joins_one_team_only() -> None:
    challenge = ChallengeFactory(opened=True)
    person = accepted_person(challenge, UserFactory())
    outcomes = at_once(
        20, lambda n: teams.create(challenge=challenge, name=f"Équipe {n}", by=person)
    )
    assert outcomes["one_team"] == 19
    assert TeamMember.objects.filter(user=person).count() == 1
    assert Team.objects.filter(challenge=challenge).count() == 1


def test_the_close_and_the_entries_agree() -> None:
    """Whatever was accepted began before the close that was written."""
    challenge = ChallengeFactory(opened=True)
    phase = challenge.phases.get()
    made = [TeamFactory(challenge=challenge) for _ in range(30)]
    owner = challenge.organisers.get().user

    def act(number: int) -> str:
        if number == 15:
            challenges.close(phase=phase, by=owner)
            return "closed"
        return send(made[number], phase, str(uuid4()), answer(0.5, number))

    outcomes = at_once(30, act)
    assert outcomes["closed"] == 1
    assert outcomes["accepted"] + outcomes["phase_closed"] == 29
    closes_at = Phase.objects.get().closes_at
    assert closes_at is not None
    for entry in Entry.objects.order_by("pk"):
        assert entry.received_at < closes_at
        assert not entry.grace


def test_six_workers_never_take_the_same_job() -> None:
    for number in range(60):
        jobs.put(kind=JobKind.SCORE, subject_id=number)
    taken: list[str] = []
    lock = threading.Lock()

    def claim_all(number: int) -> str:
        while (job := jobs.claim(owner=f"w{number}")) is not None:
            with lock:
                taken.append(job.dedup_key)
        return "done"

    # A claimer that finds every ready row locked by others leaves early: look again.
    while Job.objects.filter(state="ready").exists():
        assert at_once(6, claim_all) == {"done": 6}
    assert sorted(taken, key=int) == [str(number) for number in range(60)]
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


# --- A change of scoring decided while something else happens: one order or the other, no third


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    made = opened(tmp_path)
    for number, skill in enumerate((0.9, 0.5)):
        entered(made, skill, seed=number)
    assert drain()
    return made


Change = tuple[Rescoring, User, str]


@pytest.fixture
def change(challenge: Challenge) -> Change:
    made = tried(challenge, truth=corrected())
    return made, region(), made.facts["digest"]


def settled(made: Rescoring) -> None:
    """Every entry has the outcome of the scoring in force, and no other figure."""
    task = PhaseTask.objects.get(current=True)
    for entry in Entry.objects.filter(status=EntryStatus.SCORED):
        assert entry.evaluations.filter(
            scorer_version_id=task.scorer_version_id, holdout_id=task.holdout_id, state="done"
        ).exists()
    if task.pk != made.task_id:
        assert not Score.objects.filter(evaluation__holdout=made.task.holdout).exists()


def test_a_change_is_accepted_while_an_entry_arrives(challenge: Challenge, change: Change) -> None:
    made, person, digest = change
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: entered(challenge, 0.8, seed=9),
        lambda: drain(),
    )
    assert ended[1:] == ["done", "done"]
    assert ended[0] in {"done", "rescoring_unready", "changed"}
    assert drain()
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() == 4
    made.refresh_from_db()
    if ended[0] != "done":
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
        assert drain()
        made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    settled(made)


def test_a_change_is_accepted_while_it_is_withdrawn(challenge: Challenge, change: Change) -> None:
    made, person, digest = change
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: rescorings.withdraw(rescoring=made, by=owner_of(challenge)),
    )
    assert sorted(ended) == ["answered", "done"]
    assert drain()
    made.refresh_from_db()
    wanted = RescoringState.IN_FORCE if ended[0] == "done" else RescoringState.WITHDRAWN
    assert made.state == wanted
    settled(made)


def test_a_change_is_accepted_while_an_entry_is_withdrawn(change: Change) -> None:
    made, person, digest = change
    entry = Entry.objects.of_teams().order_by("received_at")[0]
    captain = captain_of(entry.enrolment.team)
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: choices.withdraw(entry=entry, by=captain),
    )
    assert ended[0] in {"done", "changed"}
    assert ended[1] == "done"
    assert drain()
    made.refresh_from_db()
    assert made.state in {RescoringState.IN_FORCE, RescoringState.READY}
    settled(made)


def test_two_changes_proposed_at_once_are_one(challenge: Challenge) -> None:
    ended = together(
        lambda: proposed(challenge, truth=corrected(10)),
        lambda: proposed(challenge, truth=corrected(20)),
    )
    assert sorted(ended) == ["done", "rescoring_open"]
    assert Rescoring.objects.count() == 1
    assert PhaseTask.objects.count() == 2


def test_a_change_comes_in_force_while_the_results_are_proposed(
    challenge: Challenge, change: Change
) -> None:
    made, person, digest = change
    challenges.close(phase=phase(), by=owner_of(challenge))
    rescorings.accept(rescoring=made, digest=digest, by=person)
    ended = together(
        lambda: drain(), lambda: results.propose_reveal(phase=phase(), by=owner_of(challenge))
    )
    assert ended[0] == "done"
    assert ended[1] in {"done", "rescoring_open"}
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=person)
    assert drain()
    assert Reveal.objects.get().executed_at is not None
    private = Score.objects.filter(split=Split.PRIVATE)
    assert set(private.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}
    settled(made)
