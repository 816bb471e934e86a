"""Score a prediction file against a truth, without touching the database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from challenges.bundles import portable
from challenges.client.cli import add_score_options, score_answer
from challenges.client.sentences import UNREADABLE, told
from challenges.scoring.answer import UsageFault
from challenges.scoring.commands import offline
from challenges.scoring.process import child

REJECTED = 1
USAGE = 2


class Command(BaseCommand):
    """Print one JSON object on the last line; exit 0 accepted, 1 refused, 2 badly called."""

    help = "Note un fichier de prédictions contre une vérité, sans rien enregistrer."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept --challenge DIR FILE, or the forms of `openemploi score`."""
        parser.add_argument("files", nargs="+", help="TRUTH PREDICTIONS, ou FILE avec --challenge")
        parser.add_argument("--challenge", metavar="DIR", help="dossier d’un challenge")
        add_score_options(parser)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score and report."""
        try:
            answer = _answer(options)
        except UNREADABLE as fault:
            code, sentence = told(fault)
            if options["as_json"]:
                error = {"error": {"code": code, "message": sentence}}
                self.stdout.write(json.dumps(error, ensure_ascii=False))
            self.stderr.write(f"score : {code} : {sentence}")
            sys.exit(USAGE)
        self.stdout.write(
            json.dumps(answer, ensure_ascii=False) if options["as_json"] else _text(answer)
        )
        if answer["verdict"] != "accept":
            sys.exit(REJECTED)


def _answer(options: dict[str, Any]) -> dict[str, Any]:
    files = options["files"]
    if options["challenge"]:
        if len(files) != 1:
            raise UsageFault("U_ONE_FILE")
        return _of_challenge(Path(options["challenge"]).resolve(), Path(files[0]).resolve())
    if len(files) != 2:
        raise UsageFault("U_FILES")
    return score_answer(options | {"truth": files[0], "file": files[1]}, child)


def _of_challenge(folder: Path, path: Path) -> dict[str, Any]:
    report = portable.read_challenge(folder)
    if report.spec is None:
        raise UsageFault("U_CHALLENGE", "; ".join(str(error) for error in report.errors))
    return offline.challenge_answer(report.spec.scoring_contract(folder), folder, path)


def _text(answer: dict[str, Any]) -> str:
    if answer["verdict"] != "accept":
        return "\n".join(str(error["message"]) for error in answer["errors"])
    return json.dumps(answer, ensure_ascii=False, indent=1)
