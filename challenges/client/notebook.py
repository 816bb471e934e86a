"""Write the notebook of a starter kit: public data, a baseline, its check, a file to submit.

nbformat 4.5, by hand: no library is needed to write it, nor any but Python's own to run it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from challenges.client.cli import PROGRAM_NAME

if TYPE_CHECKING:
    from challenges.client.kit import Kit

NAME, ANSWER = "depart.ipynb", "soumission.csv"
START = '''\
import csv
import hashlib
import statistics
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path

TROUSSE = Path.cwd()  # le dossier de ce carnet


def public(role):
    """Donne le fichier public de ce rôle, téléchargé ici s’il n’y est pas, empreinte vérifiée."""
    with open(TROUSSE / "fichiers.csv", encoding="utf-8", newline="") as file:
        row = next(each for each in csv.DictReader(file) if each["role"] == role)
    place = TROUSSE / row["fichier"]
    if not place.exists():
        with urllib.request.urlopen(row["adresse"]) as answer:
            place.write_bytes(answer.read())
    if hashlib.sha256(place.read_bytes()).hexdigest() != row["sha256"]:
        raise ValueError(f"{place.name} n’est pas le fichier publié : effacez-le et recommencez.")
    return place


def table(place):
    """Lit un CSV : la liste de ses lignes, chacune par nom de colonne."""
    with open(place, encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        return list(csv.DictReader(file, delimiter=";" if ";" in first else ","))
'''
LOAD = """\
train = table(public("train"))
sample = table(TROUSSE / {sample!r})
print(len(train), "lignes pour apprendre,", len(sample), "à prédire")
train[0]
"""
LOAD_SAMPLE = """\
sample = table(TROUSSE / {sample!r})
print(len(sample), "lignes dans l’exemple de réponse")
sample[0]
"""
NUMBER = """\
known = [float(row[{train!r}].replace(",", ".")) for row in train if row[{train!r}]]
constant = statistics.{middle}(known)
answer = [{{**row, {target!r}: {written}}} for row in sample]
print("La référence répond partout", answer[0][{target!r}])
"""
LABEL = """\
known = Counter(row[{train!r}] for row in train if row[{train!r}])
constant, seen = known.most_common(1)[0]
answer = [{{**row, {target!r}: constant}} for row in sample]
print("La référence répond partout", constant, ": vu", seen, "fois sur", known.total())
"""
AS_SAMPLE = """\
answer = [dict(row) for row in sample]
print("La référence est l’exemple de réponse, tel quel")
"""
WRITE = f"""\
with open(TROUSSE / "{ANSWER}", "w", encoding="utf-8", newline="") as file:
    writer = csv.DictWriter(file, fieldnames=list(sample[0]))
    writer.writeheader()
    writer.writerows(answer)
"""
CHECK = f"""\
done = subprocess.run(
    [sys.executable, str(TROUSSE / "{PROGRAM_NAME}"), "check", "{ANSWER}"],
    capture_output=True, text=True, cwd=TROUSSE,
)
print(done.stdout or done.stderr)
if done.returncode:
    raise ValueError("Ce fichier serait refusé : la faute est écrite au-dessus.")
"""


def written(kit: "Kit") -> bytes | None:
    """Write the notebook; None for a challenge of code, or without an example of an answer."""
    sample = next((name for name, data in kit.carried.items() if data == kit.sample), None)
    if not kit.submission or kit.coding is not None or not (sample or "").endswith(".csv"):
        return None
    load, text, baseline = _baseline(kit, str(sample))
    cells = [
        _text(f"# {kit.title}", kit.summary.strip(), _WELCOME, f"<{kit.address}>"),
        _code(START),
        _text("## Les données publiques"),
        _code(load),
        _text("## Une référence", text),
        _code(baseline),
        _text("## Le fichier à soumettre"),
        _code(WRITE),
        _text("## Le vérifier", _CHECKING),
        _code(CHECK),
        _text("## Le soumettre", _submitting(kit.slug)),
    ]
    document = {
        "cells": [{"id": f"cell-{number}", **each} for number, each in enumerate(cells, 1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


_WELCOME = (
    "Ce carnet va des données publiques à un fichier prêt à soumettre. Il ne demande que Python "
    "3.11, et NumPy pour la vérification (`python -m pip install numpy`). Lancez ses cellules dans "
    "l’ordre, depuis le dossier de la trousse."
)
_CHECKING = (
    "Le programme est le code même du portail : ce qu’il accepte ici, le portail l’accepte. "
    "Vérifier n’utilise aucun essai."
)


def _submitting(slug: str) -> str:
    return (
        "Sur la page du challenge, ou dans un terminal, après `login` :\n\n"
        f"    python {PROGRAM_NAME} submit {slug} {ANSWER} --wait\n\n"
        "Remplacez ensuite la référence par votre méthode : seule la cellule « référence » change."
    )


def _baseline(kit: "Kit", sample: str) -> tuple[str, str, str]:
    """Return how the data are read, what the baseline is in words, how it is made."""
    column = _target(kit)
    train = next((each for each in kit.files if each.place == "train"), None)
    asked = (kit.contract.get("truth") or {}).get("target")
    known = next((each for each in (asked, (column or {}).get("name")) if each), "")
    if column is None or train is None or known not in train.columns:
        text = (
            "La plus simple des réponses est l’exemple donné par l’organisation. Remplacez "
            "`answer` par ce que votre méthode prédit, dans les mêmes colonnes."
        )
        return LOAD_SAMPLE.format(sample=sample), text, AS_SAMPLE
    load, target = LOAD.format(sample=sample), column["name"]
    if column["type"] not in {"float", "integer"} or column.get("domain"):
        text = f"Elle répond partout la valeur de `{known}` la plus fréquente pour apprendre."
        return load, text, LABEL.format(train=known, target=target)
    middle, word = ("mean", "moyenne") if _is_squared(kit.contract) else ("median", "médiane")
    text = f"Elle répond partout la {word} de `{known}`, que la mesure du challenge préfère."
    made = NUMBER.format(
        train=known, target=target, middle=middle, written=_number(column, "constant")
    )
    return load, text, made


def _target(kit: "Kit") -> Mapping[str, Any] | None:
    """Return the one column to predict, where an answer is a value a row."""
    if kit.submission.get("layout") != "one_row_per_id":
        return None
    columns: Sequence[Mapping[str, Any]] = kit.submission["columns"]
    targets = [each for each in columns if each["role"] == "target"]
    return targets[0] if len(targets) == 1 and len(columns) == 2 else None


def _is_squared(contract: Mapping[str, Any]) -> bool:
    """Say whether the metric that ranks punishes squares: the mean then answers best."""
    metrics: Sequence[Mapping[str, Any]] = contract["metrics"]
    primary = next((each for each in metrics if each.get("primary")), {})
    return str(primary.get("metric", "")) in {"mse", "rmse", "r2", "brier"}


def _number(column: Mapping[str, Any], value: str) -> str:
    """Write the expression of a value that stays in the bounds of its column."""
    if column.get("max") is not None:
        value = f"min({value}, {column['max']!r})"
    if column.get("min") is not None:
        value = f"max({value}, {column['min']!r})"
    return f"round({value})" if column["type"] == "integer" else value


def _text(*parts: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": "\n\n".join(parts)}


def _code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.rstrip("\n"),
    }
