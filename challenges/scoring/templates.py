"""Read what a file should look like: a sample, a specification, a task of a specification."""

import csv
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from challenges.scoring import child
from challenges.scoring.answer import (
    AnswerSpec,
    Layout,
    Limits,
    written_probabilities,
    written_shape,
)
from challenges.scoring.contract import ScoringContract
from challenges.scoring.guess import header, is_number, one_row
from challenges.scoring.truth import CompiledTruth, compile_truth, keys_of
from challenges.scoring.usage import UsageFault
from challenges.scoring.verdict import Verdict

Json = dict[str, Any]
Rows = Sequence[Mapping[str, str]]
Template = tuple[AnswerSpec, bytes, Limits | None]
SUM_TOLERANCE = 1e-3
KIT_FORMAT = "open-emploi/answer"


def compiled(
    contract: ScoringContract, truth_csv: bytes, attributes: Mapping[str, bytes]
) -> CompiledTruth:
    """Compile a truth with a salt that depends on the contract only."""
    salt = hashlib.sha256(b"offline" + contract.digest.encode()).digest()
    return compile_truth(contract, truth_csv, attributes, salt=salt)


class Checking(Protocol):
    """Check a file: in a child under limits (child.py) or in this process (alone.py)."""

    def check(
        self, path: Path | str, spec: AnswerSpec, keys: bytes, limits: Limits | None = None
    ) -> Verdict:
        """Check a file."""


def check(template: str, predictions: str | Path, by: Checking = child) -> tuple[Verdict, float]:
    """Check one file against a template, without labels: verdict, seconds.

    template: a sample submission (CSV), an AnswerSpec (.json), the format.json of a starter
    kit, or SPEC.json:TASK.
    """
    started = time.perf_counter()
    spec, keys, limits = _template(template)
    verdict = by.check(predictions, spec, keys, limits)
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


def _template(template: str) -> Template:
    path, _, task = template.rpartition(".json:")
    if path:
        contract, limits, truth = task_contract(Path(path + ".json"), task)
        return contract.answer, compiled(contract, truth.read_bytes(), {}).keys, limits
    if template.casefold().endswith(".json"):
        document = json.loads(Path(template).read_text("utf-8"))
        if document.get("format") == KIT_FORMAT:
            return _of_a_kit(document)
        spec = AnswerSpec.from_json(document)
        return spec, _keys(spec, _rows(Path(template).parent / str(document["ids"]))), None
    rows = _rows(Path(template))
    spec = AnswerSpec.from_json(_shape(rows))
    return spec, _keys(spec, rows), None


def _of_a_kit(document: Mapping[str, Any]) -> Template:
    keys = keys_of(document["ids"], document.get("candidates"))
    return AnswerSpec.from_json(document["submission"]), keys, None


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _keys(spec: AnswerSpec, rows: Rows) -> bytes:
    """Make the keys that the rows of a sample, or of a list of identifiers, name."""
    key = spec.key.name
    if not spec.is_complete:
        return keys_of(sorted({row[key] for row in rows}))
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row[key], set()).add(row[spec.labelled.name])
    return keys_of(sorted(found), [sorted(found[name]) for name in sorted(found)])


def _shape(rows: Rows) -> Json:
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
    return _numbers(names, rows)


def _is_whole(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()


def _numbers(names: Sequence[str], rows: Rows) -> Json:
    """Guess that several numbers of a row are probabilities: they add up to 1 everywhere."""
    given = names[1:]
    if not all(is_number(row[name]) for row in rows for name in given):
        raise UsageFault("U_SAMPLE_SHAPE")
    sums = [sum(float(row[name]) for name in given) for row in rows]
    if not all(abs(total - 1) <= SUM_TOLERANCE for total in sums):
        raise UsageFault("U_SAMPLE_SHAPE")
    return written_probabilities(names[0], dict.fromkeys(given, ""))
