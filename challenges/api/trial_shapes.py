"""What the API says of a trial of code."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Schema

from challenges.models import CodeTrial
from challenges.models.told import faults_told
from challenges.models.trial_words import trial_detail, trial_reason, trial_state
from challenges.schemas import FaultOut


class TrialMeasuresOut(Schema):
    """Exact measures of a trial: its inputs are public."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    processes: int
    output_bytes: int


class TrialOut(Schema):
    """A trial, for its team. finished: nothing will act on it any more.

    reason: "" or X_TIMEOUT, X_MEMORY, X_PROGRAM, X_OUTPUT, X_PLATFORM, X_NO_SANDBOX, or the code of
    its archive. errors: of the archive, or of the file that was written. log: null where the
    phase does not show it.
    """

    id: UUID
    challenge: str
    phase: int
    state: str
    state_word: str
    finished: bool
    reason: str
    reason_sentence: str
    detail: str
    file: str
    sha256: str
    size: int
    created_at: datetime
    finished_at: datetime | None
    rows: int | None
    errors: list[FaultOut]
    warnings: list[str]
    log: str | None
    log_cut: bool
    measures: TrialMeasuresOut | None
    address: str


class TrialsOut(Schema):
    """The last trials of a team in a challenge, and how many it may still make this hour."""

    trials: list[TrialOut]
    used: int
    limit: int
    left: int
    next_opening: datetime


def trial_json(request: HttpRequest, trial: CodeTrial) -> dict[str, Any]:
    """Describe a trial to its team."""
    slug = trial.phase.challenge.slug
    shows = trial.phase.logs == "team_trial"
    verdict = trial.verdict
    return {
        "id": trial.pk,
        "challenge": slug,
        "phase": trial.phase.index,
        "state": trial.state,
        "state_word": trial_state(trial.state),
        "finished": not trial.is_alive,
        "reason": trial.reason_code,
        "reason_sentence": trial_reason(trial.reason_code),
        "detail": trial_detail(trial)[0],
        "file": trial.original_name,
        "sha256": trial.sha256,
        "size": trial.size,
        "created_at": trial.created_at,
        "finished_at": trial.finished_at,
        "rows": verdict.get("rows"),
        "errors": faults_told(verdict),
        "warnings": [each["code"] for each in verdict.get("warnings", [])],
        "log": trial.log if shows else None,
        "log_cut": shows and trial.log_cut,
        "measures": trial.measures or None,
        "address": request.build_absolute_uri(reverse("challenges:trial", args=[slug, trial.pk])),
    }
