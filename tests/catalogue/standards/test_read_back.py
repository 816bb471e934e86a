"""What we write, read by our own readers: a card that leaves comes back the same."""

import pytest

from catalogue.standards import forms
from catalogue.standards.readers.dispatch import read_here
from tests.catalogue.standards.examples import SHA256, example

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
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
