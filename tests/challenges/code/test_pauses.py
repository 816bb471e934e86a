"""A pause holds code as it holds scores; a change of scoring waits for nothing that never runs."""

from typing import Any

import pytest
from django.db.models import QuerySet

from challenges.enums import EntryStatus, JobKind, RescoringState
from challenges.evaluation.actions import evaluations, interventions
from challenges.models import Challenge, CodeRun, Entry, Job, Rescoring
from challenges.programs import worker as program_worker
from challenges.rescoring import actions as rescorings
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import Worker, drain
from tests.challenges import world as answers
from tests.challenges.code.world import entered, package, worked
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def tried(challenge: Challenge) -> Rescoring:
    phase, owner = challenge.phases.get(), answers.owner_of(challenge)
    spec = phase.tasks.get(current=True).scorer_version.spec
    figures = [{**each, "primary": each["key"] == "mae"} for each in spec["metrics"]]
    made = rescorings.propose_figures(
        phase=phase, spec={**spec, "metrics": figures}, reason="Mieux.", by=owner
    )
    assert drain()
    rescorings.start(rescoring=made, by=owner)
    assert drain(seconds=60)
    made.refresh_from_db()
    return made


def states() -> list[str]:
    return list(CodeRun.objects.order_by("entry__received_at").values_list("state", flat=True))


def test_a_pause_holds_code_but_what_a_change_of_scoring_waits_for(challenge: Challenge) -> None:
    owner = answers.owner_of(challenge)
    before = entered(challenge, package())
    assert Worker().work_one()  # the check
    interventions.pause(phase=challenge.phases.get(), reason="Programme faux.", by=owner)
    entry = worked(entered(challenge, package()))
    assert (entry.status, states()) == (EntryStatus.QUEUED, ["queued", "queued"])

    Job.objects.filter(kind=JobKind.RUN).delete()
    assert evaluations.sweep_entries() == 2
    assert drain()
    assert states() == ["queued", "queued"]

    made = tried(challenge)
    assert (made.state, states()) == (RescoringState.READY, ["done", "done"])
    kept = [
        str(
            each.evaluations.get(
                holdout=made.former.holdout, scorer_version=made.former.scorer_version
            ).pk
        )
        for each in (before, entry)
    ]
    assert Job.objects.filter(kind=JobKind.SCORE, dedup_key__in=kept).delete()[0] == 2
    assert evaluations.sweep_entries() == 2
    assert drain()
    assert {each.status for each in Entry.objects.filter(pk__in=[before.pk, entry.pk])} == {
        EntryStatus.SCORING
    }

    interventions.resume(phase=challenge.phases.get(), by=owner)
    assert {worked(before).status, worked(entry).status} == {EntryStatus.SCORED}


def test_a_change_of_scoring_does_not_wait_for_code_that_is_examined(
    challenge: Challenge, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    entry = entered(challenge, package())
    with monkeypatch.context() as broken:
        broken.setattr(program_worker.vault, "sandbox", lambda: Bubblewrap(program="bwrap-absent"))
        broken.setattr(program_worker.vault, "missing_isolation", lambda: None)
        entry = worked(entry)
    assert entry.status == EntryStatus.NEEDS_ATTENTION

    made = tried(challenge)
    assert made.state == RescoringState.READY
    assert (evaluations.sweep_entries(), states()) == (0, ["queued"])

    moderator: Any = UserFactory(region="moderator")
    assert worked(interventions.requeue(entry=entry, by=moderator)).status == EntryStatus.SCORED
    assert entry.evaluations.get(scorer_version=made.task.scorer_version).state == "done"


def test_an_entry_is_locked_before_its_run_and_its_evaluation(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of a score locks them in this order: another order would be a deadlock."""
    locked, select = list[str](), QuerySet.select_for_update

    def seen(rows: Any, *given: Any, **named: Any) -> Any:
        locked.append(rows.model.__name__)
        return select(rows, *given, **named)

    entered(challenge, package())
    monkeypatch.setattr(QuerySet, "select_for_update", seen)
    assert drain()
    assert [locked[locked.index(name) - 1] for name in ("CodeRun", "Evaluation")] == ["Entry"] * 2
