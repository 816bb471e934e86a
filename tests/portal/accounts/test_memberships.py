"""Places in organisations: roles, departures, handing over, the last referent."""

import pytest

from portal.accounts.actions import organisations
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Organisation, Transfer, User
from portal.lib.immutable import WriteRefused
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.portal.accounts.ledger import acts, owed, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation() -> Organisation:
    return OrganisationFactory()


@pytest.fixture
def referent(organisation: Organisation) -> Membership:
    return MembershipFactory(organisation=organisation, role=Role.REFERENT)


@pytest.fixture
def member(organisation: Organisation) -> Membership:
    return MembershipFactory(organisation=organisation, role=Role.CONTRIBUTOR)


def roles(organisation: Organisation) -> dict[int, str]:
    return dict(organisation.memberships.live().values_list("user_id", "role"))


def test_change_role(referent: Membership, member: Membership) -> None:
    organisations.change_role(membership=member, role=Role.EDITOR, by=referent.user)
    assert roles(member.organisation) == {
        referent.user_id: Role.REFERENT,
        member.user_id: Role.EDITOR,
    }
    assert acts() == ["membership.role_changed"]
    assert owed() == [("mail.membership_role", {"membership_id": member.pk})]
    assert User.objects.get(pk=member.user_id).session_epoch == 1


def test_the_same_role_writes_nothing(referent: Membership, member: Membership) -> None:
    before = snapshot(Membership, User)
    organisations.change_role(membership=member, role=Role.CONTRIBUTOR, by=referent.user)
    assert snapshot(Membership, User) == before


def test_only_referents_change_roles_and_not_their_own(
    referent: Membership, member: Membership
) -> None:
    stranger = MembershipFactory(role=Role.REFERENT)
    before = snapshot(Membership, User)
    for by, target in (
        (member.user, referent),
        (member.user, member),
        (referent.user, referent),
        (stranger.user, member),
        (UserFactory(region="administrator"), member),
    ):
        with pytest.raises(NotAllowed):
            organisations.change_role(membership=target, role=Role.REFERENT, by=by)
    assert snapshot(Membership)[0] == before[0]
    assert acts() == []


def test_remove(referent: Membership, member: Membership) -> None:
    organisations.remove(membership=member, by=referent.user)
    assert roles(member.organisation) == {referent.user_id: Role.REFERENT}
    assert acts() == ["membership.removed"]
    assert owed() == [("mail.membership_ended", {"membership_id": member.pk})]
    with pytest.raises(NotAllowed):
        organisations.remove(membership=member, by=referent.user)
    assert acts() == ["membership.removed"]


def test_leave(referent: Membership, member: Membership) -> None:
    organisations.leave(organisation=member.organisation, by=member.user)
    assert roles(member.organisation) == {referent.user_id: Role.REFERENT}
    assert acts() == ["membership.left"]
    assert owed() == []
    with pytest.raises(NotAllowed):
        organisations.leave(organisation=member.organisation, by=member.user)


def test_the_last_referent_stays(referent: Membership, member: Membership) -> None:
    before = snapshot(Membership, User)
    with pytest.raises(organisations.LastReferent):
        organisations.leave(organisation=referent.organisation, by=referent.user)
    assert snapshot(Membership, User) == before


def test_two_referents_cannot_both_go(referent: Membership, organisation: Organisation) -> None:
    second = MembershipFactory(organisation=organisation, role=Role.REFERENT)
    organisations.change_role(membership=referent, role=Role.EDITOR, by=second.user)
    with pytest.raises(organisations.LastReferent):
        organisations.leave(organisation=organisation, by=second.user)
    assert roles(organisation) == {referent.user_id: Role.EDITOR, second.user_id: Role.REFERENT}


def test_who_left_may_come_back(referent: Membership, member: Membership) -> None:
    organisations.leave(organisation=member.organisation, by=member.user)
    again = organisations.add(organisation=member.organisation, user=member.user, role=Role.EDITOR)
    assert again.pk != member.pk


def test_transfer_changes_both_roles(referent: Membership, member: Membership) -> None:
    offer = organisations.offer_transfer(
        organisation=member.organisation, receiver=member.user, by=referent.user
    )
    assert owed() == [("mail.transfer_offered", {"transfer_id": offer.pk})]
    organisations.accept_transfer(transfer=offer, by=member.user)
    assert roles(member.organisation) == {
        referent.user_id: Role.EDITOR,
        member.user_id: Role.REFERENT,
    }
    assert acts() == ["transfer.offered", "transfer.accepted"]
    with pytest.raises(Conflict):
        organisations.accept_transfer(transfer=offer, by=member.user)
    assert acts() == ["transfer.offered", "transfer.accepted"]


def test_transfer_is_answered_by_its_receiver_only(
    referent: Membership, member: Membership
) -> None:
    other = MembershipFactory(organisation=member.organisation)
    offer = organisations.offer_transfer(
        organisation=member.organisation, receiver=member.user, by=referent.user
    )
    before = snapshot(Membership, Transfer)
    for by in (referent.user, other.user, UserFactory()):
        with pytest.raises(NotAllowed):
            organisations.accept_transfer(transfer=offer, by=by)
    assert snapshot(Membership, Transfer)[0][:3] == before[0][:3]
    organisations.refuse_transfer(transfer=offer, by=member.user)
    assert acts() == ["transfer.offered", "transfer.refused"]
    assert roles(member.organisation)[referent.user_id] == Role.REFERENT


def test_transfer_falls_with_the_role_of_its_giver(
    referent: Membership, member: Membership, organisation: Organisation
) -> None:
    second = MembershipFactory(organisation=organisation, role=Role.REFERENT)
    offer = organisations.offer_transfer(
        organisation=organisation, receiver=member.user, by=referent.user
    )
    organisations.change_role(membership=referent, role=Role.CONTRIBUTOR, by=second.user)
    with pytest.raises(Conflict):
        organisations.accept_transfer(transfer=offer, by=member.user)
    assert roles(organisation)[member.user_id] == Role.CONTRIBUTOR


def test_one_transfer_at_a_time_and_to_members(referent: Membership, member: Membership) -> None:
    with pytest.raises(Conflict):
        organisations.offer_transfer(
            organisation=member.organisation, receiver=UserFactory(), by=referent.user
        )
    organisations.offer_transfer(
        organisation=member.organisation, receiver=member.user, by=referent.user
    )
    with pytest.raises(Conflict):
        organisations.offer_transfer(
            organisation=member.organisation, receiver=member.user, by=referent.user
        )
    assert Transfer.objects.count() == 1


def test_no_other_code_writes_a_place(member: Membership) -> None:
    member.role = Role.REFERENT
    with pytest.raises(WriteRefused):
        member.save()
    with pytest.raises(WriteRefused):
        Membership.objects.filter(pk=member.pk).update(role=Role.REFERENT)
    with pytest.raises(WriteRefused):
        member.delete()
