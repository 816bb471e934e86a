"""Check the form of a prediction file, without labels and without the database."""

from argparse import ArgumentParser
from typing import Any

from challenges.management.offline import OfflineCommand
from challenges.scoring.commands import guess, offline


class Command(OfflineCommand):
    """Print the verdict, and each fault."""

    help = "Vérifie le format d’un fichier de prédictions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "template",
            help="exemple de soumission, SPEC.json, format.json d’une trousse ou SPEC.json:TASK",
        )
        parser.add_argument("file", help="fichier de prédictions")

    def judge(self, options: dict[str, Any]) -> dict[str, Any]:
        """Check the file by its template."""
        verdict, seconds = guess.check_template(options["template"], options["file"])
        return offline.verdict_json(verdict) | {"seconds": seconds}

    def praise(self, answer: dict[str, Any]) -> str:
        return "Format accepté."
