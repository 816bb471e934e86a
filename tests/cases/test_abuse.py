"""Abuse cases of challenges that no other test plays: see bindings.py."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

from challenges.entries.actions import choices
from challenges.enums import EntryStatus, JobKind
from challenges.evaluation.actions import evaluations
from challenges.invariants import stale_boards
from challenges.models import Challenge, Entry, Job, Score, Standing
from challenges.organising.actions import challenges
from challenges.queue import actions as jobs
from challenges.worker import Worker, drain
from portal.accounts.enums import TokenScope
from portal.lib import clock
from portal.lib.refusals import Conflict
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import EntryFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db


def test_a01_no_list_gives_the_entry_of_another_team(client: Client) -> None:
    """Lists take no identifiers: those that are given anyway change nothing."""
    entry = EntryFactory(scored=True, original_name="CNRY-entry-other.csv", note="CNRY-note-other")
    challenge = entry.enrolment.phase.challenge
    other = captain_of(TeamFactory(challenge=challenge))
    client.force_login(other)
    headers = bearer(other, TokenScope.READ)
    asked = {"pks": [str(entry.pk)], "ids": str(entry.pk), "entry": str(entry.pk)}
    page = f"/challenges/{challenge.slug}/soumissions"
    for path, given in [
        (f"{page}/", {}),
        (f"{page}.csv", {}),
        ("/api/v1/entries", headers),
        (f"/api/v1/entries/{entry.pk}/receipt", headers),
        (f"/api/v1/entries/{entry.pk}/score-receipt", headers),
    ]:
        response = client.get(path, asked, headers=given)
        body = b"".join(response) if response.streaming else response.content
        assert response.status_code in {200, 404}, path
        assert b"CNRY" not in body, path


@pytest.mark.parametrize("rest", ["teams", "teams/{team}", "teams/{team}/invitations", "users"])
def test_a18_a_visitor_of_the_api_reads_no_address(client: Client, rest: str) -> None:
    team = TeamFactory()
    path = f"/api/v1/{rest.format(team=team.public_id)}"
    response = client.get(path)
    assert response.status_code in {401, 403, 404, 405}
    assert b"@" not in response.content
    listed = client.get(f"/api/v1/challenges/{team.challenge.slug}")
    assert b"@" not in listed.content


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_sizes: Any) -> bytes:
        """Fail."""
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/challenges/x/phases/0/entries", settings.ENTRY_MAX_BYTES),
        ("/challenges/x/soumissions/", settings.ENTRY_MAX_BYTES),
        ("/recepisses/", settings.ENTRY_MAX_BYTES),
        ("/espace/challenges/importer/", settings.BUNDLE_MAX_BYTES),
    ],
)
def test_a28_a_body_too_large_is_refused_before_it_is_read(path: str, limit: int) -> None:
    environ = RequestFactory().post(path).environ | {
        "wsgi.input": Unread(),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(limit + 2**20 + 1),
    }
    said: list[str] = []
    body = b"".join(WSGIHandler()(environ, lambda status, _headers: said.append(status)))
    assert said == ["413 Request Entity Too Large"]
    assert (b'"too_large"' in body) == path.startswith("/api/")


def parts(*heads: str) -> bytes:
    """Write parts without content."""
    return b"".join(
        f"--x\r\nContent-Disposition: form-data; {h}\r\n\r\n\r\n".encode() for h in heads
    )


@pytest.mark.parametrize("path", ["/recepisses/", "/api/v1/challenges/x/phases/0/entries"])
@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("x", parts(*(f'name="f{n}"' for n in range(5_000))) + b"--x--\r\n"),
        ("x", parts(*(f'name="f"; filename="{n}"' for n in range(10_000))) + b"--x--\r\n"),
        ("x" * 300, b""),
        (
            "x",
            parts('name="file"; filename="a"\r\nContent-Transfer-Encoding: base64')[:-2]
            + b" " * 100_000
            + b"\r\n--x--\r\n",
        ),
    ],
    ids=["fields", "files", "boundary", "blanks"],
)
def test_a43_a_form_of_strange_parts_is_refused(path: str, boundary: str, body: bytes) -> None:
    client = Client(raise_request_exception=False)
    kind = f"multipart/form-data; boundary={boundary}"
    headers = bearer(UserFactory(), TokenScope.ENTER) if path.startswith("/api/") else {}
    headers |= {"Idempotency-Key": str(uuid4())}
    response = client.generic("POST", path, body, content_type=kind, headers=headers)
    assert 400 <= response.status_code < 500
    assert Entry.objects.count() == 0


@pytest.fixture
def challenge(tmp_path: Any) -> Challenge:
    return opened(tmp_path)


def test_a66_a_running_entry_is_not_withdrawn_and_a_close_stops_no_job(
    challenge: Challenge,
) -> None:
    """What runs ends: its figures are kept, and the board is what its entries say."""
    team = TeamFactory(challenge=challenge)
    entry = entered(challenge, team=team)
    for seed in range(3):
        entered(challenge, seed=seed)
    assert Worker("one").work_one()  # the check
    job = jobs.claim(owner="one")
    assert job is not None
    while job.kind != JobKind.SCORE:
        jobs.give_back(job=job, code="later", buried=evaluations.bury_subject)
        job = jobs.claim(owner="one")
        assert job is not None
    evaluation = evaluations.begin_score(job=job)
    assert evaluation is not None
    running = Entry.objects.get(pk=evaluation.entry_id)
    with pytest.raises(Conflict) as refused:
        choices.withdraw(entry=running, by=captain_of(running.enrolment.team))
    assert refused.value.code == "entry_status"
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    Job.objects.alive().update(
        run_after=clock.now(), lease_until=None, lease_token=None, state="ready"
    )
    assert drain()
    statuses = Entry.objects.filter(is_baseline=False).values_list("status", flat=True)
    assert set(statuses) == {EntryStatus.SCORED}
    assert Standing.objects.filter(team=team, entry=entry).count() == 1
    assert Score.objects.exclude(evaluation__state="done").count() == 0
    assert list(stale_boards()) == []
