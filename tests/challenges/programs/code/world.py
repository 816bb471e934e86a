"""A small challenge that takes code: 120 hidden rows, a public sample of 100, real runs."""

from pathlib import Path
from typing import Any

from challenges.models import Challenge, Entry, Team
from challenges.programs.actions import code as team_code
from challenges.worker import drain
from tests.archives import zipped
from tests.challenges import kept, world
from tests.challenges.bundles import folders
from tests.factories.access import lend

TABLE = "test.csv"
FORMAT = "submission_format.csv"
MANIFEST = 'entry = "predict.py"\nseed = 7\n'
# Answers by content: right on each row, as `truth_of` says.
START = """
import csv, os, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
rows = list(csv.DictReader(open(given["--in"] + "/test.csv")))
def right(row):
    x = int(row["x"])
    return (x * 7919 + x // 3) % 3 + 1
def write(answers):
    with open(given["--out"], "w") as out:
        out.write("id,niveau\\n")
        out.writelines(f"{one},{answer}\\n" for one, answer in answers)
"""
RIGHT = "write((row['id'], right(row)) for row in rows)\n"


def table(rows: range, letter: str) -> dict[str, bytes]:
    """Write inputs: a table of rows, and the format of the answers."""
    ids = [f"{letter}{number:04}" for number in rows]
    lines = "".join(f"{one},{at}\n" for one, at in zip(ids, rows, strict=True))
    answers = "".join(f"{one},1\n" for one in ids)
    return {TABLE: f"id,x\n{lines}".encode(), FORMAT: f"id,niveau\n{answers}".encode()}


HIDDEN = table(range(world.ROWS), "A")
SAMPLE = table(range(1_000, 1_100), "S")


def opened(path: Path, *, restricted: bool = False, **phase: Any) -> Challenge:
    """Import, make it take code and publish; phase: fields of the phase; kept for the next test."""
    asked = f"takes code {restricted} {sorted(phase.items())}"
    key = kept.world(asked, lambda: _opened(path, restricted, phase).pk)
    return Challenge.objects.get(pk=key)


def _opened(path: Path, restricted: bool, phase: dict[str, Any]) -> Challenge:
    by = world.owner()
    files = folders.document()["files"] | {"organiser": [{}]}
    challenge = world.imported(path, by, files=files)
    plan = team_code.make_plan(challenge=challenge, inputs=HIDDEN, ids="id", sample=SAMPLE, by=by)
    made = team_code.use_plan(phase=challenge.phases.get(), plan=plan, by=by)
    for name, value in {"time_limit_s": 60, "memory_mb": 256, "logs": "team_trial"}.items():
        setattr(made, name, phase.get(name, value))
    made.save()
    if restricted:
        lend(challenge)
    assert drain()
    challenge = world.published(challenge, by)
    assert drain()
    return challenge


def package(program: str = START + RIGHT) -> bytes:
    """Zip a package of ours."""
    return zipped({"manifest.toml": MANIFEST, "predict.py": program})


def entered(challenge: Challenge, content: bytes, *, team: Team | None = None) -> Entry:
    """Enter a package for a team, a new one by default."""
    return world.entered(challenge, team=team, content=content, original_name="code.zip")
