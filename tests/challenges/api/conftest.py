"""A team that enters by the API."""

import pytest

from challenges.models import Team
from portal.accounts.enums import TokenScope
from tests.factories.accounts import bearer
from tests.factories.challenges import TeamFactory, captain_of


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge."""
    made: Team = TeamFactory()
    return made


@pytest.fixture
def token(team: Team) -> dict[str, str]:
    """Return the token of its captain."""
    return bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
