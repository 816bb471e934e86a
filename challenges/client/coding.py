"""The commands of `openemploi` about code: check a package, run it here, try it on the portal.

A package is a zip, or the folder it is made of; nothing of it is run to read it. Run here, nothing
is isolated: the program is the user's own, and sees their files and network. What the portal adds
(no network, memory, identifiers changed between two runs) is not tried.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from challenges.client.sentences import fault_line, frame, help_of
from challenges.client.starting import RULES_FORMAT, RULES_NAME, SAMPLE
from challenges.scoring.commands import guess, offline
from challenges.scoring.contract import UsageFault
from challenges.scoring.packages import (
    CODE,
    MAIN_FILE,
    MANIFEST,
    METADATA,
    Layout,
    Package,
    PackageFiles,
    PackageRefused,
    read_package,
)
from challenges.scoring.predictions.reader import read_file
from challenges.scoring.verdict import Verdict, fault_of

Json = dict[str, Any]
PACKAGE_NAMES = frozenset({MANIFEST, MAIN_FILE, *METADATA})
ANSWER, DRIVEN_ANSWER = "predictions", "submission.csv"
LOG_BYTES = 64 * 1024
COMMAND = re.compile(r"command\s*:\s*(['\"]?)(.+?)\1\s*")
Make = Callable[[str], argparse.ArgumentParser]


def add_commands(command: Make, spoken: str) -> None:
    """Accept the commands about code."""
    run = command("run")
    run.add_argument("file", metavar="PACKAGE", help=help_of("package", spoken))
    run.add_argument("--in", dest="inputs", type=Path, help=help_of("in", spoken))
    to = Path("predictions.csv")
    run.add_argument("--to", type=Path, default=to, help=help_of("to-file", spoken))
    tried = command("try")
    tried.add_argument("slug", metavar="CHALLENGE")
    tried.add_argument("file", metavar="PACKAGE", help=help_of("package", spoken))
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
    verdict = Verdict(True)
    try:
        _package(contents(Path(options.file)), rules)
    except PackageRefused as refused:
        verdict = _refused(refused)
    answer = offline.verdict_json(verdict, options.lang) | {"rows": None}
    return answer | {"errors": answer.get("errors", []), "seconds": time.perf_counter() - started}


def _refused(refused: PackageRefused) -> Verdict:
    fault = fault_of(CODE, variant=refused.why, **refused.facts)
    return Verdict(False, (replace(fault, line=refused.line),))


def run(options: argparse.Namespace) -> Json:
    """Run a package on the sample of the kit, then check what it wrote."""
    rules = rules_of(options.kit)
    files = contents(Path(options.file))
    try:
        package = _package(files, rules)
    except PackageRefused as refused:
        unread = {"isolated": False, "reason": CODE, "log": ""}
        return unread | offline.verdict_json(_refused(refused), options.lang)
    inputs = options.inputs or options.kit / SAMPLE
    if not inputs.is_dir():
        raise UsageFault("U_FILE", str(inputs))
    ended = run_here(
        package, files, inputs, options.to, seconds=float(rules.get("time_limit_s") or 600)
    )
    answer: Json = {
        "isolated": False,
        "layout": package.layout.value,
        "reason": ended.reason,
        "seconds": round(ended.seconds, 3),
        "log": ended.log,
        "file": str(ended.file) if ended.file else None,
    }
    if ended.file is None:
        return answer | {"verdict": "reject", "errors": [], "notices": []}
    if options.inputs is not None:  # other rows than those that the kit knows
        return answer | {"verdict": "accept", "errors": [], "notices": [], "rows": None}
    verdict, _seconds = guess.check_template(
        str(options.kit / "format.json"), ended.file, read_file
    )
    told = offline.verdict_json(verdict, options.lang)
    return answer | told | ({} if told["verdict"] == "accept" else {"reason": "X_OUTPUT"})


def contents(path: Path) -> Mapping[str, bytes]:
    """Read the files of a package, by their paths in it; raises UsageFault."""
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
        return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            return {each.filename: archive.read(each) for each in members}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as fault:
        raise UsageFault("U_PACKAGE", path.name) from fault


def _package(files: Mapping[str, bytes], rules: Json) -> Package:
    """Find how a package starts, by the rules of a kit; raises PackageRefused."""

    def command() -> str | None:
        name = next((each for each in METADATA if each in files), None)
        if name is None:
            return None
        for line in files[name].decode("utf-8", "replace").splitlines():
            if match := COMMAND.fullmatch(line):
                return match[2]
        raise PackageRefused("metadata", raison=f"{name} : command: …")

    given = PackageFiles(files.__contains__, files.__getitem__, command)
    package = read_package(given, [str(each) for each in rules.get("environments") or ["systeme"]])
    layouts = [str(each) for each in rules.get("layouts") or Layout]
    if package.layout not in layouts:
        raise PackageRefused("layout", attendu=", ".join(layouts))
    return package


@dataclass(frozen=True)
class Ran:
    """How a local run ended. reason: "", or a code X_* as the portal's. log: its last 64 kB."""

    reason: str
    file: Path | None
    seconds: float
    log: str


def run_here(
    package: Package, files: Mapping[str, bytes], inputs: Path, target: Path, *, seconds: float
) -> Ran:
    """Run a package on a folder of inputs and keep its predictions as `target`.

    target: its suffix is replaced by that of the file written. seconds: the limit of the phase.
    """
    with tempfile.TemporaryDirectory(prefix="openemploi-") as scratch:
        room = Path(scratch)
        for name in ("program", "out", "in"):
            (room / name).mkdir()
        _write(room / "program", files)
        for each in sorted(inputs.iterdir()):
            if each.is_file():
                shutil.copyfile(each, room / "in" / each.name)
        argv, folder, places = _laid(package, room)
        started = time.monotonic()
        reason, log = _ended(argv, folder, package.seed, seconds)
        spent = time.monotonic() - started
        if reason:
            return Ran(reason, None, spent, log)
        found = [one for place, pattern in places for one in sorted(place.glob(pattern))][:2]
        if len(found) != 1:
            return Ran("X_OUTPUT", None, spent, log)
        kept = target.with_suffix(found[0].suffix)
        shutil.copyfile(found[0], kept)
        return Ran("", kept, spent, log)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            continue  # the portal refuses such a name; here nothing leaves the room
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)


def _laid(package: Package, room: Path) -> tuple[list[str], Path, list[tuple[Path, str]]]:
    """Give the command, its folder, and where the predictions are looked for."""
    program, inputs, out = room / "program", room / "in", room / "out"
    answers = [(out, f"{ANSWER}.*")]
    if package.layout is Layout.MANIFEST:
        entry = str(program / package.entry)
        start = [sys.executable, entry] if entry.endswith(".py") else [entry]
        written = str(out / f"{ANSWER}.csv")
        return [*start, "--in", str(inputs), "--out", written], program, answers
    if package.layout is Layout.MAIN:
        shutil.copytree(inputs, program / "data", dirs_exist_ok=True)
        (program / "submission").mkdir(exist_ok=True)
        return (
            [sys.executable, package.entry],
            program,
            [(program / "submission", DRIVEN_ANSWER), (program, DRIVEN_ANSWER)],
        )
    places = {"$input": inputs, "$output": out, "$program": program}
    command = package.entry
    for name, place in places.items():
        command = command.replace(name, shlex.quote(str(place)))
    words = shlex.split(command)
    if words and words[0] in {"python", "python3"}:
        words[0] = sys.executable
    return words, program, answers


def _ended(argv: Sequence[str], folder: Path, seed: int, seconds: float) -> tuple[str, str]:
    own = {"OE_SEED": str(seed), "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603  # the user's own program, at their asking
            argv,
            cwd=folder,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as stopped:
        return "X_TIMEOUT", _log(stopped.stdout)
    except OSError as error:
        return "X_PROGRAM", str(error)
    return ("X_PROGRAM" if done.returncode else ""), _log(done.stdout)


def _log(stream: bytes | None) -> str:
    return (stream or b"")[-LOG_BYTES:].decode("utf-8", "replace")


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
        yield fault_line(fault, spoken)


def tell_trial(answer: Json, spoken: str) -> Iterator[str]:
    """Say where a trial on the portal stands, or how it ended."""
    yield frame("trial", spoken, word=answer["state_word"], address=answer["address"])
    if answer.get("log"):
        yield answer["log"].rstrip("\n")
    for sentence in (answer["reason_sentence"], answer["detail"]):
        if sentence:
            yield f"  {sentence}"
    for fault in answer["errors"]:
        yield f"  {fault_line(fault, spoken)}"
