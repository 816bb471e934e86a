"""Who reads the pages of challenges."""

import pytest
from django.test import Client

from portal.accounts.models import User
from tests.challenges import world


@pytest.fixture
def by(client: Client) -> User:
    """Sign in somebody who may create a challenge for their organisation."""
    made = world.owner()
    client.force_login(made)
    return made
