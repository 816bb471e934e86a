"""Decrypt with the scoring worker's private keys: to memory, a pipe or a private tmpfs."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from datasets.vault import form, seal
from datasets.vault.form import SealBroken, WrappedKey

ROW_BYTES = 16 + 32 + form.WRAPPED_BYTES


def unseal(
    source: BinaryIO,
    target: BinaryIO,
    privates: Sequence[X25519PrivateKey],
    wrapped: Iterable[WrappedKey],
) -> int:
    """Decrypt a sealed file into `target`; returns the number of clear bytes.

    Raises SealBroken on any altered, cut, lengthened or foreign byte; the caller uses nothing
    of `target` unless this function returned.
    """
    head = source.read(form.HEADER_BYTES)
    box = AESGCM(_data_key(head, privates, wrapped))
    stored = form.CHUNK_BYTES + form.TAG_BYTES
    size, index, chunk = 0, 0, source.read(stored)
    while True:
        following = source.read(stored) if len(chunk) == stored else b""
        last = not following
        try:
            clear = box.decrypt(form.nonce(index), chunk, form.associated(head, index, last=last))
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"chunk {index} altered") from error
        target.write(clear)
        size += len(clear)
        if last:
            return size
        index, chunk = index + 1, following


def unseal_from(
    first: int,
    head: bytes,
    source: BinaryIO,
    privates: Sequence[X25519PrivateKey],
    wrapped: Iterable[WrappedKey],
    *,
    size: int,
) -> Iterator[bytes]:
    """Decrypt a sealed file of `size` clear bytes from its clear byte `first` on, chunk by chunk.

    head: its header. source: from where `form.chunk_at` says. Each piece was judged before it is
    given. Raises SealBroken as `unseal`, a wrong key at once.
    """
    box, index = AESGCM(_data_key(head, privates, wrapped)), form.chunk_at(first)[0]
    last = max(0, size - 1) // form.CHUNK_BYTES

    def pieces() -> Iterator[bytes]:
        for at in range(index, last + 1):
            chunk = seal.full(source, form.CHUNK_BYTES + form.TAG_BYTES)
            bound = form.associated(head, at, last=at == last)
            try:
                clear = box.decrypt(form.nonce(at), chunk, bound)
            except (InvalidTag, ValueError) as error:
                raise SealBroken(f"chunk {at} altered") from error
            yield clear[max(0, first - at * form.CHUNK_BYTES) :]

    return pieces()


def unseal_bytes(
    ciphertext: bytes, privates: Sequence[X25519PrivateKey], wrapped: Iterable[WrappedKey]
) -> bytes:
    """Decrypt a sealed file held in memory; raises SealBroken as `unseal` does."""
    target = io.BytesIO()
    unseal(io.BytesIO(ciphertext), target, privates, wrapped)
    return target.getvalue()


def open_envelope(block: bytes, privates: Sequence[X25519PrivateKey]) -> bytes:
    """Decrypt what `seal.envelope` wrote; raises SealBroken on anything else."""
    if len(block) < 5 or block[:4] != seal.ENVELOPE_MAGIC:
        raise SealBroken("not a sealed block")
    end = 5 + block[4] * ROW_BYTES
    if len(block) < end:
        raise SealBroken("sealed block cut short")
    rows = (block[at : at + ROW_BYTES] for at in range(5, end, ROW_BYTES))
    wrapped = [WrappedKey(row[:16].hex(), row[16:48], row[48:]) for row in rows]
    return unseal_bytes(block[end:], privates, wrapped)


def _data_key(
    head: bytes, privates: Sequence[X25519PrivateKey], wrapped: Iterable[WrappedKey]
) -> bytes:
    """Find and open the row wrapped for one of these keys."""
    file_id = form.file_id_of(head)
    ours = {form.key_id(each.public_key()): each for each in privates}
    row = next((row for row in wrapped if row.key_id in ours), None)
    if row is None:
        raise SealBroken("no key for this recipient")
    private = ours[row.key_id]
    public = private.public_key()
    if len(row.ephemeral) != 32 or len(row.wrapped) != form.WRAPPED_BYTES:
        raise SealBroken("wrapped key cut short")
    key = form.kek(form.agree(private, row.ephemeral), row.ephemeral, form.raw(public), file_id)
    try:
        return AESGCM(key).decrypt(form.nonce(0), row.wrapped, head)
    except InvalidTag as error:
        raise SealBroken("wrapped key altered") from error
