"""The quality of a card: one grid a kind, of criteria whose fixed weights make a hundred.

Never a condition to publish. Writing only ever adds points: what nobody has verified, what a
source does not carry and what is not known count as missing, and say so. After udata's
criteria, corrected: an unspecified licence counts as missing; a description is one from 200
characters. Its formula itself is kept beside, uncorrected, as `udata`.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from catalogue.standards.vocabularies import RHYTHMS

DESCRIPTION_CHARACTERS = 200
REVIEW_MONTHS = 24
CLOSED_FORMATS = frozenset({"pdf", "doc", "docx", "word", "xls", "excel", "xlsx", ""})
PERIOD_DAYS = {name: each.days for name, each in RHYTHMS.items() if each.days}
NO_PERIOD = frozenset({"punctual", "irregular", "continuous", "never"})

METRICS = re.compile(
    r"\b(?:pr[ée]cision|rappel|recall|f1|accuracy|exactitude|map|mrr|ndcg|auc|roc|mae|rmse|bleu|"
    r"rouge|kappa)\b",
    re.I,
)
FIGURE = re.compile(r"\d+(?:[.,]\d+)?(?:\s?%)?")
# Beside measures, what is compared between groups.
COMPARED = re.compile(rf"{METRICS.pattern}|\b(?:taux|rates?)\b", re.I)
FEWEST_GROUPS = 2
# « Femmes : F1 0,78 (n = 214) »: a group, which is no measure, then a measure or a share.
GROUP_LINE = re.compile(
    rf"(?:[-*] )?(?![^:]*(?:{COMPARED.pattern}))[^\W\d][^:|]{{0,60}}:\s"
    rf"(?=.*(?:{COMPARED.pattern}|\d\s?%)).*?(?:\d[.,]\d|\d\s?%).*",
    re.I,
)

Record = Mapping[str, Any]
# True: met; False: missing; None: cannot be known yet, which is missing too.
Test = Callable[[Record], bool | None]
# The field that a criterion looks at, its points of a hundred, what it asks.
Grid = dict[str, tuple[str, int, Test]]


class Aside(StrEnum):
    """Why a criterion is missing, when nobody left it out."""

    NOT_VERIFIED = "not_verified"
    NOT_TRANSMITTED = "not_transmitted"  # by the source: its producer is not to blame
    NOT_KNOWN = "not_known"
    BY_CHALLENGE = "by_challenge"  # no form asks for it


@dataclass(frozen=True)
class Criterion:
    """One criterion of one card. gain: points of the score that meeting it would add."""

    code: str
    met: bool
    field: str
    gain: int = 0
    aside: Aside | None = None


@dataclass(frozen=True)
class Assessment:
    """The criteria of a card; a kind that has no grid has none."""

    criteria: tuple[Criterion, ...]

    @property
    def score(self) -> int | None:
        """Sum the points of the criteria met, 0 to 100; None without criteria."""
        return 100 - sum(each.gain for each in self.criteria) if self.criteria else None


def _has(*names: str) -> Test:
    """Ask that one of some fields is filled."""
    return lambda record: any(record.get(name) for name in names)


_territory = _has("territories", "granularity")
_address = _has("homepage_url", "repository_url", "endpoint_url")


def _licence(record: Record) -> bool:
    return record.get("licence_status") in ("declared", "not_applicable")


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
    told = str(record.get("group_results") or "")
    return any(row.get("group") for row in rows) or measures_groups(told)


def measures_groups(text: str) -> bool:
    """Say whether a table in Markdown, or lines, give one measure for several groups."""
    lines = [each.strip() for each in text.splitlines()]
    if sum(bool(GROUP_LINE.fullmatch(line)) for line in lines) >= FEWEST_GROUPS:
        return True
    for table, rows in groupby(lines, lambda line: line.startswith("|")):
        head, *cells = [[c.strip(" *") for c in row.strip("|").split("|")] for row in rows]
        columns = [at for at, name in enumerate(head) if at and COMPARED.search(name)]
        for at in columns if table else ():
            figures = [row for row in cells if len(row) > at and FIGURE.fullmatch(row[at])]
            if len(figures) >= FEWEST_GROUPS:
                return True
    return False


def _bounded(record: Record) -> bool:
    return bool(record.get("limits") and record.get("excluded_uses"))


def _fresh(record: Record) -> bool:
    modified: datetime.date | None = record.get("modified")
    today: datetime.date = record["today"]
    return modified is None or (today - modified).days < REVIEW_MONTHS * 30.5


def _tested(record: Record) -> bool:
    return any(row.get("proof") for row in record.get("user_tests") or [])


DATASET: Grid = {
    "licence": ("licences", 15, _licence),
    "description": ("description", 15, _description),
    "period": ("temporal_coverage", 10, _has("temporal_coverage")),
    "territory": ("territories", 10, _territory),
    "frequency": ("update_frequency", 10, _frequency),
    "open_format": ("distributions", 10, _open_format),
    "documentation": ("documentation", 10, _documentation),
    "contact": ("contact", 10, _has("contact")),
    "timely": ("last_update", 5, _timely),
    "available": ("distributions", 5, _available),
}
MODEL: Grid = {
    "licence": ("licences", 15, _licence),
    "description": ("description", 15, _description),
    "address": ("homepage_url", 10, _address),
    "training_data": ("training_data", 10, _has("trained_on", "training_data")),
    "limits": ("limits", 10, _bounded),
    "measured": ("measurements", 10, _measured),
    "fair": ("group_results", 5, _fair),
    "oversight": ("oversight", 5, _has("oversight")),
    "example": ("example", 5, _has("example")),
    "hashed_files": ("files", 5, _hashed_files),
    "contact": ("contact", 5, _has("contact")),
    "fresh": ("content_modified_at", 5, _fresh),
}
ALGORITHM: Grid = {
    "licence": ("licences", 15, _licence),
    "description": ("description", 15, _description),
    "repository": ("repository_url", 15, _has("repository_url")),
    "documentation": ("documentation_url", 10, _documentation),
    "example": ("example", 10, _has("example")),
    "limits": ("limits", 10, _has("limits")),
    "version": ("version", 10, _has("version")),
    "contact": ("contact", 10, _has("contact")),
    "maintenance": ("maintenance", 5, _has("maintenance")),
}
TECHNOLOGY: Grid = {
    "licence": ("licences", 15, _licence),
    "description": ("description", 15, _description),
    "address": ("homepage_url", 15, _address),
    "documentation": ("documentation_url", 15, _documentation),
    "limits": ("limits", 10, _has("limits")),
    "maintenance": ("maintenance", 10, _has("maintenance")),
    "contact": ("contact", 10, _has("contact")),
    "version": ("version", 5, _has("version")),
    "example": ("example", 5, _has("example")),
}
NEED: Grid = {
    "situation": ("situation", 20, lambda r: bool(r.get("situation")) or _description(r)),
    "beneficiary": ("beneficiary", 20, _has("beneficiary", "beneficiaries")),
    "expected_result": ("expected_result", 20, _has("expected_result")),
    "data": ("existing_data", 10, _has("existing_data")),
    "use_case": ("use_cases", 10, _has("use_cases")),
    "territory": ("territories", 10, _territory),
    "contact": ("contact", 10, _has("contact")),
}
IDEA: Grid = {
    "problem": ("problem", 20, lambda r: bool(r.get("problem")) or _description(r)),
    "approach": ("approach", 20, _has("approach")),
    "sought": ("sought", 20, _has("sought")),
    "beneficiary": ("beneficiaries", 10, _has("beneficiaries")),
    "use_case": ("use_cases", 10, _has("use_cases")),
    "territory": ("territories", 10, _territory),
    "contact": ("contact", 10, _has("contact")),
}
SOLUTION: Grid = {
    "need": ("needs_served", 15, _has("needs_served")),
    "description": ("description", 15, _description),
    "tested": ("user_tests", 15, _tested),
    "state": ("maturity", 10, _has("maturity")),
    "licence": ("licences", 10, _licence),
    "address": ("homepage_url", 10, _address),
    "measured": ("measurements", 10, _has("measurements")),
    "contact": ("contact", 10, _has("contact")),
    "beneficiary": ("beneficiaries", 5, _has("beneficiaries")),
}
# News and programmes have none: they are dated facts.
GRIDS: dict[str, Grid] = {
    "dataset": DATASET,
    "model": MODEL,
    "algorithm": ALGORITHM,
    "technology": TECHNOLOGY,
    "need": NEED,
    "idea": IDEA,
    "solution": SOLUTION,
}
UDATA_CRITERIA = 9


def assess(record: Record) -> Assessment:
    """Judge a card.

    record: columns and details by name; "today" (date), "modified" (date or None),
    "measurements" (rows with low, n, group), "unverified" and "not_transmitted" (names of
    fields that count as missing, unless what a source leaves out is there), "links_available"
    (bool, absent when unknown). Returns the criteria in order.
    """
    grid = GRIDS.get(record["kind"], {})
    return Assessment(tuple(_judged(record, code, *asked) for code, asked in grid.items()))


def _judged(record: Record, code: str, field: str, points: int, test: Test) -> Criterion:
    met, aside = test(record), None
    if not met and field in record.get("not_transmitted", ()):
        aside = Aside.NOT_TRANSMITTED
    elif met is None:
        aside = Aside.NOT_KNOWN
    elif not met and field == "measurements":
        aside = Aside.BY_CHALLENGE
    elif met and field in record.get("unverified", ()):  # else verifying it adds nothing
        met, aside = False, Aside.NOT_VERIFIED
    return Criterion(code, bool(met), field, 0 if met else points, aside)


@dataclass(frozen=True)
class Strict:
    """What data.gouv.fr would say: the criteria that it gives, met or not, out of nine."""

    criteria: Mapping[str, bool]

    @property
    def score(self) -> float:
        """Give the share of the nine criteria that are met, in [0, 1]."""
        return self.met / UDATA_CRITERIA

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
