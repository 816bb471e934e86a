"""The details of an entry: its team alone, once all is revealed."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.models import Challenge, Entry
from portal.accounts.models import User
from tests.challenges.pages.scenes import board_of, clocked, listed, reveal
from tests.factories import findings
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    """Return the entry of a revealed challenge, with its details by class."""
    challenge: Challenge = ChallengeFactory(opened=True, slug="tensions")
    board_of(challenge)
    row = listed(challenge, "Alpha", 0.3, rank=1)
    reveal(challenge, {"Alpha": 0.31})
    findings.tell(row.entry.evaluations.get(), None, findings.classes("faible", "fort"))
    found: Entry = row.entry
    return found


def address(entry: Entry) -> str:
    """Return the address of the details."""
    return reverse("challenges:entry_detail", args=["tensions", entry.pk])


def test_classes_and_matrix_are_shown_to_the_team(client: Client, entry: Entry) -> None:
    client.force_login(captain_of(entry.enrolment.team))
    page = client.get(address(entry)).text
    assert page.count("Matrice de confusion</h4>") == 2
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", page)
    cells = [(name, re.findall(r">(?:<b>)?([^<>]+?)(?:</b>)?<", cells)) for name, cells in rows]
    assert ("faible", ["50", "10"]) in cells
    assert ("fort", ["10", "50"]) in cells
    assert "Par classe" in page
    own = client.get(reverse("challenges:entry", args=["tensions", entry.pk])).text
    assert address(entry) in own


def test_calibration_is_drawn_and_tabled(client: Client, entry: Entry) -> None:
    other = listed(entry.enrolment.phase.challenge, "Bêta", 0.4, rank=2).entry
    findings.tell(other.evaluations.get(), None, findings.scores())
    client.force_login(captain_of(other.enrolment.team))
    page = client.get(address(other)).text
    drawings = re.findall(r"<svg class=\"reliability\".*?</svg>", page, re.DOTALL)
    assert len(drawings) == 2
    assert all("<title id=" in each and "<desc id=" in each for each in drawings)
    assert drawings[0].count('class="pt"') == page.count('data-label="Prédit"') / 2


@pytest.mark.parametrize("who", ["other", "organiser", "moderator", "administrator"])
def test_anybody_else_gets_the_answer_of_an_unknown_entry(
    client: Client, entry: Entry, who: str
) -> None:
    challenge = entry.enrolment.phase.challenge
    people: dict[str, User] = {
        "other": captain_of(TeamFactory(challenge=challenge)),
        "organiser": challenge.organisers.get().user,
        "moderator": UserFactory(region="moderator"),
        "administrator": UserFactory(region="administrator"),
    }
    client.force_login(people[who])
    assert client.get(address(entry)).status_code == 404


def test_a_visitor_is_sent_to_sign_in(client: Client, entry: Entry) -> None:
    assert client.get(address(entry)).status_code == 302


def test_before_the_reveal_there_is_nothing(client: Client, entry: Entry) -> None:
    entry.enrolment.phase.reveal.delete()
    client.force_login(captain_of(entry.enrolment.team))
    assert client.get(address(entry)).status_code == 404
    own = client.get(reverse("challenges:entry", args=["tensions", entry.pk])).text
    assert address(entry) not in own


def test_the_page_costs_a_fixed_number_of_queries(
    client: Client, entry: Entry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(captain_of(entry.enrolment.team))
    client.get(address(entry))
    with django_assert_num_queries(clocked(10)):
        client.get(address(entry))
