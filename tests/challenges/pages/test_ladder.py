"""What a team reads where its phase has a Ladder: what improved, what did not, what waits."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from challenges.enums import EntryStatus, Split
from challenges.models import Enrolment, Entry, Phase, Rung, Team
from portal.lib import immutable
from tests.challenges.pages.scenes import clocked, with_contract
from tests.factories.challenges import (
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory()
    with_contract(made.challenge)
    Phase.objects.filter(challenge=made.challenge).update(ladder=True)
    return made


@pytest.fixture
def captain(client: Client, team: Team) -> Client:
    client.force_login(captain_of(team))
    return client


@pytest.fixture
def enrolment(team: Team) -> Enrolment:
    made: Enrolment = EnrolmentFactory(team=team, phase=team.challenge.phases.get())
    return made


def settled(enrolment: Enrolment, value: float, leader: Entry | None = None) -> Entry:
    """Make a scored entry that shows its own figure, or another entry's."""
    entry: Entry = EntryFactory(enrolment=enrolment, status="scored")
    evaluation = score(entry, value).evaluation
    with immutable.writes(Rung):
        Rung.objects.create(
            evaluation=evaluation,
            improved=leader is None,
            leader=evaluation if leader is None else leader.evaluations.get(),
            settled_at=timezone.now(),
        )
    return entry


def page_of(client: Client, entry: Entry, name: str = "entry") -> str:
    slug = entry.enrolment.team.challenge.slug
    return spaced(client.get(reverse(f"challenges:{name}", args=[slug, entry.pk])).text)


def spaced(text: str) -> str:
    """Write every space as a plain one."""
    return " ".join(text.split())


def entries_page(client: Client, team: Team, name: str = "entries") -> Any:
    return client.get(reverse(f"challenges:{name}", args=[team.challenge.slug]))


def test_a_team_reads_that_nothing_improved(captain: Client, enrolment: Enrolment) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    sentence = (
        "Pas d’amélioration significative : le classement garde le score de votre "
        f"soumission n° {first.number}."
    )
    assert sentence not in page_of(captain, first)
    page = page_of(captain, second)
    assert page.count(sentence) == 2  # in its life, and under the score
    assert "/evaluation/#echelle" in page
    table = entries_page(captain, enrolment.team).text
    assert f"score de la n° {first.number}" in spaced(table)
    exported = entries_page(captain, enrolment.team, "entries_csv").text
    assert "score_public,score_de" in exported.splitlines()[0]
    assert f",0.2500,{first.number}," in exported.replace("0,2500", "0.2500").replace('"', "")


def test_a_withdrawn_leader_is_said_to_be(captain: Client, enrolment: Enrolment) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    Entry.objects.filter(pk=first.pk).update(status=EntryStatus.WITHDRAWN)
    page = page_of(captain, second)
    assert "retirée depuis" in page
    assert "le classement garde" not in page


def test_a_score_that_waits_says_so(captain: Client, enrolment: Enrolment) -> None:
    entry = EntryFactory(enrolment=enrolment, status="scored")
    page = page_of(captain, entry)
    assert "Le score paraîtra quand vos soumissions précédentes seront évaluées." in page
    assert "data-final" not in page_of(captain, entry, "entry_state")
    score(entry, 0.25)
    assert "data-final" in page_of(captain, entry, "entry_state")


def test_after_the_reveal_the_entry_has_its_own_figure(
    captain: Client, enrolment: Enrolment
) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    assert "ce fichier seul" not in page_of(captain, second)
    with immutable.writes(Rung):
        Rung.objects.filter(evaluation__entry=second).update(own={"mae": [0.2463, "0.2463"]})
    assert "0,2463" in page_of(captain, second)


def test_nothing_of_it_shows_without_the_option(captain: Client, enrolment: Enrolment) -> None:
    Phase.objects.update(ladder=False)
    entry = EntryFactory(enrolment=enrolment, status="scored")
    score(entry, 0.25)
    for page in (
        page_of(captain, entry),
        entries_page(captain, enrolment.team).text,
        entries_page(captain, enrolment.team, "evaluation").text,
    ):
        assert "amélioration" not in page
        assert "echelle" not in page


def test_the_rule_is_explained(client: Client, team: Team) -> None:
    page = spaced(entries_page(client, team, "evaluation").text)
    assert 'id="echelle"' in page
    assert "dépasser son erreur type" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_ask_as_much_for_one_as_for_three(
    captain: Client,
    enrolment: Enrolment,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = settled(enrolment, 0.25)
    for _ in range(count):
        settled(enrolment, 0.25, first)
    with django_assert_num_queries(clocked(25)):
        entries_page(captain, enrolment.team)


def test_a_private_figure_stays_away(captain: Client, enrolment: Enrolment) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    score(second, 0.7123, split=Split.PRIVATE)
    assert "7123" not in page_of(captain, second)
