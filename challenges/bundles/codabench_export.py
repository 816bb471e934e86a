"""The words of Codabench, version 2, and the program that scores there by our engine.

Source: codalab/codabench c7dbc75, src/apps/competitions/unpackers/v2.py. Dates are texts between
quotes, UTC: Codabench truncates those that YAML reads by itself to midnight."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

TITLE = 36
UNDATED = "2100-01-01 00:00:00"  # Codabench requires a start; nothing opens by accident
RULES = {
    "best": "Force_Best",
    "last": "Force_Last",
    "chosen": "Add_And_Delete",
    "all": "Force_Latest_Multiple",
}
OPERATIONS = ("avg", "sum", "min", "max")


def written(at: datetime | None) -> str:
    """Write an instant as Codabench reads it: UTC, no offset."""
    return UNDATED if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def fact_sheet(questions: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Write the questions: their flags are texts there, « true » or « false »."""
    return {
        str(one["key"]): {
            "key": one["key"],
            "title": one.get("label") or one["key"],
            "type": one.get("type") if one.get("type") in {"checkbox", "select"} else "text",
            "selection": _selection(one),
            "is_required": str(bool(one.get("required"))).lower(),
            "is_on_leaderboard": str(bool(one.get("on_leaderboard"))).lower(),
        }
        for one in questions
    }


def _selection(question: Mapping[str, object]) -> object:
    match question.get("type"):
        case "select":
            return question.get("options") or []
        case "checkbox":
            return [True, False]
        case _:
            return ""


# Run there as `python3 score.py INPUT OUTPUT`, beside openemploi.pyz and contrat.json.
PORTAL_SCORE = '''\
"""Score one submission with the engine of Open Emploi; writes scores.json."""
import json, os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
given, output = sys.argv[1], sys.argv[2]
with open(os.path.join(here, "tache.json"), encoding="utf-8") as file:
    task = json.load(file)
truth = os.path.join(given, "ref", task["truth"])
sent = os.path.join(given, "res")
names = sorted(
    name for name in os.listdir(sent)
    if name.lower().endswith((".csv", ".parquet")) and not name.startswith(".")
)
if len(names) != 1:
    sys.exit("un seul fichier .csv ou .parquet est attendu / one .csv or .parquet is expected")
command = [sys.executable, os.path.join(here, "openemploi.pyz"), "score", truth]
command += [os.path.join(sent, names[0]), "--json"]
command += ["--contract", os.path.join(here, "contrat.json")]
done = subprocess.run(command, stdout=subprocess.PIPE)
answer = json.loads(done.stdout or b"{}")
if done.returncode != 0:
    for fault in answer.get("errors", []):
        sys.stderr.write("%s %s\\n" % (fault.get("code"), fault.get("message")))
    sys.exit("format refusé / format refused")
values = answer["values"].get("public") or answer["values"]["all"]
scores = {k: v for k, v in values.items() if isinstance(v, (int, float)) and k != "n"}
with open(os.path.join(output, "scores.json"), "w", encoding="utf-8") as file:
    json.dump(scores, file)
'''
METADATA = "command: python3 $program/score.py $input $output\n"
SCORE_NAME, METADATA_NAME, TASK_NAME = "score.py", "metadata.yaml", "tache.json"
# Python 3.11 and NumPy.
ENVIRONMENT = "codalab/codalab-legacy:py312"
