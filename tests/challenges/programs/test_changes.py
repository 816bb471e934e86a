"""Another program or other data for a phase that a program scores: proposed, tried, decided."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.entries.enums import EntryStatus
from challenges.evaluation.enums import EvaluationState
from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.exchange.worker import unsealer
from challenges.models import Challenge, Entry, Phase, PhaseTask, Rescoring, Score
from challenges.programs.actions import changes as program_changes
from challenges.programs.actions.changes import Sent
from challenges.queue.actions import WORKER
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import RescoringState
from challenges.worker import drain
from datasets import gate
from datasets.holdouts.models import HoldoutVersion
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid
from tests.archives import zipped
from tests.challenges import world
from tests.challenges.bundles.foreign import own
from tests.challenges.organising.test_challenges import signed_in
from tests.challenges.pages.scenes import url_of
from tests.challenges.programs.cases import Clock, entered, isolated, scored_by
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
METADATA = "command: python3 $program/n.py $input $output\n"
# Scores the length of the answer by a factor, and the number of lines of the reference.
CODABENCH = """\
import json, sys, os
place = sys.argv[1] + "/res/"
size = len(open(place + sorted(os.listdir(place))[0]).read().strip())
rows = len(open(sys.argv[1] + "/ref/verite.csv").read().split())
json.dump({{"a": size * {factor}, "b": rows}}, open(sys.argv[2] + "/scores.json", "w"))
"""
EVALAI = """\
def evaluate(test_annotation_file, user_submission_file, phase_codename, **kwargs):
    size = len(open(user_submission_file).read().strip())
    rows = len(open(test_annotation_file).read().split())
    return {{"result": [{{"publique": {{"F1": size * {factor} + rows / 1000}}}}]}}
"""


def program(form: str, factor: float, **more: str) -> bytes:
    if form == "evalai":
        return zipped({"script/main.py": EVALAI.format(factor=factor)})
    return zipped({"metadata.yaml": METADATA, "n.py": CODABENCH.format(factor=factor)} | more)


def opened(folder: Path, form: str, hour: Clock) -> Challenge:
    """Open a challenge scored by a program, with a reference where its format has one."""
    changes: dict[str, object] = {}
    if form == "codabench":
        changes = {"solutions": [{"index": 0, "tasks": [0], "path": "solution"}]}
    made = own.bundle(folder / form, form, changes)
    (made / "solution").mkdir()
    (made / "solution/answer.md").write_text("four")
    (made / "notation/n.py").unlink()
    if form == "evalai":
        (made / "notation/main.py").write_text(EVALAI.format(factor=0.01))
    else:
        (made / "notation/metadata.yaml").write_text(METADATA)
        (made / "notation/n.py").write_text(CODABENCH.format(factor=0.01))
    return scored_by(made, hour)


def first(challenge: Challenge) -> Phase:
    return challenge.phases.order_by("index")[0]


def proposed(challenge: Challenge, **files: bytes) -> Rescoring:
    return program_changes.propose_program(
        phase=first(challenge),
        files={part: Sent(f"{part}.zip", BytesIO(each)) for part, each in files.items()},
        reason="Le programme comptait mal.",
        by=world.owner_of(challenge),
    )


def figures(entry: Entry) -> list[tuple[int, str, float]]:
    rows = Score.objects.filter(evaluation__entry=entry, split="public").order_by("pk")
    return [(each.pk, each.metric, each.value) for each in rows]


@pytest.mark.parametrize(
    "form",
    ["codabench", *(pytest.param(each, marks=pytest.mark.ci) for each in ("codalab", "evalai"))],
)
def test_a_changed_program_is_tried_on_every_entry(
    form: str, tmp_path: Path, hour: Clock, client: Client
) -> None:
    isolated()
    challenge = opened(tmp_path, form, hour)
    entry = entered(challenge, "ten bytes!")
    assert drain()
    old = figures(entry)
    assert old
    sealed = HoldoutVersion.objects.count()
    path = url_of(challenge, "rescoring_propose", first(challenge).index)
    organiser = signed_in(world.owner_of(challenge))
    reference = "reference.csv" if form == "evalai" else "reference.zip"
    rows = "id,y\n" + "".join(f"{one},1\n" for one in range(9))
    sent = {
        "reason": "Le programme comptait mal.",
        "program": SimpleUploadedFile("notation.zip", program(form, 0.05)),
        "reference": SimpleUploadedFile(
            reference, rows.encode() if form == "evalai" else zipped({"verite.csv": rows})
        ),
    }
    assert organiser.post(path, sent).status_code == 302
    assert HoldoutVersion.objects.count() == sealed + 2
    change = Rescoring.objects.get()
    with refuses(Conflict, "holdout_not_compiled"):
        rescorings.start(rescoring=change, by=world.owner_of(challenge))

    assert drain()
    rescorings.start(rescoring=change, by=world.owner_of(challenge))
    assert drain()
    change.refresh_from_db()
    assert change.state == RescoringState.READY
    assert figures(entry) == old
    region = UserFactory(region="administrator")
    rescorings.accept(rescoring=change, digest=change.facts["digest"], by=region)
    assert drain()

    assert PhaseTask.objects.get(phase=first(challenge), current=True) == change.task
    assert change.task.form == change.former.form
    now = figures(entry)
    assert now[: len(old)] == old
    primary = now[len(old)]
    assert primary[2] == pytest.approx(0.51 if form == "evalai" else 0.5, abs=0.006)
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.SCORED
    assert entry.evaluations.filter(state=EvaluationState.DONE).count() == 2
    events = AuditEvent.objects.filter(action__startswith="rescoring.").order_by("seq")
    assert list(events.values_list("action", flat=True)) == [
        "rescoring.proposed",
        "rescoring.started",
        "rescoring.accepted",
        "rescoring.in_force",
    ]
    comes_back_corrected(challenge, tmp_path)


def comes_back_corrected(challenge: Challenge, folder: Path) -> None:
    """An export has the program and the data in force, and an import of it keeps them."""
    by = world.owner_of(challenge)
    with refuses(Invalid, "reference_former"):
        exports.export(challenge=challenge, by=by, reference=folder)
    archive = folder / "export.zip"
    archive.write_bytes(b"".join(exports.export(challenge=challenge, by=by).stream()))
    Challenge.objects.filter(pk=challenge.pk).update(slug=f"{challenge.slug}-avant")
    found = import_bundle(path=archive, by=by, answers={}, unseal=unsealer(by)).imported
    assert found.errors == ()
    assert found.challenge.pk != challenge.pk
    held = [_clear(each) for each in (challenge, found.challenge)]
    assert held[0] == held[1]
    editions = HoldoutVersion.objects.count()
    assert import_bundle(path=archive, by=by, answers={}, unseal=unsealer(by)).imported.challenge
    assert HoldoutVersion.objects.count() == editions


def _clear(challenge: Challenge) -> list[dict[str, str]]:
    """Open what scores the first phase: the content of each file of each sealed archive."""
    task = PhaseTask.objects.get(phase=first(challenge), current=True)
    opened = []
    for version in (task.scorer_version.programs, task.holdout):
        assert version is not None
        files = gate.open_holdout(version=version, reason="test", by=WORKER)
        for name, content in sorted(files.items()):
            with zipfile.ZipFile(BytesIO(content)) as packed:
                each = {one: packed.read(one).decode() for one in packed.namelist()}
            opened.append({name: "", **each})
    return opened


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"program": b"no zip"}, "Ce fichier n’est pas pris"),
        ({"program": zipped({"../n.py": ""})}, "Ce fichier n’est pas pris"),
        ({"reference": b"PK\x05\x06" + b"\xff" * 18}, "Ce fichier n’est pas pris"),
        ({"input": b"PK"}, "Rien ne change"),
        ({}, "Rien ne change"),
    ],
)
def test_a_file_that_is_not_opened_creates_nothing(
    sent: dict[str, Any], said: str, tmp_path: Path, hour: Clock
) -> None:
    challenge = opened(tmp_path, "codabench", hour)
    before = HoldoutVersion.objects.count()
    page = url_of(challenge, "rescoring_propose", 0)
    files = {part: SimpleUploadedFile(f"{part}.zip", each) for part, each in sent.items()}
    shown = signed_in(world.owner_of(challenge)).post(page, {"reason": "x"} | files)
    assert shown.status_code == 422
    assert said in shown.text
    assert Rescoring.objects.count() == 0
    assert HoldoutVersion.objects.count() == before
