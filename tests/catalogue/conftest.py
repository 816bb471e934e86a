"""What several folders of the catalogue start from."""

import pytest

from tests.factories.card_files import House


@pytest.fixture
def house() -> House:
    """Return an organisation with a draft and its files."""
    return House()
