"""The commands of `openemploi` about code: check a package, try it on the portal.

A package is a zip, or the folder it is made of; nothing of it is run to read it.
"""

import argparse
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from challenges.client.sentences import fault_line, frame, help_of
from challenges.scoring.contract import UsageFault
from challenges.scoring.packages import (
    CODE,
    MAIN_FILE,
    MANIFEST,
    METADATA,
    PackageFiles,
    PackageRefused,
    read_package,
)
from challenges.scoring.verdict import Verdict, fault_of

Json = dict[str, Any]
PACKAGE_NAMES = frozenset({MANIFEST, MAIN_FILE, *METADATA})
COMMAND = re.compile(r"command\s*:\s*(['\"]?)(.+?)\1\s*")
Make = Callable[[str], argparse.ArgumentParser]


def add_commands(command: Make, spoken: str) -> None:
    """Accept the commands about code."""
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


def check(options: argparse.Namespace) -> Json:
    """Check how a package starts, as the portal does before it uses an attempt."""
    from challenges.scoring.commands import offline  # noqa: PLC0415  # optional dependency

    started = time.perf_counter()
    verdict = Verdict(True)
    try:
        _read(contents(Path(options.file)))
    except PackageRefused as refused:
        verdict = _refused(refused)
    answer = offline.verdict_json(verdict, options.lang) | {"rows": None}
    return answer | {"errors": answer.get("errors", []), "seconds": time.perf_counter() - started}


def _refused(refused: PackageRefused) -> Verdict:
    fault = fault_of(CODE, variant=refused.why, **refused.facts)
    return Verdict(False, (replace(fault, line=refused.line),))


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


def _read(files: Mapping[str, bytes]) -> None:
    """Find how a package starts; raises PackageRefused."""

    def command() -> str | None:
        name = next((each for each in METADATA if each in files), None)
        if name is None:
            return None
        for line in files[name].decode("utf-8", "replace").splitlines():
            if match := COMMAND.fullmatch(line):
                return match[2]
        raise PackageRefused("metadata", raison=f"{name} : command: …")

    read_package(PackageFiles(files.__contains__, files.__getitem__, command))


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
