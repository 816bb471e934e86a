"""Read a receipt and say whether it is what was signed, without network; standard library only.

A receipt is {"key_id", "payload", "signature"}: the signature (Ed25519, base64) covers the
canonical JSON of the payload (sorted keys, no spaces, UTF-8, no decimal number). Spaces between
tokens and the order of keys carry no meaning; any other change breaks the signature."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from challenges.client import ed25519
from challenges.scoring.contract import canonical

MAX_BYTES = 256 * 1024
_FIELDS = {"key_id", "payload", "signature"}
# The DER header of an Ed25519 public key (RFC 8410); the 32 bytes of the key follow.
_DER_HEADER = bytes.fromhex("302a300506032b6570032100")
_PEM_BEGIN, _PEM_END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"

Check = Callable[[bytes, bytes, bytes], bool]


class ReceiptState(StrEnum):
    """Say what a receipt is worth.

    superseded: genuine, and a later receipt replaces it. revoked: a genuine certificate of a
    result that no longer stands. unregistered: well signed, but absent from the portal that
    should have issued it. These three need the register of the portal.
    """

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    UNREGISTERED = "unregistered"
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown_key"


class ReceiptFault(ValueError):
    """Say that some bytes are no receipt, or no public key."""


@dataclass(frozen=True)
class Receipt:
    """Hold a receipt as it was read; nothing is verified yet."""

    key_id: str
    payload: Mapping[str, Any]
    signature: bytes

    @property
    def text(self) -> str:
        """Return the receipt as it was issued."""
        signature = base64.b64encode(self.signature).decode()
        whole = {"key_id": self.key_id, "payload": self.payload, "signature": signature}
        return canonical(whole).decode()

    @property
    def sha256(self) -> str:
        """Return the sha256 of the receipt as it was issued."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_receipt(data: bytes) -> Receipt:
    """Read a receipt; raises ReceiptFault when these bytes are not one."""
    if len(data) > MAX_BYTES:
        raise ReceiptFault("too many bytes")
    try:
        raw = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_float=_refused,
            parse_constant=_refused,
        )
        if not isinstance(raw, dict) or set(raw) != _FIELDS:
            raise ReceiptFault("not the fields of a receipt")
        receipt = Receipt(str(raw["key_id"]), raw["payload"], _signature(raw["signature"]))
        canonical(receipt.payload)  # a lone surrogate has no canonical form
    except ReceiptFault:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise ReceiptFault("not the JSON of a receipt") from error
    if not isinstance(receipt.payload, dict) or receipt.key_id != raw["key_id"]:
        raise ReceiptFault("not the values of a receipt")
    return receipt


def state_of(
    receipt: Receipt, keys: Mapping[str, bytes], *, check: Check = ed25519.verify
) -> ReceiptState:
    """Verify the signature of a receipt with known public keys: {key id: 32 raw bytes}.

    Returns VALID, ALTERED or UNKNOWN_KEY: what needs no register.
    """
    key = keys.get(receipt.key_id)
    if key is None:
        return ReceiptState.UNKNOWN_KEY
    if not check(key, canonical(receipt.payload), receipt.signature):
        return ReceiptState.ALTERED
    return ReceiptState.VALID


def key_id(public: bytes) -> str:
    """Name a public key: the first 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(public).hexdigest()[:16]


def to_pem(public: bytes) -> str:
    """Write a public key (32 raw bytes) as PEM."""
    body = base64.b64encode(_DER_HEADER + public).decode()
    return f"{_PEM_BEGIN}\n{body}\n{_PEM_END}\n"


def from_pem(text: str) -> bytes:
    """Read an Ed25519 public key in PEM; returns its 32 raw bytes, raises ReceiptFault."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != _PEM_BEGIN or lines[-1] != _PEM_END:
        raise ReceiptFault("not a public key in PEM")
    try:
        data = base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ReceiptFault("not a public key in PEM") from error
    if len(data) != len(_DER_HEADER) + ed25519.KEY_BYTES or not data.startswith(_DER_HEADER):
        raise ReceiptFault("not an Ed25519 key")
    return data[len(_DER_HEADER) :]


def _signature(text: object) -> bytes:
    if not isinstance(text, str):
        raise ReceiptFault("the signature is a text")
    data = base64.b64decode(text, validate=True)
    # Several texts decode to the same bytes: one only is written by the portal.
    if len(data) != ed25519.SIGNATURE_BYTES or base64.b64encode(data).decode() != text:
        raise ReceiptFault("not a signature")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReceiptFault("a key is given twice")
    return found


def _refused(text: str) -> Any:
    raise ReceiptFault("a receipt holds no decimal number")
