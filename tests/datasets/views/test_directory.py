"""The list of the datasets: who sees what, facets, words, empty state, query count."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalogue.enums import Access, ResourceKind, Scope
from catalogue.search import index
from datasets import filters
from datasets.enums import AccessLevel
from datasets.queries import DirectoryQuery
from tests.factories.datasets import DataFileFactory, DatasetCardFactory, member

pytestmark = pytest.mark.django_db


def titles(response: Any) -> list[str]:
    return [row["title"] for row in response.context["rows"]]


def test_published_datasets_are_listed_hosted_ones_lead_here(client: Client) -> None:
    hosted = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL)
    DatasetCardFactory(title="Fiche seule", producer_name="Insee", access=Access.OPEN)
    DatasetCardFactory(title="Brouillon", live=False, first_published_at=None)
    DatasetCardFactory(title="Un modèle", kind=ResourceKind.MODEL)

    response = client.get("/donnees/")

    assert response.status_code == 200
    assert sorted(titles(response)) == ["Fiche seule", hosted.release.dataset.resource.title]
    text = response.content.decode()
    assert hosted.release.dataset.get_absolute_url() in text
    assert "Brouillon" not in text
    assert "Un modèle" not in text
    counts = {one["title"]: one["choices"] for one in response.context["facets"]}
    assert [(c["value"], c["count"]) for c in counts["Accès"]] == [("open", 1), ("on_request", 1)]
    assert [(c["value"], c["count"]) for c in counts["Fichiers"]] == [
        ("here", 1),
        ("elsewhere", 1),
    ]


def test_a_draft_is_not_listed_even_to_its_author(client: Client) -> None:
    card = DatasetCardFactory(title="Brouillon", live=False, first_published_at=None)
    client.force_login(member(card.organisation))

    assert titles(client.get("/donnees/")) == []


def test_facets_filter_and_each_is_counted_under_the_others(client: Client) -> None:
    DatasetCardFactory(title="A", access=Access.OPEN, scope=Scope.LOCAL, producer_name="Dares")
    DatasetCardFactory(title="B", scope=Scope.NATIONAL, producer_name="Dares")
    DatasetCardFactory(
        title="C", access=Access.ON_REQUEST, scope=Scope.LOCAL, producer_name="Insee"
    )

    response = client.get("/donnees/?access=open&scope=local&access=nothing")

    assert titles(response) == ["A"]
    counts = {
        one["name"]: {c["value"]: c["count"] for c in one["choices"]}
        for one in response.context["facets"]
    }
    assert counts["access"] == {"open": 1, "on_request": 1}
    assert counts["scope"] == {"local": 1, "national": 1}
    assert counts["producer"] == {"Dares": 1}
    assert [(str(name), str(value), href) for name, value, href in response.context["chips"]] == [
        ("Accès", "Accès ouvert", "?scope=local"),
        ("Échelle", "Locale", "?access=open"),
    ]


def test_titles_sort_and_words_search(client: Client) -> None:
    b = DatasetCardFactory(title="Bassins d’emploi")
    a = DatasetCardFactory(title="Apprentis par métier")
    index.rebuild()

    assert titles(client.get("/donnees/?sort=title")) == [a.title, b.title]
    assert titles(client.get("/donnees/?q=metiers")) == [a.title]
    assert titles(client.get("/donnees/?q=soudage")) == []


def test_nothing_found_says_what_to_do(client: Client) -> None:
    response = client.get("/donnees/?q=soudage")

    assert "Aucun jeu de données ne correspond" in response.content.decode()


def test_the_list_costs_the_same_with_one_and_three_items(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    DataFileFactory()
    with django_assert_num_queries(6):
        client.get("/donnees/")
    DataFileFactory()
    DatasetCardFactory(content_modified_at=timezone.now())
    with django_assert_num_queries(6):
        client.get("/donnees/")


def test_a_write_is_refused(client: Client) -> None:
    assert client.post("/donnees/").status_code == 405


@pytest.mark.parametrize(
    "text", ["access=%00&scope=local", "scope=local&q=%00", "scope=local&sort=zzz&page=99"]
)
def test_odd_values_are_left_out(client: Client, text: str) -> None:
    response = client.get(f"/donnees/?{text}")

    assert response.status_code == 200
    assert response.context["query"] == DirectoryQuery(scope=("local",))


def test_a_query_is_said_back() -> None:
    query = filters.parse(QueryDict("q=emploi&access=open&access=registered&sort=title"))

    assert query.pairs() == [
        ("q", "emploi"),
        ("access", "open"),
        ("access", "registered"),
        ("sort", "title"),
    ]
