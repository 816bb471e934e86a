"""Running a challenge: the visa, the close, the reveal by two people."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from challenges.enums import ChallengeStatus
from challenges.models import Challenge, Enrolment, Phase, Reveal
from challenges.organising.actions import challenges as acts
from challenges.results.queries.reports import obstacles
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit import outbox
from tests.challenges.pages.scenes import clocked, listed, with_contract
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PersonFactory,
    PhaseFactory,
    TeamFactory,
    region_person,
    rescoring_of,
)
from tests.factories.disqualifications import asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    """Sign the organiser in."""
    made: User = PersonFactory()
    client.force_login(made)
    prove(client)
    return made


def signed_in(person: User) -> Client:
    """Return a browser in which a person signed in a moment ago."""
    browser = Client()
    browser.force_login(person)
    prove(browser)
    return browser


def prove(browser: Client) -> None:
    """Note that the person proved who they are just now."""
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def read_in(page: Any) -> dict[str, str]:
    """Return the version of the challenge that a page shows, as its forms send it back."""
    found = set(re.findall(r'name="version" value="(\d+)"', page.text))
    assert len(found) == 1
    return {"version": found.pop()}


def address(challenge: Challenge, name: str, *ids: object) -> str:
    """Return an address of the cockpit."""
    return reverse(f"challenges:{name}", args=[challenge.slug, *ids])


def test_list_and_cockpit_are_hidden_from_others(client: Client, owner: User) -> None:
    mine = ChallengeFactory(owner=owner, title="Le mien")
    other = ChallengeFactory(title="Celui d’une autre")
    page = client.get(reverse("challenges:organiser_list"))
    assert "Le mien" in page.text
    assert "Celui d’une autre" not in page.text
    assert client.get(address(mine, "organiser")).status_code == 200
    assert client.get(address(other, "organiser")).status_code == 404


def test_visitor_is_sent_to_sign_in(client: Client) -> None:
    challenge = ChallengeFactory()
    assert client.get(address(challenge, "organiser")).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_one_and_three(
    client: Client, owner: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ChallengeFactory.create_batch(count, owner=owner, opened=True)
    with django_assert_num_queries(clocked(10)):
        client.get(reverse("challenges:organiser_list"))


def test_organiser_asks_then_a_moderator_publishes(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    assert "À faire avant le visa" in client.get(address(challenge, "organiser")).text
    with_contract(challenge)
    client.post(address(challenge, "organiser_submit"))
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW
    assert client.post(address(challenge, "organiser_publish")).status_code == 403
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    page = moderator.get(address(challenge, "organiser"))
    assert "Publier le challenge" in page.text
    moderator.post(address(challenge, "organiser_publish"), read_in(page))
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED


def test_licence_to_confirm_is_confirmed_at_publication(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, licence={"name": "?", "status": "to_confirm"})
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    client.post(address(challenge, "organiser_submit"))
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    read = read_in(moderator.get(address(challenge, "organiser")))
    refused = moderator.post(address(challenge, "organiser_publish"), read)
    assert refused.status_code == 422
    assert 'href="#id_publish_confirm_licence"' in refused.text
    moderator.post(address(challenge, "organiser_publish"), read | {"confirm_licence": "on"})
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED


def test_moderator_asks_for_corrections(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    client.post(address(challenge, "organiser_submit"))
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    read = read_in(moderator.get(address(challenge, "organiser")))
    refused = moderator.post(address(challenge, "organiser_send_back"), read | {"reason": ""})
    assert refused.status_code == 422
    assert "Dites ce qui est à corriger." in refused.text
    moderator.post(address(challenge, "organiser_send_back"), read | {"reason": "Les <dates>."})
    assert Challenge.objects.get().status == ChallengeStatus.DRAFT
    assert "Les &lt;dates&gt;." in client.get(address(challenge, "organiser")).text
    while outbox.relay():
        pass
    (letter,) = [one for one in mail.outbox if "Corrections" in one.subject]
    assert letter.to == [owner.email]
    assert "Les <dates>." in letter.body
    assert f"/espace/challenges/{challenge.slug}/" in letter.body
    client.post(address(challenge, "organiser_submit"))
    assert Challenge.objects.get().corrections == ""


@pytest.mark.parametrize("name", ["organiser_publish", "organiser_send_back"])
def test_a_decision_on_a_page_that_has_aged_is_refused(owner: User, name: str) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    acts.submit(challenge=challenge, by=owner)
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    stale = read_in(moderator.get(address(challenge, "organiser"))) | {"reason": "Les dates."}
    challenge.refresh_from_db()
    acts.send_back(challenge=challenge, reason="Le titre.", by=region_person())
    Challenge.objects.update(title="Autre titre")
    acts.submit(challenge=challenge, by=owner)
    refused = moderator.post(address(challenge, name), stale)
    assert refused.status_code == 409
    assert re.search(r"Code\W+changed\.", refused.text)
    assert "à l’état «\u00a0En relecture\u00a0»" in refused.text
    assert "Autre titre" in refused.text
    assert ("Les dates.</textarea>" in refused.text) is (name == "organiser_send_back")
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW
    again = read_in(refused) | {"reason": "Les dates."}
    assert moderator.post(address(challenge, name), again).status_code == 302


@pytest.mark.parametrize("name", ["organiser_publish", "organiser_send_back"])
def test_a_decision_says_which_version_was_read(owner: User, name: str) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    acts.submit(challenge=challenge, by=owner)
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    refused = moderator.post(address(challenge, name), {"reason": "Les dates."})
    assert refused.status_code == 422
    assert "elle ne dit pas quelle version" in refused.text
    assert Challenge.objects.get().status == ChallengeStatus.IN_REVIEW


def test_close_needs_a_tick(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    assert "Clore la phase maintenant" in client.get(address(challenge, "organiser")).text
    refused = client.post(address(challenge, "organiser_close", 0))
    assert refused.status_code == 422
    assert "Cochez la case" in refused.text
    client.post(address(challenge, "organiser_close", 0), {"sure": "on"})
    assert Challenge.objects.get().status == ChallengeStatus.CLOSED
    assert client.post(address(challenge, "organiser_close", 7), {"sure": "on"}).status_code == 404


def test_reveal_takes_two_people(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    listed(challenge, "Alpha", 0.3, rank=1)
    proposal = address(challenge, "reveal_propose", 0)
    assert client.post(proposal).status_code == 422
    client.post(proposal, {"sure": "on"})
    confirmation = address(challenge, "reveal_confirm", 0)
    assert client.post(confirmation, {"sure": "on"}).status_code == 403
    assert "Une autre personne" in client.get(address(challenge, "organiser")).text
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    assert "Confirmer la publication" in moderator.get(address(challenge, "organiser")).text
    moderator.post(confirmation, {"sure": "on"})
    found = Reveal.objects.get()
    assert (found.proposed_by, found.confirmed_at is not None) == (owner, True)
    assert "le calcul est en cours" in client.get(address(challenge, "organiser")).text


def test_reveal_waits_for_the_end_of_the_grace(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    Phase.objects.update(closes_at=timezone.now())
    page = client.get(address(challenge, "organiser"))
    assert "Délai de grâce" in page.text
    assert "Proposer la publication des résultats" not in page.text
    sent = client.post(address(challenge, "reveal_propose", 0), {"sure": "on"})
    assert (sent.status_code, Reveal.objects.count()) == (409, 0)
    assert "phase_in_grace" in sent.text
    Phase.objects.update(closes_at=timezone.now() - timedelta(minutes=15))
    page = client.get(address(challenge, "organiser"))
    assert "Proposer la publication des résultats" in page.text


def test_reveal_is_refused_while_open(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    sent = client.post(address(challenge, "reveal_propose", 0), {"sure": "on"})
    assert sent.status_code == 409
    assert Reveal.objects.count() == 0


def test_a_takeover_that_ended_meanwhile_is_told_on_the_page(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    sent = client.post(address(challenge, "takeover_end", 0))
    assert sent.status_code == 409
    assert "takeover_not_stuck" in sent.text
    assert 'id="phases"' in sent.text


def test_what_must_end_before_the_results_is_told_before_the_click(
    client: Client, owner: User
) -> None:
    challenge = ChallengeFactory(owner=owner, closed=True)
    with_contract(challenge)
    phase = challenge.phases.get()
    offered = "Proposer la publication des résultats"
    assert offered in client.get(address(challenge, "organiser")).text
    rescoring_of(phase, owner)
    other = Enrolment.objects.create(phase=phase, team=TeamFactory(challenge=challenge))
    asked(team=other.team)
    EntryFactory(enrolment=other)
    text = client.get(address(challenge, "organiser")).text
    assert offered not in text
    told = re.search(r"Avant de publier les résultats.*?</ul>", text, re.S)
    assert told
    leads = [address(challenge, "rescorings"), address(challenge, "disqualification_proposals")]
    assert re.findall(r'href="([^"]+)"', told[0]) == [*leads, address(challenge, "pipeline")]
    codes = [each.code for each in obstacles(phase, timezone.now())]
    assert codes == ["rescoring_open", "disqualification_open", "entries_unfinished"]
    sent = client.post(address(challenge, "reveal_propose", 0), {"sure": "on"})
    assert (sent.status_code, Reveal.objects.count()) == (409, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_cockpit_costs_the_same_for_one_and_three(
    client: Client, owner: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    for n in range(count):
        listed(challenge, f"Équipe {n}", 0.3, rank=1)
    with django_assert_num_queries(clocked(21)):
        client.get(address(challenge, "organiser"))


@pytest.mark.parametrize("name", ["reveal_propose", "reveal_confirm"])
def test_reveal_asks_again_who_is_there(name: str) -> None:
    owner = PersonFactory()
    challenge = ChallengeFactory(owner=owner, closed=True)
    browser = Client()
    browser.force_login(owner)
    sent = browser.post(address(challenge, name, 0), {"sure": "on"})
    assert sent.status_code == 302
    assert "identite" in sent["Location"]
    assert Reveal.objects.count() == 0


def test_dates_are_paris_hours(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    body = {"opens_at": "2126-07-01T09:00", "closes_at": "2126-12-17T23:59"}
    client.post(address(challenge, "organiser_dates", 0), body)
    phase = challenge.phases.get()
    assert phase.opens_at.isoformat() == "2126-07-01T07:00:00+00:00"
    assert phase.closes_at.isoformat() == "2126-12-17T23:00:00+00:00"


def test_untouched_opening_keeps_its_seconds(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    listed(challenge, "Alpha", 0.3, rank=1)
    phase = challenge.phases.get()
    shown = timezone.localtime(phase.opens_at).strftime("%Y-%m-%dT%H:%M")
    body = {"opens_at": shown, "closes_at": "2126-12-17T17:00"}
    assert client.post(address(challenge, "organiser_dates", 0), body).status_code == 302
    again = challenge.phases.get()
    assert (again.opens_at, again.closes_at.year) == (phase.opens_at, 2126)
    sooner = {"opens_at": shown, "closes_at": "2126-11-17T17:00"}
    refused = client.post(address(challenge, "organiser_dates", 0), sooner)
    assert refused.status_code == 409
    assert '<div id="id_dates_0_closes_at_error">' in refused.text
    assert 'value="2126-11-17T17:00"' in refused.text


def test_a_close_before_the_opening_is_told_beside_it(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    body = {"opens_at": "2126-07-01T09:00", "closes_at": "2126-06-01T09:00"}
    refused = client.post(address(challenge, "organiser_dates", 0), body)
    assert refused.status_code == 422
    assert '<a href="#id_dates_0_closes_at">' in refused.text
    assert '<div id="id_dates_0_closes_at_error">' in refused.text


def test_an_unconfirmed_close_is_told_beside_its_own_phase(client: Client, owner: User) -> None:
    challenge = ChallengeFactory(owner=owner, opened=True)
    PhaseFactory(challenge=challenge, index=1, opens_at=timezone.now())
    refused = client.post(address(challenge, "organiser_close", 0), {})
    assert refused.status_code == 422
    assert refused.text.count("Cochez la case pour confirmer la clôture.") == 2
    assert '<a href="#id_close_0_sure">' in refused.text
    assert '<div id="id_close_0_sure_error">' in refused.text


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-03-29T02:30", "n’existe pas"),
        ("2026-10-25T02:30", "existe deux fois"),
        ("demain", "Écrivez la date et l’heure"),
        ("0001-01-01T00:00", "Une année de 1990 à 2200"),
        ("9999-12-31T23:59", "Une année de 1990 à 2200"),
    ],
)
def test_impossible_hours_are_refused(
    client: Client, owner: User, value: str, sentence: str
) -> None:
    challenge = ChallengeFactory(owner=owner)
    PhaseFactory(challenge=challenge)
    sent = client.post(address(challenge, "organiser_dates", 0), {"opens_at": value})
    assert sent.status_code == 422
    assert sentence in sent.text
    assert "<title>Erreur" in sent.text


def test_an_owner_archives_from_the_cockpit() -> None:
    challenge = ChallengeFactory(closed=True)
    owner = signed_in(challenge.organisers.get().user)
    page = address(challenge, "organiser_archive")
    assert "Ses résultats ne sont pas publiés" in owner.get(page).text
    assert owner.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 403
    Challenge.objects.update(status=ChallengeStatus.REVEALED)
    unproven = Client()
    unproven.force_login(challenge.organisers.get().user)
    assert unproven.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 302
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED
    assert page in owner.get(address(challenge, "organiser")).text
    assert "ne s’annule pas" in owner.get(page).text
    assert owner.post(page, {"reason": "Fini."}).status_code == 422
    assert owner.post(page, {"reason": "Fini.", "sure": "on"}).status_code == 302
    assert Challenge.objects.get().status == ChallengeStatus.ARCHIVED
    assert "Fini." in owner.get(address(challenge, "organiser")).text
    assert "Ce challenge est archivé" in owner.get(page).text
    assert not Client().get(address(challenge, "presentation")).text.count("Lire le bilan")


def test_moderator_suspends_and_resumes() -> None:
    challenge = ChallengeFactory(opened=True)
    moderator = signed_in(region_person(RegionRole.MODERATOR))
    assert moderator.post(address(challenge, "organiser_suspend"), {}).status_code == 422
    moderator.post(address(challenge, "organiser_suspend"), {"reason": "Une erreur."})
    assert Challenge.objects.get().status == ChallengeStatus.SUSPENDED
    page = Client().get(address(challenge, "presentation"))
    assert "Challenge suspendu" in page.text
    moderator.post(address(challenge, "organiser_resume"))
    assert Challenge.objects.get().status == ChallengeStatus.PUBLISHED
