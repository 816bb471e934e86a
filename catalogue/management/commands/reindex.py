"""Write again what is derived of the published resources: descriptions as HTML, search index."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalogue.resources.actions import cards
from catalogue.search import index, server

# Resources between two lines that say how far it is.
STEP = 50 * index.BATCH


class Command(BaseCommand):
    """Render descriptions again, index some cards at a time, then rebuild the server's index.

    Readers find every card meanwhile, as it was or as it is.
    """

    help = "Reconstruit les descriptions mises en forme et l’index de recherche."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild; say how many descriptions changed and how many resources the index holds."""
        rendered = cards.render_again()
        count = index.rebuild(self._told)
        mirrored = server.store().rebuild() if server.is_used() else None
        if options["as_json"]:
            self.stdout.write(
                json.dumps({"rendered": rendered, "indexed": count, "mirrored": mirrored})
            )
        else:
            self.stdout.write(f"{rendered} description(s) remise(s) en forme")
            self.stdout.write(f"{count} ressource(s) indexée(s)")
            if mirrored is not None:
                self.stdout.write(f"{mirrored} sur le serveur de recherche")

    def _told(self, count: int) -> None:
        if count % STEP == 0:
            self.stderr.write(f"{count} ressource(s)…")
