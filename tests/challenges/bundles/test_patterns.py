"""The regular expressions that a folder may declare for a column."""

from pathlib import Path

import pytest

from challenges.bundles import patterns, portable
from tests.challenges.bundles.folders import FILES, change, document, write

TAME = [
    r"[A-N]\d{4}",
    r"\d{1,5}",
    r"[A-Z]+-\d+",
    r"(?:(?:25[0-5]|\d{1,2})\.){3}\d{1,3}",
    r"[a-z]{2}(?:-[A-Z]{2})?",
    r"A\d{4}(?: A\d{4})*",
    r"(?i)oui|non",
    r"^\d{5}$",
]
COSTLY = [
    r"(a+)+$",
    r"(a*)*$",
    r"(a|aa)+$",
    r"(?:ab?)*c",
    r"(?:\d+\s?)+x",
    r"\w+\w+\w+x",
    r"(?:a?){30}a{30}",
    "a" * 501,
]


@pytest.mark.parametrize("pattern", TAME)
def test_a_tame_pattern_is_accepted(pattern: str) -> None:
    assert patterns.fault(pattern) == ""


@pytest.mark.parametrize("pattern", COSTLY)
def test_a_pattern_that_multiplies_choices_is_refused(pattern: str) -> None:
    assert patterns.fault(pattern) == patterns.COSTLY


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?=a)a", r"(?<!b)a", r"(a)?(?(1)b|c)"])
def test_what_other_languages_read_otherwise_is_refused(pattern: str) -> None:
    assert patterns.fault(pattern) == patterns.FOREIGN


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "*a", "(?P<n>a)(?P<n>b)", "a{99999999999}"])
def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    assert patterns.fault(pattern) == patterns.WRONG


def test_a_costly_pattern_is_reported_before_it_is_tried(tmp_path: Path) -> None:
    """Tried on this cell, it would not end before the test was given up."""
    cell = "a" * 60 + "!"
    found = change(document(), "submission.columns.1.type", "category")
    found = change(found, "submission.columns.1.pattern", "(a+)+$")
    files = {
        name: FILES[f"{name}.csv"].replace(",1", f",{cell}", 1)
        for name in ("sample", "baseline", "truth")
    }
    report = portable.read(
        write(tmp_path, found, **{f"{name}_csv": text for name, text in files.items()})
    )
    wrong = [one for one in report.errors if one.value == "(a+)+$"]
    assert [(one.code, one.message) for one in wrong] == [("E_DOMAIN", patterns.COSTLY)]
