"""Sealed files: what opens, and everything that must not."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datasets.vault import form, seal, unseal
from datasets.vault.form import SealBroken, WrappedKey

Sealed = tuple[bytes, tuple[WrappedKey, ...]]
CHUNK = form.CHUNK_BYTES
STORED = CHUNK + form.TAG_BYTES
WORKER = X25519PrivateKey.generate()
ESCROW = X25519PrivateKey.generate()
PAYLOAD = bytes(range(256)) * (2 * CHUNK // 256) + b"la fin"


def sealed(payload: bytes = PAYLOAD) -> Sealed:
    ciphertext, facts = seal.seal_bytes(payload, [WORKER.public_key(), ESCROW.public_key()])
    return ciphertext, facts.wrapped


@pytest.fixture(scope="module")
def one() -> Sealed:
    return sealed()


@pytest.fixture(scope="module")
def other() -> Sealed:
    return sealed(PAYLOAD[::-1])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK])
def test_round_trip_at_each_chunk_boundary(size: int) -> None:
    payload = PAYLOAD[:size]

    ciphertext, facts = seal.seal_bytes(payload, [WORKER.public_key()])

    assert len(ciphertext) == form.sealed_size(size) == facts.ciphertext_size
    assert len(ciphertext) == 32 + size + 16 * max(1, -(-size // CHUNK))
    assert facts.size == size
    assert facts.ciphertext_sha256 == hashlib.sha256(ciphertext).hexdigest()
    assert ciphertext[:8] == b"OEH1" + (1_048_576).to_bytes(4, "big")
    assert ciphertext[24:32] == bytes(8)
    assert unseal.unseal_bytes(ciphertext, [WORKER], facts.wrapped) == payload


def test_the_same_bytes_are_sealed_apart_for_somebody() -> None:
    first, second = sealed(b"abc")[0], sealed(b"abc")[0]

    assert first[8:24] != second[8:24]
    assert first[32:] != second[32:]
    with pytest.raises(ValueError, match="recipient"):
        seal.seal_bytes(b"abc", [])


def test_a_source_that_gives_few_bytes_at_a_time_is_sealed_in_whole_chunks() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 1, 100_000))

    target = io.BytesIO()
    facts = seal.seal(Slow(PAYLOAD), target, [WORKER.public_key()])

    assert len(target.getvalue()) == form.sealed_size(len(PAYLOAD))
    assert unseal.unseal_bytes(target.getvalue(), [WORKER], facts.wrapped) == PAYLOAD


def flip(at: int) -> Callable[[bytes], bytes]:
    def change(block: bytes) -> bytes:
        place = at % len(block)
        return block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]

    return change


def swapped(block: bytes) -> bytes:
    return (
        block[:32]
        + block[32 + STORED : 32 + 2 * STORED]
        + block[32 : 32 + STORED]
        + block[32 + 2 * STORED :]
    )


def doubled(block: bytes) -> bytes:
    return block[: 32 + STORED] + block[32:]


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "magic": flip(0),
    "chunk size": flip(6),
    "file id": flip(12),
    "padding": flip(30),
    "first body byte": flip(32),
    "middle of the body": flip(CHUNK + 100),
    "last byte": flip(-1),
    "chunks swapped": swapped,
    "chunk doubled": doubled,
    "byte appended": lambda block: block + b"\0",
    "chunk appended": lambda block: block + block[32 : 32 + STORED],
    "cut at a chunk": lambda block: block[: 32 + 2 * STORED],
    "cut inside a chunk": lambda block: block[: 32 + STORED + 500],
    "cut inside the last tag": lambda block: block[:-1],
    "empty": lambda block: b"",
    "header only": lambda block: block[:32],
}


@pytest.mark.parametrize("name", sorted(ALTERED))
def test_an_altered_file_is_refused(name: str, one: Sealed) -> None:
    with pytest.raises(SealBroken):
        unseal.unseal_bytes(ALTERED[name](one[0]), [WORKER], one[1])


def test_another_file_s_parts_are_refused(one: Sealed, other: Sealed) -> None:
    mixed = [
        (one[0][:32] + other[0][32:], one[1]),
        (other[0][:32] + one[0][32:], one[1]),
        (one[0][:32] + other[0][32:], other[1]),
        (one[0], other[1]),
    ]

    for ciphertext, wrapped in mixed:
        with pytest.raises(SealBroken):
            unseal.unseal_bytes(ciphertext, [WORKER], wrapped)


def test_a_stranger_and_an_altered_wrapped_key_are_refused(one: Sealed) -> None:
    ciphertext, (mine, theirs) = one
    stranger = X25519PrivateKey.generate()
    posing = replace(mine, key_id=form.key_id(stranger.public_key()))

    for private, wrapped in [
        (stranger, (mine, theirs)),
        (stranger, (posing,)),
        (WORKER, (theirs,)),
        (WORKER, (replace(mine, wrapped=flip(3)(mine.wrapped)),)),
        (WORKER, (replace(mine, wrapped=mine.wrapped[:-1]),)),
        (WORKER, (replace(mine, ephemeral=flip(3)(mine.ephemeral)),)),
        (WORKER, (replace(mine, ephemeral=bytes(32)),)),
        (WORKER, (replace(mine, ephemeral=mine.ephemeral[:31]),)),
        (WORKER, ()),
    ]:
        with pytest.raises(SealBroken):
            unseal.unseal_bytes(ciphertext, [private], wrapped)


def test_an_envelope_opens_alone_and_refuses_what_was_altered() -> None:
    block = seal.envelope(b'{"mae": 0.25}', [WORKER.public_key(), ESCROW.public_key()])

    assert unseal.open_envelope(block, [WORKER]) == b'{"mae": 0.25}'
    assert unseal.open_envelope(block, [ESCROW]) == b'{"mae": 0.25}'
    for broken in [b"", b"OEW1", block[:40], flip(0)(block), flip(-1)(block), flip(60)(block)]:
        with pytest.raises(SealBroken):
            unseal.open_envelope(broken, [WORKER])


def test_a_wrapped_key_survives_json_and_a_broken_row_is_refused(one: Sealed) -> None:
    row = one[1][0]

    assert WrappedKey.from_json(row.to_json()) == row
    for broken in [{}, {**row.to_json(), "wrapped": "zz"}, {"key_id": "a"}]:
        with pytest.raises(SealBroken):
            WrappedKey.from_json(broken)


def test_keys_are_read_from_pem_and_only_x25519() -> None:
    private, public = form.new_pair()
    signing = ed25519.Ed25519PrivateKey.generate()
    signing_private = signing.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signing_public = signing.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert form.raw(form.read_private(private).public_key()) == form.raw(form.read_public(public))
    for broken in [b"", b"rien", signing_public]:
        with pytest.raises(SealBroken):
            form.read_public(broken)
    for broken in [b"", b"rien", signing_private]:
        with pytest.raises(SealBroken):
            form.read_private(broken)
