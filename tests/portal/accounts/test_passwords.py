"""The table of passwords, and the numbers of organisations."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from portal.accounts.validators import clean_siret

PERSON = SimpleNamespace(
    username="m0123", display_name="Élodie Martin-Roux", email="elodie.roux@exemple.test"
)
TABLE = {
    "": "password_too_short",
    "court": "password_too_short",
    "treizecaracte": "password_too_short",
    "a" * 129 + "bcdefgh": "password_too_long",
    "motdepassemotdepasse": "password_too_common",
    "Motdepasse12345": "password_too_common",
    "M0td3passe!!!2026": "password_too_common",
    "passwordpassword": "password_too_common",
    "P@ssw0rd20262026": "password_too_common",
    "azertyuiopqsdfgh": "password_too_common",
    "AZERTYUIOPQSDF": "password_too_common",
    "qwertyuiopasdfgh": "password_too_common",
    "abcdefghijklmnop": "password_too_common",
    "ponmlkjihgfedcba": "password_too_common",
    "01234567890123": "password_too_common",
    "98765432109876": "password_too_common",
    "aaaaaaaaaaaaaaaa": "password_too_common",
    "ababababababab": "password_too_common",
    "11111111111111": "password_too_common",
    "soleilsoleilsoleil": "password_too_common",
    "marseille-13-13-13": "password_too_common",
    "2026-bienvenue-2026": "password_too_common",
    "..............": "password_too_common",
    "azertyuiop-azertyuiop": "password_too_common",
    "openemploi2026!": "password_site_word",
    "Open-Emploi-du-Sud": "password_site_word",
    "francetravail-cle": "password_site_word",
    "elodie aime les pommes": "password_too_similar",
    "ELODIEaimelespommes": "password_too_similar",
    "la valise de Martin": "password_too_similar",
    "un roux-gorge chante": "password_too_similar",
    "elodieroux-chantonne": "password_too_similar",
    "verger tuile safran rade": None,
    "quatre-mots-sans-lien-verger": None,
    "La pluie tombe sur Arles.": None,
    "¿Dónde está la biblioteca?": None,
    "Ceci n’est pas un secret": None,
    "xK9$mQ2vL7nR4wZ": None,
    "mon chat boit du thé vert": None,
    "b" + "onsoir les petits pains chauds" * 3: None,
    "14caracteresOK": None,
    "emoji 🐈 dans la nuit noire": None,
}


@pytest.mark.parametrize(("password", "code"), TABLE.items(), ids=range(len(TABLE)))
def test_password_table(password: str, code: str | None) -> None:
    if code is None:
        validate_password(password, PERSON)  # type: ignore[arg-type]
        return
    with pytest.raises(ValidationError) as refused:
        validate_password(password, PERSON)  # type: ignore[arg-type]
    assert code in {error.code for error in refused.value.error_list}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("", ""),
        ("732 829 320 00074", "73282932000074"),
        ("732829320", "732829320"),
        ("35600000000048", "35600000000048"),
        ("35600000049837", "35600000049837"),
    ],
)
def test_numbers_that_hold(raw: str, kept: str) -> None:
    assert clean_siret(raw) == kept


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("73282932000075", "siret_key"),
        ("732829321", "siret_key"),
        ("7328293200007", "siret_length"),
        ("abc", "siret_length"),
        ("٧٣٢٨٢٩٣٢٠", "siret_length"),
    ],
)
def test_numbers_that_do_not(raw: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_siret(raw)
    assert refused.value.code == code
