"""Score or check a file from the command line, without a database.

The salt is fixed by the contract, so that the same files always give the same bits.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from challenges.scoring import child, definedness, guess, registry, templates
from challenges.scoring.answer import ContractFault, Limits
from challenges.scoring.audit.published import published
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.faults import said
from challenges.scoring.truth import CompiledTruth, load_keys, load_labels
from challenges.scoring.verdict import Evaluated, Fault, Verdict

Json = dict[str, Any]


class Reading(Protocol):
    """Score a file: in a child under limits (child.py) or in this process (alone.py)."""

    def evaluate(
        self,
        path: Path | str,
        contract: ScoringContract,
        keys: bytes,
        labels: bytes,
        limits: Limits | None = None,
    ) -> Evaluated:
        """Check a file, then score it."""


def score_folder(
    raw_contract: Mapping[str, Any],
    folder: Path,
    path: str | Path,
    *,
    by: Callable[..., Evaluated] = child.evaluate,
) -> Evaluated:
    """Score a file against the truth of a challenge folder.

    raw_contract: the resolved form of challenge.yaml. path: absolute, or inside the folder.
    by: how closely, child.evaluate or child.examine.
    """
    contract = ScoringContract.from_json(raw_contract)
    problems = registry.problems(contract)
    if problems:
        raise ContractFault("; ".join(f"{key}: {text}" for key, text in problems))
    sources = {a.source for a in contract.attributes if a.source != "truth"}
    attributes = {name: (folder / name).read_bytes() for name in sorted(sources)}
    truth = templates.compiled(
        contract, (folder / raw_contract["truth"]["file"]).read_bytes(), attributes
    )
    return by(folder / path, contract, truth.keys, truth.labels)


def challenge_answer(raw_contract: Mapping[str, Any], folder: Path, path: Path) -> Json:
    """Score a file of a challenge; returns the command's answer, every figure of both parts.

    The fairness audit is in the form that its page will show.
    """
    started = time.perf_counter()
    done = score_folder(raw_contract, folder, path, by=child.examine)
    out = verdict_json(done.verdict)
    if done.verdict.accepted:
        contract = ScoringContract.from_json(raw_contract)
        out |= {"metric": contract.primary.key} | figure(contract, done, "public")
        out |= plain_values(done)
        out["intervals"] = {split: dict(found) for split, found in done.intervals.items()}
        if done.audit is not None:
            out["audit"] = published(contract, done.audit)
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
    by: Reading = child,
    language: str = "fr",
) -> Json:
    """Score one file by one task of a specification file; returns the command's answer."""
    contract, limits, _ = templates.task_contract(spec, task)
    return _answer(contract, limits, truth, predictions, by, language)


def score_metric(
    truth: Path,
    predictions: Path,
    metric: str,
    asked: guess.Asked,
    by: Reading = child,
    language: str = "fr",
) -> Json:
    """Score one file by one metric, the contract guessed from the columns."""
    contract = guess.contract(metric, truth, predictions, asked)
    return _answer(contract, None, truth, predictions, by, language)


def verdict_json(verdict: Verdict, language: str = "fr") -> Json:
    """Return a verdict in the form of the commands and of the hostile corpus.

    language: that of its sentences, fr or en.
    """
    warnings = {
        "warnings": [w.code for w in verdict.warnings],
        "notices": [said(w, language) for w in verdict.warnings],
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
        "message": said(first, language),
        "errors": [_error(f, language) for f in verdict.faults],
    } | warnings


def _answer(
    contract: ScoringContract,
    limits: Limits | None,
    truth: Path,
    predictions: Path,
    by: Reading,
    language: str,
) -> Json:
    started = time.perf_counter()
    done_truth = templates.compiled(contract, truth.read_bytes(), {})
    done = by.evaluate(predictions, contract, done_truth.keys, done_truth.labels, limits)
    out = verdict_json(done.verdict, language)
    if done.verdict.accepted:
        _require_values(contract, done_truth, done)
        out |= {"metric": contract.primary.metric}
        splits = {s: figure(contract, done, s) | _groups(contract, done, s) for s in done.values}
        out |= splits["public"]
        if len(splits) > 1:
            out["splits"] = splits
    return out | {"seconds": round(time.perf_counter() - started, 4)}


def figure(contract: ScoringContract, done: Evaluated, split: str) -> Json:
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
    for _, split, why in definedness.undefined(contract, keys, labels):
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
    return found | {"message": said(fault, language)}
