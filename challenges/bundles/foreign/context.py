"""What a reader holds while it reads: the files, the faults, the questions and the kept keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from challenges.bundles.foreign import questions
from challenges.bundles.foreign.blocks import Block
from challenges.bundles.foreign.payloads import Payloads
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import Phase, Task
from challenges.bundles.report import Findings


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
                self.kept[block.at(key)] = value

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


def orders(phases: Sequence[tuple[Block, Phase]], *, end: str, start: str) -> None:
    """Check the dates of phases that follow one another: E_PHASE_DATES, E_PHASE_ORDER.

    end, start: the names of these keys in the format. A date that was not read is noted already.
    """
    for at, (block, phase) in enumerate(phases):
        if phase.start is None and not block.has(start):
            block.refuse("E_PHASE_DATES", "une date de début est attendue", key=start)
        if phase.end is None and not block.has(end) and at + 1 < len(phases):
            block.refuse(
                "E_PHASE_DATES", "seule la dernière phase peut ne pas avoir de fin", key=end
            )
        if phase.start and phase.end and phase.end.at <= phase.start.at:
            block.refuse(
                "E_PHASE_DATES",
                f"la fin précède le début, {phase.start.written}, ou lui est égale",
                key=end,
                value=phase.end.written,
            )
    for (_before, earlier), (block, later) in pairwise(phases):
        if earlier.end and later.start and later.start.at <= earlier.end.at:
            block.refuse(
                "E_PHASE_ORDER",
                f"cette phase commence avant la fin de la précédente, {earlier.end.written}",
                key=start,
                value=later.start.written,
            )


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
