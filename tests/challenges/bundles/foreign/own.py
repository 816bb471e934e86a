"""Small bundles of Codabench, CodaLab and EvalAI, to be broken by the tests."""

from __future__ import annotations

from pathlib import Path

import yaml

from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import reading
from challenges.bundles.foreign.evalai import Evaluator
from challenges.scoring.archives import ArchiveRefused
from tests.challenges.bundles.folders import change

Document = dict[str, object]
FILES = {
    "reglement.md": "# Règlement\n",
    "page.md": "# Page\n",
    "logo.png": "png",
    "notation/metadata.yaml": "command: python3 $program/n.py\n",
    "notation/n.py": "print(1)\n",
    "reference/verite.csv": "id,y\n" + "".join(f"{one},{one % 2}\n" for one in range(40)),
    "publiques/train.csv": "id,y\n" + "".join(f"{one},0\n" for one in range(100, 140)),
}
CODABENCH: Document = yaml.safe_load("""
version: 2
title: Un défi
image: logo.png
terms: reglement.md
pages:
  - {title: Page, file: page.md}
tasks:
  - {index: 0, name: Tâche, scoring_program: notation, reference_data: reference}
phases:
  - index: 0
    name: Essai
    start: "2027-01-01 00:00:00"
    end: "2027-02-01 00:00:00"
    tasks: [0]
  - {index: 1, name: Finale, start: "2027-02-01 00:00:01", tasks: [0]}
leaderboards:
  - title: Classement
    key: principal
    columns:
      - {title: A, key: a, index: 0}
      - {title: B, key: b, index: 1}
      - {title: Moyenne, key: m, index: 2, computation: avg, computation_indexes: [0, 1]}
""")
CODALAB: Document = yaml.safe_load("""
title: Un défi
image: logo.png
html: {terms: reglement.md, overview: page.md}
end_date: "2027-03-01"
phases:
  1: &phase
    phasenumber: 1
    label: Essai
    start_date: "2027-01-01"
    max_submissions_per_day: 5
    scoring_program: notation
    reference_data: reference
  2:
    <<: *phase
    phasenumber: 2
    label: Finale
    start_date: "2027-02-01"
leaderboard:
  leaderboards:
    R: {label: Résultats, rank: 1}
  columns:
    a: {leaderboard: {label: résultats}, label: A, rank: 1}
    b: {leaderboard: {label: Résultats}, label: B, rank: 2}
""")
EVALAI: Document = yaml.safe_load("""
title: Un défi
image: logo.png
terms_and_conditions: reglement.md
evaluation_script: notation
leaderboard:
  - {id: 1, schema: {labels: [F1], default_order_by: F1}}
challenge_phases:
  - id: 1
    name: Essai
    codename: essai
    start_date: "2027-01-01 00:00:00"
    test_annotation_file: reference/verite.csv
dataset_splits:
  - {id: 1, codename: publique}
challenge_phase_splits:
  - {challenge_phase_id: 1, leaderboard_id: 1, dataset_split_id: 1, visibility: 3}
""")
FORMS = {"codabench": CODABENCH, "codalab": CODALAB, "evalai": EVALAI}


def bundle(folder: Path, form: str, changes: dict[str, object] | None = None) -> Path:
    """Write a sound bundle with changes: {"phases.0.end": value}, None to remove a key."""
    document: object = FORMS[form]
    for place, value in (changes or {}).items():
        document = change(document, place, ... if value is None else value)
    for name, text in FILES.items():
        place_ = folder / name
        place_.parent.mkdir(parents=True, exist_ok=True)
        place_.write_text(text, encoding="utf-8")
    name = "challenge_config.yaml" if form == "evalai" else "competition.yaml"
    written = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / name).write_text(written, encoding="utf-8")
    return folder


def read_bundle(path: Path, *, evaluate: Evaluator | None = None) -> reading.ForeignReport:
    """Read a zip or a folder of another platform; evaluate: runs an EvalAI script."""
    try:
        with foreign_bundle.opened(path) as root:
            return reading.read_folder(root, evaluator=lambda: evaluate)
    except ArchiveRefused as refusal:
        return reading.refused_archive(refusal)
