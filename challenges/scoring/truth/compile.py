"""Compile a held-out file once into keys (no label in them) and labels (always sealed).

Canonical order = order of HMAC-SHA256(salt, identifier), never the order of the file: test
sets sorted by label have been published.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob, words
from challenges.scoring.contract import ScoringContract
from challenges.scoring.intervals import draw_within
from challenges.scoring.truth.answers import answers, candidates
from challenges.scoring.truth.cells import metric_columns
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.truth.groups import add_groups
from challenges.scoring.truth.keys import Keys, pack_keys
from challenges.scoring.truth.table import Table
from challenges.scoring.truth.units import Units, digest_order, digests

MAX_BUCKETS = 2000
MAX_STRATA = 1000
LEAST_BUCKETS = 30  # of a stratum that has as many clusters, however rare it is
Array = NDArray[Any]


@dataclass(frozen=True)
class CompiledTruth:
    """Hold the two files of a compiled truth and what should be told about them.

    keys: identifiers in canonical order, no label. labels: answers, parts, buckets, groups
    and weights; sealed like the source. n: units per split.
    """

    keys: bytes
    labels: bytes
    n: Mapping[str, int]


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
    key = contract.truth.columns.get(contract.answer.layout.roles[0])
    if not key:
        raise TruthFault("E_COLUMN_MISSING", "truth.id")
    table = Table.read(truth_csv, _needed(contract, key))
    units = Units.of(table, key, salt, repeated=contract.answer.is_listed)
    arrays, meta = answers(contract, table, units, attributes)
    part = _parts(contract, table, units)
    _require_alike(contract, table, units)
    bucket, sizes = _buckets(contract, table, units, part, salt)
    arrays |= {"part": part, "bucket": bucket}
    if contract.truth.weight:
        arrays["weight"] = table.numbers(contract.truth.weight, units.first)
        if (arrays["weight"] <= 0).any():
            raise TruthFault("E_VALUE", contract.truth.weight)
    for index, split in enumerate(contract.truth.splits):
        seed = hashlib.sha256(salt + split.encode() + b"W").digest()
        arrays[f"weights.{split}"] = draw_within(sizes[index], contract.replicates, seed)
    add_groups(contract, table, units, attributes, arrays, meta)
    meta |= {"splits": list(contract.truth.splits)}
    counts = np.bincount(part, minlength=len(contract.truth.splits))
    keys = Keys.of_words(units.names, candidates(contract, table, units))
    return CompiledTruth(
        keys=pack_keys(keys),
        labels=blob.pack(meta | {"kind": "labels"}, arrays),
        n={s: int(counts[i]) for i, s in enumerate(contract.truth.splits)},
    )


def _needed(contract: ScoringContract, key: str) -> list[str]:
    truth = contract.truth
    needed = [key, truth.split_column, truth.cluster, truth.weight, truth.strata]
    needed += [truth.columns.get(role) for role in contract.answer.layout.held[1:]]
    needed += [*(contract.answer.targets or ()), *metric_columns(contract)]
    needed += [a.column for a in contract.attributes if a.source == "truth"]
    return list(dict.fromkeys(name for name in needed if name))


def _parts(contract: ScoringContract, table: Table, units: Units) -> NDArray[np.uint8]:
    truth = contract.truth
    if truth.split_column is None:
        return np.zeros(len(units), np.uint8)
    names, code = table.coded(truth.split_column, units.rows)
    known = {truth.public: 0, truth.private: 1}
    for name in names:
        if name not in known:
            raise TruthFault("E_SPLIT", name)
    part = np.array([known[name] for name in names], np.uint8)[code]
    first = part[units.offsets[:-1]]
    if (part != first[units.of_rows]).any():
        raise TruthFault("E_SPLIT", ", ".join(sorted(known)))
    if len(np.unique(first)) < len(truth.splits):
        raise TruthFault("E_SPLIT", "une partie est vide")
    return first


def _require_alike(contract: ScoringContract, table: Table, units: Units) -> None:
    """Refuse rows of one query whose cluster, weight or stratum differ."""
    for column in (contract.truth.cluster, contract.truth.weight, contract.truth.strata):
        if column and len(units.rows) > len(units):
            code = table.coded(column, units.rows)[1]
            if (code != code[units.offsets[:-1]][units.of_rows]).any():
                raise TruthFault("E_VALUE", f"{column} : une seule valeur par identifiant")


def _buckets(
    contract: ScoringContract, table: Table, units: Units, part: Array, salt: bytes
) -> tuple[NDArray[np.uint16], list[list[int]]]:
    """Number the buckets of each part, stratum by stratum; count those of each stratum.

    Raises TruthFault E_SPLIT for a cluster in both parts, E_VALUE for one in two strata.
    """
    column = contract.truth.cluster
    if column:
        known, code = words.distinct(table.words(column)[:, units.first])
    else:
        known, code = units.names, np.arange(len(units), dtype=np.int32)
    keyed = digests(salt, words.to_texts(known), b"cluster:")
    bucket = np.zeros(len(units), np.uint16)
    sizes: list[list[int]] = []
    held = []
    for index in range(len(contract.truth.splits)):
        where = np.flatnonzero(part == index)
        held.append(np.unique(code[where]))
        sizes.append([])
        strata = _by_stratum(contract, table, units, code, where)
        least = min(LEAST_BUCKETS, max(MAX_BUCKETS // len(strata), 2))
        for chosen in strata:
            met = held[index] if len(chosen) == len(where) else np.unique(code[chosen])
            most = max(min(len(met), least), MAX_BUCKETS * len(met) // len(held[index]))
            bucket[chosen] = sum(sizes[index]) + _numbered(keyed, met, most)[code[chosen]]
            sizes[index].append(min(len(met), most))
    crossing = len(np.intersect1d(held[0], held[1])) if len(held) > 1 and column else 0
    if crossing:
        raise TruthFault("E_SPLIT", f"{crossing} × « {column} » dans les deux parties")
    return bucket, sizes


def _by_stratum(
    contract: ScoringContract, table: Table, units: Units, code: Array, where: Array
) -> list[Array]:
    """Cut the units of a part by stratum; raises TruthFault E_VALUE for a cluster in two.

    Strata of a single cluster, in which nothing varies, are drawn together.
    """
    column = contract.truth.strata
    if column is None:
        return [where]
    names, strata = table.coded(column, units.first)
    stratum, cluster = strata[where].astype(np.int64), code[where].astype(np.int64)
    pairs = np.unique(cluster * len(names) + stratum)
    if len(names) > MAX_STRATA:
        raise TruthFault("E_VALUE", f"{column} : {len(names)} strates, {MAX_STRATA} au plus")
    crossing = len(pairs) - len(np.unique(cluster))
    if crossing:
        raise TruthFault("E_VALUE", f"{column} : une seule valeur par groupe, {crossing} en trop")
    alone = np.bincount(pairs % len(names), minlength=len(names)) < 2
    stratum[alone[stratum]] = len(names)
    return [where[stratum == each] for each in np.unique(stratum)]


def _numbered(keyed: NDArray[np.uint64], met: Array, most: int) -> Array:
    """Return the bucket of each cluster met, at its place: its own, or one of the most."""
    if len(met) > most:
        return np.asarray(keyed[:, 0] % np.uint64(most), np.int64)
    number = np.zeros(len(keyed), np.int64)
    number[met[digest_order(keyed[met])]] = np.arange(len(met))
    return number
