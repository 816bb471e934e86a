"""Code of teams on data that a grant lends and that nobody downloads: only the score leaves."""

import json
import tracemalloc
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.evaluation.worker import ScoringFailed, Truths
from challenges.models import Challenge, ChallengeDraft, Entry, Job
from challenges.organising.actions.texts import choose_grant
from challenges.programs.actions import code as team_code
from challenges.programs.actions import runs
from challenges.programs.models import SealedPredictions
from challenges.programs.worker import run_job
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import NO_GRANT
from challenges.queue.worker import Beating
from challenges.sandbox import code_runs as running
from challenges.sandbox import rooms
from challenges.sandbox.base import halted_by
from challenges.scoring.inputs import identifiers
from challenges.worker import Worker, drain
from datasets import gate, invariants
from datasets.access.actions import extracts, grants
from datasets.access.models import Extract, Grant
from datasets.holdouts.rules import WORKER
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset, Download
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, NotAllowed
from portal.lib.storage import objects
from tests.challenges import world as answers
from tests.challenges.bundles import folders
from tests.challenges.programs.cases import isolated
from tests.challenges.programs.code.world import HIDDEN, RIGHT, SAMPLE, START, entered, package
from tests.challenges.refusals import refuses
from tests.challenges.world import worked
from tests.factories.access import World, build_extracts
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.datasets import DataFileFactory

pytestmark = pytest.mark.django_db
SECRET = "canari-prete-7f3a"
# What the grant lends: the rows of the truth, with a column that the stand-in does not have.
LENT = "id,x,note,nom\n" + "".join(
    f"A{at:04},{at},{SECRET}-{at},Nom-{SECRET}\n" for at in range(answers.ROWS)
)
COLUMNS = {"id": "", "x": "", "note": ""}
TELL = f"""
first = rows[0]
assert first["note"] == "{SECRET}-0" and "nom" not in first
print(first["note"]); print(first["note"], file=sys.stderr)
try:
    open(given["--in"] + "/test.csv", "a")
except OSError:
    pass
else:
    sys.exit(9)
open(os.path.dirname(given["--out"]) + "/notes.txt", "w").write(first["note"])
"""


@pytest.fixture
def draft(tmp_path: Path) -> Challenge:
    """Return a draft of code whose organisation is lent a file; its owner is of it."""
    isolated()
    by = answers.owner()
    files = folders.document()["files"] | {"organiser": [{}]}
    challenge = answers.imported(tmp_path, by, files=files)
    plan = team_code.make_plan(challenge=challenge, inputs=HIDDEN, ids="id", sample=SAMPLE, by=by)
    team_code.use_plan(phase=challenge.phases.get(), plan=plan, by=by)
    challenge.phases.update(time_limit_s=60, memory_mb=256, logs="organiser")
    lender = World(organisation=challenge.organiser)
    file = DataFileFactory(
        name="prete.csv",
        level=AccessLevel.RESTRICTED_BUSINESS,
        content=LENT.encode(),
        release__dataset__in_directory=True,
        release__dataset__resource__organisation=lender.producers[0],
        schema=[
            {"name": each, "type": "string", "description": "", "filled": 100, "protection": "free"}
            for each in LENT.split("\n", 1)[0].split(",")
        ],
    )
    dataset = Dataset.objects.get(pk=file.release.dataset_id)
    grant = lender.active(dataset, organises_challenge=True, datasets={dataset: COLUMNS})
    Challenge.objects.filter(pk=challenge.pk).update(grant=grant, restricted=True)
    if not challenge.organiser.memberships.filter(user=by).exists():
        MembershipFactory(user=by, organisation=challenge.organiser)
    ChallengeDraft.objects.create(challenge=challenge, number=1, state="done")
    build_extracts()
    assert drain()
    challenge.refresh_from_db()
    return challenge


def lent() -> DataFile:
    return DataFile.objects.get(name="prete.csv")


def published(challenge: Challenge) -> Challenge:
    by = answers.owner_of(challenge)
    team_code.read_lent(challenge=challenge, data_file=lent(), by=by)
    assert drain()
    challenge = answers.published(challenge, by)
    assert drain()
    return challenge


def everything() -> str:
    """Write all that the database holds."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute("SELECT * FROM " + connection.ops.quote_name(table))  # noqa: S608
            rows += cursor.fetchall()
    return repr(rows)


def test_only_a_score_leaves_what_code_read_of_lent_data(
    draft: Challenge,
) -> None:
    challenge = published(draft)
    before = Download.objects.count()
    entry: Entry = worked(entered(challenge, package(START + TELL + RIGHT)))
    assert (entry.status, entry.reason_code) == (EntryStatus.SCORED, "")
    run = entry.code_runs.get()
    assert (run.log, run.detail) == ("", "")
    assert SECRET not in everything()
    root = objects.store().root  # type: ignore[attr-defined]
    held = [path for path in root.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in held)
    assert not list(rooms.in_memory().glob(f"{rooms.prefix('run')}*"))
    read = Download.objects.order_by("-pk")[0]
    assert Download.objects.count() == before + 1
    assert (read.user, read.grant, read.data_file) == (None, challenge.grant, lent())
    opened = AuditEvent.objects.filter(action="extract.opened").order_by("-seq")[0]
    assert json.loads(opened.body.body)["facts"]["reason"] == f"run {run.pk}"
    assert list(invariants.ungranted()) == []


def test_a_run_reads_nothing_once_the_grant_has_ended(draft: Challenge) -> None:
    challenge = published(draft)
    entry = entered(challenge, package(START + TELL + RIGHT))
    grant = Grant.objects.get(pk=challenge.grant_id)
    grants.revoke(grant=grant, text="Fini.", by=UserFactory(region="approver"))
    before = Download.objects.count()
    drain()
    entry.refresh_from_db()
    assert (entry.status, Download.objects.count()) == (EntryStatus.QUEUED, before)
    worker, web = SystemActor(WORKER), answers.owner_of(challenge)
    asked: dict[str, Any] = {"grant": grant.pk, "data_file": lent().pk, "reason": "essai"}
    for by, refusal in ((worker, Hidden), (web, NotAllowed)):
        target = BytesIO()
        with pytest.raises(refusal):
            gate.open_lent(**asked, target=target, by=by)
        assert target.getvalue() == b""
    extracts.remove_ended()
    assert not Extract.objects.ready().exists()


def run_taken() -> Job:
    """Work until a run is next, and take it."""
    gate.act_as_worker()
    worker, waiting = Worker("essai"), Job.objects.filter(kind=JobKind.RUN, state=JobState.READY)
    while not waiting.exists():
        assert worker.work_one()
    worker.stop()
    run = jobs.claim(owner="essai")
    assert run is not None
    return run


def is_put_off(job: Job) -> bool:
    job.refresh_from_db()
    return (job.state, job.error_code, job.attempt) == (JobState.READY, NO_GRANT, 0)


def test_a_run_or_a_score_taken_before_the_grant_ended_does_not_begin(draft: Challenge) -> None:
    challenge = published(draft)
    entry = entered(challenge, package(START + TELL + RIGHT))
    run = run_taken()
    jobs.put(kind=JobKind.SCORE, subject_id=entry.evaluations.get().pk)  # no phase holds it
    score = jobs.claim(owner="essai")
    assert score is not None
    grant = Grant.objects.get(pk=challenge.grant_id)
    grants.revoke(grant=grant, text="Fini.", by=UserFactory(region="approver"))
    assert runs.begin_run(job=run) is None
    assert evaluations.begin_score(job=score) is None
    assert is_put_off(run)
    assert is_put_off(score)
    entry.refresh_from_db()
    assert entry.status == EntryStatus.QUEUED


@pytest.mark.parametrize("stops", [True, False])
def test_a_run_that_began_is_stopped_as_its_grant_ends(
    draft: Challenge, monkeypatch: pytest.MonkeyPatch, *, stops: bool
) -> None:
    challenge = published(draft)
    entered(challenge, package(START + ("while True: pass\n" if stops else RIGHT)))
    job, hidden = run_taken(), running.hidden
    beating = Beating(job)

    def revoked(*args: Any, **named: Any) -> Any:
        grant = Grant.objects.get(pk=challenge.grant_id)
        grants.revoke(grant=grant, text="Fini.", by=UserFactory(region="approver"))
        if stops:  # else it ends before the next beat
            beating._once()
        return hidden(*args, **named)

    monkeypatch.setattr(running, "hidden", revoked)
    with halted_by(beating.is_over), suppress(ScoringFailed):
        run_job(job, Truths(), beating)
    assert (is_put_off(job), beating.lost.is_set()) == (True, stops)
    assert not SealedPredictions.objects.exists()


def test_the_organiser_chooses_a_file_that_the_grant_lends(
    draft: Challenge, client: Client, settings: Any
) -> None:
    by = answers.owner_of(draft)
    client.force_login(by)
    address = reverse("challenges:write_code", args=[draft.slug])
    assert "prete.csv" in client.get(address).text
    with refuses(Conflict, "file_not_lent"):
        team_code.read_lent(challenge=draft, data_file=DataFileFactory(), by=by)
    most, settings.BUNDLE_MAX_BYTES = settings.BUNDLE_MAX_BYTES, 100  # the worker holds it
    assert "prete.csv" not in client.get(address).text
    with refuses(Conflict, "file_not_lent"):
        team_code.read_lent(challenge=draft, data_file=lent(), by=by)
    settings.BUNDLE_MAX_BYTES = most
    plan = team_code.read_lent(challenge=draft, data_file=lent(), by=by)
    assert plan.checked_at is None
    job = Job.objects.get(kind=JobKind.COMPILE, state=JobState.READY)
    Extract.objects.update(built_at=None, clear_size=None, sha256="", attempts=0)
    assert drain()  # the job, then the extract
    assert is_put_off(job)
    Job.objects.update(run_after=clock.now())
    assert drain()
    plan.refresh_from_db()
    assert (plan.is_ready, plan.problem) == (True, "")
    choose_grant(challenge=draft, grant=None, by=by)  # it lends the file no more
    plan.refresh_from_db()
    assert (plan.data_file, plan.checked_at) == (None, None)
    assert drain()
    plan.refresh_from_db()
    assert plan.is_ready


def test_code_reads_under_another_grant_what_it_read_or_nothing(
    draft: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, by = published(draft), answers.owner_of(draft)
    former, dataset = challenge.grant, lent().release.dataset
    assert former is not None
    producer = dataset.resource.organisation
    assert producer is not None
    lender = World(organisation=challenge.organiser, producers=[producer])
    other = lender.active(dataset, organises_challenge=True, datasets={dataset: COLUMNS})
    grants.revoke(grant=former, text="Fini.", by=lender.approver)

    def refused() -> None:
        with refuses(Conflict, "other_data"):
            choose_grant(challenge=challenge, grant=other, by=by)

    refused()  # its extract is not built
    build_extracts()
    own = Extract.objects.filter(granted__grant=former)
    own.update(columns=["id", "x", "note", "nom"])
    refused()
    own.update(columns=["id", "x", "note"])
    with monkeypatch.context() as patch:
        patch.setattr(DataFile, "pseudonyms", ["id"])
        refused()
    challenge = choose_grant(challenge=challenge, grant=other, by=by)
    assert worked(entered(challenge, package(START + TELL + RIGHT))).status == EntryStatus.SCORED


def test_the_identifiers_of_a_table_are_read_without_holding_it() -> None:
    table = "id" + ",x" * 400 + "\n" + "".join(f"A{at:03}{',9' * 400}\n" for at in range(500))
    tracemalloc.start()
    assert len(identifiers({"a.csv": table.encode()}, "id")) == 500
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * len(table)
