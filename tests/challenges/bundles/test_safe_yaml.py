"""YAML and patterns from strangers, and the folder writer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from challenges.bundles import exporting, portable, safe_yaml
from challenges.scoring import patterns
from tests.challenges.bundles.folders import FILES, codes_of, document, read

BOMB = (
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
    "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
    "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
    "e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
)
REFUSED = {
    "object": b"a: !!python/object/apply:os.system ['true']",
    "unknown tag": b"a: !secret b",
    "duplicate key": b"a: 1\nb: 2\na: 3",
    "nested duplicate key": b"a:\n  b: 1\n  b: 2",
    "key that is a list": b"? [a, b]\n: 1",
    "alias bomb": BOMB.encode(),
    "alias of itself": b"a: &a [*a]",
    "unknown alias": b"a: *b",
    "too many nodes": b"[" + b"1," * 10_001 + b"]",
    "too deep": b"[" * 65 + b"]" * 65,
    "very deep": b"[" * 100_000,
    "two documents": b"a: 1\n---\nb: 2",
    "broken": b"a: [",
    "tab": b"a:\n\t- b",
    "not UTF-8": b"a: \xff",
    "control character": b"a: \x00",
    "escaped NUL": b'a: "b\\0c"',
    "NUL in a key": b'"b\\0c": 1',
    "half of a pair": b'a: ["\\ud800"]',
    "no such day": b"a: 2027-13-45",
    "huge number": b"a: " + b"9" * 5_000,
    "huge number in another base": b"a: 0x" + b"f" * 5_000,
    "too large": b"a: " + b"b" * 1_000_000,
    "nothing": b"",
    "a list": b"[]",
    "a text": b"texte",
    "a number": b"3",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_data_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_bytes(REFUSED[name])

    assert codes_of(portable.read_challenge(tmp_path)) == ["E_YAML"]


def test_the_line_of_a_fault_is_told(tmp_path: Path) -> None:
    for raw in (b"a: 1\nb: 2\na: 3", b'a: 1\nb:\n  - "c\\0d"\n'):
        (tmp_path / "challenge.yaml").write_bytes(raw)
        (problem,) = portable.read_challenge(tmp_path).errors
        assert problem.message.startswith("ligne 3 : ")


def test_plain_data_aliases_and_old_text_are_read() -> None:
    raw = b"\xef\xbb\xbfa: &a {b: [1, 2.5, true, null]}\nc: *a\nd: !!python/unicode e\n"

    assert safe_yaml.load(raw) == {
        "a": {"b": [1, 2.5, True, None]},
        "c": {"b": [1, 2.5, True, None]},
        "d": "e",
    }


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    found = {"sort": "desc", **document()}
    files = {name: text.encode() for name, text in FILES.items()}

    exporting.write_folder(tmp_path / "new", found, files)

    report = portable.read_challenge(tmp_path / "new")
    assert codes_of(report) == []
    assert report.spec is not None
    assert report.spec.raw == found
    text = (tmp_path / "new" / "challenge.yaml").read_text(encoding="utf-8")
    assert list(yaml.safe_load(text)) == [*document(), "sort"]
    with pytest.raises(FileExistsError):
        exporting.write_folder(tmp_path / "new", found, files)


@pytest.mark.parametrize("path", ["../a", "/a", "challenge.yaml", "a//b", ""])
def test_nothing_is_written_outside_the_folder(path: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r".*"):
        exporting.write_folder(tmp_path / "new", document(), {path: b""})
    assert not (tmp_path / "new").exists()


# --- regular expressions that a folder may declare for a column

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
FOREIGN = [r"(a)\1", r"(?=a)a", r"(?<!b)a", r"(a)?(?(1)b|c)"]  # other languages read them otherwise
WRONG = ["(", "[z-a]", "*a", "(?P<n>a)(?P<n>b)", "a{99999999999}"]


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        *((pattern, "") for pattern in TAME),
        *((pattern, patterns.COSTLY) for pattern in COSTLY),
        *((pattern, patterns.FOREIGN) for pattern in FOREIGN),
        *((pattern, patterns.WRONG) for pattern in WRONG),
    ],
)
def test_a_pattern_is_tame_or_refused(pattern: str, fault: str) -> None:
    assert patterns.fault(pattern) == fault


def test_a_costly_pattern_is_reported_before_it_is_tried(tmp_path: Path) -> None:
    """Tried on this cell, it would not end before the test was given up."""
    cell = "a" * 60 + "!"
    files = {
        f"{name}_csv": FILES[f"{name}.csv"].replace(",1", f",{cell}", 1)
        for name in ("sample", "baseline", "truth")
    }
    column = "submission.columns.1"
    changes = [(f"{column}.type", "category"), (f"{column}.pattern", "(a+)+$")]
    report = read(tmp_path, *changes, **files)
    wrong = [one for one in report.errors if one.value == "(a+)+$"]
    assert [(one.code, one.message) for one in wrong] == [("E_DOMAIN", patterns.COSTLY)]
