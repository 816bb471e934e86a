"""YAML from strangers, and the folder writer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from challenges.bundles import exporting, portable, safe_yaml
from tests.challenges.bundles.folders import FILES, document

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
    "too large": b"a: " + b"b" * 1_000_000,
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_plain_data_is_refused(name: str) -> None:
    with pytest.raises(safe_yaml.YamlRefused):
        safe_yaml.load(REFUSED[name])


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_the_report_names_the_cause(name: str, tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_bytes(REFUSED[name])

    assert portable.read(tmp_path).codes == ["E_YAML"]


def test_the_line_of_a_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_bytes(b"a: 1\nb: 2\na: 3")

    assert [problem.message for problem in portable.read(tmp_path).errors] == [
        "ligne 3 : clé « a » en double"
    ]


def test_the_line_of_a_character_that_nothing_keeps_is_told(tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_bytes(b'a: 1\nb:\n  - "c\\0d"\n')

    assert [problem.message for problem in portable.read(tmp_path).errors] == [
        "ligne 3 : caractère nul ou demi-paire Unicode dans un texte"
    ]


@pytest.mark.parametrize("raw", [b"", b"[]", b"texte", b"3"])
def test_what_is_not_a_mapping_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "challenge.yaml").write_bytes(raw)

    assert portable.read(tmp_path).codes == ["E_YAML"]


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

    report = portable.read(tmp_path / "new")
    assert report.codes == []
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
