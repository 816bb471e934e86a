"""What two people write in one draft: what each had read, what each changed, what clashes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from catalogue.queries.proposals import fields_of, flat, is_another, words_of
from catalogue.validators.fields import EMPTY

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
