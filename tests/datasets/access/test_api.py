"""Access by program: what one sees, who read, the bytes and their rest."""

import pytest
from django.test import Client

from datasets.access.models import Extract, Grant
from datasets.releases.models import Download
from portal.accounts.enums import TokenScope
from tests.factories.access import World, build_extracts
from tests.factories.accounts import UserFactory, bearer

pytestmark = pytest.mark.django_db
API = "/api/v1/access"


def test_each_sees_what_the_pages_show_them(client: Client) -> None:
    world = World()
    grant = world.active()
    build_extracts()
    mine = bearer(world.by, TokenScope.READ)
    (asked,) = client.get(f"{API}/requests", headers=mine).json()["requests"]
    assert (asked["status"], asked["grant"]) == ("approved", str(grant.public_id))
    (told,) = client.get(f"{API}/grants", headers=mine).json()["grants"]
    assert (told["state"], told["datasets"][0]["columns"]) == (
        "active",
        ["jeton", "zone", "sortie"],
    )
    stranger = bearer(UserFactory(), TokenScope.READ)
    for name in ("requests", "grants", "extracts"):
        assert client.get(f"{API}/{name}", headers=stranger).json() == {name: []}
    assert client.get(f"{API}/grants/{grant.public_id}/reads", headers=stranger).status_code == 404


def test_an_extract_is_downloaded_and_resumed_by_its_reader_alone(client: Client) -> None:
    world = World()
    grant = world.active(world.datasets[0])
    build_extracts()
    reader = bearer(world.reader, TokenScope.READ, TokenScope.DATA)
    (extract,) = client.get(f"{API}/extracts", headers=reader).json()["extracts"]
    whole = client.get(extract["content"], headers=reader)
    content = b"".join(whole.streaming_content)
    assert (whole.status_code, len(content)) == (200, extract["size"])
    rest = client.get(extract["content"], headers=reader | {"Range": "bytes=10-"})
    assert (rest.status_code, b"".join(rest.streaming_content)) == (206, content[10:])
    reads = client.get(f"{API}/grants/{grant.public_id}/reads", headers=bearer(world.hands[0]))
    assert [each["bytes"] for each in reads.json()["reads"]] == [len(content) - 10, len(content)]
    for headers, status in (
        (bearer(world.reader, TokenScope.READ), 403),
        (bearer(world.hands[0]), 404),
        (bearer(UserFactory()), 404),
    ):
        assert client.get(extract["content"], headers=headers).status_code == status
    assert Download.objects.count() == 2
    Grant.objects.update(ends_at=Grant.objects.get().starts_at)
    assert client.get(extract["content"], headers=reader).status_code == 404
    assert Extract.objects.count() == 1
