"""The catalogue in a real browser: search and filters without script, filters from the keyboard."""

from typing import Any

import pytest

from catalogue.enums import ResourceKind, Scope
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory
from tests.journeys import browser
from tests.journeys.test_contributions import session

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


@pytest.mark.parametrize(("path", "order"), [("/ressources/", "quality"), ("/donnees/", "title")])
@pytest.mark.parametrize("width", browser.WIDTHS)
def test_a_chosen_order_is_applied_at_every_width(
    running: Any, listed: str, width: int, path: str, order: str
) -> None:
    with browser.tab(running, width=width) as page:
        page.goto(listed.replace("/ressources/", path))
        page.select_option("#tri", order)
        page.wait_for_url(f"**sort={order}**")
        assert page.input_value("#tri") == order
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


def test_steps_of_a_narrow_screen_are_seen_when_focused(running: Any, site: str) -> None:
    author = make.person()
    contribution = make.draft(author, kind=ResourceKind.DATASET)
    with browser.tab(running, width=390, cookies=session(site, author)) as page:
        page.goto(f"{site}/contribuer/{contribution.public_id}/classement/")
        boxes = [link.bounding_box() for link in page.locator(".steps a").all()]
        assert len(boxes) == 4
        assert all(box["width"] >= 12 and box["height"] >= 24 for box in boxes), boxes
