"""Fill an empty portal with its opening content."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.management.opening import (
    access,
    catalogue,
    challenge,
    datasets,
    demonstrator,
    openings,
    pages,
    people,
)


class Command(BaseCommand):
    """Create what is missing; a second pass writes nothing."""

    help = "Remplit un portail vide : organisations, pages, catalogue, challenge d’essai."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run each step and show it; print the passwords of new accounts, once."""
        self.quiet = bool(options["as_json"])
        accounts: list[dict[str, str]] = []
        self._step("Organisation de la Région", people.region)
        self._step("Pages du programme", lambda: pages.create(by=people.OPENING))
        self._step("Catalogue d’ouverture", catalogue.cards)
        self._step("Démonstrateur", demonstrator.open_cases)
        if settings.EMBEDDED:
            self._step("Comptes", lambda: accounts.extend(people.open_accounts()))
            self._step("Données d’essai", datasets.publish)
            self._step("Demandes d’accès d’essai", access.requests)
            self._step("Ouvertures d’essai", openings.open_tables)
            self._step("Challenge d’essai", challenge.open_challenge)
        if self.quiet:
            self.stdout.write(json.dumps({"accounts": accounts}, ensure_ascii=False))
        elif accounts:
            self._show(accounts)

    def _step(self, label: str, work: Callable[[], object]) -> None:
        if not self.quiet:
            self.stdout.write(f"    {label}")
            self.stdout.flush()
        work()

    def _show(self, accounts: list[dict[str, str]]) -> None:
        self.stdout.write("\n    Comptes de cette installation (affichés cette seule fois) :\n")
        for account in accounts:
            self.stdout.write(
                f"      {account['user']:<16}{account['password']:<52}{account['role']}"
            )
        self.stdout.write("")
