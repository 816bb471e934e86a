"""What somebody reads of a challenge where no team is made any more, or not yet."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import ChallengeStatus
from challenges.models import Challenge, Phase
from challenges.organising.views.layout import stage_of
from portal.accounts.models import User
from portal.lib import clock
from tests.factories.challenges import (
    ChallengeFactory,
    PersonFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CREATE = "Créer l’équipe"
STATES: list[tuple[str, dict[str, Any], tuple[int, int | None], str]] = [
    ("coming", {}, (1, 9), "formez déjà votre équipe"),
    ("open", {}, (-1, 9), ""),
    ("over", {}, (-9, -1), "Ce challenge est terminé"),
    ("over", {"status": ChallengeStatus.CLOSED}, (-9, -1), "pas encore publiés"),
    ("over", {"status": ChallengeStatus.REVEALED}, (-9, -1), "classement définitif est publié"),
    ("suspended", {"status": ChallengeStatus.SUSPENDED}, (-1, 9), "Ce challenge est suspendu"),
]


def at(challenge: Challenge, name: str) -> str:
    return reverse(f"challenges:{name}", args=[challenge.slug])


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def made(change: dict[str, Any], days: tuple[int, int | None]) -> Challenge:
    """Make a public challenge of one phase, that opens and closes these days from now."""
    challenge: Challenge = ChallengeFactory(opened=True, team_max=3)
    now = clock.now()
    opens, closes = days
    Phase.objects.update(
        opens_at=now + opens * DAY, closes_at=None if closes is None else now + closes * DAY
    )
    Challenge.objects.update(**change)
    challenge.refresh_from_db()
    return challenge


@pytest.mark.parametrize(("stage", "change", "days", "words"), STATES)
def test_a_newcomer_reads_where_the_challenge_stands(
    stage: str, change: dict[str, Any], days: tuple[int, int | None], words: str
) -> None:
    challenge = made(change, days)
    phases = list(challenge.phases.all())
    assert stage_of(challenge, phases, clock.now()).value == stage
    gathers = stage in {"coming", "open"}
    page = Client().get(at(challenge, "presentation")).text
    assert words in page
    assert ("Créer une équipe" in page) is gathers
    person = accepted_person(challenge)
    browser = signed_in(person)
    assert (CREATE in browser.get(at(challenge, "team")).text) is gathers
    asks = signed_in(PersonFactory())
    assert ("Accepter et m’inscrire" in asks.get(at(challenge, "rules")).text) is gathers
    assert ("Il vous faut une équipe" in asks.get(at(challenge, "entries")).text) is gathers


@pytest.mark.parametrize(("stage", "change", "days", "words"), STATES)
def test_a_team_is_offered_only_what_it_may_still_do(
    stage: str, change: dict[str, Any], days: tuple[int, int | None], words: str
) -> None:
    challenge = made(change, days)
    team = TeamFactory(challenge=challenge)
    text = signed_in(captain_of(team)).get(at(challenge, "team")).text
    gathers = stage in {"coming", "open"}
    assert ("Envoyer l’invitation" in text) is gathers
    assert ("l’équipe reste ce qu’elle est" in text) is (stage == "over")
    assert "Quitter l’équipe" in text
