"""Receipts: canonical JSON, signed with the installation's Ed25519 key."""

import base64
import hashlib
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

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

from portal.lib import canonical


def issue(payload: dict[str, Any]) -> str:
    """Return a receipt as canonical JSON text: {"key_id", "payload", "signature"}.

    payload: strings, integers, booleans and maps of them; figures as decimal strings.
    """
    key = _key(settings.RECEIPT_KEY_FILE)
    signature = base64.b64encode(key.sign(canonical.dumps(payload))).decode()
    return canonical.dumps(
        {"key_id": key_id(_public(key)), "payload": payload, "signature": signature}
    ).decode()


def verify(receipt: str, public_key: bytes) -> bool:
    """Say whether a receipt was issued by the holder of this public key (32 raw bytes)."""
    try:
        read = json.loads(receipt)
        signature = base64.b64decode(read["signature"], validate=True)
        if canonical.dumps(read).decode() != receipt or read["key_id"] != key_id(public_key):
            return False
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, canonical.dumps(read["payload"])
        )
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def public_key() -> bytes:
    """Return the public half of the receipt key, 32 raw bytes."""
    return _public(_key(settings.RECEIPT_KEY_FILE))


def key_id(public: bytes) -> str:
    """Name a public key: the first 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(public).hexdigest()[:16]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


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
