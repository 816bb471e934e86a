"""Receipts: what was signed, and nothing else; signatures verified without a library."""

import base64
import json
import random
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from challenges.client import ed25519, online, receipts
from challenges.client.receipts import ReceiptFault, ReceiptState
from tests.challenges.client import kits

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KEYS = {receipts.key_id(PUBLIC): PUBLIC}
PAYLOAD: dict[str, Any] = {
    "kind": "score",
    "number": 3,
    "team": 'équipe « du Sud »\n"\\',
    "values": {"public": {"mae": "0.1250", "rmse": "-0.0310"}},
    "replaces": None,
}
SIGNED = kits.receipt(KEY, PAYLOAD)


def state(data: bytes) -> ReceiptState:
    return ReceiptState(online.verified_receipt(data, KEYS)["state"])


def test_a_receipt_is_what_was_signed() -> None:
    read = receipts.read_receipt(SIGNED)
    assert receipts.state_of(read, KEYS) is ReceiptState.VALID
    assert state(SIGNED) is ReceiptState.VALID
    assert (read.payload, read.text.encode()) == (PAYLOAD, SIGNED)


def test_a_flipped_bit_of_any_byte_is_seen() -> None:
    data = SIGNED
    for place in range(len(data)):
        broken = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        assert state(broken) is not ReceiptState.VALID, place


def test_every_cut_and_every_added_byte_is_seen() -> None:
    data = SIGNED
    for place in range(len(data)):
        assert state(data[:place]) is ReceiptState.ALTERED
        assert state(data[:place] + b"0" + data[place:]) is not ReceiptState.VALID


def test_spaces_and_the_order_of_keys_carry_no_meaning() -> None:
    raw = json.loads(SIGNED)
    shuffled = dict(reversed(raw.items())) | {"payload": dict(reversed(raw["payload"].items()))}
    for text in (json.dumps(shuffled, indent=2), json.dumps(raw, ensure_ascii=True)):
        assert state(text.encode()) is ReceiptState.VALID
    assert state(b"\xef\xbb\xbf \n" + SIGNED + b"\n") is ReceiptState.VALID


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"a": ' * 50_000,
        b'{"key_id": "a", "payload": {}, "signature": "A"}',
        b'{"key_id": 1, "payload": {}, "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": [], "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": {"a": 1.5}, "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": {"a": NaN}, "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": {"a": 1, "a": 1}, "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": {"a": "\\ud800"}, "signature": "' + b"A" * 86 + b'=="}',
        b'{"key_id": "1", "payload": {"a": ' + b"1" * 9_999 + b'}, "signature": "'
        + b"A" * 86 + b'=="}',
        b" " * (receipts.MAX_BYTES + 1),
    ],
)  # fmt: skip
def test_what_is_no_receipt_is_refused_without_a_crash(data: bytes) -> None:
    with pytest.raises(ReceiptFault):
        receipts.read_receipt(data)
    assert state(data) is ReceiptState.ALTERED


def test_a_key_given_twice_is_refused_even_with_the_same_value() -> None:
    data = SIGNED.replace(b'"number":3', b'"number":3,"number":3')
    assert state(data) is ReceiptState.ALTERED


def test_the_other_writings_of_a_signature_are_refused() -> None:
    """The last letter before the padding of base64 has bits that decoding drops."""
    text = json.loads(SIGNED)["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    same = alphabet[alphabet.index(text[-3]) ^ 1]
    other = text[:-3] + same + "=="
    assert base64.b64decode(other, validate=True) == base64.b64decode(text)
    assert state(SIGNED.replace(text.encode(), other.encode())) is ReceiptState.ALTERED


def test_another_key_is_unknown_and_its_name_is_not_believed() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    read = receipts.read_receipt(SIGNED)
    assert receipts.state_of(read, {receipts.key_id(public): public}) is ReceiptState.UNKNOWN_KEY
    assert receipts.state_of(read, {receipts.key_id(PUBLIC): public}) is ReceiptState.ALTERED


def test_a_public_key_goes_through_pem() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert receipts.to_pem(PUBLIC) == pem
    assert receipts.from_pem(f"\n{pem}\n") == PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n***\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        receipts.to_pem(PUBLIC).replace("PUBLIC", "PRIVATE"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ReceiptFault):
        receipts.from_pem(text)


# --- verification without a library, against the vectors and the library

# RFC 8032, §7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


def by_the_library(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    values = [bytes.fromhex(each) for each in (public, message, signature)]
    assert ed25519.verify(*values)
    assert not ed25519.verify(values[0], values[1] + b"x", values[2])


def test_the_library_agrees_on_true_and_broken_signatures() -> None:
    draw = random.Random(8032)  # noqa: S311  # test data
    for _ in range(8):
        key = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = draw.randbytes(draw.randrange(200))
        signature = key.sign(message)
        assert ed25519.verify(public, message, signature)
        for _ in range(4):
            broken = bytearray(signature)
            broken[draw.randrange(64)] ^= 1 << draw.randrange(8)
            assert not ed25519.verify(public, message, bytes(broken))
            other = bytearray(public)
            other[draw.randrange(32)] ^= 1 << draw.randrange(8)
            assert not ed25519.verify(bytes(other), message, signature)
            assert not by_the_library(bytes(other), message, signature)


def test_a_second_writing_of_a_signature_is_refused() -> None:
    public, message, signature = (bytes.fromhex(each) for each in VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not ed25519.verify(public, message, malleable)
    assert not by_the_library(public, message, malleable)


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (b"", b"\0" * 64),
        (b"\0" * 31, b"\0" * 64),
        (b"\xff" * 32, b"\0" * 64),  # y is past the prime
        (b"\x02" + b"\0" * 31, b"\0" * 64),  # no point of the curve has this y
        (bytes.fromhex(VECTORS[0][0]), b"\0" * 63),
        (bytes.fromhex(VECTORS[0][0]), b"\0" * 64),
        (bytes.fromhex(VECTORS[0][0]), b"\xff" * 64),
    ],
)
def test_anything_malformed_is_no_signature(public: bytes, signature: bytes) -> None:
    assert not ed25519.verify(public, b"", signature)
