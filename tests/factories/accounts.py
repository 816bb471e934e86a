"""People and organisations in the states that tests need.

`UserFactory()` has a confirmed address and the password `PASSWORD`;
`UserFactory(region="moderator")` holds a role of the Region;
`MembershipFactory(role="referent")` makes a person and an organisation.
"""

from collections.abc import Callable, Iterable
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from portal.accounts.actions import accounts
from portal.accounts.enums import OrganisationKind, RegionRole, Role, TokenScope
from portal.accounts.models import Membership, Organisation, RegionAppointment, User
from portal.accounts.space import Item, ItemSource, shown
from portal.lib import clock
from portal.lib.immutable import writes

PASSWORD = "quatre-mots-sans-lien-verger"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person whose address is confirmed."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"personne{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@exemple.test")
    display_name = factory.Sequence(lambda n: f"Personne {n}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def confirmed(self, create: bool, extracted: bool | None, **_: Any) -> None:
        if create:
            EmailAddress.objects.create(
                user=self, email=self.email, verified=extracted is not False, primary=True
            )

    @factory.post_generation
    def region(self, create: bool, extracted: str | list[str] | None, **_: Any) -> None:
        roles = [extracted] if isinstance(extracted, str) and extracted else extracted or []
        with writes(RegionAppointment):
            for role in roles if create else ():
                RegionAppointment.objects.create(
                    user=self,
                    role=RegionRole(role),
                    given_by="system:test",
                    given_at=clock.now(),
                )


class OrganisationFactory(factory.django.DjangoModelFactory[Organisation]):
    """An organisation without members."""

    class Meta:
        model = Organisation

    slug = factory.Sequence(lambda n: f"organisation-{n}")
    name = factory.Sequence(lambda n: f"Organisation {n}")
    kind = OrganisationKind.ASSOCIATION
    created_at = factory.LazyFunction(clock.now)


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    """A live place of a person in an organisation."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.CONTRIBUTOR
    joined_at = factory.LazyFunction(clock.now)

    @classmethod
    def _create(cls, model_class: type[Membership], *args: Any, **kwargs: Any) -> Membership:
        with writes(Membership):
            return super()._create(model_class, *args, **kwargs)


def bearer(user: User, *scopes: TokenScope) -> dict[str, str]:
    """Make a token of these scopes, all by default; return the headers that show it."""
    made = accounts.create_token(name="essai", scopes=scopes or TokenScope, days=30, by=user)
    return {"Authorization": f"Bearer {made.secret}"}


def items(provider: Callable[[User], Iterable[ItemSource]], user: User) -> list[Item]:
    """Give what a provider shows of a person in their space, their roles read again."""
    person = User.objects.get(pk=user.pk)
    return shown(person, provider(person))[0]


def signed_in(user: User) -> Client:
    """Give a browser in which a person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def sign_in(client: Client, user: User) -> Client:
    """Open a session by the real door, which knows for a while that it is they."""
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client
