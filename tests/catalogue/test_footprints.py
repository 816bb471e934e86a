"""Energy and emissions of a model: decimals, written as one reads them, out and back unchanged."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from catalogue.forms.steps import form_field
from catalogue.queries import detail
from catalogue.standards.readers import hf_card
from catalogue.validators.fields import DETAILS, clean_value

ENERGY = DETAILS["model"].by_name["energy_wh"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0,42", 0.42),
        ("0.42", 0.42),
        ("1 234,5", 1234.5),
        ("12", 12),
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
    [("fr", "1234,5", "1\u202f234,5"), ("en", "1234.5", "1\u202f234.5")],
)
def test_it_is_written_in_the_language_of_the_reader(language: str, typed: str, shown: str) -> None:
    with override(language):
        assert form_field(ENERGY).prepare_value(1234.5) == typed
        assert clean_value(ENERGY, typed) == 1234.5
        assert detail.said(ENERGY, 1234.5) == shown


def test_the_grams_of_hugging_face_are_read_as_they_are_given() -> None:
    front: dict[str, Any] = {
        "plain": "co2_eq_emissions: 0.42\n",
        "told": 'co2_eq_emissions:\n  emissions: 310.25\n  source: "code carbon"\n'
        "  training_type: fine-tuning\n",
        "wrong": "co2_eq_emissions: .inf\n",
    }
    read = {
        name: hf_card.read(
            f"---\nlibrary_name: x\n{text}---\n# Un modèle\n\nUn texte.\n".encode(), ""
        ).records[0]
        for name, text in front.items()
    }
    assert read["plain"].details["co2_grams"].value == 0.42
    assert "footprint" not in read["plain"].details
    assert read["told"].details["co2_grams"].value == 310.25
    assert read["told"].details["footprint"].value == "fine-tuning, code carbon"
    assert "co2_grams" not in read["wrong"].details
