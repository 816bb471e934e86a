"""Load the titles of the ROME from a table of its publisher."""

import csv
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalogue.search import synonyms
from portal.audit.actors import SystemActor

CODE = re.compile(r"[A-N]\d{4}")
MOST_BYTES = 20_000_000


class Command(BaseCommand):
    """Read a CSV table whose header names a column of codes and one of titles."""

    help = "Charge les intitulés du ROME : un fichier CSV, colonnes code_rome et libelle_rome."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--code", default="code_rome", help="colonne des codes")
        parser.add_argument("--title", default="libelle_rome", help="colonne des intitulés")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read every line or refuse the file; nothing is half loaded."""
        path: Path = options["file"]
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CommandError(f"{path} dépasse 20 Mo : ce n’est pas la table des intitulés.")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{path} ne se lit pas en UTF-8 ({type(error).__name__})."
            ) from error
        titles = _read(text, options["code"], options["title"])
        count = synonyms.load_rome(titles=titles, by=SystemActor("command"))
        self.stdout.write(f"{count} intitulé(s) du ROME chargé(s)")


def _read(text: str, code: str, title: str) -> dict[str, str]:
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",")
    if not {code, title} <= set(rows.fieldnames or ()):
        raise CommandError(f"L’en-tête ne nomme pas {code} et {title} : voyez --code et --title.")
    found: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        named, said = (row[code] or "").strip().upper(), " ".join((row[title] or "").split())
        if not CODE.fullmatch(named) or not said:
            raise CommandError(f"Ligne {number} : « {named[:20]} » n’est pas un code du ROME.")
        found.setdefault(named, said)
    if not found:
        raise CommandError("Le fichier n’a aucune ligne.")
    return found
