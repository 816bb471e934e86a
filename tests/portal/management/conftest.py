"""Three roles of PostgreSQL, for the tests that connect as them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection

from portal.management import rights


@dataclass(frozen=True)
class Roles:
    """Three roles of this test alone, with the rights that `grants --apply` gives."""

    names: dict[str, str]
    password: str

    def url(self, kind: str) -> str:
        """Return the address of the database for a kind of process."""
        given = connection.settings_dict
        place = f"{given['HOST']}:{given['PORT']}/{given['NAME']}"
        return f"postgresql://{self.names[kind]}:{self.password}@{place}"

    @contextmanager
    def serving(self, kind: str) -> Iterator[None]:
        """Connect Django itself as this role."""
        before = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
        connection.close()
        connection.settings_dict.update(USER=self.names[kind], PASSWORD=self.password)
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)

    def tries(self, kind: str, statement: str) -> str:
        """Try a statement on a connection of its own; return what PostgreSQL says."""
        link = psycopg2.connect(self.url(kind))
        try:
            with link.cursor() as cursor:
                cursor.execute(statement)
            return "done"
        except psycopg2.Error as error:
            return type(error).__name__
        finally:
            link.rollback()
            link.close()


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def roles() -> Iterator[Roles]:
    """Create the roles, give them their rights, remove them."""
    mark, password = secrets.token_hex(4), secrets.token_hex(16)
    made = Roles({kind: f"oe_test_{kind}_{mark}" for kind in rights.KINDS}, password)
    run(*(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'" for name in made.names.values()))
    try:
        call_command("grants", apply=True, **made.names)
        yield made
    finally:
        for name in made.names.values():
            run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
