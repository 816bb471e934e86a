"""Modules stay small and their names say what is in them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("portal", "catalogue", "challenges", "datasets")
REFUSED = {"utils", "helpers", "common", "core", "misc", "services"}


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_module_has_at_most_800_lines() -> None:
    assert [(str(path), lines(path)) for path in modules(*APPS) if lines(path) > 800] == []


def test_a_test_module_has_at_most_1000_lines() -> None:
    assert [(str(path), lines(path)) for path in modules("tests") if lines(path) > 1000] == []


def test_no_junk_drawer() -> None:
    # portal/settings/services.py names outside services, a subject of the settings.
    permitted = {ROOT / "portal" / "settings" / "services.py"}
    found = [
        path
        for path in modules(*APPS, "tests")
        if path not in permitted and ({path.stem} | set(path.relative_to(ROOT).parts)) & REFUSED
    ]
    assert found == []


def test_inline_imports_give_their_reason() -> None:
    reasons = re.compile(r"# noqa: PLC0415  # (slow import|optional dependency|app ready|test)$")
    wrong = [
        f"{path}:{number}"
        for path in [*modules(*APPS, "tests"), ROOT / "manage.py"]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "noqa: PLC0415" in line and not reasons.search(line) and path != Path(__file__)
    ]
    assert wrong == []
