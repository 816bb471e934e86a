"""From a Codabench bundle to a card of the catalogue, in a real browser and by the real client.

The pictures of each step are written under var/journeys/results (not committed).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from catalogue.actions import contributions, moderation
from catalogue.models import Contribution, Resource
from challenges.client.account import VARIABLE
from challenges.models import Challenge, Entry, Team
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import drain
from portal.accounts.actions import tokens
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from tests.challenges.world import owner
from tests.factories.accounts import UserFactory
from tests.factories.contributions import CHARTER, again
from tests.journeys import axe, browser, bundles
from tests.journeys.test_challenges import prove

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]
Cookies = Callable[[User], list[dict[str, Any]]]
PICTURES = Path(settings.BASE_DIR) / "var" / "journeys" / "results"
CARD = {
    "tags": ["orientation", "usagers", "service"],
    "licences": ["MIT"],
    "licence_status": "declared",
    "repository_url": "https://code.exemple.test/depot",
    "scope": "regional",
    "description": "Une forêt de cent arbres sur les mots de la demande.",
}


class Pictures:
    """Photograph the steps, in order."""

    def __init__(self) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.taken = 0

    def take(self, page: Any, name: str) -> None:
        """Photograph the whole page."""
        self.taken += 1
        page.screenshot(path=str(PICTURES / f"{self.taken:02}-{name}.png"), full_page=True)


class Client:
    """The command line client of a person, as a process of its own."""

    def __init__(self, site: str, person: User, memory: Path) -> None:
        made = tokens.create(name="cli", scopes=TokenScope, days=30, by=person)
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


def imported(
    running: Any, site: str, by: User, path: Path, shots: Pictures, cookies: Any
) -> Challenge:
    """Import the bundle and ask for the visa, in the browser."""
    with browser.tab(running, cookies=cookies(by)) as page:
        page.goto(f"{site}/espace/challenges/importer/")
        page.locator("main input[type=file]").set_input_files(str(path))
        shots.take(page, "deposit")
        page.locator("main form .btn-primary").first.click()
        assert drain()
        page.reload()
        shots.take(page, "report-of-the-import")
        page.get_by_role("button", name="Créer le brouillon").click()
        assert drain()
        challenge = Challenge.objects.get()
        page.goto(f"{site}/espace/challenges/{challenge.slug}/")
        shots.take(page, "draft")
        page.get_by_role("button", name="Demander le visa").click()
    return challenge


def published(running: Any, site: str, challenge: Challenge, shots: Pictures, cookies: Any) -> None:
    """Give the visa, in the browser."""
    with browser.tab(running, cookies=cookies(UserFactory(region="moderator"))) as page:
        page.goto(f"{site}/espace/challenges/{challenge.slug}/")
        shots.take(page, "visa")
        box = page.get_by_label("La licence des données a été confirmée")
        if box.count():
            box.check()
        page.get_by_role("button", name="Publier le challenge").click()
        assert drain()


def joined(running: Any, site: str, slug: str, captain: User, mate: User, cookies: Any) -> Team:
    """Create a team of two in the browser: the captain invites, the other accepts."""
    home = f"{site}/challenges/{slug}/"
    for person in (captain, mate):
        with browser.tab(running, cookies=cookies(person)) as page:
            page.goto(home + "reglement/")
            page.get_by_label("J’ai lu le règlement et je l’accepte").check()
            page.get_by_role("button", name="Accepter et m’inscrire").click()
            if person is captain:
                page.get_by_label("Nom de l’équipe").fill("Coopérative Bâtir Sud")
                page.get_by_role("button", name="Créer l’équipe").click()
                page.get_by_label("Adresse électronique").fill(mate.email)
                page.get_by_role("button", name="Envoyer l’invitation").click()
    team: Team = Team.objects.get(name="Coopérative Bâtir Sud")
    invitation = team.invitations.get()
    from challenges.actions import teams  # noqa: PLC0415  # test

    token = teams.invitation_token(invitation.public_id)
    with browser.tab(running, cookies=cookies(mate)) as page:
        page.goto(f"{home}equipe/invitation/{invitation.public_id}/{token}/")
        page.locator("main form .btn-primary").click()
        assert page.get_by_text("Vous avez rejoint l’équipe.").is_visible()
    return team


def entered(running: Any, page: Any, site: str, slug: str, file: Path) -> None:
    """Send a file in the browser."""
    page.goto(f"{site}/challenges/{slug}/soumissions/")
    page.get_by_label("Votre fichier de prédictions").set_input_files(str(file))
    if page.get_by_label("Quelle méthode").count():
        page.get_by_label("Quelle méthode").fill("Une forêt de cent arbres.")
    page.get_by_role("button", name="Vérifier et soumettre").click()
    assert page.get_by_role("heading", name="Récépissé de dépôt").is_visible()


def revealed(running: Any, site: str, slug: str, by: User, shots: Pictures, cookies: Any) -> None:
    """Close, propose, and have the Region confirm, in the browser."""
    cockpit = f"{site}/espace/challenges/{slug}/"
    with browser.tab(running, cookies=cookies(by)) as page:
        page.goto(cockpit)
        page.check("#id_close_0_sure")
        page.click("button:has-text('Clore la phase maintenant')")
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Proposer la publication')")
        prove(page)
        shots.take(page, "proposed")
    with browser.tab(running, cookies=cookies(UserFactory(region="administrator"))) as page:
        page.goto(cockpit)
        page.check("#id_reveal_0_sure")
        page.click("button:has-text('Confirmer la publication')")
        prove(page)
        if page.locator("#id_reveal_0_sure").count():
            page.check("#id_reveal_0_sure")
            page.click("button:has-text('Confirmer la publication')")
        shots.take(page, "confirmed")
        assert drain()


def test_from_a_bundle_to_a_card(
    running: Any, site: str, tmp_path: Path, as_user: Cookies, settings: Any
) -> None:
    if missing := Bubblewrap().available():
        pytest.skip(f"X_NO_SANDBOX, {missing.cause}: {missing.sentence}")
    settings.API_REQUESTS_PER_MINUTE = 100_000
    shots, organiser = Pictures(), owner()
    captain, mate, rival = UserFactory(), UserFactory(), UserFactory()
    bundle = bundles.write(tmp_path / "defi.zip")
    challenge = imported(running, site, organiser, bundle, shots, as_user)
    published(running, site, challenge, shots, as_user)
    slug, home = challenge.slug, f"{site}/challenges/{challenge.slug}/"
    team = joined(running, site, slug, captain, mate, as_user)
    good, better = tmp_path / "un.zip", tmp_path / "deux.zip"
    good.write_bytes(bundles.archive(bundles.answers(0.7, 1)))
    better.write_bytes(bundles.archive(bundles.answers(0.9, 2)))

    with browser.tab(running, cookies=as_user(captain)) as page:
        entered(running, page, site, slug, good)
        assert drain()
        page.reload()
        shots.take(page, "entry-by-browser")
        assert page.get_by_text("Score publié").is_visible()
    client = Client(site, mate, tmp_path / "acces.json")
    said = client.run("submit", slug, str(better), "--fact", "methode=Une forêt de cent arbres.")
    assert "Soumission n° 2" in said
    assert drain()
    listed = json.loads(client.run("entries", slug, "--json"))["entries"]
    by_cli = {each["number"]: each["scores"]["public"]["exactitude"]["text"] for each in listed}
    with browser.tab(running, cookies=as_user(mate)) as page:
        page.goto(home + "soumissions/")
        shots.take(page, "entries-of-both")
        for number, text in by_cli.items():
            row = page.get_by_role("row").filter(has_text=f"{text.replace('.', ',')}")
            assert row.count() >= 1, (number, text)
    assert team.members.count() == 2
    assert Entry.objects.filter(enrolment__team=team, status="scored").count() == 2
    revealed(running, site, slug, organiser, shots, as_user)
    final = max(by_cli.values())
    _report(running, site, home, shots, final)
    _certificate(running, site, home, team, as_user, shots, client, tmp_path)
    _card(running, site, home, team, as_user, shots, final)
    assert rival.pk  # nobody else has the certificate: tests/routes
    assert shots.taken >= 12


def _report(running: Any, site: str, home: str, shots: Pictures, final: str) -> None:
    """Read the report, the embeddable board: light, dark, wide, narrow."""
    for width in browser.WIDTHS:
        for theme in browser.THEMES:
            with browser.tab(running, width=width, theme=theme) as page:
                for name in ("bilan/", "classement/cadre/", "classement/integrer/"):
                    assert axe.audit(page, home + name, width=width, theme=theme) == []
                    shots.take(page, f"{name.strip('/').replace('/', '-')}-{width}-{theme}")
                page.goto(home + "bilan/")
                assert page.get_by_text("Première place : Coopérative Bâtir Sud.").is_visible()
                assert final.replace(".", ",") in page.inner_text("main")


def _certificate(
    running: Any,
    site: str,
    home: str,
    team: Team,
    cookies: Any,
    shots: Pictures,
    client: Client,
    folder: Path,
) -> None:
    """Issue the certificate, download both forms, verify them."""
    captain = team.members.get(role="captain").user
    with browser.tab(running, cookies=cookies(captain)) as page:
        page.goto(home + "equipe/")
        shots.take(page, "team")
        page.get_by_role("link", name="Certificats de l’équipe").click()
        page.get_by_role("button", name="Établir le certificat").click()
        assert page.get_by_text("Certificat établi et signé.").is_visible()
        assert axe.audit(page, page.url) == []
        shots.take(page, "certificate")
        with page.expect_download() as waited:
            page.get_by_role("link", name="Télécharger le PDF").click()
        paper = folder / "certificat.pdf"
        waited.value.save_as(paper)
        assert paper.read_bytes().startswith(b"%PDF-")
        (PICTURES / "certificat.pdf").write_bytes(paper.read_bytes())
        with page.expect_download() as waited:
            page.get_by_role("link", name="Certificat signé (JSON)").click()
        signed = folder / "certificat.json"
        waited.value.save_as(signed)
    assert "Récépissé authentique." in client.run("receipt", "verify", str(signed))
    with browser.tab(running) as page:
        page.goto(f"{site}/recepisses/")
        page.locator("main input[type=file]").set_input_files(str(signed))
        page.get_by_role("button", name="Vérifier").click()
        assert page.get_by_role("heading", name="Ce que dit ce certificat").is_visible()
        shots.take(page, "certificate-verified")


def _card(
    running: Any, site: str, home: str, team: Team, cookies: Any, shots: Pictures, final: str
) -> None:
    """Propose the card in the browser, have the Region publish it, read it as a visitor."""
    captain = team.members.get(role="captain").user
    with browser.tab(running, cookies=cookies(captain)) as page:
        page.goto(f"{home}fiche/{team.public_id}/")
        page.get_by_label("Solution").check()
        shots.take(page, "card-proposed")
        assert axe.audit(page, page.url) == []
        page.get_by_label("Solution").check()
        page.get_by_role("button", name="Ouvrir le brouillon").click()
        shots.take(page, "card-draft")
    draft = Contribution.objects.get()
    contributions.save_draft(contribution=draft, values=CARD, by=captain)
    contributions.submit(contribution=again(draft), charter=CHARTER, by=captain)
    moderation.publish(contribution=again(draft), by=UserFactory(region="moderator"))
    resource = Resource.objects.get(pk=draft.resource_id)
    for width in browser.WIDTHS:
        for theme in browser.THEMES:
            with browser.tab(running, width=width, theme=theme) as page:
                address = site + resource.get_absolute_url()
                assert axe.audit(page, address, width=width, theme=theme) == []
                shots.take(page, f"card-{width}-{theme}")
                assert final.replace(".", ",") in page.inner_text("main")
                page.get_by_role("link", name="récépissé signé").click()
                assert page.get_by_text("Récépissé authentique").is_visible()
