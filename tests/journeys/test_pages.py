"""The pages in a real browser: accessible, strict, and whole without script."""

from typing import Any

import pytest

from portal.management.opening import pages, people
from portal.pages import frame
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages

pytestmark = [pytest.mark.journey, pytest.mark.slow]

PATHS = (
    "/",
    "/en/",
    "/apparence/",
    "/sante/",
    "/api/",
    "/programme/innovation/",
    "/actualites/le-portail-est-ouvert/",
    *sorted(frame.reserved_paths()),
)
# A phone has the theme and the language in its menu, a wide screen beside the account.
both_headers = pytest.mark.parametrize("width", [1280, 390])


@pytest.fixture
def opened(site: str) -> str:
    """Serve a portal with its opening pages."""
    pages.create(by=people.OPENING)
    return site


@axe.main_pages
def test_pages_of_the_portal_have_no_fault(opened: str, check_pages: CheckPages) -> None:
    check_pages(None, *PATHS)


@pytest.mark.ci  # the check of these pages sees most of it, at 390
def test_reflow_at_320_pixels(running: Any, opened: str) -> None:
    with browser.tab(running, width=320) as page:
        wider = {}
        for path in PATHS:
            page.goto(opened + path)
            wider[path] = browser.overflow(page)
    assert wider == dict.fromkeys(PATHS, 0)


@both_headers
def test_theme_and_language_without_script(running: Any, opened: str, width: int) -> None:
    with browser.tab(running, width=width, script=False) as page:
        page.goto(opened + "/charte/")
        page.click("[data-theme-toggle]:visible")
        page.check("input[name=theme][value=dark]", force=True)
        page.click("main form button[type=submit]")
        assert page.url == opened + "/charte/"
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.click("header a[hreflang=en]:visible")
        assert page.url == opened + "/en/charte/"
        assert page.locator("html").get_attribute("lang") == "en"


@both_headers
def test_theme_with_script_stays_on_the_page(running: Any, site: str, width: int) -> None:
    with browser.tab(running, width=width) as page:
        page.goto(site + "/contact/")
        page.click("[data-theme-toggle]:visible")
        assert page.url == site + "/contact/"
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_keyboard_reaches_the_content_first(running: Any, site: str) -> None:
    with browser.tab(running) as page:
        page.goto(site + "/contact/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#contenu"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "contenu"


def test_what_the_policy_stops_is_reported(
    running: Any, site: str, caplog: pytest.LogCaptureFixture
) -> None:
    with browser.tab(running) as page:
        page.goto(site + "/contact/")
        with page.expect_request(lambda request: request.url.endswith("/csp/")) as sent:
            page.evaluate(
                "const s = document.createElement('script');"
                "s.textContent = 'window.run = true'; document.body.append(s)"
            )
        answer = sent.value.response()
        assert page.evaluate("window.run") is None
    assert answer.status == 204
    told = [each.getMessage() for each in caplog.records if each.name == "portal.csp"]
    assert told == ["directive script-src-elem blocked inline on pages:contact"]
