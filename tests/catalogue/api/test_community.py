"""Follow, reuse, discuss and report by the API: the same actions and refusals as the pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from catalogue.actions import discussions, reuses
from catalogue.models import Discussion, Follow, Report, Resource, Reuse, SavedSearch
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import clock
from tests.catalogue.api.test_writing import Pipeline, faults
from tests.catalogue.ledger import cost
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory
from tests.portal.test_api import problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def card() -> Resource:
    return ResourceFactory(published=True)


def settled() -> User:
    """Make a person whose account is no longer new."""
    by = make.person()
    User.objects.filter(pk=by.pk).update(date_joined=clock.now() - timedelta(days=400))
    return User.objects.get(pk=by.pk)


@pytest.fixture
def program() -> Pipeline:
    return Pipeline(settled())


def reuse(card: Resource, **values: Any) -> dict[str, Any]:
    given = {"title": "Un service", "url": "https://exemple.fr/x", "kind": "study"}
    return {"resources": [card.slug], **given, **values}


def test_a_search_is_saved_changed_and_removed(program: Pipeline) -> None:
    asked = {"query": {"q": "emploi", "kind": ["model"]}, "title": "Alerte", "frequency": "daily"}
    told = program.post("searches", asked).json()
    assert (told["query"], told["frequency"]) == ("q=emploi&kind=model", "daily")
    again = program.post("searches", {**asked, "frequency": "weekly"}).json()
    assert (again["id"], again["frequency"]) == (told["id"], "weekly")
    wrong = program.post("searches", {"query": {"kind": ["x"]}, "frequency": "hourly"})
    assert problem(wrong) == (422, "invalid")
    hourly = program.post("searches", {"query": {"q": "x"}, "frequency": "hourly"})
    assert faults(hourly) == {"frequency": "invalid_choice"}
    for nothing in ({}, [], None):
        assert problem(program.post("searches", nothing)) == (422, "invalid")
    assert SavedSearch.objects.count() == 1
    stranger = Pipeline(make.person())
    assert problem(stranger.ask("DELETE", f"searches/{told['id']}")) == (404, "not_found")
    assert program.ask("DELETE", f"searches/{told['id']}").status_code == 204
    assert not SavedSearch.objects.exists()


def test_each_subject_is_followed_once_and_left(program: Pipeline, card: Resource) -> None:
    holder = make.organisation()
    subjects = [
        {"resource": str(card.public_id)},
        {"organisation": holder.slug},
        {"use_case": "sme_needs"},
        {"tag": "emploi"},
    ]
    for subject in subjects:
        statuses = [program.post("follows", subject).status_code for _ in range(2)]
        assert statuses == [201, 200]
    card.refresh_from_db()
    assert card.followers == 1
    told = program.ask("GET", "follows").json()["follows"]
    assert [each["value"] for each in told] == ["emploi", "sme_needs", holder.slug, card.slug]
    for each in told:
        address = f"follows?{each['subject']}={each['value']}"
        assert program.ask("DELETE", address).status_code == 204
    assert not Follow.objects.exists()
    for wrong in ({}, {"tag": "a", "use_case": "sme_needs"}):
        assert problem(program.post("follows", wrong)) == (422, "subject")
    draft = make.draft().resource
    hidden = program.post("follows", {"resource": draft.slug})
    assert problem(hidden) == (404, "not_found")


def test_a_card_that_went_offline_is_left_and_is_nothing_to_others(
    program: Pipeline, card: Resource, settings: Any
) -> None:
    settings.FOLLOWS_PER_PERSON = 1
    statuses = [program.post("follows", {"resource": card.slug}).status_code for _ in range(2)]
    assert statuses == [201, 200]
    Resource.objects.filter(pk=card.pk).update(live=False)
    address = f"follows?resource={card.public_id}"
    stranger = Pipeline(make.person())
    assert problem(stranger.ask("DELETE", address)) == (404, "not_found")
    assert Follow.objects.count() == 1
    assert program.ask("DELETE", address).status_code == 204
    assert not Follow.objects.exists()
    assert problem(program.ask("DELETE", address)) == (404, "not_found")


def test_a_reuse_is_declared_seen_by_its_author_and_withdrawn(
    program: Pipeline, card: Resource
) -> None:
    told = program.post("reuses", reuse(card)).json()
    assert told["state"] == "waiting"
    address = f"resources/{card.slug}/reuses"
    assert [each["id"] for each in program.ask("GET", address).json()["reuses"]] == [told["id"]]
    assert Client().get(f"/api/v1/{address}").json()["reuses"] == []
    assert problem(program.post("reuses", reuse(card))) == (422, "already_known")
    reuses.publish(brought=Reuse.objects.get(), by=make.moderator())
    assert Client().get(f"/api/v1/{address}").json()["reuses"][0]["title"] == "Un service"
    stranger = Pipeline(make.person())
    assert problem(stranger.ask("DELETE", f"reuses/{told['id']}")) == (404, "not_found")
    assert program.ask("DELETE", f"reuses/{told['id']}").json()["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a" * 121}, "title"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"kind": "x"}, "kind"),
        ({"resources": []}, "given.resources"),
        ({"resources": ["inconnue", "a b"]}, "resources.0"),
    ],
)
def test_a_wrong_reuse_is_named(
    program: Pipeline, card: Resource, values: dict[str, Any], field: str
) -> None:
    assert next(iter(faults(program.post("reuses", reuse(card, **values))))) == field
    assert not Reuse.objects.exists()


def test_a_discussion_is_opened_answered_and_read(program: Pipeline, card: Resource) -> None:
    opened = program.post(
        f"resources/{card.slug}/discussions", {"title": "Une question", "body": "Quand ?"}
    )
    assert (opened.status_code, opened.json()["state"]) == (201, "shown")
    place = f"discussions/{opened.json()['id']}"
    newcomer = Pipeline(make.person())
    held = newcomer.post(f"{place}/messages", {"body": "Bientôt."})
    assert (held.status_code, held.json()["state"]) == (201, "held")

    def bodies(by: Any) -> list[str | None]:
        return [each["body"] for each in by.json()["messages"]]

    assert bodies(newcomer.ask("GET", place)) == ["Quand ?", "Bientôt."]
    assert bodies(Client().get(f"/api/v1/{place}")) == ["Quand ?"]
    message = Discussion.objects.get().messages.first()
    assert message is not None
    twice = program.post(f"{place}/messages", {"body": "Quand ?"})
    assert problem(twice) == (409, "message_twice")
    discussions.close(discussion=Discussion.objects.get(), reason="Répondu.", by=program.by)
    assert problem(program.post(f"{place}/messages", {"body": "x"})) == (409, "wrong_state")
    assert problem(program.post(f"{place}/messages", {"body": ""}))[0] == 422
    discussions.hide(message=message, reason="Hors sujet.", by=make.moderator())
    assert problem(Client().get(f"/api/v1/{place}")) == (404, "not_found")


def test_a_held_subject_is_told_to_its_author_alone(card: Resource) -> None:
    newcomer = Pipeline(make.person())
    address = f"resources/{card.slug}/discussions"
    told = newcomer.post(address, {"title": "Secret", "body": "Secret"}).json()
    assert told["state"] == "held"
    assert len(newcomer.ask("GET", address).json()["discussions"]) == 1
    assert Client().get(f"/api/v1/{address}").json()["discussions"] == []
    assert problem(Client().get(f"/api/v1/discussions/{told['id']}")) == (404, "not_found")


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
    assert told.status_code == 201
    assert "/signalements/suivi/" in told.json()["tracking"]
    assert Report.objects.get().by == program.by
    assert set(faults(program.post("reports", {**notice, "good_faith": False}))) == {"good_faith"}
    elsewhere = {**notice, "address": "https://ailleurs.example/"}
    assert problem(program.post("reports", elsewhere)) == (422, "report_place")
    answers = [
        program.post("reports", notice) for _ in range(settings.REPORTS_PER_HOUR_AND_NETWORK)
    ]
    assert problem(answers[-1]) == (429, "too_many_requests")


def test_a_token_without_the_scope_brings_nothing(card: Resource) -> None:
    others = Pipeline(make.person(), *(each for each in TokenScope if each != "contribute"))
    for path in ("searches", "follows", "reuses", "reports", f"resources/{card.slug}/discussions"):
        assert problem(others.post(path, {})) == (403, "scope_required"), path


def test_a_token_that_may_not_read_reads_what_is_public_alone(card: Resource) -> None:
    by = make.person()  # the first message of a new account waits for the Region
    made = discussions.open_discussion(resource=card, title="Dates ?", body_md="Quand ?", by=by)
    reuses.declare(
        resources=[card],
        title="Un service",
        url="https://exemple.fr/y",
        kind="study",
        description="",
        organisation=None,
        organisation_name="",
        by=by,
    )
    read, enter = (Pipeline(by, scope) for scope in (TokenScope.READ, TokenScope.ENTER))
    for path, name in (("reuses", "reuses"), ("discussions", "discussions")):
        address = f"resources/{card.slug}/{path}"
        assert [len(each.ask("GET", address).json()[name]) for each in (read, enter)] == [1, 0]
    address = f"discussions/{made.public_id}"
    assert [each.ask("GET", address).status_code for each in (read, enter)] == [200, 404]


def test_what_stands_around_a_card_costs_the_same_for_one_and_for_three(
    program: Pipeline, card: Resource
) -> None:
    def one(number: int) -> None:
        made = reuses.declare(
            resources=[card],
            title="Un service",
            url=f"https://exemple.fr/{number}",
            kind="study",
            by=settled(),
        )
        reuses.publish(brought=made, by=make.moderator())
        discussions.open_discussion(resource=card, title="Où ?", body_md="Où ?", by=settled())

    one(1)
    addresses = [f"/api/v1/resources/{card.slug}/{each}" for each in ("reuses", "discussions")]
    first = [cost(Client(), each) for each in addresses]
    one(2)
    one(3)
    assert [cost(Client(), each) for each in addresses] == first
