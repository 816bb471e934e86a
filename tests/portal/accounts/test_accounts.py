"""Accounts: their pages, tokens and data; opened, installed, left unused, closed and erased."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, TeamInvitation, TeamMember
from challenges.teams.actions import teams
from portal.accounts import account_data, space
from portal.accounts.actions import accounts, appointments, invitations
from portal.accounts.enums import RegionRole, Role, TokenScope
from portal.accounts.models import (
    ApiToken,
    Membership,
    Organisation,
    RegionAppointment,
    User,
)
from portal.accounts.templatetags.space import device
from portal.audit import duties, outbox
from portal.audit.actors import SystemActor
from portal.audit.invariants import chain_breaches
from portal.audit.models import AuditBody, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    sign_in,
)
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.letters import letters
from tests.ledger import cost, events, queries, rows, same_for_three
from tests.ledger import refused_of_accounts as refused
from tests.portal.accounts.test_organisations import invite

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
    assert events() == ["account.installed"]
    with pytest.raises(NotAllowed):
        accounts.install(username="b", email="b@b.test", display_name="", password=None, by=user)
    assert User.objects.count() == 1


def test_rename_is_for_oneself() -> None:
    user, other = UserFactory(), UserFactory()
    with refused(NotAllowed):
        accounts.rename(user=user, display_name="Zoé", by=other)
    accounts.rename(user=user, display_name="Zoé", by=user)
    accounts.rename(user=user, display_name="Zoé", by=user)
    assert User.objects.get(pk=user.pk).display_name == "Zoé"
    assert events() == ["account.renamed"]


def test_close_erases_the_person(journal: Path) -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    user = UserFactory(
        username="canari-nom", email="canari@exemple.test", display_name="Canari Martin"
    )
    invite(referent, "canari@exemple.test")
    invitations.ask(organisation=referent.organisation, by=user, message="Canari ici")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    key = user.person_key
    with pytest.raises(NotAllowed):
        accounts.close(user=user, by=UserFactory(region=RegionRole.ADMINISTRATOR))
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
    kept = [list(model.objects.values()) for model in (User, EmailAddress, Outbox, AuditBody)]
    assert "canari" not in json.dumps(kept, default=str).casefold()
    assert list(chain_breaches()) == []
    line = json.loads(journal.read_text())
    assert line["person_key"] == key
    assert line["address_hmac"] == accounts.address_hmac("canari@exemple.test")
    assert "canari" not in journal.read_text()
    Outbox.objects.filter(topic="accounts.erased").update(done_at=None)
    outbox.relay()
    assert len(journal.read_text().splitlines()) == 1
    with pytest.raises(NotAllowed):
        accounts.close(user=closed, by=closed)


def test_the_last_referent_of_others_and_the_last_administrator_stay() -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    MembershipFactory(organisation=referent.organisation)
    with refused(Conflict, code="last_referent"):
        accounts.close(user=referent.user, by=referent.user)
    user = UserFactory()
    appointments.install(user=user, role=RegionRole.ADMINISTRATOR, by=SYSTEM)
    with refused(Conflict, code="last_administrator"):
        accounts.close(user=user, by=user)
    UserFactory(region=RegionRole.ADMINISTRATOR)
    accounts.close(user=user, by=user)
    assert RegionAppointment.objects.filter(user=user, ended_at=None).count() == 0


def test_alone_in_an_organisation_one_closes_it_behind_oneself(client: Client) -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    organisation = referent.organisation
    invitations.ask(organisation=organisation, by=UserFactory())
    sign_in(client, referent.user)
    page = client.get(reverse("account_close")).text
    assert 'name="closes"' in page
    assert organisation.name in page
    client.post(reverse("account_close"), {"understood": "on"})
    assert Membership.objects.live().count() == 1
    client.post(reverse("account_close"), {"understood": "on", "closes": "on"})
    assert Membership.objects.live().count() == 0
    assert organisation.join_requests.get().answer == "refused"
    assert "organisation.closed" in events()
    asked = invitations.ask(organisation=organisation, by=UserFactory())  # of the Region, now
    with refused(NotAllowed):
        invitations.accept_request(request=asked, by=referent.user)


def test_the_last_referent_of_others_is_told_to_hand_over(client: Client) -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    MembershipFactory(organisation=referent.organisation)
    sign_in(client, referent.user)
    members = reverse("organisation_members", args=[referent.organisation.slug])
    for path in (
        reverse("account_close"),
        reverse("organisation_leave", args=[referent.organisation.slug]),
    ):
        page = client.get(path).text
        assert members in page
        assert "btn-danger" not in page
    assert Organisation.objects.count() == 1


def test_apps_erase_and_describe_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    erased: list[int] = []
    monkeypatch.setattr(account_data, "_shares", {})
    account_data.register(
        "equipes", describe=lambda user: [user.username], erase=lambda user: erased.append(user.pk)
    )
    place = MembershipFactory(organisation__name="Bâtir Sud")
    with zipfile.ZipFile(io.BytesIO(account_data.archive(place.user))) as bundle:
        assert sorted(bundle.namelist()) == ["LISEZMOI.txt", "compte.json", "equipes.json"]
        account = json.loads(bundle.read("compte.json"))
        assert json.loads(bundle.read("equipes.json")) == [place.user.username]
    assert account["adresse"] == place.user.email
    assert [row["organisation__name"] for row in account["organisations"]] == ["Bâtir Sud"]
    accounts.close(user=place.user, by=place.user)
    assert erased == [place.user.pk]


MINE = [
    "space",
    "my_organisations",
    "account_home",
    "account_email",
    "account_change_password",
    "account_logout",
    "account_data",
    "account_close",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "usersessions_list",
    "account_tokens",
    "account_token_create",
    "organisation_create",
]


def test_what_one_reads_of_oneself_is_stored_by_no_browser(client: Client) -> None:
    sign_in(client, UserFactory())
    kept = [name for name in MINE if "no-store" not in client.get(reverse(name))["Cache-Control"]]
    assert kept == []


@pytest.mark.parametrize("name", ["account_token_create", "region_roles"])
def test_a_sensitive_page_asks_who_is_there(client: Client, name: str) -> None:
    client.force_login(UserFactory(region="administrator"))
    answer = client.get(reverse(name))
    assert answer.headers["Location"].startswith("/compte/identite/")


def test_reauthenticate_shows(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)
    answer = client.get(reverse("account_data"))
    assert answer.headers["Location"] == "/compte/identite/?next=%2Fcompte%2Fdonnees%2F"
    assert client.get(answer.headers["Location"]).status_code == 200
    answer = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == "/compte/donnees/"
    assert client.get("/compte/donnees/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox sur Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge sur Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari sur iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Appareil inconnu"),
    ],
)
def test_a_session_is_named_by_its_device(user_agent: str, name: str) -> None:
    assert device(user_agent) == name


READ = [TokenScope.READ]


def made(by: User, **given: Any) -> accounts.NewToken:
    values: dict[str, Any] = {"name": "portable", "scopes": READ, "days": 30, "by": by}
    return accounts.create_token(**{**values, **given})


def test_the_digest_alone_is_kept() -> None:
    user = UserFactory()
    new = made(user, scopes=[TokenScope.TEAM, TokenScope.READ])
    row = ApiToken.objects.get()
    assert re.fullmatch(r"oe_[\w-]{43}", new.secret)
    assert new.secret not in str(ApiToken.objects.values().get())
    assert row.sha256 == accounts.token_digest(new.secret)
    assert (row.scopes, row.expires_at - row.created_at) == (["read", "team"], timedelta(days=30))
    assert events() == ["token.created"]
    assert new.secret not in AuditBody.objects.get().body
    archived = account_data.account(user)["jetons"]
    assert [token["name"] for token in archived] == ["portable"]
    assert row.sha256 not in str(archived)


@pytest.mark.parametrize("given", [{"scopes": []}, {"days": 31}, {"days": 0}])
def test_a_token_without_shape_is_refused(given: dict[str, Any]) -> None:
    user = UserFactory()
    with refused(Invalid):
        made(user, **given)


def test_a_person_has_so_many_live_tokens(settings: Any) -> None:
    settings.TOKENS_PER_PERSON = 2
    user = UserFactory()
    first = made(user).token
    made(user)
    with pytest.raises(Conflict):
        made(user)
    accounts.revoke_token(token=first, by=user)
    made(user)
    assert ApiToken.objects.count() == 3


def test_a_token_is_worth_nothing_once_it_is_revoked_or_its_account_closed() -> None:
    user = UserFactory()
    new = made(user)
    assert accounts.use_token(secret=new.secret) == new.token
    once = accounts.revoke_token(token=new.token, by=user)
    assert accounts.use_token(secret=new.secret) is None
    assert accounts.revoke_token(token=new.token, by=user).revoked_at == once.revoked_at
    assert events() == ["token.created", "token.revoked"]
    other = made(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert accounts.use_token(secret=other.secret) is None


@pytest.mark.parametrize(("gap_ms", "live"), [(-1, True), (0, False), (1, False)])
def test_a_token_ends_at_its_instant(
    gap_ms: int, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = made(UserFactory())
    at = new.token.expires_at + timedelta(milliseconds=gap_ms)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert (accounts.use_token(secret=new.secret) is not None) is live


def test_requests_are_counted_by_the_minute(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    new = made(UserFactory())
    at = clock.now().replace(second=59, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert accounts.use_token(secret=new.secret)
    assert accounts.use_token(secret=new.secret)
    with pytest.raises(QuotaSpent) as refusal:
        accounts.use_token(secret=new.secret)
    assert refusal.value.facts["next_opening"] == at + timedelta(seconds=1)
    later = at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert accounts.use_token(secret=new.secret)
    assert ApiToken.objects.get().last_used_at == later


def test_the_page_shows_the_secret_once(client: Client) -> None:
    user = UserFactory()
    sign_in(client, user)
    form = {"name": "portable", "scopes": ["read", "enter"], "days": "90"}
    page = client.post(reverse("account_token_create"), form)
    assert page.status_code == 201
    assert "no-store" in page.headers["Cache-Control"]
    (secret,) = set(re.findall(r"oe_[\w-]{43}", page.text))
    token = accounts.use_token(secret=secret)
    assert token is not None
    assert (token.user, token.name, token.scopes) == (user, "portable", ["read", "enter"])
    listed = client.get(reverse("account_tokens"))
    assert "portable" in listed.text
    assert secret not in listed.text


def test_the_page_revokes_ones_own_token_only(client: Client) -> None:
    user = UserFactory()
    own, other = made(user), made(UserFactory())
    client.force_login(user)
    assert client.post(reverse("account_token_revoke", args=[own.token.pk])).status_code == 302
    assert client.post(reverse("account_token_revoke", args=[other.token.pk])).status_code == 404
    assert client.post(reverse("account_token_revoke", args=[9_999_999])).status_code == 404
    assert accounts.use_token(secret=own.secret) is None
    assert accounts.use_token(secret=other.secret) is not None


def test_the_page_costs_the_same_for_one_and_three(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)
    page = reverse("account_tokens")
    assert same_for_three(lambda: made(user), lambda: cost(client, page)) == [7]


def test_the_pages_rename_and_close_the_account(client: Client) -> None:
    user = UserFactory()
    sign_in(client, user)
    assert (
        "Remplissez ce champ." in client.post(reverse("account_rename"), {"display_name": ""}).text
    )
    client.post(reverse("account_rename"), {"display_name": "Dominique"})
    page = reverse("account_close")
    assert "Cochez la case pour confirmer." in client.post(page, {"understood": ""}).text
    user.refresh_from_db()
    assert (user.display_name, user.is_active) == ("Dominique", True)
    client.post(page, {"understood": "on"})
    assert not User.objects.get(pk=user.pk).is_active


@pytest.fixture
def captain() -> User:
    """Make the captain of a team of one."""
    captain, challenge = UserFactory(email="canari@exemple.test"), ChallengeFactory(opened=True)
    teams.accept_terms(challenge=challenge, by=captain)
    teams.create(challenge=challenge, name="Les Cigales", by=captain)
    return captain


def test_a_team_stands_in_the_space_and_the_archive(captain: User) -> None:
    challenge = Challenge.objects.get()
    [item] = space.gathered(captain)["teams"]
    assert (item.title, item.url) == (
        "Les Cigales",
        reverse("challenges:entries", args=[challenge.slug]),
    )
    with zipfile.ZipFile(io.BytesIO(account_data.archive(captain))) as bundle:
        described = json.loads(bundle.read("challenges.json"))
    assert [row["team__name"] for row in described["equipes"]] == ["Les Cigales"]


def test_a_closed_account_leaves_its_teams_and_their_invitations(captain: User) -> None:
    other = ChallengeFactory(opened=True)
    inviter = UserFactory()
    teams.accept_terms(challenge=other, by=inviter)
    team = teams.create(challenge=other, name="Les Grillons", by=inviter)
    teams.invite(team=team, email="canari@exemple.test", by=inviter)
    accounts.close(user=captain, by=captain)
    assert TeamMember.objects.filter(user=captain, left_at=None).count() == 0
    assert TeamInvitation.objects.count() == 0


def test_an_organisation_shows_what_is_published_and_no_draft(client: Client) -> None:
    organisation = OrganisationFactory()
    ResourceFactory(published=True, organisation=organisation, title="Devis parlant")
    ResourceFactory(organisation=organisation, title="Brouillon secret")
    body = client.get(reverse("organisation", args=[organisation.slug])).text
    assert "Devis parlant" in body
    assert "Brouillon secret" not in body


def run(*args: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("create_administrator", *args, "--no-password", "--json", stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_it_makes_the_account_and_gives_the_role_once() -> None:
    first = run("Chef@exemple.test", name="Cheffe de projet")
    again = run("chef@exemple.test")
    user = User.objects.get(email="chef@exemple.test")
    assert (first["account_made"], again["account_made"]) == (True, False)
    assert user.region_roles == {RegionRole.ADMINISTRATOR}
    assert user.display_name == "Cheffe de projet"
    assert not user.has_usable_password()
    assert list(user.groups.values_list("name", flat=True)) == ["Moderators"]
    assert events() == ["account.installed", "role.installed"]


@pytest.mark.parametrize("address", ["pas une adresse", "x@", "fermee@exemple.test"])
def test_it_refuses_what_is_no_address_and_a_closed_account(address: str) -> None:
    UserFactory(email="fermee@exemple.test", is_active=False)
    with pytest.raises(CommandError):
        run(address)
    assert (User.objects.count(), events()) == (1, [])


def test_it_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "motdepasse12345")
    with pytest.raises(CommandError, match="plus essayés"):
        call_command("create_administrator", "chef@exemple.test")
    assert User.objects.count() == 0


SEEN = datetime(2024, 3, 15, 10, tzinfo=UTC)
WARNED = datetime(2026, 2, 15, 10, tzinfo=UTC)
ERASED = datetime(2026, 3, 15, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
At = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    def move(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return move


def absent(seen: datetime = SEEN, **values: Any) -> User:
    user: User = UserFactory(last_login=seen, **values)
    User.objects.filter(pk=user.pk).update(date_joined=seen - timedelta(days=9))
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2024-02-29", 24, "2026-02-28"),
    ],
)
def test_months_keep_the_day_or_end_the_month(start: str, months: int, end: str) -> None:
    found = clock.months_later(datetime.fromisoformat(start), months)
    assert found == datetime.fromisoformat(end)


def test_two_warnings_then_erasure(at: At) -> None:
    user = absent(email="absente@exemple.test")
    at(WARNED - SECOND)
    assert accounts.look_after_absent() == (0, 0)
    at(WARNED)
    assert "accounts.inactivity" in duties.run_due()
    assert accounts.look_after_absent() == (0, 0)
    assert letters() == [(user.email, "Votre compte sera effacé le 15 mars 2026")]
    at(ERASED - timedelta(days=7) - SECOND)
    assert accounts.look_after_absent() == (0, 0)
    at(ERASED - timedelta(days=7))
    assert accounts.look_after_absent() == (1, 0)
    assert letters() == [(user.email, "Votre compte sera effacé le 15 mars 2026")]
    at(ERASED - SECOND)
    assert accounts.look_after_absent() == (0, 0)
    at(ERASED)
    assert accounts.look_after_absent() == (0, 1)
    assert accounts.look_after_absent() == (0, 0)
    assert letters() == [("absente@exemple.test", "Votre compte est fermé")]
    gone = User.objects.get(pk=user.pk)
    assert (gone.is_active, gone.display_name, gone.closed_at) == (False, "", ERASED)
    assert "absente" not in str(User.objects.values())
    assert (gone.inactivity_warnings, gone.erased_from) == (0, None)
    assert events() == ["account.warned", "account.warned", "account.erased"]
    assert list(chain_breaches()) == []


def test_a_late_scheduler_still_gives_the_days_announced(at: At) -> None:
    """Who never signed in is counted from the opening of the account."""
    user = absent()
    User.objects.filter(pk=user.pk).update(last_login=None, date_joined=SEEN)
    at(ERASED + timedelta(days=100))
    assert accounts.look_after_absent() == (1, 0)
    user.refresh_from_db()
    assert user.erased_from == user.warned_at + timedelta(days=28)
    at(user.erased_from + timedelta(days=50))
    assert accounts.look_after_absent() == (1, 0)
    user.refresh_from_db()
    assert user.erased_from == user.warned_at + timedelta(days=7)
    at(user.erased_from)
    assert accounts.look_after_absent() == (0, 1)


def test_who_comes_back_begins_anew(at: At, client: Client) -> None:
    user = absent()
    at(WARNED)
    accounts.look_after_absent()
    signed = client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert signed.status_code == 302
    assert letters() == []  # the warning had not left: it would be untrue
    at(ERASED)
    assert accounts.look_after_absent() == (0, 0)
    with pytest.raises(Conflict):
        accounts.erase_absent(user=user, by=SystemActor("scheduler"))
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize("case", ["token", "joined", "region", "demonstration", "closed"])
def test_who_is_left_alone(at: At, case: str) -> None:
    user = absent(
        region="moderator" if case == "region" else None, is_demonstration=case == "demonstration"
    )
    if case == "token":
        ApiToken.objects.create(
            user=user, name="x", sha256="x", created_at=SEEN, expires_at=ERASED, last_used_at=WARNED
        )
    if case == "joined":
        User.objects.filter(pk=user.pk).update(date_joined=WARNED, last_login=None)
    if case == "closed":
        accounts.close(user=user, by=user)
    at(ERASED)
    before = rows("accounts")
    assert accounts.look_after_absent() == (0, 0)
    assert rows("accounts") == before


def test_the_last_referent_of_others_stays_and_stops_nobody(at: At, caplog: Any) -> None:
    referent = MembershipFactory(role=Role.REFERENT, user=absent(SEEN - timedelta(days=1)))
    MembershipFactory(organisation=referent.organisation)
    other = absent()
    for moment in (WARNED, ERASED - timedelta(days=7), ERASED):
        at(moment)
        last = accounts.look_after_absent()
    assert last == (0, 1)
    assert User.objects.get(pk=referent.user_id).is_active
    assert not User.objects.get(pk=other.pk).is_active
    assert "last_referent" in caplog.text
    assert referent.user.email not in caplog.text


def test_nobody_erases_by_hand(at: At) -> None:
    user, administrator = absent(), UserFactory(region="administrator")
    at(ERASED)
    for act in (accounts.warn_absent, accounts.erase_absent):
        with refused(NotAllowed):
            act(user=user, by=administrator)
    with refused(Conflict):
        accounts.erase_absent(user=user, by=SystemActor("scheduler"))


def test_it_costs_the_same_for_one_and_for_three(at: At) -> None:
    at(WARNED)

    def more() -> None:
        absent()
        accounts.look_after_absent()

    assert same_for_three(more, lambda: queries(accounts.look_after_absent)) == [1]
    assert User.objects.filter(inactivity_warnings=1).count() == 3
