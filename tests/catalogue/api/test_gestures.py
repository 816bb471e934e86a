"""Favourites, supports and feedback by the API: the same actions and refusals as the pages."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from catalogue.actions import reuses
from catalogue.models import Favourite, FieldFeedback, Resource, Support
from portal.accounts.enums import TokenScope
from tests.catalogue.api.test_writing import Pipeline, faults
from tests.catalogue.moderation.ledger import cost
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory
from tests.portal.test_api import problem

pytestmark = pytest.mark.django_db
TOLD: dict[str, Any] = {
    "organisation_kind": "local_authority",
    "place": "Toulon",
    "used_on": "2026-01",
    "result": "Deux conseillers s’en servent.",
    "persons": 120,
}


@pytest.fixture(autouse=True)
def uncounted() -> None:
    """Forget the requests of the tests before: those of a network are counted by hour."""
    cache.clear()


@pytest.fixture
def program() -> Pipeline:
    return Pipeline(make.person())


@pytest.fixture
def idea() -> Resource:
    return ResourceFactory(published=True, kind="idea")


def test_a_card_is_put_aside_once_and_taken_out(
    program: Pipeline, idea: Resource, settings: Any
) -> None:
    asked = {"resource": str(idea.public_id)}
    answers = [program.post("favourites", asked) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 200]
    told = program.ask("GET", "favourites").json()
    assert told["favourites"] == [answers[0].json()]
    assert (told["favourites"][0]["resource"], told["next_cursor"]) == (idea.slug, None)
    assert Pipeline(make.person()).ask("GET", "favourites").json()["favourites"] == []
    settings.FAVOURITES_PER_PERSON = 1
    other = ResourceFactory(published=True)
    assert problem(program.post("favourites", {"resource": other.slug})) == (429, "favourites")
    assert program.post("favourites", asked).status_code == 200
    for _ in range(2):
        assert program.ask("DELETE", f"favourites?resource={idea.slug}").status_code == 204
    assert not Favourite.objects.exists()


def test_a_favourite_that_went_offline_takes_no_place_and_may_be_taken_out(
    program: Pipeline, idea: Resource, settings: Any
) -> None:
    settings.FAVOURITES_PER_PERSON = 1
    program.post("favourites", {"resource": idea.slug})
    Resource.objects.filter(pk=idea.pk).update(live=False)
    other = ResourceFactory(published=True)
    assert program.post("favourites", {"resource": other.slug}).status_code == 201
    address = f"favourites?resource={idea.public_id}"
    assert Pipeline(make.person()).ask("DELETE", address).status_code == 404
    assert program.ask("DELETE", address).status_code == 204
    assert [each.resource for each in Favourite.objects.all()] == [other]


def test_an_idea_is_supported_once_and_no_other_kind(program: Pipeline, idea: Resource) -> None:
    asked = {"resource": idea.slug}
    answers = [program.post("supports", asked) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 200]
    assert answers[1].json() == {"resource": idea.slug, "supports": 1}
    for _ in range(2):
        left = program.ask("DELETE", f"supports?resource={idea.slug}")
        assert left.json() == {"resource": idea.slug, "supports": 0}
    other = ResourceFactory(published=True, kind="dataset")
    assert problem(program.post("supports", {"resource": other.slug})) == (403, "not_allowed")
    assert not Support.objects.exists()


def test_hidden_cards_are_nothing(program: Pipeline) -> None:
    hidden = {"resource": make.draft().resource.slug}
    for path in ("favourites", "supports"):
        assert problem(program.post(path, hidden)) == (404, "not_found")
    assert problem(program.post(f"resources/{hidden['resource']}/feedback", TOLD)) == (
        404,
        "not_found",
    )


def test_feedback_waits_is_published_and_withdrawn(program: Pipeline, idea: Resource) -> None:
    address = f"resources/{idea.slug}/feedback"
    told = program.post(address, TOLD).json()
    assert {name: told[name] for name in TOLD} == TOLD
    assert told["state"] == "waiting"
    assert program.ask("GET", address).json()["feedback"] == [told]
    assert Client().get(f"/api/v1/{address}").json()["feedback"] == []
    reuses.publish(brought=FieldFeedback.objects.get(), by=make.moderator())
    assert Client().get(f"/api/v1/{address}").json()["feedback"][0]["place"] == "Toulon"
    stranger = Pipeline(make.person())
    assert problem(stranger.ask("DELETE", f"feedback/{told['id']}")) == (404, "not_found")
    assert program.ask("DELETE", f"feedback/{told['id']}").json()["state"] == "withdrawn"
    again = program.ask("DELETE", f"feedback/{told['id']}")
    assert problem(again) == (409, "brought_edge")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"used_on": "janvier"}, "used_on"),
        ({"organisation_kind": "x"}, "organisation_kind"),
        ({"persons": -1}, "persons"),
        ({"place": ""}, "place"),
        ({"proof_url": "javascript:alert(1)"}, "proof_url"),
        ({"result": "a" * 1_001}, "result"),
    ],
)
def test_a_wrong_feedback_is_named(
    program: Pipeline, idea: Resource, values: dict[str, Any], field: str
) -> None:
    answer = program.post(f"resources/{idea.slug}/feedback", {**TOLD, **values})
    assert next(iter(faults(answer))) == field
    assert not FieldFeedback.objects.exists()


def test_a_token_that_only_reads_writes_nothing(idea: Resource) -> None:
    reading = Pipeline(make.person(), TokenScope.READ)
    for path in ("favourites", "supports"):
        assert problem(reading.post(path, {"resource": idea.slug})) == (403, "scope_required")
    assert problem(reading.post(f"resources/{idea.slug}/feedback", TOLD)) == (
        403,
        "scope_required",
    )


def test_lists_cost_the_same_for_three(idea: Resource) -> None:
    by = make.person()
    program = Pipeline(by)
    address = f"/api/v1/resources/{idea.slug}/feedback"
    costs = []
    for count in (1, 2):
        for _ in range(count):
            card = ResourceFactory(published=True)
            program.post("favourites", {"resource": card.slug})
            made = reuses.tell(
                resource=idea, by=make.person(), **{**TOLD, "used_on": idea.created_at.date()}
            )
            reuses.publish(brought=made, by=make.moderator())
        costs.append((cost(Client(), address), _cost_of(program)))
    assert costs[0] == costs[1]
    assert len(Client().get(address).json()["feedback"]) == 3


def _cost_of(program: Pipeline) -> int:
    from django.db import connection  # noqa: PLC0415  # test
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  # test

    program.ask("GET", "favourites")
    with CaptureQueriesContext(connection) as captured:
        assert program.ask("GET", "favourites").status_code == 200
    return sum("clock_timestamp" not in query["sql"] for query in captured.captured_queries)
