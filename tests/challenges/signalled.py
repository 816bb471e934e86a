"""Search a small challenge for signals, as the worker does."""

from typing import Any

from challenges.actions import signals
from challenges.models import Challenge, Entry, Signal
from challenges.worker import drain
from tests.challenges.world import entered
from tests.factories.challenges import TeamFactory


def search(challenge: Challenge) -> list[Signal]:
    """Have the worker look at every phase of a challenge; return its signals."""
    signals.queue()
    assert drain()
    found = Signal.objects.filter(phase__challenge=challenge).order_by("pk")
    return list(found.prefetch_related("parties"))


def enter_twice(challenge: Challenge, content: bytes, **given: Any) -> list[Entry]:
    """Enter the same answers for two new teams."""
    made = [TeamFactory(challenge=challenge) for _ in range(2)]
    return [entered(challenge, team=team, content=content, **given) for team in made]
