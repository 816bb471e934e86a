"""The page of the ledger: filtered, exported, verified by those whose role it is, by no other."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from portal.accounts.acts import said, words
from portal.accounts.enums import RegionRole
from portal.audit.models import AuditEvent
from portal.audit.record import record
from portal.lib import clock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGE, TABLE = "/espace/journal/", "/espace/journal.csv"


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(UserFactory(region=RegionRole.AUDITOR))
    return client


def acts(client: Client, query: str = "") -> list[str]:
    return [each.action for each, *_said in client.get(PAGE + query).context["rows"]]


@pytest.mark.parametrize("role", [None, RegionRole.MODERATOR])
def test_others_do_not_read_it(client: Client, role: RegionRole | None) -> None:
    client.force_login(UserFactory(region=role) if role else UserFactory())
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 403
    assert client.get(TABLE).status_code == 403


def test_it_is_filtered_by_act_object_and_day(auditor: Client) -> None:
    by, now = UserFactory(display_name="Ada"), clock.now()
    record("grant.signed", by=by, on="datasets.grant:1", reads=True)
    record("grant.revoked", by=by, on="datasets.grant:2")
    record("entry.scored", by=by, on="entries.entry:1", score="secret")
    today, tomorrow = clock.paris_day(now), clock.paris_day(now + timedelta(days=1))
    assert acts(auditor)[:3] == ["entry.scored", "grant.revoked", "grant.signed"]
    assert acts(auditor, "?acte=grant.") == ["grant.revoked", "grant.signed"]
    assert acts(auditor, "?acte=grant&objet=GRANT:1") == ["grant.signed"]
    assert acts(auditor, f"?acte=grant&du={today}&au={today}") == ["grant.revoked", "grant.signed"]
    assert acts(auditor, f"?du={tomorrow}") == []
    record("grant.closed", by=UserFactory(), on="datasets.grant:1")
    assert acts(auditor, "?acte=grant.&qui=ADA") == ["grant.revoked", "grant.signed"]
    assert acts(auditor, f"?qui={by.email}") == ["entry.scored", "grant.revoked", "grant.signed"]
    assert acts(auditor, "?qui=personne@exemple.fr") == []
    late = auditor.get(f"{PAGE}?du={tomorrow}&au={today}")
    assert (late.status_code, set(late.context["form"].errors)) == (422, {"au"})
    page = auditor.get(f"{PAGE}?acte=grant").content.decode()
    assert "Ada" in page
    assert '<dt>S’engage à lire</dt><dd class="break">oui</dd>' in page
    assert '<option value="grant." selected>' in auditor.get(f"{PAGE}?acte=grant.").text


def test_every_act_that_is_written_is_said_in_words() -> None:
    written = {
        act
        for path in Path(settings.BASE_DIR).glob("[!t.]*/**/*.py")
        for act in re.findall(r'\brecord\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8"))
    }
    assert len(written) > 200
    assert sorted(act for act in written if " : " not in said(act) and act not in words) == []


def test_a_wrong_day_or_act_is_said_at_its_field(auditor: Client) -> None:
    for address in (PAGE, TABLE):
        page = auditor.get(f"{address}?du=hier&acte=Révoquer")
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {"du", "acte"}
        assert "hier" in page.content.decode()


def test_the_detail_of_what_others_keep_is_not_shown(auditor: Client) -> None:
    record("entry.scored", by=UserFactory(), on="entries.entry:1", score="0,7381")
    assert "0,7381" not in auditor.get(PAGE).content.decode()
    assert "0,7381" not in auditor.get(TABLE).content.decode()


def test_the_export_holds_what_ties_each_act_to_the_chain(auditor: Client) -> None:
    record("grant.signed", by=UserFactory(), on="datasets.grant:1")
    event = AuditEvent.objects.get(action="grant.signed")
    said = auditor.get(f"{TABLE}?acte=grant").content.decode()
    assert len(said.splitlines()) == 2
    assert all(each in said for each in (event.hash, event.prev, event.body_sha256))


def test_the_chain_is_verified_and_a_break_is_named(auditor: Client) -> None:
    cache.clear()
    for number in range(3):
        record("grant.signed", by=UserFactory(), on=f"datasets.grant:{number}")
    assert "La chaîne se vérifie" in auditor.post(PAGE).content.decode()
    broken = AuditEvent.objects.get(object_ref="datasets.grant:1")
    head = AuditEvent.objects.order_by("-seq").first()
    assert head is not None
    forged = AuditEvent(
        seq=head.seq + 1,
        at=clock.now(),
        action="grant.resumed",
        object_ref=broken.object_ref,
        body_sha256="0" * 64,
        prev="0" * 64,
        hash="1" * 64,
    )
    forged.save(force_insert=True)
    said = auditor.post(PAGE).content.decode()
    assert "La chaîne est rompue" in said
    assert "head" in said
