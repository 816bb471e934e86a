"""Write the guide of a starter kit: what is in it, the format, the commands to run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from challenges.client import notebook, starting
from challenges.client.cli import CONTRACT_NAME, FORMAT_NAME, PROGRAM_NAME
from challenges.scoring.contract import VERSION, engine_sha256

if TYPE_CHECKING:
    from challenges.client.kit import Kit, PublicFile

NAME = "LISEZMOI.md"
TOLD = {
    FORMAT_NAME: "format attendu et identifiants, lisible par un programme",
    CONTRACT_NAME: "contrat de notation exact : mesures, paramètres, colonnes de la vérité",
    PROGRAM_NAME: "vérificateur et moteur de notation du portail, hors connexion",
    notebook.NAME: "carnet de départ : données publiques, référence, fichier à soumettre, vérifié",
    "reglement.md": "règlement en vigueur",
    "fichiers.csv": "fichiers publics : lignes, octets, empreintes, adresses",
}
CUT_LAYOUTS = ("one_row_per_id", "numbers_per_id")
ANSWER_NAME, TRUTH_NAME, FOLDER = "submission.csv", "verite.csv", "essai"


def written(kit: "Kit", names: Sequence[str], digest: str) -> str:
    """Write the guide. names: the other files of the kit. digest: sha256 of the contract."""
    parts = [f"# {kit.title}", kit.summary.strip(), f"Page du challenge : {kit.address}"]
    parts.append("## Contenu\n" + _bullets(_content(names)))
    if kit.coding is not None:
        parts.append(_coding(kit))
    if kit.submission:
        parts.append("## Format attendu\n" + _bullets(_format(kit.submission)))
        parts.append(_checking())
        parts.append(_scoring(kit))
        parts.append(_same_code(digest))
    if kit.contract.get("metrics"):
        parts.append("## Mesures\n" + _bullets(_metrics(kit.contract)))
    parts.append(f"## Essais\n{kit.quotas}")
    if kit.files:
        parts.append("## Données à télécharger\n" + _bullets(_link(each) for each in kit.files))
    return "\n\n".join(parts) + "\n"


def _coding(kit: "Kit") -> str:
    coding = kit.coding
    if coding is None:
        raise AssertionError("asked for a challenge of code only")
    return (
        "## Envoyer du code\n"
        "Ce challenge demande un programme : le portail le lance, sans réseau, sur des "
        f"données que personne ne voit. `{starting.SAMPLE}/` contient l’échantillon public, sous "
        f"les noms que les programmes lisent ; `{starting.PACKAGE}/` une archive de départ qui "
        f"tourne telle quelle ; `{starting.RULES_NAME}` les limites ({coding.seconds} s, "
        f"{coding.memory_mb} Mo).\n\n"
        f"    python {PROGRAM_NAME} check {starting.PACKAGE}\n"
        f"    python {PROGRAM_NAME} run {starting.PACKAGE}\n\n"
        "`check` lit comment l’archive se lance ; `run` la lance ici, **sans isolement** : avec "
        "vos droits, votre réseau et votre Python, qui n’est pas celui du portail. Le fichier "
        "`predictions.csv` est ensuite vérifié comme par le portail. Puis, une fois l’archive "
        "zippée et après `login` :\n\n"
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
        "Il demande Python 3.11 et NumPy (`python -m pip install numpy`), et pyarrow pour un "
        "fichier Parquet. Une faute a un code, une ligne et une phrase ; `--json` donne les "
        "mêmes à un programme."
    )


def _scoring(kit: "Kit") -> str:
    text = (
        "## Noter sur vos propres données\n"
        "Le contrat de la trousse s’applique à toute vérité que vous avez, en CSV, avec les "
        f"colonnes {_truth_columns(kit.contract)} :\n\n"
        f"    python {PROGRAM_NAME} score ma_verite.csv ma_reponse.csv"
    )
    train = next((each for each in kit.files if each.place == "train"), None)
    if train is not None and _can_be_cut(kit.contract, train):
        text += "\n\n" + _cutting(kit, train)
    return text + (
        "\n\nLes valeurs sont celles que le portail calculerait. Les intervalles diffèrent un "
        "peu : le portail tire ses rééchantillonnages d’un secret."
    )


def _cutting(kit: "Kit", train: "PublicFile") -> str:
    """Write the whole story: cut the training data, run the reference program, score it."""
    baseline = next((each for each in kit.files if each.place == "baseline_program"), None)
    carried = baseline is not None and baseline.name in kit.carried
    test = next((each.name for each in kit.files if each.place == "test"), "test_features.csv")
    split = f"    python {PROGRAM_NAME} split {train.name} {FOLDER}"
    split += f" --test-name {test}" if test != "test_features.csv" else ""
    split += f" --with {baseline.name}" if baseline is not None and carried else ""
    text = (
        f"Pour vous faire une vérité, téléchargez `{train.name}` ici, puis découpez-le ; un "
        "groupe n’est jamais des deux côtés :\n\n" + split
    )
    if baseline is None or not carried:
        return text
    run = " ".join(["python", baseline.name, *baseline.args])
    return (
        f"{text}\n    cd {FOLDER}\n    {run}\n"
        f"    python ../{PROGRAM_NAME} score {TRUTH_NAME} {ANSWER_NAME}\n\n"
        "Le programme de référence peut demander d’autres bibliothèques : lisez ses premières "
        "lignes."
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
        f"    python {PROGRAM_NAME} verify-receipt recepisse.json --key cle.pem"
    )


def _can_be_cut(contract: Mapping[str, Any], train: "PublicFile") -> bool:
    truth = contract.get("truth") or {}
    wanted = {truth.get("id"), truth.get("target")}
    layout = contract["submission"].get("layout")
    return layout in CUT_LAYOUTS and wanted <= set(train.columns)


def _truth_columns(contract: Mapping[str, Any]) -> str:
    truth = contract.get("truth") or {}
    roles = ("id", "query", "item", "target", "gain", "start", "end", "label")
    names = [truth[role] for role in roles if truth.get(role)]
    return ", ".join(f"`{name}`" for name in names)


def _content(names: Sequence[str]) -> list[str]:
    found = [f"`{name}`" + (f" : {TOLD[name]}" if name in TOLD else "") for name in names]
    return found or ["Ce challenge n’a pas encore de fichier."]


def _format(submission: Mapping[str, Any]) -> list[str]:
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
