"""Guess the contract of a truth and an answer of which only the columns and a metric are known.

Also read what a file should look like from a sample, a specification or a starter kit. What
cannot be read in the headers or in the truth is not guessed: UsageFault says so."""

import csv
import hashlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from challenges.scoring import child, registry
from challenges.scoring.compilation import CompiledTruth, compile_truth
from challenges.scoring.contract import (
    NAMES,
    AnswerSpec,
    ColumnType,
    Layout,
    Limits,
    ScoringContract,
    UsageFault,
    first_named,
    written_probabilities,
    written_shape,
)
from challenges.scoring.evaluation import FileReader
from challenges.scoring.fields import ContractFault
from challenges.scoring.metric import Shape
from challenges.scoring.truth import keys_of
from challenges.scoring.verdict import Verdict

Json = dict[str, Any]
# Short names of figures of lists; precision and recall are others when @k follows.
SHORT = {
    "map": "map_at_k",
    "map_r": "map_r_at_k",
    "mrr": "mrr_at_k",
    "recall_capped": "recall_at_k",
}
AT_K = {"precision": "precision_at_k", "recall": "recall_r_at_k"}
PRESETS: dict[str, tuple[str, Json]] = {"ndcg_exp": ("ndcg", {"gain": "exponential"})}
DEFAULTS: dict[str, Json] = {"ndcg": {"gain": "linear"}}
# The figure of several classes for the one of yes or no.
ON_CLASSES = {"brier": "brier_multi", "log_loss": "log_loss_multi", "roc_auc": "roc_auc_ovr"}
SEPARATORS = "|;,"
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


def guessed_contract(metric: str, truth: Path, predictions: Path, asked: Asked) -> ScoringContract:
    """Make the contract of one metric, as in ndcg@10; raises UsageFault."""
    files = Files(truth, header(truth), header(predictions))
    name, params = metric_named(metric)
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
    raw["metrics"] = [_ranking(facts)]
    raw["fairness"] = _groups(facts | {"direction": found.direction}, asked)
    chosen = ScoringContract.from_json(raw)
    for _, text in registry.problems(chosen):
        raise ContractFault(text)
    return chosen


def _ranking(facts: Json) -> Json:
    """Write the figure that ranks; one that only describes is read as more is better."""
    natural = registry.metric(facts["metric"]).direction
    direction = "max" if natural == "none" else natural
    return {"key": "score", "primary": True, "direction": direction} | facts


def metric_named(text: str) -> tuple[str, Json]:
    """Read the name of a metric or name@number, as in pinball@0.9; raises UsageFault."""
    name, _, number = text.partition("@")
    if number:
        name = AT_K.get(name, name)
    name, params = PRESETS.get(name, (name, {}))
    name = registry.ALIASES.get(name, SHORT.get(name, name))
    if name not in registry.METRICS:
        raise UsageFault("U_METRIC", name)
    if not number:
        return name, dict(params)
    found = registry.METRICS[name]
    key = next((one.name for one in found.parameters if one.kind in (int, float)), None)
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


def one_row(key: str, column: Json, truth_id: str, target: str) -> Json:
    """Make the raw contract of one answer per identifier, without a metric."""
    return {
        "task": "",
        "submission": {
            "layout": Layout.ONE_ROW_PER_ID.value,
            "columns": [{"name": key, "role": "id", "type": "string"}, column],
        },
        "truth": {"id": truth_id, "target": target},
    }


def _fitting(name: str, files: Files, asked: Asked) -> str:
    """Return the form of a figure that reads the answer at hand."""
    if name == "f1_micro":
        _, target = _key_and_target(files, asked)
        lists = any(set(SEPARATORS) & set(cell) for cell in files.values(target))
        return name if lists else "accuracy"  # the same figure of one label a row
    if name in ON_CLASSES and asked.prediction is None:
        key, target = _key_and_target(files, asked)
        if target not in files.given and "prediction" not in files.given:
            classes = _class_columns(files, key, target)
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
    found = asked if asked in names else None if asked else first_named(names, role)
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
        separator = next((s for s in SEPARATORS if any(s in cell for cell in cells)), " ")
        column["separator"] = separator
        if name == "hamming":
            column["domain"] = sorted({t for c in cells for t in c.split(separator) if t})
    low, high = registry.BOUNDS.get(name, (None, None))
    column |= {"min": low, "max": high}
    return raw | {"params": found}


def _shown_params(metric: str, files: Files, target: str, positive: str | None) -> Json:
    """Take from the truth the parameters it shows: levels, positive label, event."""
    if metric in registry.LEVELLED:
        return {"labels": sorted(set(files.values(target)), key=lambda v: (len(v), v))}
    required = {one.name for one in registry.METRICS[metric].parameters if one.is_needed}
    if "positive" in required:
        labels = sorted(set(files.values(target)))
        if positive is None and "1" not in labels and len(labels) > 2:
            raise UsageFault("U_POSITIVE")
        return {"positive": positive or ("1" if "1" in labels else labels[-1])}
    return {"event": "event"} if "event" in required and "event" in files.held else {}


def _type(metric: str) -> ColumnType:
    shape = registry.METRICS[metric].shape
    if shape is Shape.NUMBERS:
        return ColumnType.FLOAT
    return ColumnType.LABEL_SET if shape is Shape.LABEL_SETS else ColumnType.STRING


def _of_lists(name: str, params: Json, files: Files, asked: Asked) -> Json:
    either = registry.METRICS[name].shape is Shape.LISTS
    scored = either and first_named(files.given, "rank") is None
    query = _role(files.given, "query", asked.id, "la réponse")
    item = _role(files.given, "item", asked.item, "la réponse")
    place = "score" if scored else "rank"
    held = {
        "query": _role(files.held, "query", asked.id, "la vérité"),
        "item": _role(files.held, "item", asked.item, "la vérité"),
        "gain": _role(files.held, "gain", asked.target, "la vérité"),
    }
    names = {
        "query": query,
        "item": item,
        place: _role(files.given, place, asked.prediction, "la réponse"),
    }
    layout = Layout.CANDIDATE_SCORES if scored else Layout.RANKED_LIST
    most = max(int(params.get("k", 0)), MAX_ITEMS)
    shape = written_shape(layout, names, max_items_per_query=most)
    if scored:
        gains = files.values(held["gain"])
        complete = any(is_number(cell) and float(cell) == 0 for cell in gains)
        shape["policy"] = "complete" if complete else "top_k"
    return {"submission": shape, "truth": held}


def _of_classes(name: str, params: Json, files: Files, asked: Asked) -> Json:
    """Make the contract of one probability per class, the columns bearing their names."""
    key, target = _key_and_target(files, asked)
    if key not in files.given:
        raise UsageFault("U_ANSWER_COLUMN", key)
    shape = written_probabilities(key, _class_columns(files, key, target))
    return one_row(key, {}, key, target) | {"submission": shape}


def _class_columns(files: Files, key: str, target: str) -> dict[str, str]:
    """Return the columns of the answer that are named after classes, perhaps with a prefix.

    Each class of the truth must have one; the other columns of the same prefix are classes that
    no row of the truth has.
    """
    labels = {cell for cell in files.values(target) if cell}
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
        {"key": f"group_{at}", "by": one, "aggregate": "table", **facts}
        for at, one in enumerate(asked.groups)
    ]
    return {"min_rows": 1, "attributes": attributes, "metrics": tables}


READERS = {
    Shape.RANKED: _of_lists,
    Shape.LISTS: _of_lists,
    Shape.PROBABILITIES: _of_classes,
}


Rows = Sequence[Mapping[str, str]]
Template = tuple[AnswerSpec, bytes, Limits | None]
SUM_TOLERANCE = 1e-3
KIT_FORMAT = "open-emploi/answer"


def compile_offline(
    contract: ScoringContract, truth_csv: bytes, attributes: Mapping[str, bytes]
) -> CompiledTruth:
    """Compile a truth with a salt that depends on the contract only."""
    salt = hashlib.sha256(b"offline" + contract.digest.encode()).digest()
    return compile_truth(contract, truth_csv, attributes, salt=salt)


def check_template(
    template: str, predictions: str | Path, read: FileReader = child.read
) -> tuple[Verdict, float]:
    """Check one file against a template, without labels: verdict, seconds.

    template: a sample submission (CSV), an AnswerSpec (.json), the format.json of a starter
    kit, or SPEC.json:TASK.
    """
    started = time.perf_counter()
    spec, keys, limits = _template(template)
    verdict, _ = read(predictions, spec, keys, limits)
    return verdict, round(time.perf_counter() - started, 4)


def task_contract(spec: Path, task: str) -> tuple[ScoringContract, Limits, Path]:
    """Read one task of a specification file: contract, limits, truth file."""
    document = json.loads(spec.read_text("utf-8"))
    wanted = document[task]
    value = wanted["value"]
    column: Json = {k: value.get(k) for k in ("name", "type", "min", "max")}
    column |= {"role": "target", "domain": value.get("categories")}
    params = wanted.get("params") or {}
    truth = spec.parent.parent / wanted["truth"]
    target = next(n for n in header(truth) if n != wanted["id"]["name"])
    raw = one_row(wanted["id"]["name"], column, wanted["id"]["name"], target)
    raw["metrics"] = [_ranking({"metric": wanted["metric"], "params": params})]
    raw["submission"]["max_bytes"] = document.get("limits", {}).get("max_upload_bytes")
    return ScoringContract.from_json(raw), _spec_limits(document.get("limits") or {}), truth


def _spec_limits(raw: Mapping[str, Any]) -> Limits:
    names = {
        "max_bytes": "max_upload_bytes",
        "max_uncompressed_bytes": "max_uncompressed_bytes",
        "max_zip_ratio": "max_zip_ratio",
        "max_zip_entries": "max_zip_entries",
        "max_columns": "max_columns",
        "max_cell_bytes": "max_cell_bytes",
        "max_line_bytes": "max_line_bytes",
        "max_rows": "max_rows",
    }
    return Limits(**{ours: int(raw[theirs]) for ours, theirs in names.items() if theirs in raw})


def _template(template: str) -> Template:
    path, _, task = template.rpartition(".json:")
    if path:
        contract, limits, truth = task_contract(Path(path + ".json"), task)
        return contract.answer, compile_offline(contract, truth.read_bytes(), {}).keys, limits
    if template.casefold().endswith(".json"):
        document = json.loads(Path(template).read_text("utf-8"))
        if document.get("format") == KIT_FORMAT:
            return _of_a_kit(document)
        spec = AnswerSpec.from_json(document)
        return (
            spec,
            keys_of(*expected_keys(spec, _rows(Path(template).parent / str(document["ids"])))),
            None,
        )
    rows = _rows(Path(template))
    spec = AnswerSpec.from_json(_sample_shape(rows))
    return spec, keys_of(*expected_keys(spec, rows)), None


def _of_a_kit(document: Mapping[str, Any]) -> Template:
    keys = keys_of(document["ids"], document.get("candidates"))
    return AnswerSpec.from_json(document["submission"]), keys, None


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def expected_keys(spec: AnswerSpec, rows: Rows) -> tuple[list[str], list[list[str]] | None]:
    """Return the identifiers that rows of a sample name, sorted, and the candidates of each.

    The candidates are None where a challenge does not ask for all of them.
    """
    listed: dict[str, set[str]] = {}
    for row in rows:
        listed.setdefault(row[spec.key.name], set()).add(row.get(spec.labelled.name, ""))
    ids = sorted(listed)
    return ids, [sorted(listed[name]) for name in ids] if spec.is_complete else None


def _sample_shape(rows: Rows) -> Json:
    """Guess from its columns the shape of a sample, the identifier first."""
    names = list(rows[0]) if rows else []
    if len(names) < 2:
        raise UsageFault("U_SAMPLE")
    if len(names) == 2:
        number = all(is_number(row[names[1]]) for row in rows)
        column = {"name": names[1], "role": "target", "type": "float" if number else "string"}
        return dict(one_row(names[0], column, names[0], names[1])["submission"])
    if len(names) == 3:
        if all(_is_whole(row[names[1]]) for row in rows):
            most = max(int(row[names[1]]) for row in rows)
            roles = dict(zip(("query", "rank", "item"), names, strict=True))
            return written_shape(Layout.RANKED_LIST, roles, max_items_per_query=most)
        scores = all(is_number(row[names[2]]) for row in rows)
        if scores and not all(is_number(row[names[1]]) for row in rows):
            roles = dict(zip(("query", "item", "score"), names, strict=True))
            return written_shape(Layout.CANDIDATE_SCORES, roles, policy="complete")
    return _sample_numbers(names, rows)


def _is_whole(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()


def _sample_numbers(names: Sequence[str], rows: Rows) -> Json:
    """Guess that several numbers of a row are probabilities: they add up to 1 everywhere."""
    given = names[1:]
    if not all(is_number(row[name]) for row in rows for name in given):
        raise UsageFault("U_SAMPLE_SHAPE")
    sums = [sum(float(row[name]) for name in given) for row in rows]
    if not all(abs(total - 1) <= SUM_TOLERANCE for total in sums):
        raise UsageFault("U_SAMPLE_SHAPE")
    return written_probabilities(names[0], dict.fromkeys(given, ""))
