"""What a reader holds while it reads: the files, the faults, the questions and the kept keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from challenges.bundles.foreign import questions
from challenges.bundles.foreign.blocks import Block
from challenges.bundles.foreign.dates import written
from challenges.bundles.foreign.payloads import Payloads
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import Phase, Task
from challenges.scoring.fields import Findings


@dataclass
class Reading:
    """One bundle being read."""

    root: Path
    findings: Findings = field(default_factory=Findings)
    questions: list[Question] = field(default_factory=list)
    kept: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the files of the bundle."""
        self.payloads = Payloads(self.root)

    def ask(self, question: Question) -> None:
        """Add a question."""
        self.questions.append(question)

    def close(self, *blocks: Block, drop: Sequence[str] = ()) -> None:
        """Warn of what a block holds without effect here, and keep it for the export."""
        for block in blocks:
            block.dropped(drop)
            left = {key: block.values[key] for key in drop if block.values.get(key) is not None}
            for key, value in {**left, **block.rest()}.items():
                self.kept[block.at(key)] = plain(value)

    def quota(self, block: Block, key: str, *, default: int | None) -> int | None:
        """Read a quota; 0 is asked about: no limit for Codabench, none for its authors."""
        found = block.whole(key, default=default)
        if found == 0:
            said = "0 veut dire aucune soumission ; Codabench y lit « sans limite »"
            block.warn("W_QUOTA_ZERO", said, key=key, value=0)
            place = block.at(key)
            self.ask(
                Question(place, questions.ZERO, "0", questions.ZERO_HINT, {}, {"place": place})
            )
        return found


def plain(value: object) -> object:
    """Turn a value of YAML into one of JSON: dates and times become text, as the file has them."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return written(value) if isinstance(value, date) else value


def orders(phases: Sequence[tuple[Block, Phase]], *, end: str, start: str) -> list[Phase]:
    """Check the dates of phases that follow one another, and give the phases.

    end, start: the names of these keys in the format. A date that was not read is noted already.
    A last phase that ends as it starts is left without an end, phases that run together stay so:
    both are warned of. Codes: E_PHASE_DATES; W_PHASE_END, W_PHASES_OVERLAP.
    """
    for at, (block, phase) in enumerate(phases):
        if phase.start is None and not block.has(start):
            block.refuse("E_PHASE_DATES", "une date de début est attendue", key=start)
        if phase.end is None and not block.has(end) and at + 1 < len(phases):
            block.refuse(
                "E_PHASE_DATES", "seule la dernière phase peut ne pas avoir de fin", key=end
            )
    for (_before, earlier), (block, later) in pairwise(phases):
        if earlier.end and later.start and later.start.at <= earlier.end.at:
            block.warn(
                "W_PHASES_OVERLAP",
                f"cette phase commence avant la fin de la précédente, {earlier.end.written} : "
                "elles courent ensemble",
                key=start,
                value=later.start.written,
            )
    return [
        _ended(block, phase, end, is_last=at + 1 == len(phases))
        for at, (block, phase) in enumerate(phases)
    ]


def _ended(block: Block, phase: Phase, end: str, *, is_last: bool) -> Phase:
    if phase.start is None or phase.end is None or phase.end.at > phase.start.at:
        return phase
    if is_last and phase.end.at == phase.start.at:
        said = "la fin est égale au début : lue comme une phase sans fin, à dater avant le visa"
        block.warn("W_PHASE_END", said, key=end, value=phase.end.written)
        return replace(phase, end=None)
    block.refuse(
        "E_PHASE_DATES",
        f"la fin précède le début, {phase.start.written}, ou lui est égale",
        key=end,
        value=phase.end.written,
    )
    return phase


def code_is_expected(block: Block, tasks: Sequence[Task]) -> None:
    """Warn that teams send programs, which only a sandbox runs."""
    for at, task in enumerate(tasks):
        if task.ingestion_program is not None:
            block.warn(
                "W_CODE_SUBMISSION",
                "les équipes déposent du code : sans isolement des programmes sur ce serveur, "
                "leurs soumissions seront refusées",
                key=f"tasks[{at}].ingestion_program",
                value=task.ingestion_program.path,
            )
            return
