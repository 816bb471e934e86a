"""Contributing, pasting, importing, harvesting and reviewing in a real browser.

The life of a card, from its paste on, is in test_card_life.py.
"""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from catalogue.contributions.actions import drafts
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms.steps import Step
from catalogue.contributions.tasks import import_cards
from catalogue.models import Contribution, ContributionBatch
from catalogue.resources.enums import ResourceKind
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.catalogue.contributions.test_tables import need, table
from tests.factories import contributions as make
from tests.factories.harvests import HarvestRunFactory, LinkCheckFactory, SourceFactory
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages, Cookies

pytestmark = [pytest.mark.journey, pytest.mark.slow]


def author_pages(author: User) -> list[str]:
    """Make what an author sees in each state, and give the addresses."""
    draft = make.draft(author, kind=ResourceKind.DATASET)
    empty = drafts.start(kind=ResourceKind.MODEL, by=author)
    sent, back = make.submitted(author), make.sent_back(author)
    resource = make.published(author)
    offered = make.offered(make.published(), author)
    declined = make.declined(make.published(), author)
    asked = make.offered(resource)
    steps = [(draft, step) for step in Step if step is not Step.CARD]
    steps += [(empty, step) for step in (Step.ESSENTIAL, Step.CARD, Step.SEND)]
    return [
        reverse("catalogue:contribute"),
        reverse("catalogue:contributions"),
        *(
            reverse("catalogue:contribution", args=(c.public_id,))
            for c in (draft, sent, back, offered, declined)
        ),
        reverse("catalogue:contribution_preview", args=(draft.public_id,)),
        reverse("catalogue:contribution_preview", args=(empty.public_id,)),
        reverse("catalogue:proposal_answer", args=(asked.public_id,)),
        *(
            reverse("catalogue:contribution_step", args=(contribution.public_id, step))
            for contribution, step in steps
        ),
        reverse("catalogue:contribution_withdraw", args=(sent.public_id,)),
        reverse("catalogue:propose", args=(resource.slug,)),
        reverse("catalogue:archive", args=(resource.slug,)),
    ]


def moderator_pages() -> list[str]:
    """Make what a moderator reads: a new card, a change, an answer; give the addresses."""
    author = make.person()
    new = make.submitted(summary="Écrire à jeanne.durand@exemple.fr pour en savoir plus.")
    changed = drafts.propose(resource=make.published(author), by=author)
    values = {"title": "Repérer les ruptures de stage", "situation": "Les signaux sont dispersés."}
    drafts.save_draft(contribution=changed, values=values, by=author)
    drafts.submit(contribution=make.again(changed), charter=make.CHARTER, by=author)
    item = reverse("catalogue:moderation_item", args=(changed.public_id,))
    return [
        reverse("catalogue:moderation"),
        reverse("catalogue:moderation_answers"),
        reverse("catalogue:moderation_decisions"),
        reverse("catalogue:moderation_item", args=(new.public_id,)),
        item,
        reverse("catalogue:remove", args=(changed.resource.slug,)),
        f"{item}?vue=apres",
    ]


@axe.other_pages
def test_pages_of_authors_and_moderators_have_no_fault(check_pages: CheckPages) -> None:
    author = make.person()
    check_pages(author, *author_pages(author))
    check_pages(make.moderator(), *moderator_pages())


def test_a_step_is_saved_while_it_is_written(running: Any, site: str, as_user: Cookies) -> None:
    author = make.person()
    contribution = drafts.start(kind=ResourceKind.DATASET, by=author)
    address = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.ESSENTIAL))
    with browser.tab(running, cookies=as_user(author)) as page:
        page.goto(site + address)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.fill("#id_summary", "Enregistré sans rien demander.")
            page.press("#id_summary", "Tab")
        page.wait_for_selector("#aide >> text=Enregistré sans rien demander.")
        assert page.url == site + address
        assert page.input_value("#id_summary") == "Enregistré sans rien demander."
        assert page.locator("#enregistre").inner_text().strip().startswith("Brouillon enregistré à")
        assert page.errors == []
        page.context.set_offline(True)
        page.fill("#id_summary", "Tapé sans réseau.")
        page.press("#id_summary", "Tab")
        page.wait_for_selector("#enregistre >> text=le réseau ne répond pas")
        assert page.input_value("#id_summary") == "Tapé sans réseau."
    assert make.again(contribution).content["summary"] == "Enregistré sans rien demander."


@pytest.mark.parametrize(
    "script", [True, pytest.param(False, marks=pytest.mark.ci)], ids=["script", "plain"]
)
def test_a_model_is_written_and_sent_in_four_steps(
    running: Any, site: str, as_user: Cookies, script: bool
) -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    author = make.joined(make.person(), holder, Role.EDITOR)
    with browser.tab(running, cookies=as_user(author), script=script) as page:
        page.goto(site + reverse("catalogue:contribute"))
        page.check("input[value=model]", force=True)
        page.click("main form .btn-primary")
        assert "étape 2 sur 4" in page.title()
        assert page.locator("#id_organisation option:checked").inner_text() == holder.name
        assert page.is_disabled("#aide button[name=send]")
        assert "Titre" in page.inner_text("#reste")
        controls = page.locator("main :is(input:not([type=hidden]), select, textarea, button)")
        assert sum(each.is_visible() for each in controls.all()) <= 25
        page.fill("#id_title", "Prévoir les recrutements saisonniers")
        page.fill("#id_summary", "Anticipe à trois mois les intentions d’embauche.")
        page.fill("#id_description", "Un modèle additif, une série par zone d’emploi.")
        page.click("summary:has-text('Donner l’adresse')")
        page.fill("#id_files-0-title", "Poids")
        page.fill("#id_files-0-url", "https://exemple.fr/poids.safetensors")
        page.check("input[name=licence][value=MIT]", force=True)
        page.click("summary:has-text('Caractéristiques')")
        page.fill("#id_created", "24/11/2026")
        page.click("button[name=next]")
        page.fill("#id_intended_purpose", "Préparer les recrutements de la saison.")
        page.click("button[name=next]")
        assert "étape 4 sur 4" in page.title()
        page.check("#id_charter")
        page.click("button:has-text('Envoyer à la relecture')")
        assert "en relecture" in page.inner_text("[role=status]")
        assert page.errors == []
    sent = Contribution.objects.get()
    assert (sent.status, sent.organisation) == (ContributionStatus.SUBMITTED, holder)
    assert sent.content["details"]["created"] == "2026-11-24"


def test_the_queue_is_used_from_the_keyboard(running: Any, site: str, as_user: Cookies) -> None:
    contribution, moderator = make.submitted(), make.moderator()
    with browser.tab(running, cookies=as_user(moderator)) as page:
        page.goto(site + reverse("catalogue:moderation"))
        page.focus(".q-item")
        page.keyboard.press("Enter")
        page.wait_for_url("**" + str(contribution.public_id) + "/")
        assert page.is_hidden("#id_reason")
        page.focus("input[value=refuse]")
        page.keyboard.press("Space")
        page.focus("#id_reason")
        page.keyboard.press("ArrowDown")
        page.focus("#id_message")
        page.keyboard.type("Hors du champ du portail.")
        page.focus("button[name=decide]")
        page.keyboard.press("Enter")
        page.wait_for_url("**/moderation/")
    assert make.again(contribution).status == ContributionStatus.REFUSED


CARD = """---
license: mit
language: fr
pipeline_tag: question-answering
---
# camembert-questions

Un modèle de langue française qui trouve dans un texte la réponse à une question.
"""


@axe.other_pages
def test_pages_of_a_paste_have_no_fault(
    running: Any, site: str, as_user: Cookies, check_pages: CheckPages
) -> None:
    author = make.person()
    with browser.tab(running, cookies=as_user(author)) as page:
        page.goto(site + reverse("catalogue:contribution_paste"))
        page.fill("#id_text", CARD)
        page.click("main form .btn-primary")
        page.goto(site + reverse("catalogue:contribution_paste"))
        page.fill("#id_text", "cff-version: 1.2.0\ntitre: Sans rien\n")
        page.click("main form .btn-primary")
        assert "Ligne 2" in page.locator("main [role=alert]").inner_text()
    draft = Contribution.objects.get()
    check_pages(
        author,
        reverse("catalogue:contribute"),
        reverse("catalogue:contribution_paste"),
        reverse("catalogue:contribution_reading", args=(draft.public_id,)),
        reverse("catalogue:contribution_step", args=(draft.public_id, Step.ESSENTIAL)),
    )


def brought(page: Any, site: str, folder: Path) -> None:
    """Bring a table of three rows, one of which is wrong."""
    file = folder / "fiches.csv"
    titles = ("Une alerte avant la rupture", "Un repérage des métiers en tension")
    rows = [need(title=title) for title in titles]
    file.write_bytes(table(*rows, need(title="Une ligne fautive", scope="lunaire")))
    page.goto(site + reverse("catalogue:import"))
    page.set_input_files("#id_file", str(file))
    page.click("main form .btn-primary")


@axe.other_pages
def test_pages_of_an_import_have_no_fault(
    running: Any, site: str, as_user: Cookies, looks: tuple[axe.Look, ...], tmp_path: Path
) -> None:
    holder = make.organisation("Mission locale du Var")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    with browser.tab(running, cookies=as_user(editor)) as page:
        brought(page, site, tmp_path)
        there = page.url
        paths = [site + reverse("catalogue:import"), there]
        paths.append(site + reverse("catalogue:import_columns", args=("need",)))
        found = {path: faults for path in paths if (faults := axe.audit(page, path, *looks))}
        page.goto(there)
        page.check("input[name=then][value=drafts]")
        page.click("button[value=import]")
        import_cards(batch_id=ContributionBatch.objects.get().pk)
        found |= {there: faults} if (faults := axe.audit(page, there, *looks)) else {}
        page.click("button[value=withdraw]")
        found |= {"withdraw": faults} if (faults := axe.faults(page, *looks)) else {}
    assert found == {}


LINES = [
    {"id": f"n{n}", "title": f"Notice {n}", "state": state, "message": "Parce que.", "code": "x"}
    for n, state in enumerate(["created", "updated", "refused", "failed", "missing", "archived"])
]


@axe.other_pages
def test_pages_of_harvests_have_no_fault(check_pages: CheckPages) -> None:
    waits, paused = SourceFactory(), SourceFactory(approved=True, status="paused")
    refused = SourceFactory(approved=True, status="refused", message="Hors du sujet.")
    runs = [
        HarvestRunFactory(source=waits, complete=True, lines=LINES, counts={"created": 1}),
        HarvestRunFactory(source=waits, complete=True, state="suspicious", message="Vide."),
        HarvestRunFactory(source=paused, complete=True, state="failed", message="Arrêté."),
        HarvestRunFactory(source=paused),
    ]
    since = runs[0].asked_at.replace(year=2025)
    LinkCheckFactory(dead_since=since, failures=3, first_failed_at=since, state="gone")
    check_pages(
        make.moderator(),
        reverse("catalogue:harvest_sources"),
        reverse("catalogue:harvest_propose"),
        *(
            reverse("catalogue:harvest_source", args=(each.public_id,))
            for each in (waits, paused, refused)
        ),
        *(
            reverse("catalogue:harvest_run", args=(run.source.public_id, run.public_id))
            for run in runs
        ),
        reverse("catalogue:dead_links"),
    )
