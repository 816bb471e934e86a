"""The readers: every file of the corpora, the child that reads, traits of real portals."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogue.standards import languages, readers
from catalogue.standards.licences import OPEN_LICENCE_1
from catalogue.standards.readers import child, detect, formats
from catalogue.standards.readers.record import Reading, Record, from_json, to_json
from catalogue.standards.readers.serve import read_here
from catalogue.standards.readers.syntax.text import CODE, TAG

Place = Callable[..., Path]
SURPRISES = ("reading_failed", "reading_lost", "reading_time", "reading_memory")


@pytest.fixture
def corpus(shared: Path) -> Place:
    return lambda *parts: shared.joinpath("cases", "catalogue", *parts)


def told(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "expected.json").read_text("utf-8"))["files"]
    return found


def read(code: str, path: Path, base_url: str = "") -> Reading:
    found = read_here(code, path.read_bytes(), base_url=base_url)
    assert not [each for each in found.faults if each.code in SURPRISES], path
    return found


def value(record: Record, name: str) -> Any:
    found = record.fields.get(name) or record.details.get(name)
    return found.value if found else None


def differences(facts: dict[str, Any], seen: Callable[[str, Any], object]) -> dict[str, object]:
    """Say what differs, file by file: seen(name, fact) gives what is wrong, or nothing."""
    found = {name: seen(name, fact) for name, fact in facts.items()}
    assert found
    return {name: wrong for name, wrong in found.items() if wrong}


def test_citation_files(corpus: Place) -> None:
    place = corpus("cff")

    def wrong(name: str, fact: Any) -> object:
        record = read("cff", place / name).records[0]
        licences = value(record, "licences") or []
        seen = {
            "verdict": "refuse" if record.refused else "accept",
            "title": record.title,
            "authors": len(value(record, "authors")),
            "version": value(record, "version"),
            "license": licences[0] if licences else None,
        }
        return {key: (seen[key], fact[key]) for key in seen if seen[key] != fact[key]}

    assert differences(told(place), wrong) == {}


def test_a_refused_citation_names_the_key_and_its_line(corpus: Place) -> None:
    fail = corpus("cff", "examples-1.2.0", "fail")

    def faults(*parts: str) -> list[tuple[str, str, int | None]]:
        found = read("cff", fail.joinpath(*parts, "CITATION.cff")).records[0].faults
        return [(each.code, each.field, each.line) for each in found]

    assert faults("additional-key") == [("shape_unknown_key", "extra", 8)]
    assert faults("ls1mardyn", "ls1-mardyn") == [("shape_pattern", "date-released", 10)]


# What only the network or the repository can tell: a warning says that it was not checked.
UNCHECKED = {
    "invalid/fundedBy_uri_wrong_italian_pa2.yml",
    "invalid/it_riuso_codiceIPA_invalid.yml",
    "invalid/legal_authorsFile_missing_file.yml",
    "invalid/logo_missing_file.yml",
    "invalid/monochromeLogo_invalid_png.yml",
}


def test_publiccode_files(corpus: Place) -> None:
    place = corpus("publiccode")

    def wrong(name: str, fact: Any) -> object:
        reading = read("publiccode", place / name)
        faults = [*reading.faults, *(one for each in reading.records for one in each.faults)]
        grave = [each for each in faults if not each.warning]
        if name in UNCHECKED:
            return grave or not faults
        if not fact["yaml"]:
            return None if reading.refused and faults[0].line else "read"
        if fact["verdict"] == "accept":
            return [each.message for each in grave] or bool(faults) < fact["warnings"]
        return None if grave and all(each.line for each in grave) else "accepted"

    assert differences(told(place), wrong) == {}


def test_publiccode_files_become_drafts(corpus: Place) -> None:
    place = corpus("publiccode")

    def wrong(name: str, fact: Any) -> object:
        if not fact["yaml"]:
            return None
        record = read("publiccode", place / name).records[0]
        return None if record.refused is (fact["name"] is None) else (record.title, fact["name"])

    assert set(differences(told(place), wrong)) <= {
        "invalid/name_nil.yml",
        "invalid/name_missing.yml",
    }


def test_hugging_face_cards(corpus: Place) -> None:
    place = corpus("hf-cards")

    def wrong(name: str, fact: Any) -> object:
        [record] = read("hf", place / name).records
        codes = {each.code for each in record.faults}
        pretty = fact.get("pretty_name")
        licences = [each for each in fact.get("licences", []) if each]
        spoken, _unknown = languages.normalise(fact.get("languages", []))
        seen = {
            "refused": record.refused,
            "title": bool(record.title),
            "pretty": not pretty or value(record, "title")[:100] == pretty[:100],
            "front": "front_matter_missing" not in codes,
            "yaml": "front_matter_unreadable" not in codes,
            "html": bool(TAG.search(CODE.sub("", str(value(record, "description"))))),
            "languages": not spoken or value(record, "languages") == spoken[:50],
            "licence": not licences
            or value(record, "licence_status") in ("declared", "to_confirm"),
            "kept": value(record, "licences")
            or not licences
            or bool(value(record, "licence_note")),
        }
        expected = {
            "refused": False,
            "title": True,
            "pretty": True,
            "front": fact["front_matter"],
            "yaml": fact.get("yaml", True) or not fact["front_matter"],
            "html": False,
            "languages": True,
            "licence": True,
        }
        return {key: seen[key] for key in expected if seen[key] != expected[key]} or not seen[
            "kept"
        ]

    assert differences(told(place), wrong) == {}


def test_croissant_files(corpus: Place) -> None:
    place = corpus("croissant")

    def wrong(name: str, fact: Any) -> object:
        reading = read("croissant", place / name)
        if not fact["json"]:
            where = [(each.code, each.line, each.column) for each in reading.faults]
            return None if where == [("invalid_json", 78, 13)] else where
        [record] = reading.records
        if record.refused or (fact["name"] and record.title != fact["name"]):
            return record.title, [each.message for each in record.faults]
        licence = fact["license"]
        silent = licence in (None, "None")
        return None if silent or value(record, "licence_status") else "licence"

    assert differences(told(place), wrong) == {}


def test_ckan_answers(corpus: Place) -> None:
    place = corpus("ckan-json")

    def wrong(name: str, fact: Any) -> object:
        reading = read("ckan", place / name)
        titles = [fact["title"]] if fact["kind"] == "package" else fact["titles"]
        count = fact.get("results", fact.get("items", 1))
        seen = [None if each.refused else each.title for each in reading.records]
        rows = [len(value(each, "distributions") or []) for each in reading.records]
        told_rows = (
            fact["resources"] if isinstance(fact["resources"], list) else [fact["resources"]]
        )
        announced = reading.announced == fact.get("count")
        # `distribution` of the plain JSON of DCAT-US is read too.
        fewer = [one for one, other in zip(rows, told_rows, strict=True) if one < other]
        return None if len(seen) == count and seen == titles and announced and not fewer else seen

    assert differences(told(place), wrong) == {}


def test_csw_pages(corpus: Place) -> None:
    place = corpus("csw")

    def wrong(name: str, fact: Any) -> object:
        reading = read("csw", place / name)
        seen = {
            "matched": reading.announced,
            "next_record": int(reading.next_token or 0),
            "records": len(reading.records),
            "identifiers": [each.remote_id for each in reading.records],
        }
        bad = {key: seen[key] for key in seen if key in fact and seen[key] != fact[key]}
        missing = [
            name
            for each in reading.records
            for name in ("title", "languages", "distributions")
            if not value(each, name) and not (name == "languages" and "dcat" in each.kind)
        ]
        return bad or [each for each in missing if each == "title"]

    assert differences(told(place), wrong) == {}


def test_dcat_files(corpus: Place) -> None:
    place = corpus("dcat-rdf")

    def wrong(name: str, fact: Any) -> object:
        reading = read("dcat", place / name)
        if not fact["parses"]:
            return None if reading.refused and all(each.line for each in reading.faults) else "read"
        datasets = [each for each in reading.records if each.kind == "dataset"]
        both = name == "udata-harvest/series.xml"  # its series is a dataset as well
        if len(datasets) != fact["datasets"] + (0 if both else fact["dataset_series"]):
            return len(datasets)
        known = {each.title for each in datasets}
        for each in datasets:
            known |= {value(each, "title_en"), *(value(each, "alternate_titles") or [])}
        unnamed = [each for each in datasets if not each.title and not each.refused]
        others = [] if "multilingual" in name else sorted(set(fact["titles"]) - known)
        return unnamed or others

    assert differences(told(place), wrong) == {}


def test_dcat_keeps_what_is_noted_apart_from_what_is_fatal(corpus: Place) -> None:
    prefix = read("dcat", corpus("dcat-rdf", "ckanext-dcat", "dataset.ttl"))
    months = read("dcat", corpus("dcat-rdf", "udata-harvest", "sig.oreme.rdf"))

    assert [(each.code, each.facts.get("prefix")) for each in prefix.faults] == [
        ("turtle_prefix", "healthdcatap")
    ]
    assert [each.refused for each in months.records] == [False]
    assert value(months.records[0], "update_frequency") == "irregular"


def test_a_model_reads_the_same_in_turtle_and_in_json_ld(corpus: Place) -> None:
    place = corpus("mldcat")
    for name in ("hf-apertus", "eosc"):
        [turtle] = read("mldcat", place / f"example-machinelearningmodel-{name}.ttl").records
        [linked] = read("mldcat", place / f"example-machinelearningmodel-{name}.jsonld").records
        assert turtle.kind == "model"
        assert turtle == linked
        for needed in ("title", "version", "created", "files", "trained_on", "licence_status"):
            assert value(turtle, needed), needed


def test_pages_of_a_graph_name_the_next_one() -> None:
    page = b"""@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
<catalogue?page=1> a hydra:PartialCollectionView ; hydra:next <catalogue?page=2> .
<catalogue> a hydra:Collection ; hydra:totalItems 250 ."""

    reading = read_here("dcat", page, base_url="https://donnees.example/catalogue")

    assert (reading.next_url, reading.announced) == (
        "https://donnees.example/catalogue?page=2",
        250,
    )
    assert not reading.refused


def test_oai_answers(corpus: Place) -> None:
    place = corpus("oai-pmh")

    def wrong(name: str, fact: Any) -> object:
        reading = read("oai", place / name)
        seen = {
            "records": len(reading.records),
            "deleted": sum(each.deleted for each in reading.records),
            "resumption_token": reading.next_token,
        }
        if fact.get("error") not in (None, "noRecordsMatch"):
            return None if reading.refused else "read"
        expected = {"resumption_token": "", **fact}
        nameless = [each for each in reading.records if not each.deleted and not each.title]
        return {key: seen[key] for key in seen if seen[key] != expected[key]} or nameless

    assert differences(told(place), wrong) == {}


def test_records_of_data_gouv(corpus: Place) -> None:
    facts = json.loads(corpus("datagouv-json", "expected.json").read_text("utf-8"))["datasets"]
    licences = {
        "fr-lo": OPEN_LICENCE_1,
        "lov2": "etalab-2.0",
        "odc-odbl": "ODbL-1.0",
    }

    def wrong(name: str, fact: Any) -> object:
        path = corpus("datagouv-json", "datasets", f"{name}.json")
        [record] = read("datagouv", path).records
        told_licence = licences.get(fact["licence"])
        seen = [
            record.remote_id == name and not record.refused,
            " ".join(fact["title"].split())
            in (record.title, *(value(record, "alternate_titles") or [])),
            value(record, "licences") == ([told_licence] if told_licence else None),
            len(value(record, "distributions") or []) == min(50, fact["resources"]),
            (value(record, "update_frequency") == "unknown") == (fact["frequency"] == "unknown"),
        ]
        return None if all(seen) else seen

    assert len(facts) == 625
    assert differences(facts, wrong) == {}


def test_what_is_no_dataset_of_data_gouv_is_refused_by_name(corpus: Place) -> None:
    samples = [*sorted(corpus("datagouv-json").glob("*.json"))[:9]]
    samples += sorted(corpus("datagouv-json", "organizations").glob("*.json"))[:5]
    verdicts: Iterator[tuple[str, bool]] = (
        (
            path.name,
            read("datagouv", path).refused
            or all(r.refused for r in read("datagouv", path).records),
        )
        for path in samples
        if path.name != "expected.json"
    )

    assert [name for name, refused in verdicts if not refused] == ["dataset_metadata.json"]


@pytest.mark.parametrize(
    ("folder", "code", "suffix"),
    [
        ("cff", "cff", ".cff"),
        ("publiccode", "publiccode", ".yml"),
        ("croissant", "croissant", "json*"),
        ("csw", "csw", ".xml"),
        ("oai-pmh", "oai", ".xml"),
        ("mldcat", "mldcat", "example*"),
        ("dcat-rdf", "dcat", ".[!m]*"),
        ("datagouv-json/datasets", "datagouv", ".json"),
        ("hf-cards/dataset-cards", "hf", ".md"),
    ],
)
def test_the_format_of_a_file_is_told_from_its_content(
    folder: str, code: str, suffix: str, corpus: Place
) -> None:
    others = ("expected.json", "context.jsonld", "audiofolder.md")
    files = [
        path
        for path in sorted(corpus(*folder.split("/")).rglob(f"*{suffix}"))
        if path.is_file() and path.name not in others
    ]

    assert files
    assert [path.name for path in files if detect(path.read_bytes()) != code] == []


CONTEXT = "https://models.example/contexts/eosc-mldcat-ap-context.jsonld"


def test_a_model_of_the_open_science_cloud_is_read_by_its_plain_keys() -> None:
    model = {
        "@context": CONTEXT,
        "uri": "https://models.example/classer-des-offres",
        "type": "MachineLearningModel",
        "id": "classer-des-offres",
        "title": "Classer des offres",
        "summary": "Donne un code ROME à une offre.",
        "description": "Un modèle qui lit le texte d’une offre et propose un code ROME.",
        "dates": {"created": "2024-01-02", "updated": "2024-02-03"},
        "links": {"source_code": "https://code.example/classer"},
        "tags": ["emploi"],
        "license": "MIT",
    }

    [record] = readers.read("mldcat", json.dumps(model).encode(), base_url="").records

    assert (record.kind, record.remote_id, record.modified) == (
        "model",
        "classer-des-offres",
        "2024-02-03",
    )
    assert {name: each.value for name, each in record.fields.items()} == {
        "title": "Classer des offres",
        "summary": "Donne un code ROME à une offre.",
        "description": "Un modèle qui lit le texte d’une offre et propose un code ROME.",
        "homepage_url": "https://models.example/classer-des-offres",
        "repository_url": "https://code.example/classer",
        "tags": ["emploi"],
        "licences": ["MIT"],
        "licence_status": "declared",
    }


def test_headers_without_records_are_told() -> None:
    answer = b"""<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListIdentifiers>
<header><identifier>oai:a:1</identifier><datestamp>2024-01-01</datestamp></header>
</ListIdentifiers></OAI-PMH>"""

    reading = readers.read("oai", answer, base_url="")

    assert (reading.records, [each.code for each in reading.faults]) == ((), ["oai_headers_alone"])


def test_the_categories_of_today_are_admitted() -> None:
    text = 'publiccodeYmlVersion: "0.4"\nname: Outil\ncategories: [other, design]\n'

    [record] = readers.read("publiccode", text.encode(), base_url="").records

    assert not [each for each in record.faults if each.code == "shape_choice"]


CONFINED = """
import socket
from catalogue.standards.readers import serve
serve.confine()
attempts = (
    lambda: socket.socket(),
    lambda: open("/etc/hostname"),
    lambda: socket.getaddrinfo("localhost", 80),
)
for attempt in attempts:
    try:
        attempt()
        print("open")
    except OSError as error:
        print(error.errno)
"""
BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY b SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>"""


def codes(code: str, content: bytes) -> list[str]:
    found = readers.read(code, content)
    return [each.code for each in found.faults]


def test_a_confined_process_opens_neither_socket_nor_file() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONFINED],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(child.ROOT)},
        check=True,
    )

    # A name that cannot be resolved without a descriptor says so with a code of its own.
    answers = done.stdout.split()
    assert answers[:2] == [str(errno.EMFILE)] * 2
    assert "open" not in answers


@pytest.mark.parametrize(
    ("code", "content", "said"),
    [
        ("cff", BOMB.encode(), ["yaml_nodes"]),
        ("publiccode", b"a: " + b"[" * 40, ["yaml_depth"]),
        ("cff", b"a: 1\n" * 20_000, ["yaml_size"]),
        ("cff", b"a: !!python/object:os.system {}\n", ["yaml_tag"]),
        ("publiccode", b"a: &a [*a]\n", ["yaml_loop"]),
        ("dcat", ENTITIES, ["xml_entities"]),
        ("oai", b"<a>" * 200 + b"</a>" * 200, ["too_deep"]),
        ("croissant", b'{"a":' * 100 + b"1" + b"}" * 100, ["too_deep"]),
        ("croissant", b'{"a": NaN}', ["invalid_json_value"]),
        ("readme", b"a\x00b", ["nul_character"]),
        ("dcat", b'{"@context": "https://a.example/c"}', ["remote_context", "nothing_described"]),
        ("dcat", b"a" * (formats.DOCUMENT_BYTES + 1), ["document_too_large"]),
        ("soap", b"", ["unknown_format"]),
    ],
)
def test_what_is_hostile_is_named(code: str, content: bytes, said: list[str]) -> None:
    assert codes(code, content) == said


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{{" * 50_000, "<a " * 50_000, "*a" * 50_000, "<script>" * 20_000]
)
def test_long_hostile_text_is_read_all_the_same(text: str) -> None:
    for code in ("hf", "readme"):
        found = readers.read(code, text.encode())
        assert [each.code for each in found.faults] == []
        assert len(found.records) == 1


def test_a_child_that_died_is_replaced(shared: Path) -> None:
    content = b"# Un titre\n\nUn texte assez long pour faire un resume."
    assert readers.read("readme", content).records[0].title == "Un titre"
    [idle] = child._idle
    os.kill(idle.process.pid, 9)
    idle.process.wait()

    assert readers.read("readme", content).records[0].title == "Un titre"
    assert [each.process.pid for each in child._idle] != [idle.process.pid]


def test_a_child_reads_as_this_process_does(shared: Path) -> None:
    place = shared / "cases" / "catalogue"
    for code, name in {
        "cff": "cff/CITATION.cff",
        "publiccode": "publiccode/valid/publiccode.yml",
        "hf": "hf-cards/model-cards/ignf_FLAIR-HUB_excerpt.md",
        "ckan": "ckan-json/hdx_package_search.json",
        "croissant": "croissant/1.0/titanic.json",
        "csw": "csw/geonetwork-dcat-page-1.xml",
        "oai": "oai-pmh/ListRecords.xml",
        "dcat": "dcat-rdf/udata-harvest/catalog.xml",
        "mldcat": "mldcat/example-machinelearningmodel-eosc.jsonld",
    }.items():
        content = (place / name).read_bytes()
        here = read_here(code, content)
        assert readers.read(code, content) == here, name
        assert from_json(to_json(here)) == here
