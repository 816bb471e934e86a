"""The writers of standards: read back, before the shapes and the tools of others."""

import hashlib
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import yaml
from django.test import Client
from rdflib import Graph, Namespace
from rdflib.namespace import DCTERMS

from catalogue.contributions.queries import descriptions
from catalogue.standards import vocabularies
from catalogue.standards import vocabularies as terms
from catalogue.standards.published import Column, File, Licence, first_day, last_day, period
from catalogue.standards.readers.serve import read_here
from catalogue.standards.writers import (
    citation,
    croissant,
    data_package,
    dcat,
    forms,
    hugging_face,
    mldcat,
    oai_pmh,
    plain,
    rdf,
    schema_org,
)
from tests.catalogue.standards.examples import AT, CSV, DETAILS, SHA256, SITE, TABLE, example
from tests.factories.catalogue import ResourceFactory
from tests.factories.openings import World

DC = "verb=ListRecords&metadataPrefix=oai_dc"
HOSTILE = "</script><b>\"'\\{}%&=+@ \u2028 é\n---\n: - # @type"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2018-2024", ("2018", "2024")),
        ("2018-01-01 à 2018-08-31", ("2018-01-01", "2018-08-31")),
        ("de 2018-01 à 2018-08", ("2018-01", "2018-08")),
        ("2018/2020", ("2018", "2020")),
        ("2024", ("2024", "2024")),
        ("depuis 2018", None),
        ("2018-13", None),
        ("2024-2018", None),
        ("", None),
    ],
)
def test_a_period_is_read_or_left(text: str, found: tuple[str, str] | None) -> None:
    assert period(text) == found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2018", ("2018-01-01", "2018-12-31")),
        ("2020-02", ("2020-02-01", "2020-02-29")),
        ("2018-08-03", ("2018-08-03", "2018-08-03")),
    ],
)
def test_a_date_spans_days(text: str, days: tuple[str, str]) -> None:
    assert (first_day(text), last_day(text)) == days


@pytest.mark.parametrize("kind", DETAILS)
def test_every_form_of_every_kind_is_readable_whatever_the_words(kind: str) -> None:
    words = {name: HOSTILE for name, value in DETAILS[kind].items() if isinstance(value, str)}
    kept = {k: v for k, v in words.items() if k in {"intended_purpose", "oversight", "paper"}}
    resource = example(
        kind,
        title=HOSTILE,
        summary=HOSTILE,
        description=HOSTILE,
        authors=(HOSTILE,),
        tags=(HOSTILE,),
        contact=HOSTILE,
        homepage_url='https://exemple.org/a b<c>"d|é',
        details={**DETAILS[kind], **kept},
    )
    written = {
        ending: each.write(resource).decode()
        for ending, each in forms.KINDS.items()
        if each.suits(resource)
    }
    sizes = {
        len(Graph().parse(data=written[f".{name}"], format=reader))
        for name, reader in (("ttl", "turtle"), ("rdf", "xml"))
    }
    assert len(sizes) == 1
    for ending, text in written.items():
        if ending.endswith("json"):
            json.loads(text)
        elif ending.endswith((".yml", ".cff")):
            assert yaml.safe_load(text)
    assert "</script>" not in schema_org.data_block(resource)
    assert json.loads(schema_org.data_block(resource))["name"] == HOSTILE
    assert "\n" not in forms.header(resource, forms.available(resource), linkset="x")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "Provence-Alpes-Côte d’Azur"),
        ({"scope": "unknown", "territories": ()}, ""),
        ({"scope": "european", "scope_note": "Monde"}, ""),
        ({"territories": ("Pays de la Loire (région 52)",)}, "France"),
        ({"territories": ("Var (département 83)",)}, "Provence-Alpes-Côte d’Azur"),
        ({"is_elsewhere": True, "territories": ("Là-bas",)}, ""),
    ],
)
def test_no_place_is_told_that_is_not_known(changes: dict[str, Any], place: str) -> None:
    found = vocabularies.place_of(example("dataset", **changes))
    assert (found.label if found else "") == place


def test_nobody_is_named_author_of_what_names_none() -> None:
    assert "author" not in citation.bibtex(example("model", authors=(), publisher=None))


def test_the_day_of_an_import_is_no_date_of_what_it_describes() -> None:
    elsewhere = example("dataset", is_elsewhere=True, details={})
    assert "datePublished" not in schema_org.document(elsewhere)
    assert "date-released" not in citation.cff(elsewhere)
    assert "year" not in citation.bibtex(elsewhere)
    assert citation.year(example("dataset", details={})) == str(AT.year)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("entier", "integer"), ("Nombre", "number"), ("énumération", "string"), ("date", "date")],
)
def test_types_of_french_dictionaries_are_types(said: str, meant: str) -> None:
    assert Column("x", said).data_type == meant


def test_croissant_has_every_field_that_the_validator_forgets_to_ask() -> None:
    document = croissant.document(example("dataset"))
    needed = {"@context", "@type", "conformsTo", "name", "description", "url", "license"}
    assert needed | {"creator", "datePublished"} <= set(document)
    (file,) = document["distribution"]
    assert {"@id", "name", "contentUrl", "encodingFormat", "sha256"} <= set(file)
    (records,) = document["recordSet"]
    assert [each["dataType"] for each in records["field"]] == ["sc:Text", "sc:Integer"]
    assert {each["source"]["fileObject"]["@id"] for each in records["field"]} == {file["@id"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"files": ()},
        {"access": "on_request"},
        {"files": (TABLE.__class__(TABLE.iri, "x.csv", TABLE.access_url, TABLE.download_url),)},
    ],
)
def test_what_cannot_be_loaded_is_no_croissant(changes: dict[str, Any]) -> None:
    resource = example("dataset", **changes)
    assert croissant.loadable(resource) == ()
    with pytest.raises(ValueError, match="no file"):
        croissant.document(resource)
    endings = {form.address.rsplit("/", 1)[-1] for form in forms.available(resource)}
    assert "croissant.json" not in endings


def test_a_file_that_asks_for_an_account_is_nowhere_to_be_downloaded() -> None:
    held = TABLE.__class__(
        TABLE.iri, TABLE.title, TABLE.access_url, access="registered", sha256=SHA256,
        columns=TABLE.columns,
    )  # fmt: skip
    resource = example("dataset", files=(held,))
    assert (croissant.loadable(resource), data_package.tables(resource)) == ((), ())
    assert "DataDownload" not in schema_org.data_block(resource)


def test_hugging_face_reads_our_cards() -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    model = hub.ModelCard(hugging_face.card(example("model")))
    assert model.data.license == "etalab-2.0"
    assert model.data.language == ["fr", "en"]
    (result,) = model.data.eval_results
    assert (result.metric_type, result.metric_value) == ("accuracy", 0.804)
    assert model.data.datasets == ["Annonces", "Offres 2021-2025"]
    again = hub.ModelCard(str(model))
    assert again.data.to_dict() == model.data.to_dict()
    assert "## Usages exclus\n\n- Classer des personnes" in model.text
    assert "## Empreinte" not in model.text
    row = {"metric": "F1 (micro)", "value": "0,8", "dataset": "Essai"}
    more = {"declared_measures": [row], "citation": "@misc{a, title={B}}", "example": "import a"}
    whole = example("model", summary="Trie les offres.", description="**Trie** les\noffres. Bien.")
    text = hugging_face.card(replace(whole, measures=(), details=more))
    assert "- F1 (micro) – Essai : 0,8 (déclarée par le producteur)" in text
    assert "## Citation\n\n```bibtex\n@misc{a, title={B}}\n```" in text
    assert "## Exemple\n\n```python\nimport a\n```" in text
    assert "Trie les offres." not in text
    told = "Trie.\n\n## Citation\n\nÀ suivre.\n\n## Contact\n\nÉcrire à l’équipe."
    tags = ("annotation de mots", "ner")
    whole = replace(whole, description=told, contact="a@exemple.fr", tags=tags)
    more["declared_measures"] = [row, {"metric": "exactitude", "value": "0,7"}]
    again = hugging_face.card(replace(whole, measures=(), details=more))
    assert ("type: accuracy" in again, "other" in again) == (False, False)
    assert (again.count("## Contact"), "Écrire à l’équipe" in again) == (1, True)
    assert "## Citation\n\n```bibtex\n@misc{a, title={B}}\n```\n\nÀ suivre." in again
    assert (again.count("## Citation"), "## Contact\n\na@exemple.fr" in again) == (1, True)
    assert "tags:\n- ner\npipeline_tag: token-classification" in again
    assert "- type: f1\n" in again
    dataset = hub.DatasetCard(hugging_face.card(example("dataset")))
    assert dataset.data.pretty_name == example("dataset").title


def test_a_page_carries_its_own_description_long_enough() -> None:
    extruct = pytest.importorskip("extruct", reason="extruct is not installed")
    for kind in DETAILS:
        resource = example(kind)
        block = schema_org.data_block(resource)
        page = f'<html><head><script type="application/ld+json">{block}</script></head></html>'
        (found,) = extruct.extract(page, syntaxes=["json-ld"])["json-ld"]
        assert found == schema_org.document(resource)
    short = schema_org.document(example("dataset", summary="Court.", description=""))
    least, most = schema_org.DESCRIPTION_CHARACTERS
    assert least <= len(short["description"]) <= most
    assert isinstance(short["keywords"], list)


def test_citations_name_the_authors_the_year_and_the_identifier() -> None:
    model = example("model")
    said = yaml.safe_load(citation.cff(model))
    assert (said["cff-version"], said["doi"]) == ("1.2.0", "10.1000/xyz123")
    assert said["authors"] == [
        {"given-names": "A.", "family-names": "Auteure"},
        {"given-names": "B.", "family-names": "Auteur"},
    ]
    cited = {"citation": "@misc{a, author = {Benali, Nadia and others}}"}
    both = example("model", authors=("Nadia Benali", "U.S. Census Bureau"), details=cited)
    assert yaml.safe_load(citation.cff(both))["authors"] == [
        {"given-names": "Nadia", "family-names": "Benali"},
        {"name": "U.S. Census Bureau"},
    ]
    assert citation.bibtex(model) == (
        "@misc{essai_model,\n"
        "  title   = {{Offres d’emploi <PACA> \\& alentours}},\n"
        "  author  = {{A. Auteure} and {B. Auteur}},\n"
        "  year    = {2026},\n"
        "  version = {1.4.0},\n"
        "  doi     = {10.1000/xyz123},\n"
        f"  url     = {{{model.iri}}}\n"
        "}\n"
    )
    asked = "@article{a,\n  author={A. Auteure}\n}"
    assert citation.bibtex(example("model", details={"citation": asked})) == f"{asked}\n"
    for paper, address in {
        "Titre, https://a.fr/b.": "https://a.fr/b",
        "Titre, 10.1000/xyz1": "https://doi.org/10.1000/xyz1",
        "arXiv:2403.01234": "https://arxiv.org/abs/2403.01234",
        "TALN": "",
    }.items():
        assert citation.article_address(paper) == address
    nobody = example("model", authors=(), publisher=None)
    assert yaml.safe_load(citation.cff(nobody))["authors"] == [{"name": "Anonyme"}]


def test_the_link_set_leads_back() -> None:
    resource = example("dataset")
    page, *back = forms.linkset(resource, forms.available(resource))["linkset"]
    assert page["cite-as"] == [{"href": resource.iri}]
    assert {each["anchor"] for each in back} == {each["href"] for each in page["describedby"]}
    assert [each["href"] for each in page["item"]] == [TABLE.download_url]


def test_an_unknown_format_and_an_unconfirmed_licence_have_their_words() -> None:
    assert terms.file_type("npz").iri.endswith("/BIN")
    assert vocabularies.media_type("CSV") == "text/csv"
    assert vocabularies.media_type("x", "application/x-npz; v=1") == "application/x-npz"
    assert vocabularies.licence_type("").iri.endswith("/UnknownIPR")
    assert vocabularies.licence_type("CC-BY-NC-4.0").iri.endswith("/NonCommercialUseOnly")
    assert vocabularies.publisher_type("", root="https://x.fr").iri.startswith("https://x.fr/")


def test_a_licence_has_the_title_by_which_others_know_it() -> None:
    graph = Graph().parse(data=forms.KINDS[".ttl"].write(example("dataset")), format="turtle")
    titles = {str(title) for title in graph.objects(None, DCTERMS.title)}
    assert "Licence Ouverte / Open Licence version 2.0" in titles


def test_the_cells_of_a_line_are_flat() -> None:
    line: dict[str, Any] = dict.fromkeys(plain.COLUMNS, "")
    line |= {"tags": ["emploi", "métiers"], "archived": False, "quality": 80, "kind": None}
    cells = dict(zip(plain.COLUMNS, plain.cells(line), strict=True))
    assert (cells["tags"], cells["archived"], cells["quality"]) == ("emploi | métiers", "non", "80")
    assert (cells["kind"], cells["title"]) == ("", "")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
        (f"{DC}&metadataPrefix=dcat", "badArgument"),
        ("verb=ListRecords&resumptionToken=x&set=y", "badArgument"),
        (f"{DC}&from=2026-13-01", "badArgument"),
        (f"{DC}&from=2026-01-01&until=2026-01-01T00:00:00Z", "badArgument"),
        (f"{DC}&from=2026-01-02&until=2026-01-01", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
    ],
)
def test_a_wrong_request_has_the_error_of_the_protocol(asked: str, code: str) -> None:
    with pytest.raises(oai_pmh.OaiError) as error:
        oai_pmh.read_request(parse_qsl(asked))
    assert error.value.code == code


def test_what_the_ai_act_asks_is_in_the_record_of_a_model() -> None:
    full = example("model")
    told = {"users": "Les conseillers.", "market_date": "2026-11-24", "co2_grams": 310.25}
    model = replace(full, details={**full.details, **told, "footprint": "Mesuré au compteur."})
    graph = rdf.serialise(mldcat.document(model), "ttl").decode()
    assert 'placedOnMarketDate "2026-11-24"^^xsd:date' in graph
    assert "Les conseillers." in graph
    emissions = hugging_face.front_matter(model)["co2_eq_emissions"]
    assert emissions == {"emissions": 310.25, "source": "Mesuré au compteur."}
    vague = replace(model, details={**model.details, "market_date": "2026"})
    assert "placedOnMarketDate" not in rdf.serialise(mldcat.document(vague), "ttl").decode()


def test_the_line_to_quote_says_source_title_date_and_licence() -> None:
    data = example("dataset")
    line = citation.attribution(replace(data, details={"last_update": "2026-10-01"}))
    assert line == (
        f"Région Sud, « {data.title} », mis à jour le 2026-10-01, Licence Ouverte 2.0, {data.iri}\n"
    )
    free = replace(data, licences=(Licence("MIT", "MIT", True),))
    assert citation.attribution(free) == ""
    assert f"“{data.title}”, updated on " in citation.attribution(data, "en")


# Form: the kind read, the format it is read as, the kind it is told to be.
FORMS = [
    ("dataset", ".ttl", "dcat", "dataset"),
    ("dataset", ".rdf", "dcat", "dataset"),
    ("dataset", ".jsonld", "dcat", "dataset"),
    ("technology", ".ttl", "dcat", "technology"),
    ("model", ".ttl", "mldcat", "model"),
    ("model", ".jsonld", "mldcat", "model"),
    ("dataset", "croissant.json", "croissant", "dataset"),
    ("model", "carte.md", "hf", "model"),
    ("dataset", "carte.md", "hf", "dataset"),
    ("algorithm", "citation.cff", "cff", "algorithm"),
    ("dataset", "citation.cff", "cff", "dataset"),
]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize(("kind", "ending", "format_", "told"), FORMS)
def test_a_card_comes_back(kind: str, ending: str, format_: str, told: str) -> None:
    card, form = example(kind, title="Offres d’emploi & alentours"), forms.KINDS[ending]
    found = read_here(format_, form.write(card), base_url=form.address(card))
    (record,) = found.records
    assert [each.code for each in (*found.faults, *record.faults)] == []
    values = {name: each.value for name, each in {**record.fields, **record.details}.items()}
    assert record.kind == told
    assert values["title"] == card.title
    assert (values["licences"], values["licence_status"]) == (["etalab-2.0"], "declared")
    if format_ in {"dcat", "mldcat", "croissant"} and kind != "technology":
        (file,) = values.get("distributions") or values["files"]
        assert file["sha256"] == SHA256
    if format_ == "dcat" and kind == "dataset":
        assert values["temporal_coverage"] == "2018-01-01/2018-08-31"
        assert values["update_frequency"] == "monthly"


HUB = "https://huggingface.co/region/appariement"
ROWS = [
    {
        "task": "text-classification",
        "metric": "f1",
        "value": "0.66",
        "dataset": "Offres",
        "url": "https://exemple.org/banc",
    },
    {
        "task": "text-classification",
        "metric": "F1 par secteur",
        "value": "n/a",
        "dataset": "Offres",
        "url": "",
    },
]


def card(rows: object) -> bytes:
    front = {"license": "mit", "language": "fr", "model-index": rows}
    told = yaml.safe_dump(front, allow_unicode=True)
    return f"---\n{told}---\n# Appariement\n\nUn texte.\n".encode()


INDEX = [
    {
        "name": "x",
        "results": [
            {
                "task": {"type": "text-classification"},
                "dataset": {"type": "offres", "name": "Offres"},
                "metrics": [{"type": "f1", "value": 0.66}],
                "source": {"name": "Banc", "url": "https://exemple.org/banc"},
            },
            {
                "task": {"type": "text-classification"},
                "dataset": {"name": "Offres"},
                "metrics": [
                    {"name": "F1 par secteur", "type": "f1", "value": "n/a"},
                    {"value": 3},
                    "perdue",
                ],
                "source": {"url": "javascript:alert(1)"},
            },
        ],
    }
]


def test_the_measures_of_a_card_are_taken_as_declared_with_their_source() -> None:
    (record,) = read_here("hf", card(INDEX), base_url=HUB).records
    found = descriptions.read_incoming(record)
    assert found.refused == ""
    assert found.values["declared_measures"] == ROWS
    assert record.details["declared_measures"].origin == "Hugging Face › model-index"


@pytest.mark.parametrize("rows", ["x", [1], [{"results": 3}], [{"results": [{"metrics": {}}]}], {}])
def test_a_table_of_measures_of_another_shape_is_no_error(rows: object) -> None:
    (record,) = read_here("hf", card(rows), base_url=HUB).records
    assert "declared_measures" not in record.details


def test_what_is_declared_leaves_as_not_verified_and_comes_back() -> None:
    shown = example("model", measures=(), details={"declared_measures": ROWS})
    written = forms.KINDS["carte.md"].write(shown)
    front = yaml.safe_load(written.decode().split("---")[1])
    metrics = [each["metrics"][0] for each in front["model-index"][0]["results"]]
    assert [each["verified"] for each in metrics] == [False, False]
    assert metrics[0]["value"] == 0.66
    (record,) = read_here("hf", written, base_url=HUB).records
    back = descriptions.read_incoming(record).values["declared_measures"]
    assert [(row["metric"], row["value"]) for row in back] == [
        (row["metric"], row["value"]) for row in ROWS
    ]
    assert back[0]["url"] == "https://exemple.org/banc"


@pytest.mark.django_db
def test_the_page_says_who_declares(client: Client) -> None:
    made = ResourceFactory(published=True, kind="model", details={"declared_measures": ROWS})
    page = client.get(made.get_absolute_url()).text
    assert "Mesures déclarées par le producteur" in page
    assert "https://exemple.org/banc" in page
    assert re.findall(r"\b0[.,]66\b", page) == ["0,66"]
    assert "Ce qu’il sait faire, mesuré" not in page
    # What is missing alone is said to be.
    assert "Limites et usages exclus\xa0: non repris" in page
    made = ResourceFactory(published=True, kind="model", description="Ses limites : le féminin.")
    assert "non repris sur cette fiche" not in client.get(made.get_absolute_url()).text


pyshacl = pytest.importorskip("pyshacl", reason="pyshacl is not installed")
SH = Namespace("http://www.w3.org/ns/shacl#")
SETS = {
    "base": "dcat-ap-3.0.1/shapes.ttl",
    "recommended": "dcat-ap-3.0.1/shapes_recommended.ttl",
    "range": "dcat-ap-3.0.1/range.ttl",
    "generated": "dcat-ap-3.0.1/generated/dcat-ap-SHACL.ttl",
    "mdr": "dcat-ap-3.0.1/mdr-vocabularies.shape.ttl",
    "mldcat": "mldcat-ap-3.1.0/mldcat-ap-SHACL.ttl",
}
_read: dict[Path, Graph] = {}


def shapes(shared: Path, name: str) -> Graph:
    path = shared / "cases/catalogue/shacl" / SETS[name]
    if path not in _read:
        graph = Graph().parse(path, format="turtle")
        for shape, referred in list(graph.subject_objects(SH.property)):
            if (referred, None, None) not in graph:  # two references of the profile lead nowhere
                graph.remove((shape, SH.property, referred))
        _read[path] = graph
    return _read[path]


def results(graph: Graph, shapes_graph: Graph) -> list[str]:
    """List the results of a validation: severity, path and constraint."""
    _ok, report, _text = pyshacl.validate(
        graph, shacl_graph=shapes_graph, advanced=True, do_owl_imports=False
    )
    return sorted(
        " ".join(
            str(report.value(each, term)).replace("/", "#").rsplit("#", 1)[-1]
            for term in (SH.resultSeverity, SH.resultPath, SH.sourceConstraintComponent)
        )
        for each in report.objects(None, SH.result)
    )


def whole_catalogue() -> Graph:
    service = example(
        "technology", served=(example("dataset"),), public_id="s", iri="https://x.fr/s"
    )
    whole = example("dataset", iri="https://x.fr/id/serie", title="La série")
    described = [
        example("dataset", series=(whole,)),
        service,
        example(
            "dataset",
            iri="https://x.fr/id/restreint",
            access="on_request",
            files=(),
            licences=(),
            licence_status="to_confirm",
            publisher=None,
            contact="Le service des études",
            tags=(),
            title_en="Restricted",
        ),
    ]
    page = dcat.Page("https://oe.example/catalogue.ttl", 2, 3, 250)
    return dcat.catalogue(SITE, described, page, issued=AT, modified=AT)


@pytest.mark.parametrize("name", ["base", "recommended", "range", "generated"])
def test_a_catalogue_conforms_to_dcat_ap(shared: Path, name: str) -> None:
    assert results(whole_catalogue(), shapes(shared, name)) == []


def test_only_the_publisher_is_outside_the_european_vocabularies(shared: Path) -> None:
    found = results(whole_catalogue(), shapes(shared, "mdr"))
    assert {each.split()[:2] == ["Warning", "publisher"] for each in found} == {True}


def test_a_dataset_without_a_period_lacks_that_alone(shared: Path) -> None:
    bare = example("dataset", details={"update_frequency": "unknown"})
    found = results(dcat.document(bare), shapes(shared, "recommended"))
    assert found == ["Warning temporal MinCountConstraintComponent"]


def test_a_model_conforms_to_mldcat_ap(shared: Path) -> None:
    assert mldcat.missing(example("model")) == ()
    full = example("model")
    placed = replace(full, details={**full.details, "market_date": "2026-11-24"})
    for each in (full, placed):
        assert results(mldcat.document(each), shapes(shared, "mldcat")) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"created": ""}, "created"),
        ({"version": ""}, "version"),
        ({"trained_on": []}, "trained_on"),
        ({"trained_on": [], "training_data": "Des offres."}, "collection_date"),
        ({"trained_on": [{"title": "Annonces"}]}, "collection_date"),
    ],
)
def test_what_a_model_lacks_is_named(change: dict[str, object], code: str) -> None:
    whole = example("model", references=())
    assert mldcat.missing(example("model", references=(), details={**whole.details, **change})) == (
        code,
    )
    assert mldcat.missing(example("model", files=())) == ("files",)


ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = Path(__file__).resolve().parent / "outside"


def tool(environment: str, name: str = "python") -> str:
    """Find a program of an environment, or skip."""
    place = ROOT / ".checkers" / environment
    if not (place / "ready").exists():
        pytest.skip(f"{environment} is not installed: make checkers")
    return str(place / "bin" / name)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table() -> File:
    return replace(TABLE, sha256=hashlib.sha256(CSV).hexdigest())


@pytest.mark.full
def test_mlcroissant_loads_the_rows(tmp_path: Path) -> None:
    document = croissant.document(example("dataset", files=(table(),)))
    (tmp_path / "croissant.json").write_text(json.dumps(document))
    (tmp_path / "offres.csv").write_bytes(CSV)
    said = json.loads(
        run(
            tool("croissant"),
            OUTSIDE / "croissant.py",
            tmp_path / "croissant.json",
            f"offres.csv={tmp_path / 'offres.csv'}",
        )
    )
    assert said["issues"] == []
    assert [row["code_rome"] for row in said["rows"]] == ["M1805", "G1603"]
    assert float(said["rows"][0]["effectif"]) == 12


@pytest.mark.full
@pytest.mark.parametrize("kind", ["dataset", "model", "algorithm", "technology", "solution"])
def test_cffconvert_accepts_our_citations(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(citation.cff(example(kind)))
    run(tool("cff", "cffconvert"), "--validate", "-i", path)


@pytest.mark.full
def test_frictionless_accepts_our_package(tmp_path: Path) -> None:
    document = data_package.document(example("dataset", files=(table(),)))
    (tmp_path / "offres.csv").write_bytes(CSV)
    document["resources"][0]["path"] = "offres.csv"
    (tmp_path / "datapackage.json").write_text(json.dumps(document))
    run(tool("frictionless", "frictionless"), "validate", "datapackage.json", cwd=tmp_path)


@pytest.fixture
def opened(db: None) -> dict[str, bytes]:
    """Give what anybody reads of a dataset that an opening published: each file, each document."""
    opening = World().published()
    page, client = f"/ressources/{opening.card.slug}", Client()
    names = ("/croissant.json", "/datapackage.json", ".ttl")
    found = {name.strip("/"): client.get(page + name).content for name in names}
    for file in opening.release.files.all():
        given: Any = client.get(
            f"{opening.card.dataset.get_absolute_url()}fichiers/{file.public_id}/"
        )
        found[file.name] = b"".join(given.streaming_content)
    return found


def test_an_opened_dataset_conforms_to_dcat_ap(shared: Path, opened: dict[str, bytes]) -> None:
    graph = Graph().parse(data=opened[".ttl"], format="turtle")
    assert results(graph, shapes(shared, "base")) == []
    assert b"entrees.csv" in opened[".ttl"]


@pytest.mark.full
def test_mlcroissant_loads_the_rows_that_were_opened(
    tmp_path: Path, opened: dict[str, bytes]
) -> None:
    for name, content in opened.items():
        (tmp_path / name).write_bytes(content)
    document = json.loads(opened["croissant.json"])
    held = [f"{each['name']}={tmp_path / each['name']}" for each in document["distribution"]]
    said = json.loads(
        run(tool("croissant"), OUTSIDE / "croissant.py", tmp_path / "croissant.json", *held)
    )
    assert said["issues"] == []
    rows = opened["entrees.csv"].decode().splitlines()
    assert len([row for row in said["rows"] if "sortie" in row]) >= len(rows) - 1


@pytest.mark.full
def test_frictionless_accepts_what_was_opened(tmp_path: Path, opened: dict[str, bytes]) -> None:
    for name, content in opened.items():
        (tmp_path / name).write_bytes(content)
    document = json.loads(opened["datapackage.json"])
    for each in document["resources"]:
        each["path"] = each["title"]
    (tmp_path / "datapackage.json").write_text(json.dumps(document))
    run(tool("frictionless", "frictionless"), "validate", "datapackage.json", cwd=tmp_path)


def exported(tmp_path: Path, extension: str, **changes: Any) -> Path:
    page = dcat.Page(f"https://oe.example/catalogue.{extension}", 1, 1, 1)
    graph = dcat.catalogue(SITE, [example("dataset", **changes)], page, issued=AT, modified=AT)
    path = tmp_path / f"catalogue.{extension}"
    path.write_bytes(rdf.serialise(graph, extension))
    return path


@pytest.mark.full
@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_ckan_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/ckan_parse.py"
    said = run(tool("ckan"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    assert example("dataset").title in line
    # CKAN keeps the address of a format that is a node, as it does of its own examples.
    assert f"res 1 [('{terms.file_type('csv').iri}', '{TABLE.download_url}')]" in line


@pytest.mark.full
@pytest.mark.parametrize(
    ("licence", "known"), [("ODbL-1.0", "odc-odbl"), ("CC0-1.0", "cc-zero"), ("etalab-2.0", "")]
)
def test_ckan_names_the_licences_of_its_list(tmp_path: Path, licence: str, known: str) -> None:
    """By their title; that of Etalab is not in the list that CKAN comes with."""
    licences = (Licence(licence, licence, True),)
    file = replace(TABLE, licence="")
    path = exported(tmp_path, "ttl", licences=licences, files=(file,))
    assert json.loads(run(tool("ckan"), OUTSIDE / "ckan_licences.py", path)) == [known]


@pytest.mark.full
@pytest.mark.parametrize("extension", rdf.FORMATS)
def test_udata_reads_our_catalogue(shared: Path, tmp_path: Path, extension: str) -> None:
    script = shared / "cases/catalogue/golden/udata_parse.py"
    said = run(tool("udata"), script, exported(tmp_path, extension))
    (line,) = [each for each in said.splitlines() if each.startswith("catalogue.")]
    _name, title, frequency, licence, tags, files, period, access = line.split(" | ")
    assert title == example("dataset").title
    assert "monthly" in frequency.lower()
    assert licence == "Licence Ouverte / Open Licence version 2.0"
    assert "emploi" in tags
    assert TABLE.download_url in files
    assert "csv" in files.lower()
    assert "2018, 1, 1" in period
    assert "2018, 8, 31" in period
    assert "open" in access.lower()


@pytest.mark.full
def test_the_validator_of_schema_org_finds_nothing(shared: Path, tmp_path: Path) -> None:
    if not (ROOT / "node_modules/@adobe/structured-data-validator").exists():
        pytest.skip("@adobe/structured-data-validator is not installed: make checkers")
    pages = []
    for kind in DETAILS:
        block = schema_org.data_block(example(kind))
        path = tmp_path / f"{kind}.html"
        path.write_text(
            f'<html><body><script type="application/ld+json">{block}</script></body></html>'
        )
        pages.append(path)
    vocabulary = shared / "cases/catalogue/golden/schemaorg/schemaorg-all-https.jsonld"
    said = run("node", OUTSIDE / "schema_org.mjs", vocabulary, *pages)
    assert [json.loads(line) for line in said.splitlines()] == [[]] * len(pages)
