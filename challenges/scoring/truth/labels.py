"""Hold the labels of a truth in canonical order, sealed wherever they rest."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.arrays import blob

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Labels:
    """Hold the truth in canonical order.

    texts: label of each code, the declared nomenclature first; empty for numbers.
    y: (n,) float64 numbers, (n, m) for m targets, or int32 codes; for lists, codes laid end to
    end with offsets (n + 1) int64 and, for a ranking, gains. part, bucket: (n,). groups:
    {attribute: (n,) int32 codes, -1 = ignored}; group_names: {attribute: names}. numbers:
    {attribute: {"units": (n,), "items": (codes,)}} float64, NaN when missing. items, item_names:
    the same as groups, for attributes of the items of ranked lists, one code per text. weights:
    {split: (replicates, buckets) uint8}.
    """

    texts: list[str]
    y: NDArray[Any]
    part: NDArray[np.uint8]
    bucket: NDArray[np.uint16]
    weights: dict[str, NDArray[np.uint8]]
    splits: tuple[str, ...]
    groups: dict[str, Ints]
    group_names: dict[str, list[str]]
    numbers: dict[str, dict[str, Floats]]
    offsets: NDArray[np.int64] | None = None
    gains: Floats | None = None
    weight: Floats | None = None
    items: dict[str, Ints] = field(default_factory=dict)
    item_names: dict[str, list[str]] = field(default_factory=dict)


def load_labels(data: bytes) -> Labels:
    """Read the labels of a compiled truth."""
    meta, named = blob.unpack(data)
    if meta.get("kind") != "labels":
        raise blob.BlobFault("not labels")
    numbers: dict[str, dict[str, Floats]] = {}
    for key in meta["numbers"]:
        numbers[key] = {
            "units": named[f"number.{key}.units"],
            "items": named[f"number.{key}.items"],
        }
    return Labels(
        texts=meta["texts"],
        y=named["y"],
        part=named["part"],
        bucket=named["bucket"],
        weights={s: named[f"weights.{s}"] for s in meta["splits"]},
        splits=tuple(meta["splits"]),
        groups={k: named[f"group.{k}"] for k in meta["groups"]},
        group_names=meta["groups"],
        numbers=numbers,
        offsets=named.get("y.offsets"),
        gains=named.get("gains"),
        weight=named.get("weight"),
        items={k: named[f"item.{k}"] for k in meta.get("items", {})},
        item_names=meta.get("items", {}),
    )
