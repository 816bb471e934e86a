"""Check the identifiers of French organisations."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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
