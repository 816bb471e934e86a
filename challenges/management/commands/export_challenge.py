"""Export a challenge as one zip, with its reference on request."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from challenges.exchange.actions import exports
from challenges.management.speaking import SpeakingCommand, person
from challenges.management.speaking import challenge as named


class Command(SpeakingCommand):
    """Write the zip; exit 1 on a refusal."""

    help = "Exporte un challenge : notre forme et celle de Codabench, dans un zip."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_challenge(parser)
        parser.add_argument("path", type=Path, help="zip à écrire")
        parser.add_argument("--by", required=True, help="organisateur du challenge")
        parser.add_argument(
            "--with-reference",
            type=Path,
            metavar="DOSSIER",
            help="copie en clair de l’organisateur, comparée à ce qui a été scellé",
        )

    def empty(self, **options: Any) -> dict[str, Any]:
        return {"slug": options["slug"], "file": None, "size": 0}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Export into a new file, readable by its owner only."""
        challenge, by = named(options["slug"]), person(options["by"])
        made = exports.export(challenge=challenge, by=by, reference=options["with_reference"])
        return {
            "slug": challenge.slug,
            "file": str(options["path"]),
            "size": _written(options["path"], made),
            **({"lost_in_codabench": made.lost} if made.lost else {}),
        }, True

    def tell(self, answer: dict[str, Any]) -> None:
        if "error" not in answer:
            self.stdout.write(f"{answer['slug']} : {answer['file']}, {answer['size']} octets")
            for said in answer.get("lost_in_codabench", ()):
                self.stdout.write(said)


def _written(path: Path, made: exports.Export) -> int:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise CommandError(
            f"Impossible d’écrire {path} : {error.strerror}", returncode=2
        ) from error
    with os.fdopen(descriptor, "wb") as target:
        return sum(target.write(piece) for piece in made.stream())
