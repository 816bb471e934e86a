"""A card as plain values: its fields, their labels and words, what two records differ by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalogue.resources import words, writing
from catalogue.resources.enums import LicenceStatus
from catalogue.resources.fields import COMMON_BY_NAME, DETAILS, EMPTY, Field, FieldType
from catalogue.resources.models import PROPOSED_COLUMNS, Resource
from portal.accounts.models import Organisation
from portal.lib.prose import differences
from portal.lib.prose.numbers import file_size, number


@dataclass(frozen=True)
class Change:
    """One field that differs: its values in words, and the comparison line by line."""

    name: str
    label: str
    before: str
    after: str
    lines: tuple[differences.Line, ...]


def record_of(resource: Resource) -> dict[str, Any]:
    """Give the plain record of a resource: its kind and every proposed column."""
    record = {name: getattr(resource, name) for name in PROPOSED_COLUMNS if name != "organisation"}
    return record | {"kind": resource.kind, "organisation": resource.organisation_id}


def written_in(record: Mapping[str, Any]) -> str:
    """Guess the language of a record: en or fr."""
    return writing.written_in(record.get("title"), record.get("summary"))


def content_record(content: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Give the record that a revision holds; what it lacks is empty."""
    record = {name: content.get(name, "") for name in PROPOSED_COLUMNS}
    record["details"] = content.get("details") or {}
    return record | {"kind": kind}


def fields_of(kind: str) -> dict[str, Field]:
    """Give every field of a kind by name: common ones, then its own."""
    common = {name: COMMON_BY_NAME[name] for name in PROPOSED_COLUMNS if name != "details"}
    return common | DETAILS[kind].by_name


def fields() -> set[str]:
    """Name every field that a card may have, of every kind; its organisation is none of them."""
    own = {name for kind in DETAILS.values() for name in kind.by_name}
    return own | {name for name in PROPOSED_COLUMNS if name != "organisation"}


def labels(names: Iterable[str]) -> dict[str, str]:
    """Give the words of fields, whatever the kind that has them."""
    wanted = set(names)
    own = {name: field for kind in DETAILS.values() for name, field in kind.by_name.items()}
    known = own | COMMON_BY_NAME
    return {name: str(known[name].label) for name in wanted if name in known}


def words_of(own: Field, value: Any) -> str:
    """Write a stored value for reading: words of choices, one line an item."""
    if value in EMPTY:
        return ""
    if own.name == "organisation":
        return Organisation.objects.filter(pk=value).values_list("name", flat=True).first() or ""
    if own.name == "licence_status":
        return str(dict(LicenceStatus.choices).get(value, value))
    if own.name == "licences":
        return "\n".join(words.licence_label(item) for item in value)
    if own.type is FieldType.ROWS:
        return "\n".join(_row(own, row) for row in value)
    if isinstance(value, list):
        return "\n".join(str(own.say(own.item(item))) for item in value)
    if own.type in (FieldType.NUMBER, FieldType.INTEGER):
        return _amount(own, value)
    if own.type is FieldType.DATE:
        return words.dated(str(value))
    if own.name == "value":
        return words.figure(str(value))
    return str(own.say(value)) if own.choices else str(value)


def _amount(own: Field, value: Any) -> str:
    """Write an amount with all its digits: rounded, it would hide a change."""
    exact = Decimal(str(value)).normalize()
    text = number(exact, max(0, -int(exact.as_tuple().exponent)))
    if own.name != "bytes":
        return text
    return file_size(value) + (f" ({text})" if value >= 1_000 else "")


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give common and own values of a record on one level."""
    values = {**record, **(record.get("details") or {})}
    values.pop("details", None)
    return values


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields that differ between two records, in the order of the form.

    before: empty mapping for a new resource; then every filled field is an addition.
    """
    old, new = flat(before), flat(after)
    found = []
    for name, own in fields_of(str(after["kind"])).items():
        if old.get(name) == new.get(name):
            continue
        left, right = words_of(own, old.get(name)), words_of(own, new.get(name))
        if left != right:
            lines = tuple(differences.lines(left, right))
            found.append(Change(name, str(own.label), left, right, lines))
    return found


def _row(own: Field, row: Mapping[str, Any]) -> str:
    cells = (words_of(column, row.get(column.name)) for column in own.columns)
    return " ; ".join(cell for cell in cells if cell)
