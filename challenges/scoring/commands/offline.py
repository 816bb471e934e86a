"""Score or check a file from the command line, without a database.

The figures are those the portal computes: same contract, same code. The salt is fixed by the
contract, so that the same files always give the same bits; the intervals differ a little from
the portal's, which draws its resamplings from a secret."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from challenges.scoring import child, evaluation, registry
from challenges.scoring.audit.run import published_audit
from challenges.scoring.commands import WHOLE, guess
from challenges.scoring.compilation import COLUMN_PARAMS, CompiledTruth
from challenges.scoring.contract import (
    Limits,
    MetricSpec,
    ScoringContract,
    UsageFault,
    engine_sha256,
)
from challenges.scoring.evaluation import FileReader
from challenges.scoring.fields import ContractFault
from challenges.scoring.metrics import formula
from challenges.scoring.truth import load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Fault, Verdict, sentence_of

Json = dict[str, Any]


def score_folder(
    raw_contract: Mapping[str, Any],
    folder: Path,
    path: str | Path,
    *,
    by: Callable[..., Evaluated] = evaluation.evaluate_file,
) -> Evaluated:
    """Score a file against the truth of a challenge folder.

    raw_contract: the resolved form of challenge.yaml. path: absolute, or inside the folder.
    by: how closely, evaluate_file or examine_file.
    """
    contract = ScoringContract.from_json(raw_contract)
    problems = registry.problems(contract)
    if problems:
        raise ContractFault("; ".join(f"{key}: {text}" for key, text in problems))
    sources = {a.source for a in contract.attributes if a.source != "truth"}
    attributes = {name: (folder / name).read_bytes() for name in sorted(sources)}
    truth = guess.compile_offline(
        contract, (folder / raw_contract["truth"]["file"]).read_bytes(), attributes
    )
    return by(folder / path, contract, truth.keys, truth.labels, read=child.read)


def challenge_answer(raw_contract: Mapping[str, Any], folder: Path, path: Path) -> Json:
    """Score a file of a challenge; returns the command's answer, every figure of both parts.

    The fairness audit is in the form that its page will show.
    """
    started = time.perf_counter()
    done = score_folder(raw_contract, folder, path, by=evaluation.examine_file)
    out = verdict_json(done.verdict)
    if done.verdict.accepted:
        contract = ScoringContract.from_json(raw_contract)
        out |= {"metric": contract.primary.key} | figure_of(contract, done, "public")
        out |= plain_values(done)
        out["intervals"] = {split: dict(found) for split, found in done.intervals.items()}
        if done.audit is not None:
            out["audit"] = published_audit(contract, done.audit)
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def plain_values(done: Evaluated) -> Json:
    """Return exact values with each table as {group: value}, and n, per split."""
    return {
        split: {"n": done.n[split]} | {key: _plain(value) for key, value in values.items()}
        for split, values in done.values.items()
    }


def score_spec(
    truth: Path,
    predictions: Path,
    spec: Path,
    task: str,
    read: FileReader = child.read,
    language: str = "fr",
) -> Json:
    """Score one file by one task of a specification file; returns the command's answer."""
    contract, limits, _ = guess.task_contract(spec, task)
    return _answer(contract, limits, truth, predictions, read, language)


def score_metric(
    truth: Path,
    predictions: Path,
    metric: str,
    asked: guess.Asked,
    read: FileReader = child.read,
    language: str = "fr",
) -> Json:
    """Score one file by one metric, the contract guessed from the columns."""
    contract = guess.guessed_contract(metric, truth, predictions, asked)
    return _answer(contract, None, truth, predictions, read, language)


def verdict_json(verdict: Verdict, language: str = "fr") -> Json:
    """Return a verdict in the form of the commands and of the hostile corpus.

    language: that of its sentences, fr or en.
    """
    warnings = {
        "warnings": [w.code for w in verdict.warnings],
        "notices": [sentence_of(w, language) for w in verdict.warnings],
    }
    if verdict.accepted:
        accepted = {"verdict": "accept", "rows": verdict.rows, "digest": verdict.digest}
        return accepted | warnings
    first = verdict.faults[0]
    return {
        "verdict": "reject",
        "code": first.code,
        "line": first.line,
        "hint": first.hint,
        "message": sentence_of(first, language),
        "errors": [_error(f, language) for f in verdict.faults],
    } | warnings


def _answer(
    contract: ScoringContract,
    limits: Limits | None,
    truth: Path,
    predictions: Path,
    read: FileReader,
    language: str,
) -> Json:
    started = time.perf_counter()
    done_truth = guess.compile_offline(contract, truth.read_bytes(), {})
    done = evaluation.evaluate_file(
        predictions, contract, done_truth.keys, done_truth.labels, limits, read=read
    )
    out = verdict_json(done.verdict, language)
    if done.verdict.accepted:
        _require_values(contract, done_truth, done)
        out |= {"metric": contract.primary.metric}
        splits = {s: figure_of(contract, done, s) | _groups(contract, done, s) for s in done.values}
        out |= splits["public"]
        if len(splits) > 1:
            out["splits"] = splits
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def figure_of(contract: ScoringContract, done: Evaluated, split: str) -> Json:
    """Return the figure that ranks on one part, with its interval and n."""
    key = contract.primary.key
    interval = done.intervals[split].get(key)
    return {
        "score": done.values[split][key],
        "n": done.n[split],
        "interval": interval[:2] if interval else None,
        "interval_method": interval[2] if interval else None,
    }


def _require_values(contract: ScoringContract, truth: CompiledTruth, done: Evaluated) -> None:
    """Refuse a truth that leaves the figure without a value; raises ContractFault."""
    if all(values[contract.primary.key] is not None for values in done.values.values()):
        return
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    for _, split, why in evaluation.undefined_figures(contract, keys, labels):
        raise ContractFault(f"{contract.primary.metric}, {split} : {why}")


def _groups(contract: ScoringContract, done: Evaluated, split: str) -> Json:
    """Return the figure of each group of each column asked for, none when none was."""
    found = {}
    for spec in contract.fairness:
        groups = done.values[split][spec.key]["groups"]
        found[str(spec.by)] = {
            name: {k: facts[k] for k in ("value", "n", "low", "high")}
            for name, facts in groups.items()
        }
    return {"groups": found} if found else {}


def _plain(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "withheld" in value:  # the organiser's own truth, on the organiser's machine
        return value["withheld"]
    return {name: facts["value"] for name, facts in value["groups"].items()}


def _error(fault: Fault, language: str) -> Json:
    names = ("code", "line", "hint", "value", "expected", "column")
    found = {n: getattr(fault, n) for n in names if getattr(fault, n) is not None}
    return found | {"message": sentence_of(fault, language)}


def score_contract(
    truth: Path, predictions: Path, contract: Path, read: FileReader, language: str = "fr"
) -> Json:
    """Score a file by every figure of a contract; returns the command's answer.

    truth: a CSV with the columns that the contract names. Without its column of parts, the
    whole file is one part, named "all"; without its clusters, each row is one; without its
    weights, rows count alike: "absent" lists these columns. Figures that need what only the
    portal holds are listed in "left_out".
    """
    started = time.perf_counter()
    asked = read_contract(contract)
    used = adapted_contract(asked, guess.header(truth))
    compiled = guess.compile_offline(used, truth.read_bytes(), {})
    done = evaluation.evaluate_file(predictions, used, compiled.keys, compiled.labels, read=read)
    out = verdict_json(done.verdict, language)
    if done.verdict.accepted:
        names = {"public": WHOLE} if used.truth.split_column is None else {}
        values = plain_values(done)
        first = next(iter(done.values))
        out |= {"metric": used.primary.key} | figure_of(used, done, first)
        out["values"] = {names.get(part, part): found for part, found in values.items()}
        out["intervals"] = {names.get(p, p): dict(found) for p, found in done.intervals.items()}
        kept = {spec.key for spec in used.figures}
        out["left_out"] = [spec.key for spec in asked.figures if spec.key not in kept]
        out["absent"] = _absent(asked, used)
        out["expected"] = len(load_keys(compiled.keys))
    out |= {"contract_sha256": asked.digest, "engine_sha256": engine_sha256()}
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def _absent(asked: ScoringContract, used: ScoringContract) -> list[str]:
    names = ("split_column", "cluster", "weight", "strata")
    before, after = ({getattr(each.truth, name) for name in names} for each in (asked, used))
    return sorted(str(name) for name in before - after)


def read_contract(path: Path) -> ScoringContract:
    """Read the contract of a starter kit; raises UsageFault when it is another document."""
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict) or not {"submission", "truth", "metrics"} <= set(document):
        raise UsageFault("U_CONTRACT", path.name)
    return ScoringContract.from_json(document)


def adapted_contract(contract: ScoringContract, header: Sequence[str]) -> ScoringContract:
    """Keep of a contract what a truth with these columns can score."""
    truth = contract.truth
    truth = replace(
        truth,
        split_column=truth.split_column if truth.split_column in header else None,
        cluster=truth.cluster if truth.cluster in header else None,
        weight=truth.weight if truth.weight in header else None,
        strata=truth.strata if truth.strata in header else None,
    )
    attributes = tuple(
        each for each in contract.attributes if each.source == "truth" and each.column in header
    )
    known = {each.key for each in attributes}
    plain = {s.key for s in contract.figures if _can_be_scored(s, known, header)}
    metrics, fairness = (
        tuple(s for s in specs if s.key in plain and _formula_names(s) <= plain)
        for specs in (contract.metrics, contract.fairness)
    )
    if contract.primary not in metrics:
        raise UsageFault("U_PRIMARY", contract.primary.key)
    return replace(contract, truth=truth, attributes=attributes, metrics=metrics, fairness=fairness)


def _can_be_scored(spec: MetricSpec, attributes: set[str], header: Sequence[str]) -> bool:
    groups = {name for name in (spec.by, spec.params.get("attribute")) if name is not None}
    columns = {str(spec.params[name]) for name in COLUMN_PARAMS if name in spec.params}
    return groups <= attributes and columns <= set(header)


def _formula_names(spec: MetricSpec) -> frozenset[str]:
    return (
        formula.read_formula(spec.params["formula"]).names
        if spec.metric == "formula"
        else frozenset()
    )
