"""Compare the names that an EvalAI script returns with those its challenge declares.

The script is run by a function that the caller gives, since it has the sandbox. EvalAI packages
hold no sample: the annotations themselves are tried as an answer, then, when they are a map of
maps in JSON, their parts merged, which is a perfect answer where teams send one map.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.payloads import one_root
from challenges.bundles.foreign.values import ForeignSpec, Holding, Phase

MAX_JSON_BYTES = 50 << 20
CODE, NOT_DONE = "E_SPLIT_MISMATCH", "W_DRY_RUN"


@dataclass(frozen=True)
class Trial:
    """One call of an evaluation script. script: its folder; the rest are files and the phase."""

    script: Path
    annotation: Path
    submission: Path
    codename: str


Names = Mapping[str, frozenset[str]]  # labels by split
# Gives the names that a script returned, or says in French why it did not (a ValueError).
Evaluator = Callable[[Trial], Names]


def compare(spec: ForeignSpec, reading: Reading, evaluate: Evaluator | None) -> tuple[str, ...]:
    """Run each phase's script and refuse names that differ: E_SPLIT_MISMATCH.

    Returns one sentence a phase. Without evaluator, or when no trial ends well: W_DRY_RUN.
    """
    if evaluate is None:
        _not_done(reading, "aucun programme n’a été exécuté : isolement absent ou non demandé")
        return ()
    told = []
    with tempfile.TemporaryDirectory(prefix="essai-") as scratch:
        script = _unpacked(spec, reading, Path(scratch))
        for phase in spec.phases:
            annotation = reading.root / phase.annotation
            answers = _answers(annotation, Path(scratch) / f"{phase.index}.json")
            told.append(_phase(spec, reading, phase, script, answers, evaluate))
    return tuple(told)


def _phase(
    spec: ForeignSpec,
    reading: Reading,
    phase: Phase,
    script: Path,
    answers: list[Path],
    evaluate: Evaluator,
) -> str:
    reason = ""
    for answer in answers:
        trial = Trial(script, reading.root / phase.annotation, answer, phase.codename)
        try:
            found, again = evaluate(trial), evaluate(trial)
        except ValueError as failure:
            reason = str(failure)
            continue
        if found != again:
            _not_done(
                reading, f"phase {phase.codename} : deux essais ne rendent pas les mêmes noms"
            )
        _mismatch(spec, reading, phase, found)
        return f"phase {phase.codename} : {said(found)}"
    _not_done(reading, f"phase {phase.codename} : {reason}")
    return f"phase {phase.codename} : essai sans résultat"


def _mismatch(spec: ForeignSpec, reading: Reading, phase: Phase, found: Names) -> None:
    declared = {
        part.split: frozenset(part.labels) for part in spec.splits if part.phase == phase.codename
    }
    if declared != found:
        reading.findings.refuse(
            CODE,
            f"phase {phase.codename} : déclarés {said(declared)} ; rendus par evaluate() "
            f"{said(found)}",
            file=spec.evaluation_script.path if spec.evaluation_script else "",
            key="challenge_phase_splits",
            value=", ".join(sorted(set(declared) ^ set(found))) or "colonnes",
        )


def said(names: Names) -> str:
    """Write names for people: splits, each with its labels."""
    parts = [f"{split} ({', '.join(sorted(names[split]))})" for split in sorted(names)]
    return ", ".join(parts) or "aucun"


def _not_done(reading: Reading, why: str) -> None:
    reading.findings.warn(
        NOT_DONE,
        f"noms des parties et des colonnes non comparés : {why}",
        key="evaluation_script",
    )


def _answers(annotation: Path, merged: Path) -> list[Path]:
    """List the files to try as an answer."""
    found = [annotation]
    if annotation.stat().st_size > MAX_JSON_BYTES:
        return found
    try:
        parts = json.loads(annotation.read_bytes())
    except (ValueError, RecursionError):
        return found
    if isinstance(parts, dict) and all(isinstance(one, dict) for one in parts.values()):
        flat = {key: one for part in parts.values() for key, one in part.items()}
        merged.write_text(json.dumps(flat), encoding="utf-8")
        found.insert(0, merged)
    return found


def _unpacked(spec: ForeignSpec, reading: Reading, scratch: Path) -> Path:
    """Give the folder of the script, written out of its judged zip, without its only folder."""
    payload = spec.evaluation_script
    if payload is None:
        raise ValueError("no script")
    place = reading.root / payload.path
    if payload.holding is not Holding.ZIP:
        return place
    folder = scratch / "script"
    for name, content in one_root(reading.payloads.folder, payload):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder
