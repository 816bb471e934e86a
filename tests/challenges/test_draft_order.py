"""What draft acts hold, in which order, and when they enter the journal."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from challenges.enums import BoardRule, ChallengeStatus, PhaseKind
from challenges.models import Challenge, Leaderboard, Phase
from challenges.organising.actions import challenges, leaderboards, phases
from portal.lib.refusals import Conflict, Invalid, Refusal
from tests.factories.challenges import PhaseFactory

pytestmark = pytest.mark.django_db
SETTINGS = {"kind": PhaseKind.PUBLIC, "ladder": False}
ACTS: dict[str, Callable[..., Any]] = {
    "dates": partial(challenges.set_dates, opens_at=None, closes_at=None),
    "settings": partial(phases.settle, settings=SETTINGS, rule=BoardRule.BEST),
    "figures": partial(phases.measure_phase, submission={}, truth={}, metrics=[]),
}


@pytest.fixture
def second() -> Phase:
    """Return the second phase of a draft."""
    return PhaseFactory(challenge=PhaseFactory().challenge, index=1)


@pytest.mark.parametrize("name", ACTS)
def test_the_challenge_is_held_before_its_phase_until_it_is_public(
    second: Phase, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    for manager in (Challenge.objects, Phase.objects):
        lock = manager.locked

        def noted(row: Any, lock: Any = lock, name: str = manager.model.__name__) -> Any:
            held.append(name)
            return lock(row)

        monkeypatch.setattr(manager, "locked", noted)
    by = second.challenge.organisers.get(role="owner").user
    statuses = [ChallengeStatus.DRAFT, ChallengeStatus.IN_REVIEW]
    for status in statuses if name == "dates" else statuses[:1]:
        Challenge.objects.update(status=status)
        held.clear()
        try:
            ACTS[name](phase=second, by=by)
        except Refusal as refusal:
            assert refusal.code == "privacy_no_metrics"  # noqa: PT017  # asked of what is held
        assert held[:2] == ["Challenge", "Phase"], status


@pytest.mark.parametrize("name", ACTS)
def test_a_phase_removed_meanwhile_is_said_to_be_absent(second: Phase, name: str) -> None:
    by = second.challenge.organisers.get(role="owner").user
    phases.remove(phase=Phase.objects.get(pk=second.pk), by=by)
    with pytest.raises(Conflict) as refusal:
        ACTS[name](phase=second, by=by)
    assert refusal.value.code == "absent"


def test_what_is_removed_is_gone_before_the_journal_says_so(second: Phase) -> None:
    by = second.challenge.organisers.get(role="owner").user
    made = [
        Leaderboard.objects.create(challenge=second.challenge, phase=second, key=key, title=key)
        for key in ("a", "b")
    ]
    acts = (
        partial(leaderboards.remove, board=made[1]),
        partial(phases.remove, phase=second),
    )
    for act in acts:
        with CaptureQueriesContext(connection) as found:
            act(by=by)
        written = [
            each["sql"].split()[:3]
            for each in found.captured_queries
            if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
        ]
        journal = ["audit" in " ".join(words) for words in written]
        assert any(journal)
        assert journal == sorted(journal)


def test_a_phase_takes_over_an_earlier_one_of_its_challenge_alone(second: Phase) -> None:
    by = second.challenge.organisers.get(role="owner").user
    settle = partial(phases.settle, phase=second, rule=BoardRule.BEST, by=by)
    for source in (second, PhaseFactory()):
        with pytest.raises(Invalid) as refusal:
            settle(settings=SETTINGS | {"migrate_from": source})
        assert refusal.value.code == "migrate_from"
    first = second.challenge.phases.get(index=0)
    assert settle(settings=SETTINGS | {"migrate_from": first}).migrate_from == first
