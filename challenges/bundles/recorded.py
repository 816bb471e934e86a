"""Compare the recorded scores of a folder with those of a scorer given by the caller."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from challenges.bundles import spec
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.scoring.fields import Findings, counted, is_finite, shown

MAX_SCORES_BYTES = 5_000_000
MOST_GROUPS = 5
WITHHELD = "withheld"  # the key of a figure that would single out a small group
PARTS = {"public": "part publique", "private": "part privée"}

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
        for metric in read.contract.figures:
            if not isinstance(part, dict) or metric.key not in part:
                continue
            recorded, computed = part[metric.key], got.get(split, {}).get(metric.key)
            allowed = max(expected.tolerance, 0.5 * 10.0**-metric.decimals) + 1e-9
            if not _close(recorded, computed, allowed):
                findings.refuse(
                    "E_SCORES",
                    f"« {metric.label} », {PARTS[split]} : "
                    + " ; ".join(_differing(recorded, computed, allowed, metric.decimals)),
                    file=expected.file,
                    key=f"{name}.{split}.{metric.key}",
                )


def _differing(recorded: object, computed: object, allowed: float, decimals: int) -> Iterator[str]:
    """Say what was expected, what was found and by how much it differs, by group if any."""
    if isinstance(computed, Mapping) and WITHHELD in computed:
        yield "obtenu une autre valeur, qui n’est pas dite : un groupe est trop petit"
        return
    if not isinstance(recorded, dict):
        yield _difference(recorded, computed, decimals)
        return
    groups = computed.get("groups", computed) if isinstance(computed, Mapping) else {}
    wrong = [
        (group, value, _value(groups.get(group)))
        for group, value in recorded.items()
        if not _close(value, _value(groups.get(group)), allowed)
    ]
    for group, value, found in wrong[:MOST_GROUPS]:
        yield f"groupe « {shown(group)} », {_difference(value, found, decimals)}"
    if len(wrong) > MOST_GROUPS:
        more = len(wrong) - MOST_GROUPS
        yield f"et {counted(more, 'autre groupe', 'autres groupes')}"


def _difference(recorded: object, computed: object, decimals: int) -> str:
    wanted, found = _figure(recorded, decimals), _figure(computed, decimals)
    if not is_finite(recorded) or not is_finite(computed):
        return f"attendu {wanted}, obtenu {found}"
    gap = float(computed) - float(recorded)
    return f"attendu {wanted}, obtenu {found}, écart {_figure(gap, decimals, sign='+')}"


def _figure(value: object, decimals: int, sign: str = "") -> str:
    """Write a figure with two digits more than its board shows, so that a difference is seen."""
    if not is_finite(value):
        return "aucune valeur" if value is None else f"« {shown(value)} »"
    return f"{value:{sign}.{decimals + 2}f}".replace(".", ",").replace("-", "−")


def _close(recorded: object, computed: object, allowed: float) -> bool:
    recorded, computed = _withheld(recorded), _withheld(computed)
    if isinstance(recorded, dict) and isinstance(computed, Mapping):
        groups = computed.get("groups", computed)
        return isinstance(groups, Mapping) and all(
            _close(value, _value(groups.get(group)), allowed) for group, value in recorded.items()
        )
    if not is_finite(recorded) or not is_finite(computed):
        return False
    return abs(float(recorded) - float(computed)) <= allowed


def _withheld(cell: object) -> object:
    """Give the figure that a board does not show, to compare it; other cells as they are."""
    return cell[WITHHELD] if isinstance(cell, Mapping) and WITHHELD in cell else cell


def _value(cell: object) -> object:
    return cell.get("value") if isinstance(cell, Mapping) else cell
