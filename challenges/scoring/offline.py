"""Score or check a file from the command line, without a database.

The salt is fixed by the contract, so that the same files always give the same bits.
"""

import csv
import hashlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from challenges.scoring import child, registry
from challenges.scoring.answer import AnswerSpec, ColumnType, ContractFault, Limits
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Shape
from challenges.scoring.truth import CompiledTruth, compile_truth, keys_of
from challenges.scoring.verdict import Evaluated, Fault, Verdict

Json = dict[str, Any]
NUMBERED = ("k", "prefix", "tau", "share", "precision", "bins", "clip", "beta")
AT_K = {"precision": "precision_at_k", "recall": "recall_r_at_k"}
ON_ONE_LABEL = {"f1_micro": "micro_f1"}


def compiled(
    contract: ScoringContract, truth_csv: bytes, attributes: Mapping[str, bytes]
) -> CompiledTruth:
    """Compile a truth with a salt that depends on the contract only."""
    salt = hashlib.sha256(b"offline" + contract.digest.encode()).digest()
    return compile_truth(contract, truth_csv, attributes, salt=salt)


def score_folder(raw_contract: Mapping[str, Any], folder: Path, path: str | Path) -> Evaluated:
    """Score a file against the truth of a challenge folder.

    raw_contract: the resolved form of challenge.yaml. path: absolute, or inside the folder.
    """
    contract = ScoringContract.from_json(raw_contract)
    problems = registry.problems(contract)
    if problems:
        raise ContractFault("; ".join(f"{key}: {text}" for key, text in problems))
    sources = {a.source for a in contract.attributes if a.source != "truth"}
    attributes = {name: (folder / name).read_bytes() for name in sorted(sources)}
    truth = compiled(contract, (folder / raw_contract["truth"]["file"]).read_bytes(), attributes)
    return child.evaluate(folder / path, contract, truth.keys, truth.labels)


def challenge_answer(raw_contract: Mapping[str, Any], folder: Path, path: Path) -> Json:
    """Score a file of a challenge; returns the command's answer, every figure of both parts."""
    started = time.perf_counter()
    done = score_folder(raw_contract, folder, path)
    out = verdict_json(done.verdict)
    if done.verdict.accepted:
        contract = ScoringContract.from_json(raw_contract)
        out |= {"metric": contract.primary.key} | _figure(contract, done, "public")
        out |= plain_values(done)
        out["intervals"] = {split: dict(found) for split, found in done.intervals.items()}
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def score_table(raw_contract: Mapping[str, Any], folder: Path, path: str) -> Json:
    """Score a file of a challenge folder: {split: {key: value, or {group: value}}}.

    Raises ValueError, in French, when the file is refused.
    """
    done = score_folder(raw_contract, folder, path)
    if not done.verdict.accepted:
        raise ValueError(done.verdict.faults[0].message)
    return plain_values(done)


def plain_values(done: Evaluated) -> Json:
    """Return exact values with each table as {group: value}, and n, per split."""
    return {
        split: {"n": done.n[split]} | {key: _plain(value) for key, value in values.items()}
        for split, values in done.values.items()
    }


def score_spec(truth: Path, predictions: Path, spec: Path, task: str) -> Json:
    """Score one file by one task of a specification file; returns the command's answer."""
    contract, limits, _ = task_contract(spec, task)
    return _answer(contract, limits, truth, predictions)


def score_metric(
    truth: Path, predictions: Path, metric: str, columns: Mapping[str, str | None]
) -> Json:
    """Score one file by one metric; columns: id, target, prediction, split, cluster."""
    head = _header(truth)
    name, params = _metric_and_params(metric)
    contract = _guess(name, params, head, _header(predictions), columns, truth)
    return _answer(contract, None, truth, predictions)


def check_template(template: str, predictions: str | Path) -> Json:
    """Check one file against a template, without labels; returns the command's answer.

    template: a sample submission (CSV), an AnswerSpec (.json), or SPEC.json:TASK.
    """
    started = time.perf_counter()
    spec, keys, limits = _template(template)
    verdict = child.check(predictions, spec, keys, limits)
    return verdict_json(verdict) | {"seconds": round(time.perf_counter() - started, 4)}


def verdict_json(verdict: Verdict) -> Json:
    """Return a verdict in the form of the commands and of the hostile corpus."""
    warnings = [w.code for w in verdict.warnings]
    if verdict.accepted:
        return {
            "verdict": "accept",
            "rows": verdict.rows,
            "warnings": warnings,
            "digest": verdict.digest,
        }
    first = verdict.faults[0]
    return {
        "verdict": "reject",
        "code": first.code,
        "line": first.line,
        "hint": first.hint,
        "message": first.message,
        "errors": [_error(f) for f in verdict.faults],
        "warnings": warnings,
    }


def task_contract(spec: Path, task: str) -> tuple[ScoringContract, Limits, Path]:
    """Read one task of a specification file: contract, limits, truth file."""
    document = json.loads(spec.read_text("utf-8"))
    wanted = document[task]
    value = wanted["value"]
    column: Json = {k: value.get(k) for k in ("name", "type", "min", "max")}
    column |= {"role": "target", "domain": value.get("categories")}
    params = wanted.get("params") or {}
    truth = spec.parent.parent / wanted["truth"]
    target = next(n for n in _header(truth) if n != wanted["id"]["name"])
    raw = _one_row_contract(wanted["id"]["name"], column, wanted["id"]["name"], target)
    raw["metrics"] = [{"key": "score", "metric": wanted["metric"], "params": params}]
    raw["submission"]["max_bytes"] = document.get("limits", {}).get("max_upload_bytes")
    return ScoringContract.from_json(raw), _limits(document.get("limits") or {}), truth


def _limits(raw: Mapping[str, Any]) -> Limits:
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


def _answer(
    contract: ScoringContract, limits: Limits | None, truth: Path, predictions: Path
) -> Json:
    started = time.perf_counter()
    done_truth = compiled(contract, truth.read_bytes(), {})
    done = child.evaluate(predictions, contract, done_truth.keys, done_truth.labels, limits)
    out = verdict_json(done.verdict)
    if done.verdict.accepted:
        out |= {"metric": contract.primary.metric}
        splits = {s: _figure(contract, done, s) for s in done.values}
        out |= splits["public"]
        if len(splits) > 1:
            out["splits"] = splits
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def _figure(contract: ScoringContract, done: Evaluated, split: str) -> Json:
    key = contract.primary.key
    interval = done.intervals[split].get(key)
    return {
        "score": done.values[split][key],
        "n": done.n[split],
        "interval": interval[:2] if interval else None,
        "interval_method": interval[2] if interval else None,
    }


def _plain(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "withheld" in value:  # the organiser's own truth, on the organiser's machine
        return value["withheld"]
    return {name: facts["value"] for name, facts in value["groups"].items()}


def _error(fault: Fault) -> Json:
    names = ("code", "line", "hint", "value", "expected", "column", "message")
    return {n: getattr(fault, n) for n in names if getattr(fault, n) is not None}


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        line = file.readline(1 << 16).decode("utf-8-sig", "replace")
    comma = next(csv.reader(io.StringIO(line)), [])
    semicolon = next(csv.reader(io.StringIO(line), delimiter=";"), [])
    return max((comma, semicolon), key=len)


def _metric_and_params(text: str) -> tuple[str, Json]:
    """Read name or name@number, as in ndcg@10 or pinball@0.9."""
    name, _, number = text.partition("@")
    if number:
        name = AT_K.get(name, name)
    name = registry.ALIASES.get(name, ON_ONE_LABEL.get(name, name))
    if name not in registry.METRICS:
        raise ContractFault(f"unknown metric {name}")
    if not number:
        return name, {}
    found = registry.METRICS[name]
    key = next((k for k in NUMBERED if k in found.required | found.optional), None)
    if key is None or not _is_number(number):
        raise ContractFault(f"{name} takes no number")
    return name, {key: int(number) if number.isdecimal() else float(number)}


def _guess(
    metric: str,
    params: Json,
    truth_head: Sequence[str],
    head: Sequence[str],
    columns: Mapping[str, str | None],
    truth: Path,
) -> ScoringContract:
    """Make the contract of a truth and an answer of which only the columns are known."""
    if registry.METRICS[metric].shape is Shape.RANKED:
        raise ContractFault(f"{metric} needs a challenge folder")
    key = columns.get("id") or ("id" if "id" in truth_head else truth_head[0])
    known = {key, columns.get("split"), columns.get("cluster")}
    target = columns.get("target") or next((n for n in truth_head if n not in known), None)
    if target is None:
        raise ContractFault("no target column")
    asked = columns.get("prediction")
    prediction = asked or ("prediction" if "prediction" in head else target)
    column = {"name": prediction, "role": "target", "type": _type(metric).value}
    raw = _one_row_contract(key, column, key, target)
    raw["truth"]["cluster"] = columns.get("cluster")
    if columns.get("split"):
        values = sorted(_values(truth, str(columns["split"])))
        public = "public" if "public" in values else values[0]
        private = next(v for v in [*values, ""] if v != public)
        raw["truth"]["split"] = {
            "column": columns["split"],
            "public": public,
            "private": private,
        }
    params = _guessed_params(metric, truth, target, truth_head) | params
    if metric in registry.LEVELLED:
        raw["submission"]["columns"][1] |= {"type": "category", "domain": params["labels"]}
    if metric in registry.OVER_A_NOMENCLATURE:
        labels = {t for cell in _values(truth, target) for t in cell.split(" ") if t}
        raw["submission"]["columns"][1] |= {"domain": sorted(labels)}
    low, high = registry.BOUNDS.get(metric, (None, None))
    raw["submission"]["columns"][1] |= {"min": low, "max": high}
    raw["metrics"] = [{"key": "score", "metric": metric, "params": params}]
    contract = ScoringContract.from_json(raw)
    for _, text in registry.problems(contract):
        raise ContractFault(text)
    return contract


def _guessed_params(metric: str, truth: Path, target: str, head: Sequence[str]) -> Json:
    """Take from the truth the parameters it shows: levels, the positive label, the event."""
    if metric in registry.LEVELLED:
        return {"labels": sorted(_values(truth, target), key=lambda v: (len(v), v))}
    required = registry.METRICS[metric].required
    if "positive" in required:
        labels = sorted(_values(truth, target))
        if "1" not in labels and len(labels) > 2:
            raise ContractFault("which label is the positive one cannot be guessed")
        return {"positive": "1" if "1" in labels else labels[-1]}
    return {"event": "event"} if "event" in required and "event" in head else {}


def _type(metric: str) -> ColumnType:
    shape = registry.METRICS[metric].shape
    if shape is Shape.NUMBERS:
        return ColumnType.FLOAT
    return ColumnType.LABEL_SET if shape is Shape.LABEL_SETS else ColumnType.STRING


def _values(path: Path, column: str) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row[column] for row in csv.DictReader(file)}


def _one_row_contract(key: str, column: Json, truth_id: str, target: str) -> Json:
    return {
        "task": "",
        "submission": {
            "layout": "one_row_per_id",
            "columns": [{"name": key, "role": "id", "type": "string"}, column],
        },
        "truth": {"id": truth_id, "target": target},
    }


def _template(template: str) -> tuple[AnswerSpec, bytes, Limits | None]:
    path, _, task = template.rpartition(".json:")
    if path:
        contract, limits, truth = task_contract(Path(path + ".json"), task)
        return contract.answer, compiled(contract, truth.read_bytes(), {}).keys, limits
    if template.casefold().endswith(".json"):
        document = json.loads(Path(template).read_text("utf-8"))
        spec = AnswerSpec.from_json(document)
        ids = Path(template).parent / str(document["ids"])
        return spec, keys_of(sorted(_values(ids, spec.key.name))), None
    return _from_sample(Path(template))


def _from_sample(path: Path) -> tuple[AnswerSpec, bytes, Limits | None]:
    """Guess a specification from a sample: id then value, or query, rank and item."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0]) if rows else []
    if len(names) not in (2, 3):
        raise ContractFault("a sample has two columns, or three for ranked lists")
    if len(names) == 2:
        number = all(_is_number(row[names[1]]) for row in rows)
        raw = _one_row_contract(
            names[0],
            {"name": names[1], "role": "target", "type": "float" if number else "string"},
            names[0],
            names[1],
        )["submission"]
    else:
        most = max(int(row[names[1]]) for row in rows)
        roles = zip(names, ("query", "rank", "item"), ("string", "integer", "string"), strict=True)
        raw = {
            "layout": "ranked_list",
            "columns": [{"name": n, "role": r, "type": t} for n, r, t in roles],
            "max_items_per_query": most,
        }
    return AnswerSpec.from_json(raw), keys_of(sorted({row[names[0]] for row in rows})), None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
