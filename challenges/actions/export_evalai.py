"""The part of an export that makes an EvalAI challenge run on Codabench.

There a challenge has one board for all its phases and no sealed part. The first public split of a
phase gives the columns shown, its first sealed split the same columns hidden; a phase without a
sealed split repeats its public figures there, as the reveal does here. Other splits have no column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from challenges.actions.export_programs import Source, Tasks
from challenges.bundles import competition as codabench
from challenges.bundles import evalai_program as program
from challenges.bundles import exporting
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import contents
from challenges.bundles.foreign.values import ForeignSpec, Format, Phase, PhaseSplit


def is_evalai(found: Source | None) -> bool:
    """Say whether the source, in clear, is that of EvalAI."""
    return found is not None and found.spec.format is Format.EVALAI


def files(found: Source) -> Iterator[tuple[str, bytes | str]]:
    """Give the files to add: for each phase its program, and its annotations in a folder."""
    folder, script = Folder(found.root), found.spec.evaluation_script
    if script is None:
        raise AssertionError("the reader requires an evaluation script")
    package = dict(contents.one_root(folder, script))
    for phase in found.spec.phases:
        at, name = _program(phase), PurePosixPath(phase.annotation).name
        yield f"{at}/{program.METADATA_NAME}", program.METADATA
        yield f"{at}/{program.SCORE_NAME}", program.SCORE
        columns = _columns(found.spec, phase)
        yield f"{at}/{program.PHASE_NAME}", program.phase(phase.codename, name, columns)
        for path, content in package.items():
            yield f"{at}/{program.PACKAGE}/{path}", content
        held = folder.read(phase.annotation, limit_bytes=contents.MAX_FILE_BYTES)
        yield f"{_reference(phase)}/{name}", held


def tasks(found: Source) -> Tasks:
    """Describe one task a phase, whose program calls evaluate()."""
    made = [
        codabench.Task(
            phase.index, phase.name, _program(phase), {"reference_data": _reference(phase)}
        )
        for phase in found.spec.phases
    ]
    return Tasks(made, {phase.index: [phase.index] for phase in found.spec.phases})


def boards(found: Source, ours: Sequence[codabench.Board]) -> list[codabench.Board]:
    """Add to the first board the hidden columns of the sealed part, where a phase has one."""
    first = ours[0]
    if not _has_sealed(found.spec):
        return [first]
    hidden = [
        replace(one, key=_reserved(one.key), title=f"{one.title} (partie réservée)", is_hidden=True)
        for one in first.columns
    ]
    return [replace(first, columns=[*first.columns, *hidden])]


def _program(phase: Phase) -> str:
    return f"{exporting.PROGRAMS}/evalai-{phase.index}"


def _reference(phase: Phase) -> str:
    return f"{exporting.REFERENCE}/evalai-{phase.index}"


def _reserved(key: str) -> str:
    return f"{program.RESERVED}{key}"[: codabench.KEY]


def _splits(spec: ForeignSpec, phase: Phase) -> tuple[PhaseSplit, PhaseSplit]:
    """Give the split that is shown and the sealed one, the same twice where there is only one."""
    own = [one for one in spec.splits if one.phase == phase.codename]
    shown = next((one for one in own if one.is_public), own[0])
    return shown, next((one for one in own if not one.is_public), shown)


def _has_sealed(spec: ForeignSpec) -> bool:
    pairs = (_splits(spec, phase) for phase in spec.phases)
    return any(shown is not sealed for shown, sealed in pairs)


def _columns(spec: ForeignSpec, phase: Phase) -> list[program.Written]:
    shown, sealed = _splits(spec, phase)
    found = [program.Written(shown.split, label, label[: codabench.KEY]) for label in shown.labels]
    if _has_sealed(spec):
        found += [
            program.Written(sealed.split, label, _reserved(label[: codabench.KEY]))
            for label in sealed.labels
        ]
    return found
