"""Write the search index again from the published resources."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalogue.search import index


class Command(BaseCommand):
    """Rebuild the index in one transaction: readers see the old one until the end."""

    help = "Reconstruit l’index de recherche à partir des ressources publiées."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the machine form."""
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many resources the index holds."""
        count = index.rebuild()
        if options["as_json"]:
            self.stdout.write(json.dumps({"indexed": count}))
        else:
            self.stdout.write(f"{count} ressource(s) indexée(s)")
