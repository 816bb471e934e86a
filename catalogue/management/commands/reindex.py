"""Write the search index again from the published resources."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalogue.search import index, server

# Resources between two lines that say how far it is.
STEP = 50 * index.BATCH


class Command(BaseCommand):
    """Rebuild some cards at a time, then the server's index beside the one that answers.

    Readers find every card meanwhile, as it was or as it is.
    """

    help = "Reconstruit l’index de recherche à partir des ressources publiées."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many resources the index holds."""
        count = index.rebuild(self._told)
        mirrored = server.store().rebuild() if server.is_used() else None
        if options["as_json"]:
            self.stdout.write(json.dumps({"indexed": count, "mirrored": mirrored}))
        else:
            self.stdout.write(f"{count} ressource(s) indexée(s)")
            if mirrored is not None:
                self.stdout.write(f"{mirrored} sur le serveur de recherche")

    def _told(self, count: int) -> None:
        if count % STEP == 0:
            self.stderr.write(f"{count} ressource(s)…")
