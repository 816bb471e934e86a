"""Keep a file that waits for a decision, unreadable at rest, and forget it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datasets import gate
from portal.lib import objects

# What `opened` raises on a file that is gone or broken.
Unreadable = gate.VaultBroken


@dataclass(frozen=True)
class Deposit:
    """A kept file: the object that holds it encrypted, and the wrapped keys that open it."""

    sha256: str
    keys: Sequence[dict[str, str]]


def keep(source: BinaryIO) -> Deposit:
    """Encrypt a file into the private store."""
    sealed = gate.seal_deposit(source)
    return Deposit(sealed.ciphertext_sha256, list(sealed.keys))


@contextmanager
def opened(deposit: Deposit, name: str = "depot.zip") -> Iterator[Path]:
    """Give a clear copy in a private folder, removed at the end. Raises Unreadable."""
    with tempfile.TemporaryDirectory(prefix="depot-") as folder:
        place = Path(folder) / name
        with place.open("xb") as target:
            gate.open_deposit(deposit.sha256, deposit.keys, target)
        yield place


def forget(sha256: str) -> None:
    """Remove a kept file; no two have the same object, each having its own key."""
    if sha256:
        objects.store().delete(sha256)
