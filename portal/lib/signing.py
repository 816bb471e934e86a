"""Sign with the installation's Ed25519 key, and verify by a public one."""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings


def sign(message: bytes) -> bytes:
    """Sign by the key of RECEIPT_KEY_FILE; returns 64 bytes.

    In embedded mode the key is made at its first use. Raises OSError when it cannot be read.
    """
    return _key(settings.RECEIPT_KEY_FILE).sign(message)


def public_key() -> bytes:
    """Return the public half of the key that signs, 32 raw bytes; raises OSError like sign."""
    public = _key(settings.RECEIPT_KEY_FILE).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def check(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature was made by the owner of a public key (32 raw bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4)
def _key(path: str) -> Ed25519PrivateKey:
    file = Path(path)
    if not file.exists() and settings.EMBEDDED:
        _generate(file)
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("RECEIPT_KEY_FILE: an Ed25519 key in PEM is expected")
    return key


def _generate(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    draft.chmod(0o400)
    try:
        os.link(draft, path)  # atomic: two processes starting together agree on one key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
