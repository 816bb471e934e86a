"""The measures of a Hugging Face card: declared by its producer, verified by nobody here."""

import pytest
import yaml
from django.test import Client

from catalogue.queries import incoming
from catalogue.standards import forms
from catalogue.standards.readers.dispatch import read_here
from tests.catalogue.standards.examples import example
from tests.factories.catalogue import ResourceFactory

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
    found = incoming.read(record)
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
    back = incoming.read(record).values["declared_measures"]
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
    assert "Ce qu’il sait faire, mesuré" not in page
