"""Check the form of a prediction file, without labels and without the database."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from challenges.client.sentences import UNREADABLE, told
from challenges.scoring.commands import guess, offline

REJECTED = 1
USAGE = 2


class Command(BaseCommand):
    """Print one JSON object on the last line; exit 0 accepted, 1 refused, 2 badly called."""

    help = "Vérifie le format d’un fichier de prédictions."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the template and the file."""
        parser.add_argument(
            "template",
            help="exemple de soumission, SPEC.json, format.json d’une trousse ou SPEC.json:TASK",
        )
        parser.add_argument("file", help="fichier de prédictions")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and report."""
        try:
            verdict, seconds = guess.check_template(options["template"], options["file"])
            answer = offline.verdict_json(verdict) | {"seconds": seconds}
        except UNREADABLE as fault:
            code, sentence = told(fault)
            if options["as_json"]:
                error = {"error": {"code": code, "message": sentence}}
                self.stdout.write(json.dumps(error, ensure_ascii=False))
            self.stderr.write(f"check_predictions : {code} : {sentence}")
            sys.exit(USAGE)
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif answer["verdict"] == "accept":
            self.stdout.write("Format accepté.")
        else:
            self.stdout.write("\n".join(str(error["message"]) for error in answer["errors"]))
        if answer["verdict"] != "accept":
            sys.exit(REJECTED)
