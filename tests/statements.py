"""What each test asks of the database, and the fewest tests that ask all of it of PostgreSQL.

A plugin for .ci/run, in two sessions. The first, on SQLite, writes what it saw:

    make test STATEMENTS=var/statements

The second, on PostgreSQL, runs the tests of APART and, of the others, as few as send every
statement that the first one saw; it fails when one of them never left, and names it:

    make test-postgres STATEMENTS=var/statements

Two statements are one when they say the same of the same columns: neither the values nor the list
of what is read count, nor how each database spells it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.backends.utils import CursorWrapper

# Where PostgreSQL answers otherwise, whatever the statement: races, locks, kills, roles, full text.
APART = re.compile(
    r"tests/(contracts|faults|catalogue/search)/|test_grants|test_cascades|races|invariants|"
    r"datasets/test_gate|test_starts|portal/test_checks|test_bundle_imports|portal/test_audit|test_days_and_closes|test_rescorings"
)
ALIAS = re.compile(r"^[TUVW]\d+$")
NAMES = re.compile(r'"(\w+)"(?:\."(\w+)")?')
# Not those that one database alone writes: SQLite has MAX for GREATEST, CASE to read JSON.
WORDS = re.compile(
    r"\b(DISTINCT|EXISTS|GROUP BY|HAVING|ORDER BY|OVER|UNION|EXCEPT|INTERSECT|LEFT OUTER|"
    r"COUNT|SUM|AVG|COALESCE|IS NULL|IS NOT NULL)\b"
)
# PostgreSQL groups by a key where SQLite names all its columns, and has a FROM within EXTRACT.
SPELT_APART = re.compile(
    r"(?<=EXTRACT\()\w+ FROM |'(?:[^']|'')*'|"
    r"(?<=GROUP BY ).*?(?= HAVING | ORDER BY | LIMIT |\)|$)"
)


@cache
def tables() -> set[str]:
    """List the tables of the models; each database has its own for the search of Wagtail."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models if model._meta.app_label != "wagtailsearch"}


@lru_cache(maxsize=50_000)
def shape(sql: str) -> str:
    """Say what a statement asks, in the same words on both databases; "" for none of ours."""
    sql = SPELT_APART.sub("", sql)
    verb, _space, rest = sql.lstrip(" (").partition(" ")
    if verb not in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
        return ""
    if verb == "SELECT":  # the list of plain columns says nothing: those of WHERE and JOIN do
        listed, _from, asked = rest.partition(" FROM ")
        words = WORDS.findall(listed)
    else:
        asked, words = rest.partition(" RETURNING ")[0], []
    words += WORDS.findall(asked)
    names = {
        ".".join(part for part in found if part and not ALIAS.match(part))
        for found in NAMES.findall(asked)
    }
    if not {name.partition(".")[0] for name in names} & tables():
        return ""
    return " ".join([verb, *sorted(names - {""}), *sorted(set(words))])


def cover(record: dict[str, dict[str, Any]]) -> set[str]:
    """Choose tests that together send all statements: the most new ones for each second.

    What a test adds only shrinks as others are chosen: the best of the last round is looked at
    again, and taken if it is still before the next one.
    """
    sends = {test: set(seen["statements"]) for test, seen in record.items()}
    chosen = {test for test in record if APART.search(test)}
    missing = set[str]().union(*sends.values()) - set[str]().union(*(sends[t] for t in chosen))

    def worth(test: str) -> float:
        return -len(sends[test] & missing) / (record[test]["seconds"] + 0.05)

    waiting = [(worth(test), test) for test in record]
    heapify(waiting)
    while missing:
        _before, test = heappop(waiting)
        now = worth(test)
        if waiting and now > waiting[0][0]:
            heappush(waiting, (now, test))
            continue
        chosen.add(test)
        missing -= sends[test]
    return chosen


def read(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """Read what the workers of a session wrote."""
    record: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob(f"{name}-*.json")):
        record |= json.loads(path.read_text("utf-8"))
    return record


class Recorder:
    """Write down the statements of each test of one worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.folder = Path(config.getoption("statements"))
        self.covers = config.getoption("cover")
        self.name = "cover" if self.covers else "all"
        self.worker = getattr(config, "workerinput", {}).get("workerid", "")
        self.record: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = defaultdict(float)
        self.seen: set[str] = set()
        self.missing: list[str] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.worker:  # the first of the session: what is there is of another
            for path in self.folder.glob(f"{self.name}-*.json"):
                path.unlink()

    def pytest_collection_modifyitems(
        self, items: list[pytest.Item], config: pytest.Config
    ) -> None:
        """Keep the tests that cover the statements."""
        if self.covers:
            if not (record := read(self.folder, "all")):
                raise pytest.UsageError(f"no record in {self.folder}: make test STATEMENTS=…")
            chosen = cover(record)
            chosen |= {each.nodeid for each in items if APART.search(each.nodeid)}
            config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in chosen])
            items[:] = [each for each in items if each.nodeid in chosen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Gather the statements of one test, in all its phases; a browser's are not repeated."""
        self.seen = set()
        result = yield
        if self.seen and item.get_closest_marker("journey") is None:
            self.record[item.nodeid] = {
                "seconds": round(self.seconds[item.nodeid], 3),
                "statements": sorted(self.seen),
            }
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up how long a test takes."""
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionstart(self) -> None:
        """Listen to every cursor, that of other threads too."""
        real: Callable[..., Any] = CursorWrapper._execute_with_wrappers

        def execute(cursor: CursorWrapper, sql: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(sql, str) and (asked := shape(sql)):
                self.seen.add(asked)
            return real(cursor, sql, *args, **kwargs)

        CursorWrapper._execute_with_wrappers = execute  # type: ignore[method-assign] # to listen

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the record; the last process to end compares both, and fails."""
        if self.record:
            path = self.folder / f"{self.name}-{self.worker or 'main'}.json"
            path.write_text(json.dumps(self.record), "utf-8")
        if self.covers and not self.worker:
            asked, sent = (
                {each for seen in read(self.folder, name).values() for each in seen["statements"]}
                for name in ("all", "cover")
            )
            self.missing = sorted(asked - sent)
            session.exitstatus = session.exitstatus or int(bool(self.missing))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name what never left for PostgreSQL."""
        for each in self.missing:
            terminalreporter.write_line(f"never sent to PostgreSQL: {each}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Accept the folder of the record, and whether to cover it."""
    parser.addoption("--statements", required=True, help="folder of the record")
    parser.addoption("--cover", action="store_true", help="send what is recorded to PostgreSQL")


def pytest_configure(config: pytest.Config) -> None:
    """Listen."""
    config.pluginmanager.register(Recorder(config))
