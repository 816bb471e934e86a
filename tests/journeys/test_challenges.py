"""Challenges in a real browser: the whole story without script, and every page accessible."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from challenges.actions import reveals
from challenges.models import Challenge, Entry, Team
from challenges.organising.actions import challenges
from challenges.teams import actions as teams
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges.world import answer, entered, opened, owner_of
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.challenges import captain_of
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]
Cookies = Callable[[User], list[dict[str, Any]]]
PUBLIC = (
    "",
    "donnees/",
    "evaluation/",
    "classement/",
    "classement/integrer/",
    "classement/cadre/",
    "reglement/",
    "entraide/",
    "soumissions/",
)


@pytest.fixture
def challenge(site: str, tmp_path: Path) -> Challenge:
    """Publish the small challenge on the served portal."""
    return opened(tmp_path)


@pytest.fixture
def team(challenge: Challenge) -> Team:
    """Enter four teams, one of which also sends a file in a wrong format."""
    rows = [entered(challenge, skill, seed=seed) for seed, skill in enumerate((0.9, 0.85, 0.6))]
    found: Team = rows[0].enrolment.team
    entered(challenge, 0.7, team=found, seed=9)
    entered(challenge, team=found, content=b"id,autre\nA0000,1\n")
    assert drain()
    return found


def revealed(challenge: Challenge) -> None:
    """Close the challenge and publish its final results."""
    phase = challenge.phases.get()
    challenges.close(phase=phase, by=owner_of(challenge))
    reveals.propose(phase=phase, by=owner_of(challenge))
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()


def test_enter_score_rank_without_script(
    running: Any, site: str, challenge: Challenge, tmp_path: Path, as_user: Cookies
) -> None:
    person = UserFactory()
    good, bad = tmp_path / "reponse.csv", tmp_path / "fausse.csv"
    good.write_bytes(answer(0.8))
    bad.write_bytes(b"id,autre\nA0000,1\n")
    home = f"{site}/challenges/{challenge.slug}/"
    with browser.tab(running, script=False, cookies=as_user(person)) as page:
        page.goto(home + "reglement/")
        page.get_by_label("J’ai lu le règlement et je l’accepte").check()
        page.get_by_role("button", name="Accepter et m’inscrire").click()
        page.get_by_label("Nom de l’équipe").fill("Coopérative Bâtir Sud")
        page.get_by_role("button", name="Créer l’équipe").click()
        page.goto(home + "soumissions/")
        page.get_by_label("Votre fichier de prédictions").set_input_files(str(bad))
        page.get_by_label("Vérifier seulement le format").check()
        page.get_by_role("button", name="Vérifier et soumettre").click()
        assert "E_COLUMN_MISSING" in page.content()
        assert Entry.objects.filter(submitted_by=person).count() == 0
        page.get_by_label("Votre fichier de prédictions").set_input_files(str(good))
        page.get_by_role("button", name="Vérifier et soumettre").click()
        assert page.get_by_role("heading", name="Récépissé de dépôt").is_visible()
        assert page.get_by_text("Fichier reçu : le récépissé est enregistré.").is_visible()
        assert drain()
        page.get_by_role("link", name="Actualiser").click()
        assert page.get_by_text("Fichier reçu : le récépissé est enregistré.").count() == 0
        assert page.get_by_text("Score publié").is_visible()
        page.goto(home + "soumissions/")
        page.get_by_role("button", name="Choisir la soumission 1").click()
        assert page.get_by_text("Choix final enregistré.").is_visible()
        page.goto(home + "classement/")
        row = page.get_by_role("row", name="Coopérative Bâtir Sud")
        assert "Votre équipe" in row.inner_text()
        assert "à la clôture" in row.inner_text()


def prove(page: Any) -> None:
    """Give the password that a sensitive act asks for; the act then goes on by itself."""
    page.fill("main [name=password]", PASSWORD)
    page.click("main form .btn-primary")


def test_two_people_reveal_without_script(
    running: Any, site: str, team: Team, as_user: Cookies
) -> None:
    challenge = team.challenge
    cockpit = f"{site}/espace/challenges/{challenge.slug}/"
    with browser.tab(running, script=False, cookies=as_user(owner_of(challenge))) as page:
        page.goto(cockpit)
        page.click("button:has-text('Clore la phase maintenant')")
        assert page.title().startswith("Erreur")
        assert "Cochez la case" in page.inner_text("#id_close_0_sure_error")
        page.check("#id_close_0_sure")
        page.click("button:has-text('Clore la phase maintenant')")
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Proposer la publication')")
        prove(page)
        assert page.get_by_text("Proposition enregistrée.").is_visible()
        assert page.locator("button:has-text('Confirmer la publication')").count() == 0
    region = UserFactory(region="administrator")
    with browser.tab(running, script=False, cookies=as_user(region)) as page:
        page.goto(f"{site}/espace/")
        page.click("a:has-text('Confirmer les résultats')")
        page.click("button:has-text('Confirmer la publication')")
        prove(page)
        assert page.inner_text("#id_reveal_0_sure_error") == "Cochez la case pour confirmer."
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Confirmer la publication')")
        assert page.get_by_text("Confirmation enregistrée").is_visible()
        assert drain()
        page.goto(f"{site}/challenges/{challenge.slug}/classement/")
        assert page.get_by_role("heading", name="Classement définitif", exact=True).count() == 1


def test_live_state_updates_by_itself(
    running: Any, site: str, challenge: Challenge, as_user: Cookies
) -> None:
    entry = entered(challenge)
    with browser.tab(running, cookies=as_user(captain_of(entry.enrolment.team))) as page:
        page.goto(f"{site}/challenges/{challenge.slug}/soumissions/{entry.pk}/")
        assert page.locator("[data-final]").count() == 0
        assert drain()
        page.locator("[data-final]").wait_for(state="attached", timeout=20_000)
        assert page.errors == []


@axe.in_each_look
def test_no_violation_no_overflow_no_console_error(
    running: Any,
    site: str,
    team: Team,
    as_user: Cookies,
    looks: tuple[axe.Look, ...],
) -> None:
    challenge = team.challenge
    home = f"{site}/challenges/{challenge.slug}/"
    entry = team.enrolments.get().entries.order_by("number").last()
    found: dict[str, list[str]] = {}

    def audit(page: Any, *addresses: str) -> None:
        for address in addresses:
            if faults := axe.audit(page, address, *looks):
                found[address.removeprefix(site)] = faults

    with browser.tab(running) as page:
        audit(page, f"{site}/challenges/", *(home + path for path in PUBLIC))
    with browser.tab(running, cookies=as_user(captain_of(team))) as page:
        own = f"soumissions/{entry.pk}/"
        audit(page, *(home + path for path in ("soumissions/", own, own + "retirer/", "equipe/")))
    broken = entered(challenge, seed=11)
    Entry.objects.filter(pk=broken.pk).update(status="needs_attention")
    Challenge.objects.update(registration="approval")
    teams.accept_terms(challenge=challenge, by=UserFactory())
    with browser.tab(running, cookies=as_user(UserFactory(region="moderator"))) as page:
        examinations = f"{site}/moderation/soumissions/"
        audit(page, examinations, f"{examinations}{broken.pk}/")
    Entry.objects.filter(pk=broken.pk).update(status="withdrawn")
    space = f"{site}/espace/challenges/"
    with browser.tab(running, cookies=as_user(owner_of(challenge))) as page:
        home_of = f"{space}{challenge.slug}/"
        audit(page, space, home_of, f"{home_of}inscriptions/")
        revealed(challenge)
        audit(page, home + "classement/", home, f"{space}{challenge.slug}/")
    assert found == {}
