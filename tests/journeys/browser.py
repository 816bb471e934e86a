"""Drive Debian's Chromium with Playwright: strict, in French, without network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

Theme = Literal["light", "dark"]
WIDTHS: tuple[int, ...] = (1440, 390)
THEMES: tuple[Theme, ...] = ("light", "dark")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=fr-FR",
)


def program() -> str:
    """Return the path of the browser: the one without windows, which takes less, where it is."""
    names = ("chromium-headless-shell", "chromium")
    return next(filter(None, map(shutil.which, names)), "")


def missing() -> str:
    """Say why no browser can be driven here, or ""."""
    try:
        import playwright.sync_api  # noqa: F401, PLC0415  # optional dependency
    except ImportError:
        return "Playwright is not installed"
    return "" if program() else "chromium is not installed (apt-get install chromium)"


@contextmanager
def browser() -> Iterator[Any]:
    """Start the browser and close it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # optional dependency

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program(), args=list(ARGUMENTS))
        try:
            yield running
        finally:
            running.close()


@contextmanager
def tab(
    running: Any,
    *,
    width: int = 1440,
    theme: Theme = "light",
    script: bool = True,
    cookies: list[dict[str, Any]] | None = None,
) -> Iterator[Any]:
    """Open a tab in its own profile; `tab.errors` collects console and page errors.

    `tab.click` waits until the page that it leads to is whole: Playwright waits for its beginning,
    and what is read next is on a busy machine the text of half a page.
    """
    context = running.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
        java_script_enabled=script,
    )
    if cookies:
        context.add_cookies(cookies)
    page = context.new_page()
    page.errors = []
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    clicked = page.click

    def click(*given: Any, **named: Any) -> None:
        clicked(*given, **named)
        page.wait_for_load_state()

    page.click = click
    try:
        yield page
    finally:
        context.close()


def overflow(page: Any) -> int:
    """Measure how many pixels the page is wider than the window."""
    measured = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(measured))
