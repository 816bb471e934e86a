"""Judge passwords: length, top lists, names, the site's own words. No composition rule."""

import re
import unicodedata
from functools import cache
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MIN_CHARACTERS = 14
MAX_CHARACTERS = 128
MIN_DISTINCT = 6
SITE_WORDS = ("openemploi", "regionsud", "provencealpescotedazur", "francetravail")
# The French half of what leaks most often; the other half is Django's list of 20,000.
FRENCH_TOP_WORDS = frozenset(
    """
    motdepasse azerty azertyuiop bonjour soleil doudou marseille chouchou loulou nicolas
    camille princesse coucou jetaime amour chocolat vacances bienvenue administrateur
    utilisateur changezmoi motdepassesecret secret provence mistral cigale olympiquedemarseille
    allezlom toulon avignon aixenprovence
    """.split()
)
ROWS = (
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
)
LEET = str.maketrans("013457@$!|", "oieastasil")


def plain(text: str) -> str:
    """Fold case and accents and keep letters and digits only."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in folded if char.isalnum())


@cache
def top_words() -> frozenset[str]:
    """Return the words of the top lists, folded."""
    english = CommonPasswordValidator().passwords
    return frozenset(plain(word) for word in english if len(word) >= 4) | FRENCH_TOP_WORDS


def is_worn(password: str) -> bool:
    """Tell a password that is a top-list word, dressed or repeated, or a keyboard run."""
    folded = plain(password)
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password)
    dressed = {folded, plain(password.casefold().translate(LEET))}
    dressed.add(plain(bare.casefold().translate(LEET)))
    letters = {re.sub(r"\d", "", word) for word in dressed}
    undressed = {re.sub(r"^\d+|\d+$", "", word) for word in dressed}
    candidates = {_unrepeated(word) for word in dressed | letters | undressed} - {""}
    if candidates & top_words() or len(set(folded)) < MIN_DISTINCT:
        return True
    return any(_is_run(word) for word in dressed | letters)


def _unrepeated(word: str) -> str:
    at = (word + word).find(word, 1)
    return word[:at] if 0 < at < len(word) else word


def _is_run(word: str) -> bool:
    if len(word) < 8:
        return False
    return any(word in row or word in row[::-1] for row in ROWS)


class LengthValidator:
    """Hold passwords between 14 and 128 characters."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError outside the bounds."""
        if len(password) < MIN_CHARACTERS:
            raise ValidationError(
                _("Ce mot de passe a %(length)d caractères ; il en faut au moins %(least)d.")
                % {"length": len(password), "least": MIN_CHARACTERS},
                code="password_too_short",
            )
        if len(password) > MAX_CHARACTERS:
            raise ValidationError(
                _("Ce mot de passe a %(length)d caractères ; le maximum est %(most)d.")
                % {"length": len(password), "most": MAX_CHARACTERS},
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return _(
            "De %(least)d à %(most)d caractères. Quatre mots sans lien entre eux font l’affaire."
        ) % {"least": MIN_CHARACTERS, "most": MAX_CHARACTERS}


class TopListValidator:
    """Refuse what every guesser tries first."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a worn password."""
        if is_worn(password):
            raise ValidationError(
                _(
                    "Ce mot de passe est l’un des plus essayés (mot courant, suite de touches, "
                    "répétition). Composez une phrase à vous."
                ),
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        return _("Ni mot courant répété ou suivi de chiffres, ni suite de touches.")


class OwnWordsValidator:
    """Refuse the person's name or address, and the site's own words."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when the password carries one of these words."""
        folded = plain(password)
        if any(word in folded for word in SITE_WORDS):
            raise ValidationError(
                _("Ce mot de passe contient le nom du site ou de ses partenaires."),
                code="password_site_word",
            )
        if any(word in folded for word in personal_words(user)):
            raise ValidationError(
                _("Ce mot de passe contient votre nom ou votre adresse électronique."),
                code="password_too_similar",
            )

    def get_help_text(self) -> str:
        return _("Ni votre nom, ni votre adresse, ni le nom du site.")


def personal_words(user: Any) -> set[str]:
    """List the words of four letters or more in a person's name, user name and address."""
    if user is None:
        return set()
    sources = [getattr(user, name, "") or "" for name in ("display_name", "username", "email")]
    words = {plain(part) for source in sources for part in re.split(r"[^\w]+|_", source)}
    words.add(plain(sources[2].partition("@")[0]))
    return {word for word in words if len(word) >= 4 and word not in {"gmail", "mail"}}
