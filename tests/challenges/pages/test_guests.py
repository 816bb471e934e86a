"""The pages of a challenge by invitation: organisers, who is invited, who is not."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import ChallengeStatus, RegistrationMode
from challenges.models import Challenge, Guest, Registration, Team, TermsAcceptance
from challenges.organising.actions import guests as acts
from challenges.pages.views.space import awaited_decisions
from challenges.teams import actions as teams
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges.pages.scenes import clocked
from tests.factories.challenges import ChallengeFactory, PersonFactory

pytestmark = pytest.mark.django_db
UNINVITED = "Ce challenge est sur invitation"


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge by invitation, with rules."""
    made: Challenge = ChallengeFactory(
        opened=True, owner=PersonFactory(), registration=RegistrationMode.INVITED
    )
    return made


@pytest.fixture
def organiser(challenge: Challenge, client: Client) -> User:
    """Sign the organiser in."""
    made = challenge.organisers.get().user
    client.force_login(made)
    return made


def at(challenge: Challenge, name: str, *more: object) -> str:
    return reverse(f"challenges:{name}", args=[challenge.slug, *more])


def link_of(guest: Guest) -> str:
    secret = guest.token
    return at(guest.challenge, "guest_invitation", guest.public_id, secret)


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def test_a_list_is_reported_line_by_line_and_what_failed_stays(
    client: Client, challenge: Challenge, organiser: User
) -> None:
    sent = {"addresses": "a@exemple.test\nfaux\na@exemple.test"}
    text = client.post(at(challenge, "guests"), sent).text
    report = text[text.index("Ce qu’est devenue chaque ligne") :].partition("</table>")[0]
    lines = ["a@exemple.test", "faux", "a@exemple.test"]
    assert re.findall(r'<th scope="row">([^<]*)', report) == lines
    assert ">\nfaux</textarea>" in text
    empty = client.post(at(challenge, "guests"), {"addresses": " "})
    assert (empty.status_code, Guest.objects.count()) == (422, 1)
    [guest] = Guest.objects.all()
    client.post(at(challenge, "guest_withdraw", guest.public_id))
    assert "Personne n’est encore invité" in client.get(at(challenge, "guests")).text


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_three(
    client: Client,
    challenge: Challenge,
    organiser: User,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    lines = [f"n{n}@exemple.test" for n in range(count)]
    acts.invite(challenge=challenge, lines=lines, by=organiser)
    with django_assert_num_queries(clocked(13, reads=2)):
        text = client.get(at(challenge, "guests")).text
    assert text.count("@exemple.test</th>") == count


def test_who_is_invited_takes_part_from_the_link(challenge: Challenge) -> None:
    person, by = PersonFactory(), challenge.organisers.get().user
    acts.invite(challenge=challenge, lines=[person.email], by=by)
    [guest] = Guest.objects.all()
    link = link_of(guest)
    shown = Client().get(link)
    assert "Créer un compte" in shown.text
    assert person.email not in shown.text
    browser = signed_in(person)
    assert at(challenge, "rules") in browser.get(link).text
    assert [str(each.url) for each in awaited_decisions(person, clock.now())] == [
        at(challenge, "rules")
    ]
    assert UNINVITED not in browser.get(at(challenge, "rules")).text
    number = challenge.terms.get().number
    browser.post(at(challenge, "rules"), {"terms": number, "accepted": "on"})
    browser.post(at(challenge, "team"), {"name": "Alpha"})
    assert Team.objects.get().has_captain(person)
    assert "Vous êtes déjà inscrit" in browser.get(link).text
    assert "déjà servi" in Client().get(link).text
    assert list(awaited_decisions(person, clock.now())) == []


def test_who_is_not_invited_reads_the_same_whoever_is(challenge: Challenge) -> None:
    other, by = PersonFactory(), challenge.organisers.get().user
    browser = signed_in(other)
    before = [browser.get(at(challenge, name)) for name in ("rules", "team")]
    acts.invite(challenge=challenge, lines=["quelqu.une@exemple.test"], by=by)
    after = [browser.get(at(challenge, name)) for name in ("rules", "team")]
    for one, two in zip(before, after, strict=True):
        assert UNINVITED in one.text
        assert len(one.text) == len(two.text)
        assert "quelqu.une" not in two.text
    number = challenge.terms.get().number
    sent = browser.post(at(challenge, "rules"), {"terms": number, "accepted": "on"})
    assert (sent.status_code, Registration.objects.count()) == (403, 0)
    assert UNINVITED in sent.text
    link = link_of(Guest.objects.get())
    assert "pour une autre adresse" in browser.get(link).text
    assert browser.get(link[:-2] + "x/").status_code == 404


@pytest.mark.parametrize("ended", ["withdrawn", "late", "closed"])
def test_an_invitation_that_ended_says_so(challenge: Challenge, ended: str) -> None:
    by = challenge.organisers.get().user
    acts.invite(challenge=challenge, lines=["a@exemple.test"], by=by)
    [guest] = Guest.objects.all()
    if ended == "withdrawn":
        acts.withdraw(guest=guest, by=by)
    elif ended == "late":
        Guest.objects.update(expires_at=clock.now())
    else:
        Challenge.objects.update(status=ChallengeStatus.CLOSED)
    assert "ne vaut plus" in Client().get(link_of(guest)).text


def test_a_draft_says_when_letters_leave(
    client: Client, challenge: Challenge, organiser: User
) -> None:
    Challenge.objects.update(status=ChallengeStatus.DRAFT, published_at=None)
    text = client.get(at(challenge, "guests")).text
    assert "une fois le challenge publié" in text
    assert "<textarea" not in text
    Challenge.objects.update(registration=RegistrationMode.OPEN)
    assert "n’est pas sur invitation" in client.get(at(challenge, "guests")).text


def test_a_team_mate_who_is_not_invited_cannot_join(challenge: Challenge) -> None:
    captain, mate = PersonFactory(), PersonFactory()
    acts.invite(challenge=challenge, lines=[captain.email], by=challenge.organisers.get().user)
    teams.accept_terms(challenge=challenge, by=captain)
    team = teams.create(challenge=challenge, name="Alpha", by=captain)
    sent = teams.invite(team=team, email=mate.email, by=captain)
    browser = signed_in(mate)
    link = at(challenge, "team_join", sent.public_id, sent.token)
    assert UNINVITED in browser.get(link).text
    assert browser.post(link).status_code == 403


def test_who_left_and_is_invited_again_registers_by_the_page(challenge: Challenge) -> None:
    person = PersonFactory()
    browser = signed_in(person)
    by = challenge.organisers.get().user
    acts.invite(challenge=challenge, lines=[person.email], by=by)
    teams.accept_terms(challenge=challenge, by=person)
    teams.leave_challenge(challenge=challenge, by=person)
    page = at(challenge, "rules")
    assert "Accepter et m’inscrire" not in browser.get(page).text
    acts.invite(challenge=challenge, lines=[person.email], by=by)
    assert [each.title for each in awaited_decisions(person, clock.now())]
    assert "Accepter et m’inscrire" in browser.get(page).text
    assert "Le règlement d’abord" in browser.get(at(challenge, "team")).text
    sent = browser.post(page, {"accepted": "on", "terms": challenge.terms.get().number})
    assert "Créez une équipe" in browser.get(sent["Location"]).text
    assert Registration.objects.get().state == "accepted"


def test_new_rules_accepted_bring_back_who_had_left(challenge: Challenge) -> None:
    Challenge.objects.update(registration=RegistrationMode.APPROVAL)
    person = PersonFactory()
    teams.accept_terms(challenge=challenge, by=person)
    teams.leave_challenge(challenge=challenge, by=person)
    TermsAcceptance.objects.all().delete()
    browser = signed_in(person)
    sent = browser.post(
        at(challenge, "rules"), {"accepted": "on", "terms": challenge.terms.get().number}
    )
    told = browser.get(sent["Location"]).text
    assert "Créez une équipe" not in told
    assert "attend l’accord de l’organisateur" in told
