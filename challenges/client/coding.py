"""The commands of `openemploi` about code: check a package, run it here, try it on the portal."""

import argparse
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from challenges.client import packages, running
from challenges.client.sentences import LANGUAGES, frame
from challenges.client.starting import RULES_FORMAT, RULES_NAME, SAMPLE
from challenges.scoring.answer import UsageFault
from challenges.scoring.commands import alone, guess, offline

Json = dict[str, Any]
HELP: dict[str, tuple[str, str]] = {
    "run": (
        "lancer une archive de code sur l’échantillon, ici et sans isolement",
        "run a package of code on the sample, here and without isolation",
    ),
    "try": (
        "essayer une archive de code sur le portail, sur l’échantillon public",
        "try a package of code on the portal, on the public sample",
    ),
    "package": ("archive zip ou dossier de code", "zip or folder of code"),
    "in": (
        "dossier des entrées ; par défaut l’échantillon de la trousse",
        "folder of the inputs; by default the sample of the kit",
    ),
    "to-file": ("fichier à écrire", "file to write"),
}
PACKAGE_NAMES = frozenset({packages.MANIFEST, packages.MAIN_FILE, *packages.METADATA})
Make = Callable[[str], argparse.ArgumentParser]


def add_commands(command: Make, spoken: str) -> None:
    """Accept the commands about code."""

    def said(name: str) -> str:
        return HELP[name][LANGUAGES.index(spoken)]

    run = command("run")
    run.add_argument("file", metavar="PACKAGE", help=said("package"))
    run.add_argument("--in", dest="inputs", type=Path, help=said("in"))
    run.add_argument("--to", type=Path, default=Path("predictions.csv"), help=said("to-file"))
    tried = command("try")
    tried.add_argument("slug", metavar="CHALLENGE")
    tried.add_argument("file", metavar="PACKAGE", help=said("package"))
    tried.add_argument("--phase", type=int)
    tried.add_argument("--wait", action="store_true")
    tried.add_argument("--seconds", type=float, default=1_800)


def is_package(path: Path) -> bool:
    """Say whether a path is a folder or a zip that holds how code starts."""
    if path.is_dir():
        return any((path / name).is_file() for name in PACKAGE_NAMES)
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return bool(PACKAGE_NAMES & set(archive.namelist()))


def rules_of(kit: Path | None) -> Json:
    """Read the rules of code of a kit; raises UsageFault without any."""
    path = kit / RULES_NAME if kit else None
    if path is None or not path.is_file():
        raise UsageFault("U_CODE_KIT")
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict) or found.get("format") != RULES_FORMAT:
        raise UsageFault("U_CODE_KIT")
    return found


def check(options: argparse.Namespace, kit: Path | None) -> Json:
    """Check how a package starts, as the portal does before it uses an attempt."""
    started = time.perf_counter()
    rules = rules_of(kit)
    fault: packages.PackageFault | None = None
    try:
        _read(packages.contents(Path(options.file)), rules)
    except packages.PackageFault as found:
        fault = found
    answer = packages.verdict(fault, LANGUAGES.index(options.lang))
    return answer | {"seconds": time.perf_counter() - started}


def run(options: argparse.Namespace) -> Json:
    """Run a package on the sample of the kit, then check what it wrote."""
    rules = rules_of(options.kit)
    files = packages.contents(Path(options.file))
    spoken = LANGUAGES.index(options.lang)
    try:
        package = _read(files, rules)
    except packages.PackageFault as fault:
        return {"isolated": False, "reason": packages.CODE, "log": ""} | packages.verdict(
            fault, spoken
        )
    inputs = options.inputs or options.kit / SAMPLE
    if not inputs.is_dir():
        raise UsageFault("U_FILE", str(inputs))
    ended = running.run(
        package, files, inputs, options.to, seconds=float(rules.get("time_limit_s") or 600)
    )
    answer: Json = {
        "isolated": False,
        "layout": package.layout,
        "reason": ended.reason,
        "seconds": round(ended.seconds, 3),
        "log": ended.log,
        "file": str(ended.file) if ended.file else None,
    }
    if ended.file is None:
        return answer | {"verdict": "reject", "errors": [], "notices": []}
    if options.inputs is not None:  # other rows than those that the kit knows
        return answer | {"verdict": "accept", "errors": [], "notices": [], "rows": None}
    verdict, _seconds = guess.check_template(str(options.kit / "format.json"), ended.file, alone)
    told = offline.verdict_json(verdict, options.lang)
    return answer | told | ({} if told["verdict"] == "accept" else {"reason": "X_OUTPUT"})


def _read(files: Mapping[str, bytes], rules: Json) -> packages.Package:
    return packages.read(
        files,
        environments=[str(each) for each in rules.get("environments") or ["systeme"]],
        layouts=[str(each) for each in rules.get("layouts") or packages.LAYOUTS],
    )


def tell_run(answer: Json, spoken: str) -> Iterator[str]:
    """Say how a local run ended."""
    yield frame("run.bare", spoken)
    if answer.get("log"):
        yield answer["log"].rstrip("\n")
    if answer["verdict"] == "accept":
        yield frame("run.done", spoken, file=answer["file"], seconds=f"{answer['seconds']:g}")
        return
    yield frame(f"run.{answer['reason']}", spoken)
    for fault in answer["errors"]:
        where = frame("line", spoken, line=fault["line"]) if fault.get("line") else ""
        yield f"{fault['code']} : {where}{fault['message']}"


def tell_trial(answer: Json, spoken: str) -> Iterator[str]:
    """Say where a trial on the portal stands, or how it ended."""
    yield frame("trial", spoken, word=answer["state_word"], address=answer["address"])
    if answer.get("log"):
        yield answer["log"].rstrip("\n")
    for sentence in (answer["reason_sentence"], answer["detail"]):
        if sentence:
            yield f"  {sentence}"
    for fault in answer["errors"]:
        where = frame("line", spoken, line=fault["line"]) if fault.get("line") else ""
        yield f"  {fault['code']} : {where}{fault['message']}"
