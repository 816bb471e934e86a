"""Around a card in a real browser: no fault in any look, and the paths without script."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalogue.actions import alert_links, alerts, collections, discussions, follows, reuses
from catalogue.enums import ResourceKind
from catalogue.models import Resource, SavedSearch
from catalogue.search.query import ResourceQuery
from portal.accounts.models import User
from tests.catalogue.community.test_discussions import known
from tests.catalogue.community.test_reuses import declared, told
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def editor(site: str) -> User:
    """Make somebody who publishes for the Region's organisation."""
    made: User = MembershipFactory(
        organisation=OrganisationFactory(is_region=True, slug="region"), role="editor"
    ).user
    return made


@pytest.fixture
def card(editor: User) -> Resource:
    """Publish a need with all that may stand around it."""
    made: Resource = ResourceFactory(
        published=True, kind=ResourceKind.NEED, title="Emploi saisonnier", slug="besoin"
    )
    reader, person = make.moderator("relectrice"), known()
    reuses.publish(brought=declared(person, made), by=reader)
    reuses.publish(brought=told(person, made), by=reader)
    declared(person, made, url="https://exemple.fr/attend", title="Attend")
    told(person, made, place="Toulon")
    thread = discussions.open_discussion(
        resource=made, title="Quelles dates ?", body_md="Je *cherche*.", by=person
    )
    said = discussions.answer(discussion=thread, body_md="Vendu !", by=known())
    discussions.hide(message=said, reason="Publicité.", by=reader)
    discussions.open_discussion(resource=made, title="Attend", body_md="Oui ?", by=UserFactory())
    follows.follow(subject=made, by=editor)
    alerts.save(query=ResourceQuery(q="emploi"), title="Emploi", frequency="daily", by=editor)
    holder = editor.memberships.get().organisation
    gathered = collections.make(
        title="Été", summary="Pour la saison.", organisation=holder, by=editor
    )
    collections.add(collection=gathered, resource=made, by=editor)
    collections.publish(collection=gathered, by=editor)
    return made


@axe.in_each_look
def test_pages_around_a_card_have_no_fault(
    running: Any,
    site: str,
    card: Resource,
    editor: User,
    as_user: Callable[[User], Any],
    looks: Any,
) -> None:
    search = SavedSearch.objects.get()
    base, thread = card.get_absolute_url(), card.discussions.get(title="Quelles dates ?")
    addresses = [
        base,
        *(f"{base}{rest}/" for rest in ("reutilisations", "retours", "discussions")),
        *(f"{base}{rest}/" for rest in ("reutilisations/declarer", "retours/raconter")),
        thread.path,
        "/espace/suivis/",
        f"/espace/suivis/recherches/{search.public_id}/",
        "/recherches/enregistrer/?q=emploi",
        f"/suivre/?resource={card.slug}",
        "/dossiers/",
        "/dossiers/ete/",
        "/dossiers/ete/modifier/",
        "/dossiers/creer/",
        "/organisations/region/",
        urlsplit(alert_links.stop(search)).path,
    ]
    moderated = [
        "/moderation/autour/",
        f"{base}messages/{thread.messages.first().public_id}/masquer/",
    ]
    found = {}
    for person, pages in ((editor, addresses), (make.moderator("relecteur"), moderated)):
        with browser.tab(running, cookies=as_user(person)) as page:
            found |= {path: axe.audit(page, site + path, *looks) for path in pages}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_a_visitor_asks_for_an_alert_and_stops_it_without_script(
    running: Any, site: str, card: Resource
) -> None:
    with browser.tab(running, script=False) as page:
        page.goto(f"{site}/ressources/?q=formation")
        page.click("main a:has-text('Être prévenu quand il y en aura')")
        page.fill("#id_email", "pas une adresse")
        page.click("button:has-text('Enregistrer cette recherche')")
        assert "Cette adresse n’est pas complète" in page.inner_text("main")
        page.fill("#id_email", "lectrice@exemple.fr")
        page.click("button:has-text('Enregistrer cette recherche')")
        assert "Confirmez votre adresse" in page.inner_text("h1")
        search = SavedSearch.objects.get(email="lectrice@exemple.fr")
        page.goto(f"{site}{urlsplit(alert_links.confirm(search)).path}")
        page.click("button:has-text('Confirmer l’alerte')")
        assert "L’alerte est active" in page.inner_text("main")
        page.goto(f"{site}{urlsplit(alert_links.stop(search)).path}")
        page.click("button:has-text('Ne plus les recevoir')")
        assert "votre adresse est oubliée" in page.inner_text("main")
    assert not SavedSearch.objects.filter(email="lectrice@exemple.fr").exists()


def test_a_member_follows_declares_and_discusses_without_script(
    running: Any, site: str, card: Resource, as_user: Callable[[User], Any]
) -> None:
    with browser.tab(running, script=False, width=390, cookies=as_user(known())) as page:
        page.goto(f"{site}{card.get_absolute_url()}")
        page.click("button:has-text('Suivre')")
        assert page.locator("button[name=stop]").count() == 1
        page.click("nav.tabs a:has-text('Réutilisations')")
        page.click("a:has-text('Déclarer une réutilisation')")
        page.fill("#id_title", "Un tableau de bord")
        page.fill("#id_url", "https://exemple.fr/tableau")
        page.check("input[value=visualisation]")
        page.click("button:has-text('Envoyer à la Région')")
        assert "Un tableau de bord" in page.inner_text("main")
        assert "En relecture" in page.inner_text("main")
        page.click("nav.tabs a:has-text('Discussions')")
        page.fill("#id_title", "Horaires")
        page.fill("#id_body_md", "Le **soir** aussi ?")
        page.click("button:has-text('Publier')")
        assert page.inner_text("h2").startswith("Horaires")
        assert page.inner_text("article strong") == "soir"
