"""The quality of a card: criteria met over criteria that apply, each one explained.

Never a condition to publish. After udata's formula, corrected: an unspecified licence counts
as missing; a description is one from 200 characters; what nobody has verified on a
referenced card, what a harvested format did not carry, and what cannot be known, leave the
denominator. The formula itself is kept beside, uncorrected, as `udata`.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalogue.standards.vocabularies import RHYTHMS

DESCRIPTION_CHARACTERS = 200
REVIEW_MONTHS = 24
CLOSED_FORMATS = frozenset({"pdf", "doc", "docx", "word", "xls", "excel", "xlsx", ""})
PERIOD_DAYS = {name: each.days for name, each in RHYTHMS.items() if each.days}
NO_PERIOD = frozenset({"punctual", "irregular", "continuous", "never"})

Record = Mapping[str, Any]
# True: met; False: missing; None: does not apply or cannot be known.
Test = Callable[[Record], bool | None]


class Aside(StrEnum):
    """Why a criterion is neither met nor missing, and counts for nothing."""

    NOT_VERIFIED = "not_verified"
    NOT_TRANSMITTED = "not_transmitted"  # by the source: its producer is not to blame
    NOT_KNOWN = "not_known"  # or has no sense for this card


@dataclass(frozen=True)
class Criterion:
    """One criterion of one card. gain: points of the score that meeting it would add.

    aside: why it does not count, when met is None.
    """

    code: str
    met: bool | None
    field: str
    gain: int = 0
    aside: Aside | None = None


@dataclass(frozen=True)
class Assessment:
    """The criteria of a card and its score, 0 to 100; None when too little applies."""

    criteria: tuple[Criterion, ...]
    score: int | None


def _has(*names: str) -> Test:
    """Ask that one of some fields is filled."""
    return lambda record: any(record.get(name) for name in names)


_territory = _has("territories", "granularity")


def _licence(record: Record) -> bool | None:
    status = record.get("licence_status")
    if status == "not_applicable":
        return None
    return status == "declared"


def _description(record: Record) -> bool:
    return len(record.get("description") or "") > DESCRIPTION_CHARACTERS


def _frequency(record: Record) -> bool:
    return record.get("update_frequency", "unknown") not in ("", "unknown")


def _timely(record: Record) -> bool | None:
    frequency = record.get("update_frequency", "unknown")
    if frequency in NO_PERIOD:
        return True
    if frequency not in PERIOD_DAYS or not record.get("last_update"):
        return None
    text = str(record["last_update"])
    last = datetime.date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
    due = last + datetime.timedelta(days=PERIOD_DAYS[frequency])
    today: datetime.date = record["today"]
    return (due - today).days >= -1


def _open_format(record: Record) -> bool | None:
    rows = record.get("distributions") or []
    if not rows:
        return None
    return not all(str(row.get("format", "")).lower() in CLOSED_FORMATS for row in rows)


def _available(record: Record) -> bool | None:
    # Known only once links have been checked several times.
    return record.get("links_available")


def _documentation(record: Record) -> bool:
    said = any(row.get("description") for row in record.get("distributions") or [])
    return bool(said or record.get("documentation") or record.get("documentation_url"))


def _hashed_files(record: Record) -> bool:
    rows = record.get("files") or []
    return bool(rows) and all(row.get("sha256") for row in rows)


def _measured(record: Record) -> bool:
    rows = record.get("measurements") or []
    return any(row.get("low") is not None and row.get("n") for row in rows)


def _fair(record: Record) -> bool:
    rows = record.get("measurements") or []
    return any(row.get("group") for row in rows) or bool(record.get("group_results"))


def _bounded(record: Record) -> bool:
    return bool(record.get("limits") and record.get("excluded_uses"))


def _fresh(record: Record) -> bool | None:
    modified: datetime.date | None = record.get("modified")
    if modified is None:
        return None
    today: datetime.date = record["today"]
    return (today - modified).days < REVIEW_MONTHS * 30.5


def _source(record: Record) -> bool | None:
    if record.get("kind") not in ("algorithm", "technology", "model", "solution"):
        return None
    return bool(record.get("repository_url") or record.get("documentation_url"))


DATASET: dict[str, tuple[str, Test]] = {
    "licence": ("licences", _licence),
    "period": ("temporal_coverage", _has("temporal_coverage")),
    "territory": ("territories", _territory),
    "frequency": ("update_frequency", _frequency),
    "timely": ("last_update", _timely),
    "description": ("description", _description),
    "open_format": ("distributions", _open_format),
    "available": ("distributions", _available),
    "documentation": ("documentation", _documentation),
}
MODEL: dict[str, tuple[str, Test]] = {
    "licence": ("licences", _licence),
    "hashed_files": ("files", _hashed_files),
    "training_data": ("training_data", _has("trained_on", "training_data")),
    "measured": ("measurements", _measured),
    "fair": ("measurements", _fair),
    "limits": ("limits", _bounded),
    "oversight": ("oversight", _has("oversight")),
    "example": ("example", _has("example")),
    "contact": ("contact", _has("contact")),
    "fresh": ("content_modified_at", _fresh),
}
SOFTWARE: dict[str, tuple[str, Test]] = {
    "licence": ("licences", _licence),
    "repository": ("repository_url", _has("repository_url")),
    "example": ("example", _has("example")),
    "documentation": ("documentation_url", _documentation),
    "maintenance": ("maintenance", _has("maintenance")),
    "version": ("version", _has("version")),
    "limits": ("limits", _has("limits")),
    "contact": ("contact", _has("contact")),
}
NEED: dict[str, tuple[str, Test]] = {
    "beneficiary": ("beneficiary", _has("beneficiary", "beneficiaries")),
    "territory": ("territories", _territory),
    "expected_result": ("expected_result", _has("expected_result", "approach")),
    "data": ("existing_data", _has("existing_data", "sought")),
    "contact": ("contact", _has("contact")),
}
SOLUTION: dict[str, tuple[str, Test]] = {
    "need": ("needs_served", _has("needs_served")),
    "tested": (
        "user_tests",
        lambda r: any(row.get("proof") for row in r.get("user_tests") or []),
    ),
    "licence": ("licences", _licence),
    "measured": ("measurements", _has("measurements")),
    "contact": ("contact", _has("contact")),
    "state": ("maturity", _has("maturity")),
}
# A card that describes what others hold is judged on what a describer can know.
REFERENCED: dict[str, tuple[str, Test]] = {
    "address": ("homepage_url", _has("homepage_url")),
    "producer": ("producer_name", _has("producer_name")),
    "summary": ("summary", _has("summary")),
    "licence": ("licences", _licence),
    "source": ("repository_url", _source),
    "use_case": ("use_cases", _has("use_cases")),
}
OWNED: dict[str, dict[str, tuple[str, Test]]] = {
    "dataset": DATASET,
    "model": MODEL,
    "algorithm": SOFTWARE,
    "technology": SOFTWARE,
    "need": NEED,
    "idea": NEED,
    "solution": SOLUTION,
}
UNSCORED = frozenset({"news", "programme"})
# Below this number of criteria a percentage would say more than is known.
LEAST_CRITERIA = 3
UDATA_CRITERIA = 9


def assess(record: Record) -> Assessment:
    """Judge a card.

    record: columns and details by name; "today" (date), "modified" (date or None),
    "measurements" (rows with low, n, group), "unverified" and "not_transmitted" (names of
    fields to leave out), "harvested" (bool), "links_available" (bool, absent when unknown).
    Returns the criteria in order and round(100 x met / applicable).
    """
    if record["kind"] in UNSCORED:
        return Assessment((), None)
    tests = _tests(record)
    verdicts = {code: (*_verdict(record, field, test), field) for code, (field, test) in tests}
    applicable = sum(met is not None for met, _aside, _field in verdicts.values())
    met = sum(bool(met) for met, _aside, _field in verdicts.values())
    gain = round(100 / applicable) if applicable else 0
    criteria = tuple(
        Criterion(code, found, field, gain if found is False else 0, aside)
        for code, (found, aside, field) in verdicts.items()
    )
    score = round(100 * met / applicable) if applicable >= LEAST_CRITERIA else None
    return Assessment(criteria, score)


def _tests(record: Record) -> Iterable[tuple[str, tuple[str, Test]]]:
    """List the tests of a card. A record that a source gives whole is judged like one of ours."""
    is_described = record.get("deposit") == "referenced" and not record.get("harvested")
    return (REFERENCED if is_described else OWNED[record["kind"]]).items()


def _verdict(record: Record, field: str, test: Test) -> tuple[bool | None, Aside | None]:
    """Judge one criterion; what is met is met, wherever it comes from."""
    met = test(record)
    if not met and field in record.get("not_transmitted", ()):
        return None, Aside.NOT_TRANSMITTED
    if field in record.get("unverified", ()):
        return None, Aside.NOT_VERIFIED
    return met, Aside.NOT_KNOWN if met is None else None


@dataclass(frozen=True)
class Strict:
    """What data.gouv.fr would say: the criteria that it gives, met or not, out of nine."""

    criteria: Mapping[str, bool]

    @property
    def score(self) -> float:
        """Give the share of the nine criteria that are met, in [0, 1]."""
        return sum(self.criteria.values()) / UDATA_CRITERIA

    @property
    def met(self) -> int:
        """Count the criteria that are met."""
        return sum(self.criteria.values())


def udata(record: Record) -> Strict:
    """Judge a dataset by udata's formula, uncorrected but for the production threshold.

    record: as for `assess`; "licence_note" holds a licence that is not of SPDX. A criterion
    that cannot be computed is left out, as udata does.
    Source: udata 17, `udata/core/dataset/models.py` (quality).
    """
    rows = record.get("distributions") or []
    found: dict[str, bool | None] = {
        "license": bool(record.get("licences") or record.get("licence_note")),
        "temporal_coverage": bool(record.get("temporal_coverage")),
        "spatial": bool(_territory(record)),
        "update_frequency": _frequency(record),
        "update_fulfilled_in_time": _timely(record),
        "dataset_description_quality": _description(record),
    }
    if rows:
        found |= {
            "has_open_format": _open_format(record),
            "all_resources_available": record.get("links_available", True) is not False,
            "resources_documentation": _documentation(record),
        }
    return Strict({code: met for code, met in found.items() if met is not None})
