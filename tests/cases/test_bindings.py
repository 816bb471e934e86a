"""Every abuse case of challenges and of the catalogue is bound to tests that exist."""

import json
import re
from pathlib import Path

from tests.cases.bindings import BINDINGS

TESTS = Path(__file__).resolve().parent.parent
AREAS = {"challenge", "ssrf", "upload"}
ALSO = {"A01", "A02", "A06", "A14", "A18", "A19", "A20", "A44", "A45", "A47", "A49", "A52"}
ALSO |= {"A64", "A66"}


def test_cases_are_bound_to_tests_that_exist() -> None:
    texts = [path.read_text("utf-8") for path in TESTS.rglob("test_*.py")]
    known = {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.M)}
    lost = {case: sorted(set(names) - known) for case, names in BINDINGS.items()}
    assert {case: names for case, names in lost.items() if names} == {}


def test_no_case_of_theirs_is_left(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "abuse.json").read_text("utf-8"))["cases"]
    wanted = {case["id"] for case in cases if case["area"] in AREAS} | ALSO
    assert wanted == set(BINDINGS)
