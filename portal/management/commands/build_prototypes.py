"""Learn and measure the engines of the Démonstrateur."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demonstrator.enums import EngineName


class Command(BaseCommand):
    """Build what is new; a second pass writes nothing."""

    help = (
        "Apprend et mesure les moteurs du Démonstrateur, sur le référentiel d’essai et sur les "
        "données officielles qui ont été chargées."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names of engines, none for all."""
        parser.add_argument(
            "names",
            nargs="*",
            metavar="NOM",
            help=", ".join(EngineName.values) + " ; tous sans nom",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Build, and show each figure. A library that lacks is named."""
        from portal.demonstrator.building import build, plans  # noqa: PLC0415  # slow import

        names = options["names"]
        if unknown := sorted(set(names) - set(EngineName.values)):
            raise CommandError(f"Moteur inconnu : {', '.join(unknown)}.")
        wanted = (each for each in plans() if not names or each.engine.value in names)
        try:
            rows = build(wanted, show=self.stdout.write)
        except ModuleNotFoundError as missing:
            raise CommandError(
                f"Il manque {missing.name}, qu’il faut pour apprendre des données officielles : "
                "pip install -r requirements-demonstrator.txt"
            ) from missing
        if not rows:
            self.stdout.write("Rien de nouveau : chaque moteur est déjà appris de ces données.")
