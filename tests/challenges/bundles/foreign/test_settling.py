"""The answers to the questions about phases take their place in what was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from challenges.bundles.foreign import reading
from challenges.bundles.foreign.dates import stamp
from challenges.bundles.foreign.settling import settle
from challenges.bundles.foreign.values import ForeignSpec
from challenges.bundles.report import Problem
from tests.challenges.bundles.foreign import own

QUOTA, START = "phases[1].max_submissions_per_day", "phases[0].start"
# The second phase of the file comes first.
CHANGES: dict[str, object] = {
    "phases.0.index": 1,
    "phases.0.start": "3-4-2027",
    "phases.0.end": None,
    "phases.1.index": 0,
    "phases.1.start": "2027-01-01",
    "phases.1.end": "2027-02-01",
    "phases.1.max_submissions_per_day": 0,
}


def settled(folder: Path, **answers: str) -> tuple[ForeignSpec, tuple[Problem, ...]]:
    report = reading.read(own.bundle(folder, "codabench", CHANGES))
    assert report.spec is not None, report.errors
    assert {one.key for one in report.questions} == {QUOTA, START}
    keys = {"quota": QUOTA, "start": START}
    given = {keys.get(key, key): one for key, one in answers.items()}
    return settle(report.spec, report.questions, given)


def test_without_answer_what_was_read_stays(tmp_path: Path) -> None:
    spec, problems = settled(tmp_path)

    assert problems == ()
    assert [phase.max_per_day for phase in spec.phases] == [0, 5]
    assert spec.phases[1].start is not None
    assert stamp(spec.phases[1].start.at) == "2027-03-04T00:00:00Z"


def test_answers_go_to_the_phase_they_were_asked_of(tmp_path: Path) -> None:
    spec, problems = settled(tmp_path, quota="sans limite", start="2027-04-03T09:00:00+02:00")

    assert problems == ()
    assert [phase.max_per_day for phase in spec.phases] == [None, 5]
    assert spec.phases[1].start is not None
    assert stamp(spec.phases[1].start.at) == "2027-04-03T07:00:00Z"


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({"quota": "beaucoup"}, QUOTA),
        ({"start": "demain"}, START),
        ({"couleur": "bleu"}, "couleur"),
    ],
)
def test_a_wrong_answer_is_told(answers: dict[str, str], key: str, tmp_path: Path) -> None:
    _spec, problems = settled(tmp_path, **answers)

    assert [(one.code, one.key) for one in problems] == [("E_ANSWER", key)]


def test_a_quota_that_nothing_said_takes_its_proposal(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codalab", {"phases.2.max_submissions_per_day": None})
    report = reading.read(folder)
    assert report.spec is not None

    spec, problems = settle(report.spec, report.questions, {})

    assert problems == ()
    assert [phase.max_per_day for phase in spec.phases] == [5, 5]
