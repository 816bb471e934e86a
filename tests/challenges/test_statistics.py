"""What an organiser reads of the entries: sums and times, never a score nor who did what."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.models import Challenge, Evaluation
from challenges.organising import queries as organising
from challenges.results.queries import reports
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges.pages.scenes import CANARY_PRIVATE, clocked
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    """Sign an owner in."""
    made: User = UserFactory()
    client.force_login(made)
    return made


@pytest.fixture
def challenge(owner: User) -> Challenge:
    """Return a challenge whose five teams were scored, four of which also failed."""
    made: Challenge = ChallengeFactory(opened=True, owner=owner)
    for number in range(5):
        enrolment = EnrolmentFactory(team=TeamFactory(challenge=made))
        scored = EntryFactory(enrolment=enrolment, status="scored")
        score(scored, CANARY_PRIVATE)
        Evaluation.objects.filter(entry=scored).update(seconds=number + 1.0, cpu_seconds=2.0)
        if number < 4:
            EntryFactory(enrolment=enrolment, rejected=True)
        if number == 0:
            EntryFactory(enrolment=enrolment, rejected=True, reason_code="E_RARE")
            EntryFactory(enrolment=enrolment, failed=True)
    EntryFactory(
        enrolment=EnrolmentFactory(team=TeamFactory(challenge=made, is_baseline=True)),
        status="scored",
        is_baseline=True,
    )
    EntryFactory(scored=True)
    return made


def test_sums_and_times_are_those_of_the_teams(challenge: Challenge) -> None:
    found = reports.challenge_statistics(challenge)
    (phase,) = found.phases
    assert (found.teams, phase.entries, phase.teams) == (5, 11, 5)
    assert phase.statuses == {"scored": 5, "rejected": 5, "failed": 1}
    assert list(phase.causes) == [("E_ID_MISSING", 4), ("X_TIMEOUT", 1), ("", 1)]
    assert (phase.median_seconds, phase.p95_seconds) == (3.0, 5.0)
    assert phase.used is not None
    assert phase.used.cpu_seconds == 10.0
    assert list(found.days) == [(clock.paris_day(clock.now()), 11)]


def test_a_withdrawn_team_counts_no_more(client: Client, challenge: Challenge) -> None:
    """On each page that counts teams; what they sent stays counted."""
    first, second = challenge.teams.filter(is_baseline=False).order_by("pk")[:2]
    second.state = "withdrawn"
    second.save()
    found = reports.challenge_statistics(challenge)
    (phase,) = found.phases
    assert (found.teams, phase.teams, phase.entries) == (4, 4, 11)
    listed = {
        each.challenge: each.teams for each in organising.listed_challenges(captain_of(first))
    }
    assert listed[challenge] == 4
    page = client.get(reverse("challenges:presentation", args=[challenge.slug]))
    assert page.context["challenge"].teams_count == 4
    told = reports.participation(challenge.phases.get())
    assert (told["teams"], told["people"], told["entries"]) == (4, 4, 11)


def test_too_few_times_are_not_told(challenge: Challenge) -> None:
    Evaluation.objects.filter(seconds=5.0).update(seconds=None)
    (phase,) = reports.challenge_statistics(challenge).phases
    assert (phase.median_seconds, phase.p95_seconds) == (None, None)


def test_page_and_csv_hold_no_score_nor_rare_cause(client: Client, challenge: Challenge) -> None:
    text = client.get(reverse("challenges:statistics", args=[challenge.slug])).text
    assert "moins de 3 équipes" in text.replace("\u00a0", " ")
    answer = client.get(reverse("challenges:statistics_csv", args=[challenge.slug]))
    rows = {
        (row["phase"], row["figure"]): row["valeur"]
        for row in csv.DictReader(io.StringIO(answer.text))
    }
    assert rows["0", "cause:autres"] == "1"
    assert rows["0", "secondes_mediane"] == "3.0"
    for body in (text, answer.text):
        assert "E_RARE" not in body
        assert str(CANARY_PRIVATE) not in body
        assert not any(team.name in body for team in challenge.teams.all())


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_three(
    client: Client,
    owner: User,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    challenge = ChallengeFactory(owner=owner)
    for index in range(count):
        phase = PhaseFactory(challenge=challenge, index=index, opened=True)
        team = TeamFactory(challenge=challenge)
        EntryFactory(enrolment=EnrolmentFactory(team=team, phase=phase), scored=True)
    with django_assert_num_queries(clocked(20)):
        assert (
            client.get(reverse("challenges:statistics", args=[challenge.slug])).status_code == 200
        )
