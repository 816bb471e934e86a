"""Follow, reuse, discuss, tell and report by the API: the actions and refusals of the pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from catalogue.community.actions import discussions, reuses
from catalogue.models import (
    Discussion,
    FieldFeedback,
    Follow,
    Report,
    Resource,
    Reuse,
    SavedSearch,
)
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import clock
from tests.catalogue.api.test_writing import Pipeline, faults
from tests.catalogue.ledger import cost, same_for_three
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


def settled() -> User:
    """Make a person whose account is no longer new."""
    return make.person(date_joined=clock.now() - timedelta(days=400))


@pytest.fixture
def card() -> Resource:
    return ResourceFactory(published=True)


@pytest.fixture
def program() -> Pipeline:
    return Pipeline(settled())


@pytest.fixture
def stranger() -> Pipeline:
    return Pipeline(make.person())


def reuse(card: Resource, **values: Any) -> dict[str, Any]:
    given = {"title": "Un service", "url": "https://exemple.fr/x", "kind": "study"}
    return {"resources": [card.slug], **given, **values}


def declared(card: Resource, by: User, url: str = "https://exemple.fr/y") -> Reuse:
    return reuses.declare(resources=[card], title="Un service", url=url, kind="study", by=by)


def around(card: Resource, name: str) -> str:
    return f"resources/{card.slug}/{name}"


def public(path: str) -> Any:
    return Client().get(f"/api/v1/{path}")


def test_a_search_is_saved_changed_and_removed(program: Pipeline, stranger: Pipeline) -> None:
    asked = {"query": {"q": "emploi", "kind": ["model"]}, "title": "Alerte", "frequency": "daily"}
    told = program.post("searches", asked).json()
    assert (told["query"], told["frequency"]) == ("q=emploi&kind=model", "daily")
    again = program.post("searches", {**asked, "frequency": "weekly"}).json()
    assert (again["id"], again["frequency"]) == (told["id"], "weekly")
    hourly = program.post("searches", {"query": {"q": "x"}, "frequency": "hourly"})
    assert faults(hourly) == {"frequency": "invalid_choice"}
    for wrong in ({"query": {"kind": ["x"]}, "frequency": "hourly"}, {}, [], None):
        assert problem(program.post("searches", wrong)) == (422, "invalid")
    assert SavedSearch.objects.count() == 1
    address = f"searches/{told['id']}"
    assert problem(stranger.ask("DELETE", address)) == (404, "not_found")
    assert program.ask("DELETE", address).status_code == 204
    assert not SavedSearch.objects.exists()


def test_each_subject_is_followed_once_and_left(
    program: Pipeline, stranger: Pipeline, card: Resource
) -> None:
    holder = make.organisation()
    for subject in (
        {"resource": str(card.public_id)},
        {"organisation": holder.slug},
        {"use_case": "sme_needs"},
        {"tag": "emploi"},
    ):
        statuses = [program.post("follows", subject).status_code for _ in range(2)]
        assert statuses == [201, 200]
    assert Resource.objects.get().followers == 1
    told = program.ask("GET", "follows").json()["follows"]
    assert [each["value"] for each in told] == ["emploi", "sme_needs", holder.slug, card.slug]
    # A card that went offline is left by its address, and is nothing to others.
    Resource.objects.update(live=False)
    offline = f"follows?resource={card.slug}"
    assert problem(stranger.ask("DELETE", offline)) == (404, "not_found")
    for each in told:
        address = f"follows?{each['subject']}={each['value']}"
        assert program.ask("DELETE", address).status_code == 204
    assert not Follow.objects.exists()
    for wrong in ({}, {"tag": "a", "use_case": "sme_needs"}):
        assert problem(program.post("follows", wrong)) == (422, "subject")
    for hidden in (card, make.draft().resource):
        answer = program.post("follows", {"resource": hidden.slug})
        assert problem(answer) == (404, "not_found")
    assert problem(program.ask("DELETE", offline)) == (404, "not_found")


@pytest.mark.parametrize("kind", ["reuses", "feedback"])
def test_what_is_brought_waits_is_published_and_withdrawn(
    program: Pipeline, stranger: Pipeline, card: Resource, kind: str
) -> None:
    address = around(card, kind)
    asked = ("reuses", reuse(card)) if kind == "reuses" else (address, TOLD)
    told = program.post(*asked).json()
    assert told["state"] == "waiting"
    if kind == "feedback":
        assert {name: told[name] for name in TOLD} == TOLD
    assert [each["id"] for each in program.ask("GET", address).json()[kind]] == [told["id"]]
    assert public(address).json()[kind] == []
    if kind == "reuses":
        assert problem(program.post(*asked)) == (422, "already_known")
    brought = (Reuse if kind == "reuses" else FieldFeedback).objects.get()
    reuses.publish(brought=brought, by=make.moderator())
    assert [each["id"] for each in public(address).json()[kind]] == [told["id"]]
    own = f"{kind}/{told['id']}"
    assert problem(stranger.ask("DELETE", own)) == (404, "not_found")
    assert program.ask("DELETE", own).json()["state"] == "withdrawn"
    assert problem(program.ask("DELETE", own)) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("path", "values", "field"),
    [
        ("reuses", {"title": ""}, "title"),
        ("reuses", {"title": "a" * 121}, "title"),
        ("reuses", {"url": "javascript:alert(1)"}, "url"),
        ("reuses", {"kind": "x"}, "kind"),
        ("reuses", {"resources": []}, "given.resources"),
        ("reuses", {"resources": ["inconnue", "a b"]}, "resources.0"),
        ("feedback", {"used_on": "janvier"}, "used_on"),
        ("feedback", {"organisation_kind": "x"}, "organisation_kind"),
        ("feedback", {"persons": -1}, "persons"),
        ("feedback", {"place": ""}, "place"),
        ("feedback", {"proof_url": "javascript:alert(1)"}, "proof_url"),
        ("feedback", {"result": "a" * 1_001}, "result"),
    ],
)
def test_what_is_brought_wrongly_is_named(
    program: Pipeline, card: Resource, path: str, values: dict[str, Any], field: str
) -> None:
    asked = (
        (path, reuse(card, **values))
        if path == "reuses"
        else (around(card, path), {**TOLD, **values})
    )
    assert next(iter(faults(program.post(*asked)))) == field
    assert not Reuse.objects.exists()
    assert not FieldFeedback.objects.exists()


def test_a_discussion_is_opened_answered_and_read(
    program: Pipeline, stranger: Pipeline, card: Resource
) -> None:
    opened = program.post(around(card, "discussions"), {"title": "Une question", "body": "Quand ?"})
    assert (opened.status_code, opened.json()["state"]) == (201, "shown")
    place = f"discussions/{opened.json()['id']}"
    held = stranger.post(f"{place}/messages", {"body": "Bientôt."})
    assert (held.status_code, held.json()["state"]) == (201, "held")
    bodies = [
        [each["body"] for each in answer.json()["messages"]]
        for answer in (stranger.ask("GET", place), public(place))
    ]
    assert bodies == [["Quand ?", "Bientôt."], ["Quand ?"]]
    thread = Discussion.objects.get()

    def answered(body: str) -> tuple[int, str]:
        return problem(program.post(f"{place}/messages", {"body": body}))

    assert answered("Quand ?") == (409, "message_twice")
    discussions.close(discussion=thread, reason="Répondu.", by=program.by)
    assert answered("x") == (409, "wrong_state")
    assert answered("")[0] == 422
    discussions.hide(message=thread.messages.first(), reason="Hors sujet.", by=make.moderator())
    assert problem(public(place)) == (404, "not_found")


def test_a_held_subject_is_told_to_its_author_alone(stranger: Pipeline, card: Resource) -> None:
    address = around(card, "discussions")
    told = stranger.post(address, {"title": "Secret", "body": "Secret"}).json()
    assert told["state"] == "held"
    assert len(stranger.ask("GET", address).json()["discussions"]) == 1
    assert public(address).json()["discussions"] == []
    assert problem(public(f"discussions/{told['id']}")) == (404, "not_found")


def test_a_notice_gets_a_receipt_and_its_pace_is_that_of_the_page(
    program: Pipeline, card: Resource
) -> None:
    notice = {
        "address": card.get_absolute_url(),
        "category": "personal_data",
        "explanation": "Un nom y est écrit.",
        "good_faith": True,
    }
    told = program.post("reports", notice)
    assert (told.status_code, "/signalements/suivi/" in told.json()["tracking"]) == (201, True)
    assert Report.objects.get().by == program.by
    assert set(faults(program.post("reports", {**notice, "good_faith": False}))) == {"good_faith"}
    elsewhere = {**notice, "address": "https://ailleurs.example/"}
    assert problem(program.post("reports", elsewhere)) == (422, "report_place")
    for _ in range(settings.REPORTS_PER_HOUR_AND_NETWORK):
        last = program.post("reports", notice)
    assert problem(last) == (429, "too_many_requests")


def test_a_token_without_the_scope_brings_nothing(card: Resource) -> None:
    others = Pipeline(make.person(), *(each for each in TokenScope if each != "contribute"))
    paths = ("searches", "follows", "reuses", "reports")
    for path in (*paths, around(card, "discussions"), around(card, "feedback")):
        body = TOLD if path.endswith("feedback") else {}
        assert problem(others.post(path, body)) == (403, "scope_required"), path


def test_hidden_cards_are_nothing(program: Pipeline) -> None:
    answer = program.post(around(make.draft().resource, "feedback"), TOLD)
    assert problem(answer) == (404, "not_found")


def test_a_token_that_may_not_read_reads_what_is_public_alone(card: Resource) -> None:
    by = make.person()  # the first message of a new account waits for the Region
    made = discussions.open_discussion(resource=card, title="Dates ?", body_md="Quand ?", by=by)
    declared(card, by)
    read, enter = (Pipeline(by, scope) for scope in (TokenScope.READ, TokenScope.ENTER))
    for name in ("reuses", "discussions"):
        given = [each.ask("GET", around(card, name)).json()[name] for each in (read, enter)]
        assert [len(each) for each in given] == [1, 0]
    address = f"discussions/{made.public_id}"
    assert [each.ask("GET", address).status_code for each in (read, enter)] == [200, 404]


def test_what_stands_around_a_card_costs_the_same_for_one_and_for_three(card: Resource) -> None:
    numbers, names = iter(range(3)), ("reuses", "discussions", "feedback")
    on = card.created_at.date()

    def more() -> None:
        url = f"https://exemple.fr/{next(numbers)}"
        told = reuses.tell_feedback(resource=card, by=make.person(), **{**TOLD, "used_on": on})
        for brought in (declared(card, settled(), url), told):
            reuses.publish(brought=brought, by=make.moderator())
        discussions.open_discussion(resource=card, title="Où ?", body_md="Où ?", by=settled())

    pages = [f"/api/v1/{around(card, name)}" for name in names]
    same_for_three(more, *(lambda page=page: cost(Client(), page) for page in pages))
    assert [len(public(around(card, name)).json()[name]) for name in names] == [3, 3, 3]
