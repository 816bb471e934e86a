"""Keep what an organiser's program said beside its scores, in the caller's transaction."""

from dataclasses import dataclass, field
from typing import Any

from challenges.models import Evaluation, ProgramReport
from portal.lib import clock

MOST_LOG = 20_000


@dataclass(frozen=True)
class Told:
    """What the organiser may read of one run; the fields are those of ProgramReport."""

    undeclared: list[str] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""
    log: str = ""
    html: str = ""


def write(*, evaluation: Evaluation, told: Told) -> None:
    """Keep the report of an evaluation, in place of that of an earlier try."""
    ProgramReport.objects.update_or_create(
        evaluation=evaluation,
        defaults={
            "undeclared": told.undeclared,
            "faults": told.faults,
            "detail": _plain(told.detail),
            "log": _plain(told.log)[-MOST_LOG:],
            "html": _plain(told.html),
            "written_at": clock.now(),
        },
    )


def _plain(text: str) -> str:
    """Drop null characters, which PostgreSQL refuses."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
