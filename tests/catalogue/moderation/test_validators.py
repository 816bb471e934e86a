"""Licences, prose and addresses."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from catalogue.queries import proposals
from catalogue.validators import addresses, words
from catalogue.validators import checks as record_checks
from catalogue.validators.fields import Field, FieldType, clean_value


@pytest.mark.parametrize(
    ("text", "expression", "is_open"),
    [
        ("mit", "MIT", True),
        ("MIT OR apache-2.0", "MIT OR Apache-2.0", True),
        ("etalab-2.0", "etalab-2.0", True),
        ("odbl-1.0", "ODbL-1.0", True),
        (
            "GPL-3.0-or-later WITH GCC-exception-3.1",
            "GPL-3.0-or-later WITH GCC-exception-3.1",
            True,
        ),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", False),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", False),
        ("BUSL-1.1", "BUSL-1.1", False),
    ],
)
def test_known_licences(text: str, expression: str, is_open: bool) -> None:
    licence = words.read(text)

    assert licence.expression == expression
    assert licence.is_known
    assert licence.is_open is is_open


@pytest.mark.parametrize(
    "text", ["", "  ", "Licence Ouverte", "notspecified", "other", "(MIT", "MIT and", "x" * 301]
)
def test_unknown_licences_are_neither_known_nor_open(text: str) -> None:
    licence = words.read(text)

    assert not licence.is_known
    assert not licence.is_open


@pytest.mark.parametrize(
    ("text", "ambiguous"),
    [
        ("Licence Ouverte", True),
        ("licence ouverte / open licence", True),
        ("Licence Ouverte 2.0", False),
        ("etalab-2.0", False),
    ],
)
def test_licence_ouverte_without_its_number(text: str, ambiguous: bool) -> None:
    assert words.is_ambiguous(text) is ambiguous


@pytest.mark.parametrize(
    ("text", "is_data", "suits"),
    [
        ("etalab-2.0", True, True),
        ("ODbL-1.0", True, True),
        ("CC-BY-4.0", True, False),
        ("EUPL-1.2", False, True),
        ("GPL-3.0-or-later", False, True),
        ("ISC", False, False),
        ("EUPL-1.2", True, False),
    ],
)
def test_licences_of_the_decree(text: str, is_data: bool, suits: bool) -> None:
    assert words.suits_administration(words.read(text), is_data=is_data) is suits


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Prévoir les recrutements saisonniers par zone d'emploi avec des données ouvertes", "fr"),
        ("A model that predicts the hires of the season for each job area of the region", "en"),
        (
            "Un modelo que predice las contrataciones de la temporada para cada zona y sector",
            "other",
        ),
        ("Ein Modell, das die Einstellungen der Saison für jede Zone in der Region misst", "other"),
        ("Модель прогнозирует сезонный найм по зонам занятости", "other"),
        ("Trop court", "unknown"),
        ("", "unknown"),
        ("ROME ESCO NAF APE SIRET", "unknown"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert record_checks.language_of(text) == language


@pytest.mark.parametrize(
    ("title", "shouting"),
    [
        ("UN TITRE QUI CRIE FORT", True),
        ("Répertoire ROME", False),
        ("CAMEMBERT", False),
        ("API ROME", False),
    ],
)
def test_titles_in_capitals(title: str, shouting: bool) -> None:
    assert record_checks.is_shouting(title) is shouting


def test_spam_signs() -> None:
    assert (
        record_checks.spam_signs("Un modèle de prévision, voir https://a.example et le code.") == []
    )
    assert record_checks.spam_signs("Casino et crypto en ligne") == ["casino", "crypto"]
    assert record_checks.spam_signs("voir " + "https://a.example " * 5) == ["links"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Répertoire des métiers", "REPERTOIRE DES METIERS", True),
        ("Prévoir les recrutements", "Prévoir le recrutement", True),
        ("Prévoir les recrutements", "Mesurer les écarts", False),
        ("", "", False),
    ],
)
def test_likeness_of_titles(one: str, other: str, alike: bool) -> None:
    assert record_checks.is_like(one, other, at_least=0.9) is alike


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://data.example/jeu", True),
        ("http://data.example:8080/", True),
        ("ftp://data.example/", False),
        ("javascript:alert(1)", False),
        ("https://user:secret@data.example/", False),
        ("https://localhost/", False),
        ("https://data.example:port/", False),
        ("https://data.example/a b", False),
        ("", False),
    ],
)
def test_web_addresses(url: str, web: bool) -> None:
    assert addresses.is_web(url) is web


def test_two_addresses_of_one_page_share_a_key() -> None:
    keys = {
        addresses.same_page_key(url)
        for url in (
            "https://www.Forge.example/equipe/outil.git",
            "http://forge.example/equipe/outil/",
            "https://forge.example/equipe/outil?utm_source=lettre#lire",
        )
    }

    assert keys == {"forge.example/equipe/outil"}
    assert addresses.same_page_key("https://forge.example/?b=2&a=1") == "forge.example?a=1&b=2"
    assert addresses.same_page_key("pas une adresse") == ""


@pytest.mark.parametrize(
    ("language", "text", "read"),
    [
        ("fr", "1,234", 1.234),
        ("en", "1.234", 1.234),
        ("en", "12,5", 12.5),
        ("en", "1,234", None),
        ("fr", "1_000", None),
        ("fr", "1 000,5", 1000.5),
        ("fr", 0.00001, 0.00001),
        ("fr", True, None),
        ("fr", "nan", None),
        ("fr", "\uff11\uff12", None),
    ],
)
def test_a_number_is_read_in_one_way_alone(language: str, text: object, read: float | None) -> None:
    field = Field("size", "Taille", type=FieldType.NUMBER)
    with translation.override(language):
        if read is None:
            with pytest.raises(ValidationError):
                clean_value(field, text)
        else:
            assert clean_value(field, text) == read


def test_a_whole_number_holds_no_underscore() -> None:
    with pytest.raises(ValidationError):
        clean_value(Field("size", "Taille", type=FieldType.INTEGER), "1_000")


def test_a_small_number_is_told_in_figures() -> None:
    field = Field("size", "Taille", type=FieldType.NUMBER)
    assert proposals.words_of(field, 0.00001) == "0,00001"
