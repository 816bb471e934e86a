"""The readers: every file of the corpora, the child that reads, words as others write them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override

from catalogue.contributions.forms.steps import Step, StepForm, form_field
from catalogue.resources import fields, words
from catalogue.resources.fields import COMMON_BY_NAME, DETAILS, clean_value
from catalogue.resources.queries import detail
from catalogue.search.query import ResourceQuery
from catalogue.standards import languages, licences, readers, territories, vocabularies
from catalogue.standards.licences import OPEN_LICENCE_1
from catalogue.standards.published import Licence
from catalogue.standards.readers import datagouv, detect, formats, hugging_face
from catalogue.standards.readers.detection import places
from catalogue.standards.readers.record import Reading, Record
from catalogue.standards.readers.serve import read_here
from catalogue.standards.readers.syntax import text
from catalogue.standards.readers.syntax.text import CODE, TAG
from catalogue.standards.territories import Territory, TerritoryKind
from catalogue.standards.writers import dcat, plain, schema_org
from portal.lib.prose import texts
from tests.catalogue.standards.examples import example
from tests.factories.catalogue import ResourceFactory
from tests.properties import given
from tests.properties import strategies as st

Place = Callable[..., Path]
SURPRISES = ("reading_failed", "reading_lost", "reading_time", "reading_memory")


@pytest.fixture
def corpus(shared: Path) -> Place:
    return lambda *parts: shared.joinpath("cases", "catalogue", *parts)


def told(place: Path) -> dict[str, Any]:
    return json.loads((place / "expected.json").read_text("utf-8"))["files"]


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


def citation_differs(place: Path, name: str, fact: Any) -> object:
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


def publiccode_differs(place: Path, name: str, fact: Any) -> object:
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


def hf_differs(place: Path, name: str, fact: Any) -> object:
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
        "licence": not licences or value(record, "licence_status") in ("declared", "to_confirm"),
        "kept": value(record, "licences") or not licences or bool(value(record, "licence_note")),
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
    return {key: seen[key] for key in expected if seen[key] != expected[key]} or not seen["kept"]


def croissant_differs(place: Path, name: str, fact: Any) -> object:
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


def ckan_differs(place: Path, name: str, fact: Any) -> object:
    reading = read("ckan", place / name)
    titles = [fact["title"]] if fact["kind"] == "package" else fact["titles"]
    count = fact.get("results", fact.get("items", 1))
    seen = [None if each.refused else each.title for each in reading.records]
    rows = [len(value(each, "distributions") or []) for each in reading.records]
    told_rows = fact["resources"] if isinstance(fact["resources"], list) else [fact["resources"]]
    announced = reading.announced == fact.get("count")
    # `distribution` of the plain JSON of DCAT-US is read too.
    fewer = [one for one, other in zip(rows, told_rows, strict=True) if one < other]
    return None if len(seen) == count and seen == titles and announced and not fewer else seen


def csw_differs(place: Path, name: str, fact: Any) -> object:
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


def dcat_differs(place: Path, name: str, fact: Any) -> object:
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


def oai_differs(place: Path, name: str, fact: Any) -> object:
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


@pytest.mark.parametrize(
    ("folder", "differs"),
    [
        ("cff", citation_differs),
        ("publiccode", publiccode_differs),
        ("hf-cards", hf_differs),
        ("croissant", croissant_differs),
        ("ckan-json", ckan_differs),
        ("csw", csw_differs),
        ("dcat-rdf", dcat_differs),
        ("oai-pmh", oai_differs),
    ],
)
def test_every_file_reads_as_it_is_told(
    corpus: Place, folder: str, differs: Callable[[Path, str, Any], object]
) -> None:
    place = corpus(folder)
    found = {name: differs(place, name, fact) for name, fact in told(place).items()}
    assert found
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


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


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY b SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>"""


def codes(code: str, content: bytes) -> list[str]:
    found = readers.read(code, content)
    return [each.code for each in found.faults]


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
    "text",
    [
        *("[" * 100_000, "{{" * 50_000, "<a " * 50_000, "*a" * 50_000, "<script>" * 20_000),
        *("**a " * 25_000, "- " + " " * 2_000 + "a", "# a" + " " * 2_000 + "b"),
        "# Uses\n\n" + "[a](https://a" * 4_000,
        *(f"# A\n\n## Contact\n\n{each * 30_000}x a@b.example" for each in (".", "at ")),
        "# A\n\n## Results\n\n" + f"- Femmes : F1 {'1' * 45_000}\n" * 2,
    ],
)
def test_long_hostile_text_is_read_all_the_same(text: str) -> None:
    assert texts.with_lists(text)
    for code in ("hf", "readme"):
        found = readers.read(code, text.encode())
        assert [each.code for each in found.faults] == []
        assert len(found.records) == 1


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


EUROPEAN = "http://publications.europa.eu/resource/authority/frequency/"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("mit", "MIT"),
        ("apache 2.0", "Apache-2.0"),
        ("Open Database License (ODbL)", "ODbL-1.0"),
        ("Licence Ouverte version 2.0", "etalab-2.0"),
        ("Open Databse Licence", "ODbL-1.0"),
        (
            "Licence Ouverte 1.0 http://www.data.gouv.fr/Licence-Ouverte-Open-Licence.",
            OPEN_LICENCE_1,
        ),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.fr", "CC-BY-SA-4.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/", "CC-BY-NC-ND-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://choosealicense.com/licenses/apache-2.0/", "Apache-2.0"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "CC-BY-4.0"),
        ("http://dcat-ap.de/def/licenses/cc-zero", "CC0-1.0"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
    ],
)
def test_a_licence_is_named(said: str, name: str) -> None:
    found = licences.normalise(said)

    assert (found.identifiers, found.status) == ((name,), "declared")


@pytest.mark.parametrize(
    "said",
    [
        "unknown",
        "Licence Ouverte",
        "BSD",
        "",
        "cc-by",
        "cc by-nd 9.0",
        "cc by-nx 4.0",
        "https://creativecommons.org/licenses/by/3.0/fr/legalcode-of-nowhere",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "Open Database License 2.0",
    ],
)
def test_a_doubtful_licence_is_to_confirm_with_its_text(said: str) -> None:
    found = licences.normalise(said)

    assert (found.identifiers, found.status, found.note) == ((), "to_confirm", said)


@pytest.mark.parametrize(
    ("said", "codes", "unknown"),
    [
        ("french", ["fr"], []),
        ({"a": ["en", "fr"], "b": ["en"]}, ["en", "fr"], []),
        (["fr-FR", "eng", "Français"], ["fr", "en"], []),
        ("http://publications.europa.eu/resource/authority/language/FRA", ["fr"], []),
        ("en,es,ca", ["en", "es", "ca"], []),
        (False, ["no"], []),
        (["bzd", "mul", "unknown", None, 3], ["bzd", "mul"], []),
        ("volapük du dimanche", [], ["volapük du dimanche"]),
    ],
)
def test_languages(said: object, codes: list[str], unknown: list[str]) -> None:
    assert languages.normalise(said) == (codes, unknown)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("http://publications.europa.eu/resource/authority/frequency/ANNUAL_2", "biannual"),
        ("http://publications.europa.eu/resource/authority/frequency/12HRS", "several_daily"),
        ("http://publications.europa.eu/resource/authority/frequency/NOT_PLANNED", "punctual"),
        ("http://publications.europa.eu/resource/authority/frequency/AS_NEEDED", "irregular"),
        ("threeTimesAYear", "three_yearly"),
        ("biweekly", "fortnightly"),
        ("R/P1Y", "annual"),
        ("annuelle", "annual"),
        ("de temps en temps", ""),
    ],
)
def test_rhythms(said: str, code: str) -> None:
    assert vocabularies.rhythm_named(said) == code


def test_every_code_of_the_european_list_is_known(shared: Path) -> None:
    listed = (shared / "cases/catalogue/vocab/frequencies-skos-ap-act.rdf").read_text("utf-8")
    codes = {part.split('"')[0] for part in listed.split("authority/frequency/")[1:]}

    known = {
        code: vocabularies.rhythm_named(f"authority/frequency/{code}") for code in codes if code
    }
    assert len(known) >= 23
    assert [code for code, name in known.items() if code.isupper() and not name] == []


def test_forms_readers_and_exports_name_the_same_rhythms() -> None:
    asked = {code for code, _label in fields.FREQUENCIES}

    assert asked == set(vocabularies.RHYTHMS) == set(vocabularies.FREQUENCIES)
    for code, term in vocabularies.FREQUENCIES.items():
        assert str(term.iri) == EUROPEAN + vocabularies.RHYTHMS[code].authority


def test_a_licence_without_spdx_identifier_is_shown_and_exported_by_its_own_address() -> None:
    assert licences.read_expression(OPEN_LICENCE_1).is_open
    assert words.licence_label(OPEN_LICENCE_1) == "Licence Ouverte 1.0"
    assert Licence(OPEN_LICENCE_1, "", True).url.endswith("Licence_Ouverte.pdf")
    assert Licence("MIT", "", True).url == "https://spdx.org/licenses/MIT"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2018-09-05T00:00:00.000Z", "2018-09-05"),
        ("2022-02", "2022-02"),
        (2014, "2014"),
        ("5/9/2018", "2018-09-05"),
        ("2018-02-30", ""),
        ("hier", ""),
    ],
)
def test_days(said: object, day: str) -> None:
    assert text.day(said) == day


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("https://huggingface.co/a/b/tree/main", "https://huggingface.co/a/b/raw/main/README.md"),
        (
            "https://huggingface.co/datasets/x",
            "https://huggingface.co/datasets/x/raw/main/README.md",
        ),
        ("https://huggingface.co/api/models", "https://huggingface.co/api/models"),
        (
            "https://www.data.gouv.fr/fr/datasets/offres-d-emploi/",
            "https://www.data.gouv.fr/api/1/datasets/offres-d-emploi/",
        ),
        ("https://github.com/a/b.git", "https://raw.githubusercontent.com/a/b/HEAD/publiccode.yml"),
        ("https://gitlab.com/a/b/", "https://gitlab.com/a/b/-/raw/HEAD/publiccode.yml"),
        (
            "https://ckan.example/fr/dataset/x",
            "https://ckan.example/fr/api/3/action/package_show?id=x",
        ),
        ("https://a.example/x.ttl", "https://a.example/x.ttl"),
    ],
)
def test_an_address_leads_to_its_description(address: str, first: str) -> None:
    assert places(address)[0].url == first


K = TerritoryKind


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Var", Territory("Var", K.DEPARTMENT, "83")),
        ("bouches du rhone", Territory("Bouches-du-Rhône", K.DEPARTMENT, "13")),
        ("Région Provence-Alpes-Côte d'Azur", territories.made("", K.REGION, "93")),
        ("Département des Alpes-Maritimes", territories.made("", K.DEPARTMENT, "06")),
        ("La Réunion", Territory("La Réunion")),  # a région and a département
        ("Département de La Réunion", Territory("Département de La Réunion")),
        ("Arles", Territory("Arles")),
        ("Arles (commune 13004)", Territory("Arles", K.COMMUNE, "13004")),
        ("Arles (commune 999)", Territory("Arles (commune 999)")),
        ("Alpilles (zone d'emploi 9302)", Territory("Alpilles", K.EMPLOYMENT_ZONE, "9302")),
        ("Alpilles (BASSIN D’EMPLOI 9302)", Territory("Alpilles", K.EMPLOYMENT_BASIN, "9302")),
        ("EPCI 200054807", Territory("EPCI 200054807", K.EPCI, "200054807")),
        ("fr:departement:13@2016", territories.made("", K.DEPARTMENT, "13")),
        ("fr:canton:1301", Territory("fr:canton:1301")),
    ],
)
def test_a_territory_is_read_in_every_way_it_is_written(said: str, found: Territory) -> None:
    assert territories.read_territory(said) == found


KNOWN = st.builds(
    lambda label, kind, code: f"{label} ({territories.WORDS[kind]} {code})",
    st.text("Aé’ (-)1", max_size=8),
    st.sampled_from(K),
    st.from_regex(r"\A[0-9AB]{2,9}\Z"),
)


@given(st.one_of(st.text(max_size=40), KNOWN))
def test_what_is_stored_reads_as_itself(text: str) -> None:
    stored = words.place_stored(text)
    assert words.place_stored(stored) == stored


@given(st.text("Arles (département 13)", max_size=30), st.sampled_from(K))
def test_a_form_shows_what_it_stored(label: str, kind: TerritoryKind) -> None:
    try:
        stored = words.place_composed(kind, "", label)
    except ValidationError:
        assert not label.strip()
        return
    assert words.place_composed(**words.place_parts(stored)) == stored


@pytest.mark.parametrize("row", [("department", "1", "x"), ("moon", "", "x"), ("commune", "", "")])
def test_a_wrong_kind_code_or_name_is_refused(row: tuple[str, str, str]) -> None:
    with pytest.raises(ValidationError):
        words.place_composed(*row)


def test_zones_of_datagouv_keep_their_kind() -> None:
    told: list[object] = [{"id": "fr:commune:13004@2020", "name": "Arles"}, "fr:epci:241300417"]
    assert [datagouv.zone_name(each) for each in told] == [
        "Arles (commune 13004)",
        "EPCI 241300417",
    ]
    assert datagouv.zone_name("fr:departement:83") == "Var (département 83)"


def test_documents_tell_the_kind() -> None:
    card = example("dataset", territories=("Arles (commune 13004)", "Les vallées"))
    document = plain.document(card)
    assert document["territories"] == ["Arles (commune 13004)", "Les vallées"]
    assert document["places"] == [
        {"kind": "commune", "code": "13004", "label": "Arles"},
        {"kind": "", "code": "", "label": "Les vallées"},
    ]
    assert schema_org.document(card)["spatialCoverage"] == [
        {
            "@type": "AdministrativeArea",
            "name": "Arles",
            "additionalType": "commune",
            "identifier": "13004",
        },
        {"@type": "Place", "name": "Les vallées"},
    ]
    turtle = dcat.document(card).serialize(format="turtle")
    assert 'skos:notation "13004"' in turtle
    assert 'skos:prefLabel "Arles (commune 13004)"@fr' in turtle
    assert 'skos:prefLabel "Les vallées"@fr' in turtle


def test_a_search_kept_with_a_bare_name_still_finds() -> None:
    found = ResourceQuery.parse(MultiValueDict({"territory": ["Var", "Arles"]}))
    assert found.territory == ("Arles", "Var (département 83)")


def test_the_form_takes_kind_code_and_name() -> None:
    record = {"kind": "need", "territories": ["Var (département 83)"]}
    data = {
        "territories-0-label": "",
        "territories-0-kind": "department",
        "territories-0-code": "13",
        "territories-1-label": "Arles",
        "territories-1-kind": "employment_zone",
        "territories-1-code": "",
        "territories-2-label": "",
        "territories-2-kind": "",
        "territories-2-code": "",
    }
    form = StepForm(Step.ESSENTIAL, record, data)
    form.is_valid()
    assert form.accepted()["territories"] == [
        "Bouches-du-Rhône (département 13)",
        "Arles (zone d’emploi)",
    ]
    shown = str(StepForm(Step.ESSENTIAL, record)["territories"])
    assert 'value="Var"' in shown
    assert '<option value="department" selected>' in shown
    wrong = StepForm(Step.ESSENTIAL, record, {**data, "territories-0-code": "1"})
    assert not wrong.is_valid()
    assert "code" in wrong.errors["territories"][0]


def test_programs_give_lines_or_objects() -> None:
    field = form_field(COMMON_BY_NAME["territories"])
    given: list[object] = ["Var", {"kind": "commune", "code": "13004", "label": "Arles"}, {}]
    assert field.clean(given) == ["Var (département 83)", "Arles (commune 13004)"]
    for wrong in ("Var", {"label": "Var"}, [[]], [{"kind": ["commune"]}], [{"kind": "moon"}]):
        with pytest.raises(ValidationError):
            field.clean(wrong)


@pytest.mark.django_db
def test_a_card_tells_the_kind_in_the_language_of_the_reader() -> None:
    card = ResourceFactory(published=True, territories=["Var", "Nice (zone d’emploi)"])
    with override("en"):
        fact = next(each for each in detail.card(card)["facts"] if len(each.items) == 2)
    assert [text for text, _address in fact.items] == ["Var (department)", "Nice (employment zone)"]
    assert fact.items[0][1].endswith("territory=Var+%28d%C3%A9partement+83%29")


ENERGY = DETAILS["model"].by_name["energy_wh"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0,42", 0.42),
        ("1 234,5", 1234.5),
        (12.0, 12),
        ("1e-3", 0.001),
        ("", None),
        (None, None),
    ],
)
def test_a_measure_is_read_with_a_comma_or_a_point(said: object, kept: object) -> None:
    found = clean_value(ENERGY, said)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("said", ["-1", "nan", "inf", "1,2,3", "douze", True, [1], "1e15"])
def test_what_is_no_measure_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        clean_value(ENERGY, said)


@pytest.mark.parametrize(
    ("language", "typed", "shown"),
    [("fr", "1234,5", "1\u202f234,5"), ("en", "1234.5", "1,234.5")],
)
def test_it_is_written_in_the_language_of_the_reader(language: str, typed: str, shown: str) -> None:
    with override(language):
        assert form_field(ENERGY).prepare_value(1234.5) == typed
        assert clean_value(ENERGY, typed) == 1234.5
        assert detail.value_text(ENERGY, 1234.5) == shown


def test_the_grams_of_hugging_face_are_read_as_they_are_given() -> None:
    front: dict[str, Any] = {
        "plain": "co2_eq_emissions: 0.42\n",
        "told": 'co2_eq_emissions:\n  emissions: 310.25\n  source: "code carbon"\n'
        "  training_type: fine-tuning\n",
        "wrong": "co2_eq_emissions: .inf\n",
    }
    told = "## Empreinte\n\nCinq heures."
    read = {
        name: hugging_face.read(
            f"---\nlibrary_name: x\n{text}---\n# Un modèle\n\n{told}".encode(), ""
        ).records[0]
        for name, text in front.items()
    }
    assert read["plain"].details["co2_grams"].value == 0.42
    assert read["plain"].details["footprint"].value == "Cinq heures."
    assert read["told"].details["co2_grams"].value == 310.25
    assert read["told"].details["footprint"].value == "Cinq heures."
    alone = f"---\nlibrary_name: x\n{front['told']}---\n# Un modèle"
    counted = hugging_face.read(alone.encode(), "").records[0].details["footprint"]
    assert counted.value == "fine-tuning, code carbon"
    assert "co2_grams" not in read["wrong"].details
