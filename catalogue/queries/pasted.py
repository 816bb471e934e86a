"""What was read of a pasted description, as plain values for its draft and its page."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext

from catalogue.models import Contribution
from catalogue.queries import incoming, proposals
from catalogue.standards.readers import FORMATS
from catalogue.standards.readers.record import Fault, Reading, Record

FAULTS_KEPT = 100
SHOWN_CHARACTERS = 160


@dataclass(frozen=True)
class FaultLine:
    """One fault as shown: where, what and why."""

    text: str
    place: str = ""
    line: int | None = None
    column: int | None = None
    warning: bool = False


@dataclass(frozen=True)
class Origin:
    """Where a value comes from, as shown beside its field."""

    text: str
    guessed: bool = False


@dataclass(frozen=True)
class Row:
    """One field that was read: its label, the value in words, and its origin."""

    name: str
    label: str
    value: str
    origin: Origin


@dataclass(frozen=True)
class Shown:
    """All that the page of a reading shows."""

    source: str
    format: str
    record: dict[str, Any]
    rows: list[Row]
    faults: list[FaultLine]

    @property
    def guesses(self) -> int:
        """Count the values that are guesses."""
        return sum(row.origin.guessed for row in self.rows)


def kept(name: str, reading: Reading, record: Record) -> dict[str, Any]:
    """Give what the draft keeps of a reading: its source, its format and its faults."""
    faults = [*reading.faults, *record.faults][:FAULTS_KEPT]
    return {"name": name[:500], "format": reading.format, "faults": [asdict(f) for f in faults]}


def values(record: Record, kind: str) -> dict[str, Any]:
    """Give the values that a draft of some kind can hold, cleaned as its form would."""
    # Its identity does not matter here: the draft is a person's.
    return dict(incoming.read(replace(record, kind=kind, remote_id="pasted")).values)


def provenance(
    record: Record, kept: Mapping[str, Any], reading: Mapping[str, Any], day: datetime.date
) -> dict[str, Any]:
    """Say of each kept value where it was read; a guess is not verified until its page is saved."""
    told = {**record.fields, **record.details}
    return {
        name: {
            "origin": f"import:{reading['format']}",
            "key": told[name].origin,
            "date": day.isoformat(),
            "verified": not told[name].guessed,
            "guessed": told[name].guessed,
        }
        for name in kept
        if name in told
    }


def confirmed(told: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """Take a guess that its author had before them, and saved as it was, for verified."""
    return {
        name: {**origin, "guessed": False, "verified": True}
        if name in saved and isinstance(origin, Mapping) and origin.get("guessed")
        else origin
        for name, origin in told.items()
    }


def sentence(fault: Mapping[str, Any]) -> str:
    """Say a fault in the language of the reader."""
    template = str(fault.get("template") or "")
    if not template:
        return str(fault.get("message", ""))
    facts = dict(fault.get("facts") or {})
    if facts.get("reason"):
        facts["reason"] = gettext(str(facts["reason"]))
    return gettext(template) % facts if facts else gettext(template)


def line(fault: Mapping[str, Any]) -> FaultLine:
    """Show one fault."""
    return FaultLine(
        sentence(fault),
        str(fault.get("field") or ""),
        fault.get("line"),
        fault.get("column"),
        bool(fault.get("warning")),
    )


def lines(faults: Iterable[Fault]) -> list[FaultLine]:
    """Show the faults of a document."""
    return [line(asdict(each)) for each in list(faults)[:FAULTS_KEPT]]


def origins(contribution: Contribution) -> dict[str, Origin]:
    """Give the origin of each field that was read and not written over since, by name."""
    provenance = contribution.content.get("provenance") or {}
    return {
        name: Origin(str(told["key"]), bool(told.get("guessed")))
        for name, told in provenance.items()
        if isinstance(told, Mapping) and told.get("key")
    }


def shown(contribution: Contribution) -> Shown:
    """Gather what was read, in the order of the form."""
    record = proposals.proposed_record(contribution)
    found = origins(contribution)
    said = {change.name: change for change in proposals.changes({}, record)}
    reading = contribution.reading
    label = FORMATS[reading["format"]].label if reading.get("format") in FORMATS else ""
    return Shown(
        source=str(reading.get("name") or ""),
        format=label,
        record=record,
        rows=[
            Row(name, change.label, _short(change.after), found[name])
            for name, change in said.items()
            if name in found
        ],
        faults=[line(each) for each in reading.get("faults", [])],
    )


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN_CHARACTERS else flat[: SHOWN_CHARACTERS - 1] + "…"
