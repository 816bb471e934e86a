"""Registration by approval: an organiser answers once, and the person is told."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from challenges.models import Challenge, Registration, Team
from challenges.organising.enums import RegistrationMode
from challenges.organising.letters import registered
from challenges.teams.actions import teams
from challenges.teams.enums import RegistrationState
from challenges.teams.views import pages as team_views
from portal.accounts.models import User
from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed
from tests.challenges.pages.scenes import Costs, url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory
from tests.factories.letters import delivered
from tests.ledger import events as acts

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    return ChallengeFactory(opened=True, registration=RegistrationMode.APPROVAL)


def asks(challenge: Challenge, name: str) -> Registration:
    """Let a person ask to take part."""
    person = UserFactory(display_name=name, email=f"{name.split()[0].lower()}@agence.exemple")
    teams.accept_terms(challenge=challenge, by=person)
    return Registration.objects.get(user=person)


@pytest.fixture
def asked(challenge: Challenge) -> Registration:
    return asks(challenge, "Camille Aubert")


def owner(asked: Registration) -> User:
    return asked.challenge.organisers.get().user


@pytest.fixture
def organiser(challenge: Challenge) -> Client:
    return signed_in(challenge.organisers.get().user)


def told() -> list[tuple[str, list[str]]]:
    """Deliver all that is owed; give the subject and the receivers of each letter."""
    delivered()
    return [(message.subject, message.to) for message in mail.outbox]


def test_the_organisers_are_told_that_somebody_asks(asked: Registration) -> None:
    assert asked.state == RegistrationState.PENDING
    with refuses(NotAllowed, "registration_required"):
        teams.create(challenge=asked.challenge, name="A", by=asked.user)
    teams.accept_terms(challenge=ChallengeFactory(opened=True), by=UserFactory())  # asks nobody
    title = f"Challenge « {asked.challenge.title} »"
    assert told() == [(f"{title} : une inscription à accepter", [owner(asked).email])]
    assert "Camille Aubert" in mail.outbox[0].body
    assert asked.user.email not in mail.outbox[0].body


def test_a_person_leaves_and_comes_back(challenge: Challenge) -> None:
    Challenge.objects.update(registration=RegistrationMode.OPEN)
    challenge.refresh_from_db()
    person = UserFactory()
    with pytest.raises(Hidden):
        teams.leave_challenge(challenge=challenge, by=person)
    teams.accept_terms(challenge=challenge, by=person)
    team = teams.create(challenge=challenge, name="Équipe", by=person)
    before = len(acts())
    browser = signed_in(person)
    rules, leave, back = (url_of(challenge, name) for name in ("rules", "unregister", "team"))
    assert leave in browser.get(rules).text
    assert "plus de courriels" in browser.get(leave).text
    left = browser.post(leave, follow=True).text
    assert (back in left, leave in left) == (True, False)
    teams.leave_challenge(challenge=challenge, by=person)
    assert acts()[before:] == ["team.left", "registration.withdrawn"]
    assert not Team.objects.joined_by(person).exists()
    assert list(registered(challenge)) == []
    with pytest.raises(NotAllowed):
        teams.create(challenge=challenge, name="Autre", by=person)
    number = challenge.terms.get().number
    browser.post(back, {"name": "Autre", "terms": number, "accepted": "on"})
    assert list(registered(challenge)) == [person]
    assert Team.objects.joined_by(person).get() != team


def test_coming_back_again_writes_to_the_organisers_once_a_day(
    asked: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    for minutes in (0, 1, 2, 24 * 60):
        at = noon + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        teams.leave_challenge(challenge=asked.challenge, by=asked.user)
        teams.accept_terms(challenge=asked.challenge, by=asked.user)
    letters = Outbox.objects.filter(topic="mail.registration_pending")
    assert letters.count() == 1 + 2  # the first request, then each of the two days


def test_who_comes_back_is_answered_again_and_who_was_refused_is_not(asked: Registration) -> None:
    teams.accept_registration(registration=asked, by=owner(asked))
    before = len(told())
    teams.leave_challenge(challenge=asked.challenge, by=asked.user)
    again = teams.accept_terms(challenge=asked.challenge, by=asked.user)
    assert (again.state, again.decided_by) == (RegistrationState.PENDING, None)
    teams.refuse_registration(registration=again, reason="Complet.", by=owner(asked))
    assert len(told()) == before + 2  # to the organiser, then to the person
    with pytest.raises(Conflict):
        teams.leave_challenge(challenge=asked.challenge, by=asked.user)
    assert teams.accept_terms(challenge=asked.challenge, by=asked.user).state == "refused"


def page(challenge: Challenge) -> str:
    """Return the address of the page on which the organiser answers."""
    return url_of(challenge, "registrations")


def answer(asked: Registration) -> str:
    """Return the address that takes an answer."""
    return url_of(asked.challenge, "registration_answer", asked.pk)


def test_the_page_shows_who_asks_without_their_address_at_the_same_cost(
    organiser: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    assert "Aucune demande en attente" in organiser.get(page(challenge)).text
    for name in ("Camille", "Sacha", "Dominique")[:count]:
        asks(challenge, name)
    with costs(10):
        text = organiser.get(page(challenge)).text
    assert ("Camille" in text, "@agence.exemple" in text, "camille@" in text) == (True, True, False)
    for leads in (url_of(challenge, "organiser"), "/espace/"):
        assert f'href="{page(challenge)}"' in organiser.get(leads).text


def test_an_organiser_lets_a_person_take_part_once(organiser: Client, asked: Registration) -> None:
    before = len(acts())
    done = organiser.post(answer(asked), {"decision": "accept"}, follow=True)
    assert "Réponses données" in done.text
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == (RegistrationState.ACCEPTED, owner(asked))
    again = organiser.post(answer(asked), {"decision": "accept"}, follow=True)
    assert "a déjà reçu une réponse" in again.text
    with pytest.raises(Conflict):
        teams.refuse_registration(registration=asked, reason="Non.", by=owner(asked))
    assert acts()[before:] == ["registration.accepted"]
    assert teams.create(challenge=asked.challenge, name="Équipe", by=asked.user).pk
    assert told()[-1] == (
        f"Challenge « {asked.challenge.title} » : inscription acceptée",
        [asked.user.email],
    )


@pytest.mark.parametrize("blank", ["", "  "])
def test_an_organiser_refuses_with_a_reason_that_is_read(
    organiser: Client, asked: Registration, blank: str
) -> None:
    before = len(acts())
    empty = organiser.post(answer(asked), {"decision": "refuse", "reason": blank})
    assert (empty.status_code, f'id="id_{asked.pk}_reason"' in empty.text) == (422, True)
    with pytest.raises(Invalid):
        teams.refuse_registration(registration=asked, reason=blank, by=owner(asked))
    organiser.post(answer(asked), {"decision": "refuse", "reason": "Réservé aux agents."})
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == (RegistrationState.REFUSED, "Réservé aux agents.")
    assert acts()[before:] == ["registration.refused"]
    with pytest.raises(NotAllowed):
        teams.create(challenge=asked.challenge, name="Équipe", by=asked.user)
    told()
    assert "Réservé aux agents." in mail.outbox[-1].body
    for name in ("team", "rules"):
        address = url_of(asked.challenge, name)
        assert "Réservé aux agents." in signed_in(asked.user).get(address).text


def test_a_refusal_is_corrected_on_the_page_however_old(
    organiser: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team_views, "REGISTRATIONS_PER_PAGE", 1)
    requests = [asks(challenge, name) for name in ("Camille", "Sacha")]
    for each in requests:
        organiser.post(answer(each), {"decision": "refuse", "reason": "Non."})
    first = organiser.get(page(challenge)).text
    assert ("Camille" in first, "?answered=2" in first) == (False, True)
    second = organiser.get(page(challenge), {"answered": 2}).text
    assert re.search(r'Accepter finalement<span\s+class="vh"> Camille', second)
    organiser.post(answer(requests[0]), {"decision": "accept"})
    found = Registration.objects.get(pk=requests[0].pk)
    assert (found.state, found.reason) == (RegistrationState.ACCEPTED, "")
    assert [subject.rpartition(" : ")[2] for subject, to in told() if to == [found.user.email]] == [
        "inscription refusée",
        "inscription acceptée",
    ]
