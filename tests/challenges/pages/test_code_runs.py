"""Runs of code: classes for the team, logs for the organiser, exact measures for moderators."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import EntryStatus, RunState
from challenges.models import Challenge, Entry, Team
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges.pages.scenes import clocked
from tests.factories import code
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge of code."""
    made: Challenge = ChallengeFactory(opened=True, owner=UserFactory(), bundle={"code": {}})
    code.plan_of(made.phases.get())
    return made


def entered(challenge: Challenge, *, scored: bool = True) -> Entry:
    """Enter for a new team."""
    team: Team = TeamFactory(challenge=challenge)
    made: Entry = EntryFactory(
        enrolment=EnrolmentFactory(team=team, phase=challenge.phases.get()),
        status=EntryStatus.SCORED if scored else EntryStatus.FAILED,
        reason_code="" if scored else "X_PROGRAM",
        verdict={"faults": [], "warnings": [], "rows": None},
        submitted_by=captain_of(team),
    )
    return made


def owner_of(challenge: Challenge) -> User:
    """Return the owner of a challenge."""
    return challenge.organisers.get().user


def test_a_team_reads_classes(client: Client, challenge: Challenge) -> None:
    entry = entered(challenge)
    code.run(entry, log="JOURNAL", detail="DETAIL")
    client.force_login(captain_of(entry.enrolment.team))
    address = reverse("challenges:entry", args=[challenge.slug, entry.pk])

    page = client.get(address).text.replace("\u202f", " ").replace("\xa0", " ")

    for shown in ("2 minutes au plus", "1,5 Go au plus"):
        assert shown in page
    for hidden in ("JOURNAL", "DETAIL", "1.25", "1,25"):
        assert hidden not in page
    headers = bearer(captain_of(entry.enrolment.team), TokenScope.READ)
    told = client.get(f"/api/v1/entries/{entry.pk}", headers=headers).json()
    assert told["runs"] == [
        {
            "state": "done",
            "reason": "",
            "minutes": 2,
            "half_gib": 3,
        }
    ]


def test_an_organiser_reads_logs_after_the_close_where_the_phase_says_so(
    client: Client, challenge: Challenge
) -> None:
    entry = entered(challenge)
    code.run(entry, log="JOURNAL", detail="DETAIL")
    client.force_login(owner_of(challenge))
    address = reverse("challenges:code_runs", args=[challenge.slug])

    page = client.get(address).text
    assert ("JOURNAL" in page, "une fois la phase close" in page) == (False, True)
    challenge.phases.update(closes_at=clock.now())
    page = client.get(address).text
    assert "JOURNAL" in page
    assert "DETAIL" not in page
    challenge.phases.update(logs="none")
    assert "JOURNAL" not in client.get(address).text
    client.force_login(captain_of(entry.enrolment.team))
    assert client.get(address).status_code == 404


def test_a_moderator_reads_exact_measures_of_a_failure(
    client: Client, challenge: Challenge
) -> None:
    entry = entered(challenge, scored=False)
    code.run(entry, state=RunState.FAILED, reason_code="X_PROGRAM", detail="code de sortie 1")
    client.force_login(UserFactory(region="moderator"))

    page = client.get(reverse("challenges:examination", args=[entry.pk])).text

    assert "code de sortie 1" in page
    assert "1,25" in page
    assert "40,0" in page


@pytest.mark.parametrize("many", [1, 3])
def test_pages_cost_the_same_whatever_they_show(
    client: Client,
    challenge: Challenge,
    many: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _each in range(many):
        code.run(entered(challenge))
    client.force_login(owner_of(challenge))
    client.get(reverse("challenges:code_runs", args=[challenge.slug]))
    with django_assert_num_queries(clocked(9)):
        client.get(reverse("challenges:code_runs", args=[challenge.slug]))
