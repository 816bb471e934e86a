"""The pages of harvesting: who sees what, what each button does, what it costs."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue.enums import SourceStatus
from catalogue.harvest import tasks as letters
from catalogue.harvest.actions import sources
from catalogue.models import HarvestedRecord, HarvestRun, Source
from catalogue.resources import tasks as link_letters
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.harvests import HarvestRunFactory, LinkCheckFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    """Make an editor of an organisation."""
    return MembershipFactory(role="editor").user


def holder(user: User) -> Any:
    """Give the organisation of an editor."""
    return user.memberships.get().organisation


def cost(client: Client, address: str) -> int:
    """Count the statements of a page."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def address(source: Source, run: HarvestRun | None = None) -> str:
    """Give the address of a source or of a passage."""
    return f"/moissonnage/{source.public_id}/" + (f"{run.public_id}/" if run else "")


def test_proposed_then_approved_then_run(client: Client, editor: User) -> None:
    client.force_login(editor)
    form = {
        "organisation": str(holder(editor).public_id),
        "title": "Observatoire",
        "kind": "ckan",
        "url": "https://ckan.exemple.test/",
        "frequency": "daily",
    }
    wrong = client.post("/moissonnage/proposer/", {**form, "url": "http://u:p@exemple.test/"})
    assert wrong.status_code == 422
    assert "identifiant ou un mot de passe" in wrong.text
    client.post("/moissonnage/proposer/", form)
    source = Source.objects.get()
    assert (source.status, source.key) == (SourceStatus.PROPOSED, "observatoire")
    assert client.post("/moissonnage/proposer/", form).status_code == 422  # known
    assert client.post(address(source), {"act": "approve"}).status_code == 403
    assert client.post(address(source), {"act": "run"}).status_code == 409
    client.post(address(source), {"act": "preview"})
    assert source.runs.get().is_preview

    client.force_login(UserFactory(region="moderator"))
    assert client.post(address(source), {"act": "refuse", "message": " "}).status_code == 422
    client.post(address(source), {"act": "approve_reviewed"})
    source.refresh_from_db()
    assert (source.status, source.publishes) == (SourceStatus.APPROVED, False)
    topics = set(Outbox.objects.values_list("topic", flat=True))
    assert {"mail.source_proposed", "mail.source_decided"} <= topics


def test_a_moderator_does_not_decide_for_their_own(client: Client) -> None:
    moderator = UserFactory(region="moderator")
    place = MembershipFactory(user=moderator, role="editor")
    source = SourceFactory(organisation=place.organisation)
    client.force_login(User.objects.get(pk=moderator.pk))
    assert client.post(address(source), {"act": "approve"}).status_code == 403
    assert "Approuver" not in client.get(address(source)).text


def test_another_organisation_sees_nothing(client: Client, editor: User) -> None:
    source = SourceFactory(title="Catalogue discret")
    run = HarvestRunFactory(source=source, complete=True)
    client.force_login(editor)
    assert "discret" not in client.get("/moissonnage/").text
    for path in (address(source), address(source, run), f"{address(source, run)[:-1]}.csv"):
        assert client.get(path).status_code == 404


LINES = [
    {"id": "a", "title": "Un", "state": "created", "message": "", "fields": ["title"]},
    {
        "id": "=1+1",
        "title": "Deux",
        "state": "refused",
        "code": "id_repeated",
        "message": "Plusieurs notices…",
        "remarks": [{"code": "x", "message": "Trop long", "field": "title", "value": "=cmd"}],
    },
]


def test_the_report_of_a_passage(client: Client, editor: User) -> None:
    source = SourceFactory(organisation=holder(editor), approved=True)
    run = HarvestRunFactory(source=source, complete=True, lines=LINES, counts={"created": 1})
    client.force_login(editor)
    page = client.get(address(source, run)).text
    assert "Titre" in page
    assert "Trop long" in page
    assert "Deux" not in client.get(address(source, run) + "?etat=created").text
    told = client.get(f"{address(source, run)[:-1]}.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(told), delimiter=";"))
    assert [len(row) for row in rows] == [7, 7, 7, 7]
    assert not any(cell.startswith("=") for row in rows for cell in row)


@pytest.mark.parametrize("state", ["suspicious", "failed"])
def test_a_passage_that_touched_nothing_says_why(client: Client, editor: User, state: str) -> None:
    source = SourceFactory(organisation=holder(editor), approved=True)
    run = HarvestRunFactory(
        source=source, complete=True, state=state, message="La source n’a donné aucune notice."
    )
    client.force_login(editor)
    for path in (address(source), address(source, run)):
        assert "aucune notice" in client.get(path).text


def test_what_the_pages_cost(client: Client, editor: User) -> None:
    def more(count: int) -> Source:
        for _ in range(count):
            made = SourceFactory(organisation=holder(editor), approved=True)
            HarvestRunFactory.create_batch(count, source=made, complete=True, lines=LINES)
        return made

    client.force_login(editor)
    source = more(1)
    run = source.runs.first()
    costs = [
        cost(client, path) for path in ("/moissonnage/", address(source), address(source, run))
    ]
    source = more(3)
    run = source.runs.first()
    again = [
        cost(client, path) for path in ("/moissonnage/", address(source), address(source, run))
    ]
    assert costs == again == [7, 9, 6]


def test_links_dead_for_a_month(client: Client) -> None:
    client.force_login(UserFactory(region="moderator"))

    def dead(days: int, **more: Any) -> None:
        since = clock.now() - timedelta(days=days)
        LinkCheckFactory(
            dead_since=since, failures=3, first_failed_at=since, state="gone", status=404, **more
        )

    dead(29, url="https://exemple.test/hier")
    dead(31, url="https://exemple.test/jadis")
    assert "/moderation/liens-morts/" in client.get("/moissonnage/").text
    page = client.get("/moderation/liens-morts/").text
    assert "jadis" in page
    assert "/hier" not in page
    first = cost(client, "/moderation/liens-morts/")
    dead(40)
    dead(41)
    assert cost(client, "/moderation/liens-morts/") == first


def test_letters(mailoutbox: list[Any], editor: User) -> None:
    moderator = UserFactory(region="moderator")
    source = SourceFactory(organisation=holder(editor), proposed_by=editor)
    run = HarvestRunFactory(source=source, complete=True, message="Aucune notice.")
    check = LinkCheckFactory(
        failures=3, first_failed_at=clock.now(), dead_since=clock.now(), resource__author=editor
    )
    letters.source_proposed_letter(source.pk)
    letters.source_decided_letter(source.pk)
    letters.suspicious_letter(run.pk)
    letters.conflict_letter(source.pk, check.resource.pk)
    link_letters.dead_link_letter(check.pk)
    assert [message.to[0] for message in mailoutbox] == [moderator.email, *[editor.email] * 4]
    assert all("http" in message.body for message in mailoutbox)


def test_a_moderator_sets_the_priorities_of_a_source(client: Client, editor: User) -> None:
    source = SourceFactory(publishing=True, organisation=holder(editor))
    HarvestedRecord.objects.create(
        source=source, remote_id="a", digest="x", first_seen_at=clock.now(), changed_at=clock.now()
    )
    form = {"act": "rank", "priority": "70", "completes": "on"}
    form |= {"field": "title", "field_priority": "90"}
    client.force_login(editor)
    assert "Priorités de cette source" not in client.get(address(source)).text
    assert client.post(address(source), form).status_code == 403
    client.force_login(UserFactory(region="moderator"))
    assert "Priorités de cette source" in client.get(address(source)).text
    assert client.post(address(source), form).status_code == 302
    source.refresh_from_db()
    assert (source.priority, source.completes, source.priorities) == (70, True, {"title": 90})
    assert source.records.get().digest == ""
    assert AuditEvent.objects.filter(action="source.ranked").count() == 1
    for wrong in (
        {"priority": "101"},
        {"priority": ""},
        {"field": "title_en"},
        {"field": "", "field_priority": "3"},
        {"field": "slug", "field_priority": "3"},
        {"of_title": "-1"},
    ):
        answer = client.post(address(source), {**form, "field": "", "field_priority": "", **wrong})
        assert answer.status_code == 422, wrong
    again = {"act": "rank", "priority": "60", "of_title": "", "field": "tags"}
    assert client.post(address(source), {**again, "field_priority": "5"}).status_code == 302
    source.refresh_from_db()
    assert (source.priority, source.completes, source.priorities) == (60, False, {"tags": 5})


@pytest.mark.parametrize("values", [{"priority": 101}, {"priorities": {"slug": 4}}])
def test_a_priority_out_of_bounds_is_refused(values: dict[str, Any]) -> None:
    source = SourceFactory(publishing=True)
    told = {"priority": 1, "priorities": {}, "completes": False, **values}
    with pytest.raises(Invalid):
        sources.rank(source=source, by=UserFactory(region="moderator"), **told)
    source.refresh_from_db()
    assert (source.priority, source.priorities) == (50, {})
