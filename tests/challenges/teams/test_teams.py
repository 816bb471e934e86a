"""Taking part: the rules, one team a person, invitations that serve once; pages and API alike."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from challenges.models import (
    Challenge,
    Leaderboard,
    Registration,
    Team,
    TeamInvitation,
    TeamMember,
)
from challenges.teams.actions import teams
from challenges.teams.enums import TeamRole, TeamState
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import MembershipFactory, UserFactory, bearer, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    StandingFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)
from tests.factories.letters import letters
from tests.ledger import events as acts

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    return ChallengeFactory(opened=True)


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return TeamFactory(challenge=challenge)


def invited(team: Team, email: str = "claire@exemple.test") -> TeamInvitation:
    return teams.invite(team=team, email=email, by=captain_of(team))


def join(invitation: TeamInvitation, email: str = "claire@exemple.test") -> Team:
    person = accepted_person(invitation.team.challenge, UserFactory(email=email))
    token = invitation.token
    return teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)


@pytest.mark.parametrize(
    ("allowed", "blocked", "welcome"),
    [
        ([], [], True),
        (["exemple.test"], [], True),
        (["autre.test"], [], False),
        ([], ["EXEMPLE.test"], False),
    ],
)
def test_domains_filter_addresses(
    challenge: Challenge, allowed: list[str], blocked: list[str], welcome: bool
) -> None:
    Challenge.objects.update(allowed_domains=allowed, blocked_domains=blocked)
    person = UserFactory()
    if welcome:
        assert teams.accept_terms(challenge=challenge, by=person)
    else:
        with pytest.raises(NotAllowed):
            teams.accept_terms(challenge=challenge, by=person)


def test_rules_not_accepted_close_the_door(challenge: Challenge) -> None:
    person = UserFactory()
    challenge.registrations.create(user=person, state="accepted", at=clock.now())
    with refuses(NotAllowed, "terms_required"):
        teams.create(challenge=challenge, name="A", by=person)


def test_an_invitation_is_sent_once_an_address(team: Team) -> None:
    first = invited(team)
    assert invited(team, " CLAIRE@exemple.test ") == first
    token = first.token
    assert token not in str(TeamInvitation.objects.values().get())
    assert [row.ids for row in Outbox.objects.all()] == [{"invitation_id": first.pk}]
    assert acts() == ["team.invited"]


def test_letters_of_invitations_are_bounded(team: Team) -> None:
    """Inviting and taking back in turn writes three times a day to an address, twenty in all."""
    by = captain_of(team)
    invited = ["a@exemple.fr"] * 3 + [f"b{n}@exemple.fr" for n in range(17)]
    for number, email in enumerate(invited):
        sent = teams.invite(team=team, email=email, by=by)
        teams.revoke_invitation(invitation=sent, by=by)
        if number in {2, 19}:
            with refuses(QuotaSpent, "invitations_day") as refused:
                teams.invite(team=team, email="a@exemple.fr" if number == 2 else "c@e.fr", by=by)
            assert refused.value.facts["next_opening"] > clock.now()
    assert team.invitations.count() == 20


@pytest.mark.parametrize("why", ["another address", "late", "revoked", "used"])
def test_an_invitation_that_does_not_hold_is_unknown(team: Team, why: str) -> None:
    invitation = invited(team)
    if why == "late":
        TeamInvitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif why == "revoked":
        teams.revoke_invitation(invitation=invitation, by=captain_of(team))
    elif why == "used":
        assert join(invitation) == team
        assert acts()[-1] == "team.joined"
    with pytest.raises(Hidden):
        join(invitation, *["paul@exemple.test"] * (why in {"another address", "used"}))
    assert team.members.count() == 1 + (why == "used")


def test_a_guessed_or_swapped_token_is_unknown(team: Team) -> None:
    invitation = invited(team)
    other = invited(TeamFactory(challenge=team.challenge), "claire@exemple.test")
    person = accepted_person(team.challenge, UserFactory(email="claire@exemple.test"))
    for token in ("", "x", other.token):
        with pytest.raises(Hidden):
            teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)
    with pytest.raises(Hidden):
        teams.accept_invitation(public_id=uuid4(), token="x", by=person)


def test_a_full_team_takes_nobody(team: Team) -> None:
    Challenge.objects.update(team_max=2)
    first, second = invited(team), invited(team, "paul@exemple.test")
    join(first)
    assert Team.objects.get().state == TeamState.FULL
    with refuses(Conflict, "team_full"):
        join(second, "paul@exemple.test")
    assert TeamMember.objects.filter(left_at__isnull=True).count() == 2


def test_the_captain_who_leaves_hands_over(team: Team) -> None:
    join(invited(team))
    captain = captain_of(team)
    teams.leave(team=team, by=captain)
    assert [member.user.email for member in team.members.filter(left_at=None)] == [
        "claire@exemple.test"
    ]
    assert team.members.get(left_at=None).role == TeamRole.CAPTAIN
    with pytest.raises(NotAllowed):
        teams.leave(team=team, by=captain)


@pytest.mark.parametrize("stage", ["entered", "new", "disqualified"])
def test_whoever_left_a_team_that_entered_joins_no_other(team: Team, stage: str) -> None:
    if stage == "entered":
        EntryFactory(enrolment__team=team, enrolment__phase=team.challenge.phases.get())
    elif stage == "disqualified":
        Team.objects.update(state=TeamState.DISQUALIFIED)
        team.refresh_from_db()
    person = captain_of(team)
    teams.leave(team=team, by=person)
    if stage != "disqualified":
        with refuses(Conflict, "left_a_team") if stage == "entered" else nullcontext():
            teams.create(challenge=team.challenge, name="Autre", by=person)
    state = {"entered": TeamState.OPEN, "new": TeamState.WITHDRAWN}.get(stage, stage)
    assert Team.objects.get(pk=team.pk).state == state


def test_one_form_accepts_the_rules_and_makes_the_team(
    client: Client, challenge: Challenge, person: User
) -> None:
    assert "Une équipe par personne." in Client().get(url_of(challenge, "rules")).text
    page = url_of(challenge, "team")
    assert f'value="{person.display_name}"' in client.get(page).text
    name = {"name": "Éclair"}
    for wrong in ({}, {"terms": 1}, {"terms": 9, "accepted": "on"}):  # no tick, other rules
        assert client.post(page, name | wrong).status_code == 422
    assert not challenge.registrations.exists()
    sent = client.post(page, name | {"terms": 1, "accepted": "on"})
    assert sent["Location"] == url_of(challenge, "entries")
    registration = challenge.registrations.get()
    assert (registration.user, registration.terms.number) == (person, 1)
    assert Team.objects.get().has_captain(person)
    assert "Règlement accepté" in client.get(url_of(challenge, "rules")).text
    membership = MembershipFactory(organisation__name="Éclair")
    again = signed_in(membership.user).get(page).text
    assert 'value="Éclair 2"' in again  # of the organisation, free


def test_a_name_is_taken_once(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    client.post(url_of(challenge, "team"), {"name": "Éclair"})
    assert "Capitaine" in client.get(url_of(challenge, "team")).text
    other = signed_in(accepted_person(challenge))
    sent = other.post(url_of(challenge, "team"), {"name": "eclair"})
    assert sent.status_code == 409
    assert '<div id="id_name_error">' in sent.text
    assert "Ce nom d’équipe est déjà pris." in sent.text
    assert 'value="eclair"' in sent.text
    other.post(url_of(challenge, "team"), {"name": "Foudre"})
    assert other.post(url_of(challenge, "team_name"), {"name": "eclair"}).status_code == 409
    other.post(url_of(challenge, "team_name"), {"name": "Grêle"})
    assert sorted(Team.objects.values_list("name", flat=True)) == ["Grêle", "Éclair"]
    assert acts("team.renamed") == ["team.renamed"]
    Challenge.objects.update(status="closed")
    assert other.post(url_of(challenge, "team_name"), {"name": "Pluie"}).status_code == 409


def test_captain_invites_and_withdraws(client: Client, challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    client.force_login(captain_of(team))
    client.post(url_of(challenge, "team_invite"), {"email": "autre@exemple.fr"})
    invitation = TeamInvitation.objects.get()
    assert "autre@exemple.fr" in client.get(url_of(challenge, "team")).text
    client.post(url_of(challenge, "team_revoke", invitation.public_id))
    assert "autre@exemple.fr" not in client.get(url_of(challenge, "team")).text
    wrong = client.post(url_of(challenge, "team_invite"), {"email": "pas une adresse"})
    assert (wrong.status_code, 'value="pas une adresse"' in wrong.text) == (422, True)


def invitation_link(challenge: Challenge, email: str) -> str:
    """Invite an address and return the link of the letter."""
    invitation = invited(TeamFactory(challenge=challenge), email)
    return url_of(challenge, "team_join", invitation.public_id, invitation.token)


def test_an_invited_person_accepts_the_rules_and_joins_at_once(
    client: Client, challenge: Challenge, person: User
) -> None:
    link = invitation_link(challenge, person.email)
    asked = client.get(url_of(challenge, "team"), follow=True).text  # an invitation comes first
    assert f"« {Team.objects.get().name} »" in asked.replace("\xa0", " ")
    assert f'action="{link}"' in asked
    other = signed_in(UserFactory())
    assert "pour une autre adresse" in other.get(link).text
    terms = {"terms": 1, "accepted": "on"}
    assert other.post(link, terms).status_code == 404
    assert client.post(link).status_code == 422
    client.post(link, terms)
    assert Team.objects.get().has_member(person)
    assert client.post(link).status_code == 404


def test_whoever_has_the_link_of_a_team_joins_it_until_it_is_changed(
    client: Client, challenge: Challenge, person: User
) -> None:
    team = TeamFactory(challenge=challenge)
    captain = signed_in(captain_of(team))
    captain.post(url_of(challenge, "team_link"))
    former = url_of(challenge, "team_code", Team.objects.get().join_code)
    captain.post(url_of(challenge, "team_link"))
    link = url_of(challenge, "team_code", Team.objects.get().join_code)
    assert link in captain.get(url_of(challenge, "team")).text
    assert client.post(former, {"terms": 1, "accepted": "on"}).status_code == 404
    code = link.split("/")[-2]
    for given in (code, code.upper(), f" https://portail.example{link}", f"{link}?utm=x#equipe"):
        assert client.post(url_of(challenge, "team"), {"link": given}).headers["Location"] == link
    wrong = client.post(url_of(challenge, "team"), {"link": former})
    assert (wrong.status_code, "vérifiez-le auprès d’elle" in wrong.text) == (422, True)
    assert team.name in client.get(link).text
    client.post(link, {"terms": 1, "accepted": "on"})
    assert team.has_member(person)
    assert link not in client.get(url_of(challenge, "team")).text  # the captain gives it
    assert client.post(url_of(challenge, "team_link"), {"close": "1"}).status_code == 403
    captain.post(url_of(challenge, "team_link"), {"close": "1"})
    assert signed_in(UserFactory()).get(link).status_code == 404


def test_a_wrong_link_of_a_letter_is_written_down_wherever_it_is_given(
    client: Client, challenge: Challenge, person: User
) -> None:
    link = invitation_link(challenge, "autre@exemple.test")
    wrong = f"{link[:-9]}xxxxxxxx/"
    page = client.post(url_of(challenge, "team"), {"link": wrong})
    assert (page.status_code, acts()[-1]) == (422, "access.denied")
    assert wrong in page.text
    assert "vérifiez-le auprès d’elle" in page.text


def test_past_its_tries_a_code_is_told_to_wait_not_to_be_unknown(
    client: Client, team: Team, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("api", "views.pages"):
        monkeypatch.setattr(f"challenges.teams.{place}.may_ask", lambda *_asked, **_how: False)
    code = teams.open_link(team=team, by=captain_of(team)).join_code
    asked = post(client, "teams/join", {"link": code}, bearer(person, TokenScope.TEAM))
    assert (asked.status_code, asked.json()["code"]) == (429, "too_many_requests")
    given = client.post(url_of(team.challenge, "team"), {"link": code})
    shown = client.get(url_of(team.challenge, "team_code", code))
    assert (given.status_code, shown.status_code) == (429, 429)


def test_the_link_of_a_team_ends_with_a_removal_and_with_the_challenge(
    client: Client, challenge: Challenge, person: User
) -> None:
    team = TeamFactory(challenge=challenge)
    code = teams.open_link(team=team, by=captain_of(team)).join_code
    link = url_of(challenge, "team_code", code)
    client.post(link, {"terms": 1, "accepted": "on"})
    teams.remove_member(team=team, person=person, by=captain_of(team))
    assert client.post(link, {"terms": 1, "accepted": "on"}).status_code == 404
    assert not team.has_member(person)
    code = teams.open_link(team=team, by=captain_of(team)).join_code
    Challenge.objects.update(status="closed")
    challenge.refresh_from_db()
    with refuses(Conflict, "team_fixed"):
        teams.join(link=code, by=person)
    with refuses(Conflict, "team_fixed"):
        teams.open_link(team=team, by=captain_of(team))


def test_leave_and_remove(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    client.post(invitation_link(challenge, person.email))
    team = Team.objects.get()
    captain = signed_in(captain_of(team))
    member = team.members.get(user=person)
    removal = url_of(challenge, "team_remove", member.pk)
    assert person.display_name in captain.get(removal).text
    assert team.has_member(person)  # asking removes nobody
    assert client.post(removal).status_code == 403
    captain.post(removal)
    assert not team.has_member(person)
    assert captain.post(removal).status_code == 404
    asked = captain.get(url_of(challenge, "team_leave"))
    assert "vous ne pourrez pas rejoindre une autre équipe" in asked.text
    assert team.members.filter(left_at__isnull=True).count() == 1
    captain.post(url_of(challenge, "team_leave"))
    assert team.members.filter(left_at__isnull=True).count() == 0


def test_captain_hands_over(client: Client, challenge: Challenge, person: User) -> None:
    team = TeamFactory(challenge=challenge)
    member = team.members.create(
        challenge=challenge, user=accepted_person(challenge, person), joined_at=clock.now()
    )
    link = url_of(challenge, "team_captain", member.pk)
    assert client.get(link).status_code == client.post(link).status_code == 403  # not a captain
    former = captain_of(team)
    client.force_login(former)
    assert "Vous resterez membre de l’équipe." in client.get(link).text
    client.post(link)
    assert captain_of(team) == person
    assert team.has_member(former)
    assert letters() == [(person.email, f"Challenge « {challenge.title} » : vous êtes capitaine")]
    assert client.post(link).status_code == 403


def test_names_of_members_and_of_the_team_stand_on_the_board_unless_it_is_anonymous(
    client: Client, challenge: Challenge
) -> None:
    row = StandingFactory(entry__enrolment__team=TeamFactory(challenge=challenge, name="Mistral"))
    name, board = captain_of(row.team).display_name, url_of(challenge, "standings")
    assert name not in client.get(board).text
    Team.objects.update(show_members=True)
    assert name in client.get(board).text
    Leaderboard.objects.update(anonymous=True)
    assert name not in client.get(board).text
    client.force_login(captain_of(row.team))
    seen = client.get(board).text.replace("\xa0", " ")
    assert "Mistral" in seen
    assert f"« {row.team.alias_in(row.leaderboard.phase)} » pour les autres" in seen
    page = client.get(url_of(challenge, "team")).text
    assert f"vous nomme « {row.team.alias_in(row.leaderboard.phase)} »" in page.replace("\xa0", " ")
    other = signed_in(captain_of(TeamFactory(challenge=challenge)))
    key = Leaderboard.objects.get().key
    for path in (
        *(url_of(challenge, f"standings{form}") for form in ("", "_csv", "_json")),
        url_of(challenge, "presentation"),
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}",
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}.csv",
    ):
        for reader in (other, Client()):
            answer = reader.get(path)
            assert answer.status_code == 200, path
            assert "Mistral" not in answer.text, path


def post(client: Client, path: str, body: Any, headers: dict[str, str]) -> Any:
    address = f"/api/v1/{path}"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_the_rules_that_were_read_are_accepted_then_a_team_is_made(
    client: Client, challenge: Challenge, person: User
) -> None:
    rules, path = (f"challenges/{challenge.slug}/{each}" for each in ("terms/acceptance", "teams"))
    headers = bearer(person)
    early = post(client, path, {"name": "Les Pins"}, headers)
    assert (early.status_code, early.json()["code"]) == (403, "terms_required")
    stale = post(client, rules, {"number": 2}, headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "terms_changed")
    assert Registration.objects.count() == 0
    told = post(client, rules, {"number": 1}, headers)
    assert told.json() == {"challenge": challenge.slug, "state": "accepted", "terms": 1}
    assert post(client, rules, {"number": 1}, headers).status_code == 200
    registration = challenge.registrations.get()
    assert (registration.user, registration.terms.number) == (person, 1)
    assert acts()[-2:] == ["challenge.joined", "terms.accepted"]
    made = post(client, path, {"name": " Les  Pins "}, headers)
    team = Team.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": str(team.public_id),
        "challenge": challenge.slug,
        "name": "Les Pins",
        "slug": "les-pins",
        "state": "open",
        "members": [{"name": person.display_name, "role": "captain"}],
    }
    own = client.get(f"/api/v1/challenges/{challenge.slug}/team", headers=headers)
    assert own.json() == made.json()
    assert acts().count("team.created") == 1
    second = post(client, path, {"name": "Autre"}, headers)
    assert (second.status_code, second.json()["code"]) == (409, "one_team")
    assert Team.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{"name": name} for name in ("", "  ", "…", "x" * 81)] + [{}, {"name": "A", "captain": 1}],
)
def test_a_team_without_a_name_is_refused(client: Client, body: dict[str, Any]) -> None:
    challenge = ChallengeFactory(opened=True)
    headers = bearer(accepted_person(challenge))
    assert post(client, f"challenges/{challenge.slug}/teams", body, headers).status_code == 422
    assert Team.objects.count() == 0


def test_a_captain_invites_into_the_own_team(client: Client) -> None:
    team = TeamFactory()
    path, headers = f"teams/{team.public_id}/invitations", bearer(captain_of(team))
    made = post(client, path, {"email": "A@exemple.test"}, headers)
    invitation = TeamInvitation.objects.get()
    assert made.status_code == 201
    assert made.json()["email"] == "a@exemple.test"
    assert invitation.token not in made.text
    assert post(client, path, {"email": "x"}, headers).status_code == 422
    other = bearer(captain_of(TeamFactory(challenge=team.challenge)))
    assert post(client, path, {"email": "b@exemple.test"}, other).status_code == 404
    assert TeamInvitation.objects.count() == 1


def test_the_scope_is_asked_of_each_act(client: Client) -> None:
    team = TeamFactory()
    reader = bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
    slug = team.challenge.slug
    for path, body in (
        (f"challenges/{slug}/terms/acceptance", {"number": 1}),
        (f"challenges/{slug}/teams", {"name": "B"}),
        (f"teams/{team.public_id}/invitations", {"email": "b@exemple.test"}),
    ):
        told = post(client, path, body, reader)
        assert (told.status_code, told.json()["scope"]) == (403, "team")
    writer = bearer(captain_of(team), TokenScope.TEAM)
    told = client.get(f"/api/v1/challenges/{slug}/team", headers=writer)
    assert (told.status_code, told.json()["scope"]) == (403, "read")
