"""A clock that tests move inside the phases of the recorded challenges."""

import pytest

from portal.lib import clock
from tests.challenges.programs.cases import Clock


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock of the house."""
    found = Clock()
    monkeypatch.setattr(clock, "now", found.now)
    return found
