"""The pages of a source, brought one after the other; what pasting an address may hold."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory

from catalogue.contributions import pasting
from catalogue.contributions.views import pasting as paste_pages
from catalogue.harvest import collection
from catalogue.harvest.collection import Collected, Doubtful
from catalogue.standards.readers.detection import Place
from portal.lib import http
from portal.lib.http import NotFetched
from portal.lib.refusals import QuotaSpent
from tests.factories.harvests import datagouv
from tests.sites import INSIDE, Reply, Site, leads, listener, says, site


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
        with pytest.raises(NotFetched) as caught:
            bring("datagouv", f"{there.url}/a")
        assert caught.value.code == "address_refused"
        there.replies["/b"] = leads(more)
        with pytest.raises(NotFetched):
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
    with pytest.raises(NotFetched) as caught:
        bring("datagouv", f"{there.url}/a")
    assert caught.value.code == "budget"


def test_one_reading_a_person_and_a_few_in_all(settings: Any) -> None:
    settings.PASTES_AT_A_TIME = 2
    with pasting.reading(1):
        with pytest.raises(QuotaSpent), pasting.reading(1):
            pass
        with pasting.reading(2), pytest.raises(QuotaSpent), pasting.reading(3):
            pass
        with pasting.reading(3):  # what was refused holds nothing
            pass
    with pytest.raises(RuntimeError), pasting.reading(1):
        raise RuntimeError
    with pasting.reading(1):
        pass


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


def test_a_second_paste_is_refused_with_what_was_given(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    monkeypatch.setattr(paste_pages, "person", lambda _request: SimpleNamespace(pk=7))
    monkeypatch.setattr(paste_pages, "require", lambda *_args: None)
    monkeypatch.setattr(paste_pages, "spend", lambda _request: None)
    monkeypatch.setattr(
        paste_pages, "render", lambda _r, _t, context, status: (status, context["form"])
    )
    monkeypatch.setattr(
        paste_pages.pasting, "from_address", lambda _url: pytest.fail("it was read")
    )
    with pasting.reading(7):
        status, form = paste_pages.Paste().post(rf.post("/", {"url": "https://a.test/"}))
    assert status == 429
    assert form.non_field_errors() == [str(pasting.OWN_BUSY)]
    assert form["url"].value() == "https://a.test/"
