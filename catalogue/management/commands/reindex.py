"""Write the search index again from the published resources."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalogue.search import index, server


class Command(BaseCommand):
    """Rebuild in one transaction, then the index of the search server beside the one that answers.

    Readers see the old ones until the end.
    """

    help = "Reconstruit l’index de recherche à partir des ressources publiées."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the machine form."""
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many resources the index holds."""
        count = index.rebuild()
        mirrored = server.store().rebuild() if server.is_used() else None
        if options["as_json"]:
            self.stdout.write(json.dumps({"indexed": count, "mirrored": mirrored}))
        else:
            self.stdout.write(f"{count} ressource(s) indexée(s)")
            if mirrored is not None:
                self.stdout.write(f"{mirrored} sur le serveur de recherche")
