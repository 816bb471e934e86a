"""From a Codabench bundle to a card of the catalogue, in a real browser and by the real client."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from catalogue.models import Contribution, Resource
from challenges.client.remote import VARIABLE
from challenges.models import Challenge, Phase, Team
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import drain
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from tests.challenges.programs.conftest import hour as hour
from tests.challenges.world import owner
from tests.factories.accounts import UserFactory
from tests.journeys import axe, browser, bundles
from tests.journeys.conftest import Cookies
from tests.journeys.test_challenges import prove

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]


class Client:
    """The command line client of a person, as a process of its own."""

    def __init__(self, site: str, person: User, memory: Path) -> None:
        made = accounts.create_token(name="cli", scopes=TokenScope, days=90, by=person)
        self.environment = {**os.environ, VARIABLE: str(memory), "LANG": "fr_FR.UTF-8"}
        self.run("login", site, sent=made.secret + "\n")

    def run(self, *words: str, sent: str = "") -> str:
        """Run a command and return what it says."""
        program = "import sys; from challenges.client.cli import main; sys.exit(main())"
        done = subprocess.run(  # our own client
            [sys.executable, "-c", program, *words],
            input=sent,
            env=self.environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout


def imported(running: Any, site: str, by: User, path: Path, cookies: Any) -> Challenge:
    """Import the bundle and ask for the visa, in the browser."""
    with browser.tab(running, cookies=cookies(by)) as page:
        page.goto(f"{site}/espace/challenges/importer/")
        page.locator("main input[type=file]").set_input_files(str(path))
        page.locator("main form .btn-primary").first.click()
        assert drain()
        page.reload()
        page.get_by_role("button", name="Créer le brouillon").click()
        assert drain()
        challenge = Challenge.objects.get()
        page.goto(f"{site}/espace/challenges/{challenge.slug}/")
        page.get_by_role("button", name="Demander le visa").click()
    return challenge


def published(running: Any, site: str, challenge: Challenge, cookies: Any) -> None:
    """Give the visa, in the browser."""
    with browser.tab(running, cookies=cookies(UserFactory(region="moderator"))) as page:
        page.goto(f"{site}/espace/challenges/{challenge.slug}/")
        box = page.get_by_label("La licence des données a été confirmée")
        if box.count():
            box.check()
        page.get_by_role("button", name="Publier le challenge").click()
        assert drain()


def joined(running: Any, site: str, slug: str, captain: User, mate: User, cookies: Any) -> Team:
    """Create a team of two in the browser: the captain gives the link, the other joins."""
    home = f"{site}/challenges/{slug}/"
    with browser.tab(running, cookies=cookies(captain)) as page:
        page.goto(home + "equipe/")
        page.get_by_label("Nom de l’équipe").fill("Coopérative Bâtir Sud")
        page.get_by_label("J’ai lu le règlement et je l’accepte").check()
        page.get_by_role("button", name="Accepter et participer").click()
        page.get_by_role("link", name="Gérer l’équipe").click()
        page.get_by_role("button", name="Créer un lien pour rejoindre l’équipe").click()
    team: Team = Team.objects.get(name="Coopérative Bâtir Sud")
    with browser.tab(running, cookies=cookies(mate)) as page:
        page.goto(site + team.path)
        page.get_by_label("J’ai lu le règlement et je l’accepte").check()
        page.locator("main form .btn-primary").click()
        page.get_by_text("Vous avez rejoint l’équipe.").wait_for()
    return team


def entered(page: Any, site: str, slug: str, file: Path) -> None:
    """Send a file in the browser."""
    page.goto(f"{site}/challenges/{slug}/soumissions/")
    page.get_by_label("Votre fichier de prédictions").set_input_files(str(file))
    page.get_by_label("Quelle méthode").fill("Une forêt de cent arbres.")
    page.get_by_role("button", name="Vérifier et soumettre").click()
    page.get_by_role("heading", name="Soumission").first.wait_for()


def same_verdicts(page: Any, site: str, client: Client, slug: str) -> list[str]:
    """Compare what the pages and the client say of each entry; return the score of each."""
    scores = []
    for each in json.loads(client.run("entries", slug, "--json"))["entries"]:
        [score] = (cell["text"] for cell in each["scores"]["public"].values())
        page.goto(f"{site}/challenges/{slug}/soumissions/{each['id']}/")
        said = page.text_content("main")
        assert each["status_word"] in said
        assert score.replace(".", ",") in said
        scores.append(score)
    return scores


def revealed(running: Any, site: str, phase: Phase, by: User, cookies: Any) -> None:
    """Close, propose, and have the Region confirm, in the browser."""
    cockpit = f"{site}/espace/challenges/{phase.challenge.slug}/"
    with browser.tab(running, cookies=cookies(by)) as page:
        page.goto(cockpit)
        page.check(f"#id_close_{phase.index}_sure")
        page.click("button:has-text('Clore la phase maintenant')")
        page.check(f"#id_reveal_{phase.index}_sure")
        _press(page, phase, "proposer")
        prove(page)
    with browser.tab(running, cookies=cookies(UserFactory(region="administrator"))) as page:
        page.goto(cockpit)
        page.check(f"#id_reveal_{phase.index}_sure")
        _press(page, phase, "confirmer")
        prove(page)
        if page.locator(f"#id_reveal_{phase.index}_sure").count():
            page.check(f"#id_reveal_{phase.index}_sure")
            _press(page, phase, "confirmer")
        assert drain()


def _press(page: Any, phase: Phase, act: str) -> None:
    page.click(f"form[action$='phases/{phase.index}/resultats/{act}/'] button")


def test_from_a_bundle_to_a_card(
    running: Any, site: str, tmp_path: Path, as_user: Cookies, settings: Any
) -> None:
    if missing := Bubblewrap().available():
        pytest.skip(f"X_NO_SANDBOX, {missing.cause}: {missing.sentence}")
    settings.API_REQUESTS_PER_MINUTE = 100_000
    organiser, captain, mate = owner(), UserFactory(), UserFactory()
    bundle = bundles.write(tmp_path / "defi.zip")
    files = [tmp_path / f"envoi-{number}.zip" for number in (1, 2)]
    for number, file in enumerate(files, 1):
        file.write_bytes(bundles.archive(bundles.answers(0.5 + number / 5, number)))
    challenge = imported(running, site, organiser, bundle, as_user)
    published(running, site, challenge, as_user)
    slug, home = challenge.slug, f"{site}/challenges/{challenge.slug}/"
    team = joined(running, site, slug, captain, mate, as_user)

    client = Client(site, mate, tmp_path / "acces.json")
    with browser.tab(running, cookies=as_user(captain)) as page:
        entered(page, site, slug, files[0])
        assert drain()
        page.reload()
        page.get_by_text("Score publié").wait_for()
    method = ("--fact", "methode=Une forêt de cent arbres.")
    assert "Soumission n°" in client.run("submit", slug, str(files[1]), *method)
    assert drain()
    with browser.tab(running, cookies=as_user(mate)) as page:
        scores = same_verdicts(page, site, client, slug)
    assert (len(scores), team.members.count()) == (2, 2)
    revealed(running, site, challenge.phases.get(), organiser, as_user)
    _report(running, site, home, max(scores))
    _certificate(running, site, home, team, as_user, client, tmp_path)
    _card(running, site, home, team, as_user, max(scores))


def _report(running: Any, site: str, home: str, final: str) -> None:
    """Read the report and the embeddable board in every look."""
    with browser.tab(running) as page:
        for name in ("bilan/", "classement/cadre/", "classement/integrer/"):
            assert axe.audit(page, home + name, *axe.LEAN, *axe.REST) == []
        page.goto(home + "bilan/")
        page.get_by_text("Première place : Coopérative Bâtir Sud.").wait_for()
        assert final.replace(".", ",") in page.inner_text("main")


def _certificate(
    running: Any,
    site: str,
    home: str,
    team: Team,
    cookies: Any,
    client: Client,
    folder: Path,
) -> None:
    """Issue the certificate, download both forms, verify them."""
    captain = team.members.get(role="captain").user
    with browser.tab(running, cookies=cookies(captain)) as page:
        page.goto(home + "equipe/")
        page.get_by_role("link", name="Certificats de l’équipe").click()
        page.get_by_role("button", name="Établir le certificat").last.click()
        page.get_by_text("Certificat établi et signé.").wait_for()
        assert axe.audit(page, page.url) == []
        with page.expect_download() as waited:
            page.get_by_role("link", name="Télécharger le PDF").click()
        paper = folder / "certificat.pdf"
        waited.value.save_as(paper)
        assert paper.read_bytes().startswith(b"%PDF-")
        with page.expect_download() as waited:
            page.get_by_role("link", name="Certificat signé (JSON)").click()
        signed = folder / "certificat.json"
        waited.value.save_as(signed)
    assert "Récépissé authentique." in client.run("receipt", "verify", str(signed))
    with browser.tab(running) as page:
        page.goto(f"{site}/recepisses/")
        page.locator("main input[type=file]").set_input_files(str(signed))
        page.get_by_role("button", name="Vérifier").click()
        page.get_by_role("heading", name="Ce que dit ce certificat").wait_for()


def _card(running: Any, site: str, home: str, team: Team, cookies: Any, final: str) -> None:
    """Propose the card in the browser, have the Region publish it, read it as a visitor."""
    captain = team.members.get(role="captain").user
    with browser.tab(running, cookies=cookies(captain)) as page:
        page.goto(f"{home}fiche/{team.public_id}/")
        page.get_by_label("Solution").check()
        assert axe.audit(page, page.url) == []
        page.get_by_label("Solution").check()
        page.get_by_role("button", name="Ouvrir le brouillon").click()
        _written_up(page)
        assert "en relecture" in page.locator("[role=status]").inner_text()
    draft = Contribution.objects.get()
    with browser.tab(running, cookies=cookies(UserFactory(region="moderator"))) as page:
        page.goto(site + reverse("catalogue:moderation_item", args=(draft.public_id,)))
        page.check("input[value=publish]", force=True)
        page.click("button[name=decide]")
    resource = Resource.objects.public().get()
    with browser.tab(running) as page:
        address = site + resource.get_absolute_url()
        assert axe.audit(page, address, *axe.LEAN, *axe.REST) == []
        assert final.replace(".", ",") in page.inner_text("main")
        page.get_by_role("link", name="récépissé signé").click()
        page.get_by_text("Récépissé authentique").wait_for()


def _written_up(page: Any) -> None:
    """Write what the draft of a solution lacks, step by step, and send it to review."""
    page.get_by_role("link", name="Continuer la rédaction").click()
    page.fill("#id_repository_url", "https://code.exemple.test/depot")
    page.click("button[name=next]")
    page.fill("#id_description", "Une forêt de cent arbres sur les mots de la demande.")
    page.click("button[name=next]")
    page.select_option("#id_scope", "regional")
    page.fill("#id_tags", "orientation, usagers, service")
    page.click("button[name=next]")
    page.check("input[name=licence][value=MIT]", force=True)
    while not page.locator("#id_charter").count():
        page.click("button[name=next]")
    page.check("#id_charter")
    page.click("main form .btn-primary")
