"""Count what a page asks of who reads it: words, fields, controls, height on a desk and a phone.

usage: make up | tee up.txt, then python -m bench.pages up.txt [--shots FOLDER]

up.txt is what the first start of a portal with its opening content printed: its address and its
accounts. A card of each kind, every card of a model, and drafts made for the count, which stay
there, are opened in Chromium. Only what the page shows unfolded counts. Ends with 1 when a page
asks more than the design lets it.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.journeys import browser

MODEL_HEIGHT = 3_000  # pixels of the card of a model on a desk
FORM_CONTROLS = 25
COCKPIT_WORDS = 250
CHALLENGE = "delai-de-recrutement"
COUNT = """() => {
  const main = document.querySelector("main");
  const visible = each => each.checkVisibility();
  const shown = names => [...main.querySelectorAll(names)].filter(visible).length;
  const fields = "input:not([type=hidden]), select, textarea";
  return [main.innerText.split(/\\s+/).length, shown(fields), shown(fields + ", button"),
          document.documentElement.scrollHeight, document.documentElement.scrollWidth];
}"""


@dataclass(frozen=True)
class Figures:
    """What one page counts at one width; fields and controls are those one sees."""

    words: int
    fields: int
    controls: int
    height: int
    width: int


class Portal:
    """A running portal, and who may sign in."""

    def __init__(self, printed: str, running: Any, shots: Path | None) -> None:
        self.address = re.findall(r"Open Emploi : (http://\S+)", printed)[-1]
        self.passwords = dict(re.findall(r"^ +([a-z]+) +([a-z]+(?:-[a-z]+){5}) ", printed, re.M))
        self.running = running
        self.shots = shots
        self.cookies: dict[str, list[dict[str, Any]]] = {"": []}

    def cards(self, kind: str) -> Iterator[str]:
        """Yield the paths of the public cards of a kind."""
        cursor: str | None = ""
        while cursor is not None:
            asked = f"{self.address}/api/v1/resources?kind={kind}&cursor={cursor}"
            with urlopen(asked) as answer:  # noqa: S310 - our own portal
                page = json.load(answer)
            yield from (urlsplit(each["url"]).path for each in page["resources"])
            cursor = page["next_cursor"]

    def sign_in(self, who: str, tab: Any) -> None:
        """Sign a person in, once: the next tabs take their cookies."""
        tab.goto(f"{self.address}/compte/connexion/")
        tab.fill("input[name=login]", who)
        tab.fill("input[name=password]", self.passwords[who])
        tab.press("input[name=password]", "Enter")
        tab.wait_for_url("**/espace/")
        self.cookies[who] = tab.context.cookies()

    def draft(self, who: str, path: str, form: str, choice: str = "") -> str:
        """Send a form as a person, a choice ticked; return the path of the page that follows."""
        with browser.tab(self.running, cookies=self.cookies.get(who)) as tab:
            if who not in self.cookies:
                self.sign_in(who, tab)
            tab.goto(self.address + path)
            if choice:
                tab.check(f"{form} [value={choice}]")
            with tab.expect_navigation():
                tab.eval_on_selector(form, "form => form.submit()")
            return urlsplit(tab.url).path

    def links(self, who: str, path: str, within: str) -> list[str]:
        """List the paths that a part of a page leads to, in order, each once."""
        with browser.tab(self.running, cookies=self.cookies[who]) as tab:
            tab.goto(self.address + path)
            found = tab.eval_on_selector_all(f"{within} a", "all => all.map(a => a.pathname)")
        return list(dict.fromkeys(found))

    def count(self, who: str, path: str, width: int) -> Figures:
        """Count a page; keep its picture where asked."""
        with browser.tab(self.running, width=width, cookies=self.cookies.get(who)) as tab:
            if who not in self.cookies:
                self.sign_in(who, tab)
            answer = tab.goto(self.address + path)
            if not answer.ok:
                raise SystemExit(f"{path}: {answer.status}")
            tab.wait_for_load_state("networkidle")
            if self.shots:
                name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "accueil"
                tab.screenshot(path=self.shots / f"{name}-{width}.png", full_page=True)
            return Figures(*tab.evaluate(COUNT))


Page = tuple[str, str, str, str]  # what limits it, "" for nothing; its name; who opens it; its path


def public_pages(portal: Portal) -> Iterator[Page]:
    """Yield the pages of the catalogue, and every card of a model."""
    for name, path in (
        ("Accueil", "/"),
        ("Ressources", "/ressources/"),
        ("Recherche", "/ressources/?q=matching"),
        ("Données", "/donnees/"),
        ("Organisations", "/organisations/"),
        ("Dossiers", "/dossiers/"),
        ("Challenges", "/challenges/"),
    ):
        yield "", name, "", path
    for kind in ("algorithm", "dataset", "technology", "need", "idea", "solution", "programme"):
        for path in islice(portal.cards(kind), 1):
            yield "", f"Fiche, {kind}", "", path
    for at, path in enumerate(portal.cards("model"), 1):
        yield "model", f"Fiche de modèle {at}", "", path


def challenge_pages(portal: Portal) -> Iterator[Page]:
    """Yield the pages of a challenge: for who looks, takes part, follows, prepares."""
    challenge, room = f"/challenges/{CHALLENGE}/", f"/espace/challenges/{CHALLENGE}/"
    for name in ("", "donnees", "evaluation", "classement", "reglement", "entraide"):
        yield "", f"Challenge {name}", "", f"{challenge}{name}/".replace("//", "/")
    for name in ("equipe", "soumissions"):
        yield "form", f"Challenge {name}", "equipe", f"{challenge}{name}/"
    for entry in portal.links("equipe", f"{challenge}soumissions/", "main table")[:1]:
        yield "", "Challenge, soumission", "equipe", entry
    yield "cockpit", "Suivi", "organisation", room
    yield "form", "Nouveau challenge", "organisation", "/espace/challenges/nouveau/"
    copy = portal.draft("organisation", f"{room}exporter/", "form[action$='/dupliquer/']")
    for at, step in enumerate([copy, *portal.links("organisation", copy, ".steps")], 1):
        yield "form", f"Préparer {at}", "organisation", step


def member_pages(portal: Portal) -> Iterator[Page]:
    """Yield the pages of a member who contributes, and of who reviews."""
    yield "", "Mon espace", "equipe", "/espace/"
    yield "form", "Compte", "equipe", "/compte/"
    yield "form", "Contribuer", "equipe", "/contribuer/"
    for kind in ("model", "dataset", "need"):
        first = portal.draft("equipe", "/contribuer/", "main form", kind)
        for at, step in enumerate([first, *portal.links("equipe", first, ".steps")], 1):
            yield "form", f"Contribuer, {kind} {at}", "equipe", step
    yield "", "À relire", "moderation", "/moderation/"


def excess(limit: str, page: Figures) -> str:
    """Say by what a page passes its limit, or ""."""
    if limit == "model" and page.height > MODEL_HEIGHT:
        return f"{page.height} px > {MODEL_HEIGHT}"
    if limit == "form" and page.controls > FORM_CONTROLS:
        return f"{page.controls} controls > {FORM_CONTROLS}"
    if limit == "cockpit" and page.words > COCKPIT_WORDS:
        return f"{page.words} words > {COCKPIT_WORDS}"
    return ""


def main() -> int:
    """Print the table; return 1 when a page passes its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("printed", type=Path, help="what the first start of the portal printed")
    parser.add_argument("--shots", type=Path, help="folder for a picture of each page")
    asked = parser.parse_args()
    if asked.shots:
        asked.shots.mkdir(parents=True, exist_ok=True)
    print("| page | words | fields | controls | height at 1440 · 390 | too much |")
    print("|---|---|---|---|---|---|")
    status = 0
    with browser.browser() as running:
        portal = Portal(asked.printed.read_text("utf-8"), running, asked.shots)
        for limit, name, who, path in chain(
            public_pages(portal), member_pages(portal), challenge_pages(portal)
        ):
            desk, phone = (portal.count(who, path, width) for width in browser.WIDTHS)
            remark = excess(limit, desk)
            if phone.width > browser.WIDTHS[1]:
                remark += f" {phone.width} px wide on a phone"
            status = status or int(bool(remark))
            figures = f"{desk.words} | {desk.fields} | {desk.controls}"
            print(f"| {name} | {figures} | {desk.height} · {phone.height} | {remark} |", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
