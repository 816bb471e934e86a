"""The catalogue by the API: read, written, discussed; the actions and refusals of the pages."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import alerts, reuses
from catalogue.contributions.actions import drafts, review
from catalogue.contributions.enums import DecisionReason
from catalogue.contributions.forms import records
from catalogue.models import (
    Contribution,
    Follow,
    FormerSlug,
    Resource,
    Reuse,
    SavedSearch,
)
from catalogue.resources.actions import transfers
from catalogue.resources.enums import LinkType, ResourceKind
from catalogue.resources.fields import DETAILS
from catalogue.resources.schemas import CardOut, ResourcesOut, VocabulariesOut
from catalogue.search.query import ResourceQuery
from portal.accounts.enums import Role, TokenScope
from portal.accounts.models import Organisation, User
from portal.discussions import actions as discussions
from portal.discussions.models import Discussion
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.accounts import bearer, signed_in
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.ledger import cost, same_for_three
from tests.portal.test_api import problem
from tests.properties import HealthCheck, given
from tests.properties import settings as profile
from tests.properties import strategies as st

pytestmark = pytest.mark.django_db
RESOURCES = "/api/v1/resources"


def slugs(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["slug"] for each in ResourcesOut(**answer.json()).model_dump()["resources"]]


def pages(client: Client, asked: dict[str, Any]) -> list[str]:
    """Follow the cursor to the end."""
    found, cursor = [], ""
    while True:
        answer = client.get(RESOURCES, {**asked, "cursor": cursor})
        found += slugs(answer)
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return found


def test_the_whole_catalogue_is_read_and_what_is_added_meanwhile_moves_nothing(
    client: Client,
) -> None:
    ResourceFactory(title="Un brouillon")
    made = [ResourceFactory(published=True).slug for _ in range(5)]
    first = client.get(RESOURCES, {"limit": 2})
    assert first.json()["total"] == 5
    ResourceFactory(published=True)
    rest = pages(client, {"limit": 2, "cursor": ""})
    second = client.get(RESOURCES, {"limit": 2, "cursor": first.json()["next_cursor"]})
    assert slugs(first) + slugs(second) == made[:0:-1]
    assert rest[1:] == made[::-1]


def test_a_search_answers_as_its_page(client: Client) -> None:
    for number in range(5):
        ResourceFactory(published=True, title=f"Prévoir les embauches {number}", kind="model")
    ResourceFactory(published=True, title="Prévoir autre chose", kind="need")
    asked = {"q": "embauches", "kind": "model"}
    shown = client.get(reverse("catalogue:list"), {**asked, "size": 50}).context["lines"]
    answer = client.get(RESOURCES, {**asked, "limit": 50})
    assert slugs(answer) == [line.row.href.split("/")[-2] for line in shown]
    assert pages(client, {**asked, "limit": 2}) == slugs(answer)
    assert answer.json()["total"] == 5
    assert answer.json()["facets"]["kind"][0] == {"value": "model", "count": 5, "label": ""}


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "datasets"},
        {"sort": "x"},
        {"q": "a" * 201},
        {"language": "xx"},
        {"updated": "1d"},
        {"limit": 0},
        {"cursor": "x"},
        {"q": "a", "cursor": "bnVsbA=="},
        {"q": "a", "cursor": "WzEwMDAwMCwgNTBd"},
        {"tag": [str(each) for each in range(51)]},
    ],
)
def test_what_is_asked_wrongly_is_named(client: Client, asked: dict[str, Any]) -> None:
    assert problem(client.get(RESOURCES, asked)) in {(422, "invalid"), (422, "cursor")}


def test_a_card_tells_its_quality_links_measures_and_origins(client: Client) -> None:
    card = ResourceFactory(
        published=True,
        kind="model",
        deposit="owned",
        provenance={"title": {"origin": "import:cff", "key": "title"}},
    )
    MeasurementFactory(resource=card)
    other = ResourceFactory(published=True, kind="dataset")
    hidden = ResourceFactory(title="Caché")
    ResourceLinkFactory(source=card, target=other, type=LinkType.TRAINED_ON)
    ResourceLinkFactory(source=hidden, target=card, type=LinkType.ANSWERS)
    for name in (card.slug, str(card.public_id)):
        answer = client.get(f"{RESOURCES}/{name}")
        told = answer.json()
        CardOut.model_validate(told)
        assert told["measures"][0]["metric"] == "Exactitude"
        assert [(each["relation"], each["direction"], each["slug"]) for each in told["links"]] == [
            ("trained_on", "out", other.slug)
        ]
        assert told["provenance"]["title"]["origin"] == "import:cff"
        assert {each["code"] for each in told["quality"]["criteria"]} >= {"licence", "measured"}
        assert "Caché" not in answer.text
    document = json.loads(client.get(f"/ressources/{card.slug}.json").content)
    assert document.items() <= told.items()
    back = client.get(f"{RESOURCES}/{other.slug}").json()["links"]
    assert [(each["direction"], each["slug"]) for each in back] == [("in", card.slug)]


def test_an_unchanged_answer_is_not_sent_again(client: Client) -> None:
    card = ResourceFactory(published=True)
    for address in (RESOURCES, f"{RESOURCES}/{card.slug}", "/api/v1/vocabularies"):
        tag = client.get(address).headers["ETag"]
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_former_removed_masked_and_unpublished_cards(client: Client) -> None:
    card = ResourceFactory(published=True)
    FormerSlug.objects.create(resource=card, slug="ancien-nom")
    assert client.get(f"{RESOURCES}/ancien-nom").json()["slug"] == card.slug
    draft = make.draft().resource
    for name in (draft.slug, draft.public_id, "inconnue"):
        assert problem(client.get(f"{RESOURCES}/{name}")) == (404, "not_found")
    removal = transfers.propose_removal(
        resource=card,
        reason="rights",
        explanation="Un tiers.",
        keep_title=True,
        by=make.moderator(),
    )
    transfers.confirm_removal(removal=removal, by=make.moderator())
    for name in (card.slug, card.public_id, "ancien-nom"):
        answer = client.get(f"{RESOURCES}/{name}")
        assert problem(answer) == (410, "resource_removed")
        assert answer.json()["reason"] == "rights"


def test_organisations_and_their_cards_are_counted(client: Client) -> None:
    holder = make.organisation("Mission locale", former_names=["PAIO"])
    ResourceFactory(published=True, organisation=holder)
    ResourceFactory(organisation=holder)
    found = client.get("/api/v1/organisations", {"q": "paio"}).json()["organisations"]
    assert [(each["slug"], each["resources"]) for each in found] == [(holder.slug, 1)]
    assert client.get(f"/api/v1/organisations/{holder.slug}").json() == found[0]
    assert problem(client.get("/api/v1/organisations/x")) == (404, "not_found")


def test_an_organisation_that_the_region_has_not_seen_is_in_no_list(client: Client) -> None:
    holder = make.organisation("Mission locale")
    make.joined(make.person(), holder, Role.REFERENT)
    assert client.get("/api/v1/organisations").json()["organisations"] == []
    assert client.get(f"/api/v1/organisations/{holder.slug}").status_code == 200
    Organisation.objects.update(verified_at=clock.now())
    found = client.get("/api/v1/organisations").json()["organisations"]
    assert [each["slug"] for each in found] == [holder.slug]


def test_the_vocabularies_name_every_own_field_of_every_kind(client: Client) -> None:
    told = VocabulariesOut(**client.get("/api/v1/vocabularies").json())
    for kind in told.kinds:
        own = {each.name for each in kind.fields if each.place == "details"}
        assert own == set(DETAILS[kind.code].by_name), kind.code
    english = client.get("/api/v1/vocabularies", headers={"Accept-Language": "en"}).json()
    assert english["kinds"][0]["label"] == "Algorithm"


def test_a_contribution_is_told_to_who_writes_it_and_hidden_from_others(client: Client) -> None:
    author, holder = make.person(), make.organisation()
    author = make.joined(author, holder, Role.EDITOR)
    sent = make.sent_back(author, holder=holder)
    mine = bearer(author, TokenScope.READ)
    listed = client.get("/api/v1/contributions", headers=mine).json()["contributions"]
    assert [each["title"] for each in listed] == [make.NEED["title"]]
    address = f"/api/v1/contributions/{sent.public_id}"
    told = client.get(address, headers=mine).json()
    assert told["status"] == "changes_requested"
    assert told["decisions"][0]["message"] == "Précisez la période."
    assert told["record"]["organisation"] == holder.slug
    assert told["may"] == ["edit", "submit", "withdraw"]
    assert {each["code"] for each in told["checks"]} >= {"fields", "duplicate"}
    assert told.items() >= listed[0].items()
    other = bearer(make.person())
    assert problem(client.get(address, headers=other)) == (404, "not_found")
    assert client.get("/api/v1/contributions", headers=other).json()["contributions"] == []
    blind = bearer(author, TokenScope.ENTER)
    assert problem(client.get(address, headers=blind)) == (403, "scope_required")
    assert problem(client.get(address)) == (401, "token_required")


def test_who_answers_for_a_card_reads_what_is_sent_and_no_exchange(client: Client) -> None:
    owner, author, judge = make.person(), make.person(), make.moderator()
    card = make.published(owner)
    sent = make.accepted(make.offered(card, author))
    address = f"/api/v1/contributions/{sent.public_id}"

    def told(by: User) -> dict[str, Any]:
        return client.get(address, headers=bearer(by, TokenScope.READ)).json()

    assert told(owner)["record"]["summary"] == "Une phrase plus juste."
    review.request_changes(
        contribution=sent, reason=DecisionReason.INSUFFICIENT, message="Entre nous.", by=judge
    )
    sent = make.edit(sent, author, title="Tout autre chose")
    seen = told(owner)
    assert (seen["status"], seen["title"], seen["record"]) == ("changes_requested", card.title, {})
    sent = drafts.amend(contribution=sent, charter="2026-11", reply="Voilà.", by=author)
    seen = told(owner)
    assert (seen["title"], seen["record"]["title"]) == ("Tout autre chose",) * 2
    kept = ("checks", "decisions", "collisions", "reply", "may")
    assert [seen[name] for name in kept] == [[], [], [], "", []]
    for by in (author, judge):
        whole = told(by)
        assert (whole["reply"], whole["decisions"][0]["message"]) == ("Voilà.", "Entre nous.")
        assert whole["checks"]
    drafts.withdraw(contribution=make.again(sent), by=author)
    assert told(owner)["record"] == {}  # taken back: what is written since is nobody else's


def test_a_public_list_costs_the_same_for_one_and_for_three(client: Client) -> None:
    def more() -> None:
        holder = make.organisation()
        ResourceFactory(published=True, organisation=holder, kind=ResourceKind.DATASET)

    lists = (RESOURCES, f"{RESOURCES}?kind=dataset", "/api/v1/organisations")
    same_for_three(more, *(lambda page=page: cost(client, page) for page in lists))


def test_the_lists_of_a_person_cost_the_same_for_one_and_for_three(client: Client) -> None:
    by, words = make.person(), iter(("un", "deux", "trois"))
    client.defaults["HTTP_AUTHORIZATION"] = bearer(by)["Authorization"]

    def more() -> None:
        word = next(words)
        make.submitted(by, title=f"{make.NEED['title']} {word}")
        alerts.save(query=ResourceQuery(q=word), title=word, frequency="daily", by=by)

    lists = ("/api/v1/contributions", "/api/v1/searches")
    same_for_three(more, *(lambda page=page: cost(client, page) for page in lists))


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
        ({"title": "a" * 121}, "title", "invalid_value"),
        ({"scope": "world"}, "scope", "invalid_value"),
        ({"homepage_url": "javascript:x"}, "homepage_url", "invalid_value"),
        ({"tags": {"a": 1}}, "tags", "invalid_value"),
        ({"languages": ["klingon"]}, "languages", "invalid_value"),
        ({"details": {"state": "x"}}, "details.state", "invalid_value"),
        (DATASET | {"licences": ["Licence Ouverte"]}, "licences", "invalid_value"),
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


def test_licences_and_links_are_named_as_by_the_form(program: Pipeline) -> None:
    made = program.post("resources", {"kind": "model", "licences": ["mit or apache-2.0"]}).json()
    record = made["record"]
    assert (record["licences"], record["licence_status"]) == (["MIT OR Apache-2.0"], "declared")
    name = made["resource"]["id"]
    record = program.patch(f"resources/{name}", {"licences": None, "title": None}).json()["record"]
    assert (record["licences"], record["licence_status"]) == ([], "to_confirm")
    need, hidden = make.published(), make.draft().resource
    made = program.post("resources", {"kind": "idea"}).json()
    name = made["resource"]["id"]

    def tied(target: str) -> Any:
        rows = [{"type": "answers", "target": target}]
        return program.patch(f"resources/{name}", {"details": {"relations": rows}})

    assert tied(need.title).json()["record"]["details"]["relations"][0]["target"] == need.slug
    assert faults(tied(hidden.slug)) == {"details.relations": "invalid_value"}


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
    card = f"resources/{make.published().slug}"
    others = Pipeline(make.person(), *(each for each in TokenScope if each != "contribute"))
    for path in (
        *("resources", f"{card}/submit", f"{card}/discussions"),
        *("searches", "follows", "reuses"),
    ):
        answer = others.post(path, {})
        assert problem(answer) == (403, "scope_required"), path
        assert answer.json()["scope"] == "contribute"
    assert problem(others.patch(card, {})) == (403, "scope_required")


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


TOLD: dict[str, Any] = {
    "kind": "field",
    "url": "",
    "place": "Toulon",
    "used_on": "2026-01",
    "description": "Deux conseillers s’en servent.",
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
    unread = ({"query": {"kind": ["x"]}, "frequency": "hourly"}, {"query": []}, {"query": None})
    for wrong in (*unread, {}, [], None):
        assert problem(program.post("searches", wrong)) == (422, "invalid")
    assert SavedSearch.objects.count() == 1
    kept = [each.ask("GET", "searches").json()["searches"] for each in (program, stranger)]
    assert [[each["title"] for each in found] for found in kept] == [["Alerte"], []]
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


@pytest.mark.parametrize("kind", ["study", "field"])
def test_what_is_brought_waits_and_is_published(
    program: Pipeline, card: Resource, kind: str
) -> None:
    address = around(card, "reuses")
    asked = reuse(card, **(TOLD if kind == "field" else {}))
    told = program.post("reuses", asked).json()
    assert told["state"] == "waiting"
    if kind == "field":
        assert {name: told[name] for name in TOLD} == TOLD
    assert [each["id"] for each in program.ask("GET", address).json()["reuses"]] == [told["id"]]
    assert public(address).json()["reuses"] == []
    if kind == "study":
        assert problem(program.post("reuses", asked)) == (422, "already_known")
    reuses.publish(brought=Reuse.objects.get(), by=make.moderator())
    assert [each["id"] for each in public(address).json()["reuses"]] == [told["id"]]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://u:p@exemple.fr/"}, "url"),
        ({"url": ""}, "url"),
        ({"kind": "x"}, "kind"),
        ({"resources": []}, "given.resources"),
        ({"resources": ["inconnue", "a b"]}, "resources.0"),
        ({"used_on": "janvier"}, "used_on"),
        ({"persons": -1}, "persons"),
        ({"kind": "field", "description": ""}, "description"),
        ({"description": "a" * 1_001}, "description"),
    ],
)
def test_what_is_brought_wrongly_is_named(
    program: Pipeline, card: Resource, values: dict[str, Any], field: str
) -> None:
    assert next(iter(faults(program.post("reuses", reuse(card, **values))))) == field
    assert not Reuse.objects.exists()


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


def test_a_token_that_may_not_read_reads_what_is_public_alone(card: Resource) -> None:
    by = make.person()  # the first message of a new account waits for the Region
    made = discussions.open_discussion(on=card, title="Dates ?", body_md="Quand ?", by=by)
    declared(card, by)
    read, enter = (Pipeline(by, scope) for scope in (TokenScope.READ, TokenScope.ENTER))
    for name in ("reuses", "discussions"):
        given = [each.ask("GET", around(card, name)).json()[name] for each in (read, enter)]
        assert [len(each) for each in given] == [1, 0]
    address = f"discussions/{made.public_id}"
    assert [each.ask("GET", address).status_code for each in (read, enter)] == [200, 404]


def test_what_stands_around_a_card_costs_the_same_for_one_and_for_three(card: Resource) -> None:
    numbers, names = iter(range(3)), ("reuses", "discussions")

    def more() -> None:
        url = f"https://exemple.fr/{next(numbers)}"
        reuses.publish(brought=declared(card, settled(), url), by=make.moderator())
        discussions.open_discussion(on=card, title="Où ?", body_md="Où ?", by=settled())

    pages = [f"/api/v1/{around(card, name)}" for name in names]
    same_for_three(more, *(lambda page=page: cost(Client(), page) for page in pages))
    assert [len(public(around(card, name)).json()[name]) for name in names] == [3, 3]
