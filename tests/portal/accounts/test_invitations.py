"""Invitations and requests: bound, single-use, dated."""

from datetime import timedelta

import pytest
from django.core import signing

from portal.accounts.actions import invitations
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, JoinRequest, Membership, User
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, Hidden, Invalid, NotAllowed
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.portal.accounts.ledger import acts, owed, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def referent() -> Membership:
    return MembershipFactory(role=Role.REFERENT)


@pytest.fixture
def invited() -> User:
    return UserFactory(email="invitee@exemple.test")


@pytest.fixture
def invitation(referent: Membership) -> Invitation:
    return invitations.send(
        organisation=referent.organisation,
        email="Invitee@exemple.test",
        role=Role.EDITOR,
        by=referent.user,
    )


def test_send(referent: Membership, invitation: Invitation) -> None:
    assert (invitation.email, invitation.role) == ("invitee@exemple.test", Role.EDITOR)
    assert invitation.expires_at - invitation.created_at == timedelta(days=7)
    assert acts() == ["invitation.sent"]
    assert owed() == [("mail.invitation", {"invitation_id": invitation.pk})]


def test_send_twice_is_refused(referent: Membership, invitation: Invitation) -> None:
    before = snapshot(Invitation)
    with pytest.raises(Conflict):
        invitations.send(
            organisation=referent.organisation,
            email="invitee@exemple.test",
            role=Role.CONTRIBUTOR,
            by=referent.user,
        )
    assert snapshot(Invitation) == before


def test_send_again_once_expired(referent: Membership, invitation: Invitation) -> None:
    Invitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    again = invitations.send(
        organisation=referent.organisation,
        email="invitee@exemple.test",
        role=Role.EDITOR,
        by=referent.user,
    )
    assert again.pk != invitation.pk


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR])
def test_only_referents_invite(referent: Membership, role: str) -> None:
    member = MembershipFactory(organisation=referent.organisation, role=role)
    before = snapshot(Invitation)
    for by in (member.user, UserFactory(), UserFactory(region="administrator")):
        with pytest.raises(NotAllowed):
            invitations.send(
                organisation=referent.organisation, email="a@exemple.test", role=Role.EDITOR, by=by
            )
    assert snapshot(Invitation) == before


def test_no_invitation_makes_a_referent_or_promotes_a_member(referent: Membership) -> None:
    member = MembershipFactory(organisation=referent.organisation)
    with pytest.raises(Invalid):
        invitations.send(
            organisation=referent.organisation,
            email="a@exemple.test",
            role=Role.REFERENT,
            by=referent.user,
        )
    with pytest.raises(Conflict):
        invitations.send(
            organisation=referent.organisation,
            email=member.user.email,
            role=Role.EDITOR,
            by=referent.user,
        )
    assert Invitation.objects.count() == 0


def test_accept_once(invitation: Invitation, invited: User) -> None:
    place = invitations.accept(invitation=invitation, by=invited)
    assert (place.organisation, place.user, place.role) == (
        invitation.organisation,
        invited,
        Role.EDITOR,
    )
    assert acts() == ["invitation.sent", "invitation.accepted"]
    before = snapshot(Membership, Invitation)
    with pytest.raises(Conflict):
        invitations.accept(invitation=invitation, by=invited)
    assert snapshot(Membership, Invitation) == before


def test_accept_is_bound_to_the_address(invitation: Invitation) -> None:
    before = snapshot(Membership, Invitation)
    for by in (UserFactory(), invitation.invited_by):
        with pytest.raises(NotAllowed):
            invitations.accept(invitation=invitation, by=by)
    assert snapshot(Membership, Invitation) == before


@pytest.mark.parametrize(("late", "taken"), [(-1, True), (0, False), (1, False)])
def test_accept_until_the_last_millisecond(
    invitation: Invitation,
    invited: User,
    monkeypatch: pytest.MonkeyPatch,
    late: int,
    taken: bool,
) -> None:
    at = invitation.expires_at + timedelta(milliseconds=late)
    monkeypatch.setattr(clock, "now", lambda: at)
    if taken:
        invitations.accept(invitation=invitation, by=invited)
    else:
        with pytest.raises(Closed):
            invitations.accept(invitation=invitation, by=invited)
    assert Membership.objects.filter(user=invited).exists() is taken


def test_who_left_cannot_use_the_old_invitation_again(
    invitation: Invitation, invited: User
) -> None:
    from portal.accounts.actions import organisations  # noqa: PLC0415  # test

    invitations.accept(invitation=invitation, by=invited)
    organisations.leave(organisation=invitation.organisation, by=invited)
    with pytest.raises(Conflict):
        invitations.accept(invitation=invitation, by=invited)
    assert invited.roles_by_organisation == {}


def test_withdraw_and_refuse(referent: Membership, invitation: Invitation, invited: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.withdraw(invitation=invitation, by=invited)
    invitations.withdraw(invitation=invitation, by=referent.user)
    for act in (invitations.accept, invitations.refuse):
        with pytest.raises(Conflict):
            act(invitation=invitation, by=invited)
    assert acts() == ["invitation.sent", "invitation.withdrawn"]


def test_refuse(invitation: Invitation, invited: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.refuse(invitation=invitation, by=UserFactory())
    invitations.refuse(invitation=invitation, by=invited)
    assert acts() == ["invitation.sent", "invitation.refused"]


def test_the_token_names_its_row_and_fits_its_target(invitation: Invitation) -> None:
    token = invitations.token_of(invitation)
    assert invitations.by_token(token).pk == invitation.pk
    forged = [
        "",
        token[:-1],
        token.replace(str(invitation.public_id)[:8], "00000000"),
        signing.Signer(salt="another").sign(token),
    ]
    for bad in forged:
        with pytest.raises(Hidden):
            invitations.by_token(bad)
    Invitation.objects.filter(pk=invitation.pk).update(email="other@exemple.test")
    with pytest.raises(Hidden):
        invitations.by_token(token)
    Invitation.objects.filter(pk=invitation.pk).update(
        email="invitee@exemple.test", organisation=OrganisationFactory()
    )
    with pytest.raises(Hidden):
        invitations.by_token(token)


def test_ask_and_be_let_in(referent: Membership) -> None:
    user = UserFactory()
    request = invitations.ask(organisation=referent.organisation, by=user, message="Bonjour")
    assert owed() == [
        ("mail.join_request", {"request_id": request.pk, "user_id": referent.user_id})
    ]
    with pytest.raises(Conflict):
        invitations.ask(organisation=referent.organisation, by=user)
    place = invitations.accept_request(request=request, by=referent.user)
    assert (place.user, place.role) == (user, Role.CONTRIBUTOR)
    assert acts() == ["join_request.sent", "join_request.accepted"]
    assert owed()[1:] == [("mail.join_request_answer", {"request_id": request.pk})]
    before = snapshot(Membership, JoinRequest)
    with pytest.raises(Conflict):
        invitations.accept_request(request=request, by=referent.user)
    with pytest.raises(NotAllowed):
        invitations.ask(organisation=referent.organisation, by=user)
    assert snapshot(Membership, JoinRequest) == before


def test_only_referents_answer_requests(referent: Membership) -> None:
    editor = MembershipFactory(organisation=referent.organisation, role=Role.EDITOR)
    user = UserFactory()
    request = invitations.ask(organisation=referent.organisation, by=user)
    before = snapshot(Membership, JoinRequest)
    for by in (user, editor.user, MembershipFactory(role=Role.REFERENT).user):
        with pytest.raises(NotAllowed):
            invitations.accept_request(request=request, by=by)
        with pytest.raises(NotAllowed):
            invitations.refuse_request(request=request, by=by)
    assert snapshot(JoinRequest) == before[1:]
    invitations.refuse_request(request=request, by=referent.user)
    assert acts() == ["join_request.sent", "join_request.refused"]
    invitations.ask(organisation=referent.organisation, by=user)
