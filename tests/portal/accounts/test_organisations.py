"""Organisations: create, describe, rename, attest."""

import pytest
from django.core.exceptions import ValidationError

from portal.accounts.actions import organisations
from portal.accounts.enums import Role
from portal.accounts.models import FormerAddress, Membership, Organisation
from portal.audit.actors import SystemActor
from portal.lib.refusals import NotAllowed
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.portal.accounts.ledger import acts, owed, snapshot

pytestmark = pytest.mark.django_db
SIRET = "73282932000074"


def test_create_makes_the_author_referent() -> None:
    user = UserFactory()
    made = organisations.create(
        name="Bâtir  Sud", kind="company", siret="732 829 320 00074", by=user
    )
    assert (made.slug, made.name, made.siret) == ("batir-sud", "Bâtir Sud", SIRET)
    assert list(made.memberships.values_list("user_id", "role", "left_at")) == [
        (user.pk, Role.REFERENT, None)
    ]
    assert acts() == ["organisation.created"]
    assert owed() == []
    assert user.roles_by_organisation == {made.pk: Role.REFERENT}


def test_create_is_refused_to_the_system_and_to_the_closed() -> None:
    closed = UserFactory(is_active=False)
    for by in (SystemActor("worker"), closed):
        before = snapshot(Organisation, Membership)
        with pytest.raises(NotAllowed):
            organisations.create(name="X", kind="company", by=by)  # type: ignore[arg-type]
        assert snapshot(Organisation, Membership) == before


def test_create_twice_gives_two_addresses() -> None:
    user = UserFactory(region="moderator")  # who may give one name to several
    slugs = [organisations.create(name="Sud", kind="company", by=user).slug for _ in range(3)]
    assert slugs == ["sud", "sud-2", "sud-3"]


def test_a_siret_belongs_to_one_organisation() -> None:
    user = UserFactory()
    organisations.create(name="A", kind="company", siret=SIRET, by=user)
    before = snapshot(Organisation, Membership)
    with pytest.raises(organisations.SiretTaken):
        organisations.create(name="B", kind="company", siret=SIRET, by=user)
    assert snapshot(Organisation, Membership) == before


def test_a_wrong_siret_is_refused() -> None:
    with pytest.raises(ValidationError, match="clé de contrôle"):
        organisations.create(name="B", kind="company", siret="73282932000075", by=UserFactory())


def test_a_renamed_organisation_keeps_its_former_address() -> None:
    referent = MembershipFactory(role=Role.REFERENT, organisation__name="Ancien")
    organisation = referent.organisation
    former = organisation.slug
    named = organisations.describe(organisation=organisation, by=referent.user, name="Nouveau")
    assert (named.slug, named.name, named.former_names) == ("nouveau", "Nouveau", ["Ancien"])
    assert list(FormerAddress.objects.values_list("slug", "organisation_id")) == [
        (former, organisation.pk)
    ]
    assert organisations.free_slug(former) != former
    assert acts() == ["organisation.described"]


def test_describe_is_refused_to_editors() -> None:
    editor = MembershipFactory(role=Role.EDITOR)
    before = snapshot(Organisation, FormerAddress)
    with pytest.raises(NotAllowed):
        organisations.describe(organisation=editor.organisation, by=editor.user, name="Y")
    assert snapshot(Organisation, FormerAddress) == before


def test_the_same_description_writes_nothing() -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    before = snapshot(Organisation)
    organisations.describe(
        organisation=referent.organisation, by=referent.user, name=referent.organisation.name
    )
    assert snapshot(Organisation) == before


def test_the_region_attests_and_takes_back() -> None:
    organisation, moderator = OrganisationFactory(), UserFactory(region="moderator")
    seen = organisations.attest(
        organisation=organisation, badges=["verified", "data_producer"], by=moderator
    )
    assert seen.badges == ["data_producer", "verified"]
    assert seen.verified_at is not None
    again = organisations.attest(
        organisation=organisation, badges=["data_producer", "verified"], by=moderator
    )
    assert again.verified_at == seen.verified_at
    back = organisations.attest(organisation=organisation, badges=[], by=moderator)
    assert (back.badges, back.verified_at) == ([], None)
    assert acts() == ["organisation.attested", "organisation.attested"]


def test_nobody_attests_their_own_organisation() -> None:
    moderator = UserFactory(region="moderator")
    place = MembershipFactory(user=moderator, role=Role.REFERENT)
    before = snapshot(Organisation)
    for by in (moderator, UserFactory(), MembershipFactory(role=Role.REFERENT).user):
        with pytest.raises(NotAllowed):
            organisations.attest(organisation=place.organisation, badges=["verified"], by=by)
    assert [row for row in snapshot(Organisation)[0] if row["id"] == place.organisation_id] == [
        row for row in before[0] if row["id"] == place.organisation_id
    ]
    assert acts() == []
