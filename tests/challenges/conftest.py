"""Who writes and reads challenges, and what a page costs."""

import pytest
from django.test import Client

from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.pages.scenes import Costs
from tests.factories.accounts import UserFactory


@pytest.fixture
def by(client: Client) -> User:
    """Sign in somebody who may create a challenge for their organisation."""
    made = world.owner()
    client.force_login(made)
    return made


@pytest.fixture
def person(client: Client) -> User:
    """Sign somebody in."""
    made: User = UserFactory()
    client.force_login(made)
    return made


@pytest.fixture
def costs(django_assert_num_queries: Costs) -> Costs:
    """Count the queries of a block: `with costs(9): …`."""
    return django_assert_num_queries


@pytest.fixture(params=[1, 3])
def count(request: pytest.FixtureRequest) -> int:
    """Run a test with one thing, then with three: a page costs the same."""
    number: int = request.param
    return number
