"""Load official open data for the Démonstrateur."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demonstrator.enums import ReferentialKind
from portal.lib.refusals import Refusal


class Command(BaseCommand):
    """Load one kind of data; a fault loads nothing, and what was in service stays."""

    help = "Charge des données ouvertes officielles pour le Démonstrateur."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is loaded, from where, under which licence."""
        parser.add_argument("kind", choices=ReferentialKind.values)
        parser.add_argument("place", metavar="DOSSIER_ZIP_OU_ADRESSE")
        parser.add_argument(
            "--licence",
            required=True,
            help="identifiant SPDX (etalab-2.0), ou to_confirm : essai privé, sur aucune page",
        )
        parser.add_argument("--origin", required=True, help="producteur, titre, adresse")
        parser.add_argument("--edition", required=True, help="version ou millésime")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say what."""
        from portal.demonstrator.building.loading import load  # noqa: PLC0415  # slow import

        try:
            row, is_new = load(
                ReferentialKind(options["kind"]),
                options["place"],
                licence=options["licence"],
                origin=options["origin"],
                version=options["edition"],
            )
        except Refusal as refusal:
            raise CommandError(f"Rien n’a été chargé. {refusal}") from refusal
        if not is_new:
            self.stdout.write("Déjà chargé : rien n’a changé.")
            return
        shown = "montrable" if row.is_public else "essai privé, sur aucune page"
        self.stdout.write(f"{row} : {row.rows} lignes, {row.licence} ({shown})")
        self.stdout.write("Ensuite : manage.py build_prototypes")
