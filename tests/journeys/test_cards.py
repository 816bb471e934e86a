"""Cards in a real browser: their page and their versions, in each look."""

from typing import Any

import pytest

from catalogue.enums import LinkType, ResourceKind
from catalogue.models import Resource
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.contributions import changed
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
    with browser.tab(running) as page:
        found = {path: axe.audit(page, site + path, *looks) for path in addresses()}
    assert {path: faults for path, faults in found.items() if faults} == {}
