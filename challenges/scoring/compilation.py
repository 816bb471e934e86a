"""Compile a held-out file once into keys (no label in them) and labels (always sealed).

Canonical order = order of HMAC-SHA256(salt, identifier), never the order of the file: test
sets sorted by label have been published. Regular files are cut by the scanner of predictions,
their texts staying bytes, as words, until they are named; the csv module reads any other."""

import csv
import hashlib
import io
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import arrays
from challenges.scoring.arrays import Lookup, Words
from challenges.scoring.contract import (
    MOST,
    Attribute,
    ColumnType,
    ScoringContract,
    TruthFault,
    number_of,
)
from challenges.scoring.intervals import MAX_BUCKETS, draw_within
from challenges.scoring.predictions import fast
from challenges.scoring.truth import Candidates, Keys, pack_keys

Array = NDArray[Any]
BOM = b"\xef\xbb\xbf"
SEED_ROWS = 2**15
SEED_TEXTS = 2**12


class Table:
    """Hold the columns of a CSV file, each as words (count, rows)."""

    def __init__(self, columns: dict[str, Words], rows: int) -> None:
        self._columns = columns
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    @classmethod
    def read(cls, data: bytes, needed: Collection[str]) -> "Table":
        """Read the needed columns.

        Raises TruthFault: E_ENCODING, E_EMPTY without a row, E_COLUMN_MISSING, E_VALUE for a
        row that is too short or a NUL byte.
        """
        start = len(BOM) if data.startswith(BOM) else 0
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TruthFault("E_ENCODING", "") from error
        if b"\0" in data:
            raise TruthFault("E_VALUE", "octet nul")
        return _regular(data, start, needed) or _any(data[start:].decode(), needed)

    def words(self, column: str) -> Words:
        """Return a column as words (count, rows)."""
        return self._columns[column]

    def texts(self, column: str, where: Array | None = None) -> list[str]:
        """Return the cells of a column, or of some of its rows."""
        laid = self._columns[column]
        found = arrays.texts_of(laid if where is None else laid[:, where])
        return [text.decode() for text in found]

    def coded(self, column: str, where: Array | None = None) -> tuple[list[str], Array]:
        """Return the different cells, sorted, and the place of each row's in them, int32."""
        laid = self._columns[column]
        return coded(laid if where is None else laid[:, where])

    def numbers(self, column: str, where: Array | None = None) -> NDArray[np.float64]:
        """Return the finite numbers of a column; raises TruthFault E_VALUE at the first other."""
        laid = self._columns[column]
        return numbers(laid if where is None else laid[:, where])


def coded(laid: Words) -> tuple[list[str], Array]:
    """Return the different texts, sorted, and the place of each in them, int32."""
    seed, _ = arrays.distinct_words(laid[:, :SEED_ROWS])
    if laid.shape[1] <= SEED_ROWS or seed.shape[1] > SEED_TEXTS:
        known, place = arrays.distinct_words(laid)
        return _named(known), place
    place = Lookup.of(seed).find(laid)
    missed = np.flatnonzero(place < 0)
    other, at = arrays.distinct_words(laid[:, missed])
    place[missed] = seed.shape[1] + at
    known, order = arrays.distinct_words(np.concatenate([seed, other], 1))
    return _named(known), order[place]


def numbers(laid: Words) -> NDArray[np.float64]:
    """Return the finite numbers that texts write; raises TruthFault E_VALUE at the first other."""
    count, rows = laid.shape
    head = np.zeros(fast.HEAD, np.uint8)
    raw = np.ascontiguousarray(laid.T).view(np.uint8).ravel()
    start = np.arange(rows) * (count * arrays.BYTES) + fast.HEAD
    source = arrays.padded(np.concatenate([head, raw]))
    value, odd = fast.parse_decimals(source, start, arrays.lengths_of(laid))
    for row, text in zip(odd.tolist(), arrays.texts_of(laid[:, odd]), strict=True):
        value[row] = finite(text.decode())
    return value


def finite(cell: str) -> float:
    """Return the finite number of a cell; raises TruthFault E_VALUE."""
    value = number_of(cell)
    if value is None:
        raise TruthFault("E_VALUE", cell)
    return value


def _named(known: Words) -> list[str]:
    return [text.decode() for text in arrays.texts_of(known)]


def _regular(data: bytes, start: int, needed: Collection[str]) -> Table | None:
    """Read a file whose every line has every cell; None for any other."""
    end = data.find(b"\n", start) + 1
    head = data[start:end].decode()
    if not head.strip() or head.count('"') % 2 or not fast.is_plain(data):
        return None
    names = next(csv.reader([head]))
    at = _places(names, needed)
    pieces: dict[str, list[Words]] = {name: [] for name in at}
    rows = 0
    for bounds in fast.cuts(data, end):
        block = fast.block(data, *bounds, ",", len(names))
        if block is None:
            return None
        rows += len(block)
        for name, place in at.items():
            longest = int(block.length[place].max())
            pieces[name].append(block.words(place, arrays.count_of(longest)))
    if not rows:
        raise TruthFault("E_EMPTY")
    return Table({name: _joined(laid) for name, laid in pieces.items()}, rows)


def _joined(pieces: list[Words]) -> Words:
    count = max(len(piece) for piece in pieces)
    out = np.zeros((count, sum(piece.shape[1] for piece in pieces)), np.uint64)
    at = 0
    for piece in pieces:
        out[: len(piece), at : at + piece.shape[1]] = piece
        at += piece.shape[1]
    return out


def _any(text: str, needed: Collection[str]) -> Table:
    """Read a file with the csv module."""
    reader = csv.reader(io.StringIO(text, newline=""))
    names = next(reader, [])
    rows = [row for row in reader if row]
    if not rows:
        raise TruthFault("E_EMPTY")
    at = _places(names, needed)
    least = max(at.values(), default=0)
    for number, row in enumerate(rows, 1):
        if len(row) <= least:
            raise TruthFault("E_VALUE", f"rangée {number} : {len(row)} cellules")
    columns = {
        name: arrays.words_of_texts([row[place].encode() for row in rows])
        for name, place in at.items()
    }
    return Table(columns, len(rows))


def _places(names: Sequence[str], needed: Collection[str]) -> dict[str, int]:
    """Return where each needed column stands; of two of the same name, the last."""
    place = {name: at for at, name in enumerate(names)}
    for name in needed:
        if name not in place:
            raise TruthFault("E_COLUMN_MISSING", name)
    return {name: place[name] for name in needed}


Rows = list[dict[str, str]]
COLUMN_PARAMS = ("pair", "member", "event")


def read_rows(data: bytes) -> Rows:
    """Return the rows of a CSV file; raises TruthFault E_ENCODING, E_EMPTY."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise TruthFault("E_ENCODING", "") from error
    if not rows:
        raise TruthFault("E_EMPTY")
    return rows


def rows_of(attribute: Attribute, files: Mapping[str, bytes]) -> Rows:
    """Return the rows of the file of an attribute, none when the truth holds it."""
    if attribute.source == "truth":
        return []
    if attribute.source not in files:
        raise TruthFault("E_FILE_MISSING", attribute.source)
    rows = read_rows(files[attribute.source])
    for name in (attribute.column, attribute.id):
        if not name or name not in rows[0]:
            raise TruthFault("E_COLUMN_MISSING", str(name))
    return rows


def metric_columns(contract: ScoringContract) -> list[str]:
    """Return the columns of the truth that parameters of metrics name."""
    named = [s.params.get(k) for s in contract.figures for k in COLUMN_PARAMS]
    return sorted({str(n) for n in named if n is not None})


def nomenclature(
    domain: Sequence[str] | None, seen: Iterable[str]
) -> tuple[list[str], dict[str, int]]:
    """Return the labels, the declared ones or those seen, and their codes.

    Raises TruthFault E_DOMAIN for a label that is seen and not declared.
    """
    texts = list(domain) if domain is not None else sorted(set(seen))
    code = {t: i for i, t in enumerate(texts)}
    if domain is not None:
        for value in seen:
            if value not in code:
                raise TruthFault("E_DOMAIN", str(value))
    return texts, code


BLOCK_BYTES = 64


@dataclass(frozen=True)
class Units:
    """Hold units in canonical order, and the rows of the table each is made of.

    names: words (count, n) of their identifiers. rows: rows of the table, unit by unit, in the
    order of the file within each. offsets: (n + 1,) int64, where the rows of each start.
    """

    names: Words
    rows: Array
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def first(self) -> Array:
        """Return the first row of each unit."""
        return np.asarray(self.rows[self.offsets[:-1]])

    @property
    def of_rows(self) -> Array:
        """Return the unit of each of rows."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @classmethod
    def of(cls, table: Table, key: str, salt: bytes, *, repeated: bool) -> "Units":
        """Group the rows of a table by a column; raises TruthFault E_IDS.

        repeated: a unit may have several rows.
        """
        known, place = arrays.distinct_words(table.words(key))
        if not known.any(0).all():
            raise TruthFault("E_IDS", "identifiant vide")
        sizes = np.bincount(place, minlength=known.shape[1])
        twice = np.flatnonzero(sizes > 1)
        if len(twice) and not repeated:
            raise TruthFault("E_IDS", arrays.texts_of(known[:, twice[:1]])[0].decode())
        order = digest_order(digests(salt, arrays.texts_of(known)))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        rows = np.argsort(rank[place], kind="stable")
        offsets = np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64)
        return cls(known[:, order], rows, offsets)


def digests(salt: bytes, texts: Iterable[bytes], prefix: bytes = b"") -> NDArray[np.uint64]:
    """Return HMAC-SHA256(salt, prefix + text) of each text, as (n, 4) big-endian numbers.

    salt: at most 64 bytes.
    """
    padded = salt.ljust(BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + prefix)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
    found = bytearray()
    for text in texts:
        one = inner.copy()
        one.update(text)
        two = outer.copy()
        two.update(one.digest())
        found += two.digest()
    return np.frombuffer(bytes(found), ">u8").astype(np.uint64).reshape(-1, 4)


def digest_order(digest: NDArray[np.uint64]) -> Array:
    """Return the order of digests (n, 4)."""
    order = np.argsort(digest[:, 0], kind="stable")
    ordered = digest[order, 0]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort([*digest.T[::-1]])
    return order


def right_answers(
    contract: ScoringContract, table: Table, units: Units, attributes: Mapping[str, bytes]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays of the right answers, in canonical order, and their JSON meta."""
    answer = contract.answer.answer
    meta: dict[str, Any] = {"texts": [], "groups": {}, "numbers": []}
    if contract.answer.is_listed:
        return _ranked_answers(contract, table, units, attributes, meta)
    target = contract.truth.target or ""
    if answer.type is ColumnType.LABEL_SET:
        cells = table.texts(target, units.first)
        lists = [sorted(set(answer.labels_of(cell))) for cell in cells]
        texts, code = nomenclature(answer.domain, (t for row in lists for t in row))
        flat = np.array([code[t] for row in lists for t in row], np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
        return {"y": flat, "y.offsets": offsets}, meta | {"texts": texts}
    classes, targets = contract.answer.classes, contract.answer.targets
    if answer.is_number and classes is None:
        columns = [table.numbers(name, units.first) for name in targets or (target,)]
        y = np.column_stack(columns) if targets else columns[0]
        if len(y) and np.abs(y).max() > MOST:
            raise TruthFault("E_VALUE", "nombre au-delà de 1e15")
        return {"y": y}, meta
    names, code_of = table.coded(target, units.first)
    if "" in names:
        raise TruthFault("E_VALUE", "réponse vide")
    texts, code = nomenclature(answer.domain if classes is None else classes, names)
    return {"y": np.array([code[n] for n in names], np.int32)[code_of]}, meta | {"texts": texts}


def listed_candidates(contract: ScoringContract, table: Table, units: Units) -> Candidates | None:
    """Return the candidates of each query in order of name, None when they are free.

    They hold no label: right and wrong ones stand in the truth alike.
    """
    if not contract.answer.is_complete:
        return None
    item = table.words(contract.truth.item or "")[:, units.rows]
    order = arrays.order_by_bytes(item, units.of_rows)
    return Candidates.of_words(units.names, item[:, order], units.offsets)


def _ranked_answers(
    contract: ScoringContract,
    table: Table,
    units: Units,
    attributes: Mapping[str, bytes],
    meta: dict[str, Any],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Lay the items of each query in order of their code."""
    item, gain = contract.truth.item or "", contract.truth.gain or ""
    domain = contract.answer.labelled.domain
    extra = [r[a.id or ""] for a in contract.attributes for r in rows_of(a, attributes)]
    names, code_of = table.coded(item, units.rows)
    texts, code = nomenclature(domain, names)
    if domain is None:
        texts, code = nomenclature(None, names + extra)
    y = np.array([code[name] for name in names], np.int32)[code_of]
    order = np.lexsort([y, units.of_rows])
    y, unit = y[order], units.of_rows
    twice = np.flatnonzero((y[1:] == y[:-1]) & (unit[1:] == unit[:-1]))
    if len(twice):
        first = units.names[:, unit[twice[:1]]]
        raise TruthFault("E_IDS", arrays.texts_of(first)[0].decode())
    gains = table.numbers(gain, units.rows)[order]
    if gains.size and gains.min() < 0:
        raise TruthFault("E_VALUE", "gain négatif")
    return {"y": y, "y.offsets": units.offsets, "gains": gains}, meta | {"texts": texts}


Floats = NDArray[np.float64]


def add_groups(
    contract: ScoringContract,
    table: Table,
    units: Units,
    attributes: Mapping[str, bytes],
    named: dict[str, NDArray[Any]],
    meta: dict[str, Any],
) -> None:
    """Add the groups, the numbers and the columns to arrays and meta."""
    meta["items"] = {}
    for attribute in contract.attributes:
        value_of = _values_of(attribute, attributes)
        if attribute.type == "number":
            for what, known in (("units", _unit_names(units)), ("items", meta["texts"])):
                named[f"number.{attribute.key}.{what}"] = _numbers(known, value_of)
            meta["numbers"].append(attribute.key)
            continue
        if attribute.of == "items":
            codes, names = _coded([value_of(text) for text in meta["texts"]], attribute)
            named[f"item.{attribute.key}"] = codes
            meta["items"][attribute.key] = names
            continue
        if attribute.source == "truth":
            names, code = table.coded(attribute.column, units.first)
            kept = [name for name in names if name not in attribute.ignore]
            place = {name: i for i, name in enumerate(kept)}
            codes = np.array([place.get(name, -1) for name in names], np.int32)[code]
        else:
            codes, kept = _coded([value_of(name) for name in _unit_names(units)], attribute)
        named[f"group.{attribute.key}"] = codes
        meta["groups"][attribute.key] = kept
    for column in metric_columns(contract):
        names, code = table.coded(column, units.first)
        named[f"group.column:{column}"] = code
        meta["groups"][f"column:{column}"] = names


def _unit_names(units: Units) -> list[str]:
    return [name.decode() for name in arrays.texts_of(units.names)]


def _coded(values: Sequence[str], attribute: Attribute) -> tuple[NDArray[np.int32], list[str]]:
    """Number the groups in the order of their names; −1 for an ignored value."""
    names = sorted(set(values) - set(attribute.ignore))
    code = {name: i for i, name in enumerate(names)}
    return np.array([code.get(value, -1) for value in values], np.int32), names


def _values_of(attribute: Attribute, files: Mapping[str, bytes]) -> Callable[[str], str]:
    table = {r[attribute.id or ""]: r[attribute.column] for r in rows_of(attribute, files)}
    return lambda name: table.get(name, "")


def _numbers(names: Sequence[str], value_of: Callable[[str], str]) -> Floats:
    cells = [value_of(n) for n in names]
    return np.array([finite(c) if c else np.nan for c in cells], np.float64)


MAX_STRATA = 1000
LEAST_BUCKETS = 30  # of a stratum that has as many clusters, however rare it is


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
    parts: Mapping[str, int] | None = None,
) -> CompiledTruth:
    """Compile a held-out CSV file and its attribute files.

    attributes: {source path: CSV bytes} for each attribute that is not in the truth.
    parts: the place in the contract's splits of each identifier, where the file has no column
    that says it.
    salt: 32 secret bytes, drawn when None; the same salt gives the same bytes.
    Raises TruthFault: E_COLUMN_MISSING, E_IDS, E_SPLIT, E_DOMAIN, E_VALUE, E_EMPTY.
    """
    salt = salt or secrets.token_bytes(32)
    key = contract.truth.columns.get(contract.answer.layout.roles[0])
    if not key:
        raise TruthFault("E_COLUMN_MISSING", "truth.id")
    table = Table.read(truth_csv, _needed(contract, key, has_parts=parts is None))
    units = Units.of(table, key, salt, repeated=contract.answer.is_listed)
    named, meta = right_answers(contract, table, units, attributes)
    part = _parts(contract, table, units) if parts is None else _carried(contract, units, parts)
    _require_alike(contract, table, units)
    bucket, sizes = _buckets(contract, table, units, part, salt)
    named |= {"part": part, "bucket": bucket}
    if contract.truth.weight:
        named["weight"] = table.numbers(contract.truth.weight, units.first)
        if (named["weight"] <= 0).any():
            raise TruthFault("E_VALUE", contract.truth.weight)
    for index, split in enumerate(contract.truth.splits):
        seed = hashlib.sha256(salt + split.encode() + b"W").digest()
        named[f"weights.{split}"] = draw_within(sizes[index], contract.replicates, seed)
    add_groups(contract, table, units, attributes, named, meta)
    meta |= {"splits": list(contract.truth.splits)}
    counts = np.bincount(part, minlength=len(contract.truth.splits))
    keys = Keys.of_words(units.names, listed_candidates(contract, table, units))
    return CompiledTruth(
        keys=pack_keys(keys),
        labels=arrays.pack(meta | {"kind": "labels"}, named),
        n={s: int(counts[i]) for i, s in enumerate(contract.truth.splits)},
    )


def _needed(contract: ScoringContract, key: str, *, has_parts: bool) -> list[str]:
    truth = contract.truth
    needed = [key, truth.split_column if has_parts else None]
    needed += [truth.cluster, truth.weight, truth.strata]
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


def _carried(
    contract: ScoringContract, units: Units, parts: Mapping[str, int]
) -> NDArray[np.uint8]:
    """Return the part that each unit already has; raises TruthFault E_IDS for units of none."""
    places = [parts.get(name, -1) for name in _unit_names(units)]
    if unknown := places.count(-1):
        raise TruthFault("E_IDS", f"{unknown} identifiants sans partie")
    if len(set(places)) < len(contract.truth.splits):
        raise TruthFault("E_SPLIT", "une partie est vide")
    return np.array(places, np.uint8)


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
        known, code = arrays.distinct_words(table.words(column)[:, units.first])
    else:
        known, code = units.names, np.arange(len(units), dtype=np.int32)
    keyed = digests(salt, arrays.texts_of(known), b"cluster:")
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
