"""Read a team's package of code: how it starts, from one of three layouts; standard library only.

- ours: `manifest.toml` with `entry` (a file of the package) and, if wanted, `environment` (always
  `systeme`), `resources`, `licence`, `seed`. The entry is called with
  `--in /data/in --out /data/out/predictions.csv`;
- `main.py` (DrivenData): run in a folder where `data/` holds the inputs; it writes
  `submission.csv` there or in `submission/`;
- `metadata` with a `command` (CodaLab): `$input` holds the inputs, `$output` takes
  `predictions.*`.

Nothing is installed and nothing of a package is run to read it.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

MANIFEST, MAIN_FILE, METADATA = "manifest.toml", "main.py", ("metadata.yaml", "metadata")
MOST_BYTES = 16 * 1024
MOST_SEED = 2**32 - 1
KEYS = frozenset({"entry", "environment", "resources", "licence", "seed"})
CODE = "E_PACKAGE"
ENVIRONMENT = "systeme"


class Layout(StrEnum):
    """Name how a package is laid out."""

    MANIFEST = "manifest"
    MAIN = "main"
    CODALAB = "codalab"


@dataclass(frozen=True)
class Package:
    """A package that can be started. entry: a path in it, or the command of CodaLab's metadata.

    folder: where its files are, when they are in one.
    """

    folder: Path
    layout: Layout
    entry: str
    seed: int = 0


class PackageRefused(Exception):
    """A package that cannot be started.

    why, facts: the sentence E_PACKAGE of the closed list of messages, and what fills it. line:
    of manifest.toml, None where it is about the whole.
    """

    def __init__(self, why: str, line: int | None = None, **facts: object) -> None:
        super().__init__(why)
        self.why, self.line, self.facts = why, line, facts


@dataclass(frozen=True)
class PackageFiles:
    """Give the files of a package.

    holds: whether a path is a plain file of it. head: its bytes, one more than MOST_BYTES at
    most. command: that of CodaLab's metadata, None without any; raises PackageRefused.
    """

    holds: Callable[[str], bool]
    head: Callable[[str], bytes]
    command: Callable[[], str | None]
    folder: Path = Path()


def read_package(files: PackageFiles) -> Package:
    """Find how a package starts; raises PackageRefused."""
    if files.holds(MANIFEST):
        return _manifest(files)
    if files.holds(MAIN_FILE):
        return Package(files.folder, Layout.MAIN, MAIN_FILE)
    command = files.command()
    if command is None:
        raise PackageRefused("none")
    return Package(files.folder, Layout.CODALAB, command)


def _manifest(files: PackageFiles) -> Package:
    raw = files.head(MANIFEST)
    if len(raw) > MOST_BYTES:
        raise PackageRefused("size", max=MOST_BYTES)
    try:
        text = raw.decode("utf-8")
        manifest = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise PackageRefused("toml", int(line[1]) if line else None) from error
    try:
        return _declared(files, manifest)
    except _KeyRefused as refused:
        raise PackageRefused(refused.why, _line_of(text, refused.key), **refused.facts) from refused


def _declared(files: PackageFiles, manifest: dict[str, object]) -> Package:
    if unknown := sorted(set(manifest) - KEYS):
        raise _KeyRefused("key", unknown[0], valeur=unknown[0][:64])
    for key in ("resources", "licence"):
        _text(manifest, key, "")
    environment = _text(manifest, "environment", ENVIRONMENT)
    if environment != ENVIRONMENT:
        raise _KeyRefused("environment", "environment", valeur=environment, attendu=ENVIRONMENT)
    entry, seed = _text(manifest, "entry", ""), manifest.get("seed", 0)
    parts = PurePosixPath(entry).parts
    if not entry or entry.startswith("/") or ".." in parts or not files.holds(entry):
        raise _KeyRefused("entry", "entry")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise _KeyRefused("seed", "seed", max=MOST_SEED)
    return Package(files.folder, Layout.MANIFEST, entry, seed)


def _text(manifest: dict[str, object], key: str, usual: str) -> str:
    value = manifest.get(key, usual)
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
