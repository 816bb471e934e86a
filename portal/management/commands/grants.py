"""Give the roles that serve their rights in PostgreSQL, or check that they have no other."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction

from portal.management import rights


class Command(BaseCommand):
    """Print the SQL; with --apply execute it, with --check compare and exit 1 on a difference.

    Run by the owner of the tables, after each `migrate`: a new table has no right before.
    """

    help = "Donne aux rôles PostgreSQL du portail leurs droits, et aucun autre."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for kind in rights.KINDS:
            parser.add_argument(
                f"--{kind}", default=f"openemploi_{kind}", metavar="RÔLE", help=f"rôle de {kind}"
            )
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--apply", action="store_true", help="exécuter")
        what.add_argument("--check", action="store_true", dest="check_only", help="comparer")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, apply or compare."""
        if connection.vendor != "postgresql":
            raise CommandError("Les droits se donnent dans PostgreSQL ; cette base est SQLite.")
        roles = {kind: options[kind] for kind in rights.KINDS}
        if options["check_only"]:
            self._compare(roles, as_json=options["as_json"])
            return
        sql = [line for kind, role in roles.items() for line in rights.statements(kind, role)]
        if options["apply"]:
            self._apply(sql)
        answer = {"roles": roles, "statements": len(sql), "applied": options["apply"]}
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif options["apply"]:
            self.stdout.write(f"Droits donnés à {', '.join(roles.values())}.")
        else:
            self.stdout.write("\n".join(["BEGIN;", *(f"{line};" for line in sql), "COMMIT;"]))

    def _apply(self, sql: list[str]) -> None:
        """Execute in one transaction: a portal that serves meanwhile loses nothing."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for line in sql:
                    cursor.execute(line)
        except ProgrammingError as error:
            raise CommandError(
                f"Droits refusés ({str(error).splitlines()[0]}). Créez d’abord les rôles et "
                "lancez la commande avec le rôle propriétaire (docs/operations.md)."
            ) from error

    def _compare(self, roles: dict[str, str], *, as_json: bool) -> None:
        try:
            found = {
                role: rights.powers(role) + [str(each) for each in rights.differences(kind, role)]
                for kind, role in roles.items()
            }
        except ProgrammingError as error:
            raise CommandError(str(error).splitlines()[0]) from error
        right = not any(found.values())
        if as_json:
            self.stdout.write(json.dumps({"ok": right, "roles": found}, ensure_ascii=False))
        else:
            for role, lines in found.items():
                for line in lines or ["droits conformes"]:
                    self.stdout.write(f"{role} : {line}")
        if not right:
            sys.exit(1)
