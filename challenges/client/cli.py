"""The `openemploi` command: check and score a file on one's own machine, or ask the portal.

From a starter kit: `python openemploi.pyz …`; installed with the extra « scoring »:
`openemploi …`. What computes imports NumPy itself: no other command needs it. Exit 0 accepted or
valid, 1 refused, 2 badly called.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from challenges.client import coding, online
from challenges.client.remote import Refused
from challenges.client.reporting import written_answer
from challenges.client.sentences import LANGUAGES, UNREADABLE, help_of, sentences, told
from challenges.scoring import contract
from challenges.scoring.contract import UsageFault

if TYPE_CHECKING:
    from challenges.scoring.evaluation import FileReader

ACCEPTED, REFUSED, USAGE = 0, 1, 2
FORMAT_NAME, CONTRACT_NAME, PROGRAM_NAME = "format.json", "contrat.json", "openemploi.pyz"
COLUMNS = ("id", "target", "prediction", "item", "split", "cluster", "weight")
# The order in which POSIX reads them.
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
Json = dict[str, Any]


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


def score_answer(options: Mapping[str, Any], read: "FileReader") -> Json:
    """Score as the options of `score` ask, here and in `manage.py score`.

    options: truth, file, metric, spec, contract, group, and the columns of COLUMNS.
    """
    from challenges.scoring.commands import guess, offline  # noqa: PLC0415  # optional dependency

    spoken = options.get("lang") or "fr"
    truth, file = Path(options["truth"]).resolve(), Path(options["file"]).resolve()
    if options["spec"]:
        spec, _, task = options["spec"].rpartition(":")
        return offline.score_spec(truth, file, Path(spec).resolve(), task, read, spoken)
    if options["metric"]:
        columns = {name: options[name] for name in COLUMNS}
        asked = guess.Asked(
            **columns,
            positive=options.get("positive"),
            groups=tuple(dict.fromkeys(options["group"])),
        )
        return offline.score_metric(truth, file, options["metric"], asked, read, spoken)
    if options["contract"]:
        return offline.score_contract(truth, file, Path(options["contract"]), read, spoken)
    raise UsageFault("U_HOW")


def _score(options: argparse.Namespace) -> Json:
    from challenges.scoring.predictions.reader import read_file  # noqa: PLC0415  # optional dependency

    values = vars(options)
    if not (options.metric or options.spec or options.contract):
        values["contract"] = _of_the_kit(options.kit, CONTRACT_NAME, "U_HOW")
    return score_answer(values, read_file)


def _check(options: argparse.Namespace) -> Json:
    if options.challenge:
        return online.check(options)
    if options.template is None and coding.is_package(Path(options.file)):
        return coding.check(options)
    from challenges.scoring.commands import guess, offline  # noqa: PLC0415  # optional dependency
    from challenges.scoring.predictions.reader import read_file  # noqa: PLC0415  # optional dependency

    found = options.template or _of_the_kit(options.kit, FORMAT_NAME, "U_TEMPLATE")
    verdict, seconds = guess.check_template(str(found), options.file, read_file)
    return offline.verdict_json(verdict, options.lang) | {"seconds": seconds}


def _version(options: argparse.Namespace) -> Json:
    return {"version": contract.VERSION, "engine_sha256": contract.engine_sha256()}


RUN: Mapping[str, Callable[[argparse.Namespace], Json]] = {
    "check": _check,
    "score": _score,
    "version": _version,
    **online.RUN,
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
    first.add_argument("--lang", choices=LANGUAGES, default=environment_language())
    found: str = first.parse_known_args(arguments)[0].lang
    return found


def _parser(spoken: str) -> argparse.ArgumentParser:
    def told_help(name: str) -> str:
        return help_of(name, spoken)

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
    check.add_argument("--phase", type=int, help=told_help("phase-of-challenge"))
    score = command("score")
    score.add_argument("truth", metavar="TRUTH", help=told_help("truth"))
    score.add_argument("file", metavar="FILE", help=told_help("file"))
    add_score_options(score, spoken)
    command("version")
    online.add_commands(command, spoken)
    coding.add_commands(command, spoken)
    return parser


def add_score_options(parser: argparse.ArgumentParser, spoken: str = "fr") -> None:
    """Accept the ways of scoring."""
    parser.add_argument("--metric", metavar="NAME", help=help_of("metric", spoken))
    parser.add_argument("--spec", metavar="SPEC.json:TASK")
    parser.add_argument("--contract", metavar="CONTRACT.json", help=help_of("contract", spoken))
    for name in COLUMNS:
        told_help = sentences(spoken)["columns"][name]
        parser.add_argument(f"--{name}", metavar="COL", help=told_help)
    parser.add_argument("--positive", metavar="LABEL", help=help_of("positive", spoken))
    parser.add_argument(
        "--group",
        metavar="COL",
        nargs="+",
        action="extend",
        default=[],
        help=help_of("group", spoken),
    )


def environment_language(environment: Mapping[str, str] | None = None) -> str:
    """Return "en" where the environment asks for English, else "fr"."""
    known = os.environ if environment is None else environment
    asked = next((known[name] for name in VARIABLES if known.get(name)), "")
    return "en" if asked.split("_")[0].split(".")[0] == "en" else "fr"


if __name__ == "__main__":
    sys.exit(main())
