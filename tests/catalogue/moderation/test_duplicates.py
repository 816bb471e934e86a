"""What looks like a card of the catalogue: the same findings as by reading it all, without it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.actions import checks
from catalogue.models import Resource
from catalogue.search import alike
from catalogue.validators import checks as record_checks
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
TITLES = (
    "Offres d’emploi de la région",
    "Offre d’emploi de la région",
    "Offres d'emploi en région",
    "OFFRES D’EMPLOI DE LA REGION",
    "Offres d’emploi de la région 2023",
    "Offres d’emploi de la région 2024",
    "Besoins en main-d’œuvre par bassin d’emploi",
    "Besoins en main d’oeuvre, par bassin d’emplois",
    "Besoins en main-d’œuvre par bassin d’emploi en 2024",
    "Modèle de classement des métiers par compétences",
    "Modele de clasement des métiers par compétences",
    "Modèle de classement des métiers par les compétences",
    "Modèle de recommandation de formations",
    "Annuaire des missions locales",
    "L’annuaire des missions locales",
    "Métiers",
    "Metier",
    "Emploi",
)


def said(title: str, kind: str = "technology", **values: str) -> list[tuple[str, str]]:
    record = {"title": title, "kind": kind, **values}
    check = checks.duplicate(record, resource=Resource(pk=0))
    return [(remark.code, remark.facts["title"]) for remark in check.remarks]


def by_reading_all(title: str) -> list[tuple[str, str]]:
    rows = Resource.objects.public().order_by("pk").values_list("title", flat=True)
    near = [
        other for other in rows if record_checks.is_like(title, other, at_least=checks.LIKE_ENOUGH)
    ]
    return [("duplicate_title", other) for other in near][: checks.MOST_CANDIDATES]


@pytest.fixture
def filled() -> None:
    for title in TITLES:
        ResourceFactory(published=True, title=title, homepage_url="")


@pytest.mark.parametrize("most", [200, 3])
@pytest.mark.usefixtures("filled")
def test_titles_are_found_as_by_reading_them_all(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where each word is held by more cards than are read for one."""
    monkeypatch.setattr(alike, "MOST_HELD", most)
    for title in TITLES:
        assert said(title) == by_reading_all(title), title
    assert said("Offres d’emploi de la région", kind="dataset") == []
    assert said("Zzz") == []
    assert said("") == []


def test_addresses_are_found_by_either_key(monkeypatch: pytest.MonkeyPatch) -> None:
    ResourceFactory(published=True, title="Une", homepage_url="https://www.exemple.fr/a/")
    ResourceFactory(
        published=True,
        title="Deux",
        homepage_url="",
        repository_url="https://git.exemple.fr/depot.git?utm_source=x",
    )
    ResourceFactory(title="Brouillon", homepage_url="https://exemple.fr/a")
    page, code = "http://exemple.fr/a", "https://git.exemple.fr/depot"
    assert said("X", homepage_url=page, repository_url=code) == [
        ("duplicate_address", "Une"),
        ("duplicate_address", "Deux"),
    ]
    assert said("X", repository_url=page) == [("duplicate_address", "Une")]
    assert said("X", homepage_url="pas une adresse") == []


def test_what_is_read_does_not_grow_with_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def is_like(one: str, other: str, **more: Any) -> bool:
        compared.append(other)
        return real(one, other, **more)

    real = record_checks.is_like
    monkeypatch.setattr(record_checks, "is_like", is_like)
    ResourceFactory(published=True, title="Annuaire des missions locales")
    costs = []
    for number in range(2):
        with CaptureQueriesContext(connection) as seen:
            found = said("Annuaire des mission locale", homepage_url="https://autre.exemple.fr/")
        assert found == [("duplicate_title", "Annuaire des missions locales")]
        costs.append((len(seen), len(compared)))
        compared.clear()
        for other in range(10):
            ResourceFactory(published=True, title=f"Enquête sur les salaires {number} {other}")
    assert costs[0] == costs[1]
