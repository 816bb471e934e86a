"""The catalogue and the datasets in a real browser: pages without fault, paths without script."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail

from catalogue.community.actions import (
    alerts,
    collections,
    follows,
    maskings,
    reports,
    reuses,
)
from catalogue.contributions.forms.steps import LABELS
from catalogue.models import Follow, Resource, SavedSearch, Synonym
from catalogue.resources.actions import transfers
from catalogue.resources.enums import LinkType, ResourceKind, Scope
from catalogue.search.query import ResourceQuery
from datasets.releases.models import Dataset, Download
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.discussions import actions as discussions
from portal.discussions.models import Discussion
from portal.lib import clock
from portal.management.opening import datasets, people
from tests.catalogue.community.test_community import declared, known, told
from tests.catalogue.community.test_reports import in_hand, upheld
from tests.factories import contributions as make
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.contributions import changed
from tests.factories.letters import delivered
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages, Cookies, Faults

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def listed(site: str) -> str:
    """Publish a few cards and return the address of the list."""
    for number in range(3):
        ResourceFactory(published=True, title=f"Emploi saisonnier {number}", kind=ResourceKind.NEED)
    ResourceFactory(published=True, title="Emploi à l’année", scope=Scope.NATIONAL)
    return f"{site}/ressources/"


def test_search_filter_sort_and_undo_without_script(running: Any, listed: str) -> None:
    with browser.tab(running, script=False) as page:
        page.goto(listed)
        page.fill("#q", "emploi")
        page.click("form.search button")
        assert page.inner_text("#nb") == "4 ressources"
        page.check("form.facets input[value=need]")
        page.click("form.facets button")
        assert page.inner_text("#nb") == "3 ressources"
        page.select_option("#tri", "quality")
        page.click("button:has-text('Trier')")
        assert ("q=emploi" in page.url, "kind=need" in page.url, page.input_value("#tri")) == (
            True,
            True,
            "quality",
        )
        page.click("a.chip")
        assert page.inner_text("#nb") == "4 ressources"
        page.fill("#q", "introuvable")
        page.click("form.search button")
        assert page.inner_text("#nb") == "0 ressource"
        page.click("main a:has-text('Tout le catalogue')")
        assert page.inner_text("#nb") == "4 ressources"


@pytest.mark.parametrize(
    "script",
    [pytest.param(True, id="script", marks=pytest.mark.ci), pytest.param(False, id="plain")],
)
def test_an_everyday_word_leads_to_a_source_and_to_a_followed_card(
    running: Any, site: str, script: bool
) -> None:
    """Search as a stranger; « Suivre » then asks for an account, and comes back to the card."""
    Synonym.objects.create(phrases="matching, appariement")
    card = ResourceFactory(
        published=True, title="Appariement d’offres", homepage_url=f"{site}/challenges/"
    )
    with browser.tab(running, script=script) as page:
        page.goto(f"{site}/")
        page.fill("main [name=q]", "matching")
        page.press("main [name=q]", "Enter")
        page.click("main a:has-text('Appariement d’offres')")
        page.click("main a:has-text('Voir sur ')")
        assert page.url == f"{site}/challenges/"
        page.go_back()
        page.click("main summary:has-text('Autres actions')")
        page.click("main a:has-text('Suivre')")
        page.click("main a:has-text('Créer un compte')")
        typed = {"email": "nouvelle@exemple.test", "display_name": "Nouvelle"}
        for name, value in (typed | {"password1": PASSWORD}).items():
            page.fill(f"main [name={name}]", value)
        page.click("main button:has-text('Créer mon compte')")
        delivered()
        letter = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
        assert letter is not None
        page.goto(site + letter.group(1))
        page.click("main button:has-text('Confirmer')")
        page.click("main button:has-text('Suivre')")
        page.wait_for_url(f"**/ressources/{card.slug}/")
        assert page.errors == []
    assert Follow.objects.get().resource == card


def test_a_chosen_order_is_applied_at_every_width(running: Any, listed: str) -> None:
    for width in browser.WIDTHS:
        with browser.tab(running, width=width) as page:
            page.goto(listed)
            page.select_option("#tri", "quality")
            page.wait_for_url("**sort=quality**")
            assert page.input_value("#tri") == "quality"
            assert page.errors == []


def test_a_tick_keeps_the_focus_and_the_way_back(running: Any, listed: str) -> None:
    with browser.tab(running, width=1440) as page:
        page.goto(listed)
        page.focus("#scope-national")
        for number, state in (("1 ressource", "visible"), ("4 ressources", "detached")):
            page.keyboard.press("Space")
            page.wait_for_selector("a.chip", state=state)
            # htmx listens to the new list a moment after it is there.
            page.wait_for_selector("#liste:not(.htmx-settling)")
            assert page.inner_text("#nb") == number
            assert page.evaluate("document.activeElement.id") == "scope-national"
        page.go_back()
        page.wait_for_selector("a.chip")
        assert page.errors == []


def test_filters_of_a_narrow_screen_open_and_close(running: Any, listed: str) -> None:
    with browser.tab(running, width=390) as page:
        page.goto(listed)
        assert page.is_hidden("#filtres")
        page.click("a[href='#filtres']")
        assert page.is_visible("#filtres")
        page.keyboard.press("Escape")
        page.wait_for_selector("#filtres", state="hidden")
        page.click("a[href='#filtres']")
        page.focus("form.facets button")
        page.keyboard.press("Tab")  # out of the panel: what is behind must be seen
        page.wait_for_selector("#filtres", state="hidden")
        assert page.errors == []


def test_steps_of_a_narrow_screen_are_seen_when_focused(
    running: Any, site: str, as_user: Cookies
) -> None:
    author = make.person()
    contribution = make.draft(author, kind=ResourceKind.MODEL)
    names = {step: str(label) for step, label in LABELS.items()}
    with browser.tab(running, width=390, cookies=as_user(author)) as page:
        for here in names:  # each page leads to the type and to the two others
            page.goto(f"{site}/contribuer/{contribution.public_id}/{here}/")
            links = page.locator(".steps a").all()
            others = ["Type", *(name for step, name in names.items() if step != here)]
            assert [link.text_content() for link in links] == others
            boxes = [link.bounding_box() for link in links]
            assert all(box["width"] >= 12 and box["height"] >= 24 for box in boxes), boxes


def pair() -> list[Resource]:
    made = []
    for title, value in (("camembert-rome-4", 0.804), ("Appariement régional", 0.781)):
        card = ResourceFactory(
            published=True,
            kind=ResourceKind.MODEL,
            title=title,
            tasks=["matching"],
            next_review_at=clock.now(),
            details={"intended_purpose": "Préparer une recherche d’emploi."},
        )
        MeasurementFactory(
            resource=card, task="Fiche ROME", metric="Exactitude", value=value, low=0.77, high=0.82
        )
        made.append(card)
    for group, value in (("Communes rurales", 0.763), ("Communes urbaines", 0.81)):
        MeasurementFactory(
            resource=made[0],
            metric="Exactitude",
            group=group,
            value=value,
            n=240,
            low=None,
            high=None,
        )
    return made


def addresses() -> list[str]:
    author = make.person("autrice")
    card = make.published(author, title="Repérer les ruptures d’apprentissage")
    changed(card, author, summary="Prévenir les ruptures des apprentis avant le deuxième mois.")
    models = pair()
    ResourceLinkFactory(source=models[0], target=card, type=LinkType.ANSWERS)
    other = ResourceFactory(published=True, kind=ResourceKind.SOLUTION, licences=["etalab-2.0"])
    ResourceLinkFactory(source=other, target=models[0], type=LinkType.USES)
    base = card.get_absolute_url()
    return [
        "/ressources/?q=apprentissage",
        models[0].get_absolute_url(),
        other.get_absolute_url(),
        f"{base}versions/",
        f"{base}versions/1/",
        f"{base}versions/comparer/",
    ]


@axe.other_pages
def test_cards_and_versions_have_no_fault(check_pages: CheckPages) -> None:
    check_pages(None, *addresses())


@pytest.fixture
def editor(site: str) -> User:
    """Make somebody who publishes for the Region's organisation."""
    return MembershipFactory(
        organisation=OrganisationFactory(is_region=True, slug="region"), role="editor"
    ).user


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
        on=made, title="Quelles dates ?", body_md="Je *cherche*.", by=person
    )
    said = discussions.answer(discussion=thread, body_md="Vendu !", by=known())
    discussions.hide(message=said, reason="Publicité.", by=reader)
    discussions.open_discussion(on=made, title="Attend", body_md="Oui ?", by=UserFactory())
    follows.follow(subject=made, by=editor)
    alerts.save(query=ResourceQuery(q="emploi"), title="Emploi", frequency="daily", by=editor)
    holder = editor.memberships.get().organisation
    gathered = collections.make(
        title="Été", summary="Pour la saison.", organisation=holder, by=editor
    )
    collections.add(collection=gathered, resource=made, by=editor)
    collections.publish(collection=gathered, by=editor)
    return made


@axe.other_pages
def test_pages_around_a_card_have_no_fault(
    check_pages: CheckPages, card: Resource, editor: User
) -> None:
    search = SavedSearch.objects.get()
    base, thread = card.get_absolute_url(), Discussion.objects.get(title="Quelles dates ?")
    addresses = [
        base,
        *(f"{base}{rest}/" for rest in ("reutilisations", "discussions")),
        f"{base}reutilisations/declarer/",
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
        urlsplit(alerts.stop_link(search)).path,
    ]
    moderated = [
        "/moderation/autour/",
        f"{base}discussions/moderer/",
        f"{base}discussions/messages/{thread.messages.first().public_id}/masquer/",
    ]
    check_pages(editor, *addresses)
    check_pages(make.moderator("relecteur"), *moderated)


@axe.other_pages
def test_pages_of_reports_and_lots_have_no_fault(
    faults_of: Faults, check_pages: CheckPages
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
    check_pages(
        author,
        f"/signalements/decisions/{decision.public_id}/",
        "/signaler/?adresse=/ressources/",
        reports.tracking_path(decided),
        "/transparence/",
    )
    [behind] = faults_of(author, masked.get_absolute_url()).values()
    assert [fault for fault in behind if "451" not in fault] == []
    check_pages(
        make.moderator("autre"),
        "/moderation/",
        "/moderation/lot/",
        "/moderation/signalements/",
        f"/moderation/signalements/{report.public_id}/",
        "/moderation/transferts/",
        f"{held.get_absolute_url()}transmettre/",
    )


@pytest.fixture
def demonstration(site: str) -> str:
    """Serve a portal with its demonstration datasets."""
    people.open_accounts()
    datasets.publish()
    return site


def dataset_pages() -> list[str]:
    pages = [one.get_absolute_url() for one in Dataset.objects.select_related("resource")]
    return ["/donnees/", *pages, *[f"{page}versions/" for page in pages]]


@axe.other_pages
def test_pages_of_datasets_have_no_fault(demonstration: str, check_pages: CheckPages) -> None:
    check_pages(None, *dataset_pages())
    producer = User.objects.get(username="producteur")
    check_pages(producer, f"{dataset_pages()[2]}versions/nouvelle/")


def test_filter_read_and_download_without_script(running: Any, demonstration: str) -> None:
    with browser.tab(running, script=False) as page:
        page.goto(f"{demonstration}/donnees/")
        page.get_by_role("link", name="Accès libre").click()
        page.get_by_role("link", name="Offres d’emploi synthétiques et délai").click()
        page.get_by_role("heading", name="Schéma").wait_for()
        with page.expect_download() as waited:
            page.get_by_role("link", name="Télécharger").first.click()
        assert waited.value.suggested_filename == "offres-synthetiques.csv"
    assert Download.objects.count() == 1
