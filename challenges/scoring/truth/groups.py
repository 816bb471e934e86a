"""Compile what stands beside the answers: groups, numbers, columns of metrics."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.contract import Attribute, ScoringContract
from challenges.scoring.truth.cells import Rows, finite, metric_columns, rows_of

Floats = NDArray[np.float64]


def add_groups(
    contract: ScoringContract,
    ordered: Sequence[Rows],
    ids: Sequence[str],
    attributes: Mapping[str, bytes],
    arrays: dict[str, NDArray[Any]],
    meta: dict[str, Any],
) -> None:
    """Add the groups, the numbers and the columns to arrays and meta."""
    meta["items"] = {}
    for attribute in contract.attributes:
        value_of = _values_of(attribute, attributes)
        if attribute.type == "number":
            for what, names in (("units", ids), ("items", meta["texts"])):
                arrays[f"number.{attribute.key}.{what}"] = _numbers(names, value_of)
            meta["numbers"].append(attribute.key)
            continue
        if attribute.of == "items":
            codes, names = _coded([value_of(text) for text in meta["texts"]], attribute)
            arrays[f"item.{attribute.key}"] = codes
            meta["items"][attribute.key] = names
            continue
        if attribute.source == "truth":
            values = [rows[0][attribute.column] for rows in ordered]
        else:
            values = [value_of(i) for i in ids]
        arrays[f"group.{attribute.key}"], names = _coded(values, attribute)
        meta["groups"][attribute.key] = names
    for column in metric_columns(contract):
        values = [rows[0].get(column, "") for rows in ordered]
        names = sorted(set(values))
        code = {n: i for i, n in enumerate(names)}
        arrays[f"group.column:{column}"] = np.array([code[v] for v in values], np.int32)
        meta["groups"][f"column:{column}"] = names


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
