"""Write the initial migration of each app anew from its models: `make schema`.

Nobody runs the portal yet, so a model that changes edits the first migration of its app. That
one holds the models and nothing else, with fields, constraints and indexes inside CreateModel:
SQLite remakes a table at each operation that comes later. What is written by hand, such as
triggers and first rows, is in the migrations that follow.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState
from django.db.migrations.writer import MigrationWriter
from django.utils import translation

NAME = "0001_initial"


def own_apps() -> list[AppConfig]:
    """List the apps of the portal that have migrations."""
    root = Path(settings.BASE_DIR)
    return [
        config
        for config in apps.get_app_configs()
        if "site-packages" not in Path(config.path).parts
        and Path(config.path).is_relative_to(root)
        and (Path(config.path) / "migrations").is_dir()
    ]


def path_of(app: AppConfig) -> Path:
    """Say where the initial migration of an app is."""
    return Path(app.path) / "migrations" / f"{NAME}.py"


def initial(app: AppConfig) -> str:
    """Write the initial migration of an app from its models as they are now."""
    with translation.override(None):
        states = [ModelState.from_model(model) for model in app.get_models()]
        states.sort(key=lambda state: state.name)
        body = {
            "initial": True,
            "dependencies": list(_dependencies(app.label, states)),
            "operations": [*_operations(states)],
        }
        migration = type("Migration", (migrations.Migration,), body)(NAME, app.label)
        return str(MigrationWriter(migration, include_header=False).as_string())


def _targets(state: ModelState) -> Iterator[tuple[str, str]]:
    """Give (label of a model it needs, field that points to it, or nothing for a parent)."""
    own = f"{state.app_label}.{state.name_lower}"
    for name, field in state.fields.items():
        remote = field.remote_field
        for target in (remote.model, getattr(remote, "through", None)) if remote else ():
            if target and str(target).lower() not in ("self", own):
                yield str(target).lower(), name
    for base in state.bases:
        if isinstance(base, str):
            yield base.lower(), ""


def _dependencies(label: str, states: Iterable[ModelState]) -> Iterator[tuple[str, str]]:
    """Name what must be there before: our initial migrations, the last of each other app."""
    own = {app.label for app in own_apps()}
    loader = MigrationLoader(None, load=False)
    loader.load_disk()  # without the graph: ours may be broken, that is what mends it
    last = dict(sorted(loader.disk_migrations))
    targets = {target for state in states for target, _ in _targets(state)}
    for app in sorted({target.partition(".")[0] for target in targets} - {label}):
        yield (app, NAME if app in own else last[app])


def _operations(states: list[ModelState]) -> Iterator[Operation]:
    """Create each model once those it needs are there; what closes a circle comes at the end."""
    waiting = {f"{state.app_label}.{state.name_lower}": state for state in states}
    late: dict[str, set[str]] = {label: set() for label in waiting}
    needed = {label: list(_targets(state)) for label, state in waiting.items()}
    after: list[Operation] = []
    while waiting:
        blocked = {
            label: [field for target, field in needed[label] if target in waiting]
            for label in waiting
        }
        if all(blocked.values()):
            label = min(waiting, key=lambda each: len(blocked[each]))
            late[label].update(blocked[label])
            needed[label] = [pair for pair in needed[label] if pair[1] not in late[label]]
            continue
        for label in [label for label in waiting if not blocked[label]]:
            state = waiting.pop(label)
            operation, *others = _creation(state, late[label])
            after += others
            yield operation
    yield from after


def _creation(state: ModelState, late: set[str]) -> Iterator[Operation]:
    """Create a model without its late fields; add them, then what names them."""
    options = {key: value for key, value in state.options.items() if value not in ([], None)}
    apart: list[Operation] = [
        migrations.AddField(state.name_lower, name, state.fields[name]) for name in sorted(late)
    ]
    for key, add in (("indexes", migrations.AddIndex), ("constraints", migrations.AddConstraint)):
        named = [each for each in options.get(key, ()) if _names(each, late)]
        apart += [add(state.name_lower, each) for each in named]
        if named:
            options[key] = [each for each in options[key] if each not in named]
    fields = [pair for pair in state.fields.items() if pair[0] not in late]
    yield migrations.CreateModel(state.name, fields, options, state.bases, state.managers)
    yield from apart


def _names(thing: models.Index | models.BaseConstraint, fields: set[str]) -> bool:
    text = repr(thing.deconstruct())
    return any(re.search(rf"\b{field}\b", text) for field in fields)


if __name__ == "__main__":
    django.setup()
    for app in own_apps():
        path_of(app).write_text(initial(app), encoding="utf-8")
