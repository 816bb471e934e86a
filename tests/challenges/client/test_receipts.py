"""Reading a receipt: what was signed, and nothing else."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from challenges.client import receipts
from challenges.client.receipts import ReceiptFault, ReceiptState
from challenges.receipts.queries import judge_alone
from challenges.scoring.answer import canonical

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


def signed(payload: dict[str, Any] = PAYLOAD) -> bytes:
    signature = base64.b64encode(KEY.sign(canonical(payload))).decode()
    return canonical(
        {"key_id": receipts.key_id(PUBLIC), "payload": payload, "signature": signature}
    )


def state(data: bytes) -> ReceiptState:
    return judge_alone(data, PUBLIC).state


def test_a_receipt_is_what_was_signed() -> None:
    read = receipts.read(signed())
    assert receipts.state_of(read, KEYS) is ReceiptState.VALID
    assert state(signed()) is ReceiptState.VALID
    assert (read.payload, read.text.encode()) == (PAYLOAD, signed())


def test_every_flipped_bit_is_seen() -> None:
    data = signed()
    for place in range(len(data)):
        for bit in range(8):
            broken = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
            assert state(broken) is not ReceiptState.VALID, (place, bit)


def test_every_cut_and_every_added_byte_is_seen() -> None:
    data = signed()
    for place in range(len(data)):
        assert state(data[:place]) is ReceiptState.ALTERED
        assert state(data[:place] + b"0" + data[place:]) is not ReceiptState.VALID


def test_spaces_and_the_order_of_keys_carry_no_meaning() -> None:
    raw = json.loads(signed())
    shuffled = dict(reversed(raw.items())) | {"payload": dict(reversed(raw["payload"].items()))}
    for text in (json.dumps(shuffled, indent=2), json.dumps(raw, ensure_ascii=True)):
        assert state(text.encode()) is ReceiptState.VALID
    assert state(b"\xef\xbb\xbf \n" + signed() + b"\n") is ReceiptState.VALID


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
        receipts.read(data)
    assert state(data) is ReceiptState.ALTERED


def test_a_key_given_twice_is_refused_even_with_the_same_value() -> None:
    data = signed().replace(b'"number":3', b'"number":3,"number":3')
    assert state(data) is ReceiptState.ALTERED


def test_the_other_writings_of_a_signature_are_refused() -> None:
    """The last letter before the padding of base64 has bits that decoding drops."""
    text = json.loads(signed())["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    same = alphabet[alphabet.index(text[-3]) ^ 1]
    other = text[:-3] + same + "=="
    assert base64.b64decode(other, validate=True) == base64.b64decode(text)
    assert state(signed().replace(text.encode(), other.encode())) is ReceiptState.ALTERED


def test_another_key_is_unknown_and_its_name_is_not_believed() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    read = receipts.read(signed())
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
