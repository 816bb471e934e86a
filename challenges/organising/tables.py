"""Read the tables that an organiser sends, as spreadsheets write them; draw the public part.

A table is kept as UTF-8 with commas and decimal points, whatever it came as: what reads it
afterwards, the kit of the teams too, finds one form.
"""

import csv
import hmac
import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from mimetypes import guess_type
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles.leaks import Answers, told
from challenges.bundles.spec import Role
from challenges.scoring.archives import is_relative
from challenges.scoring.contract import first_named, number_of
from portal.lib.refusals import Invalid
from portal.lib.storage.files import safe_name

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?", re.ASCII)
FIRST_ROWS = 5
MOST_VALUES = 2  # of a column that says in which part a row is
# Beginnings of spreadsheets, archives and columnar files, none of which is a CSV.
NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"\x1f\x8b", b"%PDF")
PUBLIC_PARTS = ("public", "publique", "pub")
DRAWN = "tirage"

# What is said of how a table came.
READINGS = {
    "semicolon": gettext_lazy("« ; » lu"),
    "tab": gettext_lazy("tabulation lue"),
    "decimal": gettext_lazy("virgule décimale lue"),
    "windows": gettext_lazy("accents Windows lus"),
}
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
# What a file is most often called, by its role; the first that a name holds is taken.
ROLE_NAMES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.SAMPLE_SUBMISSION, ("exemple", "sample", "submission", "soumission", "example")),
    (Role.TRUTH, ("solution", "truth", "verite", "reponse", "answer", "label", "corrige")),
    (Role.BASELINE_SUBMISSION, ("baseline", "reference")),
    (Role.TRAIN, ("train", "entrain", "apprentissage")),
    (Role.TEST, ("test", "evaluation", "predire")),
)
CODE_ROLE_NAMES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.SAMPLE_ANSWERS, ("reponses-echantillon", "sample-answer")),
    (Role.SAMPLE_INPUTS, ("echantillon", "sample-input")),
    *((role, names) for role, names in ROLE_NAMES if role is not Role.TEST),
    (Role.HIDDEN_INPUTS, ("entree", "input", "test")),
)


MAX_FILE_BYTES = 200_000_000
MOST_COMPARED = 1_000_000  # rows of the test and of the answers, while their sender waits


@dataclass(frozen=True)
class Table:
    """What was read of a table, and the size in bytes of what is kept of it.

    first: its first rows. readings: keys of READINGS. parts: by column of two values one of which
    is called public, that value then the other.
    """

    names: list[str]
    size: int
    rows: int
    first: list[list[str]] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deposit:
    """A file that an organiser sends: its name, its size in bytes, its content to be read once."""

    name: str
    size: int
    content: BinaryIO
    path: Path | None = None


@dataclass(frozen=True)
class ReadFile:
    """A file that was read: its name, the table that it is or None, what is to be kept of it."""

    name: str
    table: Table | None
    kept: Deposit


def unread(name: str) -> str:
    """Say why a file is not read as a table, by its name; "" where it may be."""
    kind = guess_type(name)[0] or ""
    if name.lower().endswith(SPREADSHEETS):
        return _("tableur non lu : enregistrez-le en CSV")
    is_seen = kind == "application/pdf" or kind.startswith(("image/", "audio/", "video/"))
    return _("pas un tableau") if is_seen else ""


def is_left_out(entry: Mapping[str, Any]) -> bool:
    """Say whether a declared file is not kept unless its role is chosen: a picture, a spreadsheet.

    A PDF is chosen by a person: it may be a notice that everybody reads.
    """
    path = str(entry["path"])
    return bool(entry.get("unsure") and unread(path) and not path.lower().endswith(".pdf"))


def guessed_role(name: str, *, is_code: bool, taken: Iterable[Role]) -> Role | None:
    """Guess what a file is by its name, None where it says nothing; a role is guessed once."""
    words, free = slugify(PurePath(name).stem.replace("_", "-")), set(Role) - set(taken)
    if not name.lower().endswith(".csv"):
        return None
    named = CODE_ROLE_NAMES if is_code else ROLE_NAMES
    return next(
        (role for role, names in named if role in free and any(each in words for each in names)),
        None,
    )


def example(
    test: bytes, train: bytes | None, *, key: str, target: str, bounds: tuple[Any, Any], text: bool
) -> bytes:
    """Make an example of an answer: the ids of the test, the same usual answer for each.

    The answer is the middle one of the training rows, the most frequent one of texts: nothing of
    it comes from the answers. bounds: least and greatest, None without; one of them, or zero,
    where the training rows tell nothing.
    """
    rows = csv.DictReader(io.StringIO((train or b"").decode(), newline=""))
    known = [row[target] for row in rows if row.get(target)]
    numbers = sorted((float(each), each) for each in known if number_of(each) is not None)
    if text:
        usual = Counter(known).most_common(1)[0][0] if known else "A"
    elif numbers:
        usual = numbers[(len(numbers) - 1) // 2][1]
    else:
        usual = str(next((each for each in bounds if each is not None), 0))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([key, target])
    ids = (row[key] for row in csv.DictReader(io.StringIO(test.decode(), newline="")))
    writer.writerows([each, usual] for each in ids)
    return out.getvalue().encode()


def read_table(content: BinaryIO, kept: BinaryIO) -> Table:
    """Read a CSV file, and write it into `kept` as it is kept.

    Raises Invalid with what is wrong in it.
    """
    start = content.read(8)
    if start.startswith(NO_TEXT):
        said = _("Ce fichier n’est pas un CSV : dans le tableur, enregistrez-le au format CSV.")
        raise Invalid(said, code="file_table")
    encoding = _encoding(content)
    header = _header(content, encoding)
    delimiter = max(",;\t", key=lambda mark: len(_cells(header, mark)))
    names = _cells(header, delimiter)
    _refuse_names(names)
    decimal = _decimal_columns(content, encoding, delimiter, names)
    rows, first = 0, list[list[str]]()
    values: list[set[str]] = [set() for _name in names]
    out = io.TextIOWrapper(kept, "utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        for row in _rows(content, encoding, delimiter, names):
            for at in decimal:
                row[at] = row[at].replace(",", ".")
            writer.writerow(row)
            rows += 1
            if rows <= FIRST_ROWS:
                first.append(row)
            for seen, cell in zip(values, row, strict=True):
                if len(seen) <= MOST_VALUES:
                    seen.add(cell)
    finally:
        out.detach()
    if not rows:
        raise Invalid(_("Ce fichier n’a que son en-tête."), code="file_table")
    size = kept.tell()
    kept.seek(0)
    readings = [
        key
        for key, is_so in (
            ("semicolon", delimiter == ";"),
            ("tab", delimiter == "\t"),
            ("decimal", bool(decimal)),
            ("windows", encoding == "cp1252"),
        )
        if is_so
    ]
    parts = {name: _parts(seen) for name, seen in zip(names, values, strict=True)}
    parts = {name: two for name, two in parts.items() if two}
    return Table(names, size, rows, first, readings, parts)


@contextmanager
def opened(deposit: Deposit, *, table: bool) -> Iterator[ReadFile]:
    """Read a file, and give what is to be kept of it while the block lasts.

    Raises Invalid for a file that is empty, too large, badly named, a table that cannot be read, or
    none where one is expected.
    """
    name = safe_name(deposit.name)
    if deposit.size > MAX_FILE_BYTES:
        raise Invalid(_("200 Mo au plus par fichier."), code="too_large")
    if deposit.size == 0:
        raise Invalid(_("Ce fichier est vide."), code="file_empty")
    if not is_relative(name):
        raise Invalid(_("Donnez au fichier un nom simple, sans « : »."), code="file_name")
    if not name.lower().endswith(".csv"):
        if table:
            raise no_table()
        yield ReadFile(name, None, deposit)
        return
    with tempfile.NamedTemporaryFile() as kept:
        content = cast(BinaryIO, kept)
        found = read_table(deposit.content, content)
        yield ReadFile(name, found, Deposit(name, found.size, content, Path(kept.name)))


def id_column(truth: Mapping[str, Any], test: Mapping[str, Any], names: Sequence[str]) -> str:
    """Name the column of the ids of answers, by the document or, without it, as guessed."""
    both = [each for each in test["columns"] if each in names]
    said = truth.get("id") or truth.get("query") or first_named(both, "id")
    return str(said or (both or [""])[0])


def test_among(
    answers: Deposit, others: Sequence[Deposit], said: Mapping[str, Any]
) -> Deposit | None:
    """Find the test among files: the one of the ids of the answers that came with it.

    It lacks a column of theirs, and gives none of them; most ids of each are in the other. Large
    tables are not compared. said: of the answers, by the document.
    """
    found = list[Deposit]()
    try:
        with opened(answers, table=True) as truth:
            for each in others:
                with opened(each, table=False) as read:
                    names = read.table.names if read.table else []
                    key = id_column(
                        said, {"columns": names}, truth.table.names if truth.table else []
                    )
                    found += [each] if is_test_of(truth, read, key) else []
    except Invalid:  # said with the name of the file, as it is taken
        return None
    finally:
        for each in (answers, *others):
            each.content.seek(0)
    return found[0] if len(found) == 1 else None


def is_test_of(truth: ReadFile, read: ReadFile, key: str) -> bool:
    """Say whether a table holds the ids of answers, lacks one of their columns, gives no answer.

    key: the column of the ids, in both; most ids of each are in the other. Large tables are not
    compared.
    """
    if truth.table is None or read.table is None:
        return False
    apart = [each for each in truth.table.names if each not in read.table.names]
    is_joined = key in truth.table.names and key in read.table.names
    if not apart or not is_joined or truth.table.rows + read.table.rows > MOST_COMPARED:
        return False
    wanted, given = (values_of(each.kept.content, key) for each in (truth, read))
    if 2 * len(wanted & given) <= max(len(wanted), len(given)):
        return False
    return not told(read.kept.content, Answers(truth.kept.content, [key], apart))


def values_of(content: BinaryIO, name: str) -> set[str]:
    """Read the different values of a column of a table that is kept."""
    text = io.TextIOWrapper(content, "utf-8", newline="")
    values = {row[name] for row in csv.DictReader(text)}
    text.detach()
    content.seek(0)
    return values


def repeats_of(content: BinaryIO, name: str) -> list[int]:
    """List the lines of a kept table whose value of a column stands above."""
    text = io.TextIOWrapper(content, "utf-8", newline="")
    rows, seen, lines = csv.DictReader(text), set[str](), list[int]()
    for row in rows:
        lines += [rows.line_num] if row[name] in seen else []
        seen.add(row[name])
    text.detach()
    content.seek(0)
    return lines


def strays_of(content: BinaryIO) -> dict[str, tuple[int, int]]:
    """Count the cells of a kept table that are no number, by column, with the line of the first.

    A decimal comma, which one other word of its column leaves as it came, counts where it is alone.
    """
    text = io.TextIOWrapper(content, "utf-8", newline="")
    found: dict[bool, dict[str, tuple[int, int]]] = {True: {}, False: {}}
    rows = csv.DictReader(text)
    for row in rows:
        for name, cell in row.items():
            if number_of(cell) is None:
                among = found[bool(DECIMAL_COMMA.fullmatch(cell.strip()))]
                n, line = among.get(name, (0, rows.line_num))
                among[name] = (n + 1, line)
    text.detach()
    content.seek(0)
    return found[True] | found[False]


def no_table() -> Invalid:
    """Refuse a file that is no table."""
    said = _("Un fichier CSV en UTF-8, avec une ligne d’en-tête, est attendu.")
    return Invalid(said, code="file_table")


def _encoding(content: BinaryIO) -> str:
    """Say in which encoding a text is, UTF-8 or that of Windows; raises Invalid for neither."""
    content.seek(0)
    if any(b"\0" in piece for piece in iter(partial(content.read, 1 << 20), b"")):
        raise no_table()
    content.seek(0)
    is_utf8 = io.TextIOWrapper(content, "utf-8", newline="")
    try:
        while is_utf8.read(1 << 20):
            pass
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    finally:
        is_utf8.detach()
    return encoding


def _header(content: BinaryIO, encoding: str) -> str:
    content.seek(0)
    return content.readline(1 << 16).decode(encoding, "replace").strip("\r\n")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    return [each.strip() for each in cells]


def _refuse_names(names: Sequence[str]) -> None:
    if not names or not all(each.isprintable() for each in names):
        raise no_table()
    for at, name in enumerate(names):
        if not name:
            said = _("La colonne %(n)s n’a pas de nom dans l’en-tête.") % {"n": at + 1}
            raise Invalid(said, code="file_table")
        if name in names[:at]:
            said = _("Deux colonnes s’appellent « %(name)s ».") % {"name": name}
            raise Invalid(said, code="file_table")


def _rows(
    content: BinaryIO, encoding: str, delimiter: str, names: Sequence[str]
) -> Iterator[list[str]]:
    """Yield the rows below the header; those of empty cells, which spreadsheets add, are left."""
    content.seek(0)
    text = io.TextIOWrapper(content, encoding, errors="strict", newline="")
    try:
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        next(rows)
        for row in rows:
            if not any(row):
                continue
            if len(row) != len(names):
                said = _("Ligne %(n)s : %(got)s cellules, et %(wanted)s colonnes dans l’en-tête.")
                facts = {"n": rows.line_num, "got": len(row), "wanted": len(names)}
                raise Invalid(said % facts, code="file_table")
            yield row
    except (UnicodeDecodeError, csv.Error) as fault:
        raise no_table() from fault
    finally:
        text.detach()


def _decimal_columns(
    content: BinaryIO, encoding: str, delimiter: str, names: Sequence[str]
) -> set[int]:
    """Find the columns of numbers written with a decimal comma."""
    if delimiter == ",":
        return set()
    able, seen = set(range(len(names))), set[int]()
    for row in _rows(content, encoding, delimiter, names):
        for at in tuple(able):
            cell = row[at].strip()
            if "," in cell and DECIMAL_COMMA.fullmatch(cell):
                seen.add(at)
            elif cell and not cell.lstrip("+-").replace(".", "", 1).isdecimal():
                able.discard(at)
        if not able:
            break
    return able & seen


def _parts(values: set[str]) -> list[str]:
    """Return the two values of a column that parts the rows, the public one first."""
    public = [each for each in values if each.strip().lower() in PUBLIC_PARTS]
    if len(values) != MOST_VALUES or len(public) != 1:
        return []
    return [public[0], *(values - set(public))]


def drawn_name(names: Sequence[str]) -> str:
    """Name the column of a part drawn at random, as no other column is named."""
    return next(each for each in (DRAWN, f"{DRAWN}_", f"{DRAWN}__") if each not in names)


def group_column(truth: Mapping[str, str]) -> str:
    """Name the column of the answers whose equal values stay in one part of a draw."""
    return truth.get("cluster") or truth.get("query") or truth["id"]


def draw(content: bytes, truth: Mapping[str, str], *, share: float, seed: str) -> bytes:
    """Add to answers the column that says which rows are public, drawn at random.

    truth: as in the portable form; rows of one cluster, or of one query, stay together. share: of
    the groups that are public. seed: the same one draws the same.
    """
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    names = rows[0]
    group = names.index(group_column(truth))
    key = f"{settings.SECRET_KEY}:{seed}".encode()
    keys = sorted(
        {row[group] for row in rows[1:] if row},
        key=lambda each: hmac.digest(key, each.encode(), "sha256"),
    )
    count = min(max(round(len(keys) * share), 1), max(len(keys) - 1, 1))
    public = set(keys[:count])
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, drawn_name(names)])
    for row in rows[1:]:
        if row:
            writer.writerow([*row, "public" if row[group] in public else "private"])
    return out.getvalue().encode()
