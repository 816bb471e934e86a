"""Hold the identifiers of a truth in canonical order: public, without a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from challenges.scoring import blob
from challenges.scoring.truth.faults import TruthFault


@dataclass(frozen=True)
class Keys:
    """Hold the identifiers (or queries) in canonical order, as lines of one text."""

    text: str
    count: int

    def __len__(self) -> int:
        return self.count

    @cached_property
    def ids(self) -> list[str]:
        """Return the identifiers."""
        return self.text.split("\n")

    @cached_property
    def positions(self) -> dict[str, int]:
        """Return the position of each identifier."""
        return {name: i for i, name in enumerate(self.ids)}


def keys_of(ids: Sequence[str]) -> bytes:
    """Write identifiers, in their canonical order, as keys."""
    text = "\n".join(ids)
    if text.count("\n") != len(ids) - 1:
        raise TruthFault("E_IDS", "un identifiant contient une fin de ligne")
    data = np.frombuffer(text.encode(), np.uint8)
    return blob.pack({"kind": "keys", "count": len(ids)}, {"text": data})


def load_keys(data: bytes) -> Keys:
    """Read the keys of a compiled truth."""
    meta, arrays = blob.unpack(data)
    if meta.get("kind") != "keys":
        raise blob.BlobFault("not keys")
    return Keys(arrays["text"].tobytes().decode(), int(meta["count"]))
