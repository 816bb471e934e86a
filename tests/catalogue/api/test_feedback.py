"""Feedback by the API: the same actions and refusals as the pages."""

from typing import Any

import pytest
from django.test import Client

from catalogue.actions import reuses
from catalogue.models import FieldFeedback, Resource
from portal.accounts.enums import TokenScope
from tests.catalogue.api.test_writing import Pipeline, faults
from tests.catalogue.ledger import cost
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


@pytest.fixture
def program() -> Pipeline:
    return Pipeline(make.person())


@pytest.fixture
def idea() -> Resource:
    return ResourceFactory(published=True, kind="idea")


def test_hidden_cards_are_nothing(program: Pipeline) -> None:
    hidden = {"resource": make.draft().resource.slug}
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
    assert problem(again) == (409, "wrong_state")


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
    assert problem(reading.post(f"resources/{idea.slug}/feedback", TOLD)) == (
        403,
        "scope_required",
    )


def test_lists_cost_the_same_for_three(idea: Resource) -> None:
    address = f"/api/v1/resources/{idea.slug}/feedback"
    costs = []
    for count in (1, 2):
        for _ in range(count):
            made = reuses.tell(
                resource=idea, by=make.person(), **{**TOLD, "used_on": idea.created_at.date()}
            )
            reuses.publish(brought=made, by=make.moderator())
        costs.append(cost(Client(), address))
    assert costs[0] == costs[1]
    assert len(Client().get(address).json()["feedback"]) == 3
