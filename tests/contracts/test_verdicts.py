"""One file, one verdict: the command, the API, the check of the form, and a deposit agree.

The same code, line, hint and warnings on each surface.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.models import Challenge, Entry, Team
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from tests.archives import zipped
from tests.cases.corpus import corpus_folder, folder, opened
from tests.challenges.scoring.answers import parquet
from tests.challenges.scoring.test_commands import run
from tests.conftest import shared_cases
from tests.factories.accounts import bearer
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CORPUS = shared_cases("hostile")
IDS = [f"{number:05}" for number in range(1, 13)]
Told = dict[str, Any]


def told(code: Any, line: Any, hint: Any, warnings: Any) -> Told:
    return {"code": code, "line": line, "hint": hint, "warnings": list(warnings)}


class Surfaces:
    """Give one file to each surface of a challenge."""

    def __init__(self, place: Path, challenge: Challenge, client: Client) -> None:
        self.place, self.challenge, self.client = place, challenge, client
        self.team: Team = TeamFactory(challenge=challenge)
        client.force_login(captain_of(self.team))
        self.token = bearer(captain_of(self.team), TokenScope.ENTER)
        task = challenge.phases.get().tasks.get(current=True)
        spec = task.scorer_version.spec["submission"] | {"ids": "sample.csv"}
        (place / "spec.json").write_text(json.dumps(spec))

    def command(self, path: Path) -> Told:
        found, _ = run("check_predictions", str(self.place / "spec.json"), str(path))
        facts = (found.get(name) for name in ("code", "line", "hint"))
        return told(*facts, found["warnings"])

    def check(self, path: Path) -> Told:
        page = self._send(path, check_only="on")
        verdict = page.context["verdict"]
        assert page.status_code == (200 if verdict["accepted"] else 422)
        warned = [] if verdict["faults"] else [notice["code"] for notice in verdict["warnings"]]
        assert re.findall(r'data-verdict="(\w+)"', page.text) == [
            "accept" if verdict["accepted"] else "reject"
        ]
        assert re.findall(r'data-warning="(\w+)"', page.text) == warned
        return told(*_first(verdict["faults"]), [notice["code"] for notice in verdict["warnings"]])

    def api(self, path: Path) -> Told:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        address = f"/api/v1/challenges/{self.challenge.slug}/check"
        answer = Client().post(address, {"file": file}, headers=self.token)
        assert answer.status_code == 200, answer.content
        found = answer.json()
        assert found["verdict"] == ("reject" if found["errors"] else "accept")
        facts = (found[name] for name in ("code", "line", "hint"))
        return told(*facts, found["warnings"])

    def deposit(self, paths: list[Path]) -> list[Told]:
        """Send every file, then let the worker check them all."""
        sent = []
        for path in paths:
            assert self._send(path).status_code == 302
            sent.append(Entry.objects.of_teams().order_by("number").last())
        assert drain()
        return [self._deposited(Entry.objects.get(pk=entry.pk)) for entry in sent if entry]

    def _deposited(self, entry: Entry) -> Told:
        faults = entry.verdict["faults"]
        assert entry.status == ("rejected" if faults else "scored")
        assert (entry.day_slot is None) == bool(faults)
        return told(*_first(faults), [notice["code"] for notice in entry.verdict["warnings"]])

    def _send(self, path: Path, **fields: str) -> Any:
        file = SimpleUploadedFile(path.name, path.read_bytes())
        body = {"key": str(uuid4()), "file": file, "note": "", "again": "on"} | fields
        return self.client.post(f"/challenges/{self.challenge.slug}/soumissions/", body)


def _first(faults: list[dict[str, Any]]) -> tuple[Any, ...]:
    if not faults:
        return None, None, None
    return tuple(faults[0].get(name) or None for name in ("code", "line", "hint"))


def agree(surfaces: Surfaces, paths: list[Path]) -> dict[str, Told]:
    """Ask each surface about each file, require the same answers of all, and return them."""
    commanded = {path.name: surfaces.command(path) for path in paths}
    checked = {path.name: surfaces.check(path) for path in paths}
    deposited = surfaces.deposit(paths)
    assert dict(zip(commanded, deposited, strict=True)) == commanded
    assert checked == commanded
    assert {path.name: surfaces.api(path) for path in paths} == commanded
    return commanded


@pytest.fixture
def many_checks(settings: Any) -> None:
    settings.CHECKS_PER_HOUR = settings.API_REQUESTS_PER_MINUTE = 10_000


def lines(*changes: tuple[int, str], head: str = "id,p", end: str = "\n") -> str:
    """Write a valid file, some lines (1-based) replaced; "" leaves a line out."""
    found = [head, *(f"{i},0.5" for i in IDS[:-1]), f"{IDS[-1]},0.25"]
    for line, text in changes:
        found[line - 1] = text
    return end.join(text for text in found if text) + end


FINE, NONE = lines(), (None, None, None)
FILES: dict[str, tuple[str | bytes, tuple[Any, ...], list[str]]] = {
    "fine.csv": (FINE, NONE, []),
    "bom.csv": ("\ufeff" + FINE, NONE, ["W_BOM"]),
    "semicolon.csv": (
        FINE.replace(",", ";").replace("0.", "0,"), NONE,
        ["W_DECIMAL_COMMA", "W_DELIMITER_SEMICOLON"],
    ),
    "crlf.csv": (lines(end="\r\n"), NONE, []),
    "same.csv": (lines((13, f"{IDS[-1]},0.5")), NONE, ["W_CONSTANT"]),
    "extra.csv": (
        "note," + FINE.replace("\n", "\nx,").removesuffix("x,"), NONE, ["W_EXTRA_COLUMNS"]
    ),
    "table.parquet": (parquet(id=IDS, p=[0.5] * 11 + [0.25]), NONE, []),
    "one.zip": (zipped({"p.csv": FINE}), NONE, []),
    "empty_rows.csv": ("id,p\n", ("E_NO_ROWS", None, None), []),
    "twice.csv": (lines((3, f"{IDS[0]},0.5")), ("E_ID_DUPLICATE", 3, None), []),
    "unknown.csv": (lines((4, "Z9,0.5")), ("E_ID_UNKNOWN", 4, None), []),
    "zeros.csv": (lines((4, "3,0.5")), ("E_ID_UNKNOWN", 4, "H_LEADING_ZEROS"), []),
    "float_ids.csv": (lines((4, "3.0,0.5")), ("E_ID_UNKNOWN", 4, "H_ID_FLOAT"), []),
    "less.csv": (lines((13, "")), ("E_ID_MISSING", None, None), []),
    "high.csv": (lines((5, f"{IDS[3]},1.5")), ("E_VALUE_RANGE", 5, None), []),
    "nan.csv": (lines((5, f"{IDS[3]},NaN")), ("E_VALUE_NOT_FINITE", 5, None), []),
    "comma.csv": (lines((5, f'{IDS[3]},"0,5"')), ("E_VALUE_TYPE", 5, "H_DECIMAL_COMMA"), []),
    "blank.csv": (lines((5, f"{IDS[3]},")), ("E_VALUE_MISSING", 5, None), []),
    "word.csv": (lines((5, f"{IDS[3]},oui")), ("E_VALUE_TYPE", 5, None), []),
    "fields.csv": (lines((5, f"{IDS[3]},0.5,1")), ("E_ROW_FIELDS", 5, None), []),
    "quote.csv": (lines((5, f'{IDS[3]},"0.5')), ("E_CSV_QUOTE", 5, None), []),
    "column.csv": (lines(head="id,P"), ("E_COLUMN_MISSING", 1, "H_COLUMN_CASE"), []),
    "tab.csv": (FINE.replace(",", "\t"), ("E_DELIMITER", 1, None), []),
    "latin.csv": (lines((5, "é,0.5")).encode("latin-1"), ("E_ENCODING", 5, None), []),
    "wide.csv": (FINE.encode("utf-16"), ("E_ENCODING_UTF16", None, None), []),
    "nul.csv": (FINE + "\0", ("E_NUL_BYTES", None, None), []),
    "long.csv": (lines((5, "a" * 300 + ",0.5")), ("E_CELL_TOO_LONG", 5, None), []),
    "many.csv": (FINE * 3, ("E_TOO_MANY_ROWS", 26, None), []),
    "packed.csv": (gzip.compress(FINE.encode(), mtime=0), ("E_FORMAT_GZIP", None, None), []),
    "object.pkl": (b"\x80\x04N.", ("E_FORMAT_PICKLE", None, None), []),
    "page.csv": ("<html></html>\n", ("E_HEADER_MISSING", 1, None), []),
    "two.zip": (zipped({"a.csv": FINE, "b.csv": FINE}), ("E_ZIP_AMBIGUOUS", None, None), []),
    "none.zip": (zipped({"a.txt": FINE}), ("E_ZIP_EMPTY", None, None), []),
    "bomb.zip": (zipped({"p.csv": b"0" * 5_000_000}), ("E_ZIP_BOMB", None, None), []),
    "cut.parquet": (b"PAR1" + b"\0" * 20, ("E_PARQUET_CORRUPT", None, None), []),
    "numbers.parquet": (
        parquet(id=list(range(12)), p=[0.5] * 12), ("E_COLUMN_TYPE", None, "H_LEADING_ZEROS"), []
    ),
}  # fmt: skip


@pytest.mark.ci  # make test asks the command for all, each other surface for a few
def test_our_files_have_one_verdict(tmp_path: Path, client: Client, many_checks: None) -> None:
    column = {"name": "p", "role": "target", "type": "float", "min": 0, "max": 1}
    place = folder(tmp_path / "dossier", IDS, column, ["0", "1"] * 6)
    surfaces = Surfaces(place, opened(place), client)
    for name, (content, _, _) in FILES.items():
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
    found = agree(surfaces, [tmp_path / name for name in FILES])
    assert {name: one | {"warnings": sorted(one["warnings"])} for name, one in found.items()} == {
        name: told(*fault, warnings) for name, (_, fault, warnings) in FILES.items()
    }


@pytest.mark.skipif(CORPUS is None, reason="the acceptance cases (../shared/cases) are not here")
@pytest.mark.ci  # make test asks the command: scoring/test_reader.py; four surfaces of our files
@pytest.mark.parametrize("task", [pytest.param("proba", marks=pytest.mark.full), "label"])
def test_the_corpus_has_one_verdict(
    task: str, tmp_path: Path, client: Client, many_checks: None
) -> None:
    assert CORPUS is not None
    place = corpus_folder(CORPUS, task, tmp_path / "dossier")
    surfaces = Surfaces(place, opened(place), client)
    known = json.loads((CORPUS / "index.json").read_text("utf-8"))["cases"]
    cases = [case for case in known if case["task"] == task]
    answers = agree(surfaces, [CORPUS / case["file"] for case in cases])
    for case in cases:
        found = answers[Path(case["file"]).name]
        allowed = {case.get("code"), *case.get("also_ok", [])}
        assert found["code"] in allowed, case["file"]
        if found["code"] == case.get("code"):
            assert found["line"] == case.get("line", found["line"]), case["file"]
            assert found["hint"] == case.get("hint", found["hint"]), case["file"]
        assert case["verdict"] == "reject" or set(case.get("warnings", [])) <= set(
            found["warnings"]
        )
