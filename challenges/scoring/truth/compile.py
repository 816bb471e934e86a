"""Compile a held-out file once into keys (no label in them) and labels (always sealed).

Canonical order = order of HMAC-SHA256(salt, identifier), never the order of the file: test
sets sorted by label have been published.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob
from challenges.scoring.answer import ROLES, Layout
from challenges.scoring.contract import ScoringContract
from challenges.scoring.intervals import draw_weights
from challenges.scoring.truth.answers import answers, candidates
from challenges.scoring.truth.cells import Rows, finite, metric_columns, read_rows
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.truth.groups import add_groups
from challenges.scoring.truth.keys import keys_of

MAX_BUCKETS = 2000
HELD = {
    Layout.ONE_ROW_PER_ID: ("target",),
    Layout.RANKED_LIST: ("item", "gain"),
    Layout.NUMBERS_PER_ID: ("target",),
    Layout.SPANS: ("start", "end", "label"),
    Layout.CANDIDATE_SCORES: ("item", "gain"),
}


@dataclass(frozen=True)
class CompiledTruth:
    """Hold the two files of a compiled truth and what should be told about them.

    keys: identifiers in canonical order, no label. labels: answers, parts, buckets, groups
    and weights; sealed like the source. n: units per split. notes: (code, detail) warnings.
    """

    keys: bytes
    labels: bytes
    n: Mapping[str, int]
    notes: tuple[tuple[str, str], ...] = ()


def compile_truth(
    contract: ScoringContract,
    truth_csv: bytes,
    attributes: Mapping[str, bytes],
    *,
    salt: bytes | None = None,
) -> CompiledTruth:
    """Compile a held-out CSV file and its attribute files.

    attributes: {source path: CSV bytes} for each attribute that is not in the truth.
    salt: 32 secret bytes, drawn when None; the same salt gives the same bytes.
    Raises TruthFault: E_COLUMN_MISSING, E_IDS, E_SPLIT, E_DOMAIN, E_VALUE, E_EMPTY.
    """
    salt = salt or secrets.token_bytes(32)
    rows = read_rows(truth_csv)
    key = contract.truth.columns.get(ROLES[contract.answer.layout][0])
    if not key:
        raise TruthFault("E_COLUMN_MISSING", "truth.id")
    _require_columns(contract, rows, key)
    units = _units(contract, rows, key)
    ids = sorted(units, key=lambda i: hmac.digest(salt, i.encode(), "sha256"))
    ordered = [units[i] for i in ids]
    arrays, meta = answers(contract, ordered, attributes)
    part = _parts(contract, ordered)
    bucket, counts, notes = _buckets(contract, ids, ordered, part, salt)
    arrays |= {"part": part, "bucket": bucket}
    if contract.truth.weight:
        arrays["weight"] = np.array([finite(r[0][contract.truth.weight]) for r in ordered])
        if (arrays["weight"] <= 0).any():
            raise TruthFault("E_VALUE", contract.truth.weight)
    for index, split in enumerate(contract.truth.splits):
        seed = hashlib.sha256(salt + split.encode() + b"W").digest()
        arrays[f"weights.{split}"] = draw_weights(counts[index], contract.replicates, seed)
    add_groups(contract, ordered, ids, attributes, arrays, meta)
    meta |= {"splits": list(contract.truth.splits)}
    sizes = np.bincount(part, minlength=len(contract.truth.splits))
    return CompiledTruth(
        keys=keys_of(ids, candidates(contract, ordered)),
        labels=blob.pack(meta | {"kind": "labels"}, arrays),
        n={s: int(sizes[i]) for i, s in enumerate(contract.truth.splits)},
        notes=tuple(notes),
    )


def _require_columns(contract: ScoringContract, rows: Rows, key: str) -> None:
    truth = contract.truth
    needed = [key, truth.split_column, truth.cluster, truth.weight]
    needed += [truth.columns.get(role) for role in HELD[contract.answer.layout]]
    needed += metric_columns(contract)
    needed += [a.column for a in contract.attributes if a.source == "truth"]
    for name in needed:
        if name and name not in rows[0]:
            raise TruthFault("E_COLUMN_MISSING", name)


def _units(contract: ScoringContract, rows: Rows, key: str) -> dict[str, Rows]:
    units: dict[str, Rows] = {}
    for row in rows:
        units.setdefault(row[key], []).append(row)
    if "" in units:
        raise TruthFault("E_IDS", "identifiant vide")
    if not contract.answer.is_listed:
        for name, group in units.items():
            if len(group) > 1:
                raise TruthFault("E_IDS", name)
    return units


def _parts(contract: ScoringContract, ordered: Sequence[Rows]) -> NDArray[np.uint8]:
    truth = contract.truth
    if truth.split_column is None:
        return np.zeros(len(ordered), np.uint8)
    code = {truth.public: 0, truth.private: 1}
    parts = []
    for rows in ordered:
        seen = {row[truth.split_column] for row in rows}
        if len(seen) != 1 or not seen <= set(code):
            raise TruthFault("E_SPLIT", ", ".join(sorted(seen)))
        parts.append(code[seen.pop()])
    if set(parts) != {0, 1}:
        raise TruthFault("E_SPLIT", "une partie est vide")
    return np.array(parts, np.uint8)


def _buckets(
    contract: ScoringContract,
    ids: Sequence[str],
    ordered: Sequence[Rows],
    part: NDArray[np.uint8],
    salt: bytes,
) -> tuple[NDArray[np.uint16], list[int], list[tuple[str, str]]]:
    column = contract.truth.cluster
    clusters = [rows[0][column] for rows in ordered] if column else list(ids)
    bucket = np.zeros(len(ids), np.uint16)
    counts = []
    held: list[set[str]] = []
    for index in range(len(contract.truth.splits)):
        where = np.flatnonzero(part == index)
        names = [clusters[i] for i in where]
        numbers = _numbered(set(names), salt)
        bucket[where] = [numbers[name] for name in names]
        counts.append(min(len(numbers), MAX_BUCKETS))
        held.append(set(numbers))
    crossing = set.intersection(*held) if len(held) > 1 and column else set()
    notes = [("W_CLUSTER_CROSSES", str(len(crossing)))] if crossing else []
    return bucket, counts, notes


def _numbered(names: set[str], salt: bytes) -> dict[str, int]:
    keyed = {n: hmac.digest(salt, b"cluster:" + n.encode(), "sha256") for n in names}
    if len(names) <= MAX_BUCKETS:
        return {n: i for i, n in enumerate(sorted(names, key=lambda n: keyed[n]))}
    return {n: int.from_bytes(k[:8], "big") % MAX_BUCKETS for n, k in keyed.items()}
