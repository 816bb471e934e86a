"""Reports in a real browser: no fault in any look, and the whole path without script."""

from collections.abc import Callable
from typing import Any

import pytest

from catalogue.actions import maskings, report_links, reports, transfers
from catalogue.models import Report, Resource
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.catalogue.reports.test_reports import in_hand, sent, upheld
from tests.factories import contributions as make
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@axe.in_each_look
def test_pages_of_reports_and_lots_have_no_fault(
    running: Any, site: str, as_user: Callable[[User], Any], looks: Any
) -> None:
    author, one = make.person("autrice"), make.moderator("une")
    here, there = make.organisation("Donneuse"), make.organisation("Receveuse")
    owner = make.joined(make.person("tenante"), here, Role.EDITOR)
    card, masked = make.published(author), make.published(author, title="Carte masquée du jour")
    held = make.published(owner, holder=here, title="Carte qui change de mains")
    transfers.offer(resource=held, target=there, by=owner)
    report = in_hand(card.get_absolute_url(), one)
    decided = in_hand(card.get_absolute_url(), one)
    decision = reports.decide(report=decided, reasons=upheld(), by=one)
    maskings.mask(resource=masked, category="illegal", explanation="Propos.", by=one, report=report)
    make.submitted()
    mine = [f"/signalements/decisions/{decision.public_id}/"]
    public = [
        "/signaler/?adresse=/ressources/",
        report_links.path(decided),
        "/transparence/",
        masked.get_absolute_url(),
    ]
    region = [
        "/moderation/",
        "/moderation/lot/",
        "/moderation/signalements/",
        f"/moderation/signalements/{report.public_id}/",
        "/moderation/transferts/",
        f"{held.get_absolute_url()}transmettre/",
    ]
    found = {}
    for person, pages in ((author, mine + public), (make.moderator("autre"), region)):
        with browser.tab(running, cookies=as_user(person)) as page:
            found |= {path: axe.audit(page, site + path, *looks) for path in pages}
    faults = [each for seen in found.values() for each in seen if "451" not in each]
    assert faults == []


def test_a_stranger_reports_and_a_third_person_decides_without_script(
    running: Any, site: str, as_user: Callable[[User], Any]
) -> None:
    author = make.person("autrice")
    one, two, three = (make.moderator(name) for name in ("une", "deux", "trois"))
    card: Resource = make.published(author)
    with browser.tab(running, script=False, width=390) as page:
        page.goto(f"{site}{card.get_absolute_url()}")
        page.click("a:has-text('Signaler un contenu')")
        page.check("input[name=category][value=personal_data]")
        page.fill("#id_explanation", "Un numéro personnel.")
        page.check("#id_good_faith")
        page.click("button:has-text('Envoyer le signalement')")
        assert "Donnez votre nom." in page.inner_text("main")
        page.fill("#id_name", "Camille")
        page.fill("#id_email", "camille@exemple.fr")
        page.click("button:has-text('Envoyer le signalement')")
        assert "Suivi de votre signalement" in page.inner_text("h1")
    report = Report.objects.get()
    item = f"{site}/moderation/signalements/{report.public_id}/"
    with browser.tab(running, script=False, cookies=as_user(one)) as page:
        page.goto(item)
        page.click("button:has-text('Prendre en examen')")
        page.click("summary:has-text('Masquer la fiche')")
        page.fill("input[name=explanation]", "Un numéro.")
        page.click("button[value=mask]")
    with browser.tab(running, script=False, cookies=as_user(two)) as page:
        page.goto(item)
        page.click("button:has-text('Confirmer le masquage')")
        assert page.goto(f"{site}{card.get_absolute_url()}").status == 451
    reports.decide(report=Report.objects.get(), reasons=upheld(), by=one)
    decision = report.decisions.get()
    with browser.tab(running, script=False, cookies=as_user(author)) as page:
        page.goto(f"{site}/signalements/decisions/{decision.public_id}/")
        assert "Camille" not in page.content()
        page.fill("#id_words", "C’est un numéro de service.")
        page.click("button:has-text('Contester la décision')")
    with browser.tab(running, script=False, cookies=as_user(three)) as page:
        page.goto(item)
        page.check("input[name=outcome][value=dismissed]")
        page.fill("#id_facts", "Le numéro est celui du service.")
        page.click("button:has-text('Enregistrer la décision')")
        assert page.goto(f"{site}{card.get_absolute_url()}").status == 200
    assert sent("/").status == "received"
