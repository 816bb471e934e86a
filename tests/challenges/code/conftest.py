"""A challenge to which teams send code, where this machine can isolate it."""

from pathlib import Path

import pytest

from challenges.models import Challenge
from tests.challenges.code import world
from tests.challenges.programs.cases import isolated


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return an open challenge of code, or skip."""
    isolated()
    return world.opened(tmp_path)
