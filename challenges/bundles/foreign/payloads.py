"""Find, read and pack the programs, data and pages that a bundle names, inside it alone."""

import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from challenges.bundles import safe_yaml
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.foreign import archives
from challenges.bundles.foreign.blocks import Block
from challenges.bundles.foreign.values import Holding, Payload, Task, Text
from challenges.scoring.archives import CHUNK, ArchiveRefused, is_relative, judged
from challenges.scoring.fields import MISSING

MAX_FILE_BYTES = 2 << 30
MAX_TABLE_BYTES = 200 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)


def payload_files(folder: Folder, payload: Payload) -> Iterator[tuple[str, bytes]]:
    """Give each file of a judged payload: its path inside it, its content."""
    match payload.holding:
        case Holding.FOLDER:
            for name in payload.files:
                path = f"{payload.path}/{name}"
                yield name, folder.read(path, limit_bytes=MAX_FILE_BYTES)
        case Holding.FILE:
            yield payload.files[0], folder.read(payload.path, limit_bytes=MAX_FILE_BYTES)
        case Holding.ZIP:
            with folder.open(payload.path) as stream, zipfile.ZipFile(stream) as archive:
                for name in payload.files:
                    yield name, archive.read(name)


def packed_payload(folder: Folder, payload: Payload) -> bytes:
    """Write a payload as a zip: the same bytes for the same files."""
    return zipped(payload_files(folder, payload))


def zipped(found: Iterator[tuple[str, bytes]]) -> bytes:
    """Write files as a zip, in their order, without dates."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in found:
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o100644 << 16
            made.writestr(member, content)
    return target.getvalue()


def one_root(folder: Folder, payload: Payload) -> Iterator[tuple[str, bytes]]:
    """Give the files of a payload without the one folder that holds them all, if there is one."""
    heads = {PurePosixPath(name).parts[0] for name in payload.files}
    deeper = len(heads) == 1 and all("/" in name for name in payload.files)
    for name, content in payload_files(folder, payload):
        yield (name.split("/", 1)[1] if deeper else name), content


def payload_tables(
    folder: Folder, payload: Payload | None
) -> Iterator[tuple[str, list[list[str]]]]:
    """Give the CSV tables of a payload, header first; those that cannot be read are left out."""
    if payload is not None:
        yield from _tables(payload_files(folder, payload))


def packed_tables(archive: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """Give the CSV tables of an archive that `archive` wrote."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        yield from _tables((name, packed.read(name)) for name in packed.namelist())


def _tables(found: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, list[list[str]]]]:
    for name, content in found:
        if PurePosixPath(name).suffix.lower() == ".csv" and len(content) <= MAX_TABLE_BYTES:
            try:
                text = content.decode("utf-8-sig")
                rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
            except (UnicodeDecodeError, csv.Error):
                continue
            if "\0" not in text and len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows):
                yield name, rows


UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ADDRESS = re.compile(r"https?://|\d+$", re.IGNORECASE)
MAX_PAGE_BYTES = 1_000_000
TERMS_MISSING, EMPTY, ABSENT, PATH = (
    "E_TERMS_MISSING",
    "E_FILE_EMPTY",
    "E_FILE_MISSING",
    "E_DATASET_PATH",
)
LEAST_SECRET_BYTES = 64  # a shorter file is no table of answers
NEVER_SECRET = re.compile(r"(readme|lisezmoi|licen[cs]e|metadata)", re.IGNORECASE)


class Payloads:
    """The payloads of one bundle, each read once."""

    def __init__(self, root: Path) -> None:
        """Keep the folder; nothing is read yet."""
        self.root, self.folder = root, Folder(root)
        self._found: dict[str, Payload] = {}
        self._keys: dict[str, str] | None = None
        self._digests: dict[str, dict[str, str]] = {}

    def named(self, block: Block, key: str, *, required: bool = False) -> Payload | None:
        """Give the payload named at a key, None when absent or once its fault is noted."""
        if not block.has(key):
            if required:
                block.refuse(MISSING, "cette clé est obligatoire", key=key)
            return None
        path = self.keyed(block.text(key).rstrip("/").removeprefix("./"))
        if not is_relative(path) and not ADDRESS.match(path):
            block.refuse(
                PATH, "chemin relatif attendu, dans l’archive, sans « .. »", key=key, value=path
            )
            return None
        try:
            return self.payload(path)
        except PathRefused:
            block.refuse(PATH, "ni fichier ni dossier ordinaire", key=key, value=path)
        except FileAbsent:
            block.refuse(ABSENT, _absent(path), key=key, value=path)
        except ArchiveRefused as refusal:
            block.refuse(refusal.code, f"{refusal.reason} {refusal.member}".strip(), key=key)
        return None

    def holds(self, path: str) -> bool:
        """Say whether the bundle has a file or a folder of this path."""
        return is_relative(path) and os.path.lexists(self.root / path)

    def keyed(self, name: str) -> str:
        """Give the path of a dataset named by its key (a UUID), when the bundle holds its file."""
        if not UUID.fullmatch(name):
            return name
        if self._keys is None:
            paths = archives.paths(self.root)
            stems = {PurePosixPath(path).stem.lower(): path for path in paths}
            self._keys = {stem: path for stem, path in stems.items() if UUID.fullmatch(stem)}
        return self._keys.get(name.lower(), name)

    def payload(self, path: str) -> Payload:
        """Read a payload; raises PathRefused, FileAbsent, or ArchiveRefused for a bad zip."""
        if path not in self._found:
            self._found[path] = self._read(path)
        return self._found[path]

    def _read(self, path: str) -> Payload:
        place = self.root / path
        if os.path.isdir(place) and not os.path.islink(place):  # never raise
            files = archives.paths(place)
            if not files:
                raise FileAbsent
            each = {name: self.folder.sha256(f"{path}/{name}") for name in files}
            return self._kept(path, Holding.FOLDER, each, self._rows(path, files))
        digest = self.folder.sha256(path)  # judges the path
        if zipfile.is_zipfile(place):
            return self._zip(path, place)
        rows = self._rows(str(PurePosixPath(path).parent), [PurePosixPath(path).name])
        return self._kept(path, Holding.FILE, {PurePosixPath(path).name: digest}, rows)

    def _zip(self, path: str, place: Path) -> Payload:
        """List a zip inside the bundle, judged by the same rules, without writing it out."""
        each: dict[str, str] = {}
        with place.open("rb") as stream:
            members = judged(stream)
            with zipfile.ZipFile(stream) as archive:
                for name in sorted(members):
                    each[name] = _digest(archive, name)
                tables = [name for name in each if name.lower().endswith(".csv")]
                rows = _zipped_rows(archive, tables[0]) if len(tables) == 1 else None
        return self._kept(path, Holding.ZIP, each, rows)

    def _kept(self, path: str, holding: Holding, each: dict[str, str], rows: int | None) -> Payload:
        digest = hashlib.sha256()
        for name, one in each.items():
            digest.update(f"{name}\0{one}\n".encode())
        self._digests[path] = each
        return Payload(path, holding, digest.hexdigest(), tuple(each), rows)

    def _rows(self, path: str, files: list[str]) -> int | None:
        """Count the rows of the only table of a payload."""
        tables = [name for name in files if name.lower().endswith(".csv")]
        if len(tables) != 1:
            return None
        name = tables[0] if path in {"", "."} else f"{path}/{tables[0]}"
        try:
            return self.folder.rows(name)
        except (TableRefused, FileAbsent, PathRefused):
            return None

    def told(self, public: Payload, secret: Payload) -> str:
        """Name the file of a public payload that holds answers, "" when none does."""
        if public.path == secret.path or public.digest == secret.digest:
            return public.path
        if secret.path.startswith(f"{public.path}/"):
            return secret.path
        if public.path.startswith(f"{secret.path}/"):
            return public.path
        hidden = {
            digest
            for name, digest in self._digests[secret.path].items()
            if self._secret(secret, name)
        }
        return next((name for name, one in self._digests[public.path].items() if one in hidden), "")

    def _secret(self, payload: Payload, name: str) -> bool:
        if NEVER_SECRET.match(PurePosixPath(name).name):
            return False
        if payload.holding is not Holding.FOLDER:
            return True
        return (self.root / payload.path / name).stat().st_size >= LEAST_SECRET_BYTES

    def page(self, block: Block, key: str, *, title: str = "", name: str = "") -> Text | None:
        """Read a page named at a key: a file of the bundle, UTF-8, not blank."""
        if not block.text(key).removeprefix("./"):
            block.refuse(MISSING, "cette clé est obligatoire", key=key)
            return None
        return self._page(block, key, Text(title, "", "", key=name), EMPTY, "page vide")

    def terms(self, block: Block, key: str) -> Text | None:
        """Read the terms: a challenge without terms is refused."""
        if not block.has(key):
            block.refuse(TERMS_MISSING, "un règlement est obligatoire", key=key)
            return None
        named = Text("Règlement", "", "", key="terms")
        return self._page(block, key, named, TERMS_MISSING, "règlement vide")

    def _page(self, block: Block, key: str, named: Text, code: str, blank: str) -> Text | None:
        path = block.text(key).removeprefix("./")
        text = self._text(block, key, path)
        if text is None:
            return None
        if not text.strip():
            block.refuse(code, blank, key=key, value=path)
            return None
        kind = "html" if path.lower().endswith((".html", ".htm")) else "markdown"
        return replace(named, file=path, text=text, kind=kind)

    def _text(self, block: Block, key: str, path: str) -> str | None:
        try:
            text = self.folder.read(path, limit_bytes=MAX_PAGE_BYTES).decode("utf-8-sig")
            if not safe_yaml.is_refused_text(text):
                return text
            block.refuse("E_KEY_TYPE", safe_yaml.REFUSED_TEXT, key=key, value=path)
        except PathRefused:
            block.refuse(PATH, "chemin relatif attendu, dans l’archive", key=key, value=path)
        except FileAbsent:
            block.refuse(ABSENT, "fichier absent de l’archive", key=key, value=path)
        except (TableRefused, UnicodeDecodeError):
            block.refuse("E_KEY_TYPE", "texte UTF-8 de 1 Mo au plus attendu", key=key, value=path)
        return None

    def image(self, block: Block, key: str) -> str:
        """Give the path of the image; missing, one is generated, with a warning."""
        path = block.text(key).removeprefix("./")
        try:
            if path:
                self.folder.locate(path)
                return path
        except (PathRefused, FileAbsent):
            path = ""
        block.warn("W_IMAGE_MISSING", "image absente : une image est fabriquée", key=key)
        return path


def public_payload(
    payloads: Payloads, block: Block, key: str, tasks: Sequence[Task]
) -> Payload | None:
    """Give the data that everybody reads, refused where they hold the answers of a task."""
    found = payloads.named(block, key)
    refuse_published(payloads, block, key, found, tasks)
    return found


def refuse_published(
    payloads: Payloads, block: Block, key: str, public: Payload | None, tasks: Sequence[Task]
) -> None:
    """Refuse data given to everybody that hold the answers of a task: E_TRUTH_PUBLIC."""
    for task in tasks:
        if public is None or task.reference_data is None:
            continue
        if told := payloads.told(public, task.reference_data):
            block.refuse(
                "E_TRUTH_PUBLIC",
                f"ces fichiers publics contiennent la vérité de la tâche {task.index}",
                key=key,
                value=told,
            )
            return


def _absent(path: str) -> str:
    if UUID.fullmatch(path) or ADDRESS.match(path):
        return "jeu de données d’un autre serveur, inconnu ici : joignez ses fichiers à l’archive"
    return "absent de l’archive"


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as member:
        while block := member.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _zipped_rows(archive: zipfile.ZipFile, name: str) -> int | None:
    """Count the rows of a table in a judged zip, header excluded."""
    with archive.open(name) as member:
        text = io.TextIOWrapper(member, encoding="utf-8-sig", errors="replace", newline="")
        try:
            return max(0, sum(1 for row in csv.reader(text) if row) - 1)
        except csv.Error:
            return None
