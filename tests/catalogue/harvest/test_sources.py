"""Sources: their pages, what is brought from them, links of cards, several voices for one card."""

import csv
import io
import itertools
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from catalogue.contributions import pasting
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.queries import descriptions
from catalogue.harvest import collection
from catalogue.harvest import links as link_checks
from catalogue.harvest import tasks as letters
from catalogue.harvest.collection import Collected, Doubtful
from catalogue.harvest.enums import LinkState, SourceStatus
from catalogue.harvest.links import Found
from catalogue.harvest.queries import Voice, merge
from catalogue.models import Contribution, HarvestedRecord, HarvestRun, LinkCheck, Resource, Source
from catalogue.resources.queries import quality as queries
from catalogue.standards.readers.detection import Place
from catalogue.standards.readers.record import Fault, Record, Value
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import QuotaSpent
from portal.lib.web import http
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, UserFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import HarvestRunFactory, LinkCheckFactory, SourceFactory, datagouv
from tests.ledger import cost, same_for_three
from tests.sites import INSIDE, Reply, Site, endless, leads, listener, says, site

pytestmark = pytest.mark.django_db

PROPOSE, DEAD = "/moissonnage/proposer/", "/moderation/liens-morts/"
LINES = [
    {"id": "a", "title": "Un", "state": "created", "message": "", "fields": ["title"]},
    {
        "id": "=1+1",
        "title": "Deux",
        "state": "refused",
        "code": "id_repeated",
        "message": "Plusieurs notices…",
        "remarks": [{"code": "x", "message": "Trop long", "field": "title", "value": "=cmd"}],
    },
]


@pytest.fixture
def editor() -> User:
    """Make an editor of an organisation."""
    return MembershipFactory(role="editor").user


@pytest.fixture
def own(editor: User) -> Client:
    return signed_in(editor)


@pytest.fixture
def desk() -> Client:
    return signed_in(UserFactory(region="moderator"))


def holder(user: User) -> Any:
    """Give the organisation of an editor."""
    return user.memberships.get().organisation


def address(source: Source, run: HarvestRun | None = None) -> str:
    """Give the address of a source or of a passage."""
    return f"/moissonnage/{source.public_id}/" + (f"{run.public_id}/" if run else "")


def act(client: Client, source: Source, name: str, **more: str) -> int:
    """Press a button of the page of a source."""
    return client.post(address(source), {"act": name, **more}).status_code


def test_proposed_then_approved_then_run(own: Client, desk: Client, editor: User) -> None:
    form = {
        "organisation": str(holder(editor).public_id),
        "title": "Observatoire",
        "kind": "ckan",
        "url": "https://ckan.exemple.test/",
        "frequency": "daily",
    }
    wrong = own.post(PROPOSE, {**form, "url": "http://u:p@exemple.test/"})
    assert wrong.status_code == 422
    assert "identifiant ou un mot de passe" in wrong.text
    own.post(PROPOSE, form)
    source = Source.objects.get()
    assert (source.status, source.key) == (SourceStatus.PROPOSED, "observatoire")
    assert own.post(PROPOSE, form).status_code == 422  # known
    assert [act(own, source, name) for name in ("approve", "run")] == [403, 409]
    judge = UserFactory(region="moderator")
    MembershipFactory(user=judge, organisation=holder(editor), role="editor")
    tied = signed_in(User.objects.get(pk=judge.pk))  # nobody decides for their own
    assert act(tied, source, "approve") == 403
    assert "Approuver" not in tied.get(address(source)).text
    act(own, source, "preview")
    assert source.runs.get().is_preview
    assert act(desk, source, "refuse", message=" ") == 422
    act(desk, source, "approve_reviewed")
    source.refresh_from_db()
    assert (source.status, source.publishes) == (SourceStatus.APPROVED, False)
    topics = set(Outbox.objects.values_list("topic", flat=True))
    assert {"mail.source_proposed", "mail.source_decided"} <= topics


def test_the_report_of_a_passage(own: Client, editor: User) -> None:
    source = SourceFactory(organisation=holder(editor), approved=True)
    run = HarvestRunFactory(source=source, complete=True, lines=LINES, counts={"created": 1})
    page = own.get(address(source, run)).text
    assert ("Titre" in page, "Trop long" in page) == (True, True)
    assert "Deux" not in own.get(address(source, run) + "?etat=created").text
    told = own.get(f"{address(source, run)[:-1]}.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(told), delimiter=";"))
    assert [len(row) for row in rows] == [7, 7, 7, 7]
    assert not any(cell.startswith("=") for row in rows for cell in row)


@pytest.mark.parametrize("state", ["suspicious", "failed"])
def test_a_passage_that_touched_nothing_says_why(own: Client, editor: User, state: str) -> None:
    source = SourceFactory(organisation=holder(editor), approved=True)
    why = "La source n’a donné aucune notice."
    run = HarvestRunFactory(source=source, complete=True, state=state, message=why)
    for path in (address(source), address(source, run)):
        assert "aucune notice" in own.get(path).text


def test_what_the_pages_cost(own: Client, editor: User) -> None:
    made: list[Source] = []

    def more() -> None:
        made.append(SourceFactory(organisation=holder(editor), approved=True))
        size = len(made)
        HarvestRunFactory.create_batch(size, source=made[-1], complete=True, lines=LINES)

    counts = same_for_three(
        more,
        lambda: cost(own, "/moissonnage/"),
        lambda: cost(own, address(made[-1])),
        lambda: cost(own, address(made[-1], made[-1].runs.first())),
    )
    assert counts == [8, 10, 7]


def test_links_dead_for_a_month(desk: Client) -> None:
    def dead(days: int, **more: Any) -> None:
        since = clock.now() - timedelta(days=days)
        LinkCheckFactory(
            dead_since=since, failures=3, first_failed_at=since, state="gone", status=404, **more
        )

    dead(29, url="https://exemple.test/hier")
    assert DEAD in desk.get("/moissonnage/").text
    same_for_three(lambda: dead(31), lambda: cost(desk, DEAD))
    dead(31, url="https://exemple.test/jadis")
    page = desk.get(DEAD).text
    assert ("jadis" in page, "/hier" in page) == (True, False)


def test_letters(mailoutbox: list[Any], editor: User) -> None:
    judge = UserFactory(region="moderator")
    source = SourceFactory(organisation=holder(editor), proposed_by=editor)
    run = HarvestRunFactory(source=source, complete=True, message="Aucune notice.")
    now = clock.now()
    check = LinkCheckFactory(
        failures=3, first_failed_at=now, dead_since=now, resource__author=editor
    )
    letters.source_proposed_letter(source.pk)
    letters.source_decided_letter(source.pk)
    letters.suspicious_letter(run.pk)
    letters.conflict_letter(source.pk, check.resource.pk)
    letters.dead_link_letter(check.pk)
    assert [message.to[0] for message in mailoutbox] == [judge.email, *[editor.email] * 4]
    assert all("http" in message.body for message in mailoutbox)


def test_a_moderator_sets_the_priorities_of_a_source(
    own: Client, desk: Client, editor: User
) -> None:
    source = SourceFactory(publishing=True, organisation=holder(editor))
    now = clock.now()
    HarvestedRecord.objects.create(source=source, remote_id="a", digest="x", changed_at=now)
    form = {"priority": "70", "completes": "on", "field": "title", "field_priority": "90"}

    def ranked() -> tuple[int, bool, dict[str, int]]:
        source.refresh_from_db()
        return source.priority, source.completes, source.priorities

    shown = ["Priorités de cette source" in each.get(address(source)).text for each in (own, desk)]
    assert shown == [False, True]
    assert [act(each, source, "rank", **form) for each in (own, desk)] == [403, 302]
    assert ranked() == (70, True, {"title": 90})
    assert source.records.get().digest == ""
    assert AuditEvent.objects.filter(action="source.ranked").count() == 1
    for wrong in (
        {"priority": "101"},
        {"priority": ""},
        {"field": "title_en"},
        {"field": "", "field_priority": "3"},
        {"field": "slug", "field_priority": "3"},
        {"of_title": "-1"},
    ):
        given = {**form, "field": "", "field_priority": "", **wrong}
        assert act(desk, source, "rank", **given) == 422, wrong
    again = {"priority": "60", "of_title": "", "field": "tags", "field_priority": "5"}
    assert act(desk, source, "rank", **again) == 302
    assert ranked() == (60, False, {"tags": 5})


@pytest.fixture
def there(settings: Any) -> Iterator[Site]:
    """Run a site that may be reached."""
    with site(settings) as made:
        yield made


def bring(kind: str, url: str) -> Collected:
    """Collect a source."""
    return collection.from_site(kind, url, tell=lambda _done, _total: None)


def ids(found: Collected) -> list[str]:
    """List the identifiers that were brought."""
    return [each.remote_id for each in found.records]


def doubt(kind: str, url: str) -> str:
    """Return the code of the doubt that a source raises."""
    with pytest.raises(Doubtful) as caught:
        bring(kind, url)
    assert caught.value.message
    return caught.value.code


def asked(answer: Any) -> Reply:
    """Answer from what the query asks: answer(query) gives (content, media type)."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        body, kind = answer(query)
        says(body.encode(), kind=kind)(handler)

    return reply


def test_datagouv_pages(there: Site) -> None:
    def page(query: dict[str, str]) -> tuple[str, str]:
        number = int(query.get("page", 1))
        more = f"{there.url}/api/1/datasets/?page={number + 1}&page_size=100"
        rows = [datagouv(2 * number - 1), datagouv(2 * number)]
        told = {"data": rows, "total": 6, "next_page": more if number < 3 else None}
        return json.dumps(told), "application/json"

    there.replies["/api/1/datasets/"] = asked(page)
    found = bring("datagouv", f"{there.url}/api/1/datasets/?organization=o1")
    assert ids(found) == [f"jeu-{n}" for n in range(1, 7)]
    assert found.pages == 3
    assert "organization=o1" in there.asked[0][1]


def test_a_feed_that_stops_short_is_doubted(there: Site) -> None:
    short = {"data": [datagouv(1)], "total": 40, "next_page": None}
    there.replies["/a"] = says(json.dumps(short).encode())
    assert doubt("datagouv", f"{there.url}/a") == "truncated"
    there.replies["/b"] = says(
        json.dumps(
            {"data": [datagouv(1)], "total": 4, "next_page": f"{there.url}/b?page_size=100"}
        ).encode()
    )
    assert doubt("datagouv", f"{there.url}/b?page_size=100") == "loop"
    there.replies["/c"] = says(b"en panne", status=503)
    assert doubt("datagouv", f"{there.url}/c") == "no_answer"
    there.replies["/d"] = says(b"<html>")
    assert doubt("datagouv", f"{there.url}/d") == "unreadable"


def test_a_page_that_leads_inside_is_refused(there: Site, settings: Any) -> None:
    with listener("127.0.0.2") as (port, came):
        settings.HTTP_PORTS = (*settings.HTTP_PORTS, port)
        more = f"http://{INSIDE}:{port}/"
        told = {"data": [datagouv(1)], "total": 2, "next_page": more}
        there.replies["/a"] = says(json.dumps(told).encode())
        with pytest.raises(http.NotFetched) as caught:
            bring("datagouv", f"{there.url}/a")
        assert caught.value.code == "address_refused"
        there.replies["/b"] = leads(more)
        with pytest.raises(http.NotFetched):
            bring("datagouv", f"{there.url}/b")
        assert came == []


def test_ckan_pages(there: Site) -> None:
    def page(query: dict[str, str]) -> tuple[str, str]:
        start = int(query["start"])
        rows = [
            {"id": f"c{n}", "name": f"c{n}", "title": f"Jeu {n}", "type": "dataset"}
            for n in range(start, min(start + 2, 5))
        ]
        return json.dumps({"success": True, "result": {"count": 5, "results": rows}}), "text/json"

    there.replies["/api/3/action/package_search"] = asked(page)
    assert ids(bring("ckan", there.url)) == ["c0", "c1", "c2", "c3", "c4"]
    assert [path.split("start=")[1] for _m, path, _h in there.asked] == ["0", "2", "4"]


TURTLE = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
<{url}/c> a dcat:Catalog ; dct:title "Catalogue" ; dcat:dataset <{url}/jeu/{n}> .
<{url}/jeu/{n}> a dcat:Dataset ; dct:identifier "d{n}" ; dct:title "Jeu {n}"@fr .
<{url}/c?page={n}> a hydra:PagedCollection ; hydra:totalItems 3 {next} .
"""


def test_dcat_pages(there: Site) -> None:
    def page(query: dict[str, str]) -> tuple[str, str]:
        n = int(query.get("page", 1))
        following = f"; hydra:nextPage <{there.url}/c?page={n + 1}>" if n < 3 else ""
        return TURTLE.format(url=there.url, n=n, next=following), "text/turtle"

    there.replies["/c"] = asked(page)
    assert ids(bring("dcat", f"{there.url}/c")) == ["d1", "d2", "d3"]
    assert "text/turtle" in there.asked[0][2]["accept"]


def test_a_malformed_value_breaks_no_page(there: Site) -> None:
    """Only what could not be read keeps absences from being noted."""
    page = TURTLE.format(url=there.url, n=1, next="").replace("totalItems 3", "totalItems 1")
    page += f'<{there.url}/jeu/1> dct:issued "2026-13-45"^^xsd:date ; dcat:landingPage <a b> .'
    page = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ." + page
    there.replies["/c"] = says(page.encode(), kind="text/turtle")
    found = bring("dcat", f"{there.url}/c")
    assert ids(found) == ["d1"]
    assert [name for name, _reading in found.remarked] == [f"{there.url}/c"]
    assert found.broken == []


OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-11-26T00:00:00Z</responseDate>
<request verb="ListRecords">{url}</request><ListRecords>
<record><header><identifier>oai:x:{n}</identifier><datestamp>2026-11-01</datestamp></header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Jeu {n}</dc:title>
 <dc:type>Dataset</dc:type></oai_dc:dc></metadata></record>
{token}</ListRecords></OAI-PMH>"""


def test_a_page_read_in_part_is_broken_and_its_records_are_kept(there: Site) -> None:
    """What an unknown context defined was not read: it is not absent."""
    dcat = "http://www.w3.org/ns/dcat#"
    page = {
        "@context": ["https://away.example/context.jsonld", {"dcat": dcat}],
        "@id": f"{there.url}/jeu/1",
        "@type": "dcat:Dataset",
        "http://purl.org/dc/terms/title": "Un jeu",
    }
    there.replies["/c"] = says(json.dumps(page).encode(), kind="application/ld+json")
    found = bring("dcat", f"{there.url}/c")
    assert (len(found.records), len(found.broken), found.remarked) == (1, 1, [])


def test_oai_pages(there: Site) -> None:
    def page(query: dict[str, str]) -> tuple[str, str]:
        n = int(query.get("resumptionToken", "t1")[1:])
        token = f"<resumptionToken>t{n + 1}</resumptionToken>" if n < 3 else "<resumptionToken/>"
        return OAI.format(url=there.url, n=n, token=token), "text/xml"

    there.replies["/oai"] = asked(page)
    assert ids(bring("oai", f"{there.url}/oai")) == ["oai:x:1", "oai:x:2", "oai:x:3"]
    assert parse_qs(urlsplit(there.asked[0][1]).query) == {
        "verb": ["ListRecords"],
        "metadataPrefix": ["oai_dc"],
    }
    assert set(parse_qs(urlsplit(there.asked[1][1]).query)) == {"verb", "resumptionToken"}


CSW = """<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
 xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">
<csw:SearchResults numberOfRecordsMatched="3" numberOfRecordsReturned="1" nextRecord="{next}">
<gmd:MD_Metadata><gmd:fileIdentifier><gco:CharacterString>iso-{n}</gco:CharacterString>
</gmd:fileIdentifier><gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation>
<gmd:CI_Citation><gmd:title><gco:CharacterString>Carte {n}</gco:CharacterString></gmd:title>
</gmd:CI_Citation></gmd:citation></gmd:MD_DataIdentification></gmd:identificationInfo>
</gmd:MD_Metadata></csw:SearchResults></csw:GetRecordsResponse>"""


def test_csw_pages(there: Site) -> None:
    def page(query: dict[str, str]) -> tuple[str, str]:
        n = int(query["startPosition"])
        return CSW.format(n=n, next=n + 1 if n < 3 else 0), "application/xml"

    there.replies["/csw"] = asked(page)
    assert ids(bring("csw", f"{there.url}/csw")) == ["iso-1", "iso-2", "iso-3"]


CARD = "---\nlicense: mit\nlanguage: fr\n---\n# Modèle {name}\n\nUn modèle d’appariement.\n"


def test_hugging_face_cards(there: Site) -> None:
    rows = [{"id": "region/un"}, {"id": "region/deux"}, {"id": "../secret"}]
    there.replies |= {
        "/api/models": says(json.dumps(rows).encode(), Link=f'<{there.url}/api/suite>; rel="next"'),
        "/api/suite": says(json.dumps([{"id": "region/trois"}]).encode()),
        "/region/un/raw/main/README.md": says(CARD.format(name="Un").encode(), kind="text/plain"),
        "/region/trois/raw/main/README.md": says(CARD.format(name="Trois").encode()),
    }
    found = bring("hf", f"{there.url}/api/models?author=region")
    assert len(found.records) == 2
    assert [path for _m, path, _h in there.asked] == [
        "/api/models?author=region",
        "/region/un/raw/main/README.md",
        "/region/deux/raw/main/README.md",
        "/api/suite",
        "/region/trois/raw/main/README.md",
    ]


def test_a_card_that_is_not_given_fails_alone(there: Site) -> None:
    """What was not read is not absent: it is told with its code, and the others are read."""
    names = ["large", "busy", "closed", "none", "un"]
    card = "/region/{}/raw/main/README.md"
    there.replies |= {
        "/api/models": says(json.dumps([{"id": f"region/{name}"} for name in names]).encode()),
        card.format("large"): says(b"x" * 1_000_001),
        card.format("busy"): says(b"", status=429),
        card.format("closed"): says(b"", status=401),
        card.format("un"): says(CARD.format(name="Un").encode(), kind="text/plain"),
    }
    found = bring("hf", f"{there.url}/api/models?author=region")
    assert len(found.records) == 1
    told = {name.rpartition("/")[2]: reading.faults[0].code for name, reading in found.broken}
    assert told == {"large": "too_large", "busy": "status_429", "closed": "status_401"}


def test_a_passage_is_bounded(there: Site, settings: Any) -> None:
    told = {"data": [datagouv(1), datagouv(2)], "total": 2, "next_page": None}
    there.replies["/a"] = says(json.dumps(told).encode())
    settings.HARVEST_MOST_ITEMS = 1
    assert doubt("datagouv", f"{there.url}/a") == "too_many"
    settings.HTTP_RUN_MAX_BYTES = 10
    with pytest.raises(http.NotFetched) as caught:
        bring("datagouv", f"{there.url}/a")
    assert caught.value.code == "budget"


def test_one_deadline_for_all_the_addresses_of_a_paste(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at, left = [1_000.0], []

    def fetch(url: str, *, seconds: float, **_options: Any) -> http.Answer:
        left.append(seconds)
        at[0] += 6
        if seconds < 6:
            raise http.NotFetched("too_slow", url=url)
        return http.Answer(url, 404, {}, b"")

    four = [Place(f"https://a.test/{n}", "https://a.test", "x", "") for n in range(4)]
    monkeypatch.setattr(pasting, "places", lambda _url: four)
    monkeypatch.setattr(pasting.http, "fetch", fetch)
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    settings.HTTP_SECONDS = 10
    with pytest.raises(http.NotFetched) as caught:
        pasting.from_address("https://a.test")
    assert (caught.value.code, left) == ("too_slow", [10, 4])


def test_what_was_read_is_kept_when_its_readme_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fetch(url: str, **_options: Any) -> http.Answer:
        if url.endswith("README.md"):
            raise http.NotFetched("network_away", url=url)
        return http.Answer(url, 200, {}, b"cff-version: 1.2.0\ntitle: Un outil\nmessage: M\n")

    two = [
        Place("https://a.test/CITATION.cff", "https://a.test", "cff", "CITATION.cff"),
        Place("https://a.test/README.md", "https://a.test", "readme", "README.md"),
    ]
    monkeypatch.setattr(pasting, "places", lambda _url: two)
    monkeypatch.setattr(pasting.http, "fetch", fetch)
    assert pasting.from_address("https://a.test").reading.records[0].title == "Un outil"


def test_one_reading_a_person_and_a_few_in_all(own: Client, editor: User, settings: Any) -> None:
    settings.PASTES_AT_A_TIME = 2
    with pasting.reading(editor.pk):
        answer = own.post("/contribuer/coller/", {"url": "https://a.test/"})
        with pasting.reading(-2), pytest.raises(QuotaSpent), pasting.reading(-3):
            pass
        with pasting.reading(-3):  # what was refused holds nothing
            pass
    assert answer.status_code == 429
    assert answer.context["form"].non_field_errors() == [str(pasting.OWN_BUSY)]
    assert 'value="https://a.test/"' in answer.text
    with pytest.raises(RuntimeError), pasting.reading(editor.pk):
        raise RuntimeError
    with pasting.reading(editor.pk):
        pass


@pytest.fixture
def nobody(there: Site, settings: Any) -> str:
    """Give an address where nobody listens."""
    settings.HTTP_PORTS = (*settings.HTTP_PORTS, 1)
    return "http://127.0.0.1:1/"


def only_get(reply: Reply) -> Reply:
    """Refuse HEAD, as old servers do."""
    refuse = says(b"", status=405)
    return lambda handler: (refuse if handler.command == "HEAD" else reply)(handler)


def test_what_a_check_finds(there: Site) -> None:
    there.replies |= {
        "/ok": says(b"x" * 20, kind="text/csv; charset=utf-8", ETag='"a"'),
        "/moved": leads("/ok", status=301),
        "/turn": leads("/ok"),
        "/gone": says(b"", status=410),
        "/shut": says(b"", status=403),
        "/down": says(b"", status=500),
        "/large": only_get(endless),
        "/lost": says(b"x" * 50_000, status=404),
        "/page": says(b"x" * 50_000, status=500, Content_Encoding="br"),
    }
    ok = link_checks.check(there.url + "/ok")
    assert ok == Found(LinkState.OK, status=200)
    assert [method for method, _path, _headers in there.asked] == ["HEAD"]
    moved = link_checks.check(there.url + "/moved")
    assert (moved.state, moved.moved_to) == (LinkState.MOVED, there.url + "/ok")
    states = {
        "/turn": LinkState.OK,
        "/large": LinkState.OK,
        "/lost": LinkState.GONE,
        "/page": LinkState.ERROR,
        "/gone": LinkState.GONE,
        "/none": LinkState.GONE,
        "/shut": LinkState.BLOCKED,
        "/down": LinkState.ERROR,
    }
    assert {path: link_checks.check(there.url + path).state for path in states} == states
    method, _path, headers = there.asked[-1]
    assert (method, headers["range"]) == ("GET", "bytes=0-4095")
    assert link_checks.check("http://127.0.0.2/").state == LinkState.ERROR


def noted(check: LinkCheck, state: LinkState, *, hours: int = 0) -> LinkCheck:
    """Write down a result, then let so many hours go by."""
    found = link_checks.note_check(check=check, found=Found(state))
    if found.first_failed_at is not None:
        found.first_failed_at -= timedelta(hours=hours)
        found.save(update_fields=["first_failed_at"])
    return found


def dead_links() -> int | None:
    return Resource.objects.get().dead_links


def test_a_link_is_asked_less_while_it_answers_and_dead_after_three_failures_in_two_days() -> None:
    check, waits = LinkCheckFactory(), []
    for _ in range(6):
        check = noted(check, LinkState.OK)
        waits.append((check.next_check_at - check.checked_at) // timedelta(hours=1))
    assert waits == [12, 24, 168, 720, 720, 720]
    for hours in (24, 23, 0):  # three, but 47 hours
        check = noted(check, LinkState.GONE, hours=hours)
        assert check.dead_since is None
    check.first_failed_at = clock.now() - timedelta(hours=48)
    check.save()
    check = noted(check, LinkState.ERROR)
    assert (check.dead_since is None, dead_links()) == (False, 1)
    noted(check, LinkState.GONE)
    assert Outbox.objects.filter(topic="mail.link_dead").count() == 1
    back = noted(check, LinkState.OK)
    assert (back.failures, back.dead_since, back.told_at) == (0, None, None)
    assert dead_links() == 0


@pytest.mark.parametrize("state", [LinkState.UNKNOWN, LinkState.BLOCKED])
def test_what_says_nothing_is_not_held_against_a_card(state: LinkState) -> None:
    check = LinkCheckFactory()
    for _ in range(5):
        check = noted(check, state)
    assert (check.failures, check.dead_since, dead_links()) == (0, None, None)


def test_a_page_that_moved_for_good_is_proposed_once_to_its_owner() -> None:
    holder = make.organisation("Observatoire")
    card = make.published(make.joined(make.person(), holder, Role.EDITOR), holder=holder)
    here, elsewhere = "https://exemple.test/ici", "https://exemple.test/ailleurs"
    Resource.objects.filter(pk=card.pk).update(homepage_url=here)
    moved = Found(LinkState.MOVED, status=200, moved_to=elsewhere)
    check = link_checks.note_check(check=LinkCheckFactory(resource=card, url=here), found=moved)
    drafts = Contribution.objects.filter(status=ContributionStatus.DRAFT)
    offer = drafts.get()
    assert (offer.content["homepage_url"], offer.organisation) == (elsewhere, holder)
    drafts.update(status=ContributionStatus.WITHDRAWN)
    link_checks.note_check(check=check, found=moved)
    assert not drafts.exists()
    assert Resource.objects.get().homepage_url == here


def test_quality_follows_links() -> None:
    url = "https://exemple.test/a.csv"
    card = ResourceFactory(
        published=True,
        kind="dataset",
        deposit="owned",
        details={"distributions": [{"download_url": url}]},
    )

    def available() -> bool:
        found = queries.assess(Resource.objects.get(), [])
        return next(each.met for each in found.criteria if each.code == "available")

    assert available() is False
    link_checks.register_all()
    check = card.link_checks.get(url=url)
    noted(check, LinkState.GONE)
    assert available() is False
    noted(check, LinkState.OK)
    assert available() is True
    LinkCheck.objects.filter(pk=check.pk).update(
        failures=2, first_failed_at=clock.now() - timedelta(days=3)
    )
    noted(check, LinkState.GONE)
    assert available() is False


def test_the_addresses_of_a_card_are_followed() -> None:
    card = ResourceFactory(published=True, repository_url="https://exemple.test/code")
    ResourceFactory(homepage_url="https://exemple.test/brouillon")
    assert [link_checks.register_all() for _ in range(2)] == [2, 0]
    other = "https://exemple.test/autre"
    Resource.objects.filter(pk=card.pk).update(repository_url=other)
    assert link_checks.register_all() == 1
    followed = set(card.link_checks.values_list("url", flat=True))
    assert followed == {"https://example.org/", other}


def test_without_a_network_nobody_is_punished(nobody: str, there: Site) -> None:
    """All that is due fails as an absence of network would: unknown, until someone answers."""
    dead = LinkCheckFactory(url=nobody, host="a")
    assert link_checks.check_due() == 1
    dead.refresh_from_db()
    assert (dead.state, dead.failures) == (LinkState.UNKNOWN, 0)
    there.replies["/"] = says(b"")
    LinkCheckFactory(url=f"{there.url}/", host="b")
    LinkCheck.objects.update(next_check_at=clock.now())
    assert link_checks.check_due() == 2
    dead.refresh_from_db()
    assert (dead.state, dead.failures) == (LinkState.ERROR, 1)


def test_one_link_never_stops_the_pass(there: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    there.replies |= {"/ok": says(b""), "/lost": leads("http://[x"), "/kept": says(b"")}
    for path in ("/broken", "/lost", "/kept", "/ok"):
        LinkCheckFactory(url=there.url + path, host=path)
    check, note = link_checks.check, link_checks.note_check

    def failing_check(url: str) -> Found:
        if url.endswith("/broken"):
            raise RuntimeError
        return check(url)

    def failing_note(*, check: LinkCheck, found: Found) -> LinkCheck:
        if check.host == "/kept":
            raise RuntimeError
        return note(check=check, found=found)

    monkeypatch.setattr(link_checks, "check", failing_check)
    monkeypatch.setattr(link_checks, "note_check", failing_note)
    assert link_checks.check_due() == 4
    made = {each.host: each for each in LinkCheck.objects.all()}
    codes = {host: each.code for host, each in made.items()}
    assert codes == {"/broken": "internal", "/lost": "url_invalid", "/kept": "", "/ok": ""}
    assert made["/kept"].next_check_at > clock.now() + timedelta(hours=23)
    assert made["/ok"].state == LinkState.OK


def test_no_host_is_asked_more_than_its_share(
    settings: Any, there: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LINK_CHECKS_PER_HOST = 2
    monkeypatch.setattr(link_checks, "CHECKS_PER_PASS", 3)
    there.replies["/"] = says(b"")
    for host, path in (("a", "/?0"), ("a", "/?1"), ("a", "/?2"), ("a", "/?3"), ("b", "/?b")):
        LinkCheckFactory(url=there.url + path, host=host)
    assert link_checks.check_due() == 3
    assert [path for _m, path, _h in there.asked] == ["/?0", "/?b", "/?1"]


def record(remote_id: str = "a1", *, kind: str = "dataset", **values: Any) -> Record:
    """Make a record of these values; details are told apart by their names."""
    told = {"title": "Offres d’emploi", **values}
    details = {"distributions", "update_frequency", "last_update"}
    return Record(
        kind=kind,
        remote_id=remote_id,
        source_url=f"https://exemple.test/{remote_id}",
        fields={n: Value(v, "essai") for n, v in told.items() if n not in details},
        details={n: Value(v, "essai") for n, v in told.items() if n in details},
    )


@pytest.mark.parametrize(
    ("remote_id", "code"),
    [
        ("TODO", "id_placeholder"),
        ("A REMPLIR", "id_placeholder"),
        ("<identifier>", "id_placeholder"),
        ("n/a", "id_placeholder"),
        ("x" * 501, "id_too_long"),
        ("todo-list", ""),
        ("123", ""),
    ],
)
def test_identifiers(remote_id: str, code: str) -> None:
    found = descriptions.read_incoming(record(remote_id))
    assert found.refused == code
    assert bool(found.reason) is bool(code)


def test_an_identity_is_given_once() -> None:
    bare = Record(kind="dataset", source_url="https://exemple.test/a", fields=record().fields)
    assert descriptions.read_incoming(bare).remote_id == "https://exemple.test/a"
    nameless = Record(kind="dataset", fields=record().fields)
    one, other = (descriptions.read_incoming(nameless).remote_id for _ in range(2))
    assert one.startswith("sha256:")
    assert one == other
    twice = descriptions.read_all(
        [record("a"), record("b"), record("a", title="Autre"), record("b")]
    )
    assert [(each.remote_id, each.refused) for each in twice] == [
        ("a", "id_repeated"),
        ("b", ""),
        ("a", "id_repeated"),
    ]


def test_what_a_card_cannot_hold_is_named() -> None:
    found = descriptions.read_incoming(
        record(
            title="mot " * 60,
            homepage_url="pas une adresse",
            update_frequency="sometimes",
            tags=[f"mot-{n}" for n in range(70)],
            languages=["fr", "xx"],
            description="[" * 2_000,
            unknown_field="rien",
        )
    )
    assert not found.refused
    assert len(found.values["title"]) <= 120
    assert found.values["title"].endswith("…")
    assert len(found.values["tags"]) == 50
    assert found.values["languages"] == ["fr"]
    assert {"homepage_url", "update_frequency", "description"}.isdisjoint(found.values)
    assert {(r.code, r.field) for r in found.remarks} == {
        ("shortened", "title"),
        ("cut", "tags"),
        ("left_out", "homepage_url"),
        ("left_out", "update_frequency"),
        ("left_out", "languages"),
        ("left_out", "description"),
    }


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"licences": ["MIT"]}, "declared"),
        ({"licence_status": "declared"}, "to_confirm"),
        ({"licence_status": "none"}, "none"),
        ({"licence_status": "wrong"}, None),
    ],
)
def test_a_licence_and_its_status_agree(values: dict[str, Any], status: str | None) -> None:
    assert descriptions.read_incoming(record(**values)).values.get("licence_status") == status


def test_what_is_refused() -> None:
    assert descriptions.read_incoming(record(title="")).refused == "no_title"
    assert descriptions.read_incoming(record(kind="voiture")).refused == "kind"
    broken = Record("dataset", "a", faults=(Fault("bad", "Cassée.", fatal=True),))
    found = descriptions.read_incoming(broken)
    assert (found.refused, found.reason) == ("bad", "Cassée.")


DAY = "2026-11-26"
A = Voice("harvest:a", {"summary": "de A", "tags": ["a"]}, frozenset({"territories"}))
B = Voice("harvest:b", {"summary": "de B", "contact": "b"}, frozenset(), 60)
C = Voice("harvest:c", {"summary": "de C", "tags": ["c"]}, frozenset(), 10, {"tags": 99})


def card(**columns: object) -> Resource:
    """Make a card that is not stored."""
    return Resource(kind="dataset", title="Un jeu", **columns)


def test_the_order_of_voices_does_not_matter() -> None:
    one, other = Voice("harvest:x", {"summary": "x"}), Voice("harvest:y", {"summary": "y"})
    for order in ([one, other], [other, one]):  # equal trust is settled by the key
        assert merge(card(), order, day=DAY).values == {"summary": "y"}
    found = [merge(card(), order, day=DAY) for order in itertools.permutations([A, B, C])]
    assert all(each == found[0] for each in found)
    assert found[0].values == {"summary": "de B", "tags": ["c"], "contact": "b"}
    assert found[0].provenance["tags"] == {"origin": "harvest:c", "date": DAY, "verified": True}
    assert "territories" not in found[0].provenance  # B and C transmit it


def test_what_a_person_wrote_stays() -> None:
    mine = {"origin": "contributor", "verified": True}
    edited = card(summary="d’ici", tags=[], provenance={"summary": mine, "tags": mine})
    found = merge(edited, [A], day=DAY)
    assert found.values == {}
    assert found.held_back == {"summary": "de A", "tags": ["a"]}
    assert found.provenance["summary"] == mine


def test_what_a_source_no_longer_says_is_emptied() -> None:
    before = {"origin": "harvest:a", "date": DAY, "verified": True}
    fed = card(summary="de A", contact="x", provenance={"summary": before, "contact": before})
    found = merge(fed, [A], day=DAY)
    assert found.values == {"contact": None, "tags": ["a"]}
    assert "contact" not in found.provenance
    assert found.provenance["summary"] == before


def test_what_a_feed_does_not_carry_is_not_held_against_the_producer() -> None:
    found = merge(card(), [A], day=DAY)
    told = {"origin": "harvest:a", "verified": False, "transmitted": False}
    assert found.provenance["territories"] == told
    silent = card(provenance=dict(found.provenance))
    assert "territories" in silent.unverified_fields
    again = Voice("harvest:a", {"territories": ["93"]})
    assert merge(silent, [again], day=DAY).values["territories"] == ["93"]
