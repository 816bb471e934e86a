"""Weigh the project: lines, models, settings, refusal codes, kinds of job, first database.

usage: make weigh, or python -m bench.weigh [--no-database]

Prints one row a figure of docs/weight.md. A first database is made in a folder of its own and
counted in seconds of processor, of children too. `make test` and `.ci/run` print their own seconds.
"""

import argparse
import ast
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("portal", "catalogue", "challenges", "datasets")
SMALL = 40  # lines
# Each mode: the names by which a place would ask for it, and the folders whose business it is.
MODES = {
    "program or code": ("is_program|takes_code", ("challenges/programs", "challenges/bundles")),
    "reference": (
        "is_baseline|is_reference|TeamState.REFERENCE",
        ("challenges/teams", "challenges/entries"),
    ),
    "bench": (
        "is_bench|takes_bench|benchmark_after_close",
        ("challenges/organising", "challenges/bundles"),
    ),
}


def python_files(*, of_tests: bool) -> Iterator[Path]:
    """Yield the tracked Python files: those of tests, or the rest but migrations and bench."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    for name in listed:
        parts = Path(name).parts
        if parts[0] == "tests":
            if of_tests:
                yield ROOT / name
        elif not of_tests and parts[0] != "bench" and "migrations" not in parts:
            yield ROOT / name


def lines(*, of_tests: bool) -> int:
    """Count the lines of those files."""
    return sum(path.read_bytes().count(b"\n") for path in python_files(of_tests=of_tests))


def lines_by_part() -> dict[str, int]:
    """Count the same lines, part by part."""
    weights = dict.fromkeys(OURS, 0)
    for path in python_files(of_tests=False):
        part = path.relative_to(ROOT).parts[0]
        if part in weights:
            weights[part] += path.read_bytes().count(b"\n")
    return weights


def small_modules() -> int:
    """Count the modules of the product under 40 lines, `__init__`, `apps` and `urls` aside."""
    aside = {"__init__.py", "apps.py", "urls.py", "manage.py"}
    paths = [path for path in python_files(of_tests=False) if path.name not in aside]
    return sum(path.read_bytes().count(b"\n") < SMALL for path in paths)


def largest_folder(*, of_tests: bool) -> str:
    """Name the folder that holds most Python files, and how many."""
    folders = Counter(path.parent.relative_to(ROOT) for path in python_files(of_tests=of_tests))
    folder, files = folders.most_common(1)[0]
    return f"{files} ({folder})"


def long_template_lines() -> str:
    """Count the lines of templates over 140 characters, and over 300."""
    sizes = [
        len(line)
        for path in (ROOT / "templates").rglob("*.html")
        for line in path.read_text().splitlines()
    ]
    return " · ".join(str(sum(size > limit for size in sizes)) for limit in (140, 300))


def places_that_ask(mode: str) -> list[str]:
    """List the files of the product, templates too, that ask for a mode which is not theirs."""
    names, own = MODES[mode]
    apart = [f":!{root}{folder}" for folder in own for root in ("", "templates/")]
    apart += [":!*/migrations/*", ":!*.sql"]
    found = subprocess.run(
        ["git", "grep", "-lwE", names, "--", *OURS, "templates", *apart],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if found.returncode > 1:  # 1: no file matches
        found.check_returncode()
    return found.stdout.split()


def refusal_codes() -> int:
    """Count the distinct texts given as `code=` when something is refused."""
    codes = {
        keyword.value.value
        for path in python_files(of_tests=False)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    return len(codes)


def domain_settings() -> int:
    """Count the names that portal/settings/domain.py assigns."""
    names: set[str] = set()
    for node in ast.parse((ROOT / "portal/settings/domain.py").read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names.update(target.id for target in targets if isinstance(target, ast.Name))
    return len(names)


def models() -> int:
    """Count the models of our four parts."""
    import django  # noqa: PLC0415 - app ready

    django.setup()
    from django.apps import apps  # noqa: PLC0415 - app ready

    return sum(model.__module__.split(".")[0] in OURS for model in apps.get_models())


def job_kinds() -> int:
    """Count the kinds of work of the worker."""
    from challenges.queue.enums import JobKind  # noqa: PLC0415 - app ready

    return len(JobKind)


def first_database(command: list[str]) -> float:
    """Return the seconds of processor that a command of manage.py takes on an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VAR_DIR": folder}
        environment.pop("DATABASE_URL", None)
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--no-database", action="store_true", help="leave out the first database")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    rows: list[tuple[str, str]] = [
        ("Python without tests, migrations, bench (lines)", f"{lines(of_tests=False):,}"),
        *((f"- {part}", f"{weight:,}") for part, weight in lines_by_part().items()),
        ("modules under 40 lines", str(small_modules())),
        ("files in the largest folder", largest_folder(of_tests=False)),
        ("models", str(models())),
        ("domain settings", str(domain_settings())),
        (
            f"files that ask for a mode outside its subject: {' · '.join(MODES)}",
            " · ".join(str(len(places_that_ask(mode))) for mode in MODES),
        ),
        ("refusal codes", str(refusal_codes())),
        ("job kinds", str(job_kinds())),
        ("tests (lines)", f"{lines(of_tests=True):,}"),
        ("test files in the largest folder", largest_folder(of_tests=True)),
        ("lines of templates over 140 · 300", long_template_lines()),
    ]
    if not options.no_database:
        load = "from portal.management.structure import load; assert load(), 'run make schema'"
        for name, command in (
            ("migrations", ["migrate"]),
            ("the structure file", ["shell", "--no-imports", "--command", load]),
        ):
            seconds = f"{first_database(command):.1f}"
            rows.append((f"first database by {name} (s of processor)", seconds))
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name:<{width}}  {figure:>9}")


if __name__ == "__main__":
    main()
