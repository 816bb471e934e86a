"""What several folders of the catalogue start from."""

import pytest

from catalogue.resources.enums import ResourceKind
from tests.factories.card_files import House


@pytest.fixture
def house() -> House:
    """Return an organisation with a draft and its files."""
    return House()


@pytest.fixture
def model_house() -> House:
    """Return one whose draft is a model's: its card keeps its files whatever its access."""
    return House(ResourceKind.MODEL)
