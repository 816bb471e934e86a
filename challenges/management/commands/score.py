"""Score a prediction file against a truth, without touching the database."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from challenges.bundles import portable
from challenges.client.cli import add_score_options, score_answer
from challenges.management.offline import OfflineCommand
from challenges.scoring import child
from challenges.scoring.commands import offline
from challenges.scoring.contract import UsageFault


class Command(OfflineCommand):
    """Print the scores, or each fault."""

    help = "Note un fichier de prédictions contre une vérité, sans rien enregistrer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", help="TRUTH PREDICTIONS, ou FILE avec --challenge")
        parser.add_argument("--challenge", metavar="DIR", help="dossier d’un challenge")
        add_score_options(parser)

    def judge(self, options: dict[str, Any]) -> dict[str, Any]:
        """Score the file by the challenge of a folder, or against a truth."""
        files = options["files"]
        if options["challenge"]:
            if len(files) != 1:
                raise UsageFault("U_ONE_FILE")
            return _of_challenge(Path(options["challenge"]).resolve(), Path(files[0]).resolve())
        if len(files) != 2:
            raise UsageFault("U_FILES")
        return score_answer(options | {"truth": files[0], "file": files[1]}, child.read)

    def praise(self, answer: dict[str, Any]) -> str:
        return json.dumps(answer, ensure_ascii=False, indent=1)


def _of_challenge(folder: Path, path: Path) -> dict[str, Any]:
    report = portable.read_challenge(folder)
    if report.spec is None:
        raise UsageFault("U_CHALLENGE", "; ".join(str(error) for error in report.errors))
    return offline.challenge_answer(report.spec.scoring_contract(folder), folder, path)
