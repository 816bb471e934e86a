"""Score by the contract of a challenge on a truth of one's own, and cut one out of public data.

The figures are those the portal computes: same contract, same code. Their intervals differ a
little, as the portal draws its resamplings from a secret.
"""

import csv
import hashlib
import io
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from challenges.scoring import formula, guess, offline, templates
from challenges.scoring.answer import Layout
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.identity import engine_sha256
from challenges.scoring.offline import Json, Reading
from challenges.scoring.truth import load_keys
from challenges.scoring.truth.cells import COLUMN_PARAMS
from challenges.scoring.usage import UsageFault

WHOLE = "all"
SHARE = 0.3


def score_contract(
    truth: Path, predictions: Path, contract: Path, reading: Reading, language: str = "fr"
) -> Json:
    """Score a file by every figure of a contract; returns the command's answer.

    truth: a CSV with the columns that the contract names. Without its column of parts, the
    whole file is one part, named "all"; without its clusters, each row is one; without its
    weights, rows count alike: "absent" lists these columns. Figures that need what only the
    portal holds are listed in "left_out".
    """
    started = time.perf_counter()
    asked = read_contract(contract)
    used = adapted(asked, guess.header(truth))
    compiled = templates.compiled(used, truth.read_bytes(), {})
    done = reading.evaluate(predictions, used, compiled.keys, compiled.labels)
    out = offline.verdict_json(done.verdict, language)
    if done.verdict.accepted:
        names = {"public": WHOLE} if used.truth.split_column is None else {}
        values = offline.plain_values(done)
        first = next(iter(done.values))
        out |= {"metric": used.primary.key} | offline.figure(used, done, first)
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


def adapted(contract: ScoringContract, header: Sequence[str]) -> ScoringContract:
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
    return formula.read(spec.params["formula"]).names if spec.metric == "formula" else frozenset()


def cut(
    train: Path,
    folder: Path,
    contract: Path,
    *,
    test_name: str,
    share: float = SHARE,
    seed: int = 0,
    beside: Sequence[Path] = (),
) -> Json:
    """Cut labelled data in two: what a program may learn from, and a test with its truth.

    Whole clusters (or else rows) go to the test, drawn by the hash of their name and seed:
    the same call always gives the same files. Writes into folder the training file under its
    own name, the test without its answers under test_name, and verite.csv; folder is made, and
    the files beside are copied into it.
    Returns {"train", "test", "truth", "rows": {"train", "test"}}.
    """
    asked = read_contract(contract)
    used = asked.truth
    if asked.answer.layout not in (Layout.ONE_ROW_PER_ID, Layout.NUMBERS_PER_ID):
        raise UsageFault("U_CUT_LAYOUT")
    if not 0 < share < 1:
        raise UsageFault("U_SHARE", f"{share:g}")
    if (folder / train.name).resolve() == train.resolve():
        raise UsageFault("U_CUT_FOLDER", str(folder))  # it would write over the data
    with train.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    head = list(rows[0]) if rows else []
    targets = asked.answer.targets or (str(used.target),)
    for name in (used.id, *targets):
        if name not in head:
            raise UsageFault("U_CUT_COLUMN", str(name))
    unit = used.cluster if used.cluster in head else used.id
    taken = [_is_taken(row[str(unit)], share, seed) for row in rows]
    test = [row for row, out in zip(rows, taken, strict=True) if out]
    kept = [row for row, out in zip(rows, taken, strict=True) if not out]
    if not test or not kept:
        raise UsageFault("U_CUT_EMPTY")
    truth = [str(used.id), *targets] + ([str(unit)] if unit != used.id else [])
    folder.mkdir(parents=True, exist_ok=True)
    names = {"train": train.name, "test": test_name, "truth": "verite.csv"}
    _write(folder / names["train"], head, kept)
    _write(folder / names["test"], [name for name in head if name not in targets], test)
    _write(folder / names["truth"], truth, test)
    for each in beside:
        shutil.copyfile(each, folder / each.name)
    return names | {"rows": {"train": len(kept), "test": len(test)}}


def _is_taken(name: str, share: float, seed: int) -> bool:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def _write(path: Path, head: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, head, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
