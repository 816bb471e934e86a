"""Check names and identifiers of organisations: what looks or reads alike is the same name."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

RESERVED_FILE = Path(__file__).with_name("reserved_names.txt")
SMALL_WORDS = frozenset("l d la le les de du des a au aux et en un une of the and".split())
# Letters of other alphabets that pass for Latin ones, in capitals or not.
_CYRILLIC = ("авекмнорстухѕіјһԁԛԝ", "abekmhopctyxsijhdqw")
_GREEK = ("αβεζηικμνορτυχı", "abezhikmnoptyxi")
_ALIKE = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])
_AS_LETTERS = str.maketrans("014357@$|", "oiaestasi")
_LIGATURES = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ß": "ss"}
_UNSEEN = "\u115f\u1160\u17b4\u17b5\u2800"  # letters and signs that show nothing
GLUED_MIN = 8


def words(name: str) -> list[str]:
    """Fold a name into its words: no case, accent, plural, punctuation or look-alike letter."""
    folded = "".join(_LIGATURES.get(char, char) for char in name.casefold())
    bare = "".join(
        char
        for char in unicodedata.normalize("NFKD", folded).casefold()
        if unicodedata.category(char) not in {"Mn", "Cf"} and char not in _UNSEEN
    ).translate(_ALIKE)
    spaced = "".join(char if char.isalnum() or char in "@$|" else " " for char in bare)
    return [_folded(word) for word in spaced.split()]


def _folded(word: str) -> str:
    if any(char.isalpha() for char in word):  # a number alone stays one
        word = word.translate(_AS_LETTERS)
    word = word.replace("l", "i")
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def key(name: str) -> str:
    """Return what two names that pass for one another share."""
    name_words = words(name)
    return "".join(_telling(name_words) or name_words)


def reserved(name: str) -> str:
    """Return the reserved name that a name holds, "" if none."""
    name_words = words(name)
    for kept, public in _reserved().items():
        if any(_holds(among, kept) for among in (name_words, _telling(name_words))):
            return public
    return ""


def imitated(name: str, among: Iterable[str]) -> str:
    """Return the first of these names that a name passes for, "" if none."""
    mine = key(name)
    return next((other for other in among if key(other) == mine), "")


def _telling(name_words: list[str]) -> list[str]:
    return [word for word in name_words if word not in _small()]


def _holds(name_words: list[str], kept: str) -> bool:
    """Say whether words in a row spell a key, or a word holds a long one glued to others."""
    if len(kept) >= GLUED_MIN and any(kept in word for word in name_words):
        return True
    return any(
        kept == spelt for start in range(len(name_words)) for spelt in _grown(name_words[start:])
    )


def _grown(name_words: list[str]) -> Iterator[str]:
    spelt = ""
    for word in name_words:
        spelt += word
        yield spelt


@cache
def _small() -> frozenset[str]:
    return frozenset(_folded(word) for word in SMALL_WORDS)


@cache
def _reserved() -> dict[str, str]:
    lines = RESERVED_FILE.read_text(encoding="utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return {key(name): name for name in names}


LA_POSTE = "356000000"


def luhn(digits: str) -> bool:
    """Check a Luhn key. digits: decimal digits only."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def clean_siret(raw: str) -> str:
    """Return a SIRET (14 digits) or a SIREN (9 digits) without its spaces.

    Raises ValidationError when the length or the key is wrong. The establishments of La
    Poste follow a sum of their own (multiple of 5).
    """
    digits = "".join(raw.split()).replace(".", "")
    if not digits:
        return ""
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in {9, 14}:
        raise ValidationError(
            _("Un SIRET a 14 chiffres, un SIREN en a 9 : « %(value)s » en compte %(count)d.")
            % {"value": raw[:64], "count": sum(char.isdigit() for char in raw)},
            code="siret_length",
        )
    post_office = len(digits) == 14 and digits.startswith(LA_POSTE)
    if not luhn(digits) and not (post_office and sum(map(int, digits)) % 5 == 0):
        raise ValidationError(
            _("La clé de contrôle de « %(value)s » ne tombe pas juste : vérifiez les chiffres.")
            % {"value": raw[:64]},
            code="siret_key",
        )
    return digits
