"""Read a team's package of code: how it starts, from one of three layouts.

- ours: `manifest.toml` with `entry` (a file of the package) and, if wanted, `environment` (a name
  of the closed list), `resources`, `licence`, `seed`. The entry is called with
  `--in /data/in --out /data/out/predictions.csv`;
- `main.py` (DrivenData): run in a folder where `data/` holds the inputs; it writes
  `submission.csv` there or in `submission/`;
- `metadata` with a `command` (CodaLab): `$input` holds the inputs, `$output` takes
  `predictions.*`.

Nothing is installed and nothing of a package is run to read it.
"""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from challenges.sandbox import metadata

MANIFEST, MAIN_FILE = "manifest.toml", "main.py"
MOST_BYTES = 16 * 1024
MOST_SEED = 2**32 - 1
KEYS = frozenset({"entry", "environment", "resources", "licence", "seed"})


class Layout(StrEnum):
    """Name how a package is laid out."""

    MANIFEST = "manifest"
    MAIN = "main"
    CODALAB = "codalab"


@dataclass(frozen=True)
class Package:
    """A package that can be started. entry: a path in it, or the command of CodaLab's metadata."""

    folder: Path
    layout: Layout
    entry: str
    environment: str
    seed: int = 0
    resources: str = ""
    licence: str = ""


class PackageRefused(Exception):
    """A package that cannot be started.

    why, facts: the sentence E_PACKAGE of the closed list of messages, and what fills it. line:
    of manifest.toml, None where it is about the whole.
    """

    def __init__(self, why: str, line: int | None = None, **facts: object) -> None:
        super().__init__(why)
        self.why, self.line, self.facts = why, line, facts


def read(folder: Path, *, environments: Collection[str]) -> Package:
    """Read the package of a folder (archives.unpack); environments: the names one may choose.

    The first environment is the one of packages that name none. Raises PackageRefused.
    """
    ordinary = next(iter(environments))
    if _plain(folder / MANIFEST):
        return _manifest(folder, environments, ordinary)
    if _plain(folder / MAIN_FILE):
        return Package(folder, Layout.MAIN, MAIN_FILE, ordinary)
    try:
        return Package(folder, Layout.CODALAB, metadata.command_of(folder), ordinary)
    except metadata.MetadataRefused as refused:
        if metadata.path_of(folder) is not None:
            raise PackageRefused("metadata", raison=str(refused)) from refused
        raise PackageRefused("none") from refused


def _manifest(folder: Path, environments: Collection[str], ordinary: str) -> Package:
    with (folder / MANIFEST).open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise PackageRefused("size", max=MOST_BYTES)
    try:
        text = raw.decode("utf-8")
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise PackageRefused("toml", int(line[1]) if line else None) from error
    try:
        return _declared(folder, found, environments, ordinary)
    except _KeyRefused as refused:
        line_at = _line_of(text, refused.key)
        raise PackageRefused(refused.why, line_at, **refused.facts) from refused


def _declared(
    folder: Path, found: dict[str, object], environments: Collection[str], ordinary: str
) -> Package:
    if unknown := sorted(set(found) - KEYS):
        raise _KeyRefused("key", unknown[0], valeur=unknown[0])
    environment = _text(found, "environment", ordinary)
    if environment not in environments:
        choices = ", ".join(environments)
        raise _KeyRefused("environment", "environment", valeur=environment, attendu=choices)
    return Package(
        folder,
        Layout.MANIFEST,
        _entry(folder, _text(found, "entry", "")),
        environment,
        _seed(found.get("seed", 0)),
        _text(found, "resources", ""),
        _text(found, "licence", ""),
    )


def _entry(folder: Path, entry: str) -> str:
    parts = PurePosixPath(entry).parts
    if not entry or entry.startswith("/") or ".." in parts or not _plain(folder / entry):
        raise _KeyRefused("entry", "entry")
    return entry


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SEED:
        raise _KeyRefused("seed", "seed", max=MOST_SEED)
    return value


def _text(found: dict[str, object], key: str, ordinary: str) -> str:
    value = found.get(key, ordinary)
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise _KeyRefused("text", key, valeur=key)
    return value


class _KeyRefused(Exception):
    def __init__(self, why: str, key: str, **facts: object) -> None:
        super().__init__(why)
        self.why, self.key, self.facts = why, key, facts


def _line_of(text: str, key: str) -> int | None:
    """Find the line of a key of a TOML text; None where it is not written plainly."""
    name = re.escape(key)
    pattern = re.compile(rf"\s*[\"']?{name}[\"']?\s*(=|\.)|\s*\[+{name}\]")
    lines = text.splitlines()
    return next((at for at, line in enumerate(lines, 1) if pattern.match(line)), None)


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
