"""The documents say what the code does."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from bench import diagrams, planted

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("portal", "catalogue", "datasets", "challenges")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_variable_is_in_the_operations_table() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "portal/settings").glob("*.py"))
    used = set(re.findall(r'(?:by_mode|optional|environ\.get)\(\s*"([A-Z_]+)"', code))
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/operations.md"), re.M))
    assert used == told


def test_every_model_is_in_the_glossary() -> None:
    told = set(re.findall(r"`([A-Z]\w+)`", read("docs/glossary.md")))
    models = {
        model.__name__
        for config in apps.get_app_configs()
        if config.name.split(".")[0] in OURS
        for model in config.get_models()
        if not model._meta.auto_created
    }
    assert sorted(models - told) == []


@pytest.mark.parametrize("name", ["architecture", "extending"])
def test_every_place_that_a_page_names_exists(name: str) -> None:
    parts = "|".join((*OURS, "tests", "docs"))
    places = re.findall(rf"`((?:{parts})/[\w./-]*)`", read(f"docs/{name}.md"))
    assert len(places) > 10
    ends = ("", ".py", "/__init__.py")
    assert [
        each for each in places if not any((ROOT / f"{each}{end}").exists() for end in ends)
    ] == []


def test_the_diagrams_are_those_of_the_code() -> None:
    page = read("docs/diagrams.md")
    assert "\n".join(diagrams.models()) in page
    assert "\n".join(diagrams.states()) in page
    assert "\n".join(diagrams.verbs()) in page


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_requirements_are_hashed_and_name_no_host() -> None:
    for name in (
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-scoring.txt",
        "requirements-demonstrator.txt",
        "requirements-uv.txt",
    ):
        text = read(name)
        pinned = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
        assert pinned, name
        assert all("==" in line for line in pinned), name
        assert text.count("--hash=sha256:") >= len(pinned), name
        assert "://" not in text, name  # the name of a library may begin with http


def test_every_refusal_to_start_is_in_the_operations_table() -> None:
    written = {int(number) for number in re.findall(r"_error\(\s*(\d+),", read("portal/checks.py"))}
    told = [
        int(number)
        for number in re.findall(r"^\| `portal\.E(\d\d)` \|", read("docs/operations.md"), re.M)
    ]
    assert told == sorted(written)


@pytest.mark.parametrize("bug", planted.BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_has_its_place_and_its_tests(bug: planted.Bug) -> None:
    assert (ROOT / bug.file).read_text(encoding="utf-8").count(bug.before) == 1
    assert [name for name in bug.tests if not (ROOT / name.partition("::")[0]).exists()] == []
