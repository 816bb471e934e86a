"""Audits are sealed until the reveal, told once, and can be computed again."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction

from challenges.enums import Split
from challenges.evaluation import worker as vault
from challenges.models import (
    Challenge,
    Column,
    Entry,
    FairnessAudit,
    PhaseTask,
    Score,
    SealedResult,
)
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.results import worker as result_worker
from challenges.results.queries import boards
from challenges.results.worker import Opened
from challenges.worker import drain
from portal.audit.actors import SystemActor
from portal.lib import immutable, objects
from tests.challenges.bundles import folders
from tests.challenges.world import entered, opened, owner_of, truth_of
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
VISITOR = SystemActor("visitor")


def fairness(**audit: Any) -> Any:
    """Return the fairness of the small folder with an audit."""
    found: Any = folders.document()["fairness"]
    return {**found, "audit": {"positive": 3, "event": "niveaux 3", **audit}}


def audited(path: Path, **audit: Any) -> Challenge:
    """Open a challenge that declares an audit, with two entries scored."""
    made = opened(path, fairness=fairness(**audit))
    for number, skill in enumerate((0.9, 0.5)):
        entered(made, skill, seed=number)
    assert drain()
    return made


def revealed(challenge: Challenge) -> None:
    """Close and reveal."""
    phase = challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    assert drain()


def command(*args: str) -> tuple[int, dict[str, Any]]:
    """Run the command that compares; return its exit and its answer."""
    out, code = StringIO(), 0
    try:
        call_command("audits", *args, "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue().splitlines()[-1])


def test_nothing_is_told_before_the_reveal(tmp_path: Path) -> None:
    made = audited(tmp_path)
    assert FairnessAudit.objects.count() == 0
    assert SealedResult.objects.count() == 3
    code, answer = command(made.slug)
    assert (code, answer["error"]["code"]) == (1, "not_revealed")


def test_the_reveal_tells_the_audit_of_each_team_once(tmp_path: Path) -> None:
    made = audited(tmp_path, column={"limit": 0.6})
    revealed(made)
    assert FairnessAudit.objects.count() == 3
    entry = Entry.objects.get(enrolment__team__is_baseline=True)
    record = FairnessAudit.objects.get(evaluation__entry=entry).record
    assert (record["kind"], record["n"], record["shown"]) == ("labels", 85, "public")
    (zone,) = record["slices"]
    assert [(each["key"], each["n"]) for each in zone["groups"]] == [(["nord"], 50), (["sud"], 35)]
    lines = (line.split(",") for line in folder_answer(entry))
    answers = {int(name[1:]): int(value) for name, value in lines}
    selection = next(each for each in zone["figures"] if each["key"] == "selection")
    held = [row for row in range(120) if row % 10 >= 3]
    for at, side in enumerate((1, 0)):
        mine = [row for row in held if row % 2 == side]
        share = sum(answers[row] == 3 for row in mine) / len(mine)
        assert selection["groups"][at]["value"] == round(share, 3)
    metric = next(each for each in zone["figures"] if each["key"] == "metric")
    right = [
        sum(answers[row] == truth_of(row) for row in held if row % 2 == side)
        / sum(row % 2 == side for row in held)
        for side in (1, 0)
    ]
    assert [cell["value"] for cell in metric["groups"]] == [round(each, 4) for each in right]
    value = round(min(right), 4)
    assert record["column"] == {"value": value, "barred": value < 0.6}
    private = boards.whole_board(made.phases.get(), Split.PRIVATE, VISITOR)
    cells = {
        row.team_name: row.cells[[c.key for c in private.columns].index("equite")]
        for row in private.rows
    }
    assert cells["Solution de référence"]["value"] == value
    assert Score.objects.filter(metric="equite", split="public").count() == 0
    column = Column.objects.get(key="equite")
    assert (column.title, column.direction, column.valid_min, column.valid_max) == (
        "Pire groupe",
        "max",
        0.6,
        None,
    )


def folder_answer(entry: Entry) -> list[str]:
    """Return the rows of an entry's file."""
    return objects.read(entry.sha256).decode().splitlines()[1:]


def test_a_challenge_raises_the_persons_a_group_must_count(tmp_path: Path) -> None:
    made = opened(tmp_path, fairness={**fairness(), "min_rows": 1, "n_min_group": 45})
    assert made.n_min_group == 45
    entered(made, 0.9)
    assert drain()
    revealed(made)
    record = FairnessAudit.objects.filter(evaluation__entry__enrolment__team__is_baseline=False)
    (zone,) = record.get().record["slices"]
    # 50 rows in the north would tell the 35 of the south.
    assert zone["groups"] == [
        {"key": ["nord"], "state": "hidden"},
        {"key": ["sud"], "state": "hidden"},
    ]
    board = boards.whole_board(made.phases.get(), Split.PRIVATE, VISITOR)
    assert "groups" not in boards.as_record(board)[0]["metrics"]["mae_par_zone"]


def test_the_worker_holds_a_contract_to_the_threshold_of_its_challenge(tmp_path: Path) -> None:
    made = opened(tmp_path, fairness={**fairness(), "min_rows": 1})
    task = made.phases.get().tasks.get()
    assert vault.contract_of(task).least_group == 11
    Challenge.objects.update(n_min_group=45)
    assert vault.contract_of(PhaseTask.objects.get()).least_group == 45
    with pytest.raises(IntegrityError, match="n_min_group"), transaction.atomic():
        Challenge.objects.update(n_min_group=10)


def test_what_is_told_is_computed_again_alike(tmp_path: Path) -> None:
    made = audited(tmp_path)
    revealed(made)
    code, answer = command(made.slug)
    assert (code, len(answer["same"]), answer["different"]) == (0, 3, [])
    first = FairnessAudit.objects.order_by("pk").first()
    assert first is not None
    phase = made.phases.get()
    found = result_worker.findings_to_release(
        phase, Opened().of, result_worker.evaluations_audited(phase)
    )
    assert {each.evaluation.pk for each in found} == set(
        FairnessAudit.objects.values_list("evaluation", flat=True)
    )


def test_a_team_reads_the_findings_of_one_entry_only(tmp_path: Path) -> None:
    """Two audits of answers that differ in one row would tell a group."""
    made = opened(tmp_path, fairness=fairness(column={"limit": 0.1}))
    first = entered(made, 0.9, seed=1)
    second = entered(made, 0.5, team=first.enrolment.team, seed=2)
    assert drain()
    revealed(made)
    (told,) = FairnessAudit.objects.filter(evaluation__entry__enrolment__team=first.enrolment.team)
    assert told.evaluation.entry_id == first.pk
    closing = list(Column.objects.filter(kind="fairness").values_list("key", flat=True))
    assert "equite" in closing
    groups = Score.objects.filter(metric__in=closing)
    assert groups.filter(evaluation__entry=first).exists()
    assert not groups.filter(evaluation__entry=second).exists()
    assert Score.objects.filter(evaluation__entry=second, split="private").exists()
    code, answer = command(made.slug)
    assert (code, len(answer["same"]), answer["different"]) == (0, 3, [])


@pytest.mark.database
def test_what_is_told_is_never_changed(tmp_path: Path) -> None:
    made = audited(tmp_path)
    revealed(made)
    audit = FairnessAudit.objects.order_by("pk").first()
    assert audit is not None
    with pytest.raises(immutable.WriteRefused):
        audit.save()
    with (
        immutable.writes(FairnessAudit),
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
    ):
        FairnessAudit.objects.update(sha256="0" * 64)
