"""Read a package of code on one's own machine: the layouts and the faults that the portal knows.

A package is a zip, or the folder it is made of. Nothing of it is run to read it.
"""

import io
import re
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from challenges.scoring.answer import UsageFault

MANIFEST, MAIN_FILE, METADATA = "manifest.toml", "main.py", ("metadata.yaml", "metadata")
LAYOUTS = ("manifest", "main", "codalab")
KEYS = frozenset({"entry", "environment", "resources", "licence", "seed"})
MOST_MANIFEST_BYTES, MOST_SEED = 16 * 1024, 2**32 - 1
CODE = "E_PACKAGE"
Json = dict[str, Any]


@dataclass(frozen=True)
class Package:
    """How a package starts. entry: a file of it, or the command of CodaLab's metadata."""

    layout: str
    entry: str
    seed: int = 0


class PackageFault(Exception):
    """A package that cannot start: the line of its manifest at fault, None for the whole."""

    def __init__(self, french: str, english: str, line: int | None = None) -> None:
        super().__init__(french)
        self.said, self.line = (french, english), line


def contents(path: Path) -> Mapping[str, bytes]:
    """Read the files of a package, by their paths in it; raises UsageFault."""
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
        return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            return {
                each.filename: archive.read(each)
                for each in archive.infolist()
                if not each.is_dir()
            }
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as fault:
        raise UsageFault("U_PACKAGE", path.name) from fault


def read(
    files: Mapping[str, bytes], *, environments: Sequence[str], layouts: Sequence[str] = LAYOUTS
) -> Package:
    """Find the layout of a package and how it starts; raises PackageFault."""
    if MANIFEST in files:
        found = _manifest(files, environments)
    elif MAIN_FILE in files:
        found = Package("main", MAIN_FILE)
    else:
        found = _codalab(files)
    if found.layout not in layouts:
        raise PackageFault(
            f"Cette présentation ({found.layout}) n’est pas admise ici ; "
            f"admises : {', '.join(layouts)}.",
            f"This layout ({found.layout}) is not accepted here; accepted: {', '.join(layouts)}.",
        )
    return found


def verdict(fault: PackageFault | None, spoken: int) -> Json:
    """Write what a check says of a package, in the form of a check of predictions."""
    if fault is None:
        return {"verdict": "accept", "rows": None, "warnings": [], "notices": [], "errors": []}
    said = fault.said[spoken]
    error = {"code": CODE, "line": fault.line, "message": said}
    return {
        "verdict": "reject",
        "code": CODE,
        "line": fault.line,
        "message": said,
        "warnings": [],
        "notices": [],
        "errors": [error],
    }


def _manifest(files: Mapping[str, bytes], environments: Sequence[str]) -> Package:
    raw = files[MANIFEST]
    if len(raw) > MOST_MANIFEST_BYTES:
        raise PackageFault(
            f"{MANIFEST} dépasse {MOST_MANIFEST_BYTES} octets.",
            f"{MANIFEST} is larger than {MOST_MANIFEST_BYTES} bytes.",
        )
    try:
        text = raw.decode("utf-8")
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PackageFault(
            f"{MANIFEST} n’est pas un TOML lisible.",
            f"{MANIFEST} is no readable TOML.",
            _at(str(error)),
        ) from error
    for key in sorted(set(found) - KEYS):
        raise PackageFault(
            f"{MANIFEST} : clé inconnue « {key[:64]} ».",
            f"{MANIFEST}: unknown key “{key[:64]}”.",
            line_of(text, key),
        )
    for key in ("entry", "environment", "resources", "licence"):
        value = found.get(key, "")
        if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
            raise PackageFault(
                f"{MANIFEST} : {key} doit être un texte court.",
                f"{MANIFEST}: {key} must be a short text.",
                line_of(text, key),
            )
    environment = found.get("environment", environments[0])
    if environment not in environments:
        raise PackageFault(
            f"{MANIFEST} : environnement « {environment[:64]} » inconnu ; "
            f"choisissez parmi : {', '.join(environments)}.",
            f"{MANIFEST}: unknown environment “{environment[:64]}”; choose among: "
            f"{', '.join(environments)}.",
            line_of(text, "environment"),
        )
    return Package("manifest", _entry(files, found, text), _seed(found, text))


def _entry(files: Mapping[str, bytes], found: Json, text: str) -> str:
    entry = str(found.get("entry", ""))
    parts = PurePosixPath(entry).parts
    if not entry or entry.startswith("/") or ".." in parts or entry not in files:
        raise PackageFault(
            f"{MANIFEST} : entry doit nommer un fichier de l’archive.",
            f"{MANIFEST}: entry must name a file of the archive.",
            line_of(text, "entry"),
        )
    return entry


def _seed(found: Json, text: str) -> int:
    value = found.get("seed", 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SEED:
        raise PackageFault(
            f"{MANIFEST} : seed doit être un entier de 0 à {MOST_SEED}.",
            f"{MANIFEST}: seed must be a whole number from 0 to {MOST_SEED}.",
            line_of(text, "seed"),
        )
    return value


def _codalab(files: Mapping[str, bytes]) -> Package:
    name = next((each for each in METADATA if each in files), None)
    if name is None:
        raise PackageFault(
            "L’archive ne contient à sa racine ni manifest.toml, ni main.py, ni metadata.",
            "The archive has at its root neither manifest.toml, nor main.py, nor metadata.",
        )
    lines = files[name].decode("utf-8", "replace").splitlines()
    for line in lines:
        match = re.fullmatch(r"command\s*:\s*(['\"]?)(.+?)\1\s*", line)
        if match:
            return Package("codalab", match[2])
    raise PackageFault(
        f"{name} n’a pas de ligne « command: … ».", f"{name} has no line “command: …”."
    )


def line_of(text: str, key: str) -> int | None:
    """Find the line of a key of a TOML text; None where it is not written plainly."""
    pattern = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*(=|\.|\])|\s*\[+{re.escape(key)}\]")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return number
    return None


def _at(said: str) -> int | None:
    found = re.search(r"at line (\d+)", said)
    return int(found[1]) if found else None
