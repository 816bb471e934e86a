"""The page for organisers names every cause, key and metric of the reader, and no other."""

import re
from pathlib import Path

from challenges.bundles.spec import TOP_KEYS, Role, Task
from challenges.scoring.registry import METRICS

ROOT = Path(__file__).resolve().parents[3]
# What adds to a report beyond the readers.
BESIDE = (
    "actions/imports.py",
    "actions/foreign_imports.py",
    "worker/bundles.py",
    "worker/rehearsals.py",
)
PAGE = (ROOT / "docs" / "organisers.md").read_text(encoding="utf-8")


def test_causes_and_warnings() -> None:
    places = [*(ROOT / "challenges/bundles").rglob("*.py")]
    places += [ROOT / "challenges" / name for name in BESIDE]
    code = "".join(path.read_text(encoding="utf-8") for path in places)
    cause = re.compile(r"\b[EW]_[A-Z_]+\b")

    assert set(cause.findall(PAGE)) == set(cause.findall(code))


def test_keys_roles_tasks_and_metrics() -> None:
    told = set(re.findall(r"`([A-Za-z_0-9]+)`", PAGE))

    assert set(TOP_KEYS) - told == set()
    assert {role.value for role in Role} - told == set()
    assert {task.value for task in Task} - told == set()
    assert set(METRICS) - told == set()
