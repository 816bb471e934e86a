"""A change of scoring decided while something else happens: one order or the other, no third."""

from collections.abc import Callable
from pathlib import Path

import pytest

from challenges.entries.actions import choices
from challenges.enums import EntryStatus, RescoringState, Split
from challenges.models import Challenge, Entry, PhaseTask, Rescoring, Reveal, Score
from challenges.organising.actions import challenges
from challenges.rescoring import actions as rescorings
from challenges.results import actions as results
from challenges.worker import drain
from tests.challenges.test_rescorings import corrected, phase, proposed, region, tried
from tests.challenges.world import entered, opened, owner_of
from tests.factories.challenges import captain_of
from tests.threads import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
Act = Callable[[], object]


def scene(folder: Path) -> Challenge:
    made = opened(folder)
    for number, skill in enumerate((0.9, 0.5)):
        entered(made, skill, seed=number)
    assert drain()
    return made


def settled(made: Rescoring) -> None:
    """Every entry has the outcome of the scoring in force, and no other figure."""
    task = PhaseTask.objects.get(current=True)
    for entry in Entry.objects.filter(status=EntryStatus.SCORED):
        assert entry.evaluations.filter(
            scorer_version_id=task.scorer_version_id, holdout_id=task.holdout_id, state="done"
        ).exists()
    if task.pk != made.task_id:
        assert not Score.objects.filter(evaluation__holdout=made.task.holdout).exists()


def test_a_change_is_accepted_while_an_entry_arrives(tmp_path: Path) -> None:
    challenge = scene(tmp_path)
    made, person = tried(challenge, truth=corrected()), region()
    digest = made.facts["digest"]
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: entered(challenge, 0.8, seed=9),
        lambda: drain(),
    )
    assert ended[1:] == ["done", "done"]
    assert ended[0] in {"done", "rescoring_unready", "changed"}
    assert drain()
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() == 4
    made.refresh_from_db()
    if ended[0] != "done":
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
        assert drain()
        made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    settled(made)


def test_a_change_is_accepted_while_it_is_withdrawn(tmp_path: Path) -> None:
    challenge = scene(tmp_path)
    made, person = tried(challenge, truth=corrected()), region()
    digest = made.facts["digest"]
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: rescorings.withdraw(rescoring=made, by=owner_of(challenge)),
    )
    assert sorted(ended) == ["answered", "done"]
    assert drain()
    made.refresh_from_db()
    wanted = RescoringState.IN_FORCE if ended[0] == "done" else RescoringState.WITHDRAWN
    assert made.state == wanted
    settled(made)


def test_a_change_is_accepted_while_an_entry_is_withdrawn(tmp_path: Path) -> None:
    challenge = scene(tmp_path)
    made, person = tried(challenge, truth=corrected()), region()
    entry = Entry.objects.filter(is_baseline=False).order_by("received_at")[0]
    captain, digest = captain_of(entry.enrolment.team), made.facts["digest"]
    ended = together(
        lambda: rescorings.accept(rescoring=made, digest=digest, by=person),
        lambda: choices.withdraw(entry=entry, by=captain),
    )
    assert ended[0] in {"done", "changed"}
    assert ended[1] == "done"
    assert drain()
    made.refresh_from_db()
    assert made.state in {RescoringState.IN_FORCE, RescoringState.READY}
    settled(made)


def test_two_changes_proposed_at_once_are_one(tmp_path: Path) -> None:
    challenge = scene(tmp_path)
    ended = together(
        lambda: proposed(challenge, truth=corrected(10)),
        lambda: proposed(challenge, truth=corrected(20)),
    )
    assert sorted(ended) == ["done", "rescoring_open"]
    assert Rescoring.objects.count() == 1
    assert PhaseTask.objects.count() == 2


def test_a_change_comes_in_force_while_the_results_are_proposed(tmp_path: Path) -> None:
    challenge = scene(tmp_path)
    made, person = tried(challenge, truth=corrected()), region()
    challenges.close(phase=phase(), by=owner_of(challenge))
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
    ended = together(
        lambda: drain(), lambda: results.propose_reveal(phase=phase(), by=owner_of(challenge))
    )
    assert ended[0] == "done"
    assert ended[1] in {"done", "rescoring_open"}
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=person)
    assert drain()
    assert Reveal.objects.get().executed_at is not None
    private = Score.objects.filter(split=Split.PRIVATE)
    assert set(private.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}
    settled(made)
