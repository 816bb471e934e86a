"""What a program may give: values, and their bounds; whose fault a failure is."""

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from challenges.bundles.programs import Bounds, read_bounds
from challenges.entries.actions import checks
from challenges.entries.enums import EntryStatus
from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import interventions
from challenges.evaluation.enums import EvaluationState
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge, Entry, ScorerVersion
from challenges.organising.queries import NoSandbox
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import drain
from portal.accounts.models import Notification
from portal.audit.models import Outbox
from tests.archives import zipped
from tests.challenges import world
from tests.challenges.exchange.test_exports import returned
from tests.challenges.programs.cases import Clock, bundle, entered, isolated, scored_by
from tests.challenges.world import worked
from tests.factories.access import lend
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "CNRY-verite-4c1d"
PROGRAM = f"""\
import json, sys, time
entered = open(sys.argv[1] + "/res/answer.md").read().strip()
open(sys.argv[1] + "/ref/verite.csv").read()
if entered == "hang":
    time.sleep(60)
if entered == "crash":
    raise SystemExit("{CANARY}")
scores = {{"a": 0.5, "b": 0.25}}
if entered == "missing":
    del scores["b"]
if entered == "extra":
    while time.process_time() < 0.4:  # long enough to be measured
        pass
    scores["{CANARY}"] = [1, 2]
if entered == "sentinel":
    scores["a"] = -1
json.dump(scores, open(sys.argv[2] + "/scores.json", "w"))
"""
CODE = """\
import glob, sys
seen = glob.glob("/app/**/verite.csv", recursive=True) + glob.glob("/app/input/ref*")
open(sys.argv[2] + "/answer.md", "w").write("extra" if seen else "fine")
"""


@pytest.fixture
def challenge(tmp_path: Path, hour: Clock) -> Challenge:
    """Open a challenge whose program does what the file says; scores lie in [-1, 1], not −1."""
    changes = {"phases.0.execution_time_limit": 60, "phases.0.max_submissions_per_day": 20}
    folder = bundle(tmp_path / "d", PROGRAM, changes)
    return scored_by(folder, hour, **{"scores.a": "-1/1 ; -1", "scores.b": "-1/1 ; -1"})


@pytest.mark.parametrize(
    ("what", "reason", "faults"),
    [
        ("crash", "X_PROGRAM", []),
        ("hang", "X_TIMEOUT", []),
        ("missing", "X_OUTPUT", [["key_missing", "b"]]),
        ("sentinel", "X_OUTPUT", [["sentinel", "a"]]),
    ],
)
def test_what_the_program_does_wrong_waits_for_a_moderator(
    what: str, reason: str, faults: list[list[str]], challenge: Challenge
) -> None:
    isolated()
    delivered()
    if what == "hang":  # the others end by themselves, on a busy machine after some seconds
        challenge.phases.update(time_limit_s=2)
    entry = worked(entered(challenge, what))

    assert (entry.status, entry.reason_code) == (EntryStatus.NEEDS_ATTENTION, reason)
    assert entry.day_slot == 1  # kept until a moderator decides
    evaluation = entry.evaluations.get()
    assert evaluation.state == EvaluationState.FAILED
    assert [[one["kind"], one["key"]] for one in evaluation.program_report.faults] == faults
    assert not evaluation.scores.exists()
    assert Outbox.objects.filter(topic="mail.entry_examined").count() == 1
    assert CANARY not in entry.reason_sentence
    mail.outbox.clear()
    delivered()
    told = set(Notification.objects.values_list("user__email", flat=True))
    assert told >= {captain_of(entry.enrolment.team).email, world.owner_of(challenge).email}
    assert not any(CANARY in message.body for message in mail.outbox)


def test_a_file_that_a_proven_program_refuses_is_the_teams_fault(
    challenge: Challenge,
) -> None:
    isolated()
    assert worked(entered(challenge, "fine")).status == EntryStatus.SCORED

    entry = worked(entered(challenge, "crash"))

    assert (entry.status, entry.reason_code) == (EntryStatus.FAILED, "X_PROGRAM")
    assert entry.day_slot == 1
    assert CANARY in entry.evaluations.get().program_report.log

    challenge.phases.update(logs="none")
    entry = worked(entered(challenge, "crash"))
    assert entry.evaluations.get().program_report.log == ""


def test_an_undeclared_score_is_named_to_the_organiser_unless_data_are_restricted(
    challenge: Challenge,
) -> None:
    isolated()
    entry = worked(entered(challenge, "extra"))

    evaluation = entry.evaluations.get()
    assert entry.status == EntryStatus.SCORED
    assert evaluation.program_report.undeclared == [CANARY]
    figures = {one.metric: one.value for one in evaluation.scores.order_by("metric")}
    assert figures == {"a": 0.5, "b": 0.25, "m": 0.38}
    measured = (evaluation.cpu_seconds, evaluation.peak_mb)
    assert all(each is not None and each > 0 for each in measured)
    assert len(evaluation.environment_digest) == 64

    # It has read the answers, and could write them in a log or in the name of a score.
    lend(challenge)
    for what in ("crash", "extra"):
        report = worked(entered(challenge, what)).evaluations.get().program_report
        assert (report.undeclared, report.detail, report.log, report.html) == ([], "", "", "")
        assert CANARY not in str(report.faults)


def test_an_examined_entry_may_be_tried_again_or_closed(challenge: Challenge) -> None:
    isolated()
    entry = worked(entered(challenge, "missing"))
    moderator: Any = UserFactory(region="moderator")
    client = signed_in(moderator)
    said = client.get(reverse("challenges:examination", args=[entry.pk])).content.decode()
    assert "score absent : <code>b</code>" in said.replace("\N{NO-BREAK SPACE}", " ")

    interventions.requeue(entry=entry, by=moderator)
    entry = worked(entry)

    assert entry.status == EntryStatus.NEEDS_ATTENTION
    interventions.give_up(entry=entry, our_fault=True, by=moderator)
    entry.refresh_from_db()
    assert (entry.status, entry.day_slot) == (EntryStatus.FAILED, None)


def test_a_host_that_cannot_isolate_takes_no_entry(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Bubblewrap(program="bwrap-absent")
    monkeypatch.setattr(evaluator, "sandbox", lambda: nowhere)
    team = TeamFactory(challenge=challenge)

    refused = worked(entered(challenge, "fine", team))  # before any sign of life

    assert (refused.status, refused.reason_code) == (EntryStatus.REJECTED, "X_NO_SANDBOX")
    assert refused.day_slot is None
    with pytest.raises(NoSandbox):
        entered(challenge, "other", team)
    with pytest.raises(NoSandbox):
        checks.check(
            phase=challenge.phases.get(index=0),
            team=team,
            content=b"fine",
            original_name="answer.md",
            by=captain_of(team),
        )
    assert Entry.objects.count() == 1
    assert drain()


def sent_code(challenge: Challenge, command: str) -> Entry:
    """Enter an archive that asks to be run: its command writes the answer that is scored."""
    files = {"metadata": f"command: {command}\n", "answer.md": "fine", "run.py": CODE}
    return world.entered(
        challenge,
        phase=challenge.phases.get(index=0),
        content=zipped(files),
        original_name="code.zip",
    )


def test_a_command_is_run_where_a_phase_takes_code_alone_and_never_reads_the_reference(
    challenge: Challenge,
) -> None:
    """Its code says « extra » if it saw any answer."""
    isolated()
    entry = worked(sent_code(challenge, "python3 $program/run.py $input $output"))

    assert (entry.status, entry.day_slot) == (EntryStatus.REJECTED, None)
    assert [fault["code"] for fault in entry.verdict["faults"]] == ["E_FILE_NAME"]

    for version in ScorerVersion.objects.all():
        version.spec["takes_code"] = True
        version.save()
    entry = worked(sent_code(challenge, "python3 $program/run.py $input $output"))

    assert entry.status == EntryStatus.SCORED, (entry.reason_code, entry.verdict)
    assert entry.evaluations.get().program_report.undeclared == []
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.WITHDRAWN)

    stopped = worked(sent_code(challenge, "python3 $program/absent.py"))

    assert (stopped.status, stopped.reason_code) == (EntryStatus.FAILED, "X_PROGRAM")
    assert stopped.day_slot == 1


OF_TWO = """\
import json, sys
json.dump({"a": -1, "b": 0.5}, open(sys.argv[2] + "/scores.json", "w"))
"""


def folder(tmp_path: Path) -> Path:
    """Write a bundle whose program gives −1 to the solution that comes with it."""
    solutions = [{"index": 0, "tasks": [0], "path": "solution", "name": "S"}]
    made = bundle(tmp_path / "d", OF_TWO, {"solutions": solutions})
    (made / "solution").mkdir()
    (made / "solution/answer.md").write_text("x")
    return made


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


@pytest.mark.parametrize("text", ["1/0", "0", "0/1/2", "nan/", "0/inf", "0/1 ; x", "1e999/"])
def test_other_values_are_refused_beside_their_question(text: str, tmp_path: Path) -> None:
    found = import_bundle(path=folder(tmp_path), by=world.owner(), answers={"scores.a": text})

    assert [(one.code, one.key) for one in found.imported.errors] == [("E_ANSWER", "scores.a")]
    asked = [(each.key, each.proposal) for each in found.report.questions]
    assert {("scores.a", "/"), ("scores.b", "/")} <= set(asked)
    assert "scores.m" not in dict(asked)  # computed here
    assert not Challenge.objects.exists()


def test_an_export_gives_them_back_with_the_answers(tmp_path: Path) -> None:
    source = folder(tmp_path)
    first = world.from_bundle(source, world.owner(), **{"scores.a": "0/1 ; -1"})
    challenge = returned(first, tmp_path / "e.zip", source)
    (version,) = ScorerVersion.objects.filter(scorer__challenge=challenge)
    declared = {each["key"]: each for each in version.spec["scores"]}
    told = [declared["a"][name] for name in ("valid_min", "valid_max", "sentinels")]
    assert told == [0, 1, [-1]]
    assert challenge.bundle["answers"]["scores.a"] == "0/1 ; -1"
