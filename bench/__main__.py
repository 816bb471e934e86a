"""Run every benchmark and write down what it found: python -m bench [--keep FOLDER] [NAME …].

With names, only those run and the figures of the others are kept. With a folder, databases stay
there, and on the server under one name, so that the next run finds their cards in place. What
explains a figure stands in notes.md, copied under the figures.
What reads a database: on SQLite always, in a folder of its own; on PostgreSQL too where
TEST_POSTGRES_URL names a server, in a database made for the run. Results go to
docs/benchmarks.json and docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
Found = dict[str, dict[str, Any]]
KEPT = "oe_bench_kept"
ON_DATABASES = {"access", "boards", "exports", "search"}


@contextmanager
def databases(keep: str) -> Iterator[dict[str, dict[str, str]]]:
    """Yield {database: environment} for each database to measure on; in a folder, kept."""
    server = os.environ.get("TEST_POSTGRES_URL", "")
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": {"VAR_DIR": folder}}
        name = KEPT if keep else f"oe_bench_{os.getpid()}"
        if server:
            _made(server, name)
            url = f"{server.rsplit('/', 1)[0]}/{name}"
            found["postgresql"] = {
                "VAR_DIR": folder,
                "DATABASE_URL": url,
                "STATEMENT_TIMEOUT": "600s",
            }
        try:
            yield found
        finally:
            if server and not keep:
                _sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _made(server: str, name: str) -> None:
    try:
        _sql(server, f"CREATE DATABASE {name}")
    except psycopg2.errors.DuplicateDatabase:
        if name != KEPT:
            raise


def _sql(server: str, statement: str) -> None:
    link = psycopg2.connect(server)
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(statement)
    link.close()


def run(name: str, environment: dict[str, str], *options: str) -> dict[str, Any]:
    """Run one module in a process of its own; return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options, "--json"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**figures, "held": done.returncode == 0}


def machine() -> str:
    """Name the machine: processor, cores, system, Python."""
    cpu = platform.processor() or "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def is_table(figure: Any) -> bool:
    """Tell a table of figures, {row: {column: value}}, from one figure."""
    return isinstance(figure, dict) and all(isinstance(row, dict) for row in figure.values())


def write(found: Found) -> None:
    """Write the figures for machines and for people; each table also stands by its own name."""
    now = datetime.now(tz=UTC).strftime("%Y-%m-%d")
    told: dict[str, Any] = {"at": now, "machine": machine(), **found}
    for by_place in found.values():
        for figures in by_place.values():
            told |= {name: figure for name, figure in figures.items() if is_table(figure)}
    (DOCS / "benchmarks.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench`, last on {now}. Machine: {machine()}.",
        "Load average at the end: " + " ".join(f"{load:.1f}" for load in os.getloadavg()) + ".",
    ]
    for name, by_place in found.items():
        for place, figures in by_place.items():
            lines += section(f"{name}, {place}", figures)
    lines += ["", (HERE / "notes.md").read_text(encoding="utf-8").rstrip()]
    (DOCS / "benchmarks.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def kept(names: list[str]) -> Found:
    """Return the figures of the modules that do not run this time."""
    told = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    return {name: told[name] for name in names if name in told}


def section(title: str, figures: dict[str, Any]) -> list[str]:
    """Return a section of Markdown: the tables, then the other figures, then what was missed."""
    lines = ["", f"## {title}"]
    tables = {name: figure for name, figure in figures.items() if is_table(figure)}
    for name, table in tables.items():
        columns = list(dict.fromkeys(key for row in table.values() for key in row))
        lines += [
            "",
            f"### {name}",
            "",
            f"| | {' | '.join(columns)} |",
            "|---" * len(columns) + "|---|",
        ]
        for row, values in table.items():
            shown = " | ".join(str(values.get(column, "")) for column in columns)
            lines.append(f"| {row} | {shown} |")
    lines += ["", "| figure | value |", "|---|---|"]
    for key, value in figures.items():
        if key not in tables and not isinstance(value, list):
            lines.append(f"| {key} | {value} |")
    for value in figures.get("missed", []):
        lines += ["", f"Missed: {value}"] if value == figures["missed"][0] else [f"Missed: {value}"]
    return lines


def main() -> int:
    """Run the modules of this folder; return how many missed their target."""
    every = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="databases stay there")
    options = parser.parse_args()
    names = options.names or every
    found = kept(every)
    with databases(options.keep) as places:
        for name in names:
            if name in ON_DATABASES:
                found[name] = {
                    database: run(name, environment, "--throwaway")
                    for database, environment in places.items()
                }
            else:
                found[name] = {"memory": run(name, {})}
            print(f"== {name}\n{json.dumps(found[name])}", flush=True)
    write({name: found[name] for name in every if name in found})
    return sum(not one["held"] for name in names for one in found[name].values())


if __name__ == "__main__":
    sys.exit(main())
