"""A Codabench bundle of one phase without announced end, that a browser imports."""

import random
import zipfile
from pathlib import Path

from tests.archives import zipped

ROWS = 150
SERVICES = ("formation", "emploi", "mobilite")
COMPETITION = """\
version: 2
title: Orienter les demandes des usagers
description: Envoyer une question courte au bon service.
image: logo.png
terms: pages/reglement.md
registration_auto_approve: true
docker_image: codalab/codalab-legacy:py37
pages:
  - {title: Présentation, file: pages/presentation.md}
tasks:
  - {index: 0, name: Demandes, description: Les demandes,
     scoring_program: programme, reference_data: reference}
fact_sheet:
  methode:
    key: methode
    type: text
    title: "Quelle méthode ?"
    is_required: "true"
    is_on_leaderboard: "false"
    selection: ""
phases:
  - index: 0
    name: Phase unique
    description: Le classement
    start: "2026-01-11 08:00:00"
    max_submissions_per_day: 5
    max_submissions: 30
    execution_time_limit: 60
    tasks: [0]
    public_data: publiques
leaderboards:
  - title: Classement
    key: principal
    submission_rule: Force_Best
    hidden: false
    columns:
      - {title: Exactitude, key: exactitude, index: 0, sorting: desc, precision: 4}
"""
PROGRAM = """\
import csv, json, os, sys

def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["id"]: row["service"] for row in csv.DictReader(file)}

truth = read(os.path.join(sys.argv[1], "ref", "verite.csv"))
answer = read(os.path.join(sys.argv[1], "res", "predictions.csv"))
if set(answer) != set(truth):
    sys.exit("identifiants")
right = sum(truth[one] == answer[one] for one in truth)
with open(os.path.join(sys.argv[2], "scores.json"), "w", encoding="utf-8") as file:
    json.dump({"exactitude": right / len(truth)}, file)
"""
# One pixel.
LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def answers(skill: float, seed: int) -> str:
    """Write a file that is right on about this share of the rows; 1.0 is the truth."""
    held, draw = random.Random(7), random.Random(seed)  # noqa: S311  # test data
    lines = ["id,service"]
    for row in range(ROWS):
        right = held.choice(SERVICES)
        wrong = SERVICES[(SERVICES.index(right) + 1) % 3]
        lines.append(f"D{row:03},{right if draw.random() < skill else wrong}")
    return "\n".join([*lines, ""])


def archive(content: str) -> bytes:
    """Zip one prediction file, as Codabench takes it."""
    return zipped({"predictions.csv": content})


def write(path: Path) -> Path:
    """Write the bundle and return its path."""
    files = {
        "competition.yaml": COMPETITION,
        "pages/reglement.md": "# Règlement\n\nUne équipe par personne.\n",
        "pages/presentation.md": "# Le défi\n\nUne question, un service.\n",
        "programme/metadata.yaml": "command: python3 $program/noter.py $input $output\n",
        "programme/noter.py": PROGRAM,
        "reference/verite.csv": answers(1.0, 0),
        "publiques/entrainement.csv": "id,texte,service\nE1,Un stage,formation\n",
    }
    with zipfile.ZipFile(path, "w") as found:
        for name, text in files.items():
            found.writestr(name, text)
        found.writestr("logo.png", LOGO)
    return path
