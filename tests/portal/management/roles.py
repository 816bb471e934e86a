"""Roles of PostgreSQL made for a test, and their connections."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from django.db import connection


@dataclass(frozen=True)
class Roles:
    """Three roles of this test alone, with the rights that `grants --apply` gives."""

    names: dict[str, str]
    password: str

    @property
    def options(self) -> dict[str, str]:
        """Name them for the command."""
        return self.names

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
