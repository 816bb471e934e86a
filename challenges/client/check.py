"""Check a prediction file on one's own machine, with the code of the portal, without network.

Runs from the starter kit: `python verifier.pyz mon_fichier.csv`. Needs Python 3.11 and NumPy;
pyarrow as well for Parquet files.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from challenges.scoring.answer import AnswerSpec
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import keys_of, load_keys
from challenges.scoring.verdict import Verdict

SPEC_NAME = "format.json"


def verdict_on(data: bytes, name: str, document: dict[str, Any]) -> Verdict:
    """Check the bytes of a file against the document of a starter kit.

    name: the file name, whose extension declares the format. document: {"submission", "ids"},
    and "candidates", those of each id, when each of them must have a score.
    """
    spec = AnswerSpec.from_json(document["submission"])
    keys = load_keys(keys_of(document["ids"], document.get("candidates")))
    verdict, _answer = read(data, name, spec, keys)
    return verdict


def lines(verdict: Verdict, name: str) -> list[str]:
    """Write a verdict in French, one line a fault."""
    shown = [f"Attention : {notice.message}" for notice in verdict.warnings]
    if verdict.accepted:
        return [*shown, f"{name} : format correct, {verdict.rows} lignes."]
    for fault in verdict.faults:
        where = f"ligne {fault.line} : " if fault.line else ""
        shown.append(f"{fault.code} : {where}{fault.message}")
    return [*shown, f"{name} : format refusé."]


def main(arguments: Sequence[str] | None = None, *, folder: Path | None = None) -> int:
    """Check one file and print the verdict; 0 when accepted, 1 when refused, 2 when unusable.

    folder: where format.json is; by default beside the program.
    """
    parser = argparse.ArgumentParser(
        prog="verifier.pyz", description="Vérifie le format d’une soumission, sans connexion."
    )
    parser.add_argument("file", metavar="FICHIER", type=Path, help="fichier de prédictions")
    parser.add_argument("--json", action="store_true", help="verdict en JSON, sur une ligne")
    options = parser.parse_args(arguments)
    place = folder or Path(sys.argv[0]).resolve().parent
    try:
        document = json.loads((place / SPEC_NAME).read_text("utf-8"))
        data = options.file.read_bytes()
    except OSError as error:
        sys.stderr.write(f"Fichier illisible : {error.filename}\n")
        return 2
    verdict = verdict_on(data, options.file.name, document)
    text = (
        json.dumps(verdict.to_json(), ensure_ascii=False)
        if options.json
        else "\n".join(lines(verdict, options.file.name))
    )
    sys.stdout.write(text + "\n")
    return 0 if verdict.accepted else 1
