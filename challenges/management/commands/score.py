"""Score a prediction file against a truth, without touching the database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from challenges.bundles import portable
from challenges.scoring import guess, offline
from challenges.scoring.answer import ContractFault
from challenges.scoring.truth import TruthFault

COLUMNS = {
    "id": "identifiant, requête ou document",
    "target": "réponse dans la vérité : étiquette, nombre, gain",
    "prediction": "réponse dans le fichier : étiquette, nombre, rang, score",
    "item": "élément d’une liste",
    "split": "parts de la vérité, publique et privée",
    "cluster": "unité de rééchantillonnage",
    "weight": "poids des lignes de la vérité",
}
REJECTED = 1
USAGE = 2


class UsageFault(ValueError):
    """Say, in French, what the command line lacks."""


class Command(BaseCommand):
    """Print one JSON object on the last line; exit 0 accepted, 1 refused, 2 badly called."""

    help = "Note un fichier de prédictions contre une vérité, sans rien enregistrer."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the three forms: --challenge DIR FILE, --spec SPEC.json:TASK, --metric NAME."""
        parser.add_argument("files", nargs="+", help="TRUTH PREDICTIONS, ou FILE avec --challenge")
        parser.add_argument("--challenge", metavar="DIR", help="dossier d’un challenge")
        parser.add_argument("--spec", metavar="SPEC.json:TASK")
        parser.add_argument("--metric", metavar="NAME", help="par exemple accuracy ou auc")
        for name in COLUMNS:
            parser.add_argument(f"--{name}", metavar="COL", help=COLUMNS[name])
        parser.add_argument(
            "--group", metavar="COL", nargs="+", action="extend", default=[],
            help="colonnes de la vérité dont chaque groupe a son chiffre",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score and report."""
        try:
            answer = _answer(options)
        except (UsageFault, ContractFault, TruthFault, OSError, KeyError, ValueError) as fault:
            self.stderr.write(f"score : {fault}")
            sys.exit(USAGE)
        self.stdout.write(
            json.dumps(answer, ensure_ascii=False) if options["as_json"] else _text(answer)
        )
        if answer["verdict"] != "accept":
            sys.exit(REJECTED)


def _answer(options: dict[str, Any]) -> dict[str, Any]:
    files = [Path(name).resolve() for name in options["files"]]
    if options["challenge"]:
        if len(files) != 1:
            raise UsageFault("un seul fichier est attendu avec --challenge")
        return _of_challenge(Path(options["challenge"]).resolve(), files[0])
    if len(files) != 2:
        raise UsageFault("deux fichiers sont attendus : la vérité et les prédictions")
    if options["spec"]:
        spec, _, task = options["spec"].rpartition(":")
        return offline.score_spec(files[0], files[1], Path(spec).resolve(), task)
    if options["metric"]:
        columns = {name: options[name] for name in COLUMNS}
        asked = guess.Asked(**columns, groups=tuple(dict.fromkeys(options["group"])))
        return offline.score_metric(files[0], files[1], options["metric"], asked)
    raise UsageFault("--challenge, --spec ou --metric est attendu")


def _of_challenge(folder: Path, path: Path) -> dict[str, Any]:
    report = portable.read(folder)
    if report.spec is None:
        raise UsageFault("; ".join(str(error) for error in report.errors))
    return offline.challenge_answer(report.spec.scoring_contract(folder), folder, path)


def _text(answer: dict[str, Any]) -> str:
    if answer["verdict"] != "accept":
        return "\n".join(str(error["message"]) for error in answer["errors"])
    return json.dumps(answer, ensure_ascii=False, indent=1)
