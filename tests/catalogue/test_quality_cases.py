"""The strict score against the one that data.gouv.fr stored with its own records."""

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

from catalogue.standards import quality
from catalogue.standards.readers.dispatch import read_here

# Criteria stored by the portal: ours by their name; the time of the last update depends on the day.
COMPARED = (
    "license",
    "temporal_coverage",
    "spatial",
    "update_frequency",
    "dataset_description_quality",
    "has_open_format",
    "all_resources_available",
    "resources_documentation",
)
# What is known to differ: unspecified licences that got the point, checks and formats since fixed.
DIFFERING = {"license": 112, "all_resources_available": 3, "has_open_format": 8}


def as_ours(record: dict[str, Any]) -> dict[str, Any]:
    files = record["resources"] if isinstance(record["resources"], list) else []
    licence = record.get("license")
    checks = [(each.get("extras") or {}).get("check:available", True) for each in files]
    return {
        "kind": "dataset",
        "licences": [] if licence in (None, "notspecified") else [licence],
        "temporal_coverage": record.get("temporal_coverage"),
        "territories": [record["spatial"]] if record.get("spatial") else [],
        "update_frequency": record.get("frequency") or "unknown",
        "description": record.get("description"),
        "links_available": False not in checks,
        "distributions": [
            {
                "format": each.get("format") or "",
                "description": each.get("description") or each.get("type") == "documentation",
            }
            for each in files
        ],
    }


def test_the_same_holds_of_records_as_our_reader_takes_them_in(shared: Path) -> None:
    """Its checks of links are not taken over: ours come later. It trims two descriptions."""
    differing: Counter[str] = Counter()
    for path in sorted((shared / "cases/catalogue/datagouv-json/datasets").glob("*.json")):
        content = path.read_bytes()
        stored = json.loads(content).get("quality") or {}
        if "score" not in stored:
            continue
        (record,) = read_here("datagouv", content).records
        values = {name: each.value for name, each in {**record.fields, **record.details}.items()}
        found = quality.udata({**values, "today": datetime.date(2026, 11, 26)}).criteria
        for code in set(COMPARED) - {"all_resources_available"}:
            if code in stored and bool(stored[code]) != found.get(code):
                differing[code] += 1
    assert differing == {"license": 112, "has_open_format": 8, "dataset_description_quality": 2}


def test_the_criteria_are_those_stored_but_for_what_is_documented(shared: Path) -> None:
    differing: Counter[str] = Counter()
    seen = 0
    for path in sorted((shared / "cases/catalogue/datagouv-json/datasets").glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        stored = record.get("quality") or {}
        if "score" not in stored:
            continue
        seen += 1
        found = quality.udata(as_ours(record)).criteria
        for code in COMPARED:
            if code in stored and bool(stored[code]) != found.get(code):
                differing[code] += 1
        whole = {
            code: bool(met)
            for code, met in stored.items()
            if code in (*COMPARED, "update_fulfilled_in_time")
        }
        assert round(quality.Strict(whole).score, 6) == round(stored["score"], 6)
    assert seen == 484
    assert {
        code: count for code, count in differing.items() if count > DIFFERING.get(code, 0)
    } == {}
    assert differing["license"] == DIFFERING["license"]
