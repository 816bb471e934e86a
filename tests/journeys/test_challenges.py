"""Challenges in a real browser: the whole story, with and without script, audits and receipts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from challenges.models import Challenge, Entry, Team
from challenges.receipts import actions as receipts
from challenges.teams.actions import teams
from challenges.worker import drain
from tests.challenges.pages.scenes import board_of, listed, reveal
from tests.challenges.world import answer, entered, opened, owner_of, revealed
from tests.factories import findings
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.challenges import ChallengeFactory, captain_of
from tests.factories.letters import delivered
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages, Cookies

pytestmark = [pytest.mark.journey, pytest.mark.slow]


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


SCRIPT = pytest.mark.parametrize(
    "script",
    [pytest.param(True, id="script", marks=pytest.mark.ci), pytest.param(False, id="plain")],
)


@SCRIPT
def test_enter_score_rank(
    running: Any, site: str, challenge: Challenge, tmp_path: Path, as_user: Cookies, script: bool
) -> None:
    person = UserFactory()
    good, bad = tmp_path / "reponse.csv", tmp_path / "fausse.csv"
    good.write_bytes(answer(0.8))
    bad.write_bytes(b"id,autre\nA0000,1\n")
    home = f"{site}/challenges/{challenge.slug}/"
    with browser.tab(running, script=script, cookies=as_user(person)) as page:
        page.goto(home)
        page.get_by_role("link", name="Participer").click()
        page.get_by_label("Nom de l’équipe").fill("Coopérative Bâtir Sud")
        page.get_by_label("J’ai lu le règlement et je l’accepte").check()
        page.get_by_role("button", name="Accepter et participer").click()
        page.get_by_label("Votre fichier de prédictions").set_input_files(str(bad))
        page.get_by_label("Vérifier seulement le format").check()
        page.get_by_role("button", name="Vérifier et soumettre").click()
        page.get_by_text("E_COLUMN_MISSING").wait_for()
        page.get_by_label("Votre fichier de prédictions").set_input_files(str(good))
        page.get_by_label("Vérifier seulement le format").check()
        page.get_by_role("button", name="Vérifier et soumettre").click()
        page.get_by_text("Format correct").wait_for()
        assert Entry.objects.filter(submitted_by=person).count() == 0
        if script:  # the file that was checked is still chosen
            page.get_by_role("button", name="Soumettre ce fichier").click()
        else:
            page.get_by_label("Votre fichier de prédictions").set_input_files(str(good))
            page.get_by_role("button", name="Vérifier et soumettre").click()
        page.get_by_role("heading", name="Soumission 1").wait_for()
        page.get_by_text("Fichier reçu : le récépissé est enregistré.").wait_for()
        team = Team.objects.get(members__user=person)
        entered(challenge, 0.7, team=team, seed=9)
        assert drain()
        if not script:  # else the page follows by itself
            page.get_by_role("link", name="Actualiser").click()
        choose = page.get_by_role("button", name="Choisir pour le classement final")
        choose.wait_for()
        page.get_by_role("heading", name="Vos scores dans le temps").wait_for()
        assert page.get_by_text("Fichier reçu : le récépissé est enregistré.").count() == 0
        choose.click()
        page.get_by_text("Choix final enregistré.").wait_for()
        page.goto(home + "classement/")
        row = page.get_by_role("row", name="Coopérative Bâtir Sud")
        assert "Votre équipe" in row.inner_text()


@SCRIPT
@pytest.mark.parametrize("newcomer", [True, False])
def test_a_first_score_takes_few_clicks(
    running: Any,
    site: str,
    challenge: Challenge,
    tmp_path: Path,
    as_user: Cookies,
    newcomer: bool,
    script: bool,
) -> None:
    """From the page of the challenge: nine clicks and one letter, five for who is signed in."""
    (tmp_path / "reponse.csv").write_bytes(answer(0.8))
    address, clicks = "nouvelle@exemple.test", []

    def click(found: Any) -> None:
        clicks.append(found)
        found.click()

    cookies = None if newcomer else as_user(UserFactory())
    with browser.tab(running, script=script, cookies=cookies) as page:
        page.goto(f"{site}/challenges/{challenge.slug}/")
        click(page.locator("main").get_by_role("link", name="Participer"))
        if newcomer:
            click(page.locator("main").get_by_role("link", name="Créer un compte"))
            typed = {"email": address, "display_name": "Nouvelle"}
            typed |= {"password1": PASSWORD}
            for name, value in typed.items():
                page.fill(f"main [name={name}]", value)
            click(page.get_by_role("button", name="Créer mon compte"))
            delivered()
            letters = [str(each.body) for each in mail.outbox if each.to == [address]]
            assert len(letters) == 1
            clicks.append(letters)
            path = re.search(r"https?://[^/]+(/\S+)", letters[0])
            assert path is not None
            page.goto(site + path.group(1))
            click(page.get_by_role("button", name="Confirmer"))
        click(page.get_by_label("J’ai lu le règlement et je l’accepte"))
        click(page.get_by_role("button", name="Accepter et participer"))
        clicks.append("file")
        page.get_by_label("Votre fichier de prédictions").set_input_files(
            str(tmp_path / "reponse.csv")
        )
        click(page.get_by_role("button", name="Vérifier et soumettre"))
        page.get_by_role("heading", name="Soumission 1").wait_for()
        assert drain()
        page.reload()
        page.locator(".stats-lead").wait_for()
    assert len(clicks) == (9 if newcomer else 5)


def prove(page: Any) -> None:
    """Give the password that a sensitive act asks for; the act then goes on by itself."""
    page.fill("main [name=password]", PASSWORD)
    page.click("main form .btn-primary")


@SCRIPT
def test_two_people_reveal(
    running: Any, site: str, team: Team, as_user: Cookies, script: bool
) -> None:
    challenge = team.challenge
    cockpit = f"{site}/espace/challenges/{challenge.slug}/"
    with browser.tab(running, script=script, cookies=as_user(owner_of(challenge))) as page:
        page.goto(cockpit)
        page.click("summary:has-text('Clore « ')")
        page.click("button:has-text('Clore la phase maintenant')")
        assert page.title().startswith("Erreur")
        assert "Cochez la case" in page.inner_text("#id_close_0_sure_error")
        page.check("#id_close_0_sure")
        page.click("button:has-text('Clore la phase maintenant')")
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Proposer la publication')")
        prove(page)
        page.get_by_text("Proposition enregistrée.").wait_for()
        assert page.locator("button:has-text('Confirmer la publication')").count() == 0
    region = UserFactory(region="administrator")
    with browser.tab(running, script=script, cookies=as_user(region)) as page:
        page.goto(f"{site}/espace/")
        page.click("a:has-text('Confirmer les résultats')")
        page.click("button:has-text('Confirmer la publication')")
        prove(page)
        assert page.inner_text("#id_reveal_0_sure_error") == "Cochez la case pour confirmer."
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Confirmer la publication')")
        page.get_by_text("Confirmation enregistrée").wait_for()
        assert drain()
        page.goto(f"{site}/challenges/{challenge.slug}/classement/")
        assert page.get_by_role("heading", name="Classement définitif", exact=True).count() == 1


def test_live_state_updates_by_itself(
    running: Any, site: str, challenge: Challenge, as_user: Cookies
) -> None:
    entry = entered(challenge)
    with browser.tab(running, cookies=as_user(captain_of(entry.enrolment.team))) as page:
        page.goto(f"{site}/challenges/{challenge.slug}/soumissions/{entry.pk}/")
        assert page.locator(".stats-lead").count() == 0
        assert drain()
        page.locator(".stats-lead").wait_for(timeout=20_000)
        assert page.errors == []


def tries_left(text: str) -> int:
    """Read in a page how many tries are left today."""
    [left] = re.findall(r"(\d+) essais? restants?", text)
    return int(left)


def test_a_refusal_brings_its_reasons_and_gives_the_try_back(
    running: Any, site: str, challenge: Challenge, as_user: Cookies
) -> None:
    entry = entered(challenge, content=b"id;y\n1;oops\n")
    with browser.tab(running, cookies=as_user(captain_of(entry.enrolment.team))) as page:
        page.goto(f"{site}/challenges/{challenge.slug}/soumissions/{entry.pk}/")
        waiting = page.inner_text("#outcome")
        page.fill("[name=note]", "en cours")
        assert drain()
        page.locator("#outcome .panel-error tbody tr").first.wait_for(timeout=20_000)
        assert tries_left(page.inner_text("#outcome")) == tries_left(waiting) + 1
        assert page.input_value("[name=note]") == "en cours"
        assert page.errors == []


@axe.other_pages
def test_pages_of_a_challenge_have_no_fault(team: Team, check_pages: CheckPages) -> None:
    challenge = team.challenge
    home, space = f"/challenges/{challenge.slug}/", "/espace/challenges/"
    own = f"soumissions/{team.enrolments.get().entries.order_by('number').last().pk}/"
    check_pages(None, "/challenges/", *(home + path for path in PUBLIC))
    private = ("soumissions/", own, own + "retirer/", "equipe/")
    check_pages(captain_of(team), *(home + path for path in private))
    broken = entered(challenge, seed=11)
    Entry.objects.filter(pk=broken.pk).update(status="needs_attention")
    Challenge.objects.update(registration="approval")
    teams.accept_terms(challenge=challenge, by=UserFactory())
    examinations = "/moderation/soumissions/"
    moderator = UserFactory(region="moderator")
    check_pages(moderator, examinations, f"{examinations}{broken.pk}/")
    Entry.objects.filter(pk=broken.pk).update(status="withdrawn")
    owner, cockpit = owner_of(challenge), f"{space}{challenge.slug}/"
    check_pages(owner, space, cockpit, f"{cockpit}inscriptions/")
    revealed(challenge)
    check_pages(owner, home + "classement/", home, cockpit)


LABELS = {"f": "Femmes", "h": "Hommes"}


@pytest.fixture
def audited(site: str) -> Entry:
    """Return the entry of a revealed challenge that has an audit and details."""
    challenge: Challenge = ChallengeFactory(opened=True, slug="tensions")
    board_of(challenge)
    listed(challenge, "Alpha", 0.3, rank=1)
    listed(challenge, "Bêta", 0.4, rank=2)
    reveal(challenge, {"Alpha": 0.31, "Bêta": 0.42})
    sizes = {"f": 800, "h": 700, "": 60}
    records = [
        findings.record(sizes, {"f": 0.5, "h": 0.8, "": 0.6}),
        findings.record(sizes, dict.fromkeys(sizes, 0.0)),
    ]
    entries = list(Entry.objects.order_by("received_at"))
    for each, record in zip(entries, records, strict=True):
        evaluation = each.evaluations.get()
        findings.declare(evaluation, findings.contract(LABELS))
        findings.tell(evaluation, record)
    return entries[0]


@axe.other_pages
def test_pages_of_audits_have_no_fault(audited: Entry, check_pages: CheckPages) -> None:
    check_pages(
        captain_of(audited.enrolment.team),
        reverse("challenges:audits", args=["tensions"]),
        reverse("challenges:audit", args=["tensions", audited.pk]),
        reverse("challenges:entry", args=["tensions", audited.pk]),
        reverse("challenges:standings", args=["tensions"]),
    )


@pytest.fixture
def entry(site: str, tmp_path: Path) -> Entry:
    """Score an entry of a small challenge on the served portal."""
    made = entered(opened(tmp_path))
    assert drain()
    return Entry.objects.get(pk=made.pk)


def own_page(site: str, entry: Entry) -> str:
    return f"{site}/challenges/{entry.enrolment.phase.challenge.slug}/soumissions/{entry.pk}/"


@axe.other_pages
def test_every_state_of_a_receipt_has_no_fault(
    running: Any, site: str, entry: Entry, as_user: Cookies, looks: tuple[axe.Look, ...]
) -> None:
    text = entry.score_receipts.get().text
    said = json.loads(text)["payload"]
    asked = {
        "authentique": entry.receipt,
        "modifié ou incomplet": text.replace('"number":1', '"number":2'),
        "Clé inconnue": text.replace('"key_id":"', '"key_id":"0'),
        "absent du registre": receipts.sign_receipt({**said, "number": 9}),
        "Un point à corriger": "",
    }
    found: dict[str, list[str]] = {}
    with browser.tab(running) as page:
        address = f"{site}/recepisses/"
        found["page"] = axe.audit(page, address, *looks)
        revealed(entry.enrolment.phase.challenge)
        asked["remplacé depuis"] = text
        asked["Récépissé authentique"] = entry.score_receipts.get(serial=2).text
        for state, content in asked.items():
            page.get_by_label("Ou son texte").fill(content)
            page.get_by_role("button", name="Vérifier").click()
            page.get_by_text(state).first.wait_for(state="visible")
            found[state] = axe.faults(page, *looks)
    cookies = as_user(captain_of(entry.enrolment.team))
    with browser.tab(running, cookies=cookies) as page:
        found["entry"] = axe.audit(page, own_page(site, entry), *looks)
    assert {state: faults for state, faults in found.items() if faults} == {}
