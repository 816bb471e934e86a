"""The form of a sealed file and of a wrapped key, and the keys that open them.

A sealed file is a 32-byte header, "OEH1" | u32 chunk size | file id (16) | 8 zero bytes, then
AES-256-GCM chunks of at most 1 MiB, each followed by its 16-byte tag. Integers are big-endian.
The nonce of a chunk is its 96-bit index; its associated data is header | u64 index | u8 last.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"OEH1"
CHUNK_BYTES = 1_048_576
TAG_BYTES = 16
HEADER_BYTES = 32
FILE_ID_BYTES = 16
DATA_KEY_BYTES = 32
WRAPPED_BYTES = DATA_KEY_BYTES + TAG_BYTES
KEY_INFO = b"openemploi/holdout/kek/v1"
HEADER = struct.Struct(">4sI16s8s")
PRIVATE_BLOCK = re.compile(rb"-----BEGIN [^\n]+\n.*?-----END [^\n]+", re.DOTALL)


class SealBroken(Exception):
    """A sealed file, a wrapped key or a key that does not fit: nothing was opened."""


@dataclass(frozen=True)
class WrappedKey:
    """The data key of one file, readable by one recipient."""

    key_id: str
    ephemeral: bytes
    wrapped: bytes

    def to_json(self) -> dict[str, str]:
        """Give the row as text: three fields, bytes in hexadecimal."""
        return {
            "key_id": self.key_id,
            "ephemeral": self.ephemeral.hex(),
            "wrapped": self.wrapped.hex(),
        }

    @classmethod
    def from_json(cls, row: dict[str, str]) -> WrappedKey:
        """Read `to_json`'s form; raises SealBroken on anything else."""
        try:
            return cls(
                key_id=str(row["key_id"]),
                ephemeral=bytes.fromhex(row["ephemeral"]),
                wrapped=bytes.fromhex(row["wrapped"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SealBroken("wrapped key unreadable") from error


def header(file_id: bytes) -> bytes:
    """Write the 32-byte header of the file `file_id` (16 bytes)."""
    return HEADER.pack(MAGIC, CHUNK_BYTES, file_id, bytes(8))


def file_id_of(head: bytes) -> bytes:
    """Read the file id in a header; raises SealBroken unless the 32 bytes are canonical."""
    if len(head) != HEADER_BYTES:
        raise SealBroken("header cut short")
    magic, chunk, file_id, padding = HEADER.unpack(head)
    if magic != MAGIC or chunk != CHUNK_BYTES or padding != bytes(8):
        raise SealBroken("not a sealed file")
    return bytes(file_id)


def sealed_size(size: int) -> int:
    """Give the size in bytes of the sealed form of `size` clear bytes."""
    return HEADER_BYTES + size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


def chunk_at(first: int) -> tuple[int, int]:
    """Give the chunk that holds the clear byte `first`, and where it begins in the sealed form."""
    index = first // CHUNK_BYTES
    return index, HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES)


def nonce(index: int) -> bytes:
    """Give the 96-bit nonce of the chunk `index`."""
    return index.to_bytes(12, "big")


def associated(head: bytes, index: int, *, last: bool) -> bytes:
    """Give the associated data of a chunk: header, index and whether it is the last."""
    return head + struct.pack(">QB", index, last)


def raw(public: X25519PublicKey) -> bytes:
    """Give the 32 bytes of a public key."""
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(public: X25519PublicKey) -> str:
    """Name a key pair: 32 hexadecimal digits of the digest of its public half."""
    return hashlib.sha256(raw(public)).hexdigest()[:32]


def kek(shared: bytes, ephemeral: bytes, recipient: bytes, file_id: bytes) -> bytes:
    """Derive the key that wraps a data key, bound to both public keys and to the file."""
    return HKDF(
        algorithm=hashes.SHA256(),
        length=DATA_KEY_BYTES,
        salt=ephemeral + recipient,
        info=KEY_INFO + file_id,
    ).derive(shared)


def agree(private: X25519PrivateKey, public: bytes) -> bytes:
    """Exchange with the raw public key `public`; raises SealBroken on a degenerate one."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise SealBroken("public key refused") from error


def read_public(pem: bytes) -> X25519PublicKey:
    """Read a public key in PEM; raises SealBroken on anything but X25519."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise SealBroken("public key unreadable") from error
    if not isinstance(key, X25519PublicKey):
        raise SealBroken("not an X25519 public key")
    return key


def read_private(pem: bytes) -> X25519PrivateKey:
    """Read an unencrypted private key in PEM; raises SealBroken on anything but X25519."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SealBroken("private key unreadable") from error
    if not isinstance(key, X25519PrivateKey):
        raise SealBroken("not an X25519 private key")
    return key


def read_privates(pem: bytes) -> list[X25519PrivateKey]:
    """Read the private keys of a file, one after another; raises SealBroken as `read_private`."""
    blocks = PRIVATE_BLOCK.findall(pem) or [pem]
    return [read_private(each) for each in blocks]


def new_pair() -> tuple[bytes, bytes]:
    """Draw a key pair; returns (private, public) in PEM."""
    private = X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, public_of(private)


def public_of(private: bytes) -> bytes:
    """Give the public half, in PEM, of a private key in PEM."""
    return (
        read_private(private)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
