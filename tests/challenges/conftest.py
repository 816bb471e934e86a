"""Who writes and reads challenges, and what a page costs."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User
from tests.challenges import world


@pytest.fixture
def by(client: Client) -> User:
    """Sign in somebody who may create a challenge for their organisation."""
    made = world.owner()
    client.force_login(made)
    return made


@pytest.fixture
def costs(django_assert_num_queries: DjangoAssertNumQueries) -> DjangoAssertNumQueries:
    """Count the queries of a block: `with costs(9): …`."""
    return django_assert_num_queries
