"""No act of anybody changes or removes a score that was released (design/challenges.md §9).

The acts are read from `challenges.actions`: a new one is in these sequences on its first day, or
the first test says that nobody told how to call it.
"""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction

from challenges import actions, enums
from challenges.models import Challenge, Phase, Rescoring, Score, Team
from challenges.organising.actions import challenges
from challenges.programs.actions import changes as program_changes
from challenges.results import actions as results
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib.refusals import Refusal
from tests.challenges.test_rescorings import by_error, corrected, in_force, tried
from tests.challenges.world import opened, owner_of, scored
from tests.factories.accounts import UserFactory
from tests.factories.challenges import captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Act = Callable[..., Any]
# Steps of an import, a build or an export: no request names them, their callers are listed here.
STEPS = {
    "baselines.enter": "drafts and imports",
    "bundle_imports.finish_creation": "the worker",
    "challenges.close_challenge_if_over": "reveals.propose and the clock",
    "code_imports.give": "an import",
    "code_plans.make": "an import and coding",
    "code_plans.use": "an import and coding",
    "drafts.write": "an import",
    "export_settings.apply": "an import",
    "foreign_imports.import_bundle": "a command and the worker",
    "imports.import_folder": "a command and the worker",
    "phase_scorings.put": "the build of a draft",
    "program_drafts.create": "an import",
}
WORDS = {
    "path": "x.csv",
    "slug": "autre-defi",
    "original_name": "reponse.csv",
    "filename": "x.zip",
    "token": "0",
    "email": "quelquun@example.org",
    "kind": "solution",
    "sentence": "x",
    "primary": "mae",
}


def acts() -> dict[str, Act]:
    """List the acts of every module: functions that say who acts."""
    found: dict[str, Act] = {}
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"challenges.actions.{module.name}")
        for name, given in vars(loaded).items():
            act = inspect.unwrap(given) if callable(given) else None
            if not inspect.isfunction(act) or act.__module__ != loaded.__name__:
                continue
            if name.startswith("_") or "by" not in inspect.signature(act).parameters:
                continue
            found[f"{module.name}.{name}"] = given
    return found


class Unknown(Exception):
    """Nobody told how to give this parameter."""


class Absent(Exception):
    """This world has no row of the kind."""


def value(name: str, said: str, chance: Random) -> Any:
    """Give a value to a parameter, by its name and its written type."""
    if name in {"digest", "note", "reason", "text", "body_md", "title", "question", "summary"}:
        return _digest() if name == "digest" else "Un motif, dit ici."
    if name == "spec":
        return by_error(in_force().scorer_version.spec)
    if name == "truth" and "bytes" in said:
        return corrected(chance.choice((10, 40)))
    if name == "files" and "Sent" in said:
        return {"program": program_changes.Sent("x.zip", BytesIO(b"x"))}
    if name == "index":
        return 0
    plain = said.replace(" | None", "").strip('"')
    simple: dict[str, Any] = {
        "str": WORDS.get(name, "texte"),
        "int": 1,
        "float": 0.5,
        "bool": chance.choice((True, False)),
        "bytes": b"x",
        "UUID": Phase.objects.get().challenge.pk,
    }
    if plain in simple:
        return simple[plain]
    if plain.startswith(("Mapping", "dict")):
        return {}
    if plain.startswith(("Sequence", "Iterable", "list")):
        return [Team.objects.order_by("pk")[0]] if "Team" in plain else []
    if plain == "BinaryIO" or "IO[bytes]" in plain:
        return BytesIO(b"x")
    return _known(plain, chance)


def _known(plain: str, chance: Random) -> Any:
    if hasattr(enums, plain):
        return chance.choice(list(getattr(enums, plain)))
    for label in ("challenges", "accounts", "datasets"):
        for model in apps.get_app_config(label).get_models():
            if model.__name__ == plain:
                return _row(model, chance)
    return _made(plain)


def _row(model: type[models.Model], chance: Random) -> models.Model:
    rows = list(model._default_manager.order_by("-pk")[:6])
    if not rows:
        raise Absent(model.__name__)
    return chance.choice(rows)


def _made(plain: str) -> Any:
    """Say nothing of what a form builds: its absence is refused before any row is read."""
    if plain in {"Deposit", "Participation", "CodeRules", "datetime", "Path", "Role"}:
        raise Absent(plain)
    raise Unknown(plain)


def _digest() -> str:
    change = Rescoring.objects.order_by("-pk").first()
    return str(change.facts.get("digest", "0")) if change else "0"


def given(act: Act, chance: Random) -> dict[str, Any]:
    """Give a value to each parameter of an act but who acts."""
    values = {}
    for name, each in inspect.signature(inspect.unwrap(act)).parameters.items():
        if name == "by":
            continue
        said = each.annotation if isinstance(each.annotation, str) else _name(each.annotation)
        if each.default is not inspect.Parameter.empty and chance.random() < 0.5:
            continue
        values[name] = value(name, said, chance)
    return values


def _name(annotation: Any) -> str:
    if isinstance(annotation, type) and not getattr(annotation, "__args__", None):
        return annotation.__name__
    said = str(annotation)
    for prefix in ("collections.abc.", "typing."):
        said = said.replace(prefix, "")
    return " | ".join(
        part.split(".")[-1] if "[" not in part else part for part in said.split(" | ")
    )


def test_it_is_known_how_to_call_every_act(tmp_path: Path) -> None:
    opened(tmp_path)
    found = acts()
    assert set(STEPS) <= set(found)
    unknown = {}
    for name, act in found.items():
        try:
            if name not in STEPS:
                given(act, Random(name))  # noqa: S311  # a sequence to find again, no secret
        except Absent:
            continue
        except Unknown as error:
            unknown[name] = str(error)
    assert unknown == {}
    assert len(found) > 100


def rows() -> dict[int, tuple[Any, ...]]:
    return {each[0]: each for each in Score.objects.order_by("pk").values_list()}


def people(challenge: Challenge) -> list[User]:
    captain = captain_of(Team.objects.filter(challenge=challenge, is_baseline=False)[0])
    region = [UserFactory(region="administrator"), UserFactory(region="moderator")]
    return [owner_of(challenge)] * 4 + region + [captain]


def sequence(challenge: Challenge, chance: Random, tally: Counter[str]) -> Iterator[str]:
    """Try every act once, in some order, by some person; each in a transaction of its own."""
    found = [each for each in acts().items() if each[0] not in STEPS]
    chance.shuffle(found)
    persons = people(challenge)
    for name, act in found:
        try:
            with transaction.atomic():
                act(**given(act, chance), by=chance.choice(persons))
            tally[name] += 1
        except (Refusal, Absent):
            pass
        except Exception:  # noqa: BLE001  # given nonsense: what it leaves behind is judged
            tally["nonsense"] += 1
        yield name


@pytest.mark.parametrize("seed", range(4))
def test_no_sequence_of_acts_changes_a_score(seed: int, tmp_path: Path) -> None:
    challenge = scored(tmp_path, 0.9, 0.6, 0.5)
    if seed % 2:  # after the final results, the private ones are there too
        phase = challenge.phases.get()
        challenges.close(phase=phase, by=owner_of(challenge))
        results.propose_reveal(phase=phase, by=owner_of(challenge))
        results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
        assert drain()
    tried(challenge, truth=corrected())
    chance, tally = Random(seed), Counter[str]()  # noqa: S311  # as above
    before = rows()
    assert before
    for round_ in range(2):
        for name in sequence(challenge, chance, tally):
            now = rows()
            assert {pk: now.get(pk) for pk in before} == before, name
            before = now
        drain(seconds=20)
        now = rows()
        assert {pk: now.get(pk) for pk in before} == before, f"the worker, round {round_}"
        before = now
    done = set(tally) - {"nonsense"}
    assert len(done) >= 10, sorted(done)
