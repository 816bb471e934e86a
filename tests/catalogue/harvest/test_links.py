"""Links of cards: asked gently, doubted fairly, told once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from catalogue.enums import ContributionStatus, LinkState
from catalogue.models import Contribution, LinkCheck, Resource
from catalogue.resources.actions import links as link_checks
from catalogue.resources.actions.links import Found
from catalogue.resources.queries import quality
from portal.accounts.enums import Role
from portal.audit.models import Outbox
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import LinkCheckFactory
from tests.sites import Reply, Site, endless, leads, says, site


@pytest.fixture
def there(settings: Any) -> Iterator[Site]:
    """Run a site that may be reached."""
    with site(settings) as made:
        yield made


def test_what_a_check_finds(there: Site) -> None:
    there.replies |= {
        "/ok": says(b"x" * 20, kind="text/csv; charset=utf-8", ETag='"a"'),
        "/moved": leads("/ok", status=301),
        "/turn": leads("/ok"),
        "/gone": says(b"", status=410),
        "/shut": says(b"", status=403),
        "/down": says(b"", status=500),
        "/large": only_get(endless),
        "/lost": says(b"x" * 50_000, status=404),
        "/page": says(b"x" * 50_000, status=500, Content_Encoding="br"),
    }
    ok = link_checks.check(there.url + "/ok")
    assert ok == Found(LinkState.OK, "", 200, "", '"a"', "text/csv", 20)
    assert [method for method, _path, _headers in there.asked] == ["HEAD"]
    assert link_checks.check(there.url + "/moved").moved_to == there.url + "/ok"
    assert link_checks.check(there.url + "/moved").state == LinkState.MOVED
    found = {path: link_checks.check(there.url + path).state for path in ("/turn", *CODES)}
    assert found == {"/turn": LinkState.OK, **CODES}
    assert there.asked[-1][0] == "GET"
    assert there.asked[-1][2]["range"] == "bytes=0-4095"
    assert link_checks.check("http://127.0.0.2/").state == LinkState.ERROR


def only_get(reply: Reply) -> Reply:
    """Refuse HEAD, as old servers do."""
    refuse = says(b"", status=405)
    return lambda handler: (refuse if handler.command == "HEAD" else reply)(handler)


CODES = {
    "/large": LinkState.OK,
    "/lost": LinkState.GONE,
    "/page": LinkState.ERROR,
    "/gone": LinkState.GONE,
    "/none": LinkState.GONE,
    "/shut": LinkState.BLOCKED,
    "/down": LinkState.ERROR,
}


def noted(check: LinkCheck, state: LinkState, *, hours: int) -> LinkCheck:
    """Write down a result, then let so many hours go by."""
    found = link_checks.note_check(check=check, found=Found(state))
    if found.first_failed_at is not None:
        found.first_failed_at -= timedelta(hours=hours)
        found.save(update_fields=["first_failed_at"])
    return found


@pytest.mark.django_db
def test_a_link_is_dead_after_three_failures_over_two_days() -> None:
    check = LinkCheckFactory()
    for hours in (24, 23):
        check = noted(check, LinkState.GONE, hours=hours)
        assert check.dead_since is None
    assert noted(check, LinkState.GONE, hours=0).dead_since is None  # three, but 47 hours
    check.refresh_from_db()
    check.first_failed_at = clock.now() - timedelta(hours=48)
    check.save()
    check = noted(check, LinkState.ERROR, hours=0)
    assert check.dead_since is not None
    card = check.resource
    card.refresh_from_db()
    assert card.dead_links == 1
    noted(check, LinkState.GONE, hours=0)
    assert Outbox.objects.filter(topic="mail.link_dead").count() == 1
    back = noted(check, LinkState.OK, hours=0)
    assert (back.failures, back.dead_since, back.told_at) == (0, None, None)
    card.refresh_from_db()
    assert card.dead_links == 0


@pytest.mark.django_db
@pytest.mark.parametrize("state", [LinkState.UNKNOWN, LinkState.BLOCKED])
def test_what_says_nothing_is_not_held_against_a_card(state: LinkState) -> None:
    check = LinkCheckFactory()
    for _ in range(5):
        check = noted(check, state, hours=0)
    assert (check.failures, check.dead_since) == (0, None)
    assert Resource.objects.get(pk=check.resource_id).dead_links is None


@pytest.mark.django_db
def test_the_wait_grows_while_it_answers() -> None:
    check, waits = LinkCheckFactory(), []
    for _ in range(6):
        check = link_checks.note_check(check=check, found=Found(LinkState.OK))
        assert check.checked_at is not None
        waits.append((check.next_check_at - check.checked_at) // timedelta(hours=1))
    assert waits == [12, 24, 168, 720, 720, 720]


@pytest.mark.django_db
def test_a_page_that_moved_for_good_is_proposed_once_to_its_owner() -> None:
    holder = make.organisation("Observatoire")
    card = make.published(make.joined(make.person(), holder, Role.EDITOR), holder=holder)
    Resource.objects.filter(pk=card.pk).update(homepage_url="https://exemple.test/ici")
    check = LinkCheckFactory(resource=card, url="https://exemple.test/ici")
    moved = Found(LinkState.MOVED, status=200, moved_to="https://exemple.test/ailleurs")
    check = link_checks.note_check(check=check, found=moved)
    offer = Contribution.objects.get(status=ContributionStatus.DRAFT)
    assert offer.content["homepage_url"] == "https://exemple.test/ailleurs"
    assert offer.organisation == card.organisation
    Contribution.objects.filter(pk=offer.pk).update(status=ContributionStatus.WITHDRAWN)
    link_checks.note_check(check=check, found=moved)
    assert not Contribution.objects.filter(status=ContributionStatus.DRAFT).exists()
    card.refresh_from_db()
    assert card.homepage_url == "https://exemple.test/ici"


@pytest.mark.django_db
def test_quality_follows_links() -> None:
    card = ResourceFactory(
        published=True,
        kind="dataset",
        deposit="owned",
        details={"distributions": [{"download_url": "https://exemple.test/a.csv"}]},
    )

    def available() -> bool | None:
        card.refresh_from_db()
        found = quality.assess(card, [])
        return next(each.met for each in found.criteria if each.code == "available")

    assert available() is None
    link_checks.register_all()
    check = card.link_checks.get(url="https://exemple.test/a.csv")
    link_checks.note_check(check=check, found=Found(LinkState.GONE))
    assert available() is None
    link_checks.note_check(check=check, found=Found(LinkState.OK))
    assert available() is True
    LinkCheck.objects.filter(pk=check.pk).update(
        failures=2, first_failed_at=clock.now() - timedelta(days=3)
    )
    link_checks.note_check(check=check, found=Found(LinkState.GONE))
    assert available() is False


@pytest.mark.django_db
def test_the_addresses_of_a_card_are_followed() -> None:
    card = ResourceFactory(published=True, repository_url="https://exemple.test/code")
    ResourceFactory(homepage_url="https://exemple.test/brouillon")
    assert link_checks.register_all() == 2
    assert link_checks.register_all() == 0
    Resource.objects.filter(pk=card.pk).update(repository_url="https://exemple.test/autre")
    assert link_checks.register_all() == 1
    assert set(card.link_checks.values_list("url", flat=True)) == {
        "https://example.org/",
        "https://exemple.test/autre",
    }


@pytest.mark.django_db
def test_without_a_network_nobody_is_punished(settings: Any, there: Site) -> None:
    """All that is due fails as an absence of network would: unknown, until someone answers."""
    settings.HTTP_PORTS = (*settings.HTTP_PORTS, 1)
    dead = LinkCheckFactory(url="http://127.0.0.1:1/", host="a")
    assert link_checks.check_due() == 1
    dead.refresh_from_db()
    assert (dead.state, dead.failures) == (LinkState.UNKNOWN, 0)
    there.replies["/"] = says(b"")
    LinkCheckFactory(url=f"{there.url}/", host="b")
    LinkCheck.objects.update(next_check_at=clock.now())
    assert link_checks.check_due() == 2
    dead.refresh_from_db()
    assert (dead.state, dead.failures) == (LinkState.ERROR, 1)


@pytest.mark.django_db
def test_links_that_are_not_reached_are_told_in_one_line(
    settings: Any, there: Site, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HTTP_PORTS = (*settings.HTTP_PORTS, 1)
    for host in ("a", "b", "c"):
        LinkCheckFactory(url=f"http://127.0.0.1:1/{host}", host=host)
    with caplog.at_level("INFO"):
        assert link_checks.check_due() == 3
    assert [each.getMessage() for each in caplog.records] == ["3 of 3 links were not reached"]


@pytest.mark.django_db
def test_one_link_never_stops_the_pass(there: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    there.replies |= {"/ok": says(b""), "/lost": leads("http://[x"), "/kept": says(b"")}
    made = {
        path: LinkCheckFactory(url=there.url + path, host=path)
        for path in ("/broken", "/lost", "/kept", "/ok")
    }
    check, note = link_checks.check, link_checks.note_check

    def failing_check(url: str) -> Found:
        if url.endswith("/broken"):
            raise RuntimeError
        return check(url)

    def failing_note(*, check: LinkCheck, found: Found) -> LinkCheck:
        if check.host == "/kept":
            raise RuntimeError
        return note(check=check, found=found)

    monkeypatch.setattr(link_checks, "check", failing_check)
    monkeypatch.setattr(link_checks, "note_check", failing_note)
    assert link_checks.check_due() == 4
    found = dict(LinkCheck.objects.values_list("host", "code"))
    assert found == {"/broken": "internal", "/lost": "url_invalid", "/kept": "", "/ok": ""}
    made["/kept"].refresh_from_db()
    assert made["/kept"].next_check_at > clock.now() + timedelta(hours=23)
    made["/ok"].refresh_from_db()
    assert made["/ok"].state == LinkState.OK


@pytest.mark.django_db
def test_no_host_is_asked_more_than_its_share(
    settings: Any, there: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LINK_CHECKS_PER_HOST = 2
    monkeypatch.setattr(link_checks, "CHECKS_PER_PASS", 3)
    there.replies["/"] = says(b"")
    for number in range(4):
        LinkCheckFactory(url=f"{there.url}/?{number}", host="a")
    LinkCheckFactory(url=f"{there.url}/?b", host="b")
    assert link_checks.check_due() == 3
    assert [path for _m, path, _h in there.asked] == ["/?0", "/?b", "/?1"]
