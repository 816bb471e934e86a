"""Guess the contract of a truth and an answer of which only the columns and a metric are known.

What cannot be read in the headers or in the truth is not guessed: UsageFault says so.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from challenges.scoring import registry
from challenges.scoring.answer import ColumnType, ContractFault
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Shape
from challenges.scoring.usage import UsageFault

Json = dict[str, Any]
NUMBERED = ("k", "prefix", "tau", "alpha", "share", "precision", "bins", "clip", "beta")
# Names of figures of lists: another one when @k follows, another parameter.
AT_K = {"precision": "precision_at_k", "recall": "recall_r_at_k"}
PRESETS: dict[str, tuple[str, Json]] = {
    "crps": ("crps_fair", {}),
    "ndcg_exp": ("ndcg", {"gain": "exponential"}),
}
DEFAULTS: dict[str, Json] = {"ndcg": {"gain": "linear"}}
ON_ONE_LABEL = {"f1_micro": "micro_f1"}
# The figure of candidates with a score for the one of ranked lists; of classes for yes or no.
ON_SCORES = {
    "hit_at_k": "hit_scored",
    "map_at_k": "map_scored",
    "map_r_at_k": "map_r_scored",
    "mrr_at_k": "mrr_scored",
    "ndcg": "ndcg_scored",
    "precision_at_k": "precision_scored",
    "recall_at_k": "recall_capped_scored",
    "recall_r_at_k": "recall_scored",
}
ON_CLASSES = {
    "brier": "brier_multi",
    "ece": "ece_top",
    "log_loss": "log_loss_multi",
    "roc_auc": "roc_auc_ovr",
}
NAMES = {
    "query": ("query", "query_id", "qid", "q", "requete", "demande", "id"),
    "item": ("item", "item_id", "doc", "doc_id", "document", "candidate", "candidat", "element"),
    "rank": ("rank", "rang"),
    "score": ("score", "prediction"),
    "gain": ("gain", "relevance", "rel", "score"),
    "document": ("doc_id", "doc", "document", "id"),
    "start": ("start", "debut", "begin"),
    "end": ("end", "fin"),
    "label": ("label", "etiquette", "type"),
    "low": ("low", "lower", "bas", "inf"),
    "high": ("high", "upper", "haut", "sup"),
}
QUANTILE = re.compile(r"q_?(0?\.\d+|\d{1,2}(?:\.\d+)?)")
CLASS_PREFIXES = ("", "p_", "proba_", "prob_")
UNNAMED = frozenset({"", "Unnamed: 0"})  # what a table written with its index holds
MAX_ITEMS = 1000


@dataclass(frozen=True)
class Asked:
    """Hold the columns that the command line names; groups: one figure by group for each.

    positive: label that a yes-or-no metric counts.
    """

    id: str | None = None
    target: str | None = None
    prediction: str | None = None
    item: str | None = None
    split: str | None = None
    cluster: str | None = None
    weight: str | None = None
    positive: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Files:
    """Hold a truth, the names of its columns, and those of the answer."""

    truth: Path
    held: list[str]
    given: list[str]

    def values(self, column: str) -> list[str]:
        """Return the cells of a column of the truth."""
        with self.truth.open(encoding="utf-8-sig", newline="") as file:
            return [row[column] for row in csv.DictReader(file)]


def header(path: Path) -> list[str]:
    """Return the names of the columns of a CSV file, by comma or semicolon, or of a Parquet one."""
    if path.suffix.casefold() == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415  # slow import

        try:
            return list(pq.read_schema(path).names)
        except (ValueError, OSError):
            return []
    with path.open("rb") as file:
        line = file.readline(1 << 16).decode("utf-8-sig", "replace")
    try:
        comma = next(csv.reader(io.StringIO(line)), [])
        semicolon = next(csv.reader(io.StringIO(line), delimiter=";"), [])
    except csv.Error:  # a zip, or any other file that is no text
        return []
    return max((comma, semicolon), key=len)


def contract(metric: str, truth: Path, predictions: Path, asked: Asked) -> ScoringContract:
    """Make the contract of one metric, as in ndcg@10; raises UsageFault."""
    files = Files(truth, header(truth), header(predictions))
    name, params = named(metric)
    name = _fitting(name, files, asked)
    found = registry.METRICS[name]
    for column in (asked.split, asked.cluster, asked.weight, *asked.groups):
        if column is not None and column not in files.held:
            raise UsageFault("U_TRUTH_COLUMN", column)
    if found.shape is Shape.FORMULA:
        raise UsageFault("U_METRIC_FOLDER", name)
    raw = READERS.get(found.shape, _of_rows)(name, params, files, asked)
    raw["truth"] |= {"cluster": asked.cluster, "weight": asked.weight}
    raw["truth"]["split"] = _split(files, asked)
    facts = {"metric": name, "params": DEFAULTS.get(name, {}) | raw.pop("params", {}) | params}
    raw["metrics"] = [{"key": "score", "primary": name not in registry.NEVER_ALONE} | facts]
    raw["fairness"] = _groups(facts | {"direction": found.direction}, asked)
    chosen = ScoringContract.from_json(raw)
    for _, text in registry.problems(chosen):
        raise ContractFault(text)
    return chosen


def named(text: str) -> tuple[str, Json]:
    """Read the name of a metric or name@number, as in pinball@0.9; raises UsageFault."""
    name, _, number = text.partition("@")
    if number:
        name = AT_K.get(name, name)
    name, params = PRESETS.get(name, (name, {}))
    name = registry.ALIASES.get(name, ON_ONE_LABEL.get(name, name))
    if name not in registry.METRICS:
        raise UsageFault("U_METRIC", name)
    if not number:
        return name, dict(params)
    found = registry.METRICS[name]
    key = next((k for k in NUMBERED if k in found.required | found.optional), None)
    if key is None or not is_number(number):
        raise UsageFault("U_METRIC_NUMBER", name)
    return name, params | {key: int(number) if number.isdecimal() else float(number)}


def is_number(cell: str) -> bool:
    """Tell whether a cell is written as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def first_of(names: Sequence[str], role: str) -> str | None:
    """Return the first usual name of a role that a header holds, whatever its case."""
    folded = {name.casefold(): name for name in reversed(names)}
    return next((folded[name] for name in NAMES[role] if name in folded), None)


def one_row(key: str, column: Json, truth_id: str, target: str) -> Json:
    """Make the raw contract of one answer per identifier, without a metric."""
    return {
        "task": "",
        "submission": {
            "layout": "one_row_per_id",
            "columns": [{"name": key, "role": "id", "type": "string"}, column],
        },
        "truth": {"id": truth_id, "target": target},
    }


def quantile_levels(names: Iterable[str]) -> dict[str, float]:
    """Return the level of each column named as a quantile: q05, q50, q0.975."""
    found = {name: QUANTILE.fullmatch(name) for name in names}
    return {
        name: float(match[1]) if match[1].startswith(("0.", ".")) else float(match[1]) / 100
        for name, match in found.items()
        if match
    }


def _fitting(name: str, files: Files, asked: Asked) -> str:
    """Return the form of a figure that reads the answer at hand."""
    shape = registry.METRICS[name].shape
    if shape is Shape.RANKED and name in ON_SCORES and first_of(files.given, "rank") is None:
        return ON_SCORES[name]
    if name in ON_CLASSES and asked.prediction is None:
        key, target = _key_and_target(files, asked)
        if target not in files.given and "prediction" not in files.given:
            classes = _class_columns(files, key, target, lists=False)
            return ON_CLASSES[name] if len(classes) > 1 else name
    return name


def _key_and_target(files: Files, asked: Asked) -> tuple[str, str]:
    key = asked.id or ("id" if "id" in files.held else files.held[0] if files.held else "")
    known = {key, asked.split, asked.cluster, asked.weight, *asked.groups}
    target = asked.target or next((n for n in files.held if n not in known), None)
    for name in (key, target):
        if not name or name not in files.held:
            raise UsageFault("U_TRUTH_COLUMN" if name else "U_TARGET", name or "")
    return key, str(target)


def _role(names: Sequence[str], role: str, asked: str | None, where: str) -> str:
    found = asked if asked in names else None if asked else first_of(names, role)
    if found is None:
        usual = asked or ", ".join(NAMES[role])
        code = "U_TRUTH_COLUMN" if where == "la vérité" else "U_ANSWER_COLUMN"
        raise UsageFault(code, usual if asked else f"{role} ({usual})")
    return found


def _of_rows(name: str, params: Json, files: Files, asked: Asked) -> Json:
    key, target = _key_and_target(files, asked)
    prediction = asked.prediction or ("prediction" if "prediction" in files.given else target)
    column: Json = {"name": prediction, "role": "target", "type": _type(name).value}
    raw = one_row(key, column, key, target)
    found = _shown_params(name, files, target, asked.positive) | params
    if name in registry.LEVELLED:
        column |= {"type": "category", "domain": found["labels"]}
    if registry.METRICS[name].shape is Shape.LABEL_SETS:
        cells = files.values(target)
        separator = next((s for s in "|;," if any(s in cell for cell in cells)), " ")
        column["separator"] = separator
        if name in registry.OVER_A_NOMENCLATURE:
            column["domain"] = sorted({t for c in cells for t in c.split(separator) if t})
    low, high = registry.BOUNDS.get(name, (None, None))
    column |= {"min": low, "max": high}
    return raw | {"params": found}


def _shown_params(metric: str, files: Files, target: str, positive: str | None) -> Json:
    """Take from the truth the parameters it shows: levels, positive label, event, scale."""
    if metric in registry.LEVELLED:
        return {"labels": sorted(set(files.values(target)), key=lambda v: (len(v), v))}
    required = registry.METRICS[metric].required
    if "positive" in required:
        labels = sorted(set(files.values(target)))
        if positive is None and "1" not in labels and len(labels) > 2:
            raise UsageFault("U_POSITIVE")
        return {"positive": positive or ("1" if "1" in labels else labels[-1])}
    return {name: name for name in ("event", "scale") if name in required and name in files.held}


def _type(metric: str) -> ColumnType:
    shape = registry.METRICS[metric].shape
    if shape is Shape.NUMBERS:
        return ColumnType.FLOAT
    return ColumnType.LABEL_SET if shape is Shape.LABEL_SETS else ColumnType.STRING


def _of_lists(name: str, params: Json, files: Files, asked: Asked) -> Json:
    scored = registry.METRICS[name].shape is Shape.SCORED
    query = _role(files.given, "query", asked.id, "la réponse")
    item = _role(files.given, "item", asked.item, "la réponse")
    place = "score" if scored else "rank"
    held = {
        "query": _role(files.held, "query", asked.id, "la vérité"),
        "item": _role(files.held, "item", asked.item, "la vérité"),
        "gain": _role(files.held, "gain", asked.target, "la vérité"),
    }
    columns: list[Json] = [
        {"name": query, "role": "query", "type": "string"},
        {"name": item, "role": "item", "type": "string"},
        {
            "name": _role(files.given, place, asked.prediction, "la réponse"),
            "role": place,
            "type": "float" if scored else "integer",
        },
    ]
    if name in registry.OVER_A_NOMENCLATURE:
        columns[1] |= {"type": "category", "domain": sorted(set(files.values(held["item"])))}
    most = max(int(params.get("k", 0)), MAX_ITEMS)
    shape: Json = {"layout": "ranked_list", "columns": columns, "max_items_per_query": most}
    if scored:
        gains = files.values(held["gain"])
        complete = any(is_number(cell) and float(cell) == 0 for cell in gains)
        policy = "complete" if complete else "top_k"
        shape |= {"layout": "candidate_scores", "policy": policy}
    return {"submission": shape, "truth": held}


def _of_spans(name: str, params: Json, files: Files, asked: Asked) -> Json:
    roles = ("start", "end", "label")
    key = _role(files.given, "document", asked.id, "la réponse")
    columns = [{"name": key, "role": "id", "type": "string"}]
    held = {"id": _role(files.held, "document", asked.id, "la vérité")}
    for role in roles:
        wanted = asked.prediction if role == "label" else None
        kind = "string" if role == "label" else "integer"
        found = _role(files.given, role, wanted, "la réponse")
        columns.append({"name": found, "role": role, "type": kind})
        wanted = asked.target if role == "label" else None
        held[role] = _role(files.held, role, wanted, "la vérité")
    return {"submission": {"layout": "spans", "columns": columns}, "truth": held}


def _of_numbers(name: str, params: Json, files: Files, asked: Asked) -> Json:
    """Make the contract of several numbers a row: classes, ends, quantiles, members, labels."""
    key, target = _key_and_target(files, asked)
    if key not in files.given:
        raise UsageFault("U_ANSWER_COLUMN", key)
    shape = registry.METRICS[name].shape
    found: Json = {}
    facts: dict[str, Json] = {}
    if shape is Shape.PROBABILITIES or shape is Shape.LABEL_SCORES:
        classes = _class_columns(files, key, target, lists=shape is Shape.LABEL_SCORES)
        bounds = {"min": 0, "max": 1} if shape is Shape.PROBABILITIES else {}
        facts = {column: {"label": label} | bounds for column, label in classes.items()}
        form = "probabilities" if shape is Shape.PROBABILITIES else "label_scores"
    elif name in registry.OF_AN_INTERVAL:
        ends = [_role(files.given, role, None, "la réponse") for role in ("low", "high")]
        facts, form = {end: {} for end in ends}, "interval"
    elif shape is Shape.QUANTILES:
        levels = quantile_levels(files.given)
        facts = {column: {} for column in sorted(levels, key=lambda c: levels[c])}
        form = "quantiles"
        if "levels" in registry.METRICS[name].required:
            found["levels"] = sorted(levels.values())
    elif shape is Shape.MEMBERS:
        facts, form = {column: {} for column in files.given if column != key}, "members"
    else:
        raise UsageFault("U_METRIC_FOLDER", name)
    columns = [{"name": n, "role": "target", "type": "float", **f} for n, f in facts.items()]
    raw = one_row(key, {}, key, target)
    raw["submission"] = {
        "layout": "numbers_per_id",
        "form": form,
        "columns": [{"name": key, "role": "id", "type": "string"}, *columns],
    }
    return raw | {"params": found}


def _class_columns(files: Files, key: str, target: str, *, lists: bool) -> dict[str, str]:
    """Return the columns of the answer that are named after labels, perhaps with a prefix.

    Each label of the truth must have one; the other columns of the same prefix are labels that
    no row of the truth has.
    """
    cells = files.values(target)
    labels = {part for cell in cells for part in (cell.split(" ") if lists else [cell]) if part}
    for prefix in CLASS_PREFIXES:
        named = {n: n.removeprefix(prefix) for n in files.given if n.startswith(prefix)}
        found = {n: label for n, label in named.items() if n != key and label not in UNNAMED}
        if labels and labels <= set(found.values()):
            return found
    return {}


def _split(files: Files, asked: Asked) -> Json | None:
    if asked.split is None:
        return None
    values = sorted(set(files.values(asked.split)))
    public = "public" if "public" in values else values[0]
    private = next(v for v in [*values, ""] if v != public)
    return {"column": asked.split, "public": public, "private": private}


def _groups(facts: Json, asked: Asked) -> Json:
    attributes = [{"key": one, "source": "truth", "column": one} for one in asked.groups]
    tables = [
        {"key": f"group:{one}", "by": one, "aggregate": "table", **facts} for one in asked.groups
    ]
    return {"min_rows": 1, "attributes": attributes, "metrics": tables}


READERS = {
    Shape.RANKED: _of_lists,
    Shape.SCORED: _of_lists,
    Shape.SPANS: _of_spans,
    Shape.PROBABILITIES: _of_numbers,
    Shape.LABEL_SCORES: _of_numbers,
    Shape.QUANTILES: _of_numbers,
    Shape.MEMBERS: _of_numbers,
    Shape.CURVES: _of_numbers,
}
