"""Write what may be read of an audit: rounded once, without small cells nor what tells them."""

from collections.abc import Mapping
from typing import Any

from challenges.scoring.audit.declared import Measure
from challenges.scoring.audit.run import BY_MEASURE
from challenges.scoring.contract import ScoringContract

DECIMALS = 3
FEW = 100
ALERT = 0.8
ROUNDED_TO = 5


def published(contract: ScoringContract, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a sealed audit that pages, files and the API show: JSON values.

    Group sizes are rounded to 5; a hidden group keeps its name and nothing else. The gap of a
    figure is over the groups compared, its alert over the groups shown.
    """
    spec = contract.audit
    if spec is None:
        raise ValueError("the contract declares no audit")
    decimals = contract.primary.decimals
    column = None
    if spec.column is not None:
        value = _rounded(record["column"], _column_decimals(spec.column.measure, decimals))
        column = {"value": value, "barred": spec.column.bars(value, contract.primary.direction)}
    return {
        "version": record["version"],
        "kind": record["kind"],
        "n": rounded_count(record["n"]),
        "level": contract.level,
        "shown": spec.shown.value,
        "slices": [_slice(each, decimals) for each in record["slices"]],
        "column": column,
    }


def rounded_count(n: int) -> int:
    """Round a number of rows to the nearest 5."""
    return ROUNDED_TO * ((n + ROUNDED_TO // 2) // ROUNDED_TO)


def decimals_of(figure: str, decimals: int) -> int:
    """Return the decimals of a figure: the metric's own, else 3."""
    return decimals if figure in {"metric", "error"} else DECIMALS


def _column_decimals(measure: Measure, decimals: int) -> int:
    return decimals_of(BY_MEASURE[measure][0], decimals)


def _slice(each: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    return {
        "attributes": each["attributes"],
        "verdict": each["verdict"],
        "groups": [_group(group, decimals) for group in each["groups"]],
        "figures": [
            _figure(figure, each["groups"], decimals_of(figure["key"], decimals))
            for figure in each["figures"]
        ],
    }


def _group(group: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    if not group["shown"]:
        return {"key": group["key"], "state": "hidden"}
    told = {
        "key": group["key"],
        "state": "few" if group["n"] < FEW else "shown",
        "n": rounded_count(group["n"]),
    }
    if group["labels"] and group["usual"] is not None:
        told["usual"] = _rounded(group["usual"], decimals)
    return told


def _figure(
    figure: Mapping[str, Any], groups: list[Mapping[str, Any]], decimals: int
) -> dict[str, Any]:
    cells = [_cell(cell, decimals) for cell in figure["groups"]]
    ratio = _ratio(figure, groups) if figure["key"] in {"selection", "exposure"} else None
    return {
        "key": figure["key"],
        "decimals": decimals,
        "verdict": figure["verdict"],
        "overall": _rounded(figure["overall"], decimals),
        "groups": cells,
        "gap": _contrast(figure["gap"], decimals),
        "claim": _contrast(figure["claim"], decimals),
        "apart": [_contrast(each, decimals) for each in figure["apart"]],
        "ratio": _rounded(ratio, DECIMALS),
        "alert": ratio is not None and round(ratio, DECIMALS) < ALERT,
        "zero": [
            g for g, cell in enumerate(cells) if figure["key"] == "tpr" and cell["value"] == 0
        ],
    }


def _ratio(figure: Mapping[str, Any], groups: list[Mapping[str, Any]]) -> float | None:
    """Divide the lowest by the highest of the groups shown, two at least, before any rounding."""
    known = [
        cell["value"]
        for cell, group in zip(figure["groups"], groups, strict=True)
        if cell["shown"] and cell["value"] is not None and not group["missing"]
    ]
    return min(known) / max(known) if len(known) > 1 and max(known) > 0 else None


def _cell(cell: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    if not cell["shown"]:
        return {"state": "hidden", "value": None, "low": None, "high": None}
    return {
        "state": "undefined" if cell["value"] is None else "shown",
        **{name: _rounded(cell[name], decimals) for name in ("value", "low", "high")},
    }


def _contrast(found: Mapping[str, Any] | None, decimals: int) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = {name: _rounded(found[name], decimals) for name in ("value", "low", "high")}
    return {"of": found["of"], **ends, "significant": found["significant"]}


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals) + 0.0
