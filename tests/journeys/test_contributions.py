"""Contributing and reviewing in a real browser: accessible, and whole without script."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.actions import contributions
from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.forms.steps import Step
from catalogue.models import Contribution, Resource
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.factories import contributions as make
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]


def session(site: str, user: User) -> list[dict[str, Any]]:
    """Sign a person in and give the cookie that proves it."""
    client = Client()
    client.force_login(user)
    host = str(urlsplit(site).hostname)
    return [
        {"name": name, "value": morsel.value, "domain": host, "path": "/"}
        for name, morsel in client.cookies.items()
    ]


def author_pages(author: User) -> list[str]:
    """Make what an author sees in each state, and give the addresses."""
    draft = make.draft(author, kind=ResourceKind.DATASET)
    empty = contributions.start(kind=ResourceKind.MODEL, by=author)
    sent, back = make.submitted(author), make.sent_back(author)
    resource = make.published(author)
    offered = make.offered(make.published(), author)
    declined = make.declined(make.published(), author)
    asked = make.offered(resource)
    steps = [(draft, step) for step in Step if step is not Step.CARD]
    steps += [(empty, step) for step in (Step.RIGHTS, Step.CARD, Step.SEND)]
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
    changed = contributions.propose(resource=make.published(author), by=author)
    values = {"title": "Repérer les ruptures de stage", "situation": "Les signaux sont dispersés."}
    contributions.save_draft(contribution=changed, values=values, by=author)
    contributions.submit(contribution=make.again(changed), charter=make.CHARTER, by=author)
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


@axe.in_each_look
@pytest.mark.parametrize("who", ["author", "moderator"])
def test_no_violation_no_overflow_no_console_error(
    running: Any, site: str, looks: tuple[axe.Look, ...], who: str
) -> None:
    user = make.person() if who == "author" else make.moderator()
    paths = author_pages(user) if who == "author" else moderator_pages()
    with browser.tab(running, cookies=session(site, user)) as page:
        found = {path: faults for path in paths if (faults := axe.audit(page, site + path, *looks))}
    assert found == {}


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_from_a_blank_form_to_the_public_page(running: Any, site: str, script: bool) -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    author = make.joined(make.person(), holder, Role.EDITOR)
    moderator = make.moderator()

    with browser.tab(running, script=script, cookies=session(site, author)) as page:
        page.goto(site + reverse("catalogue:contribute"))
        page.check("input[value=need]", force=True)
        page.click("main form .btn-primary")
        page.fill("#id_title", "Repérer les ruptures d’apprentissage")
        page.select_option("#id_organisation", label="Coopérative Bâtir Sud")
        page.select_option("#id_deposit", "owned")
        page.click("button[name=next]")
        page.fill("#id_summary", "Prévenir les ruptures de contrat.")
        page.fill("#id_description", "## Contexte\n\nLes centres voient les ruptures trop tard.")
        page.click("button[name=preview]")
        assert page.locator(".prose").inner_text().startswith("Contexte")
        page.fill("#id_beneficiary", "Les centres de formation")
        page.fill("#id_situation", "Des signaux dispersés.")
        page.fill("#id_expected_result", "Une alerte expliquée.")
        page.click("button[name=next]")
        page.select_option("#id_scope", "regional")
        page.fill("#id_tags", "apprentissage, rupture, formation")
        page.click("button[name=next]")
        page.click("button[name=next]")
        page.check("#id_charter")
        page.click("main form .btn-primary")
        assert "en relecture" in page.locator("[role=status]").inner_text()
        assert page.errors == []

    contribution = Contribution.objects.get()
    assert contribution.status == ContributionStatus.SUBMITTED
    item = reverse("catalogue:moderation_item", args=(contribution.public_id,))
    with browser.tab(running, script=script, cookies=session(site, moderator)) as page:
        page.goto(site + item)
        page.check("input[value=publish]", force=True)
        page.click("button[name=decide]")
        resource = Resource.objects.public().get()
        page.goto(site + resource.get_absolute_url())
        assert page.locator("h1").inner_text() == "Repérer les ruptures d’apprentissage"
        assert page.errors == []


def test_a_step_is_saved_while_it_is_written(running: Any, site: str) -> None:
    author = make.person()
    contribution = contributions.start(kind=ResourceKind.DATASET, by=author)
    address = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.DESCRIBE))
    with browser.tab(running, cookies=session(site, author)) as page:
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


def test_the_queue_is_used_from_the_keyboard(running: Any, site: str) -> None:
    contribution, moderator = make.submitted(), make.moderator()
    with browser.tab(running, cookies=session(site, moderator)) as page:
        page.goto(site + reverse("catalogue:moderation"))
        page.focus(".q-item")
        page.keyboard.press("Enter")
        page.wait_for_url("**" + str(contribution.public_id) + "/")
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
