"""The import contract is not decoration: breakages planted on purpose are caught."""

import re
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from bench import weigh

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("portal", "catalogue", "challenges", "datasets")
# (file, line added, contract that must catch it)
BREAKAGES = [
    ("portal/lib/clock.py", "from portal.audit import record", "Floors look down"),
    ("portal/discussions/actions.py", "import catalogue.models", "Floors look down"),
    ("portal/audit/record.py", "import portal.accounts.models", "Floors look down"),
    ("catalogue/search/query.py", "import datasets.releases.models", "Floors look down"),
    ("datasets/releases/rules.py", "def late():\n    import challenges.models", "Floors look down"),
    ("catalogue/helpers.py", "", "Inside the catalogue"),
    ("catalogue/search/text.py", "import catalogue.pages.api", "Inside the catalogue"),
    (
        "catalogue/resources/queries/quality.py",
        "import catalogue.resources.tasks",
        "Inside a subject of the catalogue",
    ),
    ("challenges/invariants.py", "import challenges.worker", "Inside an app"),
    ("datasets/releases/models.py", "import datasets.gate", "Inside an app"),
    ("challenges/forum/queries.py", "import challenges.forum.views", "Inside a subject"),
    (
        "challenges/teams/forms.py",
        "import challenges.forum.queries",
        "Subjects of challenges look down",
    ),
    ("challenges/scoring/tiers.py", "import django.db", "Plain Python"),
    ("challenges/bundles/portable.py", "import portal.lib.clock", "Plain Python"),
    ("challenges/sandbox/host.py", "import django.conf", "Plain Python"),
    ("challenges/client/kit.py", "import portal.lib.children", "The kit goes alone"),
    (
        "challenges/teams/actions.py",
        "import challenges.models",
        "Models are named by their subject",
    ),
    (
        "challenges/entries/actions/deposits.py",
        "import challenges.sandbox.bubblewrap",
        "Only the worker runs foreign code",
    ),
    (
        "datasets/holdouts/actions.py",
        "import datasets.vault.unseal",
        "Only the gate opens the vault",
    ),
    ("challenges/teams/queries.py", "import datasets.gate", "The gate has its callers"),
    ("catalogue/search/query.py", "import portal.audit.models", "The ledger has one writer"),
    (
        "challenges/scoring/metrics/ranking.py",
        "import challenges.scoring.metrics.labels",
        "Metrics ignore one another",
    ),
]


@pytest.mark.slow
def test_planted_breakages_are_caught(tmp_path: Path) -> None:
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line, _contract in BREAKAGES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.split("Broken contracts")[-1]
    assert done.returncode == 1, said
    sections = dict(
        re.findall(r"^(\S[^\n]*)\n-{4,}\n(.*?)(?=^\S[^\n]*\n-{4,}\n|\Z)", said, re.M | re.S)
    )
    missed = []
    for name, line, contract in BREAKAGES:
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if module not in sections.get(contract, ""):
            missed.append((name, line, contract))
    assert missed == [], said


@pytest.mark.parametrize("mode", weigh.MODES)
def test_no_place_outside_the_subject_of_a_mode_asks_for_it(mode: str) -> None:
    assert weigh.places_that_ask(mode) == []


def test_no_modules_import_one_another_in_a_circle() -> None:
    graph = grimp.build_graph(*APPS, exclude_type_checking_imports=True)
    sorter = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    sorter.prepare()  # raises CycleError, which names the circle
