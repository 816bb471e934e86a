"""Compile a held-out file once into keys (no label in them) and labels (always sealed).

Canonical order = order of HMAC-SHA256(salt, identifier), never the order of the file: test
sets sorted by label have been published.
"""

import csv
import hashlib
import hmac
import io
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob
from challenges.scoring.answer import ColumnType
from challenges.scoring.contract import Attribute, ScoringContract
from challenges.scoring.intervals import draw_weights

Rows = list[dict[str, str]]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
MAX_BUCKETS = 2000
COLUMN_PARAMS = ("pair", "member", "event", "scale")


class TruthFault(ValueError):
    """Say, with a code and facts, why a held-out file cannot be compiled."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


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


@dataclass(frozen=True)
class Labels:
    """Hold the truth in canonical order.

    texts: label of each code, the declared nomenclature first; empty for numbers.
    y: (n,) float64 numbers, or int32 codes; for lists, codes laid end to end with offsets
    (n + 1) int64 and, for a ranking, gains. part, bucket: (n,). groups: {attribute: (n,)
    int32 codes, -1 = ignored}; group_names: {attribute: names}. numbers: {attribute:
    {"units": (n,), "items": (codes,)}} float64, NaN when missing. weights: {split:
    (replicates, buckets) uint8}.
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
    rows = _read(truth_csv)
    key = contract.truth.query if contract.answer.is_ranked else contract.truth.id
    if not key:
        raise TruthFault("E_COLUMN_MISSING", "truth.id")
    _require_columns(contract, rows, key)
    units = _units(contract, rows, key)
    ids = sorted(units, key=lambda i: hmac.digest(salt, i.encode(), "sha256"))
    ordered = [units[i] for i in ids]
    arrays, meta = _answers(contract, ordered, attributes)
    part = _parts(contract, ordered)
    bucket, counts, notes = _buckets(contract, ids, ordered, part, salt)
    arrays |= {"part": part, "bucket": bucket}
    if contract.truth.weight:
        arrays["weight"] = np.array([_number(r[0][contract.truth.weight]) for r in ordered])
        if (arrays["weight"] <= 0).any():
            raise TruthFault("E_VALUE", contract.truth.weight)
    for index, split in enumerate(contract.truth.splits):
        seed = hashlib.sha256(salt + split.encode() + b"W").digest()
        arrays[f"weights.{split}"] = draw_weights(counts[index], contract.replicates, seed)
    _add_groups(contract, ordered, ids, attributes, arrays, meta)
    meta |= {"splits": list(contract.truth.splits)}
    sizes = np.bincount(part, minlength=len(contract.truth.splits))
    return CompiledTruth(
        keys=keys_of(ids),
        labels=blob.pack(meta | {"kind": "labels"}, arrays),
        n={s: int(sizes[i]) for i, s in enumerate(contract.truth.splits)},
        notes=tuple(notes),
    )


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


def load_labels(data: bytes) -> Labels:
    """Read the labels of a compiled truth."""
    meta, arrays = blob.unpack(data)
    if meta.get("kind") != "labels":
        raise blob.BlobFault("not labels")
    numbers: dict[str, dict[str, Floats]] = {}
    for key in meta["numbers"]:
        numbers[key] = {
            "units": arrays[f"number.{key}.units"],
            "items": arrays[f"number.{key}.items"],
        }
    return Labels(
        texts=meta["texts"],
        y=arrays["y"],
        part=arrays["part"],
        bucket=arrays["bucket"],
        weights={s: arrays[f"weights.{s}"] for s in meta["splits"]},
        splits=tuple(meta["splits"]),
        groups={k: arrays[f"group.{k}"] for k in meta["groups"]},
        group_names=meta["groups"],
        numbers=numbers,
        offsets=arrays.get("y.offsets"),
        gains=arrays.get("gains"),
        weight=arrays.get("weight"),
    )


def _read(data: bytes) -> Rows:
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise TruthFault("E_ENCODING", "") from error
    if not rows:
        raise TruthFault("E_EMPTY")
    return rows


def _require_columns(contract: ScoringContract, rows: Rows, key: str) -> None:
    truth = contract.truth
    needed = [key, truth.split_column, truth.cluster, truth.weight]
    needed += [truth.item, truth.gain] if contract.answer.is_ranked else [truth.target]
    needed += _metric_columns(contract)
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
    if not contract.answer.is_ranked:
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


def _answers(
    contract: ScoringContract, ordered: Sequence[Rows], attributes: Mapping[str, bytes]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    answer = contract.answer.answer
    meta: dict[str, Any] = {"texts": [], "groups": {}, "numbers": []}
    if contract.answer.is_ranked:
        return _ranked_answers(contract, ordered, attributes, meta)
    cells = [rows[0][contract.truth.target or ""] for rows in ordered]
    if answer.type is ColumnType.LABEL_SET:
        lists = [sorted({t for t in c.split(answer.separator) if t}) for c in cells]
        texts, code = _nomenclature(answer.domain, (t for row in lists for t in row))
        flat = np.array([code[t] for row in lists for t in row], np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
        return {"y": flat, "y.offsets": offsets}, meta | {"texts": texts}
    for cell in cells:
        if cell == "":
            raise TruthFault("E_VALUE", "réponse vide")
    classes = contract.answer.classes
    if answer.is_number and classes is None:
        return {"y": np.array([_number(c) for c in cells], np.float64)}, meta
    texts, code = _nomenclature(answer.domain if classes is None else classes, cells)
    return {"y": np.array([code[c] for c in cells], np.int32)}, meta | {"texts": texts}


def _ranked_answers(
    contract: ScoringContract,
    ordered: Sequence[Rows],
    attributes: Mapping[str, bytes],
    meta: dict[str, Any],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    item, gain = contract.truth.item or "", contract.truth.gain or ""
    answer = contract.answer.answer
    extra = [r[a.id or ""] for a in contract.attributes for r in _rows_of(a, attributes)]
    known = [row[item] for rows in ordered for row in rows]
    texts, code = _nomenclature(answer.domain, known)
    if answer.domain is None:
        texts, code = _nomenclature(None, known + extra)
    for rows in ordered:
        if len({row[item] for row in rows}) != len(rows):
            raise TruthFault("E_IDS", rows[0][contract.truth.query or ""])
    gains = np.array([_number(row[gain]) for rows in ordered for row in rows], np.float64)
    if gains.size and gains.min() < 0:
        raise TruthFault("E_VALUE", "gain négatif")
    arrays: dict[str, NDArray[Any]] = {
        "y": np.array([code[k] for k in known], np.int32),
        "y.offsets": np.concatenate([[0], np.cumsum([len(r) for r in ordered])]).astype(np.int64),
        "gains": gains,
    }
    return arrays, meta | {"texts": texts}


def _nomenclature(
    domain: Sequence[str] | None, seen: "Sequence[str] | Any"
) -> tuple[list[str], dict[str, int]]:
    texts = list(domain) if domain is not None else sorted(set(seen))
    code = {t: i for i, t in enumerate(texts)}
    if domain is not None:
        for value in seen:
            if value not in code:
                raise TruthFault("E_DOMAIN", str(value))
    return texts, code


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError as error:
        raise TruthFault("E_VALUE", cell) from error
    if not np.isfinite(value):
        raise TruthFault("E_VALUE", cell)
    return value


def _rows_of(attribute: Attribute, files: Mapping[str, bytes]) -> Rows:
    if attribute.source == "truth":
        return []
    if attribute.source not in files:
        raise TruthFault("E_FILE_MISSING", attribute.source)
    rows = _read(files[attribute.source])
    for name in (attribute.column, attribute.id):
        if not name or name not in rows[0]:
            raise TruthFault("E_COLUMN_MISSING", str(name))
    return rows


def _add_groups(
    contract: ScoringContract,
    ordered: Sequence[Rows],
    ids: Sequence[str],
    attributes: Mapping[str, bytes],
    arrays: dict[str, NDArray[Any]],
    meta: dict[str, Any],
) -> None:
    for attribute in contract.attributes:
        value_of = _values_of(attribute, attributes)
        if attribute.type == "number":
            for what, names in (("units", ids), ("items", meta["texts"])):
                arrays[f"number.{attribute.key}.{what}"] = _numbers(names, value_of)
            meta["numbers"].append(attribute.key)
            continue
        if attribute.source == "truth":
            values = [rows[0][attribute.column] for rows in ordered]
        else:
            values = [value_of(i) for i in ids]
        names = sorted(set(values) - set(attribute.ignore))
        code = {n: i for i, n in enumerate(names)}
        arrays[f"group.{attribute.key}"] = np.array([code.get(v, -1) for v in values], np.int32)
        meta["groups"][attribute.key] = names
    for column in _metric_columns(contract):
        values = [rows[0].get(column, "") for rows in ordered]
        names = sorted(set(values))
        code = {n: i for i, n in enumerate(names)}
        arrays[f"group.column:{column}"] = np.array([code[v] for v in values], np.int32)
        meta["groups"][f"column:{column}"] = names


def _metric_columns(contract: ScoringContract) -> list[str]:
    """Return the columns of the truth that parameters of metrics name."""
    named = [s.params.get(k) for s in contract.figures for k in COLUMN_PARAMS]
    return sorted({str(n) for n in named if n is not None})


def _values_of(attribute: Attribute, files: Mapping[str, bytes]) -> Callable[[str], str]:
    table = {r[attribute.id or ""]: r[attribute.column] for r in _rows_of(attribute, files)}
    return lambda name: table.get(name, "")


def _numbers(names: Sequence[str], value_of: Callable[[str], str]) -> Floats:
    cells = [value_of(n) for n in names]
    return np.array([_number(c) if c else np.nan for c in cells], np.float64)
