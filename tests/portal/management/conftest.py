"""Three roles of PostgreSQL, for the tests that connect as them."""

import secrets
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from portal.management import rights
from tests.portal.management.roles import Roles, run


@pytest.fixture
def roles() -> Iterator[Roles]:
    """Create the roles, give them their rights, remove them."""
    mark, password = secrets.token_hex(4), secrets.token_hex(16)
    made = Roles({kind: f"oe_test_{kind}_{mark}" for kind in rights.KINDS}, password)
    run(*(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'" for name in made.names.values()))
    try:
        call_command("grants", apply=True, **made.options)
        yield made
    finally:
        for name in made.names.values():
            run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
