"""The chain of a card: what led to it and what came of it, nothing hidden told on the way."""

import pytest
from django.test import Client

from catalogue.actions import resources, reuses
from catalogue.enums import LinkType, RemovalReason, ResourceKind
from catalogue.models import Resource
from catalogue.queries import chain
from portal.audit.actors import SystemActor
from tests.catalogue.community.test_discussions import known
from tests.catalogue.community.test_reuses import declared
from tests.catalogue.ledger import cost
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.contributions import moderator

pytestmark = pytest.mark.django_db
K = ResourceKind


def made(kind: ResourceKind, title: str, **options: object) -> Resource:
    return ResourceFactory(kind=kind, title=title, **{"published": True, **options})


@pytest.fixture
def cards() -> dict[str, Resource]:
    """Make a need, an idea, data, a model and a solution, each tied to what led to it."""
    found = {
        "need": made(K.NEED, "Le besoin"),
        "idea": made(K.IDEA, "L’idée"),
        "data": made(K.DATASET, "Les données"),
        "model": made(K.MODEL, "Le modèle"),
        "solution": made(K.SOLUTION, "La solution"),
    }
    for source, kind, target in (
        ("idea", LinkType.ANSWERS, "need"),
        ("model", LinkType.DERIVED_FROM, "idea"),
        ("model", LinkType.TRAINED_ON, "data"),
        ("solution", LinkType.USES, "model"),
    ):
        ResourceLinkFactory(source=found[source], target=found[target], type=kind)
    return found


def walked(card: Resource) -> chain.Chain:
    return chain.of(card, list(card.measurements.all()), ())


def titles(nodes: tuple[chain.Node, ...]) -> list[str]:
    return [node.title for node in nodes]


def test_each_card_tells_both_ways_in_the_order_of_the_chain(cards: dict[str, Resource]) -> None:
    solution, need = walked(cards["solution"]), walked(cards["need"])
    assert titles(solution.before) == ["Le besoin", "L’idée", "Les données", "Le modèle"]
    assert titles(solution.after) == []
    assert titles(need.after) == ["L’idée", "Le modèle", "La solution"]
    model = walked(cards["model"])
    assert titles(model.before) == ["Le besoin", "L’idée", "Les données"]
    assert titles(model.after) == ["La solution"]
    assert [node.words for node in model.after] == ["Utilisé par"]


def test_a_figure_of_a_challenge_is_told_along_the_chain(
    cards: dict[str, Resource], client: Client
) -> None:
    MeasurementFactory(
        resource=cards["model"],
        metric="Exactitude",
        from_challenge=True,
        source_url="/challenges/offres/classement/",
    )
    assert titles(walked(cards["need"]).after) == [
        "L’idée",
        "Le modèle",
        "Exactitude",
        "La solution",
    ]
    page = client.get(cards["model"].get_absolute_url()).text
    assert "Ce qui y a mené" in page
    assert "Ce qui en est venu" in page
    assert "/challenges/offres/classement/" in page
    assert "[0,792" in page


def test_a_hidden_end_is_neither_named_nor_gone_through(
    cards: dict[str, Resource], client: Client
) -> None:
    Resource.objects.filter(pk=cards["model"].pk).update(live=False)
    assert titles(walked(cards["need"]).after) == ["L’idée"]
    assert titles(walked(cards["solution"]).before) == []
    assert "Le modèle" not in client.get(cards["need"].get_absolute_url()).text


def test_a_removed_end_keeps_its_title_when_it_may(
    cards: dict[str, Resource], client: Client
) -> None:
    resources.bury(resource=cards["model"], reason=RemovalReason.OWNER, by=SystemActor("test"))
    page = client.get(cards["solution"].get_absolute_url()).text
    assert "Le modèle" in page
    assert "(retirée)" in page


def test_circles_end_and_neighbours_stand_beside(cards: dict[str, Resource]) -> None:
    ResourceLinkFactory(source=cards["need"], target=cards["solution"], type=LinkType.DERIVED_FROM)
    other = made(K.NEWS, "Une actualité")
    ResourceLinkFactory(source=other, target=cards["need"], type=LinkType.DOCUMENTS)
    found = walked(cards["need"])
    assert titles(found.beside) == ["Une actualité"]
    assert titles((*found.before, *found.after)) == ["La solution", "L’idée", "Le modèle"]


def test_a_long_chain_is_bounded(cards: dict[str, Resource], client: Client) -> None:
    before = cost(client, cards["need"].get_absolute_url())
    for number in range(60):
        ResourceLinkFactory(
            source=made(K.MODEL, f"Modèle {number}"), target=cards["need"], type=LinkType.ANSWERS
        )
    found = walked(cards["need"])
    assert len(found.after) <= chain.MOST_CARDS + 1
    assert cost(client, cards["need"].get_absolute_url()) <= before


def test_a_reuse_leads_to_the_page_of_the_card_reused(cards: dict[str, Resource]) -> None:
    solution = cards["solution"]
    reuses.publish(brought=declared(known(), solution), by=moderator())
    (reuse,) = [node for node in walked(cards["model"]).after if node.stage == chain.REUSE]
    assert reuse.href == f"/ressources/{solution.slug}/reutilisations/"


def test_links_are_read_up_to_a_number(
    cards: dict[str, Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "MOST_LINKS", 2)
    for number in range(5):
        other = made(K.MODEL, f"Modèle {number}")
        ResourceLinkFactory(source=other, target=cards["data"], type=LinkType.TRAINED_ON)
    assert len(walked(cards["data"]).after) <= 2 * chain.DEPTH
