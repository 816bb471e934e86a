"""Discussions: first words of a new account wait, owners are marked, closing gives its reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalogue.community.actions import discussions
from catalogue.enums import MessageState
from catalogue.models import Discussion, DiscussionMessage, Resource
from portal.accounts.actions import accounts
from portal.accounts.models import Notification, User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.catalogue.ledger import cost, events, refused, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db


def known(**values: Any) -> User:
    """Make a person whose account is old enough to be trusted."""
    made: User = UserFactory(date_joined=clock.now() - timedelta(days=365), **values)
    return made


@pytest.fixture
def card() -> Resource:
    made: Resource = ResourceFactory(published=True, organisation=OrganisationFactory())
    return made


def opened(card: Resource, by: User | None = None, title: str = "Quelle licence ?") -> Discussion:
    by = by or known()
    return discussions.open_discussion(resource=card, title=title, body_md="Je **lis**.", by=by)


def letters() -> list[tuple[int, str]]:
    delivered()
    return list(Notification.objects.order_by("pk").values_list("user", "letter"))


def test_a_known_person_is_read_at_once_and_the_owner_told(client: Client, card: Resource) -> None:
    owner = MembershipFactory(organisation=card.organisation, role="referent").user
    asker = known()
    thread = opened(card, asker)
    said = discussions.answer(discussion=thread, body_md="ODbL.", by=owner)
    assert (said.from_owner, thread.messages.first().from_owner) == (True, False)
    assert letters() == [(owner.pk, "discussion_opened"), (asker.pk, "discussion_answer")]
    page = client.get(thread.path).text
    assert ("<strong>lis</strong>" in page, "Producteur" in page) == (True, True)
    listed = client.get(f"{card.get_absolute_url()}discussions/").text
    assert "Réponse du producteur" in listed


def test_the_first_message_of_a_new_account_waits(client: Client, card: Resource) -> None:
    new, moderator = UserFactory(), make.moderator()
    thread = opened(card, new)
    assert thread.state == MessageState.HELD
    assert letters() == [(moderator.pk, "message_to_review")]
    assert client.get(thread.path).status_code == 404
    client.force_login(new)
    assert "En attente de la Région" in client.get(thread.path).text
    with refused(NotAllowed):
        discussions.accept(message=thread.messages.get(), by=known())
    discussions.accept(message=thread.messages.get(), by=moderator)
    assert Client().get(thread.path).status_code == 200
    assert opened(card, new, "Une autre").state == MessageState.SHOWN


def test_a_verified_organisation_vouches_for_its_members(card: Resource) -> None:
    holder = OrganisationFactory(badges=["verified"], verified_at=clock.now())
    new = MembershipFactory(organisation=holder).user
    assert opened(card, new).state == MessageState.SHOWN


def test_a_hidden_message_leaves_its_place_and_tells_its_author(
    client: Client, card: Resource
) -> None:
    asker = known()
    thread = opened(card, asker)
    said = discussions.answer(discussion=thread, body_md="Achetez ici !", by=known())
    moderator = make.moderator()
    with refused(Invalid):
        discussions.hide(message=said, reason=" ", by=moderator)
    discussions.hide(message=said, reason="Publicité.", by=moderator)
    page = client.get(thread.path).text
    assert ("Achetez ici" in page, "Publicité." in page) == (False, True)
    assert (said.by_id, "message_hidden") in letters()
    with refused(Conflict):
        discussions.hide(message=said, reason="Publicité.", by=moderator)
    discussions.hide(message=thread.messages.first(), reason="Hors sujet.", by=moderator)
    assert client.get(thread.path).status_code == 404
    assert not Notification.objects.filter(path=thread.path).exclude(letter="message_hidden")
    assert events().count("discussion.hidden") == 2


def test_a_moderator_tied_to_the_card_hides_nothing(card: Resource) -> None:
    tied = make.moderator()
    MembershipFactory(user=tied, organisation=card.organisation)
    message = opened(card).messages.get()
    with refused(NotAllowed):
        discussions.hide(message=message, reason="Gênant.", by=User.objects.get(pk=tied.pk))


def test_closing_says_why_and_ends_answers(client: Client, card: Resource) -> None:
    asker = known()
    thread = opened(card, asker)
    with refused(NotAllowed):
        discussions.close(discussion=thread, reason="Réglé.", by=known())
    with refused(Invalid):
        discussions.close(discussion=thread, reason="  ", by=asker)
    discussions.close(discussion=thread, reason="Réponse donnée.", by=asker)
    assert "Réponse donnée." in client.get(thread.path).text
    with refused(Conflict):
        discussions.answer(discussion=thread, body_md="Encore ?", by=asker)


def test_a_person_writes_so_many(card: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    by = known()
    thread = opened(card, by)
    with refused(Conflict):
        discussions.answer(discussion=thread, body_md="Je **lis**.", by=by)
    monkeypatch.setattr(discussions, "MESSAGES_AN_HOUR", 1)
    with refused(QuotaSpent):
        discussions.answer(discussion=thread, body_md="Encore.", by=by)
    monkeypatch.setattr(discussions, "DISCUSSIONS_A_DAY", 1)
    with refused(QuotaSpent):
        opened(card, by)


def test_hostile_markdown_is_refused_or_made_safe(client: Client, card: Resource) -> None:
    by = known()
    with refused(Invalid):
        discussions.open_discussion(resource=card, title="[", body_md="[" * 2_000, by=by)
    thread = discussions.open_discussion(
        resource=card,
        title="<script>alert(1)</script>",
        body_md="<script>alert(2)</script> [x](javascript:alert(3))",
        by=by,
    )
    page = client.get(thread.path).text
    assert ("<script>alert" in page, "javascript:alert" in page) == (False, False)


def test_forms_open_answer_and_close(client: Client, card: Resource) -> None:
    base = f"{card.get_absolute_url()}discussions/"
    assert "Connectez-vous pour écrire" in client.get(base).text
    assert client.post(base, {"title": "T", "body_md": "M"}).status_code == 302
    assert not Discussion.objects.exists()
    client.force_login(known())
    assert client.post(base, {"title": "", "body_md": ""}).status_code == 422
    made = client.post(base, {"title": "Dates", "body_md": "Quand ?"})
    thread = Discussion.objects.get()
    assert made["Location"] == thread.path
    assert client.post(thread.path, {"body_md": ""}).status_code == 422
    assert client.post(thread.path, {"body_md": "Bientôt ?"}).status_code == 302
    assert client.post(thread.path, {"reason": ""}).status_code == 422
    assert client.post(thread.path, {"reason": "Réglé."}).status_code == 302
    hide = f"{card.get_absolute_url()}messages/{thread.messages.last().public_id}/masquer/"
    assert client.get(hide).status_code == 403
    region = signed_in(make.moderator())
    assert [region.get(hide).status_code, region.post(hide, {}).status_code] == [200, 422]
    assert region.post(hide, {"message": "Hors sujet."}).status_code == 302
    held = opened(card, UserFactory(), "En attente").messages.get()
    given = {"kind": "message", "id": str(held.public_id), "decision": "accept"}
    assert region.post("/moderation/autour/", given).status_code == 302
    assert DiscussionMessage.objects.get(pk=held.pk).state == MessageState.SHOWN


def test_leaving_drops_what_waits_and_keeps_what_was_read(client: Client, card: Resource) -> None:
    asker, new = known(), UserFactory()
    thread = opened(card, asker)
    opened(card, new)
    for person in (asker, new):
        accounts.close(user=person, by=person)
    assert Discussion.objects.get() == thread
    assert "compte supprimé" in client.get(thread.path).text
    assert all(asker.display_name not in letter.body for letter in mail.outbox)


def test_pages_cost_the_same_for_one_and_three(client: Client, card: Resource) -> None:
    base, thread = f"{card.get_absolute_url()}discussions/", opened(card)

    def more() -> None:
        discussions.answer(discussion=thread, body_md="Oui.", by=known())
        opened(card)

    same_for_three(more, *(lambda page=page: cost(client, page) for page in (base, thread.path)))
