"""Check pages with axe-core.

axe-core comes from npm (`npm install --no-save axe-core`, done by `make install-tests`);
where it is absent the tests that need it skip with the reason given by `missing()`.
"""

import os
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import browser
from tests.journeys.browser import Theme

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# make test sees each width and each theme once; the two other pairs are for make test-full.
LEAN = {(1440, "light"), (390, "dark")}
VARIANTS = [
    pytest.param(*pair, marks=() if pair in LEAN else pytest.mark.full)
    for pair in product(browser.WIDTHS, browser.THEMES)
]
in_each_variant = pytest.mark.parametrize(("width", "theme"), VARIANTS)
ROOT = Path(__file__).resolve().parent.parent.parent


def script() -> Path:
    """Return the path where axe-core is expected; AXE_JS replaces it."""
    return Path(os.environ.get("AXE_JS", ROOT / "node_modules" / "axe-core" / "axe.min.js"))


def missing() -> str:
    """Say why pages cannot be checked here, or ""."""
    if reason := browser.missing():
        return reason
    if not script().is_file():
        return "axe-core is not installed (npm install --no-save axe-core)"
    return ""


@cache
def _source() -> str:
    return script().read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """List the violations of the page that is open: rule, target, extract, one a line."""
    # Evaluated by the driver, so the page's content security policy stays on.
    page.evaluate(_source())
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


def audit(page: Any, url: str, *, width: int = 1440, theme: Theme = "light") -> list[str]:
    """Open an address at a width, in a theme, and list violations, overflow and console errors."""
    page.errors.clear()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(url)
    page.evaluate("document.fonts.ready")
    found = violations(page)
    if (wider := browser.overflow(page)) > 0:
        found.append(f"the page is {wider} px wider than the window")
    return found + [f"console: {message}" for message in page.errors]
