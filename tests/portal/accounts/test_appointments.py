"""The Region's roles: two persons, the back office groups, the ends of sessions."""

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from portal.accounts.actions import appointments, organisations
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.enums import ProposalKind, RegionRole
from portal.accounts.models import Membership, Organisation, RoleProposal, User
from portal.audit.actors import SystemActor
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.letters import delivered
from tests.ledger import events, owed_ids
from tests.ledger import refused_of_accounts as refused

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
    assert owed_ids() == [
        ("mail.role_proposed", {"proposal_id": proposal.pk, "user_id": second.pk})
    ]
    appointments.confirm(proposal=proposal, by=second)
    fresh = User.objects.get(pk=person.pk)
    assert fresh.region_roles == {RegionRole.MODERATOR}
    assert list(fresh.groups.values_list("name", flat=True)) == ["Editors"]
    assert fresh.has_perm("wagtailadmin.access_admin")
    assert fresh.session_epoch == 1
    assert events() == ["role.proposed", "role.given"]
    assert owed_ids()[1:] == [("mail.role_changed", {"proposal_id": proposal.pk})]
    appointment = fresh.region_appointments.get()
    assert (appointment.given_by, appointment.confirmed_by) == (
        first.person_key,
        second.person_key,
    )


def test_only_administrators_propose_and_neither_they_nor_the_person_answer(
    first: User, person: User
) -> None:
    for by, user in (
        (person, UserFactory()),
        (UserFactory(region=RegionRole.MODERATOR), person),
        (first, first),
    ):
        with refused(NotAllowed):
            propose(by, user)
    chosen = UserFactory(region=RegionRole.ADMINISTRATOR)
    proposal = propose(first, chosen)
    for by in (first, chosen, person, UserFactory(region=RegionRole.MODERATOR)):
        for answer in (appointments.confirm, appointments.refuse):
            with refused(NotAllowed):
                answer(proposal=proposal, by=by)


def test_a_proposal_is_answered_once(first: User, second: User, person: User) -> None:
    proposal = propose(first, person)
    appointments.refuse(proposal=proposal, by=second)
    for answer in (appointments.confirm, appointments.refuse):
        with refused(Conflict):
            answer(proposal=proposal, by=second)
    assert events() == ["role.proposed", "role.refused"]
    assert not person.region_appointments.exists()


def test_a_proposer_who_lost_the_role_proposes_nothing(
    first: User, second: User, person: User
) -> None:
    proposal = propose(first, person)
    appointments._end(first, RegionRole.ADMINISTRATOR)
    with refused(Conflict, code="proposer_left"):
        appointments.confirm(proposal=proposal, by=second)


def test_withdraw_is_the_proposers(first: User, second: User, person: User) -> None:
    proposal = propose(first, person)
    with pytest.raises(NotAllowed):
        appointments.withdraw(proposal=proposal, by=second)
    appointments.withdraw(proposal=proposal, by=first)
    assert events() == ["role.proposed", "role.withdrawn"]


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
    assert events() == ["role.installed", "role.proposed", "role.ended"]


def test_install_is_for_the_system_and_happens_once(first: User, person: User) -> None:
    with pytest.raises(NotAllowed):
        appointments.install(user=person, role=RegionRole.DPO, by=first)
    made = appointments.install(user=person, role=RegionRole.DPO, by=SYSTEM)
    again = appointments.install(user=person, role=RegionRole.DPO, by=SYSTEM)
    assert (made.pk, events()) == (again.pk, ["role.installed"])
    assert person.groups.count() == 0


def in_place(by: User, membership: Membership, role: str, kind: str = "give") -> RoleProposal:
    return appointments.propose(
        kind=kind,
        user=membership.user,
        role=role,
        reason="Référente partie",
        organisation=membership.organisation,
        by=by,
    )


def places(organisation: Organisation) -> list[tuple[str, str]]:
    live = Membership.objects.live().filter(organisation=organisation).order_by("pk")
    return list(live.values_list("user__email", "role"))


def test_a_role_in_an_organisation_takes_two_administrators(first: User, second: User) -> None:
    place = MembershipFactory(role="contributor")
    proposal = in_place(first, place, "referent")
    assert places(place.organisation) == [(place.user.email, "contributor")]
    delivered()
    appointments.confirm(proposal=proposal, by=second)
    assert places(place.organisation) == [(place.user.email, "referent")]
    fresh = User.objects.get(pk=place.user_id)
    assert (fresh.session_epoch, fresh.region_roles) == (1, frozenset())
    assert events() == ["role.proposed", "role.given"]
    assert owed_ids() == [
        ("mail.role_proposed", {"proposal_id": proposal.pk, "user_id": second.pk}),
        ("mail.role_changed", {"proposal_id": proposal.pk}),
    ]
    delivered()
    asked, told = mail.outbox
    name = place.organisation.name
    assert f"Référente ou référent » à {place.user}, dans l’organisation « {name} »" in asked.body
    assert told.subject == "Votre rôle dans une organisation a changé"
    assert f"« Référente ou référent » dans l’organisation « {name} »" in told.body


def test_a_stranger_gets_a_place_and_loses_it_by_two(
    first: User, second: User, person: User
) -> None:
    kept = MembershipFactory(role="referent")
    new = Membership(user=person, organisation=kept.organisation)
    appointments.confirm(proposal=in_place(first, new, "editor"), by=second)
    assert places(kept.organisation) == [(kept.user.email, "referent"), (person.email, "editor")]
    with pytest.raises(Conflict):  # held already
        in_place(first, new, "editor")
    appointments.confirm(proposal=in_place(second, new, "editor", "end"), by=first)
    assert places(kept.organisation) == [(kept.user.email, "referent")]
    assert events() == ["role.proposed", "role.given", "role.proposed", "role.ended"]


@pytest.mark.parametrize(("badges", "left"), [([], False), (["data_producer"], False), ([], True)])
def test_the_first_member_that_the_region_gives_verifies_what_it_wrote(
    first: User, second: User, badges: list[str], left: bool
) -> None:
    """A producer stays listed, its cards tied; what people made and left waits as before."""
    organisation = OrganisationFactory(badges=badges)
    if left:
        MembershipFactory(organisation=organisation, left_at=clock.now())
    new = Membership(user=UserFactory(), organisation=organisation)
    appointments.confirm(proposal=in_place(first, new, "referent"), by=second)
    listed = Organisation.objects.listed().filter(pk=organisation.pk)
    assert listed.exists() is not left
    assert events()[1:] == [*["organisation.attested"] * (not left), "role.given"]
    if not left:
        assert listed.get().badges == sorted([*badges, "verified"])


def test_nobody_answers_alone_in_an_organisation(first: User, second: User) -> None:
    place = MembershipFactory(role="editor")
    chosen = MembershipFactory(role="editor", user=second)
    for by in (place.user, UserFactory(region=RegionRole.MODERATOR)):
        with refused(NotAllowed):
            in_place(by, chosen, "referent")
    proposal = in_place(first, chosen, "referent")
    for by in (first, second, place.user):
        with refused(NotAllowed):
            appointments.confirm(proposal=proposal, by=by)


def test_an_organisation_keeps_a_referent_whoever_decides(first: User, second: User) -> None:
    place = MembershipFactory(role="referent")
    MembershipFactory(organisation=place.organisation, role="editor")
    for role, kind in (("editor", "give"), ("referent", "end")):
        proposal = in_place(first, place, role, kind)
        with refused(organisations.LastReferent):
            appointments.confirm(proposal=proposal, by=second)
        appointments.refuse(proposal=proposal, by=second)


def test_a_proposal_for_a_place_that_ended_meanwhile_changes_nothing(
    first: User, second: User
) -> None:
    referent = MembershipFactory(role="referent")
    place = MembershipFactory(organisation=referent.organisation, role="editor")
    proposal = in_place(first, place, "editor", "end")
    organisations.remove(membership=place, by=referent.user)
    with refused(Conflict, code="nothing_to_change"):
        appointments.confirm(proposal=proposal, by=second)


def test_one_proposal_waits_for_a_person_in_an_organisation(first: User, second: User) -> None:
    place = MembershipFactory(role="contributor")
    elsewhere = MembershipFactory(user=place.user, role="contributor")
    in_place(first, place, "editor")
    with refused(Conflict, code="proposal_waiting"):
        in_place(second, place, "referent")
    in_place(first, elsewhere, "editor")
    assert RoleProposal.objects.filter(answer="").count() == 2


@pytest.mark.parametrize("role", ["moderator", "nobody"])
def test_a_role_of_the_region_is_not_held_in_an_organisation(first: User, role: str) -> None:
    with pytest.raises(ValueError, match="valid"):
        in_place(first, MembershipFactory(), role)


def test_nobody_becomes_a_superuser_whatever_process_writes() -> None:
    person = UserFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(is_superuser=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="racine", email="r@exemple.test", is_superuser=True)


def test_a_closed_account_keeps_no_right_of_its_role() -> None:
    person = UserFactory(region="moderator")
    assert has_permission(person, Permission.CHALLENGE_PUBLISH)
    person.is_active = False
    assert not has_permission(person, Permission.CHALLENGE_PUBLISH)
