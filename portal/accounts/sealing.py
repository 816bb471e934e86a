"""Seal small secrets at rest: second-factor seeds, addresses waiting in the outbox."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(ValueError):
    """A sealed text that no current key opens."""


def _fernet(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"openemploi/accounts/seal/v1")
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))


def _keys() -> MultiFernet:
    return MultiFernet(
        [_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def seal(text: str) -> str:
    """Encrypt and authenticate a short text."""
    return _keys().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Open a sealed text. Raises SealBroken when it was altered or the keys are gone."""
    try:
        return _keys().decrypt(sealed.encode("ascii")).decode()
    except InvalidToken as error:
        raise SealBroken from error
