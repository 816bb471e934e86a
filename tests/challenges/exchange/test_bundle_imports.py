"""Bundles that people deposit: read by the worker, accepted once, forgotten in time."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.urls import reverse

from challenges import worker as loop
from challenges.bundles import examination
from challenges.evaluation import worker as evaluator
from challenges.exchange import worker as exchange_worker
from challenges.exchange.actions import bundles as acts
from challenges.exchange.models import ImportState
from challenges.models import BundleImport, Challenge, Job
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind, JobState
from challenges.queue.worker import Beating
from challenges.worker import drain
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import children, clock
from portal.lib.refusals import Conflict, NotAllowed, QuotaSpent, TooLarge
from portal.lib.storage import objects
from tests import archives, nursery
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.pages.scenes import Costs, url_of
from tests.factories.accounts import UserFactory, bearer
from tests.ledger import events as verbs

pytestmark = pytest.mark.django_db
METRIC = {"metric": "roc_auc"}


def zipped(files: Mapping[str, str | bytes]) -> io.BytesIO:
    """Write a zip to be sent."""
    return io.BytesIO(archives.zipped(files))


def folder_zipped(folder: Path, *, whole: bool = False) -> io.BytesIO:
    """Write the files of a folder as a zip; whole: the folder itself, as a person zips it."""
    places = [place for place in sorted(folder.rglob("*")) if place.is_file()]
    root = folder.parent if whole else folder
    return zipped({place.relative_to(root).as_posix(): place.read_bytes() for place in places})


def deposited(by: User, content: io.BytesIO | None = None) -> BundleImport:
    """Deposit a bundle, a sound Kaggle one by default."""
    return acts.deposit(content=content or zipped(KAGGLE), filename="defi.zip", by=by).made


def read(by: User, content: io.BytesIO | None = None) -> BundleImport:
    """Deposit a bundle and have the worker read it."""
    made = deposited(by, content)
    assert drain()
    made.refresh_from_db()
    return made


def created(made: BundleImport, answers: Mapping[str, str], by: User) -> BundleImport:
    """Answer, and have the worker make the draft."""
    acts.accept_report(made=made, answers=answers, by=by)
    assert drain()
    return BundleImport.objects.get(pk=made.pk)


def stored() -> set[str]:
    return set(dict(objects.store().ages()))


def test_a_deposit_is_encrypted_once_and_read_by_the_worker() -> None:
    by = world.owner()
    made = deposited(by)
    again = acts.deposit(content=zipped(KAGGLE), filename="autre.zip", by=by)
    assert (again.made, again.created) == (made, False)
    assert stored() == {made.sealed}
    assert b"solution.csv" not in objects.read(made.sealed)
    assert Job.objects.get(kind=JobKind.IMPORT).subject_id == str(made.pk)
    assert drain()
    made.refresh_from_db()
    assert (made.state, made.format, made.told("errors")) == ("read", "kaggle-csv", [])
    assert [one["key"] for one in made.told("questions")][:1] == ["metric"]
    assert not Challenge.objects.exists()
    assert verbs()[-2:] == ["import.deposited", "import.read"]


@pytest.mark.django_db(transaction=True)
def test_acceptance_makes_one_draft_and_forgets_the_deposit() -> None:
    by = world.owner()
    made = read(by)
    asked = acts.accept_report(made=made, answers=METRIC, by=by)
    again = acts.accept_report(made=made, answers={"metric": "mae"}, by=by)  # a double click
    assert (asked.state, again.answers, again.refusals) == ("creating", METRIC, [])
    with pytest.raises(Conflict):
        acts.abandon_import(made=made, by=by)
    assert drain()

    found, challenge = BundleImport.objects.get(pk=made.pk), Challenge.objects.get()
    assert (found.state, found.challenge) == (ImportState.ACCEPTED, challenge)
    assert (found.sealed, found.keys) == ("", [])
    assert made.sealed not in stored()
    assert verbs().count("import.accepted") == 1
    assert created(found, METRIC, by).challenge == challenge
    assert created(read(by), METRIC, by).challenge == challenge
    assert (Challenge.objects.count(), HoldoutVersion.objects.count()) == (1, 1)


def test_a_creation_that_fails_by_our_fault_can_be_asked_for_again() -> None:
    by = world.owner()
    made = read(by)
    acts.accept_report(made=made, answers=METRIC, by=by)
    job = Job.objects.get(kind=JobKind.IMPORT)
    Job.objects.update(state=JobState.DEAD)
    queue_worker.bury(job)
    made.refresh_from_db()
    assert (made.state, made.answers, made.sealed != "") == (ImportState.READ, METRIC, True)
    assert [one["code"] for one in made.refusals] == ["X_PLATFORM"]
    assert created(made, METRIC, by).challenge == Challenge.objects.get()


def test_the_draft_of_a_lost_lease_is_undone() -> None:
    by = world.owner()
    made = read(by)
    acts.accept_report(made=made, answers=METRIC, by=by)
    stale = jobs.claim(owner="worker that was killed")
    assert stale is not None
    Job.objects.update(state=JobState.READY, lease_token=None, lease_until=None)
    exchange_worker.import_job(stale, evaluator.Truths(), Beating(stale))
    made.refresh_from_db()
    assert (made.is_being_created, Challenge.objects.exists()) == (True, False)
    assert drain()  # the next worker makes it
    assert BundleImport.objects.get(pk=made.pk).challenge == Challenge.objects.get()


@pytest.mark.parametrize("whole", [False, True])
def test_our_own_form_is_rehearsed_before_it_is_offered(tmp_path: Path, whole: bool) -> None:
    by = world.owner()
    made = read(by, folder_zipped(world.folder(tmp_path), whole=whole))
    assert (made.state, made.format) == ("read", "open-emploi")
    assert made.report["dry_run"] == ["réponses prêtes, scores enregistrés retrouvés"]
    challenge = created(made, {}, by).challenge
    assert challenge.slug == "niveau"


@pytest.mark.django_db(transaction=True)
def test_a_bundle_with_a_fault_is_reported_whole_and_forgotten() -> None:
    by = world.owner()
    made = read(
        by, zipped(KAGGLE | {"test.csv": "id,x\n999,1\n", "sample_submission.csv": "id,y\n1,0\n"})
    )
    assert made.state == ImportState.REFUSED
    found = [(one["code"], one["file"]) for one in made.told("errors")]
    assert found == [("E_IDS", "test.csv"), ("E_IDS", "sample_submission.csv")]
    assert (made.sealed, made.keys, stored()) == ("", [], set())
    with pytest.raises(Conflict):
        acts.accept_report(made=made, answers=METRIC, by=by)


@pytest.mark.parametrize(
    ("limits", "wall_seconds", "code"),
    [
        ({}, 0.01, "X_TIMEOUT"),
        ({"memory_bytes": 1 << 20}, 60, "X_MEMORY"),
        ({"written_bytes": 1_000}, 60, "X_MEMORY"),
    ],
)
def test_a_bundle_too_costly_to_read_is_refused_by_a_line_of_the_report(
    limits: dict[str, int],
    wall_seconds: float,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "defi.zip"
    large = "id,y,Usage\n" + "".join(f"{at},1,Public\n" for at in range(200_000))
    path.write_bytes(zipped(KAGGLE | {"solution.csv": large}).getvalue())
    bounds = replace(examination.ORDINARY, **limits)
    examine = partial(examination.examine, path, bounds, wall_seconds=wall_seconds)
    monkeypatch.setattr(children, "_start", nursery.REAL)  # a fork has memory that is free already
    with pytest.raises(examination.BundleTooCostly) as lost:
        examine()
    assert lost.value.code == code
    monkeypatch.setattr(examination, "examine", lambda _path: examine())
    found = exchange_worker.examine_bundle(path)
    assert [one["code"] for one in found["errors"]] == [exchange_worker.LIMITS]


@override_settings(BUNDLES_PER_PERSON=1, BUNDLE_MAX_BYTES=100_000)
def test_deposits_are_bounded_and_only_who_made_it_accepts_or_sees_one() -> None:
    by, other, administrator = world.owner(), world.owner(), UserFactory(region="administrator")
    with pytest.raises(TooLarge):
        deposited(by, io.BytesIO(bytes(100_001)))
    made = read(by)
    with pytest.raises(QuotaSpent):
        deposited(by, io.BytesIO(b"PK"))
    assert BundleImport.objects.count() == 1
    for person, seen in ((by, [made]), (other, []), (administrator, [made])):
        assert list(BundleImport.objects.visible_to(person)) == seen
    for person in (other, administrator):
        with pytest.raises(NotAllowed):
            acts.accept_report(made=made, answers=METRIC, by=person)
        with pytest.raises(NotAllowed):
            acts.abandon_import(made=made, by=person)
    with pytest.raises(NotAllowed):
        deposited(UserFactory())


@pytest.mark.django_db(transaction=True)
def test_a_bundle_that_waits_too_long_is_forgotten() -> None:
    by = world.owner()
    late, kept, left = read(by), deposited(by, io.BytesIO(b"PK")), deposited(by, io.BytesIO(b"P"))
    BundleImport.objects.filter(pk=late.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    acts.expire_imports()
    acts.abandon_import(made=left, by=by)
    states = {one.pk: one.state for one in BundleImport.objects.all()}
    assert states == {late.pk: "expired", kept.pk: "waiting", left.pk: "expired"}
    assert stored() == {kept.sealed}


def test_a_dead_job_says_that_the_fault_is_ours() -> None:
    made = deposited(world.owner())
    job = Job.objects.get(kind=JobKind.IMPORT)
    report: dict[str, Any] = {"errors": []}
    assert not acts.finish_reading(job=job, made=made, report=report)  # of a lost lease
    made.refresh_from_db()
    assert made.is_waiting
    queue_worker.bury(job)
    made.refresh_from_db()
    assert (made.state, made.sealed) == (ImportState.FAILED, "")
    Job.objects.update(state=JobState.READY)
    assert drain()  # a job that comes late changes nothing
    made.refresh_from_db()
    assert made.state == ImportState.FAILED


IMPORTS = "/espace/challenges/importer/"


def page_of(made: BundleImport, name: str = "import") -> str:
    return reverse(f"challenges:{name}", args=[made.pk])


def test_from_the_deposit_to_the_draft(client: Client, by: User) -> None:
    assert IMPORTS in client.get(reverse("challenges:organiser_list")).text
    archive = SimpleUploadedFile("défi.zip", zipped(KAGGLE).getvalue())
    sent = client.post(IMPORTS, {"file": archive})
    made = BundleImport.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, page_of(made))
    waiting = client.get(page_of(made))
    assert f'data-poll="{page_of(made, "import_state")}"' in waiting.text
    assert "data-final" not in client.get(page_of(made, "import_state")).text
    assert drain()
    assert "data-final" in client.get(page_of(made, "import_state")).text
    report = client.get(page_of(made)).text
    assert "Kaggle (CSV)" in report
    assert "<dt>Lignes des réponses</dt><dd>40</dd>" in report
    missing = client.post(page_of(made), {})
    assert missing.status_code == 422
    assert "Cette réponse est attendue." in missing.text
    assert client.post(page_of(made), {"answer_0": "score maison"}).status_code == 422
    quotas = {"answer_0": "roc_auc", "answer_3": "beaucoup"}
    assert client.post(page_of(made), quotas)["Location"] == page_of(made)
    assert drain()
    wrong = client.get(page_of(made)).text
    assert "par exemple 5/100" in wrong
    assert 'value="beaucoup"' in wrong
    assert '<option value="roc_auc" selected>Aire sous la courbe ROC</option>' in wrong
    assert "Area under the ROC curve" in client.get(f"/en{page_of(made)}").text
    client.get(f"/fr{page_of(made)}")  # the language is kept
    assert not Challenge.objects.exists()
    for _click in range(2):
        asked = client.post(page_of(made), {"answer_0": "roc_auc"})
        assert (asked.status_code, asked["Location"]) == (302, page_of(made))
    creating = client.get(page_of(made)).text
    assert "Actualiser" in creating  # without JavaScript
    assert "Créer le brouillon" not in creating
    assert drain()
    challenge = Challenge.objects.get()
    assert "data-reload" in client.get(page_of(made, "import_state")).text  # the page below
    created = client.get(page_of(made)).text
    assert "Le brouillon est créé" in created
    assert url_of(challenge, "organiser") in created
    assert "défi.zip" in client.get(IMPORTS).text


def test_a_report_shows_each_fault_and_offers_nothing(client: Client, by: User) -> None:
    made = read(by, zipped({"competition.yaml": "version: 2\ntitle: [1]\n"}))
    page = client.get(page_of(made)).text
    assert "E_TERMS_MISSING" in page
    assert "competition.yaml" in page
    assert "Créer le brouillon" not in page
    assert client.post(page_of(made), {}).status_code == 409
    given_up = client.post(page_of(deposited(by), "import_abandon"))
    assert given_up["Location"] == IMPORTS


def test_the_list_costs_the_same_for_one_and_three(
    client: Client, by: User, count: int, costs: Costs
) -> None:
    for at in range(count):
        deposited(by, zipped({"a": str(at)}))
    with costs(7):
        client.get(IMPORTS)


API = "/api/v1/challenges/imports"


def accept(client: Client, address: str, token: dict[str, str], **answers: str) -> Any:
    body = {"answers": answers}
    return client.post(f"{address}/accept", body, content_type="application/json", headers=token)


def test_a_bundle_becomes_a_draft(client: Client) -> None:
    token = bearer(world.owner(), TokenScope.ORGANISE)
    archive = SimpleUploadedFile("defi.zip", zipped(KAGGLE).getvalue())
    sent = client.post(API, {"file": archive}, headers=token)
    address = sent.headers["Location"]
    assert (sent.status_code, sent.json()["state"]) == (201, "waiting")
    archive.seek(0)
    assert client.post(API, {"file": archive}, headers=token).status_code == 200
    assert accept(client, address, token).status_code == 409
    assert drain()
    told = client.get(address, headers=token).json()
    assert (told["state"], told["format"], told["errors"]) == ("read", "kaggle-csv", [])
    assert accept(client, address, token, metric="maison").json()["errors"] == []
    assert drain()
    wrong = client.get(address, headers=token).json()
    assert [(one["code"], one["key"]) for one in wrong["errors"]] == [("E_ANSWER", "metric")]
    asked = accept(client, address, token, metric="roc_auc")
    assert (asked.status_code, asked.json()["state"]) == (202, "creating")
    assert drain()
    sent = accept(client, address, token, metric="mae")
    done = sent.json()
    assert sent.status_code == 200
    assert (done["state"], done["challenge"]) == ("accepted", Challenge.objects.get().slug)
    other = bearer(world.owner(), TokenScope.ORGANISE)
    assert client.get(address, headers=other).status_code == 404
    assert accept(client, address, other).status_code == 404


def test_what_is_refused(client: Client, tmp_path: Path) -> None:
    owner = world.owner()
    token = bearer(owner, TokenScope.ORGANISE)
    empty = client.post(API, {"file": SimpleUploadedFile("a.zip", b"")}, headers=token)
    assert (empty.status_code, empty.json()["code"]) == (422, "bundle_empty")
    archive = SimpleUploadedFile("a.zip", b"PK")
    reader = bearer(world.owner(), TokenScope.READ)
    assert client.post(API, {"file": archive}, headers=reader).status_code == 403
    sent = client.post(API, {"file": SimpleUploadedFile("a.zip", b"PK")}, headers=token)
    assert drain()
    told = client.get(sent.headers["Location"], headers=token).json()
    assert (told["state"], told["errors"][0]["code"]) == ("refused", "E_BUNDLE_FORMAT")
    assert BundleImport.objects.get().sealed == ""
    address = f"/api/v1/challenges/{world.imported(tmp_path, owner).slug}/export.zip"
    other = bearer(world.owner(), TokenScope.ORGANISE)
    assert client.get(address, headers=token).status_code == 200  # client/test_online reads it
    assert client.get(address, headers=other).status_code == 404


Act = Callable[[], object]


def once(words: str, act: Act) -> Callable[..., Any]:
    """Wrap the queries of the database: after the first that starts so, do something."""
    left = [act]

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if left and sql.startswith(words):
            left.pop()()
        return result

    return wrapper


LOOKUP = 'SELECT "challenges_challenge"."id"'


def test_a_name_taken_meanwhile_is_refused(by: User) -> None:
    made = read(by)
    other = read(world.owner())
    acts.accept_report(made=made, answers=METRIC, by=by)
    acts.accept_report(made=other, answers=METRIC, by=other.by)
    worker, second = loop.Worker("one"), loop.Worker("two")
    with connection.execute_wrapper(once(LOOKUP, second.work_one)):
        worker.work_one()
    assert drain()
    assert Challenge.objects.count() == 1
    found = {one.state: one for one in BundleImport.objects.all()}
    assert set(found) == {"read", "accepted"}
    assert [one["code"] for one in found["read"].refusals] == ["E_SLUG_TAKEN"]


def test_an_import_accepted_meanwhile_does_not_expire(by: User) -> None:
    made = read(by)
    BundleImport.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    act = lambda: acts.accept_report(made=made, answers=METRIC, by=by)  # noqa: E731
    with connection.execute_wrapper(once('SELECT "challenges_bundleimport"', act)):
        assert acts.expire_imports() == 0
    assert acts.expire_imports() == 0  # not while its draft is made either
    made.refresh_from_db()
    assert made.state == ImportState.CREATING


def test_a_deposit_that_is_not_recorded_leaves_no_bytes(by: User) -> None:
    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "challenges_bundleimport"'):
            raise DatabaseError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken), pytest.raises(DatabaseError):
        deposited(by, zipped(KAGGLE))
    assert list(dict(objects.store().ages())) == []
