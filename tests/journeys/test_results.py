"""From a Codabench bundle to a card of the catalogue, in a real browser and by the real client.

Twice: from a bundle that the test writes, of one phase without announced end; and from the complete
bundle of ../shared, of two phases with dates and recorded scores, which a user of the portal does
not have.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from catalogue.models import Contribution, Resource
from challenges.client.remote import VARIABLE
from challenges.entries.tasks import take_over
from challenges.models import Challenge, Phase, Team
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import drain
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected
from tests.challenges.programs.cases import Clock
from tests.challenges.programs.conftest import hour as hour
from tests.challenges.world import owner
from tests.factories.accounts import UserFactory
from tests.journeys import axe, browser, bundles
from tests.journeys.conftest import Cookies
from tests.journeys.test_challenges import prove

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]
RECORDED = "v2_resultats"


@dataclass(frozen=True)
class Sent:
    """A file that the team sends in a phase, and what both its browser and its client must tell.

    told: the figures recorded as the client writes them, or the code of the refusal; empty: only
    that both say the same. taken_over: the portal sends it, as the choice of the phase before.
    """

    phase: int
    file: Path
    told: tuple[str, ...] = ()
    taken_over: bool = False

    @property
    def refused(self) -> bool:
        """Say whether the format is to be refused."""
        return self.told[:1] != () and self.told[0].startswith("E_")


def written(folder: Path) -> tuple[Path, list[Sent]]:
    """Write a bundle of one phase, and two files."""
    sent = []
    for number, skill in enumerate((0.7, 0.9), 1):
        file = folder / f"envoi-{number}.zip"
        file.write_bytes(bundles.archive(bundles.answers(skill, number)))
        sent.append(Sent(0, file))
    return bundles.write(folder / "defi.zip"), sent


def recorded(folder: Path) -> tuple[Path, list[Sent]]:
    """Give the complete bundle of two phases, and four of its files with what is recorded."""
    case, runs = BUNDLES / RECORDED, expected(RECORDED)["runs"]
    wanted = [
        (0, "equipe_b_developpement"),
        (0, "nom_de_fichier_errone"),
        (0, "equipe_a_developpement"),
        (1, "equipe_a_finale"),
        (1, "equipe_a_developpement"),
    ]
    sent = []
    for phase, name in wanted:
        path = f"submissions/{name}.zip"
        (run,) = (run for run in runs if (run["phase"], run["submission"]) == (phase, path))
        figures = (f"{run['scores'][key]:.4f}" for key in run.get("scores", ()))
        told = tuple(figures) or (run["reason"],)
        again = (0, name) in wanted and phase == 1
        sent.append(Sent(phase, case / path, told, taken_over=again))
    return case / "bundle.zip", sent


class Client:
    """The command line client of a person, as a process of its own."""

    def __init__(self, site: str, person: User, memory: Path) -> None:
        made = accounts.create(name="cli", scopes=TokenScope, days=90, by=person)
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

    token = invitation.token
    with browser.tab(running, cookies=cookies(mate)) as page:
        page.goto(f"{home}equipe/invitation/{invitation.public_id}/{token}/")
        page.locator("main form .btn-primary").click()
        page.get_by_text("Vous avez rejoint l’équipe.").wait_for()
    return team


def entered(page: Any, site: str, slug: str, file: Path) -> None:
    """Send a file in the browser."""
    page.goto(f"{site}/challenges/{slug}/soumissions/")
    page.get_by_label("Votre fichier de prédictions").set_input_files(str(file))
    if page.get_by_label("Quelle méthode").count():
        page.get_by_label("Quelle méthode").fill("Une forêt de cent arbres.")
    page.get_by_role("button", name="Vérifier et soumettre").click()
    page.get_by_role("heading", name="Récépissé de dépôt").wait_for()


def same_verdicts(page: Any, site: str, client: Client, slug: str, sent: list[Sent]) -> list[str]:
    """Compare what the pages and the client say of each entry; return the first score of each."""
    listed = json.loads(client.run("entries", slug, "--json"))["entries"]
    by_file = {(each["phase"], each["file"]): each for each in listed}
    assert len(listed) == len(by_file) == len(sent)
    scores = []
    for of in sent:
        each = by_file[of.phase, of.file.name]
        cells = each["scores"].get("public", {}).values()
        told = [cell["text"] for cell in cells] or [each["reason"]]
        assert set(of.told) <= set(told), (of, told)
        page.goto(f"{site}/challenges/{slug}/soumissions/{each['id']}/")
        said = page.text_content("main")
        for text in (each["status_word"], *(of.told or told)):
            assert (text if of.refused else text.replace(".", ",")) in said, (of, text, said)
        scores.append("" if of.refused else told[0])
    return scores


def revealed(running: Any, site: str, phase: Phase, by: User, cookies: Any) -> None:
    """Close where no date was announced, propose, and have the Region confirm, in the browser."""
    cockpit = f"{site}/espace/challenges/{phase.challenge.slug}/"
    with browser.tab(running, cookies=cookies(by)) as page:
        page.goto(cockpit)
        if phase.closes_at is None:
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


def within(hour: Clock, phase: Phase) -> None:
    """Move the clock into a phase that opens later."""
    if phase.opens_at is not None and phase.opens_at > hour.now():
        hour.inside(phase)
        take_over()
        drain()


@pytest.mark.parametrize(
    "case", [written, pytest.param(recorded, marks=NEEDED)], ids=["written", RECORDED]
)
def test_from_a_bundle_to_a_card(
    running: Any,
    site: str,
    tmp_path: Path,
    as_user: Cookies,
    settings: Any,
    hour: Clock,
    case: Callable[[Path], tuple[Path, list[Sent]]],
) -> None:
    if missing := Bubblewrap().available():
        pytest.skip(f"X_NO_SANDBOX, {missing.cause}: {missing.sentence}")
    settings.API_REQUESTS_PER_MINUTE = 100_000
    organiser = owner()
    captain, mate, rival = UserFactory(), UserFactory(), UserFactory()
    bundle, sent = case(tmp_path)
    challenge = imported(running, site, organiser, bundle, as_user)
    published(running, site, challenge, as_user)
    slug, home = challenge.slug, f"{site}/challenges/{challenge.slug}/"
    phases = list(challenge.phases.order_by("index"))
    within(hour, phases[0])
    team = joined(running, site, slug, captain, mate, as_user)

    client, scores = Client(site, mate, tmp_path / "acces.json"), list[str]()
    for phase in phases:
        within(hour, phase)
        files = [each for each in sent if each.phase == phase.index]
        with browser.tab(running, cookies=as_user(captain)) as page:
            entered(page, site, slug, files[0].file)
            assert drain()
            page.reload()
            page.get_by_text("Score publié").wait_for()
        for each in (each for each in files[1:] if not each.taken_over):
            options = [] if phases[1:] else ["--fact", "methode=Une forêt de cent arbres."]
            said = client.run("submit", slug, str(each.file), *options)
            assert "Soumission n°" in said
            assert drain()
        with browser.tab(running, cookies=as_user(mate)) as page:
            page.goto(home + "soumissions/")
            scores = same_verdicts(page, site, client, slug, sent[: sent.index(files[-1]) + 1])
    assert team.members.count() == 2
    if phases[-1].closes_at is not None:
        hour.to(phases[-1].closes_at + timedelta(hours=1))
        assert drain()
    for phase in phases:
        revealed(running, site, phase, organiser, as_user)
    final = max(scores) if not phases[1:] else next(one for one in reversed(scores) if one)
    _report(running, site, home, final)
    _certificate(running, site, home, team, as_user, client, tmp_path)
    _card(running, site, home, team, as_user, final)
    assert rival.pk  # nobody else has the certificate: tests/routes


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
