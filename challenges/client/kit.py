"""Build the starter kit of a challenge: contract, rules, example, guide, notebook, the engine."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from challenges.client import starting
from challenges.client.cli import CONTRACT_NAME, FORMAT_NAME, PROGRAM_NAME
from challenges.scoring.commands.guess import KIT_FORMAT, expected_keys
from challenges.scoring.contract import (
    VERSION,
    AnswerSpec,
    ScoringContract,
    canonical,
    engine_sha256,
    sources,
)
from challenges.scoring.packages import MAIN_FILE

NOTEBOOK_NAME, ANSWER = "depart.ipynb", "soumission.csv"
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
test = {test}
print(len(train), "lignes pour apprendre,", len(test), "à prédire")
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
answer = [{{{id!r}: row[{id!r}], {target!r}: {written}}} for row in test]
print("La référence répond partout", answer[0][{target!r}])
"""
LABEL = """\
known = Counter(row[{train!r}] for row in train if row[{train!r}])
constant, seen = known.most_common(1)[0]
answer = [{{{id!r}: row[{id!r}], {target!r}: constant}} for row in test]
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


def written_notebook(kit: "Kit") -> bytes | None:
    """Write the notebook; None for a challenge of code, or without an example of an answer."""
    sample = next((name for name, data in kit.carried.items() if data == kit.sample), None)
    if not kit.submission or kit.coding is not None or not (sample or "").endswith(".csv"):
        return None
    load, text, baseline = _baseline(kit, str(sample))
    cells = [
        _markdown_cell(f"# {kit.title}", kit.summary.strip(), _WELCOME, f"<{kit.address}>"),
        _code_cell(START),
        _markdown_cell("## Les données publiques"),
        _code_cell(load),
        _markdown_cell("## Une référence", text),
        _code_cell(baseline),
        _markdown_cell("## Le fichier à soumettre"),
        _code_cell(WRITE),
        _markdown_cell("## Le vérifier", _CHECKING),
        _code_cell(CHECK),
        _markdown_cell("## Le soumettre", _submitting(kit.slug)),
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
    "l’ordre, depuis le dossier de la trousse. Votre méthode prédit les lignes de `test`."
)
_CHECKING = (
    "Le programme est le code même du portail : ce qu’il accepte ici, le portail l’accepte. "
    "Vérifier n’utilise aucun essai."
)


def _submitting(slug: str) -> str:
    return (
        "Sur la page du challenge, ou dans un terminal (les commandes pour se connecter et créer "
        f"son équipe sont dans `{GUIDE_NAME}`) :\n\n"
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
    key, target = _id_column(kit), column["name"]
    tested = any(each.place == "test" and key in each.columns for each in kit.files)
    load = LOAD.format(sample=sample, test='table(public("test"))' if tested else "sample")
    if column["type"] not in {"float", "integer"} or column.get("domain"):
        text = f"Elle répond partout la valeur de `{known}` la plus fréquente pour apprendre."
        return load, text, LABEL.format(train=known, target=target, id=key)
    middle, word = ("mean", "moyenne") if _is_squared(kit.contract) else ("median", "médiane")
    text = f"Elle répond partout la {word} de `{known}`, que la mesure du challenge préfère."
    made = NUMBER.format(
        train=known,
        target=target,
        id=key,
        middle=middle,
        written=_bounded_value(column, "constant"),
    )
    return load, text, made


def _target(kit: "Kit") -> Mapping[str, Any] | None:
    """Return the one column to predict, where an answer is a value a row."""
    if kit.submission.get("layout") != "one_row_per_id":
        return None
    columns: Sequence[Mapping[str, Any]] = kit.submission["columns"]
    targets = [each for each in columns if each["role"] == "target"]
    return targets[0] if len(targets) == 1 and len(columns) == 2 else None


def _id_column(kit: "Kit") -> str:
    """Name the column by which the rows of an answer are known."""
    columns: Sequence[Mapping[str, Any]] = kit.submission["columns"]
    return str(next(each["name"] for each in columns if each["role"] == "id"))


def _is_squared(contract: Mapping[str, Any]) -> bool:
    """Say whether the metric that ranks punishes squares: the mean then answers best."""
    metrics: Sequence[Mapping[str, Any]] = contract["metrics"]
    primary = next((each for each in metrics if each.get("primary")), {})
    return str(primary.get("metric", "")) in {"mse", "rmse", "r2", "brier"}


def _bounded_value(column: Mapping[str, Any], value: str) -> str:
    """Write the expression of a value that stays in the bounds of its column."""
    if column.get("max") is not None:
        value = f"min({value}, {column['max']!r})"
    if column.get("min") is not None:
        value = f"max({value}, {column['min']!r})"
    return f"round({value})" if column["type"] == "integer" else value


def _markdown_cell(*parts: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": "\n\n".join(parts)}


def _code_cell(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.rstrip("\n"),
    }


GUIDE_NAME = "LISEZMOI.md"
TOLD = {
    FORMAT_NAME: "format attendu et identifiants, lisible par un programme",
    CONTRACT_NAME: "contrat de notation exact : mesures, paramètres, colonnes de la vérité",
    PROGRAM_NAME: "vérificateur et moteur de notation du portail, hors connexion",
    NOTEBOOK_NAME: "carnet de départ : données publiques, référence, fichier à soumettre, vérifié",
    "reglement.md": "règlement en vigueur",
    "fichiers.csv": "fichiers publics : lignes, octets, empreintes, adresses",
}
BASELINE_ANSWER = "submission.csv"


def written_guide(kit: "Kit", names: Sequence[str], digest: str) -> str:
    """Write the guide. names: the other files of the kit. digest: sha256 of the contract."""
    parts = [f"# {kit.title}", kit.summary.strip(), f"Page du challenge : {kit.address}"]
    if kit.submission:
        parts.append(_starting(kit))
    parts.append("## Contenu\n" + _bullets(_content(names)))
    if kit.coding is not None:
        parts.append(_coding(kit))
    if kit.submission:
        parts.append("## Format attendu\n" + _bullets(_format_lines(kit.submission)))
        parts.append(_checking())
        parts.append(_scoring(kit))
        parts.append(_same_code(digest))
    if kit.contract.get("metrics"):
        parts.append("## Mesures\n" + _bullets(_metrics(kit.contract)))
    parts.append(f"## Essais\n{kit.quotas}")
    if kit.files:
        parts.append("## Données à télécharger\n" + _bullets(_link(each) for each in kit.files))
    return "\n\n".join(parts) + "\n"


def _starting(kit: "Kit") -> str:
    """Write the whole way, from the data to a score, in the order of the commands."""
    program = f"    python {PROGRAM_NAME} "
    baseline = next((each for each in kit.files if each.place == "baseline_program"), None)
    lines = [program + "download"]
    if kit.coding is not None:
        answer = "code.zip"
    elif baseline is not None and baseline.name in kit.carried:
        answer = BASELINE_ANSWER
        lines += ["    " + " ".join(["python", baseline.name, *baseline.args])]
        lines += [f"{program}check {answer}"]
    else:
        answer = ANSWER
        lines += [f"{program}check {answer}"]
    server, _slash, _path = kit.address.partition("/challenges/")
    signed = [
        f"{program}login {server}",
        f"{program}rules {kit.slug} --accept",
        f'{program}team create {kit.slug} "Notre équipe"',
        f"{program}submit {kit.slug} {answer} --wait",
    ]
    return (
        "## Commencer\nDans ce dossier, sans compte : les données publiques arrivent, "
        "empreintes vérifiées, puis une première réponse est écrite, et vérifiée (avec NumPy).\n\n"
        + "\n".join(lines)
        + f"\n\nPour la soumettre, avec un jeton créé sur <{server}/compte/jetons/creer/> ; "
        "`team join LIEN` rejoint une équipe, par son lien ou son code :\n\n" + "\n".join(signed)
    )


def _coding(kit: "Kit") -> str:
    coding = kit.coding
    if coding is None:
        raise AssertionError("asked for a challenge of code only")
    return (
        "## Envoyer du code\n"
        "Ce challenge demande un programme : le portail le lance, sans réseau, sur des "
        f"données que personne ne voit. `{starting.SAMPLE}/` contient l’échantillon public, sous "
        f"les noms que les programmes lisent ; `{starting.PACKAGE}/` une archive de départ qui "
        f"tourne telle quelle. Limites : {coding.seconds} s, {coding.memory_mb} Mo.\n\n"
        f"    python {PROGRAM_NAME} check {starting.PACKAGE}\n"
        f"    python {starting.PACKAGE}/{MAIN_FILE} --in {starting.SAMPLE} "
        "--out predictions.csv\n"
        f"    python {PROGRAM_NAME} check predictions.csv\n\n"
        "Le premier lit comment l’archive se lance, le dernier vérifie le fichier produit comme le "
        "portail. Puis, une fois l’archive zippée et après `login` :\n\n"
        f"    cd {starting.PACKAGE} && zip -r ../code.zip . && cd ..\n"
        f"    python {PROGRAM_NAME} try {kit.slug} code.zip --wait\n"
        f"    python {PROGRAM_NAME} submit {kit.slug} code.zip --wait"
    )


def _checking() -> str:
    return (
        "## Vérifier avant de déposer\n"
        "Le programme est le code même du portail ; il vérifie et note sans réseau. Après "
        "`login`, il soumet et suit par l’API du portail.\n\n"
        f"    python {PROGRAM_NAME} check ma_soumission.csv\n\n"
        "Python 3.11 suffit aux commandes qui parlent au portail ; vérifier et noter demandent "
        "NumPy (`python -m pip install numpy`), et pyarrow pour un fichier Parquet. "
        "Une faute a un code, une ligne et une phrase ; `--json` donne les "
        "mêmes à un programme."
    )


def _scoring(kit: "Kit") -> str:
    return (
        "## Noter sur vos propres données\n"
        "Le contrat de la trousse s’applique à toute vérité que vous avez, en CSV, avec les "
        f"colonnes {_truth_columns(kit.contract)} : des lignes gardées des données "
        "d’apprentissage, par exemple.\n\n"
        f"    python {PROGRAM_NAME} score ma_verite.csv ma_reponse.csv\n\n"
        "Les valeurs sont celles que le portail calculerait. Les intervalles diffèrent un "
        "peu : le portail tire ses rééchantillonnages d’un secret."
    )


def _same_code(digest: str) -> str:
    return (
        "## Le même code, le même contrat\n"
        + _bullets(
            [
                f"moteur {VERSION}, sources `{engine_sha256()}` (`python {PROGRAM_NAME} version`)",
                f"contrat `{digest}` (empreinte SHA-256 de `{CONTRACT_NAME}`)",
            ]
        )
        + "\n\nLe récépissé de chaque score nomme les deux (`engine_sha256`, "
        "`contract_sha256`) : s’ils sont les mêmes, c’est bien ce code qui vous a noté. "
        "Vérifiez un récépissé hors connexion avec une clé publique du portail :\n\n"
        f"    python {PROGRAM_NAME} receipt verify recepisse.json --key cle.pem"
    )


def _truth_columns(contract: Mapping[str, Any]) -> str:
    truth = contract.get("truth") or {}
    roles = ("id", "query", "item", "target", "gain")
    names = [truth[role] for role in roles if truth.get(role)]
    return ", ".join(f"`{name}`" for name in names)


def _content(names: Sequence[str]) -> list[str]:
    found = [f"`{name}`" + (f" : {TOLD[name]}" if name in TOLD else "") for name in names]
    return found or ["Ce challenge n’a pas encore de fichier."]


def _format_lines(submission: Mapping[str, Any]) -> list[str]:
    found = [
        f"colonne `{column['name']}` ({column['role']}, {column['type']})"
        for column in submission["columns"]
    ]
    if submission.get("max_items_per_query"):
        found.append(f"{submission['max_items_per_query']} éléments au plus par demande")
    found.append("formats : " + ", ".join(submission.get("formats") or ()))
    found.append(f"{submission['max_bytes']} octets au plus")
    return found


def _metrics(contract: Mapping[str, Any]) -> list[str]:
    return [
        f"`{metric['key']}` : {metric['label']}"
        + (" (principale)" if metric.get("primary") else "")
        for metric in contract["metrics"]
    ]


def _link(each: "PublicFile") -> str:
    rows = f", {each.rows} lignes" if each.rows is not None else ""
    return f"{each.role} : <{each.address}> (`{each.name}`{rows}, sha256 `{each.sha256}`)"


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


# Archives with the same content have the same bytes.
FIXED_DATE = (2020, 1, 1, 0, 0, 0)
RULES_NAME, FILES_NAME = "reglement.md", "fichiers.csv"
ENGINE_PACKAGES = ("challenges.scoring", "challenges.client")
MAIN = """\
import sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 est demandé / Python 3.11 is required")
from challenges.client.cli import main
sys.exit(main())
"""


@dataclass(frozen=True)
class PublicFile:
    """Describe a public file of the challenge. size: bytes; place: its role, as stored."""

    name: str
    role: str
    address: str
    sha256: str
    size: int
    place: str = "extra"
    rows: int | None = None
    columns: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kit:
    """Hold what the kit of one challenge is made of.

    contract: the raw scoring contract, domains as lists; {} when there is none yet. rules:
    Markdown. sample: bytes of the sample submission, or None. carried: {file name: bytes} put
    as they are.
    """

    slug: str
    title: str
    summary: str
    address: str
    contract: Mapping[str, Any]
    quotas: str
    rules: str
    sample: bytes | None
    files: Sequence[PublicFile]
    carried: Mapping[str, bytes] = field(default_factory=dict)
    # Where teams send code: what programs read, and under which rules.
    coding: starting.Coding | None = None

    @property
    def submission(self) -> Mapping[str, Any]:
        """Return the answer that the challenge expects, {} when it has no contract yet."""
        return dict(self.contract.get("submission") or {})


def build_kit(kit: Kit) -> bytes:
    """Build kit.zip; the same challenge gives the same bytes."""
    files: dict[str, bytes] = {}
    digest = ""
    if kit.contract:
        contract = ScoringContract.from_json(kit.contract)
        digest = contract.digest
        files[FORMAT_NAME] = json.dumps(_format(kit), ensure_ascii=False, indent=1).encode()
        files[CONTRACT_NAME] = canonical(contract.to_json())
        files[PROGRAM_NAME] = kit_program()
    if kit.rules:
        files[RULES_NAME] = kit.rules.encode()
    if kit.files:
        files[FILES_NAME] = _table(kit.files)
    files |= dict(kit.carried)
    if kit.coding is not None:
        files |= starting.files(kit.coding)
    if (begun := written_notebook(kit)) is not None:
        files[NOTEBOOK_NAME] = begun
    guided = {GUIDE_NAME: written_guide(kit, sorted(files), digest).encode()}
    return _zip({f"{kit.slug}/{name}": data for name, data in (guided | files).items()})


def _format(kit: Kit) -> dict[str, Any]:
    document = {
        "format": KIT_FORMAT,
        "format_version": 1,
        "challenge": kit.slug,
        "submission": kit.submission,
    }
    text = (kit.sample or b"").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    ids, candidates = expected_keys(AnswerSpec.from_json(kit.submission), rows)
    return document | {"ids": ids} | ({} if candidates is None else {"candidates": candidates})


@cache
def kit_program() -> bytes:
    """Build openemploi.pyz: the portal's own engine and its command, as one program."""
    files = {"__main__.py": MAIN.encode(), "challenges/__init__.py": b""}
    for package in ENGINE_PACKAGES:
        path = package.replace(".", "/")
        files |= {name: file.read_bytes() for name, file in sources(resources.files(package), path)}
    return _zip(files)


def _table(files: Sequence[PublicFile]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["fichier", "role", "lignes", "octets", "sha256", "adresse"])
    for each in files:
        rows = "" if each.rows is None else each.rows
        writer.writerow([each.name, each.place, rows, each.size, each.sha256, each.address])
    return out.getvalue().encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, FIXED_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return out.getvalue()
