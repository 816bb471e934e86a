"""Read the catalogue by the API: what the pages show, in pages of a list, with an ETag."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import alerts
from catalogue.contributions.actions import drafts, review
from catalogue.enums import DecisionReason, LinkType, ResourceKind
from catalogue.models import FormerSlug, SavedSearch
from catalogue.resources.actions import transfers
from catalogue.resources.schemas import CardOut, ResourcesOut, VocabulariesOut
from catalogue.search.query import ResourceQuery
from catalogue.validators.fields import DETAILS
from portal.accounts.enums import Role, TokenScope
from portal.accounts.models import User
from tests.catalogue.ledger import cost, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import bearer
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.portal.test_api import problem

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
        {"limit": 51},
        {"cursor": "x"},
        {"q": "a", "cursor": "bnVsbA=="},
        {"q": "a", "cursor": "WzEsIDFd"},
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


def test_the_files_of_what_is_had_on_request_have_no_address(client: Client) -> None:
    secret = "https://example.org/secret.csv"
    card = ResourceFactory(
        published=True,
        kind="dataset",
        access="on_request",
        details={"distributions": [{"title": "Secret", "download_url": secret}]},
        provenance={"distributions": {"origin": "contributor", "key": secret}},
    )
    assert "ecret" not in client.get(f"{RESOURCES}/{card.slug}").text.replace(card.slug, "")


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


def test_searches_are_ones_own(client: Client) -> None:
    by = make.person()
    alerts.save(query=ResourceQuery(q="emploi"), title="Mon alerte", frequency="feed", by=by)
    told = client.get("/api/v1/searches", headers=bearer(by)).json()["searches"]
    assert [(each["title"], each["query"]) for each in told] == [("Mon alerte", "q=emploi")]
    assert "/flux/recherches/" in told[0]["feed"]
    assert client.get("/api/v1/searches", headers=bearer(make.person())).json()["searches"] == []


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


@pytest.mark.parametrize("body", ["[]", "null", "{}", '{"query": []}', '{"query": null}'])
def test_what_is_no_search_keeps_none(client: Client, body: str) -> None:
    headers = bearer(make.person(), TokenScope.CONTRIBUTE)
    answer = client.post("/api/v1/searches", body, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not SavedSearch.objects.exists()
