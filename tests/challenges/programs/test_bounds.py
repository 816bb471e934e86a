"""Which values the scores of a program may take: asked at import, changed in the draft, kept."""

import json
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from challenges.bundles.programs import Bounds, read_bounds
from challenges.bundles.settings import Settings
from challenges.enums import EntryStatus
from challenges.exchange.actions import exports, imports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge, Entry, Leaderboard, Phase
from challenges.programs.actions import bounds as score_bounds
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.bundles.foreign import own
from tests.challenges.pages.test_leaderboards import arranged, at, pk_of
from tests.challenges.programs.cases import isolated

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAM = """\
import json, sys
json.dump({"a": -1, "b": 0.5}, open(sys.argv[2] + "/scores.json", "w"))
"""


def folder(tmp_path: Path) -> Path:
    """Write a bundle whose program gives −1 to the solution that comes with it."""
    solutions = [{"index": 0, "tasks": [0], "path": "solution", "name": "S"}]
    made = own.bundle(tmp_path / "d", "codabench", {"solutions": solutions})
    (made / "solution").mkdir()
    (made / "solution/answer.md").write_text("x")
    (made / "notation/n.py").write_text(PROGRAM)
    command = "command: python3 $program/n.py $input $output\n"
    (made / "notation/metadata.yaml").write_text(command)
    return made


def drafted(tmp_path: Path, by: User, **answers: str) -> Challenge:
    """Import it."""
    found = import_bundle(path=folder(tmp_path), by=by, answers=answers).imported
    assert found.challenge is not None, found.errors
    return found.challenge


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Bounds()),
        (" / ", Bounds()),
        ("0/", Bounds(low=0)),
        ("/0,5", Bounds(high=0.5)),
        ("−1/1 ; -1 -999", Bounds(-1, 1, (-1, -999))),
        ("; -0.999999", Bounds(sentinels=(-0.999999,))),
    ],
)
def test_values_are_read_as_they_are_written(text: str, found: Bounds) -> None:
    assert read_bounds(text) == found
    assert read_bounds(found.text) == found


@pytest.mark.parametrize("text", ["1/0", "0", "0/1/2", "nan/", "0/inf", "0/1 ; x", "1e999/"])
def test_other_values_are_refused_beside_their_question(text: str, tmp_path: Path) -> None:
    found = import_bundle(path=folder(tmp_path), by=world.owner(), answers={"scores.a": text})

    assert [(one.code, one.key) for one in found.imported.errors] == [("E_ANSWER", "scores.a")]
    assert found.report is not None
    asked = [(each.key, each.proposal) for each in found.report.questions]
    assert {("scores.a", "/"), ("scores.b", "/")} <= set(asked)
    assert "scores.m" not in dict(asked)  # computed here
    assert not Challenge.objects.exists()


def test_the_board_of_a_draft_changes_them_and_the_reference_is_scored_again(
    client: Client, tmp_path: Path
) -> None:
    isolated()
    by = world.owner()
    client.force_login(by)
    challenge = drafted(tmp_path, by)
    drain()
    reference = Entry.objects.filter(is_baseline=True).order_by("pk")[0]
    assert reference.status == EntryStatus.SCORED
    phase = reference.enrolment.phase
    board = Leaderboard.objects.get(phase=phase)
    name = f"values_{pk_of(board, 'a')}"
    address = at(challenge, "write_board", board.pk)
    assert f'name="{name}" value="/"' in client.get(address).text
    assert f"values_{pk_of(board, 'm')}" not in client.get(address).text  # computed here

    refused = client.post(address, arranged(board, **{name: "0 à 1"}))
    assert refused.status_code == 422
    assert client.post(address, arranged(board, **{name: "-1/1 ; -1"})).status_code == 302

    assert score_bounds.bounds_of(phase) == {"a": Bounds(-1, 1, (-1.0,)), "b": Bounds()}
    drain()
    reference.refresh_from_db()
    assert (reference.status, reference.reason_code) == (EntryStatus.NEEDS_ATTENTION, "X_OUTPUT")


def test_an_export_keeps_them_and_a_metric_has_none(tmp_path: Path) -> None:
    by = world.owner()
    challenge = drafted(tmp_path, by, **{"scores.a": "0/1 ; -1"})
    first, other = Phase.objects.order_by("index")
    told = exports.settings_of(challenge)
    assert [each["values"] for each in told["boards"][0]["columns"]] == ["0/1 ; -1", "/", ""]
    with transaction.atomic():
        for phase in (first, other):
            score_bounds.put_bounds(phase, {"a": Bounds(), "b": Bounds(low=0)})

    settings = Settings.model_validate_json(json.dumps(told))
    written = {settings.terms: "# Règlement\n"} | {each.file: "# Page\n" for each in settings.pages}
    texts = imports.render_texts(settings, written)
    imports.apply_settings(challenge=challenge, settings=settings, texts=texts, dated=False, by=by)

    assert score_bounds.bounds_of(first) == {"a": Bounds(0, 1, (-1.0,)), "b": Bounds()}
    assert score_bounds.bounds_of(other) == score_bounds.bounds_of(first)
    assert first.tasks.get(current=True).scorer_version.number == 1  # the one it had
