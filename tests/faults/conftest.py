"""After each fault, what the portal promised is proved again."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command


@pytest.fixture(autouse=True)
def verified(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Run `manage.py verify` when the test is over, before its rows go; a breach fails it."""
    marker = request.node.get_closest_marker("django_db")
    whole = marker is not None and marker.kwargs.get("transaction")
    request.getfixturevalue("transactional_db" if whole else "db")
    yield
    capsys.readouterr()
    try:
        call_command("verify")
    except SystemExit as stop:
        pytest.fail(f"verify: {stop.code}\n{capsys.readouterr().out}")
