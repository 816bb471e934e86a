"""Write a portable challenge folder; the form of an export, and how one is put back as a folder.

An export is a zip: `competition.yaml` (Codabench version 2), `openemploi.yaml` (all the rest),
`pages/`, `programs/`, `public/`, then `reference/` in clear or `sealed/` as ciphertext, `source/`
and `sha256.txt`."""

import os
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from challenges.bundles import programs, safe_yaml, spec
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.foreign.documents import load
from challenges.bundles.settings import Settings
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.scoring.archives import is_relative
from challenges.scoring.fields import Findings, Problem


def write_folder(folder: Path, document: Mapping[str, object], files: Mapping[str, bytes]) -> None:
    """Write challenge.yaml and `files` (relative path to content) into `folder`.

    In challenge.yaml known keys come in their order, unknown ones after. Creates the folder. Raises
    ValueError on a path that leaves it and FileExistsError rather than replace a file.
    """
    for path in files:
        if not is_relative(path) or path == spec.CHALLENGE_FILE:
            raise ValueError(path)
    folder.mkdir(parents=True, exist_ok=True)
    known = {key: document[key] for key in spec.TOP_KEYS if key in document}
    written = dump({**known, **document}).encode()
    for path, content in {spec.CHALLENGE_FILE: written, **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(place, flags, 0o644), "wb") as stream:
            stream.write(content)


FORMAT, VERSION = "open-emploi/export", 1
COMPETITION, DOCUMENT, SUMS, SOURCE = (
    "competition.yaml",
    "openemploi.yaml",
    "sha256.txt",
    "source",
)
PAGES, PUBLIC, REFERENCE, SEALED, PROGRAMS = "pages", "public", "reference", "sealed", "programs"
INPUTS = "inputs"  # of code: mounted by Codabench without the answers
CODE, SUM, SEALED_CODE = "E_EXPORT", "E_EXPORT_SUM", "E_SEALED"
MAX_FILE_BYTES, MAX_FILES = 2 << 30, 2_000
Row = Mapping[str, Any]
# Opens a ciphertext of the export, at its place. Says in French, by a
# ValueError, why it does not.
Unseal = Callable[[Path], bytes]


PARTS = (programs.SCORING, programs.INGESTION, programs.REFERENCE, programs.INPUT)


@dataclass(frozen=True)
class Correction:
    """A sealed archive in force for a task, in place of that of the import. part: one of PARTS."""

    phase: int
    task: int
    part: str
    content: bytes


@dataclass
class Restored:
    """An export put back: what it says beyond the folder, or why it was not."""

    settings: Settings | None = None
    texts: dict[str, str] = field(default_factory=dict)  # of the rules and further pages, by file
    source: tuple[Path, dict[str, str]] | None = None  # the imported bundle, its answers
    corrected: list[Correction] = field(default_factory=list)
    errors: tuple[Problem, ...] = ()


def dump(document: Mapping[str, object]) -> str:
    """Write a YAML document in the order of its keys; texts that look like dates are quoted."""
    return yaml.safe_dump(
        dict(document), allow_unicode=True, sort_keys=False, width=100, default_flow_style=None
    )


def is_export(root: Path) -> bool:
    """Say whether an opened bundle is an export of a portal like this one."""
    return (root / DOCUMENT).is_file() and not (root / CHALLENGE_FILE).is_file()


def restore(root: Path, folder: Path, unseal: Unseal | None = None) -> "Restored":
    """Write into `folder` the challenge folder that an export was made of.

    unseal: opens the ciphertexts where the worker's key is; without it an export without its
    reference is refused: E_SEALED. Other codes: E_EXPORT, E_EXPORT_SUM, and those of YAML.
    """
    findings, place = Findings(), Folder(root)
    block = load(place, DOCUMENT, findings)
    if block is None:
        return Restored(errors=tuple(findings.errors))
    found = Restored()
    try:
        _check_sums(place)
        if block.values.get("format") != FORMAT or block.values.get("format_version") != VERSION:
            raise _Refused(f"« {FORMAT} » version {VERSION} est attendu", "format")
        found.settings = Settings.model_validate(block.values.get("settings") or {})
        wanted = [found.settings.terms, *(one.file for one in found.settings.pages)]
        found.texts = {name: _text(place, name) for name in wanted}
        source = block.values.get("source")
        if isinstance(source, dict):
            found.source = _source(block.values, source, place, folder, unseal)
            found.corrected = _corrected(source, place, unseal)
        else:
            _write_challenge(block.values, place, folder, unseal)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        findings.refuse(CODE, str(first["msg"]), file=DOCUMENT, key=f"settings.{where}")
    except _Refused as refusal:
        findings.refuse(refusal.code, str(refusal), file=refusal.file, key=refusal.key)
    except (PathRefused, FileAbsent, FileExistsError, TableRefused, OSError) as error:
        findings.refuse(CODE, f"export incomplet ({type(error).__name__})", file=DOCUMENT)
    found.errors = tuple(findings.errors)
    return found


class _Refused(Exception):
    def __init__(self, said: str, key: str = "", *, code: str = CODE, file: str = DOCUMENT) -> None:
        super().__init__(said)
        self.key, self.code, self.file = key, code, file


def _check_sums(place: Folder) -> None:
    """Compare each file with sha256.txt."""
    lines = place.read(SUMS, limit_bytes=MAX_FILES * 400).decode("utf-8", "replace").splitlines()
    if len(lines) > MAX_FILES:
        raise _Refused(f"plus de {MAX_FILES} fichiers", file=SUMS)
    for line in lines:
        digest, _blank, name = line.partition("  ")
        if place.sha256(name) != digest:
            raise _Refused("ce fichier a changé depuis l’export", code=SUM, file=name)


def _text(place: Folder, path: str) -> str:
    try:
        text = place.read(path, limit_bytes=100_000).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused("texte UTF-8 attendu", "settings.pages", file=path) from error
    if safe_yaml.is_refused_text(text):
        raise _Refused(safe_yaml.REFUSED_TEXT, "settings.pages", file=path)
    return text


def _source(
    values: Row, source: Row, place: Folder, folder: Path, unseal: Unseal | None
) -> tuple[Path, dict[str, str]]:
    """Give the imported bundle: its folder in clear, else its zip once unsealed."""
    answers = source.get("answers")
    said = {str(key): str(one) for key, one in answers.items()} if isinstance(answers, dict) else {}
    if (place.root / SOURCE).is_dir():
        return place.root / SOURCE, said
    rows = values.get("files")
    for at, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict) and str(row.get("path", "")).endswith(f"/{SOURCE}/{SOURCE}.zip"):
            folder.mkdir(parents=True, exist_ok=True)
            archive = folder / f"{SOURCE}.zip"
            archive.write_bytes(_content(row, place, f"files[{at}]", unseal))
            return archive, said
    raise _Refused("l’archive importée manque", "source")


def _corrected(source: Row, place: Folder, unseal: Unseal | None) -> list[Correction]:
    """Read the programs and the data that are no longer those of the imported bundle."""
    rows = source.get("corrected") or []
    if not isinstance(rows, list) or len(rows) > MAX_FILES:
        raise _Refused("liste attendue", "source.corrected")
    found = []
    for at, row in enumerate(rows):
        key = f"source.corrected[{at}]"
        said = row if isinstance(row, dict) else {}
        phase, task, part = said.get("phase"), said.get("task"), said.get("part")
        if not isinstance(phase, int) or not isinstance(task, int) or part not in PARTS:
            raise _Refused("phase, tâche et archive attendues", key)
        found.append(Correction(phase, task, part, _content(said, place, key, unseal)))
    return found


def _write_challenge(values: Row, place: Folder, folder: Path, unseal: Unseal | None) -> None:
    document, rows = values.get("challenge"), values.get("files")
    if not isinstance(document, dict) or not isinstance(rows, list) or len(rows) > MAX_FILES:
        raise _Refused("clés challenge et files attendues")
    files: dict[str, bytes] = {}
    for at, row in enumerate(rows):
        key = f"files[{at}]"
        if not isinstance(row, dict) or not is_relative(str(row.get("path", ""))):
            raise _Refused("chemin relatif attendu", f"{key}.path")
        files[str(row["path"])] = _content(row, place, key, unseal)
    if CHALLENGE_FILE in files:
        raise _Refused("ce nom est réservé", "files")
    write_folder(folder, document, files)


def _content(row: Row, place: Folder, key: str, unseal: Unseal | None) -> bytes:
    at = row.get("at")
    if not row.get("sealed"):
        return place.read(str(at), limit_bytes=MAX_FILE_BYTES)
    if unseal is None:
        raise _Refused(
            "fichier scellé : il ne s’ouvre que là où est la clé du service de notation ; sinon, "
            "refaites l’export avec vos données (--with-reference)",
            key,
            code=SEALED_CODE,
            file=str(at),
        )
    try:
        return unseal(place.locate(at))
    except ValueError as error:
        raise _Refused(str(error), key, code=SEALED_CODE, file=str(at)) from error


def picture() -> bytes:
    """Make the image that Codabench requires: a plain square, PNG, the same bytes each time."""
    side, colour = 64, bytes((0x1B, 0x4F, 0x72))
    rows = b"".join(b"\0" + colour * side for _row in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
