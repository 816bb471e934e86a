"""What the acts of a draft hold, and in which order."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from challenges.actions import blurs, challenges, phase_scorings, phases
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind
from challenges.models import Challenge, Phase
from portal.lib.refusals import Conflict, Refusal
from tests.factories.challenges import PhaseFactory

pytestmark = pytest.mark.django_db
SETTINGS = {"kind": PhaseKind.PUBLIC, "ladder": "off", "ladder_step": None}
ACTS: dict[str, Callable[..., Any]] = {
    "dates": partial(challenges.set_dates, opens_at=None, closes_at=None),
    "epsilon": partial(blurs.set_epsilon, epsilon=0.5),
    "settings": partial(phases.settle, settings=SETTINGS, rule=BoardRule.BEST),
    "figures": partial(phase_scorings.measure, submission={}, truth={}, metrics=[]),
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
    assert refusal.value.code == "phase_absent"
