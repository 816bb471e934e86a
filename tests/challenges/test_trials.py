"""What a trial waits for is found again by the sweep, whatever became of its jobs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from challenges.entries.actions import choices
from challenges.enums import EntryStatus, JobKind, RescoringState
from challenges.evaluation.actions import evaluations
from challenges.invariants import INVARIANTS
from challenges.models import Challenge, Entry, Evaluation, Job, Rescoring
from challenges.models.evaluation import forsaken
from challenges.rescoring import actions as rescorings
from challenges.rescoring import worker
from challenges.worker import Worker, drain
from portal.lib import clock
from portal.lib.refusals import Conflict
from tests.challenges.test_rescorings import corrected, proposed, region, tried
from tests.challenges.world import entered, owner_of, scored
from tests.factories.challenges import captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return scored(tmp_path, 0.9, 0.6, 0.5)


def started(challenge: Challenge) -> Rescoring:
    made = proposed(challenge, truth=corrected())
    assert drain()
    return rescorings.start(rescoring=made, by=owner_of(challenge))


def withdrawn(entry: Entry) -> Entry:
    return choices.withdraw(entry=entry, by=captain_of(entry.enrolment.team))


def moved(rescoring: Rescoring) -> set[int]:
    return {row["team"] for row in rescoring.facts["boards"][0]["rows"]}


def test_the_comparison_comes_when_the_last_entry_is_taken_back(challenge: Challenge) -> None:
    made = started(challenge)
    last = Entry.objects.filter(is_baseline=False).order_by("-received_at")[0]
    job = Job.objects.filter(kind=JobKind.SCORE, subject_id__in=_of(made, last))
    job.update(run_after=clock.now() + timedelta(hours=1))
    assert not drain(seconds=2)
    made.refresh_from_db()
    assert (made.state, made.waiting()) == (RescoringState.RUNNING, 1)
    withdrawn(last)
    assert evaluations.sweep_trials() == 1
    job.delete()
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.READY
    assert last.enrolment.team_id not in moved(made)
    assert evaluations.sweep_trials() == 0


def _of(made: Rescoring, entry: Entry) -> list[str]:
    tried = made.evaluations().filter(entry=entry)
    return [str(pk) for pk in tried.values_list("pk", flat=True)]


def test_a_dead_comparison_lives_again_by_itself(challenge: Challenge) -> None:
    made = tried(challenge, truth=corrected())
    Rescoring.objects.filter(pk=made.pk).update(state="running", facts={})
    jobs = Job.objects.filter(kind=JobKind.COMPARE)
    jobs.update(state="dead", attempt=3, error_code="VaultBroken", finished_at=clock.now())
    assert evaluations.sweep_trials() == 0
    jobs.update(finished_at=clock.now() - timedelta(seconds=evaluations.COMPARE_AGAIN_SECONDS + 1))
    assert evaluations.sweep_trials() == 1
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.READY


def test_what_moves_while_boards_are_compared_is_compared_again(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Entry.objects.filter(is_baseline=False).order_by("received_at")[0]
    real, told = worker.compute_board, []

    def computed(*given: Any) -> Any:
        assert connection.in_atomic_block is outer
        if not told:
            told.append(withdrawn(gone))
        return real(*given)

    outer = connection.in_atomic_block
    monkeypatch.setattr(worker, "compute_board", computed)
    made = tried(challenge, truth=corrected())
    assert told
    assert gone.enrolment.team_id not in moved(made)
    assert made.facts["seen"] == made.seen()


def test_what_moved_since_the_comparison_is_not_accepted(challenge: Challenge) -> None:
    made = tried(challenge, truth=corrected())
    withdrawn(Entry.objects.filter(is_baseline=False).order_by("received_at")[0])
    with pytest.raises(Conflict) as refusal:
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert refusal.value.code == "changed"
    assert evaluations.sweep_trials() == 1
    assert drain()
    made.refresh_from_db()
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())


def test_the_end_of_a_scoring_aside_costs_the_same_whatever_is_left(challenge: Challenge) -> None:
    made = started(challenge)
    aside = Evaluation.objects.filter(holdout=made.task.holdout)
    one = aside.select_related("entry__enrolment").order_by("pk")[0]
    counts = []
    for left in (3, 1):
        Evaluation.objects.filter(holdout=made.task.holdout).exclude(pk=one.pk).update(
            state="done", finished_at=clock.now()
        )
        others = Evaluation.objects.filter(holdout=made.task.holdout).exclude(pk=one.pk)
        others.filter(pk__in=list(others.values_list("pk", flat=True)[:left])).update(
            state="pending", finished_at=None
        )
        with CaptureQueriesContext(connection) as seen:
            evaluations.note_trial_end(one)
        counts.append([each["sql"] for each in seen])
    assert len(counts[0]) == len(counts[1])
    assert not [sql for sql in counts[1] if "NOT EXISTS" in sql]  # no reading of every entry
    if connection.vendor == "sqlite":
        asked = counts[1][-1]
        with connection.cursor() as cursor:
            plan = " ".join(str(row) for row in cursor.execute(f"EXPLAIN QUERY PLAN {asked}"))
        assert "evaluation_left" in plan


def orphans() -> Iterator[str]:
    _sentence, check = INVARIANTS["I2"]
    return check()


def test_the_database_finds_the_entries_that_no_job_moves_on(challenge: Challenge) -> None:
    """As the invariant reads them one by one; in batches, the oldest first."""
    made = [entered(challenge, 0.7, seed=50 + at) for at in range(4)]
    worker = Worker()
    while Job.objects.alive().filter(kind=JobKind.CHECK).exists():
        worker.work_one()
    late = entered(challenge, 0.7, seed=60)
    assert not forsaken().exists()
    Job.objects.filter(subject_id=str(late.pk)).update(state="dead")
    of = {each.pk: [str(one.pk) for one in each.evaluations.all()] for each in made}
    Job.objects.filter(subject_id__in=of[made[0].pk]).delete()
    Job.objects.filter(subject_id__in=of[made[1].pk]).update(state="done")
    made[2].evaluations.all().delete()
    lost = {str(each.pk) for each in (*made[:3], late)}
    assert {str(pk) for pk in forsaken().values_list("pk", flat=True)} == lost == set(orphans())
    with CaptureQueriesContext(connection) as seen:
        assert evaluations.sweep_entries(size=1) == 1
    assert not [each for each in seen if 'FROM "challenges_job"' in each["sql"][:40]]
    assert {str(pk) for pk in forsaken().values_list("pk", flat=True)} == lost - {str(made[0].pk)}
    assert evaluations.sweep_entries() == 3
    assert drain()
    assert set(Entry.objects.values_list("status", flat=True)) == {EntryStatus.SCORED}
