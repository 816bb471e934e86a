"""Score on Codabench with the portal's own engine: the program that an export carries."""

# Run there as `python3 score.py INPUT OUTPUT`, beside openemploi.pyz and contrat.json.
SCORE = '''\
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
