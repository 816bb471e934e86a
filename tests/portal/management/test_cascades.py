"""What an action deletes, its role may delete with all that goes with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CASCADE, ForeignObjectRel, Model

from challenges.models import Evaluation
from challenges.organising.actions import leaderboards, phases
from challenges.organising.enums import PhaseKind
from challenges.rescoring.actions import rescorings
from challenges.worker import drain
from portal.management import rights
from tests.challenges.rescoring.test_rescorings import corrected, proposed
from tests.challenges.world import imported, owner, owner_of, scored
from tests.portal.management.conftest import Roles

CHALLENGES = Path(__file__).resolve().parents[3] / "challenges"
WEB, TASKS, WORKER = "web", "tasks", "worker"
# Each `.delete()` of an action: the model, and who runs it.
DELETED: list[tuple[str, set[str]]] = [
    ("Challenge", {WEB}),
    ("ChallengeOrganiser", {WEB}),
    ("ChallengePage", {WEB}),
    ("ChallengePage", {WORKER}),
    ("Column", {WEB, WORKER}),
    ("Evaluation", {WEB}),
    ("Guest", {TASKS}),
    ("Guest", {WEB, TASKS}),
    ("Guest", {WEB, TASKS}),
    ("Leaderboard", {WEB}),
    ("Phase", {WEB}),
    ("PhaseTask", {WEB}),
    ("PublicFile", {WORKER}),
    ("Standing", {WORKER}),
    ("TeamInvitation", {WEB, TASKS}),
    ("Terms", {WEB}),
]
NEEDED = {"CASCADE": "DELETE", "SET_NULL": "UPDATE"}


as_roles = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no roles; run on PostgreSQL"
)


def reached(model: type[Model]) -> Iterator[tuple[type[Model], str]]:
    """Give what Django asks of each table when it deletes rows of a model, present or not."""
    yield model, "DELETE"
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and not relation.many_to_many:
            on_delete = relation.on_delete
            name = getattr(on_delete, "__name__", "")
            if name == "DO_NOTHING":
                continue
            if on_delete is CASCADE and relation.related_model is not model:
                yield from reached(relation.related_model)
            yield relation.related_model, NEEDED.get(name, "SELECT")


def test_each_deletion_is_named() -> None:
    actions = [
        path
        for path in CHALLENGES.rglob("*.py")
        if "actions" in path.relative_to(CHALLENGES).with_suffix("").parts
    ]
    found = sum(path.read_text("utf-8").count(".delete()") for path in actions)
    assert found == len(DELETED)


@pytest.mark.django_db
def test_a_role_deletes_what_goes_with_what_it_deletes() -> None:
    lacking = set()
    for kind in (WEB, TASKS, WORKER):
        may = rights.expected(kind)
        for name, kinds in DELETED:
            if kind not in kinds:
                continue
            for model, verb in reached(apps.get_model("challenges", name)):
                if verb not in may[model._meta.db_table]:
                    lacking.add((kind, name, verb, model._meta.label))
    assert lacking == set()


@as_roles
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_web_takes_out_of_a_draft_what_has_rows(roles: Roles, tmp_path: Path) -> None:
    by = owner()
    draft = imported(tmp_path, by)
    phase = phases.add_phase(challenge=draft, name="Finale", kind=PhaseKind.FINAL, by=by)
    board = leaderboards.add(phase=draft.phases.get(index=0), title="Autre", by=by)
    assert drain(seconds=60)
    assert board.standings.exists()
    with roles.serving("web"):
        leaderboards.remove(board=board, by=by)
        phases.remove_phase(phase=phase, by=by)
    assert draft.leaderboards.count() == draft.phases.count() == 1


@as_roles
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_web_drops_what_waits_for_a_change_of_scoring(roles: Roles, tmp_path: Path) -> None:
    challenge = scored(tmp_path, 0.5)
    change = proposed(challenge, truth=corrected())
    assert drain(seconds=60)
    rescorings.start(rescoring=change, by=owner_of(challenge))
    waiting = Evaluation.objects.filter(holdout=change.task.holdout)
    assert waiting.exists()
    with roles.serving("web"):
        rescorings.withdraw(rescoring=change, by=owner_of(challenge))
    assert not waiting.exists()
