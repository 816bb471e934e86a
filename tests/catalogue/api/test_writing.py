"""Write the catalogue by the API: the same actions and the same refusals as the pages."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.forms import records
from catalogue.contributions.queries import proposals
from catalogue.enums import ContributionStatus, DecisionReason, ResourceKind
from catalogue.models import Contribution, Resource
from portal.accounts.enums import Role, TokenScope
from portal.accounts.models import User
from tests.factories import contributions as make
from tests.factories.accounts import bearer, signed_in
from tests.portal.test_api import problem
from tests.properties import HealthCheck, given
from tests.properties import settings as profile
from tests.properties import strategies as st

pytestmark = pytest.mark.django_db
RESOURCES = "/api/v1/resources"
OWN = {"beneficiary", "situation", "expected_result"}
NEED = {
    "kind": "need",
    **{name: value for name, value in make.NEED.items() if name not in OWN},
    "details": {name: make.NEED[name] for name in OWN},
}
CHARTER = {"charter": settings.CHARTER_VERSION}


DATASET = {"kind": "dataset"}


def rows_of(*rows: Any) -> dict[str, Any]:
    return {"details": {"distributions": list(rows)}}


class Pipeline:
    """A program of somebody."""

    def __init__(self, by: User, *scopes: TokenScope) -> None:
        self.by, self.client = by, Client()
        self.headers = bearer(by, *(scopes or (TokenScope.CONTRIBUTE, TokenScope.READ)))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = "" if body is None else json.dumps(body)
        told = {**self.headers, **headers}
        return self.client.generic(
            method, f"/api/v1/{path}", sent, "application/json", headers=told
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.ask("PATCH", path, body)


@pytest.fixture
def program() -> Pipeline:
    return Pipeline(make.person())


def faults(answer: Any) -> dict[str, str]:
    assert problem(answer)[0] == 422
    return {each["field"]: each["code"] for each in answer.json()["errors"]}


def test_a_card_goes_from_a_program_to_the_catalogue(program: Pipeline) -> None:
    made = program.post("resources", {"kind": "need", "title": NEED["title"]})
    assert made.status_code == 201
    told = made.json()
    name = told["resource"]["id"]
    assert made.headers["Location"] == f"/api/v1/contributions/{told['id']}"
    checked = program.post(f"resources/{name}/check").json()
    assert checked["may_be_sent"] is False
    refusal = program.post(f"resources/{name}/submit", CHARTER)
    assert faults(refusal).items() >= {"summary": "missing", "situation": "missing"}.items()
    assert problem(refusal) == (422, "checks")
    rest = {key: value for key, value in NEED.items() if key not in ("kind", "title")}
    assert program.patch(f"resources/{name}", rest).json()["record"]["tags"] == NEED["tags"]
    assert program.post(f"resources/{name}/check").json()["may_be_sent"] is True
    assert program.post(f"resources/{name}/submit", CHARTER).json()["status"] == "submitted"
    page = signed_in(make.moderator())
    work = Contribution.objects.get(public_id=told["id"])
    assert work.charter_version == settings.CHARTER_VERSION
    answer = page.post(
        reverse("catalogue:moderation_item", args=(work.public_id,)),
        {"outcome": "publish", "version": work.version},
    )
    assert answer.status_code == 302
    followed = program.ask("GET", f"contributions/{told['id']}").json()
    assert (followed["status"], followed["may"]) == ("published", [])
    found = Client().get(RESOURCES, {"q": "apprentissage"}).json()["resources"]
    assert [each["id"] for each in found] == [name]
    card = Client().get(f"{RESOURCES}/{found[0]['slug']}").json()
    assert card["details"]["situation"] == make.NEED["situation"]


def test_a_change_leaves_the_card_and_tells_when_another_is_online() -> None:
    holder = make.organisation()
    program = Pipeline(make.joined(make.person(), holder, Role.EDITOR))
    card = make.published(program.by, holder=holder)
    read = Client().get(f"{RESOURCES}/{card.slug}").json()
    change = {"summary": "Un autre résumé.", "base_revision": read["revision"]}
    told = program.patch(f"resources/{card.slug}", change).json()
    assert (told["new"], told["stale"], told["record"]["summary"]) == (
        False,
        False,
        change["summary"],
    )
    assert Resource.objects.get(pk=card.pk).summary == card.summary
    again = program.patch(f"resources/{card.public_id}", {"title": "Un autre titre"}).json()
    assert (again["id"], again["record"]["summary"]) == (told["id"], change["summary"])
    mate = make.joined(make.person(), holder, Role.EDITOR)
    draft = Contribution.objects.get(public_id=told["id"])
    make.edit(draft, mate, summary=change["summary"])
    between = program.patch(
        f"resources/{card.slug}", {"title": "X", "edited_at": again["edited_at"]}
    )
    assert problem(between) == (409, "contribution_changed")
    fresh = program.ask("GET", f"contributions/{told['id']}").json()["edited_at"]
    known = {"title": "Un autre titre", "edited_at": fresh}
    assert program.patch(f"resources/{card.slug}", known).status_code == 200
    other = drafts.propose(resource=card, by=mate)
    make.edit(other, mate, summary="Celui d’un tiers.")
    make.put_online(other, mate)
    late = program.patch(f"resources/{card.slug}", change)
    assert problem(late) == (409, "base_changed")
    assert late.json()["revision"] != read["revision"]
    stale = program.ask("GET", f"contributions/{told['id']}").json()
    assert stale["stale"] is True
    assert [each["field"] for each in stale["collisions"]] == ["summary"]
    ready = program.post(f"resources/{card.slug}/catch-up").json()
    assert (ready["stale"], ready["record"]["summary"]) == (False, change["summary"])
    assert program.post(f"resources/{card.slug}/withdraw").json()["status"] == "withdrawn"
    assert problem(program.post(f"resources/{card.slug}/withdraw")) == (404, "no_contribution")


def test_corrections_are_sent_again_with_a_reply(program: Pipeline) -> None:
    work = make.sent_back(program.by)
    name = work.resource.public_id
    told = program.post(f"resources/{name}/submit", {**CHARTER, "reply": "C’est fait."}).json()
    assert (told["status"], told["reply"]) == ("submitted", "C’est fait.")
    refusal = program.patch(f"resources/{name}", {"title": "Trop tard"})
    assert problem(refusal) == (403, "not_allowed")
    old = program.post(f"resources/{name}/submit", {"charter": "2020-01"})
    assert problem(old) == (409, "charter_changed")
    assert old.json()["charter"] == settings.CHARTER_VERSION


def test_a_request_sent_twice_opens_one_draft(program: Pipeline) -> None:
    key = {"Idempotency-Key": "export-42"}
    first, second = (program.post("resources", NEED, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = program.post("resources", {**NEED, "title": "Autre"}, **key)
    assert problem(other) == (409, "idempotency_conflict")
    assert Pipeline(make.person()).post("resources", NEED, **key).status_code == 201
    assert Contribution.objects.count() == 2
    for wrong in ("x" * 65, "a\tb"):
        answer = program.post("resources", NEED, **{"Idempotency-Key": wrong})
        assert problem(answer)[0] in {400, 422}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"titre": "x"}, "titre", "unknown_field"),
        ({"situation": "x"}, "situation", "unknown_field"),
        ({"licences": ["MIT"]}, "licences", "unknown_field"),
        ({"details": {"title": "x"}}, "details.title", "unknown_field"),
        ({"details": {"files": []}}, "details.files", "unknown_field"),
        ({"title": "a" * 121}, "title", "invalid_value"),
        ({"title": ["a"]}, "title", "invalid_value"),
        ({"scope": "world"}, "scope", "invalid_value"),
        ({"homepage_url": "javascript:x"}, "homepage_url", "invalid_value"),
        ({"use_cases": ["x"]}, "use_cases", "invalid_value"),
        ({"tags": {"a": 1}}, "tags", "invalid_value"),
        ({"tags": 3}, "tags", "invalid_value"),
        ({"languages": ["klingon"]}, "languages", "invalid_value"),
        ({"details": {"state": "x"}}, "details.state", "invalid_value"),
        (DATASET | {"licences": ["Licence Ouverte"]}, "licences", "invalid_value"),
        (DATASET | {"licences": ["la mienne"]}, "licences", "invalid_value"),
        (DATASET | rows_of({"adresse": "x"}), "details.distributions", "invalid_value"),
        (DATASET | rows_of("x"), "details.distributions", "invalid_value"),
        (DATASET | {"details": {"last_update": "x"}}, "details.last_update", "invalid_value"),
    ],
)
def test_what_the_form_would_not_take_is_named(
    program: Pipeline, body: dict[str, Any], field: str, code: str
) -> None:
    whole = body if "kind" in body else {**NEED, **body}
    assert faults(program.post("resources", whole)) == {field: code}
    assert not Contribution.objects.exists()


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_what_is_read_may_be_given_back(program: Pipeline, kind: ResourceKind) -> None:
    work = make.draft(program.by, kind=kind)
    told = program.ask("GET", f"contributions/{work.public_id}").json()
    address = f"resources/{work.resource.public_id}"
    once = program.patch(address, told["record"]).json()["record"]
    assert {**once, "details": {}} == {**told["record"], "details": {}}
    assert once["details"].keys() == told["record"]["details"].keys()
    assert program.patch(address, once).json()["record"] == once


def test_a_licence_is_declared_or_to_confirm_as_by_the_form(program: Pipeline) -> None:
    made = program.post("resources", {"kind": "model", "licences": ["mit or apache-2.0"]}).json()
    record = made["record"]
    assert (record["licences"], record["licence_status"]) == (["MIT OR Apache-2.0"], "declared")
    name = made["resource"]["id"]
    record = program.patch(f"resources/{name}", {"licences": None, "title": None}).json()["record"]
    assert (record["licences"], record["licence_status"]) == ([], "to_confirm")


def test_a_link_names_a_public_card_as_by_the_form(program: Pipeline) -> None:
    need, hidden = make.published(), make.draft().resource
    made = program.post("resources", {"kind": "idea"}).json()
    name = made["resource"]["id"]

    def tied(target: str) -> Any:
        rows = [{"type": "answers", "target": target}]
        return program.patch(f"resources/{name}", {"details": {"relations": rows}})

    assert tied(need.title).json()["record"]["details"]["relations"][0]["target"] == need.slug
    assert faults(tied(hidden.slug)) == {"details.relations": "invalid_value"}


def test_the_work_of_others_does_not_exist(program: Pipeline) -> None:
    work = make.draft()
    name = work.resource.public_id
    asked = [("PATCH", "", {"title": "x"}), ("POST", "/submit", CHARTER)]
    asked += [("POST", f"/{each}", None) for each in ("check", "withdraw", "catch-up")]
    for method, path, body in asked:
        answer = program.ask(method, f"resources/{name}{path}", body)
        assert problem(answer) == (404, "not_found"), path
        unknown = program.ask(method, f"resources/{work.public_id}{path}", body)
        assert unknown.content == answer.content
    moderator = Pipeline(make.moderator())
    assert problem(moderator.patch(f"resources/{name}", {"title": "x"}))[0] == 404


def test_an_editor_works_on_the_only_draft_of_the_organisation() -> None:
    holder = make.organisation()
    author = make.joined(make.person(), holder, Role.CONTRIBUTOR)
    editor = Pipeline(make.joined(make.person(), holder, Role.EDITOR))
    mine = Pipeline(author).post("resources", {**NEED, "organisation": holder.slug})
    name = mine.json()["resource"]["id"]
    assert problem(Pipeline(author).post(f"resources/{name}/submit", CHARTER))[0] == 403
    assert editor.post(f"resources/{name}/submit", CHARTER).json()["organisation"] == holder.slug
    stranger = Pipeline(make.person())
    refusal = stranger.post("resources", {**NEED, "organisation": holder.slug})
    assert problem(refusal) == (403, "not_allowed")
    unknown = stranger.post("resources", {**NEED, "organisation": "personne"})
    assert problem(unknown) == (404, "no_organisation")


def test_a_token_without_the_scope_writes_nothing() -> None:
    card = make.published()
    others = Pipeline(make.person(), *(each for each in TokenScope if each != "contribute"))
    for method, path in (
        ("POST", "resources"),
        ("POST", "resources/from"),
        ("PATCH", f"resources/{card.slug}"),
        ("POST", f"resources/{card.slug}/submit"),
    ):
        answer = others.ask(method, path, {})
        assert problem(answer) == (403, "scope_required")
        assert answer.json()["scope"] == "contribute"


def test_as_many_wait_by_program_as_by_page(program: Pipeline) -> None:
    for _ in range(settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT):
        make.submitted(program.by)
    name = program.post("resources", NEED).json()["resource"]["id"]
    refusal = program.post(f"resources/{name}/submit", CHARTER)
    assert problem(refusal) == (429, "pending_contributions")


CITATION = """cff-version: 1.2.0
message: Citez ce logiciel.
title: Appariement des offres
abstract: Rapproche une offre et un profil, et dit pourquoi. Le résultat est expliqué à la personne.
authors:
  - family-names: Roux
    given-names: Camille
license: EUPL-1.2
repository-code: https://forge.example/appariement
"""


def test_a_description_becomes_a_draft_with_its_origins(program: Pipeline) -> None:
    key = {"Idempotency-Key": "cff"}
    told = program.post("resources/from", {"text": CITATION}, **key)
    assert told.status_code == 201
    assert told.json()["record"]["title"] == "Appariement des offres"
    assert told.json()["provenance"]["title"]["key"] == "CITATION.cff › title"
    assert program.post("resources/from", {"text": CITATION}, **key).status_code == 200
    for given_, code in (
        ({}, "one_source"),
        ({"text": "cff-version: [1"}, "nothing_read"),
        ({"url": "http://127.0.0.1/"}, "not_fetched"),
        ({"text": CITATION, "record": 7}, "which_record"),
    ):
        assert problem(program.post("resources/from", given_)) == (422, code)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [own.name for kind in ResourceKind for own in records.taken(kind)]


@profile(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(ResourceKind),
    common=st.dictionaries(st.sampled_from(sorted({*NAMES, "details", "x"})), ANY, max_size=4),
    own=st.dictionaries(st.sampled_from(sorted(set(NAMES))), ANY, max_size=4),
)
def test_no_body_breaks_the_portal(
    kind: ResourceKind, common: dict[str, Any], own: dict[str, Any]
) -> None:
    program = Pipeline(make.person())
    body = {"details": own, **common, "kind": kind}
    made = program.post("resources", body)
    assert made.status_code in {201, 400, 422}, made.content
    if made.status_code == 201:
        name = made.json()["resource"]["id"]
        assert program.post(f"resources/{name}/check").status_code == 200
        assert program.post(f"resources/{name}/submit", CHARTER).status_code in {200, 422}


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"kind": ' + "9" * 5_000 + "}", "null", "[]", "x"]
)
def test_a_body_that_cannot_be_read_is_refused(program: Pipeline, body: str) -> None:
    answer = program.client.post(RESOURCES, body, "application/json", headers=program.headers)
    assert problem(answer)[0] in {400, 422}


def test_a_page_and_a_program_write_the_same_record(program: Pipeline) -> None:
    """What the form keeps of a value, the program keeps too."""
    name = program.post("resources", NEED).json()["resource"]["id"]
    work = make.draft(make.person())
    written = proposals.proposed_record(
        make.again(Contribution.objects.get(resource__public_id=name))
    )
    assert written == proposals.proposed_record(make.again(work))
    assert work.status == ContributionStatus.DRAFT


def test_a_token_that_only_writes_is_told_nothing_that_was_answered() -> None:
    holder = make.organisation()
    by = make.joined(make.person(), holder, Role.EDITOR)
    work = make.submitted(by, holder=holder)
    reason = DecisionReason.INSUFFICIENT
    review.request_changes(
        contribution=make.again(work), reason=reason, message="Précisez.", by=make.moderator()
    )
    Contribution.objects.filter(pk=work.pk).update(note="Un mot à la Région.")
    path, change = f"resources/{work.resource.public_id}", {"summary": "Un autre résumé."}
    told = Pipeline(by, TokenScope.CONTRIBUTE).patch(path, change).json()
    assert told["record"]["summary"] == change["summary"]
    assert (told["status"], told["decisions"], told["reply"]) == ("changes_requested", [], "")
    assert "Précisez" not in json.dumps(told, ensure_ascii=False)
    told = Pipeline(by).patch(path, change).json()
    assert [each["message"] for each in told["decisions"]] == ["Précisez."]
    assert told["reply"] == "Un mot à la Région."
    search = {"query": {"q": "emploi"}, "frequency": "feed"}
    assert Pipeline(by, TokenScope.CONTRIBUTE).post("searches", search).json()["feed"] is None
    assert "/flux/" in Pipeline(by).post("searches", search).json()["feed"]


def test_a_change_of_nothing_opens_no_draft(program: Pipeline) -> None:
    card = make.published()
    for given_ in ({}, {"details": {}}, {"base_revision": card.live_revision_id}):
        answer = program.patch(f"resources/{card.slug}", given_)
        assert problem(answer) == (422, "nothing_given")
    assert not Contribution.objects.open().exists()


# What who answers for a card thinks of a change


@pytest.fixture
def owner() -> User:
    return make.person()


@pytest.fixture
def offered(owner: User) -> Contribution:
    return make.offered(make.published(owner), summary="Une phrase plus juste.")


def answered(by: Pipeline | User, offered: Contribution, **body: str) -> Any:
    program = by if isinstance(by, Pipeline) else Pipeline(by)
    return program.post(f"contributions/{offered.public_id}/answer", body)


def test_an_owner_approves_once(owner: User, offered: Contribution) -> None:
    told = answered(owner, offered, answer="accept").json()
    assert (told["status"], told["owner_answer"]) == ("submitted", "accepted")
    assert told["record"]["summary"] == "Une phrase plus juste."
    assert answered(owner, offered, answer="accept").status_code == 409


def test_a_decline_has_a_reason_that_the_region_reads(owner: User, offered: Contribution) -> None:
    assert list(faults(answered(owner, offered, answer="decline"))) == ["reason"]
    assert list(faults(answered(owner, offered, answer="x"))) == ["answer"]
    told = answered(owner, offered, answer="decline", reason="C’était voulu.").json()
    assert (told["status"], told["owner_answer"]) == ("submitted", "declined")
    assert told["owner_reason"] == "C’était voulu."


def test_others_answer_nothing(owner: User, offered: Contribution) -> None:
    assert offered.author is not None
    for by, refusal in (
        (make.person(), (404, "not_found")),
        (offered.author, (403, "not_allowed")),
        (Pipeline(owner, TokenScope.READ), (403, "scope_required")),
    ):
        assert problem(answered(by, offered, answer="accept")) == refusal
    offered.refresh_from_db()
    assert offered.status == ContributionStatus.OFFERED


def test_a_token_that_only_writes_is_told_nothing_of_what_others_wrote(
    owner: User, offered: Contribution
) -> None:
    writing = Pipeline(owner, TokenScope.CONTRIBUTE)
    told = answered(writing, offered, answer="accept").json()
    assert (told["title"], told["record"], told["owner_answer"]) == ("", {}, "")
    assert told["status"] == "submitted"
