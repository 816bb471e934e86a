"""The OAI-PMH endpoint, read by an independent harvester."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from defusedxml import ElementTree as ET
from django.conf import settings
from django.test import Client

from catalogue.community.actions import maskings
from catalogue.enums import RemovalReason, ResourceKind, UseCase
from catalogue.models import Resource, Tombstone
from catalogue.pages.views import oai
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.queries import published as published_rows
from catalogue.search import index
from catalogue.standards.writers import oai_pmh
from catalogue.standards.writers.oai_pmh import OAI
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.catalogue.ledger import queries, same_for_three
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

sickle = pytest.importorskip("sickle", reason="sickle is not installed")
pytestmark = pytest.mark.django_db
BY = SystemActor("test")


@dataclass
class Answer:
    """What sickle reads of an answer."""

    text: str
    content: bytes
    encoding: str = "utf-8"

    def raise_for_status(self) -> None:
        """Accept: the endpoint answers 200 whatever the error of the protocol."""


class Harvester(sickle.Sickle):
    """Sickle, over the test client instead of the network."""

    client: Client
    between: Any = None

    def harvest(self, **arguments: str) -> Any:
        if self.between:
            self.between()
        answer = self.client.get("/oai", arguments)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        return sickle.response.OAIResponse(Answer(answer.text, answer.content), params=arguments)


@pytest.fixture
def harvester(client: Client) -> Harvester:
    found = Harvester(f"{settings.SITE_URL}/oai")
    found.client = client
    return found


def name(resource: Resource) -> str:
    return f"oai:127.0.0.1:{resource.public_id}"


def published(count: int, **values: Any) -> list[Resource]:
    """Publish many cards at once, some in the same second."""
    now = clock.now() - timedelta(days=1)
    rows = [
        Resource(
            slug=f"lot-{values.get('kind', 'x')}-{number}",
            title=f"Fiche {number} é",
            kind=ResourceKind.TECHNOLOGY,
            live=True,
            first_published_at=now + timedelta(seconds=number // 7),
            content_modified_at=now + timedelta(seconds=number // 7),
            **values,
        )
        for number in range(count)
    ]
    return Resource.objects.bulk_create(rows)


def errors(client: Client, **arguments: str) -> list[str]:
    root = ET.fromstring(client.get("/oai", arguments).content)
    return [str(each.get("code")) for each in root.findall(f"{{{OAI}}}error")]


def test_it_says_who_it_is_and_what_it_offers(harvester: Harvester) -> None:
    ResourceFactory(published=True, kind=ResourceKind.DATASET, use_cases=[UseCase.SME_NEEDS])
    who = harvester.Identify()
    assert (who.deletedRecord, who.granularity) == ("persistent", "YYYY-MM-DDThh:mm:ssZ")
    assert who.baseURL == f"{settings.SITE_URL}/oai"
    assert {each.metadataPrefix for each in harvester.ListMetadataFormats()} == {"oai_dc", "dcat"}
    assert {each.setSpec for each in harvester.ListSets()} == {
        "kind:dataset",
        "organisation:laboratoire-dessai",
        "use_case:sme_needs",
    }


def test_everything_is_harvested_with_its_removals(harvester: Harvester) -> None:
    kept = ResourceFactory(published=True, title="Gardée é « »", tags=["emploi"])
    gone = ResourceFactory(published=True, title="Retirée", kind=ResourceKind.DATASET)
    ResourceFactory(title="Brouillon")
    card_changes.bury(resource=gone, reason=RemovalReason.OWNER, by=BY)
    found = {
        each.header.identifier: each for each in harvester.ListRecords(metadataPrefix="oai_dc")
    }
    assert set(found) == {name(kept), name(gone)}
    assert found[name(gone)].header.deleted
    assert found[name(gone)].header.setSpecs == [
        "kind:dataset",
        "organisation:laboratoire-dessai",
    ]
    assert found[name(kept)].metadata["title"] == ["Gardée é « »"]
    assert f"{settings.SITE_URL}/id/{kept.public_id}" in found[name(kept)].metadata["identifier"]
    one = harvester.GetRecord(identifier=name(gone), metadataPrefix="oai_dc")
    assert one.header.deleted
    heads = harvester.ListIdentifiers(
        metadataPrefix="oai_dc", set="organisation:laboratoire-dessai"
    )
    assert {each.identifier for each in heads} == {name(kept), name(gone)}


@pytest.mark.slow
def test_insertions_and_changes_while_one_reads_lose_and_double_nothing(
    harvester: Harvester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 records; between two pages one appears and one already given or to come changes."""
    rows = published(1_000)
    changed = iter(rows[::90])

    def between() -> None:
        ResourceFactory(published=True)
        if (row := next(changed, None)) is not None:
            Resource.objects.filter(pk=row.pk).update(content_modified_at=clock.now())

    harvester.between = between
    found = [each.header.identifier for each in harvester.ListRecords(metadataPrefix="oai_dc")]
    assert len(found) == len(set(found))
    assert {name(row) for row in rows} <= set(found)
    assert len(found) == Resource.objects.public().count()
    assert len(found) > 1_000


def test_datasets_are_given_as_dcat_too(harvester: Harvester) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.DATASET, title="Jeu")
    ResourceFactory(published=True)
    (found,) = harvester.ListRecords(metadataPrefix="dcat")
    assert found.header.identifier == name(card)
    assert "http://www.w3.org/ns/dcat#" in found.raw
    assert f"/id/{card.public_id}" in found.raw


def test_a_window_is_in_utc_and_inclusive(client: Client, harvester: Harvester) -> None:
    card = ResourceFactory(published=True)
    at = (card.content_modified_at + timedelta(hours=1)).replace(microsecond=999_999)
    Resource.objects.filter(pk=card.pk).update(content_modified_at=at)
    before, stamp, after = (oai_pmh.stamp(at + timedelta(seconds=n)) for n in (-1, 0, 1))
    asked = {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"}

    def one() -> Any:
        window = {"metadataPrefix": "oai_dc", "from": stamp, "until": stamp}
        (found,) = harvester.ListIdentifiers(**window)
        assert errors(client, **asked, **{"from": after}) == ["noRecordsMatch"]
        assert errors(client, **asked, until=before) == ["noRecordsMatch"]
        return found

    assert one().datestamp == stamp
    card_changes.bury(resource=card, reason=RemovalReason.OWNER, by=BY)
    Tombstone.objects.update(removed_at=at)
    assert one().deleted


def test_each_error_of_the_protocol_is_told(client: Client) -> None:
    assert errors(client, verb="ListSets") == ["noSetHierarchy"]
    card = ResourceFactory(published=True)
    gone = ResourceFactory(published=True)
    card_changes.bury(resource=gone, reason=RemovalReason.OWNER, by=BY)
    dc = {"metadataPrefix": "oai_dc"}
    assert errors(client) == ["badVerb"]
    assert errors(client, verb="ListRecords") == ["badArgument"]
    assert errors(client, verb="ListRecords", resumptionToken="x") == ["badResumptionToken"]
    assert errors(client, verb="ListRecords", **dc, set="kind:news") == ["noRecordsMatch"]
    assert errors(client, verb="ListRecords", **dc, set="slug:x") == ["noRecordsMatch"]
    for identifier in ("x", f"oai:autre:{card.public_id}", f"{name(card)}0"):
        assert errors(client, verb="GetRecord", **dc, identifier=identifier) == ["idDoesNotExist"]
    lacking = {"verb": "GetRecord", "metadataPrefix": "dcat", "identifier": name(card)}
    assert errors(client, **lacking) == ["cannotDisseminateFormat"]
    formats = {"verb": "ListMetadataFormats", "identifier": name(gone)}
    assert errors(client, **formats) == ["noMetadataFormats"]


@pytest.mark.parametrize("query", ["set=a%00b", "set=a%01b", "from=2026-01-01&set=%00"])
def test_a_set_with_control_characters_is_no_error_of_ours(client: Client, query: str) -> None:
    answer = client.get(f"/oai?verb=ListRecords&metadataPrefix=oai_dc&{query}")
    assert answer.status_code == 200
    assert b'code="badArgument"' in answer.content


def test_a_token_lasts_a_day_and_serves_its_verb(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oai, "PAGE", 1)
    for _ in range(2):
        ResourceFactory(published=True)
    first = client.get("/oai", {"verb": "ListRecords", "metadataPrefix": "oai_dc"})
    token = ET.fromstring(first.content).find(f".//{{{OAI}}}resumptionToken")
    assert token is not None
    assert (token.get("cursor"), token.get("completeListSize")) == ("0", "2")
    given = {"resumptionToken": str(token.text)}
    assert errors(client, verb="ListRecords", **given) == []
    assert errors(client, verb="ListIdentifiers", **given) == ["badResumptionToken"]
    forged = {"resumptionToken": str(token.text)[:-2] + "xx"}
    assert errors(client, verb="ListRecords", **forged) == ["badResumptionToken"]
    monkeypatch.setattr(oai, "TOKEN_HOURS", -1)
    assert errors(client, verb="ListRecords", **given) == ["badResumptionToken"]


def test_it_answers_a_form_and_costs_the_same_for_one_and_three() -> None:
    client = Client(enforce_csrf_checks=True)

    def read() -> None:
        answer = client.post("/oai", {"verb": "ListRecords", "metadataPrefix": "dcat"})
        assert b"ListRecords" in answer.content

    same_for_three(
        lambda: ResourceFactory(published=True, kind=ResourceKind.DATASET), lambda: queries(read)
    )


def test_what_is_back_from_the_archives_is_told_anew(client: Client, harvester: Harvester) -> None:
    """Who reads what changed since yesterday learns that it is archived, then that it is back."""
    old = clock.now() - timedelta(days=9)
    for card in (ResourceFactory(published=True), ResourceFactory(published=True)):
        Resource.objects.filter(pk=card.pk).update(
            first_published_at=old, content_modified_at=old, created_at=old
        )
        index.write(Resource.objects.with_organisation().get(pk=card.pk))
    resource = Resource.objects.order_by("pk")[0]
    ago = clock.now() - timedelta(hours=1)

    def told() -> list[str]:
        """List what changed within the hour, by OAI-PMH."""
        since = {"from": oai_pmh.stamp(ago), "metadataPrefix": "oai_dc"}
        return [each.header.identifier for each in harvester.ListRecords(**since)]

    card_changes.set_aside(resource=resource, reason="Absente.", by=BY)
    assert told() == [name(resource)]
    archived = Resource.objects.get(pk=resource.pk).archived_at
    card_changes.bring_back(resource=resource, by=BY)
    fresh = Resource.objects.get(pk=resource.pk)
    assert fresh.restored_at is not None
    assert archived is not None
    assert fresh.restored_at > archived
    assert told() == [name(resource)]
    assert published_rows.published_one(fresh).modified == fresh.restored_at
    feed = client.get("/flux/ressources.atom").text
    first = feed.index(f"urn:uuid:{resource.public_id}")
    assert first < feed.index("urn:uuid:", first + 1)
    assert first == feed.index("urn:uuid:")


def test_what_is_hidden_is_told_as_removed_until_it_is_shown_again(harvester: Harvester) -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.DATASET, use_cases=[UseCase.SME_NEEDS])
    judge = make.moderator("un")
    names = ["kind:dataset", "organisation:laboratoire-dessai", "use_case:sme_needs"]
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=judge)
    for asked in ({}, {"set": names[2]}, {"set": names[1]}):
        (row,) = harvester.ListRecords(metadataPrefix="dcat", **asked)
        assert (row.header.deleted, row.header.setSpecs) == (True, names)
    one = harvester.GetRecord(identifier=name(card), metadataPrefix="oai_dc")
    assert one.header.deleted
    assert errors(harvester.client, verb="ListRecords", metadataPrefix="dcat", set="kind:model")
    since = oai_pmh.stamp(clock.now() - timedelta(seconds=2))
    Resource.objects.update(content_modified_at=clock.now() - timedelta(days=9))
    Resource.objects.update(first_published_at=clock.now() - timedelta(days=9))
    maskings.lift(masking=masking, by=judge)
    (row,) = harvester.ListRecords(**{"metadataPrefix": "oai_dc", "from": since})
    assert not row.header.deleted
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=judge)
    card_changes.bury(resource=card, reason=RemovalReason.ILLEGAL, by=BY, keep_title=False)
    (row,) = harvester.ListRecords(metadataPrefix="oai_dc", set="kind:dataset")
    assert (row.header.deleted, row.header.setSpecs) == (True, names)


@pytest.mark.parametrize("bad", ["\x00", "\x01", "\x1f", "\ufffe", "\ud800"])
@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("ListRecords", "set"),
        ("GetRecord", "identifier"),
        ("ListSets", "resumptionToken"),
        ("ListRecords", "metadataPrefix"),
        ("Identify", "autre\x00"),
    ],
)
def test_a_character_that_xml_cannot_hold_is_never_written_back(
    verb: str, name: str, bad: str
) -> None:
    pairs = [("verb", verb), ("metadataPrefix", "oai_dc"), (name, f"kind:{bad}x")]
    pairs = pairs[:1] + pairs[2:] if name == "metadataPrefix" else pairs
    with pytest.raises(oai_pmh.OaiError) as caught:
        oai_pmh.read(pairs)
    assert caught.value.code == "badArgument"
    answer = oai_pmh.answer(
        caught.value, base="https://exemple.test/oai", arguments=pairs, at=clock.now()
    )
    assert ET.fromstring(answer).find(f"{{{oai_pmh.OAI}}}error").get("code") == "badArgument"
    assert bad.encode("utf-8", "surrogatepass") not in answer


def test_a_set_with_accents_and_emoji_is_read() -> None:
    asked = oai_pmh.read(
        [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("set", "organisation:é 🌊")]
    )
    assert asked.set == "organisation:é 🌊"
