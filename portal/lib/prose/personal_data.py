"""Find personal data in texts and files: e-mail, French phone, NIR, IBAN, postal address.

The NIR (social security number) and the IBAN are reported only when their control key holds, so
that an identifier which merely looks like one is let through. A file is read in a process of its
own, this module run as a program: an archive may hold a thousand times its size.
"""

import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import IO, NamedTuple

from portal.lib import children
from portal.lib.children import Bounds, ChildLost

SPACE = r"[ .\u00a0\u202f-]?"

# git@github.com is where code is fetched from, nobody's address.
EMAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}(?![\w-])")
PHONE = re.compile(
    rf"(?<![\w+])(?<!\d\.)(?:\+33{SPACE}(?:\(0\))?|0033{SPACE}|0)[1-9](?:{SPACE}\d\d){{4}}(?!\d)"
    r"|(?<![\w+/])(?<!départements )0[1-9](?: ?/ ?\d\d){4}(?![\d/])"
)
NIR = re.compile(
    rf"(?<!\d)[1-478]{SPACE}\d\d{SPACE}(?:0[1-9]|1[0-2]|[2-9]\d){SPACE}"
    rf"(?:\d\d|2[ABab]){SPACE}\d{{3}}{SPACE}\d{{3}}{SPACE}\d\d(?!\d)"
)
IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ \u00a0\u202f-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"
)
ADDRESS = re.compile(
    r"(?<!\d)\d{1,4}(?: ?(?:bis|ter|quater))?,? (?:rue|avenue|av\.|boulevard|bd|chemin|impasse|"
    r"allées?|place|route|quai|cours|traverse|montée|lotissement) [^\n,]{2,60},? \d{5} [^\W\d_]",
    re.IGNORECASE,
)
# A UUID or a digest: one in three hundred holds the key of an IBAN, one in a thousand a phone.
CODE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40}|"
    r"[0-9a-f]{64})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# Addresses of a service rather than of a person.
GENERIC = re.compile(
    r"^(?:contact|info|infos|accueil|support|aide|bonjour|secretariat|presse|communication|dpo|rgpd|"
    r"cnil|data|donnees|opendata|open-data|equipe|team|admin|noreply|no-reply|ne-pas-repondre|"
    r"recrutement|emploi|webmaster|hello|service|direction|recherche)(?:[.+_-].*)?@",
    re.IGNORECASE,
)
IBAN_LENGTH = {
    "FR": 27,
    "MC": 27,
    "BE": 16,
    "DE": 22,
    "ES": 24,
    "IT": 27,
    "LU": 20,
    "CH": 21,
    "PT": 25,
}
IBAN_SHORTEST = 15


class Kind(StrEnum):
    """Name what was found."""

    EMAIL = "email"
    PHONE = "phone"
    NIR = "nir"
    IBAN = "iban"
    ADDRESS = "address"


# Read where identifiers are blanked: their figures are nobody’s.
NUMBERS = frozenset({Kind.IBAN, Kind.NIR, Kind.PHONE})


class Found(NamedTuple):
    """Hold one finding: what, on which line (from 1), and a masked excerpt."""

    kind: Kind
    line: int
    excerpt: str


def nir_is_valid(text: str) -> bool:
    """Check the key of a French social security number, spaces allowed.

    Thirteen characters and a key of two digits: 97 - (number modulo 97). Corsica's 2A and 2B count
    as 19 and 18. Source: INSEE, numéro d'inscription au répertoire.
    """
    compact = re.sub(r"[^0-9ABab]", "", text).upper()
    if len(compact) != 15:
        return False
    body = compact[:13].replace("2A", "19", 1) if compact[5:7] == "2A" else compact[:13]
    body = body.replace("2B", "18", 1) if compact[5:7] == "2B" else body
    if not (body + compact[13:]).isdigit():
        return False
    return 97 - int(body) % 97 == int(compact[13:])


def iban_is_valid(text: str) -> bool:
    """Check an IBAN by its key (ISO 7064, mod 97-10) and, where the country's is known, its length.

    Spaces and hyphens are allowed.
    """
    compact = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    if len(compact) < IBAN_SHORTEST or len(compact) != IBAN_LENGTH.get(compact[:2], len(compact)):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def find(text: str) -> list[Found]:
    """List the personal data of a text in reading order, at most one finding a place.

    Excerpts are masked: they may be stored and shown without repeating the data.
    """
    return sorted(set(_findings(text)), key=lambda found: (found.line, found.kind, found.excerpt))


def strike(text: str, *, kept: str, by: str) -> str:
    """Replace by `by` the personal data of a text that the text `kept` does not hold too.

    Addresses of a service stay.
    """
    lines = text.split("\n")
    return "\n".join(_struck(line, kept, by) for line in lines)


def is_generic(email: str) -> bool:
    """Say whether an address names a service (contact@…) rather than a person."""
    return GENERIC.match(email) is not None


def mask(value: str) -> str:
    """Keep the first three and the last two characters."""
    value = value.strip()
    return value if len(value) < 8 else f"{value[:3]}…{value[-2:]}"


def _findings(text: str) -> Iterator[Found]:
    for number, line in enumerate(text.splitlines() or [""], start=1):
        for kind, _place, shown in _places(line[:20_000]):
            yield Found(kind, number, shown)


def _places(line: str) -> Iterator[tuple[Kind, tuple[int, int], str]]:
    taken: list[tuple[int, int]] = []
    blanked = CODE.sub(lambda code: "#" * len(code[0]), line)
    for kind, pattern, excerpt in SEARCHED:
        for match in pattern.finditer(blanked if kind in NUMBERS else line):
            start, end = match.span()
            shown = excerpt(match.group())
            if shown and not any(start < stop and begin < end for begin, stop in taken):
                taken.append((start, end))
                yield kind, (start, end), shown


def _struck(line: str, kept: str, by: str) -> str:
    places = sorted((place for _kind, place, _shown in _places(line)), reverse=True)
    for start, end in places:
        if line[start:end] not in kept:
            line = line[:start] + by + line[end:]
    return line


def _nir(text: str) -> str:
    return mask(text) if nir_is_valid(text) else ""


def _email(text: str) -> str:
    local, _, domain = text.partition("@")
    return text if is_generic(text) else f"{local[:2]}…@{domain}"


def _iban(text: str) -> str:
    """Mask the leading part of a candidate that is a valid IBAN: words may follow it."""
    pieces = re.split(r"(?<=.)(?=[ \u00a0\u202f-])", text)
    for count in range(len(pieces), 0, -1):
        candidate = "".join(pieces[:count])
        if iban_is_valid(candidate):
            return mask(candidate)
    return ""


# In order of certainty: what an earlier pattern took is not read again by a later one.
SEARCHED: tuple[tuple[Kind, re.Pattern[str], Callable[[str], str]], ...] = (
    (Kind.IBAN, IBAN, _iban),
    (Kind.NIR, NIR, _nir),
    (Kind.EMAIL, EMAIL, _email),
    (Kind.PHONE, PHONE, mask),
    (Kind.ADDRESS, ADDRESS, mask),
)


ADDRESSED_BYTES = 4 << 30  # Arrow reserves more than it uses
HEAD_BYTES = 4_096  # by which the type of a file is judged
# Read of the text of a file, or of all that an archive holds: four seconds.
READ_BYTES = 20 << 20
MEMBERS = 2_000
# A text this short is read here, in a fifth of a second at most.
SMALL_BYTES = 1 << 20
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
PACKED = frozenset({ZIP, PARQUET})
# Pictures, documents, programs, compressed bytes: their noise is nobody's.
BINARY = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"%PDF", b"\x7fELF", b"MZ", b"\x1f\x8b")
SECONDS = 30
# Numbers whose key holds: they are somebody's, whatever the file is for.
CERTAIN = frozenset({Kind.NIR, Kind.IBAN})


class Unread(Exception):
    """The file takes more time or memory to read than it may, or is a broken archive."""


def scan_file(stream: IO[bytes], *, seconds: int = SECONDS) -> list[Found]:
    """List the first of each kind of personal data in a file, addresses of services left out.

    The first 20 MB are read: of a text; of the members of a ZIP, which XLSX and ODS are too; of the
    texts of a Parquet file. Other files hold no text that can be read. The stream is rewound.
    Raises Unread. seconds: of processor and of clock.
    """
    stream.seek(0)
    start = stream.read(SMALL_BYTES + 1)
    if len(start) <= SMALL_BYTES and start[:4] not in PACKED:
        stream.seek(0)
        return _firsts(io.BytesIO(start))
    try:
        said = children.run(__name__, str(seconds), given=stream, seconds=2 * seconds)
    except ChildLost as error:
        raise Unread from error
    finally:
        stream.seek(0)
    found: list[tuple[str, int, str]] = json.loads(said)
    return [Found(Kind(kind), line, excerpt) for kind, line, excerpt in found]


def _firsts(file: IO[bytes]) -> list[Found]:
    once: dict[Kind, Found] = {}
    for text in _texts(file):
        for found in find(text):
            if found.kind is Kind.EMAIL and is_generic(found.excerpt):
                continue
            once.setdefault(found.kind, found)
    return list(once.values())


def _texts(file: IO[bytes]) -> Iterator[str]:
    head = file.read(4)
    file.seek(0)
    if head == ZIP:
        yield from _members(file)
    elif head == PARQUET:
        yield _table(file)
    else:
        yield _text(file.read(READ_BYTES))


def _text(content: bytes) -> str:
    plain = content.replace(b"\0", b"").decode("utf-8", "replace")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # a mark alone hides nothing either
        return f"{content.decode('utf-16', 'replace')}\n{plain}"
    # Neither one NUL nor two letters hide anything: what is no text begins as pictures and programs
    # do, and has a NUL among the bytes that its type is judged by.
    if content.startswith(BINARY) and b"\0" in content[:HEAD_BYTES]:
        return ""
    return plain


def _members(file: IO[bytes]) -> Iterator[str]:
    left = READ_BYTES
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist()[:MEMBERS]:
            if member.is_dir() or member.flag_bits & 1:  # encrypted: nobody reads it either
                continue
            with archive.open(member) as opened:
                content = opened.read(left)
            left -= len(content)
            yield _text(content)
            if left <= 0:
                return


def _table(file: IO[bytes]) -> str:
    from pyarrow import parquet  # noqa: PLC0415  # slow import

    text, size = io.StringIO(), 0
    for batch in parquet.ParquetFile(file).iter_batches(batch_size=1_000):
        for row in batch.to_pylist():
            size += text.write(" ; ".join(map(str, row.values())) + "\n")
        if size > READ_BYTES:
            break
    return text.getvalue()


if __name__ == "__main__":
    Bounds(int(sys.argv[1]), ADDRESSED_BYTES).apply()
    children.finish(json.dumps([list(one) for one in _firsts(sys.stdin.buffer)]).encode())
