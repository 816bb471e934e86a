"""Score on Codabench what an EvalAI script scores: the small program that calls its evaluate().

One a phase, beside the organiser's own package: Codabench runs it as
`python3 score.py INPUT OUTPUT`, the annotations in INPUT/ref, the file of a team in INPUT/res.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

PACKAGE = "evaluation_script"
SCORE = '''\
"""Call the EvalAI evaluate() of this folder; writes scores.json. Written by Open Emploi."""
import importlib, json, os, sys, zipfile
here = os.path.dirname(os.path.abspath(__file__))
given, output = sys.argv[1], sys.argv[2]
with open(os.path.join(here, "phase"), encoding="utf-8") as file:
    phase = json.load(file)
sent = os.path.join(given, "res")
names = sorted(
    os.path.relpath(os.path.join(place, name), sent)
    for place, _folders, found in os.walk(sent)
    for name in found
    if not name.startswith(".") and name != "metadata"
)
if not names:
    sys.exit("aucun fichier reçu / no file received")
if len(names) == 1:
    submission = os.path.join(sent, names[0])
else:  # EvalAI gives an archive as it was sent
    submission = os.path.join(output, "submission.zip")
    with zipfile.ZipFile(submission, "w") as archive:
        for name in names:
            archive.write(os.path.join(sent, name), name)
annotation = os.path.join(given, "ref", phase["annotation"])
sys.path[0:1] = [here, os.path.join(here, "evaluation_script")]
module = importlib.import_module("evaluation_script")
if not hasattr(module, "evaluate"):
    module = importlib.import_module("evaluation_script.main")
found = module.evaluate(annotation, submission, phase["codename"], submission_metadata={})
if len(names) > 1:
    os.remove(submission)
splits = {}
for part in found["result"]:
    splits.update(part)
scores = {key: float(splits[split][label]) for split, label, key in phase["columns"]}
with open(os.path.join(output, "scores.json"), "w", encoding="utf-8") as file:
    json.dump(scores, file)
'''
METADATA = "command: python3 $program/score.py $input $output\n"
SCORE_NAME, METADATA_NAME, PHASE_NAME = "score.py", "metadata.yaml", "phase"
RESERVED = "reserve."  # before the key of a figure of the sealed part


@dataclass(frozen=True)
class Written:
    """One score that the program writes: its split and label in the script, its column there."""

    split: str
    label: str
    key: str


def phase(codename: str, annotation: str, columns: Sequence[Written]) -> str:
    """Write what the program needs of its phase."""
    rows = [[one.split, one.label, one.key] for one in columns]
    said = {"codename": codename, "annotation": annotation, "columns": rows}
    return json.dumps(said, ensure_ascii=False, indent=1)
