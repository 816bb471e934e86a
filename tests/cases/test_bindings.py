"""Every abuse case of challenges and of the catalogue is bound to tests that exist."""

import ast
import json
from pathlib import Path

import pytest

from tests.cases.bindings import BINDINGS

ROOT = Path(__file__).resolve().parent.parent.parent
AREAS = {"challenge", "ssrf", "upload"}
ALSO = {"A01", "A02", "A06", "A14", "A18", "A19", "A20", "A44", "A45", "A47", "A49", "A52"}
ALSO |= {"A64", "A66"}


@pytest.mark.parametrize("case", sorted(BINDINGS))
def test_a_case_is_bound_to_tests_that_exist(case: str) -> None:
    for place in BINDINGS[case]:
        path, _, name = place.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in names, place


def test_no_case_of_theirs_is_left(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "abuse.json").read_text("utf-8"))["cases"]
    wanted = {case["id"] for case in cases if case["area"] in AREAS} | ALSO
    assert wanted == set(BINDINGS)
