"""Cards in a real browser: their page and their versions, in each look."""

import os
from typing import Any

import pytest

from catalogue.enums import LinkType, ResourceKind
from catalogue.models import Resource
from portal.lib import clock
from tests.catalogue.test_versions import changed
from tests.factories import contributions as make
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]


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
        models[0].get_absolute_url(),
        other.get_absolute_url(),
        f"{base}versions/",
        f"{base}versions/1/",
        f"{base}versions/comparer/",
        f"{base}versions/comparer/?vue=cote-a-cote",
    ]


@axe.in_each_look
def test_cards_and_versions_have_no_fault(running: Any, site: str, looks: Any) -> None:
    pages, found = addresses(), []
    for width, theme in looks:
        with browser.tab(running, width=width, theme=theme) as page:
            for number, address in enumerate(pages):
                page.goto(f"{site}{address}")
                found += [f"{address} {width} {theme}: {each}" for each in axe.violations(page)]
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                found += [f"{address} {width}: wider than the screen"] if wide else []
                found += [f"{address}: {each}" for each in page.errors]
                if out := os.environ.get("CARDS_SHOTS"):
                    page.screenshot(path=f"{out}/{number}-{width}-{theme}.png", full_page=True)
    assert found == []
