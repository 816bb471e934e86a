"""Small valid challenge folders, to be broken by the tests."""

from __future__ import annotations

import copy
from pathlib import Path

import yaml

from challenges.bundles import portable, spec
from challenges.bundles.foreign.reading import ForeignReport

IDS = [f"A{number}" for number in range(1, 7)]
TRUTH = "id,niveau,jeu,zone,groupe\n" + "".join(
    f"{one},{at % 3 + 1},{'public' if at < 2 else 'private'},"
    f"{'nord' if at % 2 else 'sud'},g{at // 2}\n"
    for at, one in enumerate(IDS)
)
FILES = {
    "README.md": "# Niveau\n\nDonnées synthétiques.\n",
    "train.csv": "id,x,niveau\nE1,0.5,1\nE2,1.5,2\nE3,2.5,3\n",
    "test.csv": "id,x\n" + "".join(f"{one},{at}\n" for at, one in enumerate(IDS)),
    "sample.csv": "id,niveau\n" + "".join(f"{one},1\n" for one in IDS),
    "truth.csv": TRUTH,
    "baseline.csv": "id,niveau\n" + "".join(f"{one},2\n" for one in IDS),
    "scores.json": '{"reference": {"public": {"n": 2, "exactitude": 0.5}}}',
}
DOCUMENT: dict[str, object] = yaml.safe_load("""
format: open-emploi/challenge
format_version: 1
slug: niveau-exemple
language: fr
title: Estimer un niveau
summary: Un exemple.
use_cases: [UC3]
tags: [exemple]
task: ordinal
page: README.md
prizes: false
caveats:
  - {key: synthetic, text: Données synthétiques.}
files:
  public:
    - {path: train.csv, role: train, rows: 3}
    - {path: test.csv, role: test, rows: 6}
    - {path: sample.csv, role: sample_submission, rows: 6}
  held_out:
    - {path: truth.csv, role: truth, rows: 6}
  organiser:
    - {path: baseline.csv, role: baseline_submission}
    - {path: scores.json, role: expected_scores}
submission:
  layout: one_row_per_id
  formats: [csv]
  max_bytes: 100000
  columns:
    - {name: id, role: id, type: string}
    - name: niveau
      role: target
      type: integer
      min: 1
      max: 3
      domain: {file: train.csv, column: niveau}
truth:
  file: truth.csv
  id: id
  target: niveau
  split: {column: jeu, public: public, private: private}
  cluster: groupe
metrics:
  - key: exactitude
    metric: accuracy
    label: Exactitude
    primary: true
    direction: max
    decimals: 4
  - {key: mae, metric: mae, label: Erreur, direction: min, decimals: 2}
fairness:
  min_rows: 11
  attributes:
    - key: zone
      source: truth
      column: zone
      label: Zone
      groups: {nord: Nord, sud: Sud}
  metrics:
    - key: mae_par_zone
      metric: mae
      by: zone
      aggregate: table
      label: Erreur par zone
      direction: min
      decimals: 2
quotas: {timezone: Europe/Paris, per_day: 5, total: 100, final_selections: 2}
schedule: {opens: null, closes: null}
expected: {file: scores.json, baseline: reference}
licence:
  data: {name: Licence Ouverte, spdx: etalab-2.0, holder: Région, status: verified}
""")


# The same challenge where teams send code: the test is held out, a sample of 100 rows is public.
SAMPLE_IDS = [f"S{number}" for number in range(1, 101)]
CODE_FILES = FILES | {
    "inputs.csv": FILES["test.csv"],
    "sample_inputs.csv": "id,x\n" + "".join(f"{one},0.5\n" for one in SAMPLE_IDS),
    "sample.csv": "id,niveau\n" + "".join(f"{one},1\n" for one in SAMPLE_IDS),
}
CODE_RULES = {
    "time_limit_s": 120,
    "memory_mb": 512,
    "logs": "organiser",
    "max_bytes": 50_000_000,
}


def code_document() -> dict[str, object]:
    """Copy the valid document of a challenge of code."""
    found = document() | {"code": dict(CODE_RULES)}
    del found["expected"]
    files = found["files"]
    assert isinstance(files, dict)
    files["public"] = [
        {"path": "train.csv", "role": "train", "rows": 3},
        {"path": "sample_inputs.csv", "role": "sample_inputs", "rows": 100},
        {"path": "sample.csv", "role": "sample_submission"},
    ]
    files["organiser"] = []
    files["held_out"].append({"path": "inputs.csv", "role": "hidden_inputs", "rows": 6})
    return found


def write_code(folder: Path, found: object | None = None, **files: str) -> Path:
    """Write the valid folder of code, its document or some files replaced."""
    write(folder, code_document() if found is None else found, **files)
    (folder / "test.csv").unlink()
    for name in ("inputs.csv", "sample_inputs.csv", "sample.csv"):
        text = files.get(name.replace(".", "_"), CODE_FILES[name])
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def document() -> dict[str, object]:
    """Copy the valid document."""
    return copy.deepcopy(DOCUMENT)


def write(folder: Path, found: object | None = None, **files: str) -> Path:
    """Write the valid folder, its document or some files replaced (`train_csv` for train.csv)."""
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(files.get(name.replace(".", "_"), text), encoding="utf-8")
    text = yaml.safe_dump(DOCUMENT if found is None else found, allow_unicode=True, sort_keys=False)
    (folder / "challenge.yaml").write_text(text, encoding="utf-8")
    return folder


def change(found: object, path: str, value: object) -> object:
    """Set a dotted path in a copy of a document; "+" appends, Ellipsis deletes."""
    changed = copy.deepcopy(found)
    at: object = changed
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        at = at[part]  # type: ignore[index] # the tests name places that exist
    if value is ...:
        del at[last]  # type: ignore[attr-defined] # the tests name places that exist
    elif last == "+":
        at.append(value)  # type: ignore[attr-defined] # the tests name places that exist
    else:
        at[last] = value  # type: ignore[index] # the tests name places that exist
    return changed


def codes_of(report: spec.Report | ForeignReport) -> list[str]:
    """List the causes of refusal, in the order of the checks."""
    return [problem.code for problem in report.errors]


def read(place: Path, *changes: tuple[str, object], **files: str) -> portable.Report:
    """Write the valid folder with changes of its document, and read it."""
    found: object = document()
    for path, value in changes:
        found = change(found, path, value)
    return portable.read_challenge(write(place, found, **files))
