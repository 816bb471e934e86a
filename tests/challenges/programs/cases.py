"""The complete bundles of ../shared, imported, published and entered as people do."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from challenges.evaluation import worker as evaluator
from challenges.models import Challenge, Entry, Phase, Team
from portal.accounts.models import User
from portal.lib import clock
from tests.archives import zipped
from tests.challenges import world
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES


def isolated() -> None:
    """Skip by name where this host cannot isolate programs."""
    if missing := evaluator.sandbox().available():
        pytest.skip(f"X_NO_SANDBOX, {missing.cause}: {missing.sentence}")


def draft(case: str, by: User | None = None, **answers: str) -> Challenge:
    """Import the zip of a case as a draft."""
    return world.from_bundle(BUNDLES / case / "bundle.zip", by, **answers)


def opened(case: str, **answers: str) -> Challenge:
    """Import and publish a case."""
    by = world.owner()
    return world.published(draft(case, by, **answers), by, confirm_licence=True)


def sent(path: Path) -> tuple[str, bytes]:
    """Give the name and the bytes of a recorded submission; a folder is zipped."""
    if not path.is_dir():
        return path.name, path.read_bytes()
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    packed = zipped({str(file.relative_to(path)): file.read_bytes() for file in files})
    return f"{path.name}.zip", packed


def enter(phase: Phase, path: Path, team: Team | None = None, **facts: Any) -> Entry:
    """Enter a recorded submission for a team, a new one by default."""
    name, content = sent(path)
    return world.entered(
        phase.challenge,
        phase=phase,
        team=team,
        content=content,
        original_name=name,
        fact_sheet=facts,
    )


def bundle(path: Path, program: str, changes: dict[str, object] | None = None) -> Path:
    """Write a Codabench bundle whose answers a program of one file scores."""
    folder = own.bundle(path, "codabench", changes or {})
    (folder / "notation/n.py").write_text(program)
    command = "command: python3 $program/n.py $input $output\n"
    (folder / "notation/metadata.yaml").write_text(command)
    return folder


def scored_by(folder: Path, hour: "Clock", **answers: str) -> Challenge:
    """Import and publish a bundle, and move inside its first phase."""
    by = world.owner()
    made = world.published(world.from_bundle(folder, by, **answers), by, confirm_licence=True)
    hour.inside(made.phases.order_by("index")[0])
    return made


def entered(challenge: Challenge, text: str, team: Team | None = None) -> Entry:
    """Enter a text in the first phase for a team, a new one by default."""
    return world.entered(
        challenge,
        phase=challenge.phases.order_by("index")[0],
        team=team,
        content=text.encode(),
        original_name="answer.md",
    )


def figures(entry: Entry) -> list[dict[str, Any]]:
    """Open what each task of an entry scored, exactly, with what the portal computed."""
    return [evaluator.unseal(each.pk) for each in entry.evaluations.order_by("holdout_id")]


class Clock:
    """The database clock, moved by tests; it goes on, as leases and delays need."""

    def __init__(self) -> None:
        self._now, self._gap = clock.now, timedelta()

    def now(self) -> datetime:
        """Give the instant that the house reads."""
        return self._now() + self._gap

    def inside(self, phase: Phase) -> None:
        """Move to an hour after the opening of a phase."""
        assert phase.opens_at is not None
        self._gap = phase.opens_at + timedelta(hours=1) - self._now()

    def to(self, instant: datetime) -> None:
        """Move to an instant."""
        self._gap = instant - self._now()
