"""The Region's roles: two persons, the back office groups, the ends of sessions."""

import pytest

from portal.accounts.actions import appointments
from portal.accounts.enums import ProposalKind, RegionRole
from portal.accounts.models import RegionAppointment, RoleProposal, User
from portal.audit.actors import SystemActor
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import UserFactory
from tests.portal.accounts.ledger import acts, owed, snapshot

pytestmark = pytest.mark.django_db
SYSTEM = SystemActor("opening")


@pytest.fixture
def first() -> User:
    return UserFactory(region=RegionRole.ADMINISTRATOR)


@pytest.fixture
def second() -> User:
    return UserFactory(region=RegionRole.ADMINISTRATOR)


@pytest.fixture
def person() -> User:
    return UserFactory()


def propose(by: User, person: User, kind: str = ProposalKind.GIVE) -> RoleProposal:
    return appointments.propose(
        kind=kind, user=person, role=RegionRole.MODERATOR, reason="Renfort", by=by
    )


def test_a_role_takes_two(first: User, second: User, person: User) -> None:
    proposal = propose(first, person)
    assert person.region_roles == frozenset()
    assert owed() == [("mail.role_proposed", {"proposal_id": proposal.pk, "user_id": second.pk})]
    appointments.confirm(proposal=proposal, by=second)
    fresh = User.objects.get(pk=person.pk)
    assert fresh.region_roles == {RegionRole.MODERATOR}
    assert list(fresh.groups.values_list("name", flat=True)) == ["Editors"]
    assert fresh.has_perm("wagtailadmin.access_admin")
    assert fresh.session_epoch == 1
    assert acts() == ["role.proposed", "role.given"]
    assert owed()[1:] == [("mail.role_changed", {"proposal_id": proposal.pk})]
    appointment = fresh.region_appointments.get()
    assert (appointment.given_by, appointment.confirmed_by) == (
        first.person_key,
        second.person_key,
    )


def test_the_proposer_and_the_person_cannot_answer(first: User, person: User) -> None:
    chosen = UserFactory(region=RegionRole.ADMINISTRATOR)
    proposal = propose(first, chosen)
    before = snapshot(RegionAppointment, RoleProposal)
    for by in (first, chosen, person, UserFactory(region=RegionRole.MODERATOR)):
        for answer in (appointments.confirm, appointments.refuse):
            with pytest.raises(NotAllowed):
                answer(proposal=proposal, by=by)
    assert snapshot(RoleProposal) == before[1:]


def test_only_administrators_propose_and_not_for_themselves(first: User, person: User) -> None:
    before = snapshot(RoleProposal)
    for by, user in (
        (person, UserFactory()),
        (UserFactory(region=RegionRole.MODERATOR), person),
        (first, first),
    ):
        with pytest.raises(NotAllowed):
            propose(by, user)
    assert snapshot(RoleProposal) == before


def test_a_proposal_is_answered_once(first: User, second: User, person: User) -> None:
    proposal = propose(first, person)
    appointments.refuse(proposal=proposal, by=second)
    for answer in (appointments.confirm, appointments.refuse):
        with pytest.raises(Conflict):
            answer(proposal=proposal, by=second)
    assert acts() == ["role.proposed", "role.refused"]
    assert not person.region_appointments.exists()


def test_withdraw_is_the_proposers(first: User, second: User, person: User) -> None:
    proposal = propose(first, person)
    with pytest.raises(NotAllowed):
        appointments.withdraw(proposal=proposal, by=second)
    appointments.withdraw(proposal=proposal, by=first)
    assert acts() == ["role.proposed", "role.withdrawn"]


def test_a_role_ends_by_two_and_closes_the_back_office(first: User, second: User) -> None:
    moderator = UserFactory()
    appointments.install(user=moderator, role=RegionRole.MODERATOR, by=SYSTEM)
    with pytest.raises(Conflict):
        propose(first, moderator)
    proposal = propose(first, moderator, ProposalKind.END)
    with pytest.raises(Conflict):
        propose(second, moderator, ProposalKind.END)
    appointments.confirm(proposal=proposal, by=second)
    fresh = User.objects.get(pk=moderator.pk)
    assert (fresh.region_roles, fresh.groups.count()) == (frozenset(), 0)
    assert not fresh.has_perm("wagtailadmin.access_admin")
    assert acts() == ["role.installed", "role.proposed", "role.ended"]


def test_install_is_for_the_system_and_happens_once(first: User, person: User) -> None:
    with pytest.raises(NotAllowed):
        appointments.install(user=person, role=RegionRole.DPO, by=first)
    made = appointments.install(user=person, role=RegionRole.DPO, by=SYSTEM)
    again = appointments.install(user=person, role=RegionRole.DPO, by=SYSTEM)
    assert (made.pk, acts()) == (again.pk, ["role.installed"])
    assert person.groups.count() == 0


@pytest.mark.parametrize(
    ("role", "group"),
    [
        (RegionRole.ADMINISTRATOR, ["Moderators"]),
        (RegionRole.MODERATOR, ["Editors"]),
        (RegionRole.OFFICER, []),
        (RegionRole.APPROVER, []),
        (RegionRole.DPO, []),
        (RegionRole.AUDITOR, []),
    ],
)
def test_who_enters_the_back_office(person: User, role: RegionRole, group: list[str]) -> None:
    appointments.install(user=person, role=role, by=SYSTEM)
    assert list(person.groups.values_list("name", flat=True)) == group
