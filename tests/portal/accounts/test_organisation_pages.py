"""Pages of organisations and of the Region's roles."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts import space
from portal.accounts.actions import appointments, invitations, organisations
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership, Organisation, RoleProposal
from portal.audit.actors import SystemActor
from tests.factories.accounts import (
    PASSWORD,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_left() -> None:
    cache.clear()


def sign_in(client: Client, user: Any) -> Client:
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client


def address(name: str, place: Membership, *more: Any) -> str:
    return reverse(name, args=[place.organisation.slug, *more])


def test_create_and_stay_signed_in(client: Client) -> None:
    sign_in(client, UserFactory())
    answer = client.post(reverse("organisation_create"), {"name": "Bâtir Sud", "kind": "company"})
    assert answer.headers["Location"] == "/organisations/batir-sud/membres/"
    assert client.get("/organisations/batir-sud/membres/").status_code == 200


def test_create_shows_what_is_wrong(client: Client) -> None:
    sign_in(client, UserFactory())
    answer = client.post(reverse("organisation_create"), {"name": "A", "kind": "x", "siret": "123"})
    assert answer.status_code == 200
    assert sorted(answer.context["form"].errors) == ["kind", "name", "siret"]
    assert Organisation.objects.count() == 0


def test_a_taken_number_is_told_in_the_form(client: Client) -> None:
    OrganisationFactory(siret="73282932000074")
    sign_in(client, UserFactory())
    answer = client.post(
        reverse("organisation_create"),
        {"name": "Autre", "kind": "company", "siret": "732 829 320 00074"},
    )
    assert list(answer.context["form"].errors) == ["siret"]


def test_the_public_page_shows_no_person(client: Client) -> None:
    place = MembershipFactory(
        role=Role.REFERENT, user__display_name="Canari Secret", user__email="canari@exemple.test"
    )
    for path in (address("organisation", place), reverse("organisations")):
        body = client.get(path).content.decode()
        assert "anari" not in body
        assert place.organisation.name in body
    assert "1 membre" in client.get(reverse("organisations")).content.decode().replace(
        "\u202f", " "
    ).replace("\xa0", " ")


def test_a_former_address_leads_to_the_new_one(client: Client) -> None:
    place = MembershipFactory(role=Role.REFERENT)
    former = address("organisation", place)
    organisations.describe(organisation=place.organisation, by=place.user, name="Nouveau nom")
    answer = client.get(former)
    assert (answer.status_code, answer.headers["Location"]) == (
        301,
        "/organisations/nouveau-nom/",
    )
    assert client.get("/organisations/jamais-vue/").status_code == 404


@pytest.mark.parametrize(
    ("who", "status", "reads"),
    [
        ("referent", 200, True),
        ("editor", 200, False),
        ("stranger", 404, False),
        ("referent elsewhere", 404, False),
        ("moderator", 200, False),
        ("administrator", 200, True),
        ("dpo", 200, True),
    ],
)
def test_who_reads_members_and_their_addresses(
    client: Client, who: str, status: int, reads: bool
) -> None:
    place = MembershipFactory(user__email="canari@exemple.test")
    organisation = place.organisation
    user = {
        "referent": lambda: MembershipFactory(organisation=organisation, role="referent").user,
        "editor": lambda: MembershipFactory(organisation=organisation, role="editor").user,
        "stranger": UserFactory,
        "referent elsewhere": lambda: MembershipFactory(role="referent").user,
    }.get(who, lambda: UserFactory(region=who))()
    answer = sign_in(client, user).get(address("organisation_members", place))
    assert answer.status_code == status
    assert ("canari@exemple.test" in answer.content.decode()) is reads


@pytest.mark.parametrize(
    "name", ["organisation_edit", "organisation_role", "organisation_remove", "organisation_invite"]
)
def test_only_referents_act_on_members(client: Client, name: str) -> None:
    place = MembershipFactory(role=Role.EDITOR)
    more = [place.user.public_id] if name in {"organisation_role", "organisation_remove"} else []
    sign_in(client, place.user)
    before = list(Membership.objects.values())
    answer = client.post(address(name, place, *more), {"role": "referent", "email": "a@b.test"})
    assert answer.status_code == 403
    assert list(Membership.objects.values()) == before
    assert Invitation.objects.count() == 0


def test_a_member_of_another_organisation_cannot_be_reached(client: Client) -> None:
    place, other = MembershipFactory(role=Role.REFERENT), MembershipFactory()
    sign_in(client, place.user)
    for name in ("organisation_role", "organisation_remove", "organisation_transfer"):
        answer = client.post(address(name, place, other.user.public_id), {"role": "editor"})
        assert answer.status_code == 404
    offer = invitations.send(
        organisation=MembershipFactory(role=Role.REFERENT).organisation,
        email="a@b.test",
        role=Role.EDITOR,
        by=Membership.objects.order_by("-pk")[0].user,
    )
    answer = client.post(address("organisation_invitation_withdraw", place, offer.public_id))
    assert answer.status_code == 404


def test_invite_then_accept(client: Client) -> None:
    place = MembershipFactory(role=Role.REFERENT)
    sign_in(client, place.user)
    answer = client.post(
        address("organisation_invite", place), {"email": "Invitee@exemple.test", "role": "editor"}
    )
    assert answer.status_code == 302
    again = client.post(
        address("organisation_invite", place), {"email": "invitee@exemple.test", "role": "editor"}
    )
    assert list(again.context["form"].errors) == ["email"]
    offer = Invitation.objects.get()
    path = reverse("invitation", args=[invitations.token_of(offer)])
    visitor = Client()
    assert visitor.get(path).status_code == 200
    assert visitor.post(path, {"answer": "accepted"}).status_code == 403
    wrong = sign_in(Client(), UserFactory())
    assert "autre adresse" in wrong.get(path).content.decode()
    assert wrong.post(path, {"answer": "accepted"}).status_code == 403
    right = sign_in(Client(), UserFactory(email="invitee@exemple.test"))
    assert "Rejoindre" in right.get(path).content.decode()
    assert right.post(path, {"answer": "accepted"}).status_code == 302
    assert right.post(path, {"answer": "accepted"}).status_code == 409
    assert right.get("/espace/").status_code == 200
    assert place.organisation.memberships.live().count() == 2


def test_the_region_attests_from_the_page(client: Client) -> None:
    place = MembershipFactory(role=Role.REFERENT)
    moderator = sign_in(Client(), UserFactory(region="moderator"))
    path = address("organisation_attest", place)
    assert moderator.post(path, {"badges": ["verified"]}).status_code == 302
    assert Organisation.objects.get().badges == ["verified"]
    assert sign_in(client, place.user).post(path, {"badges": []}).status_code == 403
    assert Organisation.objects.get().badges == ["verified"]


def test_leave_asks_first(client: Client) -> None:
    place = MembershipFactory()
    sign_in(client, place.user)
    path = address("organisation_leave", place)
    assert client.get(path).status_code == 200
    assert Membership.objects.live().count() == 1
    assert client.post(path).headers["Location"] == reverse("my_organisations")
    assert Membership.objects.live().count() == 0
    assert client.get("/espace/").status_code == 200


def test_roles_by_two_on_the_page(client: Client) -> None:
    person = UserFactory()
    first = sign_in(Client(), UserFactory(region="administrator"))
    second = sign_in(Client(), UserFactory(region="administrator"))
    assert sign_in(client, person).get(reverse("region_roles")).status_code == 403
    first.post(
        reverse("region_roles"),
        {"person": person.email, "kind": "give", "role": "moderator", "reason": "Renfort"},
    )
    proposal = RoleProposal.objects.get()
    path = reverse("region_role_answer", args=[proposal.public_id])
    assert "Retirer ma proposition" in first.get(reverse("region_roles")).content.decode()
    assert first.post(path, {"answer": "accepted"}).status_code == 403
    assert client.post(path, {"answer": "accepted"}).status_code == 403
    assert second.post(path, {"answer": "accepted"}).status_code == 302
    assert person.region_appointments.get().role == "moderator"
    assert second.post(path, {"answer": "accepted"}).status_code == 409


def test_roles_in_an_organisation_by_two_on_the_page(client: Client) -> None:
    place = MembershipFactory(role=Role.CONTRIBUTOR)
    first = sign_in(client, UserFactory(region="administrator"))
    second = sign_in(Client(), UserFactory(region="administrator"))
    asked = {"person": place.user.email, "kind": "give", "role": "referent", "reason": "Départ"}
    refused = first.post(reverse("region_roles"), asked)
    assert "sinon un rôle de membre" in refused.content.decode()
    asked["organisation"] = str(place.organisation.pk)
    assert first.post(reverse("region_roles"), {**asked, "role": "dpo"}).status_code == 200
    assert not RoleProposal.objects.exists()
    assert first.post(reverse("region_roles"), asked).status_code == 302
    assert place.organisation.name in second.get(reverse("region_roles")).content.decode()
    path = reverse("region_role_answer", args=[RoleProposal.objects.get().public_id])
    assert first.post(path, {"answer": "accepted"}).status_code == 403
    assert second.post(path, {"answer": "accepted"}).status_code == 302
    place.refresh_from_db()
    assert place.role == Role.REFERENT


def test_the_roles_page_asks_who_is_there(client: Client) -> None:
    client.force_login(UserFactory(region="administrator"))
    answer = client.get(reverse("region_roles"))
    assert answer.headers["Location"].startswith("/compte/identite/")


def test_space_shows_what_apps_registered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "_providers", {name: {} for name in space.SECTIONS})
    space.register("todo", lambda user: [space.Item(title="Répondre à la relecture", url="/x/")])
    sign_in(client, UserFactory())
    assert "Répondre à la relecture" in client.get("/espace/").content.decode()
    with pytest.raises(ValueError, match="unknown section"):
        space.register("nowhere", lambda user: [])


@pytest.mark.parametrize("name", ["organisations", "organisation_members", "my_organisations"])
def test_the_number_of_queries_does_not_grow(client: Client, name: str) -> None:
    place = MembershipFactory(role=Role.REFERENT)
    sign_in(client, place.user)
    path = address(name, place) if name == "organisation_members" else reverse(name)
    client.get(path)  # the first page of a session dates it
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        counts.append(len(captured))
        for _ in range(2):
            MembershipFactory(organisation=place.organisation)
            MembershipFactory(user=place.user)
            invitations.ask(organisation=place.organisation, by=UserFactory())
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize(
    ("role", "enters"),
    [("moderator", True), ("administrator", True), ("dpo", False), ("auditor", False), ("", False)],
)
def test_who_enters_the_back_office(client: Client, role: str, enters: bool) -> None:
    user = UserFactory()
    if role:
        appointments.install(user=user, role=role, by=SystemActor("opening"))
    answer = sign_in(client, user).get("/admin/", follow=True)
    assert answer.status_code == (200 if enters else 403)
    door = client.get("/admin/login/?next=/admin/", follow=True)
    assert (door.status_code, door.request["PATH_INFO"] == "/admin/") == (
        (200, True) if enters else (403, False)
    )
    for path in ("/admin/users/", "/admin/groups/", "/admin/account/"):
        assert client.get(path).status_code == 404


def test_the_space_lists_what_waits(client: Client) -> None:
    referent = MembershipFactory(role=Role.REFERENT, organisation__name="Bâtir Sud")
    other = MembershipFactory(role=Role.REFERENT, organisation__name="Cadre Nord")
    invitations.ask(organisation=referent.organisation, by=UserFactory(display_name="Zoé"))
    invitations.send(
        organisation=other.organisation,
        email=referent.user.email,
        role=Role.EDITOR,
        by=other.user,
    )
    body = sign_in(client, referent.user).get("/espace/").content.decode()
    assert "Répondre à la demande de Zoé" in body
    assert "Cadre" in body
    assert "Zoé" not in sign_in(Client(), other.user).get("/espace/").content.decode()
