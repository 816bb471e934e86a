"""The `openemploi` command: check and score a file on one's own machine, or ask the portal.

From a starter kit: `python openemploi.pyz …`; installed with the extra « scoring »:
`openemploi …`. Exit 0 accepted or valid, 1 refused, 2 badly called.
"""

import argparse
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from challenges.client import bundles, coding, language, online, receipts
from challenges.client.receipts import ReceiptFault, ReceiptState
from challenges.client.remote import Refused
from challenges.client.reporting import written_answer
from challenges.client.sentences import LANGUAGES, UNREADABLE, told
from challenges.scoring import contract
from challenges.scoring.answer import UsageFault
from challenges.scoring.commands import alone, guess, offline

ACCEPTED, REFUSED, USAGE = 0, 1, 2
FORMAT_NAME, CONTRACT_NAME, PROGRAM_NAME = "format.json", "contrat.json", "openemploi.pyz"
COLUMNS: Mapping[str, tuple[str, str]] = {
    "id": ("identifiant, requête ou document", "identifier, query or document"),
    "target": (
        "réponse dans la vérité : étiquette, nombre, gain",
        "answer in the truth: label, number, gain",
    ),
    "prediction": (
        "réponse dans le fichier : étiquette, nombre, rang, score",
        "answer in the file: label, number, rank, score",
    ),
    "item": ("élément d’une liste", "item of a list"),
    "split": ("parts de la vérité, publique et privée", "parts of the truth"),
    "cluster": ("unité de rééchantillonnage", "unit of resampling"),
    "weight": ("poids des lignes de la vérité", "weight of the rows of the truth"),
}
POSITIVE = (
    "étiquette positive de precision, recall, f1 ou fbeta",
    "positive label of precision, recall, f1 or fbeta",
)
Json = dict[str, Any]
HELP: dict[str, tuple[str, str]] = {
    "challenge": (
        "demander au portail le verdict de ce challenge",
        "ask the portal for the verdict of this challenge",
    ),
    "": (
        "Vérifie et note une soumission sur votre machine, avec le code du portail et sans "
        "réseau ; soumet et suit par l’API du portail.",
        "Checks and scores an entry on your machine, with the portal's own code, offline; submits "
        "and follows by the API of the portal.",
    ),
    "check": ("vérifier le format d’un fichier", "check the format of a file"),
    "score": ("noter un fichier contre une vérité à soi", "score a file against one's own truth"),
    "split": (
        "découper des données d’apprentissage en essai et vérité",
        "cut training data into a test and its truth",
    ),
    "verify-receipt": ("vérifier la signature d’un récépissé", "verify a receipt's signature"),
    "phase": ("numéro de la phase, avec --challenge", "number of the phase, with --challenge"),
    "version": ("nommer ce moteur", "name this engine"),
    "json": ("une ligne de JSON", "one line of JSON"),
    "lang": ("langue des phrases", "language of the sentences"),
    "template": (
        "exemple de soumission, format.json d’une trousse ou SPEC.json:TÂCHE ; par défaut le "
        "format.json à côté du programme",
        "sample submission, format.json of a kit or SPEC.json:TASK; by default the format.json "
        "beside the program",
    ),
    "file": ("fichier de prédictions", "file of predictions"),
    "truth": ("vérité, en CSV", "truth, as CSV"),
    "metric": ("par exemple accuracy, auc ou ndcg@10", "such as accuracy, auc or ndcg@10"),
    "contract": (
        "contrat d’un challenge ; par défaut le contrat.json à côté du programme",
        "contract of a challenge; by default the contrat.json beside the program",
    ),
    "group": (
        "colonnes de la vérité dont chaque groupe a son chiffre",
        "columns of the truth, a figure for each of their groups",
    ),
    "train": ("données d’apprentissage, en CSV", "training data, as CSV"),
    "folder": ("dossier à remplir", "folder to fill"),
    "share": ("part des lignes à mettre de côté", "share of the rows to put aside"),
    "seed": ("graine du tirage", "seed of the draw"),
    "test-name": ("nom du fichier d’essai", "name of the test file"),
    "with": ("fichiers à copier dans le dossier", "files to copy into the folder"),
    "receipt": ("récépissé (JSON)", "receipt (JSON)"),
    "key": ("clé publique du portail, en PEM", "public key of the portal, in PEM"),
}


def main(arguments: Sequence[str] | None = None, *, folder: Path | None = None) -> int:
    """Run the command; folder: where the format and the contract of a starter kit are."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console may lack a letter
        sys.stdout.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    spoken = _spoken(given)
    options = _parser(spoken).parse_args(given)
    options.lang = spoken
    options.kit = folder or _beside_the_program()
    try:
        answer = RUN[options.command](options)
    except Refused as refused:  # the sentence is the portal's, in French
        return _stopped(options, refused.code, str(refused), REFUSED)
    except UNREADABLE as fault:
        return _stopped(options, *told(fault, spoken), USAGE)
    sys.stdout.write(_json(answer) if options.json else written_answer(options, answer))
    return ACCEPTED if _holds(answer) else REFUSED


def _stopped(options: argparse.Namespace, code: str, sentence: str, status: int) -> int:
    if getattr(options, "json", False):
        sys.stdout.write(_json({"error": {"code": code, "message": sentence}}))
    sys.stderr.write(f"openemploi : {code} : {sentence}\n")
    return status


def score_answer(options: Mapping[str, Any], by: offline.Reading) -> Json:
    """Score as the options of `score` ask, here and in `manage.py score`.

    options: truth, file, metric, spec, contract, group, and the columns of COLUMNS.
    """
    spoken = options.get("lang") or "fr"
    truth, file = Path(options["truth"]).resolve(), Path(options["file"]).resolve()
    if options["spec"]:
        spec, _, task = options["spec"].rpartition(":")
        return offline.score_spec(truth, file, Path(spec).resolve(), task, by, spoken)
    if options["metric"]:
        columns = {name: options[name] for name in COLUMNS}
        asked = guess.Asked(
            **columns,
            positive=options.get("positive"),
            groups=tuple(dict.fromkeys(options["group"])),
        )
        return offline.score_metric(truth, file, options["metric"], asked, by, spoken)
    if options["contract"]:
        return offline.score_contract(truth, file, Path(options["contract"]), by, spoken)
    raise UsageFault("U_HOW")


def _score(options: argparse.Namespace) -> Json:
    values = vars(options)
    if not (options.metric or options.spec or options.contract):
        values["contract"] = _of_the_kit(options.kit, CONTRACT_NAME, "U_HOW")
    return score_answer(values, alone)


def _check(options: argparse.Namespace) -> Json:
    if options.challenge:
        return online.check(options)
    if options.template is None and coding.is_package(Path(options.file)):
        return coding.check(options, options.kit)
    found = options.template or _of_the_kit(options.kit, FORMAT_NAME, "U_TEMPLATE")
    verdict, seconds = guess.check_template(str(found), options.file, alone)
    return offline.verdict_json(verdict, options.lang) | {"seconds": seconds}


def _split(options: argparse.Namespace) -> Json:
    contract = options.contract or _of_the_kit(options.kit, CONTRACT_NAME, "U_HOW")
    return offline.cut_practice(
        Path(options.train),
        Path(options.folder),
        Path(contract),
        test_name=options.test_name,
        share=options.share,
        seed=options.seed,
        beside=[Path(name) for name in options.beside],
    )


def _verify_receipt(options: argparse.Namespace) -> Json:
    try:
        public = receipts.from_pem(Path(options.key).read_text("utf-8"))
    except ReceiptFault as fault:
        raise UsageFault("U_PUBLIC_KEY", options.key) from fault
    data = Path(options.file).read_bytes()
    try:
        receipt = receipts.read(data)
    except ReceiptFault:
        return {"state": ReceiptState.ALTERED.value, "valid": False, "payload": None}
    state = receipts.state_of(receipt, {receipts.key_id(public): public})
    valid = state is ReceiptState.VALID
    payload = dict(receipt.payload) if valid else None
    return {"state": state.value, "valid": valid, "key_id": receipt.key_id, "payload": payload}


def _version(options: argparse.Namespace) -> Json:
    return {"version": contract.VERSION, "engine_sha256": contract.engine_sha256()}


RUN: Mapping[str, Callable[[argparse.Namespace], Json]] = {
    "check": _check,
    "score": _score,
    "split": _split,
    "verify-receipt": _verify_receipt,
    "version": _version,
    "run": coding.run,
    **online.RUN,
    **bundles.RUN,
}


def _holds(answer: Json) -> bool:
    if "verdict" in answer:
        return bool(answer["verdict"] == "accept")
    return bool(answer.get("valid", answer.get("accepted", True)))


def _json(answer: Json) -> str:
    return json.dumps(answer, ensure_ascii=False) + "\n"


def _of_the_kit(folder: Path | None, name: str, missing: str) -> Path:
    if folder is None or not (folder / name).is_file():
        raise UsageFault(missing)
    return folder / name


def _beside_the_program() -> Path | None:
    program = Path(sys.argv[0])
    return program.resolve().parent if program.suffix == ".pyz" else None


def _spoken(arguments: Sequence[str]) -> str:
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--lang", choices=LANGUAGES, default=language.spoken())
    found: str = first.parse_known_args(arguments)[0].lang
    return found


def _parser(spoken: str) -> argparse.ArgumentParser:
    def told_help(name: str) -> str:
        return (HELP | online.HELP | bundles.HELP | coding.HELP)[name][
            LANGUAGES.index(spoken)
        ].replace("%", "%%")

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help=told_help("json"))
    shared.add_argument("--lang", choices=LANGUAGES, help=told_help("lang"))
    parser = argparse.ArgumentParser(prog="openemploi", description=told_help(""))
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str) -> argparse.ArgumentParser:
        told = told_help(name)
        return commands.add_parser(name, parents=[shared], help=told, description=told)

    check = command("check")
    check.add_argument("template", metavar="TEMPLATE", nargs="?", help=told_help("template"))
    check.add_argument("file", metavar="FILE", help=told_help("file"))
    check.add_argument("--challenge", metavar="CHALLENGE", help=told_help("challenge"))
    check.add_argument("--phase", type=int, help=told_help("phase"))
    score = command("score")
    score.add_argument("truth", metavar="TRUTH", help=told_help("truth"))
    score.add_argument("file", metavar="FILE", help=told_help("file"))
    add_score_options(score, spoken)
    split = command("split")
    split.add_argument("train", metavar="TRAIN", help=told_help("train"))
    split.add_argument("folder", metavar="FOLDER", help=told_help("folder"))
    split.add_argument("--contract", metavar="CONTRACT.json", help=told_help("contract"))
    split.add_argument("--share", type=float, default=offline.SHARE, help=told_help("share"))
    split.add_argument("--seed", type=int, default=0, help=told_help("seed"))
    split.add_argument("--test-name", default="test_features.csv", help=told_help("test-name"))
    split.add_argument(
        "--with", dest="beside", nargs="+", default=[], metavar="FILE", help=told_help("with")
    )
    verify = command("verify-receipt")
    verify.add_argument("file", metavar="FILE", help=told_help("receipt"))
    verify.add_argument("--key", metavar="PUBLIC.pem", required=True, help=told_help("key"))
    command("version")
    online.add_commands(command, spoken)
    bundles.add_commands(command, spoken)
    coding.add_commands(command, spoken)
    return parser


def add_score_options(parser: argparse.ArgumentParser, spoken: str = "fr") -> None:
    """Accept the ways of scoring."""
    place = LANGUAGES.index(spoken)
    parser.add_argument("--metric", metavar="NAME", help=HELP["metric"][place])
    parser.add_argument("--spec", metavar="SPEC.json:TASK")
    parser.add_argument("--contract", metavar="CONTRACT.json", help=HELP["contract"][place])
    for name, told_help in COLUMNS.items():
        parser.add_argument(f"--{name}", metavar="COL", help=told_help[place])
    parser.add_argument("--positive", metavar="LABEL", help=POSITIVE[place])
    parser.add_argument(
        "--group",
        metavar="COL",
        nargs="+",
        action="extend",
        default=[],
        help=HELP["group"][place],
    )


if __name__ == "__main__":
    sys.exit(main())
