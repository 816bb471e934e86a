"""A worker that dies anywhere leaves nothing stuck, nothing twice, nothing lost."""

from datetime import timedelta
from typing import Any

import pytest

from challenges import invariants
from challenges.enums import EntryStatus, JobKind, JobState
from challenges.evaluation.actions import evaluations, interventions
from challenges.models import Challenge, CodeRun, Job, SealedPredictions
from challenges.programs import worker as program_worker
from challenges.programs.actions import code as team_code
from challenges.programs.actions.code import RunOutcome
from challenges.queue import actions as jobs
from challenges.rescoring import actions as rescorings
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.scoring.predictions.faults import fault_of
from challenges.scoring.verdict import Verdict
from challenges.worker import Worker, drain
from portal.lib import clock, failpoints, objects
from tests.challenges import world as answers
from tests.challenges.code.world import entered, package, worked
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what kills the next worker at a place."""

    def at(place: str) -> None:
        def hit(name: str, *_args: Any) -> None:
            if name == place:
                monkeypatch.setattr(failpoints, "hit", lambda *_args: None)
                raise Killed

        monkeypatch.setattr(failpoints, "hit", hit)
        with pytest.raises(Killed):
            _worked_until_idle()
        Job.objects.filter(state=JobState.LEASED).update(
            lease_until=clock.now() - timedelta(seconds=1)
        )
        jobs.reap(buried=evaluations.bury_subject)
        Job.objects.filter(state=JobState.READY).update(run_after=clock.now())

    return at


def _worked_until_idle() -> None:
    while Worker("dies").work_one():
        pass


def breaches() -> list[str]:
    return [f"{key}:{one}" for key, (_, find) in invariants.INVARIANTS.items() for one in find()]


@pytest.mark.parametrize(
    "place", ["run.before_code", "run.computed", "run.before_commit", "score.before_child"]
)
def test_a_worker_killed_between_two_steps_leaves_nothing_stuck(
    challenge: Challenge, killed: Any, place: str
) -> None:
    entry = entered(challenge, package())
    killed(place)

    entry = worked(entry)

    assert (entry.status, entry.code_runs.get().state) == (EntryStatus.SCORED, "done")
    assert entry.evaluations.get().scores.filter(metric="exactitude").count() == 1
    assert SealedPredictions.objects.count() == 1
    assert breaches() == []


def test_a_run_that_comes_late_is_dropped(challenge: Challenge) -> None:
    entry = entered(challenge, package())
    assert Worker().work_one()  # the check
    job = jobs.claim(owner="slow")
    assert job is not None
    assert job.kind == JobKind.RUN
    assert job.priority == 20
    assert team_code.begin_run(job=job) is not None
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    jobs.reap(buried=evaluations.bury_subject)
    Job.objects.filter(pk=job.pk).update(run_after=clock.now())
    entry = worked(entry)

    assert not team_code.finish_run(job=job, ended=RunOutcome("X_PROGRAM"))
    entry.refresh_from_db()
    assert (entry.status, entry.code_runs.get().state) == (EntryStatus.SCORED, "done")


def test_a_missing_job_of_a_run_is_made_again(challenge: Challenge) -> None:
    entry = entered(challenge, package())
    assert Worker().work_one()
    Job.objects.filter(kind=JobKind.RUN).delete()
    assert [one.split(":")[0] for one in breaches()] == ["I2"]
    assert evaluations.sweep_entries() == 1
    assert worked(entry).status == EntryStatus.SCORED


def test_a_fault_of_ours_is_tried_again_then_examined_and_its_slot_given_back(
    challenge: Challenge, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    entry = entered(challenge, package())
    with monkeypatch.context() as broken:
        broken.setattr(program_worker.vault, "sandbox", lambda: Bubblewrap(program="bwrap-absent"))
        broken.setattr(program_worker.vault, "missing_isolation", lambda: None)
        entry = worked(entry)
    assert (entry.status, entry.reason_code) == (EntryStatus.NEEDS_ATTENTION, "X_PLATFORM")
    job = Job.objects.get(kind=JobKind.RUN)
    assert (job.state, job.attempt, job.error_code) == (JobState.DEAD, 3, "X_NO_SANDBOX")

    moderator: Any = UserFactory(region="moderator")
    given = interventions.requeue(entry=entry, by=moderator)
    assert worked(given).status == EntryStatus.SCORED


@pytest.mark.parametrize(
    ("codes", "ended"),
    [
        (["X_TIMEOUT", "X_MEMORY"], ("failed", "X_OUTPUT")),
        (["X_TIMEOUT", ""], ("scored", "")),
        (["X_PLATFORM", "X_PLATFORM", "X_MEMORY"], ("failed", "X_OUTPUT")),
        (["X_PLATFORM"] * 3, ("needs_attention", "X_PLATFORM")),
    ],
)
def test_an_output_that_our_reading_cannot_hold_twice_is_the_fault_of_the_output(
    challenge: Challenge,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    codes: list[str],
    ended: tuple[str, str],
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    entry = entered(challenge, package())
    said, read = iter(codes), program_worker.child.read

    def reading(*args: Any, **given: Any) -> Any:
        found = next(said, "")
        return (Verdict(False, (fault_of(found),)), None) if found else read(*args, **given)

    monkeypatch.setattr(program_worker.child, "read", reading)
    entry = worked(entry)
    assert (entry.status, entry.reason_code) == ended
    assert next(said, None) is None  # nothing was read more often


def test_a_failed_run_is_made_again_when_a_moderator_asks(challenge: Challenge) -> None:
    entry = worked(entered(challenge, package("import sys; sys.exit(1)")))
    assert entry.code_runs.get().reason_code == "X_PROGRAM"
    moderator: Any = UserFactory(region="moderator")
    entry = worked(interventions.score_again(entry=entry, by=moderator))
    run = entry.code_runs.get()
    assert (entry.status, run.state, run.reason_code) == (EntryStatus.FAILED, "failed", "X_PROGRAM")
    assert Job.objects.get(kind=JobKind.RUN).state == JobState.DONE


def test_another_scoring_reads_the_predictions_that_were_kept(challenge: Challenge) -> None:
    """Corrected answers score what was predicted: no code runs again."""
    good = worked(entered(challenge, package()))
    failed = worked(entered(challenge, package("import sys; sys.exit(1)")))
    ran = list(CodeRun.objects.order_by("pk").values_list("pk", "finished_at"))
    phase = challenge.phases.get()
    owner = answers.owner_of(challenge)
    spec = phase.tasks.get(current=True).scorer_version.spec
    figures = [{**each, "primary": each["key"] == "mae"} for each in spec["metrics"]]
    rescoring = rescorings.propose_figures(
        phase=phase, spec={**spec, "metrics": figures}, reason="Mieux.", by=owner
    )
    assert drain()
    rescorings.start(rescoring=rescoring, by=owner)
    assert drain()

    assert list(CodeRun.objects.order_by("pk").values_list("pk", "finished_at")) == ran
    task = rescoring.task
    found = {
        entry.pk: entry.evaluations.get(scorer_version=task.scorer_version)
        for entry in (good, failed)
    }
    assert [(each.state, each.reason_code) for each in found.values()] == [
        ("done", ""),
        ("failed", "X_PROGRAM"),
    ]
    assert breaches() == []


def test_lost_predictions_are_found(challenge: Challenge) -> None:
    entry = worked(entered(challenge, package()))
    assert breaches() == []
    kept = SealedPredictions.objects.get(run__entry=entry)
    objects.store().delete(kept.ciphertext_sha256)
    assert breaches() == [f"I23:run:{entry.code_runs.get().pk}"]
