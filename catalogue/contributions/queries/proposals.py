"""A proposal as plain values: its record, what it changes, what it collides with, who wrote it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from catalogue.contributions.models import Contribution
from catalogue.resources.enums import UNLICENSED_KINDS, LicenceStatus
from catalogue.resources.fields import EMPTY, is_same
from catalogue.resources.models import Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.records import (
    content_record,
    fields_of,
    flat,
    record_of,
    words_of,
)


@dataclass(frozen=True)
class Collision:
    """One field changed both online and in the proposal since the work began."""

    name: str
    label: str
    base: str
    online: str
    proposed: str


def proposed_record(contribution: Contribution) -> dict[str, Any]:
    """Give the record that a contribution proposes."""
    return content_record(contribution.content, contribution.resource.kind)


def is_blank(contribution: Contribution) -> bool:
    """Say whether nothing is written yet in the draft of a new resource."""
    record, kind = proposed_record(contribution), contribution.resource.kind
    usual = content_record(vars(Resource(kind=kind)), kind)
    if kind in UNLICENSED_KINDS:
        usual["licence_status"] = LicenceStatus.NOT_APPLICABLE
    preset = usual | {"organisation": record["organisation"]}
    return all(not record[name] or record[name] == preset[name] for name in record)


def base_record(contribution: Contribution) -> dict[str, Any]:
    """Give the record that was online when the work began; empty for a new resource."""
    if contribution.base_revision is None:
        return {}
    content = contribution.base_revision.content
    return _as_shown(content_record(content, contribution.resource.kind), contribution)


def with_files(record: Mapping[str, Any], contribution: Contribution) -> Mapping[str, Any]:
    """Add to what is proposed the files online that its author was not shown, to judge it whole."""
    if not contribution.keeps_files:
        return record
    own = record.get("details") or {}
    return {**record, "details": card_files.files_together(contribution.resource.details, own)}


def _as_shown(record: dict[str, Any], contribution: Contribution) -> dict[str, Any]:
    """Leave out the files that are not shown to who proposes: their text says nothing of them."""
    if contribution.keeps_files:
        record["details"] = card_files.without_files(record["details"])
    return record


def answers_earlier(contribution: Contribution) -> bool:
    """Say whether the text changed since the owner of the card answered.

    They answer before the first decision, and only a decision lets the text change.
    """
    if not contribution.owner_answer:
        return False
    first = contribution.decisions.select_related("revision").order_by("pk").first()
    if first is None or first.revision_id == contribution.revision_id:
        return False
    read = content_record(first.revision.content, contribution.resource.kind)
    return read != proposed_record(contribution)


def is_stale(contribution: Contribution) -> bool:
    """Say whether another revision went online since the work began."""
    return contribution.base_revision_id != contribution.resource.live_revision_id


def _three(contribution: Contribution) -> tuple[dict[str, Any], ...]:
    """Give the values at the start, those online and those proposed, each on one level."""
    online = _as_shown(record_of(contribution.resource), contribution)
    records = (base_record(contribution), online, proposed_record(contribution))
    return tuple(flat(each) for each in records)


def collisions(contribution: Contribution) -> list[Collision]:
    """List the fields that both the online card and the proposal changed, three ways."""
    base, online, proposed = _three(contribution)
    found = []
    for name, own in fields_of(contribution.resource.kind).items():
        ours, theirs, before = proposed.get(name), online.get(name), base.get(name)
        if is_same(theirs, before) or is_same(ours, before) or is_same(ours, theirs):
            continue
        said = [words_of(own, value) for value in (before, theirs, ours)]
        found.append(Collision(name, str(own.label), *said))
    return found


def caught_up(contribution: Contribution) -> tuple[dict[str, Any], dict[str, Any]]:
    """Merge three ways: the proposal's changes over the online card; the proposal wins.

    Returns the values of every field but the organisation, on one level, and their origins.
    """
    base, online, proposed = _three(contribution)
    names = [name for name in fields_of(contribution.resource.kind) if name != "organisation"]
    changed = {name for name in names if not is_same(proposed.get(name), base.get(name))}
    values = {name: (proposed if name in changed else online).get(name) for name in names}
    if contribution.keeps_files and contribution.base_revision is not None:
        # What it was shown before the card closed stays as it is online.
        before = contribution.base_revision.content.get("details") or {}
        for known in (before, contribution.resource.details):
            own = card_files.files_besides(known, values)
            values |= {name: rows for name, rows in own.items() if name in names}
    written = contribution.content.get("provenance") or {}
    origins = {name: origin for name, origin in written.items() if name in changed}
    return values, {**contribution.resource.provenance, **origins}


def is_another(one: Any, other: Any) -> bool:
    """Say whether a form brought another value than the stored one: line ends do not count."""
    ends = [v.replace("\r\n", "\n").strip() if isinstance(v, str) else v for v in (one, other)]
    return not is_same(*ends)


def unverified(contribution: Contribution) -> list[str]:
    """Name the fields that an import wrote without anyone checking them at their source."""
    provenance = contribution.content.get("provenance") or {}
    doubtful = {
        name
        for name, origin in provenance.items()
        if not origin.get("verified") and origin.get("transmitted", True)
    }
    fields = fields_of(contribution.resource.kind)
    return [str(own.label) for name, own in fields.items() if name in doubtful]


DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class Clash:
    """One field that somebody else saved otherwise since it was read. theirs: in words."""

    name: str
    label: str
    theirs: str


@dataclass(frozen=True)
class Sorted:
    """What to keep of a saving, what clashes, and the fields that somebody else alone changed."""

    kept: dict[str, Any]
    clashes: tuple[Clash, ...] = ()
    untouched: frozenset[str] = field(default_factory=frozenset)


def digest(value: Any) -> str:
    """Give a short print of a value as a form reads it: empty ones alike, line ends aside."""
    plain = getattr(value, "pk", value)  # an organisation is chosen as a row
    if isinstance(plain, str):
        plain = plain.replace("\r\n", "\n").strip()
    text = "" if plain in EMPTY else json.dumps(plain, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def prints(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Give the print of each field of a record as it is shown to who will write."""
    values = flat(record)
    return {name: digest(values.get(name)) for name in names}


def sort(record: Mapping[str, Any], values: Mapping[str, Any], seen: Mapping[str, str]) -> Sorted:
    """Sort a saving against what is stored now, field by field.

    record: stored now. values: typed. seen: the prints of what the writer had read; a field
    without one is kept as typed. A field that only somebody else changed stays theirs; one that
    both changed to other texts clashes, and the stored one stays.
    """
    stored, fields = flat(record), fields_of(str(record["kind"]))
    kept, clashes, untouched = dict(values), [], set()
    for name, typed in values.items():
        theirs, read = stored.get(name), seen.get(name)
        if read is None or digest(theirs) == read:
            continue
        if not is_another(getattr(typed, "pk", typed), theirs):
            continue
        kept.pop(name)
        if digest(typed) == read:
            untouched.add(name)
        elif name in fields:
            own = fields[name]
            clashes.append(Clash(name, str(own.label), words_of(own, theirs)))
    return Sorted(kept, tuple(clashes), frozenset(untouched))
