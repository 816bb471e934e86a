"""Check pages with axe-core.

axe-core comes with axe-playwright-python, which `make install-dev` installs; AXE_JS names another.
Where it is absent, a test stops at its first check, skipped with the reason.
"""

import os
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys import browser
from tests.journeys.browser import Theme

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Look = tuple[int, Theme]
PLAIN: Look = (1440, "light")
NARROW: Look = (390, "dark")
LEAN: tuple[Look, ...] = (PLAIN, NARROW)
REST = tuple(look for look in product(browser.WIDTHS, browser.THEMES) if look not in LEAN)
# make test sees the pages of the portal narrow, in the dark; .ci/run sees them wide, in the light,
# and the other pages in both looks: each width and each theme once. The two other pairs, and the
# rooms of organisers, are for make test-full.
_rest = pytest.param(REST, id="rest", marks=pytest.mark.full)
main_pages = pytest.mark.parametrize(
    "looks",
    [
        pytest.param((NARROW,), id="narrow"),
        pytest.param((PLAIN,), id="plain", marks=pytest.mark.ci),
        _rest,
    ],
)
other_pages = pytest.mark.parametrize(
    "looks", [pytest.param(LEAN, id="lean", marks=pytest.mark.ci), _rest]
)
rooms = pytest.mark.parametrize(
    "looks", [pytest.param((*LEAN, *REST), id="all", marks=pytest.mark.full)]
)


@cache
def _script() -> str:
    """Return the text of axe-core, "" where it is not installed."""
    package = find_spec("axe_playwright_python")
    folder = Path(package.origin).parent if package and package.origin else Path()
    path = Path(os.environ.get("AXE_JS", folder / "axe.min.js"))
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def missing() -> str:
    """Say why pages cannot be checked here, or ""."""
    if reason := browser.missing():
        return reason
    return "" if _script() else "axe-core is not installed (make install-dev)"


def violations(page: Any) -> list[str]:
    """List the violations of the page as it stands: rule, target, extract, one a line.

    Skips the test where axe-core is absent.
    """
    if reason := missing():
        pytest.skip(reason)
    # Evaluated by the driver, so the page's content security policy stays on.
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags},"
        " resultTypes: ['violations']})",
        list(TAGS),
    )
    return [
        f"{rule['id']} {node['target']} {node['html'][:120]} : "
        f"{' '.join(node.get('failureSummary', '').split())[:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def faults(page: Any, *looks: Look) -> list[str]:
    """List what is wrong with the page that is open, in each look: a width and a theme.

    One a line, with its look; a page wider than the window is one.
    Styles alone follow the width and the theme, and at once: the page is not read again.
    """
    found = []
    page.wait_for_load_state()
    for width, theme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        seen = violations(page)
        if (wider := browser.overflow(page)) > 0:
            seen.append(f"the page is {wider} px wider than the window")
        found += [f"{width} {theme}: {fault}" for fault in seen]
        _photograph(page, f"{width}-{theme}")
    return found


def _photograph(page: Any, look: str) -> None:
    if folder := os.environ.get("OE_SHOTS"):
        name = urlsplit(page.url).path.strip("/").replace("/", "_")[-60:] or "home"
        page.screenshot(path=f"{folder}/{name}-{look}.png", full_page=True)


def audit(page: Any, url: str, *looks: Look) -> list[str]:
    """Open an address and list violations, overflow and console errors; in PLAIN by default.

    A page of refusal is a fault: it is accessible too, and not what was asked for.
    """
    looks = looks or (PLAIN,)
    (width, theme), *_ = looks
    page.errors.clear()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    answer = page.goto(url)
    page.evaluate("document.fonts.ready")
    refused = [f"answered {answer.status}"] if answer.status >= 400 else []
    return refused + faults(page, *looks) + [f"console: {message}" for message in page.errors]
