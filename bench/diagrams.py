"""Draw the house from its code: models by subject, states, deposit to rank, actions by file.

usage: make docs, or python -m bench.diagrams > docs/diagrams.md

The sequence is not drawn by hand either: one file is really entered, checked, scored and ranked in
a database of its own, and the calls from one subject to another are noted as they happen.
"""

import ast
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OURS = ("portal", "catalogue", "datasets", "challenges")
SCORES = "score_job"  # the function of the worker that scores a claimed job
ACTS = ("actions", "worker", "gate")  # modules whose functions are steps of the sequence


def subject(module: str) -> str:
    """Name the subject of a module: `challenges.teams` for challenges.teams.actions."""
    part, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    is_folder = (ROOT / part / first).is_dir() and first not in {"actions", "models"}
    return f"{part}.{first}" if is_folder else part


def models() -> Iterator[str]:
    """Write one diagram a part: its models by subject, an arrow for each foreign key between."""
    from django.apps import apps  # noqa: PLC0415  # app ready

    for part in OURS:
        ours = [
            each for each in apps.get_models(include_auto_created=False)
            if each.__module__.partition(".")[0] == part
        ]  # fmt: skip
        yield f"### {part}\n\n```mermaid\nflowchart LR"
        for name in sorted({subject(each.__module__) for each in ours}):
            yield f'  subgraph {name.replace(".", "_")} ["{name}"]'
            yield from sorted(
                f"    {each.__name__}" for each in ours if subject(each.__module__) == name
            )
            yield "  end"
        arrows = {
            (each.__name__, field.related_model.__name__)
            for each in ours
            for field in each._meta.get_fields()  # noqa: SLF001
            if (field.many_to_one or field.one_to_one) and field.concrete
            if field.related_model in ours and field.related_model is not each
        }
        yield from (f"  {source} --> {target}" for source, target in sorted(arrows))
        yield "```\n"


def states() -> Iterator[str]:
    """Write one diagram a life, from the table that its changes of state are judged by."""
    from catalogue.contributions.enums import CONTRIBUTION_EDGES  # noqa: PLC0415  # app ready
    from challenges.entries.enums import ENTRY_EDGES  # noqa: PLC0415  # app ready
    from challenges.organising.enums import CHALLENGE_EDGES  # noqa: PLC0415  # app ready

    lives: dict[str, Mapping[Any, Any]] = {
        "Challenge": CHALLENGE_EDGES,
        "Entry": ENTRY_EDGES,
        "Contribution": CONTRIBUTION_EDGES,
    }
    for name, edges in lives.items():
        yield f"### {name}\n\n```mermaid\nstateDiagram-v2"
        yield f"  [*] --> {next(iter(edges)).value}"
        for state, following in edges.items():
            yield from sorted(f"  {state.value} --> {each.value}" for each in following)
        yield "```\n"


class Calls:
    """The calls from one subject to another, and the modules entered, while something is done."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str, str]] = []
        self.modules: set[str] = set()
        self._scores = False

    def during(self, act: Callable[[], object]) -> None:
        """Do something and note its calls."""
        sys.setprofile(self._note)
        try:
            act()
        finally:
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if event not in {"call", "return"} or module.partition(".")[0] not in OURS:
            return
        name = frame.f_code.co_name
        if name == SCORES:
            self._scores = event == "call"
        if event == "return" or name.startswith("<"):
            return
        if self._scores:
            self.modules.add(module)
        if name.startswith("_") or not set(module.split(".")) & set(ACTS):
            return
        caller = self._caller(frame.f_back)
        called = subject(module) if module != "datasets.gate" else module
        step = (caller, called, name)
        if caller != called and step not in self.steps:
            self.steps.append(step)

    def _caller(self, frame: FrameType | None) -> str:
        while frame is not None:
            module = str(frame.f_globals.get("__name__", ""))
            if module.partition(".")[0] in OURS and set(module.split(".")) & set(ACTS):
                return subject(module) if module != "datasets.gate" else module
            frame = frame.f_back
        return "page or command"


def sequence() -> Iterator[str]:
    """Enter a file, score it, rank it; write the calls between subjects, and the modules."""
    from challenges.models import Entry  # noqa: PLC0415  # app ready
    from challenges.worker import drain  # noqa: PLC0415  # app ready
    from tests.challenges import world  # noqa: PLC0415  # app ready

    with tempfile.TemporaryDirectory() as folder:
        challenge = world.opened(Path(folder))
        deposit, work = Calls(), Calls()
        deposit.during(lambda: world.entered(challenge))
        work.during(drain)
        scored = Entry.objects.latest("pk")
        if scored.status != "scored":
            raise SystemExit(f"the entry is {scored.status}")
    yield "```mermaid\nsequenceDiagram"
    yield from (
        f"  {caller}->>{called}: {name}" for caller, called, name in deposit.steps + work.steps
    )
    yield "```\n"
    if not work.modules:
        raise SystemExit(f"{SCORES} was not called")
    yield f"From a claimed job to a stored score, {len(work.modules)} modules are entered:\n"
    yield ", ".join(f"`{each}`" for each in sorted(work.modules)) + "."


def verbs() -> Iterator[str]:
    """Write a line a module of actions: what may be done, and what else it offers."""
    for path in sorted(ROOT.glob("*/**/*.py")):
        name = path.relative_to(ROOT)
        if name.parts[0] not in OURS or not {"actions", "actions.py"} & set(name.parts):
            continue
        offered = [
            f"`{each.name}`"
            for each in ast.parse(path.read_text("utf-8")).body
            if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
        ]
        if offered:
            yield f"* `{name}`: {', '.join(offered)}"


def main() -> None:
    """Write the page on the standard output."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAR_DIR"] = folder
        import django  # noqa: PLC0415  # app ready

        django.setup()
        from portal.management import structure  # noqa: PLC0415  # app ready

        structure.build()
        print("# The house, drawn from its code\n\n`make docs` writes this page.\n")
        print("## Models by subject\n", *models(), sep="\n")
        print("## The life of a challenge, an entry, a contribution\n", *states(), sep="\n")
        print("## From a deposit to a rank\n", *sequence(), sep="\n")
        print("## Every action, and its file\n")
        print(
            "The functions of the modules of actions; what a task does alone stands in `tasks`.\n"
        )
        print(*verbs(), sep="\n")


if __name__ == "__main__":
    main()
