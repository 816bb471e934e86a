"""Compare the recorded scores of a folder with those of a scorer given by the caller."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from challenges.bundles import spec
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.report import Findings

MAX_SCORES_BYTES = 5_000_000

Scores = Mapping[str, Mapping[str, object]]
# (contract, folder, path of a submission) -> {split: {key: value, or {group: value}}}.
# ValueError says in French why the submission has no score.
Scorer = Callable[[Mapping[str, object], Path, str], Scores]


def check(read: spec.PortableSpec, folder: Folder, score: Scorer, findings: Findings) -> None:
    """Score the recorded submissions and note each figure that is not reproduced."""
    expected = read.expected
    if expected is None:
        return
    runs = [
        ("expected.baseline", expected.baseline, read.file(spec.Role.BASELINE_SUBMISSION)),
        ("expected.sample", expected.sample, read.file(spec.Role.SAMPLE_SUBMISSION)),
    ]
    recorded = _recorded(folder, expected, findings)
    contract = read.scoring_contract(folder.root)
    for key, name, entry in runs:
        if recorded is None or name is None:
            continue
        wanted = recorded.get(name)
        if entry is None or not isinstance(wanted, dict):
            findings.refuse(
                "E_SCORES",
                "aucun score enregistré sous ce nom, ou pas de fichier à noter",
                file=expected.file,
                key=key,
                value=name,
            )
            continue
        try:
            got = score(contract, folder.root, entry.path)
        except ValueError as refusal:
            findings.refuse("E_SCORES", str(refusal), file=entry.path, key=key, value=name)
            continue
        _differences(read, expected, name, wanted, got, findings)


def _recorded(
    folder: Folder, expected: spec.Expected, findings: Findings
) -> dict[str, object] | None:
    try:
        document = json.loads(folder.read(expected.file, limit_bytes=MAX_SCORES_BYTES))
    except (TableRefused, ValueError, RecursionError, PathRefused, FileAbsent):
        document = None
    if not isinstance(document, dict):
        findings.refuse(
            "E_SCORES", "scores enregistrés illisibles", file=expected.file, key="expected.file"
        )
        return None
    return document


def _differences(
    read: spec.PortableSpec,
    expected: spec.Expected,
    name: str,
    wanted: Mapping[str, object],
    got: Scores,
    findings: Findings,
) -> None:
    """Note each declared figure further from the record than its rounding and the tolerance."""
    for split in spec.SPLITS:
        part = wanted.get(split)
        for metric in (*read.metrics, *read.fairness.metrics):
            if not isinstance(part, dict) or metric.key not in part:
                continue
            recorded, computed = part[metric.key], got.get(split, {}).get(metric.key)
            allowed = max(expected.tolerance, 0.5 * 10.0**-metric.decimals) + 1e-9
            if not _close(recorded, computed, allowed):
                findings.refuse(
                    "E_SCORES",
                    f"valeur recalculée : {computed}",
                    file=expected.file,
                    key=f"{name}.{split}.{metric.key}",
                    value=recorded,
                )


def _close(recorded: object, computed: object, allowed: float) -> bool:
    if isinstance(recorded, dict) and isinstance(computed, Mapping):
        groups = computed.get("groups", computed)
        return isinstance(groups, Mapping) and all(
            _close(value, _value(groups.get(group)), allowed) for group, value in recorded.items()
        )
    if not _plain(recorded) or not _plain(computed):
        return False
    return abs(float(recorded) - float(computed)) <= allowed  # type: ignore[arg-type] # plain


def _value(cell: object) -> object:
    return cell.get("value") if isinstance(cell, Mapping) else cell


def _plain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
