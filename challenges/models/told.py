"""Faults and warnings of a file, as they were stored, in the language of who reads them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from challenges.scoring.predictions import faults

FRENCH = "fr"


def reader_language() -> str:
    """Return the language of the reader that faults can be said in."""
    asked = (get_language() or FRENCH).partition("-")[0]
    return asked if asked in faults.LANGUAGES else FRENCH


def faults_told(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the faults of a stored verdict in the reader's language.

    Each has its language too, that of its sentence: one stored without its facts stays French.
    """
    return [_told(each) for each in verdict.get("faults", ())]


def warnings_told(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the warnings of a stored verdict in the reader's language; see faults_told."""
    return [_told(each) for each in verdict.get("warnings", ())]


def _told(stored: Mapping[str, Any]) -> dict[str, Any]:
    language = reader_language()
    if not faults.has_sentence(stored, language):
        language = FRENCH
    types = {"nombre": _("nombre"), "texte": _("texte")}
    expected = stored.get("expected")
    said = {"message": faults.sentence_of(stored, language), "language": language}
    return {**stored, **said, "expected": types.get(str(expected), expected)}
