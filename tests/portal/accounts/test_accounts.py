"""Accounts: open, rename, take one's data, close and erase."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail

from portal.accounts import personal_data
from portal.accounts.actions import accounts, appointments, invitations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Membership, Organisation, RegionAppointment, User
from portal.audit import outbox
from portal.audit.actors import SystemActor
from portal.audit.invariants import chain_breaches
from portal.audit.models import AuditBody, Outbox
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.portal.accounts.ledger import acts, snapshot

pytestmark = pytest.mark.django_db
SYSTEM = SystemActor("opening")


@pytest.fixture(autouse=True)
def journal(settings: Any, tmp_path: Path) -> Path:
    settings.ERASURE_JOURNAL_FILE = str(tmp_path / "erasures.jsonl")
    return tmp_path / "erasures.jsonl"


def test_install_confirms_the_address() -> None:
    user = accounts.install(
        username="moderation",
        email="Moderation@exemple.test",
        display_name="Relecture",
        password="x",
        by=SYSTEM,
    )
    assert user.email == "moderation@exemple.test"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("moderation@exemple.test", True, True)
    ]
    assert acts() == ["account.installed"]
    with pytest.raises(NotAllowed):
        accounts.install(username="b", email="b@b.test", display_name="", password=None, by=user)
    assert User.objects.count() == 1


def test_rename_is_for_oneself() -> None:
    user, other = UserFactory(), UserFactory()
    before = snapshot(User)
    with pytest.raises(NotAllowed):
        accounts.rename(user=user, display_name="Zoé", by=other)
    assert snapshot(User) == before
    accounts.rename(user=user, display_name="Zoé", by=user)
    accounts.rename(user=user, display_name="Zoé", by=user)
    assert User.objects.get(pk=user.pk).display_name == "Zoé"
    assert acts() == ["account.renamed"]


def test_close_erases_the_person(journal: Path) -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    user = UserFactory(
        username="canari-nom", email="canari@exemple.test", display_name="Canari Martin"
    )
    invitations.send(
        organisation=referent.organisation,
        email="canari@exemple.test",
        role=Role.EDITOR,
        by=referent.user,
    )
    invitations.ask(organisation=referent.organisation, by=user, message="Canari ici")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    key = user.person_key
    accounts.close(user=user, by=user)
    outbox.relay()
    closed = User.objects.get(pk=user.pk)
    assert (closed.is_active, closed.display_name, str(closed)) == (False, "", "compte supprimé")
    assert closed.person_key == key
    assert not closed.has_usable_password()
    assert [letter.to for letter in mail.outbox if "fermé" in letter.subject] == [
        ["canari@exemple.test"]
    ]
    assert Authenticator.objects.count() == 0
    rows = [list(model.objects.values()) for model in (User, EmailAddress, Outbox, AuditBody)]
    assert "canari" not in json.dumps(rows, default=str).casefold()
    assert list(chain_breaches()) == []
    line = json.loads(journal.read_text())
    assert line["person_key"] == key
    assert line["address_hmac"] == accounts.address_hmac("canari@exemple.test")
    assert "canari" not in journal.read_text()
    with pytest.raises(NotAllowed):
        accounts.close(user=closed, by=closed)


def test_the_journal_holds_a_person_once(journal: Path) -> None:
    user = UserFactory()
    accounts.close(user=user, by=user)
    outbox.relay()
    Outbox.objects.filter(topic="accounts.erased").update(done_at=None)
    outbox.relay()
    assert len(journal.read_text().splitlines()) == 1


def test_nobody_closes_anothers_account() -> None:
    user, other = UserFactory(), UserFactory(region=RegionRole.ADMINISTRATOR)
    before = snapshot(User)
    with pytest.raises(NotAllowed):
        accounts.close(user=user, by=other)
    assert snapshot(User) == before


def test_the_last_referent_of_others_stays() -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    MembershipFactory(organisation=referent.organisation)
    before = snapshot(User, Membership)
    with pytest.raises(Conflict) as refused:
        accounts.close(user=referent.user, by=referent.user)
    assert refused.value.code == "last_referent"
    assert snapshot(User, Membership) == before


def test_alone_in_an_organisation_one_may_go() -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    accounts.close(user=referent.user, by=referent.user)
    assert Membership.objects.live().count() == 0
    assert Organisation.objects.count() == 1


def test_the_last_administrator_stays() -> None:
    user = UserFactory()
    appointments.install(user=user, role=RegionRole.ADMINISTRATOR, by=SYSTEM)
    with pytest.raises(Conflict) as refused:
        accounts.close(user=user, by=user)
    assert refused.value.code == "last_administrator"
    UserFactory(region=RegionRole.ADMINISTRATOR)
    accounts.close(user=user, by=user)
    assert RegionAppointment.objects.filter(user=user, ended_at=None).count() == 0


def test_apps_erase_and_describe_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    erased: list[int] = []
    monkeypatch.setattr(personal_data, "_shares", {})
    personal_data.register(
        "equipes", describe=lambda user: [user.username], erase=lambda user: erased.append(user.pk)
    )
    place = MembershipFactory(organisation__name="Bâtir Sud")
    with zipfile.ZipFile(io.BytesIO(personal_data.archive(place.user))) as bundle:
        assert sorted(bundle.namelist()) == ["LISEZMOI.txt", "compte.json", "equipes.json"]
        account = json.loads(bundle.read("compte.json"))
        assert json.loads(bundle.read("equipes.json")) == [place.user.username]
    assert account["adresse"] == place.user.email
    assert [row["organisation__name"] for row in account["organisations"]] == ["Bâtir Sud"]
    accounts.close(user=place.user, by=place.user)
    assert erased == [place.user.pk]
