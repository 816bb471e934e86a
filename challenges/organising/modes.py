"""How a phase is scored and what its teams send: the mode of its tasks, chosen in one place.

Teams send answers that our metrics score, unless another subject takes the task: it registers its
own mode at start. Pages, checks and actions ask the mode, and never which one it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.scoring import child
from challenges.scoring.contract import AnswerSpec, ScoringContract
from challenges.scoring.verdict import Verdict

if TYPE_CHECKING:
    from challenges.entries.models import Entry
    from challenges.evaluation.models import Evaluation


class ScoringMode:
    """Answers that our metrics score; another mode says what it does otherwise."""

    name = "metrics"
    # What is held out for its tasks, as a page names it.
    reference_title = _("Réponses")
    # An archive that was imported brought every file of its tasks: none is missing.
    brings_files = False

    def takes(self, task: PhaseTask) -> bool:
        """Say whether a task is of this mode; ours takes what no other does."""
        return True

    def contract(self, task: PhaseTask) -> ScoringContract | None:
        """Read the contract by which our metrics score a task; None where they do not."""
        return ScoringContract.from_json(task.scorer_version.spec)

    def public_contract(self, task: PhaseTask) -> dict[str, Any]:
        """Return what everybody may read of the contract of a task."""
        return dict(task.scorer_version.spec)

    def code_points(self, task: PhaseTask) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield what a phase of code has and lacks before its visa: key, state, facts."""
        yield "code_sample", "missing", {}

    def require_host(self) -> None:
        """Refuse while the worker cannot run what it must; raises NoSandbox."""

    def refuse_check(self) -> None:
        """Refuse to check a file where it would tell what is hidden; raises Conflict."""

    def check(self, path: Path, task: PhaseTask, keys: bytes, *, name: str) -> Verdict:
        """Check the format of a file, blind to the answers. keys: the published identifiers."""
        spec = AnswerSpec.from_json(task.scorer_version.spec["submission"])
        return child.check(path, spec, keys, name=name)

    def run_first(self, evaluation: "Evaluation", entry: "Entry") -> bool:
        """Queue what must run before an evaluation is scored; say whether something must."""
        return False

    def awaits_run(self, evaluation: "Evaluation", entry: "Entry") -> bool:
        """Say whether a scoring that begins must wait for a run, which then queues it."""
        return False

    def words(self, phase: Phase) -> dict[str, Any]:
        """Put into words, for a page, how a phase is scored when our metrics do not do it."""
        return {}

    def packages(self, phase: Phase, *, is_first: bool = False) -> dict[str, Any]:
        """Say which packages teams send in place of answers. is_first: none was sent yet."""
        return {}

    def entry_panels(self, entry: "Entry") -> dict[str, Any]:
        """Give the page of an entry what its team reads further."""
        return {}

    def entry_runs(self, entry: "Entry") -> list[dict[str, Any]]:
        """Describe the runs of an entry to its team, for the API."""
        return []

    def examination_panels(self, entry: "Entry") -> dict[str, Any]:
        """Give the page where a moderator examines an entry what there is to read further."""
        return {}

    def board_panels(self, board: Any, rows: Sequence[Any]) -> dict[str, Any]:
        """Give the page of a board what it shows further. rows: those on the page."""
        return {}

    def change_form(self, tasks: Sequence[PhaseTask], data: Any, files: Any) -> Any:
        """Give the form by which the scoring of these tasks changes; None for that of figures."""
        return None


METRICS = ScoringMode()
_modes: list[ScoringMode] = []


def register(mode: ScoringMode) -> None:
    """Let a subject score tasks its own way."""
    _modes.append(mode)


def mode_of(task: PhaseTask | None) -> ScoringMode:
    """Return the mode of a task: the one point where it is chosen; ours without a task."""
    return next((mode for mode in _modes if task and mode.takes(task)), METRICS)


def mode_in(phase: Phase | None) -> ScoringMode:
    """Return the mode of a phase: that of its first task in force."""
    return METRICS if phase is None else _first_mode(phase.tasks.all())


def brings_files(challenge: Challenge) -> bool:
    """Say whether an archive brought every file of a task in force, of whichever phase."""
    tasks = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    return any(mode_of(task).brings_files for task in tasks.select_related("scorer_version"))


def _first_mode(tasks: QuerySet[PhaseTask]) -> ScoringMode:
    current = tasks.filter(current=True).select_related("scorer_version")
    return mode_of(current.order_by("phase_id", "index").first())
