"""Encrypt to the scoring worker: what this module can do, the web process may do."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from datasets.vault import form
from datasets.vault.form import WrappedKey

ENVELOPE_MAGIC = b"OEW1"


@dataclass(frozen=True)
class SealedFile:
    """What is known of a sealed file without opening it."""

    size: int
    ciphertext_sha256: str
    ciphertext_size: int
    wrapped: tuple[WrappedKey, ...]


def seal(source: BinaryIO, target: BinaryIO, recipients: Sequence[X25519PublicKey]) -> SealedFile:
    """Encrypt `source` into `target` under a fresh key, wrapped once for each recipient.

    Reads at most 2 MiB at a time. Raises ValueError without recipient.
    """
    if not recipients:
        raise ValueError("a sealed file needs a recipient")
    head = form.header(os.urandom(form.FILE_ID_BYTES))
    data_key = AESGCM.generate_key(bit_length=256)
    box, digest = AESGCM(data_key), hashlib.sha256(head)
    target.write(head)
    size, index, chunk = 0, 0, full(source)
    while True:
        following = full(source) if len(chunk) == form.CHUNK_BYTES else b""
        last = not following
        sealed = box.encrypt(form.nonce(index), chunk, form.associated(head, index, last=last))
        target.write(sealed)
        digest.update(sealed)
        size += len(chunk)
        if last:
            break
        index, chunk = index + 1, following
    return SealedFile(
        size=size,
        ciphertext_sha256=digest.hexdigest(),
        ciphertext_size=form.sealed_size(size),
        wrapped=tuple(wrap(data_key, head, recipient) for recipient in recipients),
    )


def seal_bytes(payload: bytes, recipients: Sequence[X25519PublicKey]) -> tuple[bytes, SealedFile]:
    """Encrypt bytes held in memory; returns the ciphertext and its facts."""
    target = io.BytesIO()
    sealed = seal(io.BytesIO(payload), target, recipients)
    return target.getvalue(), sealed


def envelope(payload: bytes, recipients: Sequence[X25519PublicKey]) -> bytes:
    """Encrypt bytes and put the wrapped keys before them, as one self-contained block.

    "OEW1" | u8 count | count x (key id 16, ephemeral 32, wrapped 48) | sealed file.
    """
    ciphertext, sealed = seal_bytes(payload, recipients)
    rows = b"".join(
        bytes.fromhex(key.key_id) + key.ephemeral + key.wrapped for key in sealed.wrapped
    )
    return ENVELOPE_MAGIC + bytes([len(sealed.wrapped)]) + rows + ciphertext


def wrap(data_key: bytes, head: bytes, recipient: X25519PublicKey) -> WrappedKey:
    """Encrypt a data key to one recipient, bound to the file whose header is `head`."""
    private = X25519PrivateKey.generate()
    ephemeral, public = form.raw(private.public_key()), form.raw(recipient)
    key = form.kek(form.agree(private, public), ephemeral, public, form.file_id_of(head))
    return WrappedKey(
        key_id=form.key_id(recipient),
        ephemeral=ephemeral,
        wrapped=AESGCM(key).encrypt(form.nonce(0), data_key, head),
    )


def full(source: BinaryIO, size: int = form.CHUNK_BYTES) -> bytes:
    """Read one whole chunk, even where the source gives less at a time."""
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
