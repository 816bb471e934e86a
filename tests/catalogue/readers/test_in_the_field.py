"""Traits of records that real portals serve, each in a document of our own."""

import json

from catalogue.standards.readers import read

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

    [record] = read("mldcat", json.dumps(model).encode(), base_url="").records

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

    reading = read("oai", answer, base_url="")

    assert (reading.records, [each.code for each in reading.faults]) == ((), ["oai_headers_alone"])


def test_the_categories_of_today_are_admitted() -> None:
    text = 'publiccodeYmlVersion: "0.4"\nname: Outil\ncategories: [other, design]\n'

    [record] = read("publiccode", text.encode(), base_url="").records

    assert not [each for each in record.faults if each.code == "shape_choice"]
