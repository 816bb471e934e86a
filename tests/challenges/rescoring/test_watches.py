"""The references scored each night: what drifts rings once, within what a scoring draws."""

from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from challenges.evaluation import worker as evaluator
from challenges.models import (
    BaselineCheck,
    Challenge,
    Entry,
    Evaluation,
    Job,
    Score,
)
from challenges.queue.enums import JobKind, JobState
from challenges.rescoring import worker as judging
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import WatchState
from challenges.worker import drain
from datasets.access.actions import grants
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock, immutable
from tests.challenges.pages.scenes import url_of
from tests.challenges.world import opened, owner_of
from tests.factories.access import lend
from tests.factories.accounts import UserFactory, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return opened(tmp_path)


def night(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Live the night after so many days: queue what is watched and have the worker do it."""
    now = clock.now
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: now() + timedelta(days=days))
        rescorings.queue_watches()
        assert drain()


@pytest.mark.slow
def test_a_reference_that_scores_the_same_rings_nobody(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (list(Score.objects.values_list()), Evaluation.objects.count())
    for days in (1, 1, 2):
        night(monkeypatch, days)
    assert [each.state for each in BaselineCheck.objects.order_by("day")] == ["same", "same"]
    assert before == (list(Score.objects.values_list()), Evaluation.objects.count())
    assert Outbox.objects.filter(topic="mail.baseline_drifted").count() == 0


@pytest.mark.slow
def test_no_reference_is_scored_again_without_a_grant(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = lend(challenge)
    assert rescorings.queue_watches() == 1
    grants.revoke(grant=grant, text="Fini.", by=UserFactory(region="approver"))
    night(monkeypatch, 1)
    assert Job.objects.get(kind=JobKind.WATCH).state == JobState.DONE  # queued by no other night
    assert not BaselineCheck.objects.exists()


@pytest.mark.slow
def test_each_drift_rings_once(challenge: Challenge, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = Evaluation.objects.get(entry__in=Entry.objects.references())
    known = evaluator.unseal(evaluation.pk)
    shifts = iter([2e-9, 2e-9, 0.0, 2e-9, 0.1])

    def shifted(pk: Any) -> Any:
        by = next(shifts)
        public = {**known["values"]["public"]}
        public["exactitude"] += by
        return known | {"values": known["values"] | {"public": public}}

    monkeypatch.setattr(judging.evaluator, "unseal", shifted)
    for days in range(1, 6):
        night(monkeypatch, days)
    rows = BaselineCheck.objects.order_by("day")
    assert [(each.state, each.rang) for each in rows] == [
        ("drifted", True),
        ("drifted", False),
        ("same", False),
        ("drifted", True),
        ("drifted", True),
    ]
    assert {each.figure for each in rows if each.state == "drifted"} == {"public/exactitude"}
    assert Outbox.objects.filter(topic="mail.baseline_drifted").count() == 3
    told = list(AuditEvent.objects.values_list("action", flat=True))
    assert told.count("baseline.drifted") == 3
    browser = signed_in(owner_of(challenge))
    page = browser.get(url_of(challenge, "rescorings")).text
    assert "La référence ne donne plus le même score" in page
    assert "public/exactitude" in page
    cockpit = url_of(challenge, "organiser")
    assert "La référence ne donne plus le même score" in browser.get(cockpit).text
    shifts = iter([0.0])
    night(monkeypatch, 6)
    assert "La référence ne donne plus le même score" not in browser.get(cockpit).text


def test_a_figure_beyond_the_tolerance_is_a_drift() -> None:
    expected = {"public/a": 0.5, "private/a": 0.25}
    public = {"public/a"}

    def found(**moves: float) -> Any:
        return lambda: {
            "public/a": 0.5 + moves.get("public", 0.0),
            "private/a": 0.25 + moves.get("private", 0.0),
        }

    def judged(**moves: float) -> Any:
        return judging.compare_runs(expected, found(**moves), public=public, runs=1)

    assert judged().state == WatchState.SAME
    assert judged(public=0.9e-9).state == WatchState.SAME
    seen = judged(public=1.1e-9, private=0.1)
    assert (seen.state, seen.figure, seen.tolerance) == (WatchState.DRIFTED, "public/a", 1e-9)
    hidden = judged(private=0.1)
    assert (hidden.state, hidden.figure, hidden.difference) == (WatchState.DRIFTED, "", None)
    gone = judging.compare_runs(expected, lambda: {"public/a": 0.5}, public=public, runs=1)
    assert (gone.state, gone.figure) == (WatchState.DRIFTED, "")


def test_a_scoring_that_draws_is_allowed_three_standard_deviations() -> None:
    draws = [0.50, 0.52, 0.48, 0.51, 0.49]

    def judged(shift: float) -> Any:
        left = iter([each + shift for each in draws])
        return judging.compare_runs(
            {"acc": 0.501}, lambda: {"acc": next(left)}, public={"acc"}, runs=5
        )

    assert fmean(draws) == pytest.approx(0.5)
    assert (judged(0.0).state, judged(0.0).runs) == (WatchState.SAME, 5)
    assert judged(0.1).state == WatchState.DRIFTED

    def fails() -> Any:
        raise judging.evaluator.ScoringFailed("X_PROGRAM")

    seen = judging.compare_runs({"acc": 0.5}, fails, public={"acc"}, runs=5)
    assert (seen.state, seen.reason_code) == (WatchState.FAILED, "X_PROGRAM")


@pytest.mark.slow
def test_a_lost_lease_and_a_second_delivery_write_nothing(challenge: Challenge) -> None:
    assert rescorings.queue_watches() == 1
    assert rescorings.queue_watches() == 1
    assert Job.objects.filter(kind="watch").count() == 1
    assert drain()
    job = Job.objects.get(kind="watch")
    evaluation = Evaluation.objects.get(entry=Entry.objects.references().get())
    seen = rescorings.WatchOutcome(WatchState.DRIFTED, "public/exactitude", 0.1, 1e-9)
    assert rescorings.note_watch(job=job, evaluation=evaluation, seen=seen) is None
    assert BaselineCheck.objects.get().state == "same"
    with pytest.raises(immutable.WriteRefused):
        BaselineCheck.objects.update(state="drifted")
