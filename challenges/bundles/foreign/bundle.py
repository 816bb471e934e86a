"""One bundle being read: its files judged and opened, its faults, its questions, what it keeps.

A folder (paths, links, kinds, number, size) is read in place; a zip is written into a private
folder, counted."""

import csv
import hashlib
import io
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path, PurePosixPath

from challenges.bundles import safe_yaml
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.foreign import documents
from challenges.bundles.foreign.documents import Block, Question, written
from challenges.bundles.foreign.values import Holding, Payload, Phase, Task, Text
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.scoring.archives import (
    CHUNK,
    IGNORED,
    MIB,
    ORDINARY,
    ArchiveRefused,
    Bounds,
    is_relative,
    judged,
    unpack,
)
from challenges.scoring.fields import MISSING, Findings

FORMAT = "E_BUNDLE_FORMAT"


@contextmanager
def opened(path: Path, bounds: Bounds = ORDINARY) -> Iterator[Path]:
    """Give the folder of a bundle: itself, or a private copy of a zip, removed at the end.

    Raises ArchiveRefused, as `unpack` does, nothing being left then; E_BUNDLE_FORMAT when path is
    neither a zip nor a folder.
    """
    if path.is_dir():
        _judge_folder(path, bounds)
        yield path
        return
    if not path.is_file():
        raise ArchiveRefused(FORMAT, "une archive zip ou un dossier est attendu", path.name)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        unpack(path, Path(folder), bounds, not_a_zip=FORMAT)
        yield _root_of(Path(folder))


def _root_of(folder: Path) -> Path:
    """Return the folder of a challenge: the archive, or the only folder inside it."""
    inside = [each for each in folder.iterdir() if each.name not in IGNORED]
    is_whole = len(inside) == 1 and (inside[0] / CHALLENGE_FILE).is_file()
    return inside[0] if is_whole else folder


def _judge_folder(root: Path, bounds: Bounds) -> None:
    """Judge the files of a folder as those of a zip."""
    seen, total = 0, 0
    for place, mode, size in _walked(root):
        name = place.relative_to(root).as_posix()
        if not is_relative(name):
            raise ArchiveRefused("E_ZIP_PATH", "nom de fichier refusé", name)
        if stat.S_ISLNK(mode):
            raise ArchiveRefused("E_ZIP_SYMLINK", "les liens sont refusés", name)
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ArchiveRefused("E_ZIP_ENTRY_TYPE", "seuls les fichiers ordinaires sont lus", name)
        seen, total = seen + 1, total + (size if stat.S_ISREG(mode) else 0)
        if seen > bounds.members:
            raise ArchiveRefused("E_ZIP_ENTRIES", f"plus de {bounds.members} fichiers")
        if total > bounds.total_bytes:
            raise ArchiveRefused("E_ZIP_BOMB", f"plus de {bounds.total_bytes // MIB} Mio en tout")


def _walked(root: Path) -> Iterator[tuple[Path, int, int]]:
    """Give every entry below a folder, links not followed, system files left out."""
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name in IGNORED:
                    continue
                found = entry.stat(follow_symlinks=False)
                yield Path(entry.path), found.st_mode, found.st_size
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(Path(entry.path))


def files_below(root: Path) -> list[str]:
    """List the files of an opened bundle, relative, sorted, system files left out."""
    return sorted(
        place.relative_to(root).as_posix()
        for place, mode, _size in _walked(root)
        if stat.S_ISREG(mode)
    )


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
            paths = files_below(self.root)
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
            files = files_below(place)
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


@dataclass
class Reading:
    """One bundle being read."""

    root: Path
    findings: Findings = field(default_factory=Findings)
    questions: list[Question] = field(default_factory=list)
    kept: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the files of the bundle."""
        self.payloads = Payloads(self.root)

    def ask(self, question: Question) -> None:
        """Add a question."""
        self.questions.append(question)

    def close(self, *blocks: Block, drop: Sequence[str] = ()) -> None:
        """Warn of what a block holds without effect here, and keep it for the export."""
        for block in blocks:
            block.dropped(drop)
            left = {key: block.values[key] for key in drop if block.values.get(key) is not None}
            for key, value in {**left, **block.rest()}.items():
                self.kept[block.at(key)] = plain(value)

    def quota(self, block: Block, key: str, *, default: int | None) -> int | None:
        """Read a quota; 0 is asked about: no limit for Codabench, none for its authors."""
        found = block.whole(key, default=default)
        if found == 0:
            said = "0 veut dire aucune soumission ; Codabench y lit « sans limite »"
            block.warn("W_QUOTA_ZERO", said, key=key, value=0)
            place = block.at(key)
            self.ask(
                Question(place, documents.ZERO, "0", documents.ZERO_HINT, {}, {"place": place})
            )
        return found


def plain(value: object) -> object:
    """Turn a value of YAML into one of JSON: dates and times become text, as the file has them."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return written(value) if isinstance(value, date) else value


def orders(phases: Sequence[tuple[Block, Phase]], *, end: str, start: str) -> list[Phase]:
    """Check the dates of phases that follow one another, and give the phases.

    end, start: the names of these keys in the format. A date that was not read is noted already.
    A last phase that ends as it starts is left without an end, phases that run together stay so:
    both are warned of. Codes: E_PHASE_DATES; W_PHASE_END, W_PHASES_OVERLAP.
    """
    for at, (block, phase) in enumerate(phases):
        if phase.start is None and not block.has(start):
            block.refuse("E_PHASE_DATES", "une date de début est attendue", key=start)
        if phase.end is None and not block.has(end) and at + 1 < len(phases):
            block.refuse(
                "E_PHASE_DATES", "seule la dernière phase peut ne pas avoir de fin", key=end
            )
    for (_before, earlier), (block, later) in pairwise(phases):
        if earlier.end and later.start and later.start.at <= earlier.end.at:
            block.warn(
                "W_PHASES_OVERLAP",
                f"cette phase commence avant la fin de la précédente, {earlier.end.written} : "
                "elles courent ensemble",
                key=start,
                value=later.start.written,
            )
    return [
        _ended(block, phase, end, is_last=at + 1 == len(phases))
        for at, (block, phase) in enumerate(phases)
    ]


def _ended(block: Block, phase: Phase, end: str, *, is_last: bool) -> Phase:
    if phase.start is None or phase.end is None or phase.end.at > phase.start.at:
        return phase
    if is_last and phase.end.at == phase.start.at:
        said = "la fin est égale au début : lue comme une phase sans fin, à dater avant le visa"
        block.warn("W_PHASE_END", said, key=end, value=phase.end.written)
        return replace(phase, end=None)
    block.refuse(
        "E_PHASE_DATES",
        f"la fin précède le début, {phase.start.written}, ou lui est égale",
        key=end,
        value=phase.end.written,
    )
    return phase


def code_is_expected(block: Block, tasks: Sequence[Task]) -> None:
    """Warn that teams send programs, which only a sandbox runs."""
    for at, task in enumerate(tasks):
        if task.ingestion_program is not None:
            block.warn(
                "W_CODE_SUBMISSION",
                "les équipes déposent du code : sans isolement des programmes sur ce serveur, "
                "leurs soumissions seront refusées",
                key=f"tasks[{at}].ingestion_program",
                value=task.ingestion_program.path,
            )
            return
