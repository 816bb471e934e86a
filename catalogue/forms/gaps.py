"""What a contribution lacks, and where on its steps each field is asked."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from catalogue.enums import UNLICENSED_KINDS
from catalogue.forms.steps import Step, asked, step_of
from catalogue.validators import checks as record_checks


def missing(record: Mapping[str, Any]) -> Counter[Step]:
    """Count by step the fields that sending asks for and that hold nothing."""
    kind = str(record["kind"])
    names = record_checks.missing_fields(record)
    if record_checks.needs_licence(record) and not record.get("licences"):
        names.append("licences")
    return Counter(step_of(name, kind) for name in names)


def is_asked(name: str, kind: str) -> bool:
    """Say whether a step asks for a field: a measured figure comes from elsewhere."""
    if name in ("licences", "licence_status"):
        return kind not in UNLICENSED_KINDS
    return any(own.name == name for step in Step for own in asked(step, kind))


def anchor(name: str) -> str:
    """Give the place of a field on its step: the licence is asked under one name."""
    return "id_licence" if name in ("licences", "licence_status") else f"id_{name}"
