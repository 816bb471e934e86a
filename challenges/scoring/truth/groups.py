"""Compile what stands beside the answers: groups, numbers, columns of metrics."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.contract import Attribute, ScoringContract
from challenges.scoring.truth.cells import metric_columns, rows_of
from challenges.scoring.truth.table import Table, finite
from challenges.scoring.truth.units import Units

Floats = NDArray[np.float64]


def add_groups(
    contract: ScoringContract,
    table: Table,
    units: Units,
    attributes: Mapping[str, bytes],
    arrays: dict[str, NDArray[Any]],
    meta: dict[str, Any],
) -> None:
    """Add the groups, the numbers and the columns to arrays and meta."""
    meta["items"] = {}
    for attribute in contract.attributes:
        value_of = _values_of(attribute, attributes)
        if attribute.type == "number":
            for what, known in (("units", _named(units)), ("items", meta["texts"])):
                arrays[f"number.{attribute.key}.{what}"] = _numbers(known, value_of)
            meta["numbers"].append(attribute.key)
            continue
        if attribute.of == "items":
            codes, names = _coded([value_of(text) for text in meta["texts"]], attribute)
            arrays[f"item.{attribute.key}"] = codes
            meta["items"][attribute.key] = names
            continue
        if attribute.source == "truth":
            names, code = table.coded(attribute.column, units.first)
            kept = [name for name in names if name not in attribute.ignore]
            place = {name: i for i, name in enumerate(kept)}
            codes = np.array([place.get(name, -1) for name in names], np.int32)[code]
        else:
            codes, kept = _coded([value_of(name) for name in _named(units)], attribute)
        arrays[f"group.{attribute.key}"] = codes
        meta["groups"][attribute.key] = kept
    for column in metric_columns(contract):
        names, code = table.coded(column, units.first)
        arrays[f"group.column:{column}"] = code
        meta["groups"][f"column:{column}"] = names


def _named(units: Units) -> list[str]:
    return [name.decode() for name in words.to_texts(units.names)]


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
