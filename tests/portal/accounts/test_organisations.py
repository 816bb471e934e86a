"""Organisations: create, describe, name, attest; places in them, invitations, their pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from portal.accounts import names, space
from portal.accounts.actions import appointments, invitations, organisations
from portal.accounts.enums import Role
from portal.accounts.models import (
    FormerAddress,
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    RoleProposal,
    User,
)
from portal.accounts.names import clean_siret
from portal.audit.actors import SystemActor
from portal.lib import clock
from portal.lib.immutable import WriteRefused
from portal.lib.refusals import Closed, Conflict, Hidden, Invalid, NotAllowed, QuotaSpent
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
    items,
    sign_in,
)
from tests.ledger import cost, events, owed_ids, rows, same_for_three
from tests.ledger import refused_of_accounts as refused

pytestmark = pytest.mark.django_db


SIRET = "73282932000074"


def test_create_makes_a_person_with_an_open_account_referent() -> None:
    closed = UserFactory(is_active=False)
    for by in (SystemActor("worker"), closed):
        with refused(NotAllowed):
            organisations.create(name="X", kind="company", by=by)  # type: ignore[arg-type]
    user = UserFactory()
    made = organisations.create(
        name="Bâtir  Sud", kind="company", siret="732 829 320 00074", by=user
    )
    assert (made.slug, made.name, made.siret) == ("batir-sud", "Bâtir Sud", SIRET)
    assert list(made.memberships.values_list("user_id", "role", "left_at")) == [
        (user.pk, Role.REFERENT, None)
    ]
    assert events() == ["organisation.created"]
    assert owed_ids() == []
    assert user.roles_by_organisation == {made.pk: Role.REFERENT}


def test_create_twice_gives_two_addresses() -> None:
    user = UserFactory(region="moderator")  # who may give one name to several
    slugs = [organisations.create(name="Sud", kind="company", by=user).slug for _ in range(3)]
    assert slugs == ["sud", "sud-2", "sud-3"]


def test_a_siret_belongs_to_one_organisation() -> None:
    user = UserFactory()
    organisations.create(name="A", kind="company", siret=SIRET, by=user)
    with refused(organisations.SiretTaken):
        organisations.create(name="B", kind="company", siret=SIRET, by=user)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("", ""),
        ("732 829 320 00074", "73282932000074"),
        ("732829320", "732829320"),
        ("35600000049837", "35600000049837"),
    ],
)
def test_numbers_that_hold(raw: str, kept: str) -> None:
    assert clean_siret(raw) == kept


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("73282932000075", "siret_key"),
        ("732829321", "siret_key"),
        ("abc", "siret_length"),
        ("٧٣٢٨٢٩٣٢٠", "siret_length"),
    ],
)
def test_numbers_that_do_not(raw: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        organisations.create(name="B", kind="company", siret=raw, by=UserFactory())
    assert refusal.value.code == code


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
    before = rows("accounts")
    organisations.describe(organisation=organisation, by=referent.user, name="Nouveau")
    assert rows("accounts") == before
    assert events() == ["organisation.described"]


def test_the_region_attests_and_nobody_their_own_organisation() -> None:
    moderator = UserFactory(region="moderator")
    place = MembershipFactory(user=moderator, role=Role.REFERENT)
    for by in (moderator, UserFactory(), MembershipFactory(role=Role.REFERENT).user):
        with refused(NotAllowed):
            organisations.attest(organisation=place.organisation, badges=["verified"], by=by)
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
    assert events() == ["organisation.attested", "organisation.attested"]


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


def test_referents_change_roles_and_not_their_own(referent: Membership, member: Membership) -> None:
    stranger = MembershipFactory(role=Role.REFERENT)
    for by, target in (
        (member.user, referent),
        (member.user, member),
        (referent.user, referent),
        (stranger.user, member),
        (UserFactory(region="administrator"), member),
    ):
        with refused(NotAllowed):
            organisations.change_role(membership=target, role=Role.REFERENT, by=by)
    organisations.change_role(membership=member, role=Role.EDITOR, by=referent.user)
    assert roles(member.organisation) == {
        referent.user_id: Role.REFERENT,
        member.user_id: Role.EDITOR,
    }
    assert events() == ["membership.role_changed"]
    assert owed_ids() == [("mail.membership_role", {"membership_id": member.pk})]
    assert User.objects.get(pk=member.user_id).session_epoch == 1
    before = rows("accounts")
    organisations.change_role(membership=member, role=Role.EDITOR, by=referent.user)
    assert rows("accounts") == before


def test_remove(referent: Membership, member: Membership) -> None:
    organisations.remove(membership=member, by=referent.user)
    assert roles(member.organisation) == {referent.user_id: Role.REFERENT}
    assert events() == ["membership.removed"]
    assert owed_ids() == [("mail.membership_ended", {"membership_id": member.pk})]
    with refused(NotAllowed):
        organisations.remove(membership=member, by=referent.user)


def test_leave(referent: Membership, member: Membership) -> None:
    organisations.leave(organisation=member.organisation, by=member.user)
    assert roles(member.organisation) == {referent.user_id: Role.REFERENT}
    assert events() == ["membership.left"]
    assert owed_ids() == []
    with refused(NotAllowed):
        organisations.leave(organisation=member.organisation, by=member.user)


def test_two_referents_cannot_both_go(referent: Membership, organisation: Organisation) -> None:
    second = MembershipFactory(organisation=organisation, role=Role.REFERENT)
    organisations.change_role(membership=referent, role=Role.EDITOR, by=second.user)
    with refused(organisations.LastReferent):
        organisations.leave(organisation=organisation, by=second.user)


def test_who_left_may_come_back(referent: Membership, member: Membership) -> None:
    organisations.leave(organisation=member.organisation, by=member.user)
    again = organisations.add(organisation=member.organisation, user=member.user, role=Role.EDITOR)
    assert again.pk != member.pk


def test_no_other_code_writes_a_place(member: Membership) -> None:
    member.role = Role.REFERENT
    with pytest.raises(WriteRefused):
        member.save()
    with pytest.raises(WriteRefused):
        Membership.objects.filter(pk=member.pk).update(role=Role.REFERENT)
    with pytest.raises(WriteRefused):
        member.delete()


def invite(
    place: Membership, email: str, role: str = Role.EDITOR, *, by: User | None = None
) -> Invitation:
    return invitations.send(
        organisation=place.organisation, email=email, role=role, by=by or place.user
    )


@pytest.fixture
def invited() -> User:
    return UserFactory(email="invitee@exemple.test")


@pytest.fixture
def invitation(referent: Membership) -> Invitation:
    return invite(referent, "Invitee@exemple.test")


def test_an_address_is_invited_once_until_it_expires(
    referent: Membership, invitation: Invitation
) -> None:
    assert (invitation.email, invitation.role) == ("invitee@exemple.test", Role.EDITOR)
    assert invitation.expires_at - invitation.sent_at == timedelta(days=7)
    assert events() == ["invitation.sent"]
    assert owed_ids() == [("mail.invitation", {"invitation_id": invitation.pk})]
    with refused(Conflict):
        invite(referent, "invitee@exemple.test", Role.CONTRIBUTOR)
    Invitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert invite(referent, "invitee@exemple.test").pk != invitation.pk


@pytest.mark.parametrize("addresses", [20 * ["{}@exemple.test"], 3 * ["a@exemple.test"]])
def test_the_letters_of_a_day_are_few(referent: Membership, addresses: list[str]) -> None:
    for number, address in enumerate(addresses):
        invitations.withdraw(invitation=invite(referent, address.format(number)), by=referent.user)
    with refused(QuotaSpent):
        invite(referent, addresses[-1].format("b"))


def test_only_referents_invite_and_nobody_as_a_referent(
    referent: Membership, member: Membership
) -> None:
    editor = MembershipFactory(organisation=referent.organisation, role=Role.EDITOR)
    administrator = UserFactory(region="administrator")
    for by in (member.user, editor.user, UserFactory(), administrator):
        with refused(NotAllowed):
            invite(referent, "a@exemple.test", by=by)
    with refused(Invalid):
        invite(referent, "a@exemple.test", Role.REFERENT)
    with refused(Conflict):
        invite(referent, member.user.email)


def test_accept_is_bound_to_the_address_and_happens_once(
    invitation: Invitation, invited: User
) -> None:
    for by in (UserFactory(), invitation.sent_by):
        with refused(NotAllowed):
            invitations.accept(invitation=invitation, by=by)
    place = invitations.accept(invitation=invitation, by=invited)
    assert (place.organisation, place.user, place.role) == (
        invitation.organisation,
        invited,
        Role.EDITOR,
    )
    assert events() == ["invitation.sent", "invitation.accepted"]
    with refused(Conflict):
        invitations.accept(invitation=invitation, by=invited)
    organisations.leave(organisation=invitation.organisation, by=invited)
    with refused(Conflict):
        invitations.accept(invitation=invitation, by=invited)


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
        with refused(Closed):
            invitations.accept(invitation=invitation, by=invited)
    assert Membership.objects.filter(user=invited).exists() is taken


def test_withdraw_and_refuse(referent: Membership, invitation: Invitation, invited: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.withdraw(invitation=invitation, by=invited)
    invitations.withdraw(invitation=invitation, by=referent.user)
    for act in (invitations.accept, invitations.refuse):
        with pytest.raises(Conflict):
            act(invitation=invitation, by=invited)
    assert events() == ["invitation.sent", "invitation.withdrawn"]


def test_refuse(invitation: Invitation, invited: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.refuse(invitation=invitation, by=UserFactory())
    invitations.refuse(invitation=invitation, by=invited)
    assert events() == ["invitation.sent", "invitation.refused"]


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
    assert owed_ids() == [
        ("mail.join_request", {"request_id": request.pk, "user_id": referent.user_id})
    ]
    with pytest.raises(Conflict):
        invitations.ask(organisation=referent.organisation, by=user)
    place = invitations.accept_request(request=request, by=referent.user)
    assert (place.user, place.role) == (user, Role.CONTRIBUTOR)
    assert events() == ["join_request.sent", "join_request.accepted"]
    assert owed_ids()[1:] == [("mail.join_request_answer", {"request_id": request.pk})]
    with refused(Conflict):
        invitations.accept_request(request=request, by=referent.user)
    with refused(NotAllowed):
        invitations.ask(organisation=referent.organisation, by=user)


def test_two_administrators_answer_who_asks_to_hold_a_page_without_member(client: Client) -> None:
    here, user, late = OrganisationFactory(), UserFactory(), UserFactory()
    one, two = (UserFactory(region="administrator") for _ in range(2))
    join = reverse("organisation_join", args=[here.slug])
    assert join in sign_in(client, user).get(reverse("organisation", args=[here.slug])).text
    assert client.post(join, {"message": "J’y dirige les données."}).status_code == 302
    request = JoinRequest.objects.get()
    assert owed_ids() == [
        ("mail.organisation_claimed", {"request_id": request.pk, "user_id": by.pk})
        for by in (one, two)
    ]
    assert [str(item.detail) for item in items(space.claims, one)] == [
        f"Pour tenir la page de « {here.name} »."
    ]
    assert items(space.claims, user) == []
    with refused(NotAllowed):
        invitations.accept_request(request=request, by=one)
    given = {"kind": "give", "user": user, "role": Role.REFERENT, "organisation": here}
    proposal = appointments.propose(**given, reason="Vérifié par téléphone.", by=one)
    assert items(space.claims, one) == []
    other = invitations.ask(organisation=here, by=late)
    answer = reverse("organisation_request", args=[here.slug, other.public_id])
    assert sign_in(Client(), one).post(answer, {"answer": "accepted"}).status_code == 302
    appointments.confirm(proposal=proposal, by=two)
    assert roles(here) == {user.pk: Role.REFERENT}
    request.refresh_from_db()
    other.refresh_from_db()
    assert (request.answer, request.answered_by, other.answer) == ("accepted", two, "refused")


def test_only_referents_answer_requests(referent: Membership) -> None:
    editor = MembershipFactory(organisation=referent.organisation, role=Role.EDITOR)
    user = UserFactory()
    request = invitations.ask(organisation=referent.organisation, by=user)
    for by in (user, editor.user, MembershipFactory(role=Role.REFERENT).user):
        for answer in (invitations.accept_request, invitations.refuse_request):
            with refused(NotAllowed):
                answer(request=request, by=by)
    invitations.refuse_request(request=request, by=referent.user)
    assert events() == ["join_request.sent", "join_request.refused"]
    invitations.ask(organisation=referent.organisation, by=user)


def test_a_person_asks_to_join_so_many_times_a_day_whatever_is_answered(
    referent: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "WISHES_A_DAY", 1)
    user, other = UserFactory(), OrganisationFactory()
    request = invitations.ask(organisation=referent.organisation, by=user)
    invitations.refuse_request(request=request, by=referent.user)
    with refused(QuotaSpent):
        invitations.ask(organisation=other, by=user)


RESERVED = [
    "Région Provence-Alpes-Côte d'Azur",
    "La Région Provence-Alpes-Côte d’Azur – service emploi",
    "RÉGION  PACA officiel",
    "France Travail",
    "FranceTravail",
    "Franсe Trаvаil",  # Cyrillic letters
    "France Travai1",
    "Fr\u200bance Travail",
    "F r a n c e Travail",
    "MonFranceTravail",
    "Apec\u3164",  # a letter that shows nothing
    "Pole emploi",
    "A.P.E.C.",
    "Mission locale du Pays d’Aix",
    "CAP EMPLOI 13",
    "D.R.E.E.T.S. Paca",
    "Ministère du travail",
    "Préfecture des Bouches-du-Rhône",
]
FREE = [
    "Commission locale de l’eau",
    "Travail et partage",
    "Capital emploi",
    "Franche-Comté Travail",
    "Apecita",
    "Université d’Aix-Marseille",
    "Organisation 5",
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_that_holds_a_reserved_one_is_reserved(name: str) -> None:
    assert names.reserved(name)


@pytest.mark.parametrize("name", FREE)
def test_a_name_that_only_resembles_is_free(name: str) -> None:
    assert names.reserved(name) == ""


@pytest.mark.parametrize("name", ["Les Batisseurs du Sud", "BÂTISSEUR-SUD", "Bаtisseurs  sud."])
def test_names_that_read_alike_pass_for_one_another(name: str) -> None:
    assert names.imitated(name, ["Cap au large", "Bâtisseurs du Sud"]) == "Bâtisseurs du Sud"
    assert names.imitated(f"{name} de Nice", ["Bâtisseurs du Sud"]) == ""


def test_only_the_region_creates_a_reserved_name() -> None:
    with pytest.raises(organisations.NameTaken, match="la Région crée elle-même"):
        organisations.create(name="France  Travail", kind="administration", by=UserFactory())
    with pytest.raises(organisations.NameTaken):
        organisations.create(name="Cadres", acronym="APEC", kind="administration", by=UserFactory())
    assert not Organisation.objects.exists()
    moderator = UserFactory(region="moderator")
    assert organisations.create(name="France Travail", kind="administration", by=moderator)


def test_a_renaming_may_respell_and_leads_to_no_name_of_another() -> None:
    OrganisationFactory(name="Bâtisseurs du Sud", former_names=["Maçons du Var"])
    place = MembershipFactory(role="referent")
    for name in ("batisseurs sud", "Macons du Var", "Afpa"):
        with refused(organisations.NameTaken):
            organisations.describe(organisation=place.organisation, by=place.user, name=name)
    organisation = OrganisationFactory(name="France Travail")
    place = MembershipFactory(role="referent", organisation=organisation)
    renamed = organisations.describe(
        organisation=organisation, by=place.user, name="France Travail Sud", acronym="FT"
    )
    assert renamed.name == "France Travail Sud"


@pytest.mark.parametrize("path", ["create", "edit"])
def test_the_form_says_why_and_whom_to_ask(client: Client, path: str) -> None:
    place = MembershipFactory(role="referent")
    client.force_login(place.user)
    address = reverse("organisation_create")
    if path == "edit":
        address = reverse("organisation_edit", args=[place.organisation.slug])
    answer = client.post(address, {"name": "Pôle emploi", "kind": "administration"})
    assert answer.status_code == 200
    assert "page Contact" in answer.text


def address(name: str, place: Membership, *more: Any) -> str:
    return reverse(name, args=[place.organisation.slug, *more])


def test_create_and_stay_signed_in(client: Client) -> None:
    sign_in(client, UserFactory())
    answer = client.post(reverse("organisation_create"), {"name": "Bâtir Sud", "kind": "company"})
    assert answer.headers["Location"] == "/organisations/batir-sud/membres/"
    assert client.get("/organisations/batir-sud/membres/").status_code == 200


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"name": "A", "kind": "x", "siret": "123"}, ["kind", "name", "siret"]),
        ({"name": "Autre", "kind": "company", "siret": "732 829 320 00074"}, ["siret"]),
    ],
    ids=["all", "taken"],
)
def test_create_shows_what_is_wrong(client: Client, form: dict[str, str], wrong: list[str]) -> None:
    OrganisationFactory(siret=SIRET)
    answer = sign_in(client, UserFactory()).post(reverse("organisation_create"), form)
    assert answer.status_code == 200
    assert sorted(answer.context["form"].errors) == wrong
    assert Organisation.objects.count() == 1


def test_the_public_page_shows_no_person(client: Client) -> None:
    place = MembershipFactory(
        role=Role.REFERENT, user__display_name="Canari Secret", user__email="canari@exemple.test"
    )
    listed = reverse("organisations")
    assert place.organisation.name not in client.get(listed).text  # the Region looks first
    judge = sign_in(Client(), UserFactory(region="moderator"))
    assert "Vérifier 1 organisation" in judge.get("/espace/").text.replace("\xa0", " ")
    assert place.organisation.name in judge.get(f"{listed}?attente=1").text
    Organisation.objects.update(verified_at=clock.now())
    for path in (address("organisation", place), listed):
        body = client.get(path).text
        assert "anari" not in body
        assert place.organisation.name in body
    assert "1 membre" in client.get(reverse("organisations")).text.replace("\u202f", " ").replace(
        "\xa0", " "
    )


def test_a_member_appears_on_the_page_by_choice(client: Client) -> None:
    place = MembershipFactory(user__display_name="Canari")
    MembershipFactory(organisation=place.organisation, user__display_name="Discret")
    sign_in(client, place.user)
    page, choose = address("organisation", place), address("organisation_show", place)
    for shown in (True, False):
        assert client.post(choose, {"shown": "1"} if shown else {}).headers["Location"] == page
        read = Client().get(page).text
        assert ("Canari" in read, "Discret" in read) == (shown, False)
    assert events() == ["membership.shown", "membership.shown"]
    stranger = sign_in(Client(), UserFactory())
    assert stranger.post(choose, {"shown": "1"}).status_code == 403


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
    assert "autre adresse" in wrong.get(path).text
    assert wrong.post(path, {"answer": "accepted"}).status_code == 403
    right = sign_in(Client(), UserFactory(email="invitee@exemple.test"))
    assert "Rejoindre" in right.get(path).text
    assert right.post(path, {"answer": "accepted"}).status_code == 302
    assert right.post(path, {"answer": "accepted"}).status_code == 409
    assert right.get("/espace/").status_code == 200
    assert place.organisation.memberships.live().count() == 2


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
    assert "Retirer ma proposition" in first.get(reverse("region_roles")).text
    assert first.post(path, {"answer": "accepted"}).status_code == 403
    assert client.post(path, {"answer": "accepted"}).status_code == 403
    assert second.post(path, {"answer": "accepted"}).status_code == 302
    assert person.region_appointments.get().role == "moderator"
    assert second.post(path, {"answer": "accepted"}).status_code == 409
    again = {"person": person.email, "kind": "give", "role": "moderator", "reason": "Renfort"}
    assert "ne changerait rien" in first.post(reverse("region_roles"), again).text


def test_roles_in_an_organisation_by_two_on_the_page(client: Client) -> None:
    place = MembershipFactory(role=Role.CONTRIBUTOR)
    first = sign_in(client, UserFactory(region="administrator"))
    second = sign_in(Client(), UserFactory(region="administrator"))
    asked = {"person": place.user.email, "kind": "give", "role": "referent", "reason": "Départ"}
    incomplete = first.post(reverse("region_roles"), asked)
    assert "sinon un rôle de membre" in incomplete.text
    asked["organisation"] = str(place.organisation.pk)
    assert first.post(reverse("region_roles"), {**asked, "role": "dpo"}).status_code == 200
    assert not RoleProposal.objects.exists()
    assert first.post(reverse("region_roles"), asked).status_code == 302
    assert place.organisation.name in second.get(reverse("region_roles")).text


def test_pages_cost_the_same_for_one_and_three(client: Client) -> None:
    place = MembershipFactory(role=Role.REFERENT)
    sign_in(client, place.user)

    def more() -> None:
        MembershipFactory(organisation=place.organisation)
        MembershipFactory(user=place.user)
        invitations.ask(organisation=place.organisation, by=UserFactory())

    paths = [reverse("organisations"), reverse("my_organisations")]
    paths.append(address("organisation_members", place))
    counts = same_for_three(more, *(lambda path=path: cost(client, path) for path in paths))
    assert max(counts) <= 10


def test_one_asks_to_join_and_is_let_in_from_the_pages(client: Client) -> None:
    place, person = MembershipFactory(role=Role.REFERENT), UserFactory(display_name="Zoé")
    join = address("organisation_join", place)
    assert sign_in(client, person).get(join).status_code == 200
    client.post(join, {"message": "Bonjour"})
    answer = address("organisation_request", place, JoinRequest.objects.get().public_id)
    sign_in(Client(), place.user).post(answer, {"answer": "accepted"})
    assert roles(place.organisation)[person.pk] == Role.CONTRIBUTOR


@pytest.mark.parametrize(
    ("role", "enters"),
    [
        *((role, True) for role in ("moderator", "administrator")),
        *((role, False) for role in ("officer", "approver", "dpo", "auditor", "")),
    ],
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


def test_the_space_lists_what_waits(client: Client) -> None:
    referent = MembershipFactory(role=Role.REFERENT, organisation__name="Bâtir Sud")
    other = MembershipFactory(role=Role.REFERENT, organisation__name="Cadre Nord")
    invitations.ask(organisation=referent.organisation, by=UserFactory(display_name="Zoé"))
    invite(other, referent.user.email)
    body = sign_in(client, referent.user).get("/espace/").text
    assert "Répondre à la demande de Zoé" in body
    assert "Cadre" in body
    assert "Zoé" not in sign_in(Client(), other.user).get("/espace/").text
