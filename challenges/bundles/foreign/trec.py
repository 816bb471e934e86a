"""Read TREC relevance judgements.

Source: trec_eval 9.0.8: `qid 0 docid relevance`, separated by blanks or tabs."""

import re
from collections import Counter
from collections.abc import Sequence

from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.foreign import documents
from challenges.bundles.foreign.bundle import Reading
from challenges.bundles.foreign.documents import Block, Document, Question
from challenges.bundles.foreign.values import ForeignSpec, Format, Judgements, Text
from challenges.scoring.fields import Findings

QRELS = re.compile(r"(?:[\w-]+\.)?qrels(?:\.(?:txt|tsv|trec))?", re.IGNORECASE)
PAGES = ("description.md", "README.md")
MAX_BYTES, MAX_GROUPS = 200 << 20, 50
CODE = "E_QRELS"
QUERY, RANK, ITEM = "requete", "rang", "document"


def is_qrels(name: str) -> bool:
    """Say whether a file at the root bears one of the usual names of judgements."""
    return QRELS.fullmatch(name) is not None


def read_trec(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read qrels and, if there is one, a table of the documents' attributes."""
    file = next(name for name in names if is_qrels(name))
    rows = judged(reading, file)
    reading.ask(Question("dates", documents.DATES, "/", documents.DATES_HINT))
    reading.ask(Question("quotas", documents.QUOTAS, "5/100", documents.QUOTAS_HINT))
    reading.ask(Question("split", documents.SHARE, "0.3", documents.SHARE_HINT))
    reading.ask(
        Question("licence", documents.LICENCE, documents.LICENCE_LATER, documents.LICENCE_HINT)
    )
    page = _page(names, reading)
    title = page.text.strip().splitlines()[0].lstrip("# ").strip() if page else ""
    if not title:
        reading.ask(Question("title", documents.TITLE, "", documents.TITLE_HINT))
    if not rows:
        return None
    return ForeignSpec(
        format=Format.TREC, title=title[:200], pages=(page,) if page else (),
        judgements=_judgements(file, rows, names, reading), kept=reading.kept,
    )  # fmt: skip


def _page(names: Sequence[str], reading: Reading) -> Text | None:
    name = next((one for one in PAGES if one in names), "")
    block = Block(Document("", reading.findings), {name: name})
    return reading.payloads.page(block, name) if name else None


def judged(reading: Reading, file: str) -> dict[tuple[str, str], int]:
    """Read the judgements: {(topic, document): gain}; empty once a fault is noted: E_QRELS."""
    findings, found = reading.findings, dict[tuple[str, str], int]()
    try:
        text = reading.payloads.folder.read(file, limit_bytes=MAX_BYTES).decode("utf-8-sig")
    except (TableRefused, UnicodeDecodeError, PathRefused, FileAbsent):
        findings.refuse(CODE, "texte UTF-8 de 200 Mo au plus attendu", file=file)
        return {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 4 or not _whole(cells[3]):
            _wrong(findings, file, number, "« requête 0 document pertinence » attendu", line)
            return {}
        if (cells[0], cells[2]) in found:
            _wrong(findings, file, number, "document jugé deux fois", cells[2])
            return {}
        found[cells[0], cells[2]] = max(0, int(cells[3]))  # trec_eval: negative is not relevant
    if len({topic for (topic, _item), gain in found.items() if gain > 0}) < 2:
        findings.refuse(
            CODE, "deux requêtes au moins doivent avoir un document pertinent", file=file
        )
        return {}
    return found


def _wrong(findings: Findings, file: str, number: int, said: str, value: str) -> None:
    findings.refuse(CODE, f"ligne {number} : {said}", file=file, value=value)


def _whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 6


def _judgements(
    file: str, rows: dict[tuple[str, str], int], names: Sequence[str], reading: Reading
) -> Judgements:
    documents = {item for _topic, item in rows}
    table, key, groups = _attributes(names, reading, documents)
    if table:
        documents |= set(reading.payloads.folder.column(table, key))
    return Judgements(
        file=file,
        topics=tuple(sorted({topic for topic, _item in rows})),
        supported=tuple(sorted({topic for (topic, _item), gain in rows.items() if gain > 0})),
        documents=tuple(sorted(documents)),
        gains=tuple(sorted(set(rows.values()))),
        attributes_file=table,
        attributes_id=key,
        attributes=groups,
    )


def _attributes(
    names: Sequence[str], reading: Reading, documents: set[str]
) -> tuple[str, str, dict[str, dict[str, int]]]:
    """Find the table whose first column names every judged document, and count its groups."""
    folder = reading.payloads.folder
    for name in names:
        if "/" in name or not name.lower().endswith(".csv"):
            continue
        try:
            header = folder.header(name)
            if not documents <= set(folder.column(name, header[0])):
                continue
            counts = {one: dict(Counter(folder.column(name, one))) for one in header[1:]}
        except TableRefused as refusal:
            reading.findings.warn("W_KEY_NOT_MAPPED", str(refusal), file=name)
            continue
        groups = {one: count for one, count in counts.items() if len(count) <= MAX_GROUPS}
        return name, header[0], {one: dict(sorted(count.items())) for one, count in groups.items()}
    return "", "", {}
