"""Photograph and check pages from the command line.

python -m tests.journeys.shots URL [URL …] OUT [--widths 1440,390] [--themes light,dark]
    [--cookie NAME=VALUE] [--no-script]
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.journeys import axe, browser


def main() -> int:
    """Write OUT/<page>-<width>-<theme>.png for each address and print what axe-core finds."""
    options = _options()
    if reason := browser.missing():
        print(reason)
        return 2
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    checked = not axe.missing() and not options.no_script
    faults = 0
    with browser.browser() as running:
        for width in map(int, options.widths.split(",")):
            for theme in options.themes.split(","):
                shot = {"width": width, "theme": theme, "script": not options.no_script}
                with browser.tab(running, cookies=_cookies(options), **shot) as page:
                    for url in options.urls:
                        faults += _photograph(page, url, out, f"{width}-{theme}", checked)
    print(f"{faults} fault(s)" if checked else f"axe-core not run: {axe.missing() or 'no script'}")
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("urls", nargs="+")
    parser.add_argument("out")
    parser.add_argument("--widths", default="1440,390")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--cookie", action="append", default=[])
    parser.add_argument("--no-script", action="store_true")
    return parser.parse_args()


def _cookies(options: argparse.Namespace) -> list[dict[str, Any]]:
    host = urlsplit(options.urls[0]).hostname or ""
    pairs = [cookie.partition("=") for cookie in options.cookie]
    return [{"name": n, "value": v, "domain": host, "path": "/"} for n, _, v in pairs]


def _photograph(page: Any, url: str, out: Path, suffix: str, checked: bool) -> int:
    page.errors.clear()
    page.goto(url)
    page.wait_for_timeout(150)
    name = re.sub(r"[^a-z0-9]+", "-", urlsplit(url).path.lower()).strip("-") or "home"
    page.screenshot(path=str(out / f"{name}-{suffix}.png"), full_page=True)
    found = axe.violations(page) if checked else []
    if checked and browser.overflow(page) > 0:
        found.append(f"the page is {browser.overflow(page)} px wider than the window")
    for line in [*found, *(f"console: {message}" for message in page.errors)]:
        print(f"{url} {suffix}: {line}")
    return len(found) + len(page.errors)


if __name__ == "__main__":
    sys.exit(main())
