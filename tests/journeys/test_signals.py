"""Signals in a real browser: the whole dialogue without script, every page accessible."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from challenges.enums import SignalKind, SignalStatus
from challenges.models import Phase, Signal
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, captain_of
from tests.factories.signals import asked, signal
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]
Cookies = Callable[[Any], Any]


@pytest.fixture
def phase(site: str) -> Phase:
    """Open a challenge on the served portal."""
    found: Phase = ChallengeFactory(opened=True, slug="tensions").phases.get()
    return found


def address(site: str, made: Signal) -> str:
    return site + reverse("challenges:signal", args=[made.public_id])


def question(site: str, made: Signal) -> tuple[str, Any]:
    """Return the page of the first team, and its captain."""
    party = made.parties.order_by("pk")[0]
    path = reverse("challenges:question", args=["tensions", party.public_id])
    return site + path, captain_of(party.team)


def test_ask_answer_decide_without_script(
    running: Any, site: str, phase: Phase, as_user: Cookies
) -> None:
    made = signal(phase, kind=SignalKind.PROBING)
    moderator = UserFactory(region="moderator")
    with browser.tab(running, script=False, cookies=as_user(moderator)) as page:
        page.goto(f"{site}/moderation/signaux/")
        page.get_by_label("État").select_option("open")
        page.get_by_role("button", name="Filtrer").click()
        page.get_by_role("link", name="Recherche des réponses").click()
        page.get_by_label("Interroger les équipes").check()
        page.get_by_label("Question ou motif").fill("Comment avez-vous choisi ces fichiers ?")
        page.get_by_label("Je confirme cette décision").check()
        page.get_by_role("button", name="Enregistrer la décision").click()
        assert page.get_by_text("Question envoyée aux équipes.").is_visible()
    told, captain = question(site, made)
    with browser.tab(running, script=False, cookies=as_user(captain)) as page:
        page.goto(f"{site}/challenges/tensions/equipe/")
        page.get_by_role("link", name="Lire la question").click()
        assert page.url == told
        page.get_by_label("Réponse de l’équipe").fill("Un script d’essai mal réglé.")
        page.get_by_role("button", name="Envoyer la réponse").click()
        assert page.get_by_text("Réponse envoyée à la Région.").is_visible()
    with browser.tab(running, script=False, cookies=as_user(moderator)) as page:
        page.goto(address(site, made))
        assert page.get_by_text("Un script d’essai mal réglé.").is_visible()
        page.get_by_label("Rappeler le règlement").check()
        page.get_by_label(made.parties.get().team.name).check()
        page.get_by_label("Question ou motif").fill("Article 8 du règlement.")
        page.get_by_label("Je confirme cette décision").check()
        page.get_by_role("button", name="Enregistrer la décision").click()
        assert page.get_by_text("Règlement rappelé.").is_visible()
    assert Signal.objects.get().status == SignalStatus.ACTED


@axe.in_each_look
def test_no_violation_no_overflow_no_console_error(
    running: Any, site: str, phase: Phase, as_user: Cookies, looks: tuple[axe.Look, ...]
) -> None:
    if reason := axe.missing():
        pytest.skip(reason)
    opened = signal(phase)
    heard = asked(signal(phase, kind=SignalKind.DUPLICATE))
    party = heard.parties.order_by("pk")[0]
    party.answer, party.answered_at, party.answered_by = "Oui.", clock.now(), captain_of(party.team)
    party.save()
    waiting = asked(signal(phase, kind=SignalKind.ENSEMBLE))
    found = {}

    def audit(page: Any, *addresses: str) -> None:
        for one in addresses:
            if faults := axe.audit(page, one, *looks):
                found[one.removeprefix(site)] = faults

    cookies = as_user(UserFactory(region="moderator"))
    with browser.tab(running, cookies=cookies) as page:
        audit(page, f"{site}/moderation/signaux/", address(site, opened), address(site, heard))
    for made in (heard, waiting):
        told, captain = question(site, made)
        with browser.tab(running, cookies=as_user(captain)) as page:
            audit(page, told, f"{site}/challenges/tensions/equipe/")
    assert found == {}
