"""In a browser: restricted data asked for, granted, read, revoked; a table checked and opened."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import reverse

from catalogue.resources.enums import ResourceKind
from datasets.access.models import Grant
from datasets.openings.actions import review
from datasets.releases.models import DataFile
from portal.accounts.models import User
from tests.datasets.access.test_pages import signed_in
from tests.datasets.openings.tables import REFUSED, people, written
from tests.factories import openings
from tests.factories.access import SERVICE, World, build_extracts
from tests.factories.catalogue import ResourceFactory
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.ci]
Act = Callable[[Any], None]


class Stage:
    """Each act in a tab of who does it, signed in a moment ago; pages are looked at on the way."""

    def __init__(self, running: Any, site: str, *, script: bool) -> None:
        self.running, self.site, self.script = running, site, script
        self.address = ""

    def by(self, user: User | None, act: Act, address: str = "") -> None:
        """Do one act on a page, by default the one where the last act ended."""
        with browser.tab(self.running, script=self.script, cookies=self._cookies(user)) as page:
            page.goto(self.site + address if address else self.address)
            act(page)
            self.address = page.url
            assert page.errors == []

    def look(self, user: User | None, address: str = "") -> None:
        """Find no fault on a page, in the two looks of make test."""
        with browser.tab(self.running, cookies=self._cookies(user)) as page:
            place = self.site + address if address else self.address
            assert axe.audit(page, place, *axe.LEAN) == []

    def _cookies(self, user: User | None) -> list[dict[str, Any]]:
        if user is None:
            return []
        value = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        host = urlsplit(self.site).hostname
        name = settings.SESSION_COOKIE_NAME
        return [{"name": name, "value": value, "domain": host, "path": "/"}]


def press(label: str) -> Act:
    """Press one button of the page."""
    return lambda page: page.click(f"main button:has-text('{label}')")


def confirmed(label: str) -> Act:
    """Follow the link to an act, and confirm it there."""

    def act(page: Any) -> None:
        page.click(f"main a:has-text('{label}')")
        page.wait_for_selector("main a:has-text('Annuler')")
        press(label)(page)

    return act


def downloaded(page: Any, file: DataFile, folder: Path) -> bytes:
    """Take a file by its link on the page, as it is kept."""
    with page.expect_download() as coming:
        page.locator(f"main a[href*='/fichiers/{file.public_id}/']").first.click()
    coming.value.save_as(folder / file.name)
    return (folder / file.name).read_bytes()


def ask(page: Any, world: World) -> None:
    page.click("main a:has-text('Demander l’accès')")
    page.click("button:has-text('Commencer une demande')")
    page.fill("[name=title]", "Former où l’on recrute")
    page.fill("[name=summary]", "Un tableau public par zone d’emploi.")
    page.click("button[name=next]")
    page.select_option("[name=another]", str(world.datasets[1].public_id))
    page.click("button[name=add]")
    page.check("[name=purpose][value=training_steering]")
    page.fill("[name=service]", SERVICE)
    page.fill("[name=use_cases]", "Choisir où former.")
    page.fill("[name=beneficiaries]", "Demandeurs d’emploi")
    for each in world.datasets:
        for column in ("jeton", "zone"):
            page.check(f"[name=columns-{each.public_id}][value={column}]")
            page.fill(f"[name=why-{each.public_id}-{column}]", "Comparer.")
    page.click("button[name=next]")
    page.fill("[name=legal_basis]", "Mission d’intérêt public")
    page.fill("[name=impact_assessment]", "Faite en mars")
    page.select_option("[name=hosting]", "FR")
    page.fill("[name=security]", "Disques chiffrés.")
    page.fill("[name=persons]", f"{world.by.email}\n{world.reader.email}")
    page.fill("[name=return-0]", "Un tableau et son code")
    page.click("button[name=next]")
    for box in page.locator("[name=pledges]").all():
        box.check()
    page.click("button[name=next]")


def change(page: Any) -> None:
    page.click("summary:has-text('Demander des corrections')")
    page.check("main [name=fields_aimed][value=besoin]")
    page.locator("main form[action*=corrections] textarea").fill("Nommez les cas d’usage.")
    page.click("button:has-text('Demander ces corrections')")


def answer(page: Any) -> None:
    page.click("main a:has-text('Corriger et renvoyer')")
    page.fill("[name=use_cases]", "Choisir où ouvrir une session.")
    for _step in ("securite", "relecture", "demande"):
        page.click("button[name=next]")


def opine(verdict: str) -> Act:
    def act(page: Any) -> None:
        page.check(f"main [name=verdict][value={verdict}]")
        page.locator("main form[action*=avis] textarea").fill("Prévu par nos conventions.")
        page.click("button:has-text('Rendre l’avis')")

    return act


def grant(page: Any) -> None:
    page.fill("main form[action*=accorder] textarea", "Finalité admise.")
    page.click("button:has-text('Accorder l’accès')")


def revoke(page: Any) -> None:
    page.click("summary:has-text('Révoquer')")
    page.locator("main form[action*=revoquer] textarea").fill("Usage interdit.")
    page.check("main form[action*=revoquer] [name=confirmed]")
    page.click("main form[action*=revoquer] button")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_data_of_two_producers_are_asked_for_granted_read_and_taken_back(
    running: Any, site: str, tmp_path: Path, script: bool
) -> None:
    world, stage = World(), Stage(running, site, script=script)
    first = world.datasets[0]
    page_of = first.get_absolute_url()

    stage.look(world.by, page_of)
    stage.by(world.by, partial(ask, world=world), page_of)
    stage.by(world.officer, press("Déclarer recevable"))
    stage.look(world.officer)
    stage.by(world.officer, change)
    stage.by(world.by, answer)
    asked = urlsplit(stage.address).path
    stage.by(world.hands[1], opine("unfavourable"), asked)
    stage.by(world.hands[0], opine("favourable"), asked)
    stage.by(world.dpo, opine("favourable"), asked)
    stage.look(world.approver, asked)
    stage.by(world.approver, grant, asked)
    granted = reverse("datasets:grant", args=(Grant.objects.get().public_id,))
    for person in (world.by, world.reader):
        stage.by(person, press("Signer"), granted)
    stage.look(world.reader, granted)
    build_extracts()
    with browser.tab(running, script=script, cookies=stage._cookies(world.reader)) as page:
        page.goto(f"{site}/donnees/demandes/")
        lent = downloaded(page, first.releases.get().files.get(), tmp_path)
        link = page.locator("main a[href*='/fichiers/']").first.get_attribute("href")
    assert lent.startswith(b"jeton,zone\r\n")
    with browser.tab(running, cookies=stage._cookies(world.hands[0])) as page:
        page.goto(site + granted)
        assert world.reader.display_name in page.inner_text("main")
    stage.by(world.approver, revoke, granted)
    with browser.tab(running, cookies=stage._cookies(world.reader)) as page:
        assert page.goto(site + str(link)).status == 404
    with browser.tab(running) as page:
        page.goto(f"{site}/donnees/registre/")
        told = page.inner_text("main")
    assert "Former où l’on recrute" in told
    assert "Révoquée" in told
    stage.look(None, "/donnees/registre/")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_table_is_refused_by_the_checks_corrected_opened_and_searched_for(
    running: Any, site: str, tmp_path: Path, script: bool
) -> None:
    world, stage = openings.World(), Stage(running, site, script=script)
    world.card = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        organisation=world.producer,
        title="Entrées en formation",
        licences=["etalab-2.0"],
    )
    fine, coarse = tmp_path / "communes.csv", tmp_path / "entrees.csv"
    fine.write_bytes(written(REFUSED["commune"][0]))
    coarse.write_bytes(written(people()))

    def propose(page: Any) -> None:
        page.fill("main [name=title]", "Entrées en formation")
        page.select_option("main [name=card]", str(world.card.public_id))
        page.select_option("main [name=restricted]", str(world.restricted.public_id))
        page.fill("main [name=interest]", "Choisir où former.")
        page.fill("main [name=legal_basis]", "Mission d’intérêt public")
        page.check("main [name=licence][value='etalab-2.0']")
        page.set_input_files("main [name=file]", fine)
        page.fill("main [name=quasi_identifiers]", "zone, trimestre, age")
        page.fill("main [name=removed]", "jeton : relie les lignes d’une personne")
        page.click("main form[enctype] button[type=submit]")

    def correct(page: Any) -> None:
        assert "Remplacez la commune" in page.inner_text("main")
        page.click("main a:has-text('Corriger et relancer')")
        page.set_input_files("main [name=file]", coarse)
        page.click("main form[enctype] button[type=submit]")

    stage.look(world.by, "/donnees/ouvertures/proposer/")
    stage.by(world.by, propose, "/donnees/ouvertures/proposer/")
    stage.by(world.officer, press("Admettre et contrôler"))
    review.check_waiting()
    stage.look(world.by)
    stage.by(world.by, correct)
    review.check_waiting()
    for person in (world.approver, world.dpo):
        stage.by(person, confirmed("Approuver l’ouverture"))
    stage.by(world.by, confirmed("Publier"))
    file = DataFile.objects.get(release__opening__status="published", name="entrees.csv")

    def search(page: Any) -> None:
        page.fill("main [name=q]", world.card.title)
        page.press("main [name=q]", "Enter")
        page.click(f"main a:has-text('{world.card.title}')")
        assert downloaded(page, file, tmp_path) == written(people())

    stage.by(None, search, "/")
    stage.look(None)
