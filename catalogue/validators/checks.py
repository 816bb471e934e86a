"""The automatic checks of a proposal: pure functions of its record.

A record is the flat mapping of the common fields, with `kind` and the own fields of the kind under
`details`. Each check gives a verdict and remarks; a remark is a code and its facts, so that results
are stored once and read in any language (`catalogue.validators.sentences`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as a_field
from enum import StrEnum
from typing import Any

from catalogue.enums.cards import UNLICENSED_KINDS, Deposit, LicenceStatus, ResourceKind
from catalogue.enums.files import FileSign
from catalogue.validators import addresses, licences, prose
from catalogue.validators.card import CARD_NEEDS
from catalogue.validators.columns import FEWEST_TAGS, MOST_TAGS, OWNED_NEEDS, REFERENCED_NEEDS
from catalogue.validators.details import DETAILS, EMPTY, card_faults
from catalogue.validators.fields import FieldType, Section
from portal.lib import personal_data
from portal.lib.personal_data import Kind

CHECK_VERSION = 1
ANNEX_III = ("annex_iii_4a", "annex_iii_4b", "annex_iii_3")
# Weights that run code when they are loaded, and those that do not.
EXECUTABLE = re.compile(r"\.(pkl|pickle|joblib|pt|pth|bin|ckpt|h5|npy)(?:$|[?#])", re.IGNORECASE)
INERT = re.compile(r"\.(safetensors|onnx|gguf)(?:$|[?#])", re.IGNORECASE)
Record = Mapping[str, Any]


class Verdict(StrEnum):
    """How a check ended; BLOCKING keeps the proposal from being sent."""

    GREEN = "green"
    UNKNOWN = "unknown"
    WARNING = "warning"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class Remark:
    """One thing to say: its code, the field it is about, its facts and its weight."""

    code: str
    field: str = ""
    facts: Mapping[str, Any] = a_field(default_factory=dict)
    verdict: Verdict = Verdict.WARNING


@dataclass(frozen=True)
class Check:
    """The outcome of one automatic check."""

    code: str
    remarks: tuple[Remark, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Give the heaviest verdict of the remarks."""
        weights = list(Verdict)
        return max((r.verdict for r in self.remarks), key=weights.index, default=Verdict.GREEN)

    def to_json(self) -> dict[str, Any]:
        """Give the form that is stored."""
        return {
            "code": self.code,
            "verdict": str(self.verdict),
            "version": CHECK_VERSION,
            "remarks": [
                {
                    "code": r.code,
                    "field": r.field,
                    "facts": dict(r.facts),
                    "verdict": str(r.verdict),
                }
                for r in self.remarks
            ],
        }


def is_owned(record: Record) -> bool:
    """Say whether the depositor holds the resource."""
    return record.get("deposit") != Deposit.REFERENCED


def fields(record: Record) -> Check:
    """Look for the compulsory fields and a readable title."""
    return Check("fields", tuple(_fields(record)))


def _fields(record: Record) -> Iterator[Remark]:
    for name in missing_fields(record):
        yield Remark("missing", name, {"name": name}, Verdict.BLOCKING)
    if prose.is_shouting(str(record.get("title", ""))):
        yield Remark("shouting", "title", verdict=Verdict.BLOCKING)
    tags = record.get("tags") or ()
    if is_owned(record) and not FEWEST_TAGS <= len(tags) <= MOST_TAGS:
        yield Remark("tags", "tags", {"count": len(tags)})


def missing_fields(record: Record) -> list[str]:
    """Name the compulsory fields that hold nothing; the licence has its own check."""
    if not is_owned(record):
        return [name for name in REFERENCED_NEEDS if record.get(name) in EMPTY]
    own = DETAILS[record["kind"]]
    wanted = (*OWNED_NEEDS, *own.needs)
    missing = [name for name in wanted if record.get(name) in EMPTY]
    return missing + [each.name for each in own.missing(record.get("details") or {})]


def needs_licence(record: Record) -> bool:
    """Say whether an owned resource of this sort must carry a licence."""
    kind = record["kind"]
    if kind in UNLICENSED_KINDS or not is_owned(record):
        return False
    if kind == ResourceKind.TECHNOLOGY:
        return record.get("subtype") not in ("standard", "compute")
    return kind != ResourceKind.SOLUTION or bool(record.get("repository_url"))


def licence(record: Record, *, administration: bool) -> Check:
    """Read the licence; an administration is told of licences outside the decree's lists."""
    if record["kind"] in UNLICENSED_KINDS:
        return Check("licence")
    return Check("licence", tuple(_licence(record, administration)))


def _licence(record: Record, administration: bool) -> Iterator[Remark]:
    given = [str(text) for text in record.get("licences") or ()]
    weight = Verdict.BLOCKING if needs_licence(record) else Verdict.WARNING
    if not given:
        if needs_licence(record):
            yield Remark("licence_missing", "licences", verdict=Verdict.BLOCKING)
        elif record.get("licence_status") == LicenceStatus.TO_CONFIRM:
            yield Remark("licence_to_confirm", "licences")
    for text in given:
        read = licences.read(text)
        if licences.is_ambiguous(text):
            yield Remark("licence_number", "licences", verdict=weight)
        elif not read.is_known:
            yield Remark("licence_unknown", "licences", {"text": text[:64]}, weight)
        elif not read.is_open:
            yield Remark("licence_not_open", "licences", {"text": read.expression})
        elif administration and not licences.suits_administration(
            read, is_data=record["kind"] == ResourceKind.DATASET
        ):
            yield Remark("licence_outside_decree", "licences", {"text": read.expression})


def links(record: Record) -> Check:
    """List the addresses; whether they answer is found later, out of this request."""
    urls = sorted(set(_urls(record)))
    bad = [url for url in urls if not addresses.is_web(url)]
    remarks = [Remark("link_malformed", facts={"url": url[:64]}) for url in bad]
    if urls:
        waiting = Remark("links_waiting", facts={"count": len(urls)}, verdict=Verdict.UNKNOWN)
        remarks.append(waiting)
    return Check("links", tuple(remarks))


def _urls(record: Record) -> Iterator[str]:
    for name in ("homepage_url", "repository_url", "documentation_url"):
        if record.get(name):
            yield str(record[name])
    details = record.get("details") or {}
    for own in DETAILS[record["kind"]].fields:
        value = details.get(own.name)
        if own.type is FieldType.URL and value:
            yield str(value)
        if own.type is FieldType.ROWS:
            columns = [column.name for column in own.columns if column.type is FieldType.URL]
            yield from (str(row[c]) for row in value or () for c in columns if row.get(c))


def personal(record: Record, held: Iterable["HeldFile | None"] = ()) -> Check:
    """Look for personal data in every text; a true NIR or IBAN blocks.

    held: files that the portal keeps, whose first rows were read.
    """
    remarks = []
    for file in filter(None, held):
        for told in file.personal:
            facts = {"name": file.name[-64:], "line": told["line"], "excerpt": told["excerpt"]}
            blocks = told["kind"] in (Kind.NIR, Kind.IBAN)
            weight = Verdict.BLOCKING if blocks else Verdict.WARNING
            remarks.append(Remark(f"file_personal_{told['kind']}", "files", facts, weight))
    for name, text in _texts(record):
        for found in personal_data.find(text):
            facts = {"line": found.line, "excerpt": found.excerpt}
            remarks.append(Remark(f"personal_{found.kind}", name, facts, _weight(found)))
    return Check("personal_data", tuple(remarks))


def _weight(found: personal_data.Found) -> Verdict:
    if found.kind in (Kind.NIR, Kind.IBAN):
        return Verdict.BLOCKING
    if found.kind is Kind.EMAIL and personal_data.is_generic(found.excerpt):
        return Verdict.GREEN
    return Verdict.WARNING


def _texts(record: Record) -> Iterator[tuple[str, str]]:
    for name, value in {**record, **(record.get("details") or {})}.items():
        if name == "details":
            continue
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list | tuple):
            yield name, "\n".join(_lines(value))


def _lines(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield " ; ".join(map(str, value.values())) if isinstance(value, Mapping) else str(value)


@dataclass(frozen=True)
class HeldFile:
    """What the portal knows of a file that it keeps: `signs` are codes of `FileSign`.

    personal: kind, line and excerpt of what looks like personal data in its first rows.
    """

    name: str
    size: int
    sha256: str
    waits: bool
    signs: tuple[str, ...] = ()
    personal: tuple[Mapping[str, Any], ...] = ()


def files(record: Record, held: Mapping[str, HeldFile | None] | None = None) -> Check:
    """Tell formats that run code when loaded from those that do not, and what cannot be given.

    held: by its address, each file that the portal keeps; None for one that it does not keep for
    this card. Of the others, the name alone is judged.
    """
    details = record.get("details") or {}
    held = held or {}
    remarks: list[Remark] = []
    for field_name in ("files", "distributions"):
        for row in details.get(field_name) or ():
            address = str(row.get("url") or row.get("download_url") or row.get("title") or "")
            if address in held:
                remarks += _held(field_name, row, held[address])
            elif EXECUTABLE.search(address):
                remarks.append(Remark("file_executable", "files", {"name": address[-64:]}))
            elif INERT.search(address):
                facts = {"name": address[-64:]}
                remarks.append(Remark("file_inert", "files", facts, Verdict.GREEN))
    return Check("files", tuple(remarks))


SIGN_WEIGHTS = {
    FileSign.UNEXAMINED: Verdict.WARNING,
    FileSign.EXECUTABLE: Verdict.WARNING,
    FileSign.INERT: Verdict.GREEN,
}


def _held(field_name: str, row: Mapping[str, Any], file: HeldFile | None) -> Iterator[Remark]:
    if file is None:
        facts = {"name": str(row.get("title") or "")[:64]}
        yield Remark("file_absent", field_name, facts, Verdict.BLOCKING)
        return
    facts = {"name": file.name[-64:]}
    if file.waits:
        yield Remark("file_waiting", field_name, facts, Verdict.BLOCKING)
    for sign in file.signs:
        weight = SIGN_WEIGHTS.get(FileSign(sign), Verdict.BLOCKING)
        yield Remark(f"file_{sign}", field_name, facts, weight)
    if row.get("bytes") != file.size or str(row.get("sha256") or "").lower() != file.sha256:
        yield Remark("file_facts", field_name, facts, Verdict.BLOCKING)


def card(record: Record) -> Check | None:
    """Measure the explainability card; None for kinds that have none.

    Blocks a card of an annex III system that answers nothing else, and what the AI Act forbids.
    """
    own = DETAILS[record["kind"]]
    if not own.in_section(Section.CARD):
        return None
    details = record.get("details") or {}
    remarks = [
        Remark("card_forbidden", fault.field, {"message": str(fault.message)}, Verdict.BLOCKING)
        for fault in card_faults(details)
    ]
    empty = [name for name in CARD_NEEDS if details.get(name) in EMPTY]
    answered = set(CARD_NEEDS) - set(empty) - {"ai_act_class"}
    if details.get("ai_act_class") in ANNEX_III and not answered:
        remarks.append(Remark("card_empty_annex_iii", "intended_purpose", {}, Verdict.BLOCKING))
    elif empty:
        remarks.append(Remark("card_incomplete", empty[0], {"names": empty, "count": len(empty)}))
    return Check("card", tuple(remarks))


def language(record: Record) -> Check:
    """Hold back texts that are neither French nor English, and those that look like spam."""
    text = "\n".join(str(record.get(name) or "") for name in ("title", "summary", "description"))
    remarks = []
    if prose.language(text) == "other":
        remarks.append(Remark("language_other", "description"))
    signs = prose.spam_signs(text)
    if signs:
        remarks.append(Remark("spam", "description", {"signs": signs}))
    return Check("language", tuple(remarks))
