"""The whole life of a card in a real browser, from a pasted description to a decision with reasons.

Paste, draft, checks, review with changes, publication, search, alert, reuse, report, decision, with
script and without. make test sends the same forms by the client, in tests/catalogue.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from catalogue.community.actions import alerts
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms.steps import Step
from catalogue.models import Contribution, Report, Resource, Reuse
from portal.accounts.enums import Role
from portal.accounts.models import User
from tests.catalogue.community.test_alerts import morning
from tests.factories import contributions as make
from tests.factories.letters import delivered
from tests.journeys import browser
from tests.journeys.test_contributions import CARD

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.ci]
TITLE = "Questions et réponses en français"
READER, STRANGER = "lectrice@exemple.fr", "camille@exemple.fr"


class Visit:
    """Open tabs for the people of the story, with script or without."""

    def __init__(self, running: Any, cookies: Callable[[User], Any], script: bool) -> None:
        self.running, self.cookies, self.script = running, cookies, script

    def by(self, user: User | None) -> Any:
        """Open a tab, signed in as a person or as nobody."""
        held = self.cookies(user) if user else None
        return browser.tab(self.running, script=self.script, cookies=held)


def told() -> str:
    """Deliver the letters that are owed and return the last one."""
    delivered()
    return str(mail.outbox[-1].body)


def link(letter: str, part: str) -> str:
    """Find the path of the address of a letter that holds a part."""
    found = re.search(rf"https?://[^/\s]+(/\S*{part}\S*)", letter)
    assert found, letter
    return found.group(1)


def letter_to(address: str, part: str) -> str:
    """Find the path that holds a part in the letters to an address."""
    bodies = [str(each.body) for each in mail.outbox if each.to == [address]]
    return link("\n".join(bodies), part)


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_card_is_pasted_reviewed_found_reused_reported_and_judged(
    running: Any, site: str, as_user: Callable[[User], Any], script: bool
) -> None:
    holder = make.organisation("Coopérative Bâtir Sud")
    author = make.joined(make.person("autrice"), holder, Role.EDITOR)
    first, second, member = make.moderator("une"), make.moderator("deux"), make.person("membre")
    visit = Visit(running, as_user, script)

    asks_for_an_alert(visit, site)
    sends_a_pasted_card(visit, site, author)
    contribution = Contribution.objects.get()
    asks_for_changes(visit, site, first, contribution)
    answers(visit, site, author, contribution)
    publishes(visit, site, second, contribution)
    card = Resource.objects.public().get()
    finds(visit, site, card)
    is_told(visit, site, card)
    reuses(visit, site, member, first, card)
    reports(visit, site, card)
    judges(visit, site, first, author, card)


def asks_for_an_alert(visit: Visit, site: str) -> None:
    """Let a visitor without account save a search that finds nothing yet."""
    with visit.by(None) as page:
        page.goto(f"{site}/ressources/?q=questions+reponses")
        page.click("main a:has-text('Être prévenu quand il y en aura')")
        page.fill("#id_email", READER)
        page.click("button:has-text('Enregistrer cette recherche')")
        page.goto(site + link(told(), "confirmer"))
        page.click("button:has-text('Confirmer l’alerte')")
        assert page.errors == []


def sends_a_pasted_card(visit: Visit, site: str, author: User) -> None:
    """Paste a card, read what was understood, fill what lacks and send it."""
    with visit.by(author) as page:
        page.goto(site + reverse("catalogue:contribution_paste"))
        page.fill("#id_text", CARD)
        page.click("main form .btn-primary")
        assert "champs repris" in page.inner_text("section[aria-labelledby=lu]")
        page.click("text=Relire et compléter")
        page.check("[name=deposit][value=owned]", force=True)
        page.select_option("#id_scope", "national")
        assert page.input_value("#id_title") == "camembert-questions"
        page.fill("#id_title", TITLE)
        page.select_option("#id_organisation", label="Coopérative Bâtir Sud")
        page.fill("#id_summary", "Un modèle qui trouve la réponse à une question dans un texte.")
        unfolded(page, "Nom et adresses", "#id_homepage_url")
        page.fill("#id_homepage_url", "https://huggingface.co/etalab-ia")
        page.fill("#id_tags", "questions, réponses, français")
        page.click("button[name=next]")
        contribution = Contribution.objects.get()
        page.goto(site + step(contribution, Step.ESSENTIAL))
        chosen = page.locator("#id_organisation option:checked")
        assert chosen.inner_text() == "Coopérative Bâtir Sud"  # as it was saved
        page.check("[name=deposit][value=referenced]", force=True)
        unfolded(page, "Nom et adresses", "#id_producer_name")
        page.fill("#id_producer_name", "Etalab")
        page.click("button[name=next]")
        page.goto(site + step(contribution, Step.SEND))
        assert page.locator("#erreurs").count() == 0
        page.check("#id_charter")
        page.click("button:has-text('Envoyer à la relecture')")
        assert "en relecture" in page.inner_text("[role=status]")
        assert page.errors == []


def unfolded(page: Any, part: str, field: str) -> None:
    """Open a part of the form, unless what it holds opened it."""
    if not page.is_visible(field):
        page.click(f"summary:has-text('{part}')")


def step(contribution: Contribution, name: Step) -> str:
    """Give the address of a step."""
    return reverse("catalogue:contribution_step", args=(contribution.public_id, name))


def asks_for_changes(visit: Visit, site: str, moderator: User, contribution: Contribution) -> None:
    """Read the oldest of the queue and send it back with a reason."""
    with visit.by(moderator) as page:
        page.goto(site + reverse("catalogue:moderation"))
        page.click(f".q-item:has-text('{TITLE}')")
        assert "Contrôles automatiques" in page.inner_text("main")
        page.check("input[value=request_changes]", force=True)
        page.select_option("#id_reason", "insufficient")
        page.fill("#id_message", "Dites à quoi ce modèle sert pour l’emploi.")
        page.click("button[name=decide]")
        assert page.errors == []
    assert make.again(contribution).status == ContributionStatus.CHANGES_REQUESTED
    assert "Dites à quoi ce modèle sert" in told()


def answers(visit: Visit, site: str, author: User, contribution: Contribution) -> None:
    """Read what is asked, correct it, reply and send it again."""
    with visit.by(author) as page:
        page.goto(site + reverse("catalogue:contribution", args=(contribution.public_id,)))
        assert "Dites à quoi ce modèle sert" in page.inner_text("main")
        page.click("text=Corriger et répondre")
        assert "Dites à quoi ce modèle sert" in page.inner_text("main form")
        page.fill("#id_summary", "Trouver la réponse à une question dans une offre d’emploi.")
        page.click("button[name=next]")
        page.goto(site + step(contribution, Step.SEND))
        page.fill("#id_reply", "L’usage est dit dans le résumé.")
        page.check("#id_charter")
        page.click("button:has-text('Envoyer à la relecture')")
        assert "en relecture" in page.inner_text("[role=status]")
        assert page.errors == []


def publishes(visit: Visit, site: str, moderator: User, contribution: Contribution) -> None:
    """Read the answer and what changed, and put the card online."""
    with visit.by(moderator) as page:
        page.goto(site + reverse("catalogue:moderation_item", args=(contribution.public_id,)))
        assert "L’usage est dit dans le résumé." in page.inner_text("main")
        assert "dans une offre d’emploi" in page.inner_text("main")
        page.check("input[value=publish]", force=True)
        page.click("button[name=decide]")
        assert page.errors == []


def finds(visit: Visit, site: str, card: Resource) -> None:
    """Find the card without accents nor plural, and read it."""
    with visit.by(None) as page:
        page.goto(f"{site}/ressources/")
        page.fill("#q", "REPONSE question francais")
        page.click("form.search button")
        assert page.inner_text("#nb") == "1 ressource"
        page.click(f"main a:has-text('{TITLE}')")
        assert page.inner_text("h1") == TITLE
        assert page.errors == []
        plain = page.request.get(f"{site}/ressources/{card.slug}.ttl")
        assert (plain.status, TITLE in plain.text()) == (200, True)


def is_told(visit: Visit, site: str, card: Resource) -> None:
    """Receive the alert once, and open the card from it."""
    for _ in range(2):
        alerts.write_all(at=morning())
        told()
    letters = [each for each in mail.outbox if each.to == [READER] and TITLE in each.body]
    assert len(letters) == 1
    with visit.by(None) as page:
        page.goto(site + link(str(letters[0].body), card.slug))
        assert page.inner_text("h1") == TITLE


def reuses(visit: Visit, site: str, member: User, moderator: User, card: Resource) -> None:
    """Declare a reuse; once accepted, it stands on the card."""
    with visit.by(member) as page:
        page.goto(f"{site}{card.get_absolute_url()}")
        page.click("summary:has-text('Autres actions')")
        page.click("a:has-text('Déclarer une réutilisation')")
        page.fill("#id_title", "Un assistant de lecture des offres")
        page.fill("#id_url", "https://exemple.fr/assistant")
        page.check("input[value=application]", force=True)
        page.click("button:has-text('Envoyer à la Région')")
        assert "En relecture" in page.inner_text("main")
        assert page.errors == []
    with visit.by(moderator) as page:
        page.goto(site + reverse("catalogue:moderation_community"))
        page.click("button[value=accept]")
        page.goto(site + reverse("catalogue:reuses", args=(card.slug,)))
        assert "Un assistant de lecture des offres" in page.inner_text("main")
        assert page.errors == []
    assert Reuse.objects.get().state == "published"


def reports(visit: Visit, site: str, card: Resource) -> None:
    """Tell the Region, without account, of what would harm."""
    with visit.by(None) as page:
        page.goto(f"{site}{card.get_absolute_url()}")
        page.click("summary:has-text('Autres actions')")
        page.click("a:has-text('Signaler un problème')")
        page.check("input[name=category][value=copyright]", force=True)
        page.fill("#id_explanation", "Le résumé reprend un texte qui n’est pas libre.")
        page.fill("#id_name", "Camille")
        page.fill("#id_email", STRANGER)
        page.check("#id_good_faith")
        page.click("button:has-text('Envoyer le signalement')")
        assert "Suivi de votre signalement" in page.inner_text("h1")
        assert page.errors == []


def judges(visit: Visit, site: str, moderator: User, author: User, card: Resource) -> None:
    """Decide with facts and ground; both learn why, and neither who the other is."""
    report = Report.objects.get()
    with visit.by(moderator) as page:
        page.goto(site + reverse("catalogue:moderation_report", args=(report.public_id,)))
        page.click("button:has-text('Examiner')")
        page.check("input[name=outcome][value=upheld]", force=True)
        page.select_option("#id_measure", "hide")
        page.fill("#id_facts", "Le résumé est celui d’un article protégé.")
        page.select_option("#id_ground", "law")
        page.fill("#id_ground_text", "Code de la propriété intellectuelle.")
        page.click("button:has-text('Enregistrer la décision')")
        assert "Enregistré" in page.inner_text("main")
        assert page.errors == []
    told()
    statement = letter_to(author.email, "signalements/decisions")
    with visit.by(author) as page:
        page.goto(site + statement)
        assert "Le résumé est celui d’un article protégé." in page.inner_text("main")
        assert "Camille" not in page.content()
        assert page.errors == []
    with visit.by(None) as page:
        page.goto(site + letter_to(STRANGER, "suivi"))
        assert "Le résumé est celui d’un article protégé." in page.inner_text("main")
        assert page.goto(f"{site}{card.get_absolute_url()}").status == 451
        page.goto(f"{site}/ressources/?q=questions")
        assert page.inner_text("#nb") == "0 ressource"
