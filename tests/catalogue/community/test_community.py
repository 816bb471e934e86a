"""Around a card: discussions, reuses, follows, collections, views and downloads."""

import html
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalogue import invariants
from catalogue.community.actions import alerts, collections, follows, reuses
from catalogue.community.actions.collections import Place
from catalogue.models import (
    Collection,
    Follow,
    IndexedResource,
    Resource,
    Reuse,
)
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.addresses import is_robot
from catalogue.resources.enums import Deposit, ResourceKind, UseCase
from catalogue.resources.queries import relations as reads
from catalogue.search import index
from catalogue.search.query import ResourceQuery
from portal.accounts import account_data
from portal.accounts.actions import accounts, notifications, organisations
from portal.accounts.models import Notification, Organisation, User
from portal.discussions import actions as discussions
from portal.discussions.models import Discussion, MessageState
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.letters import delivered
from tests.ledger import cost, events, refused, same_for_three

pytestmark = pytest.mark.django_db


# Discussions: first words of a new account wait, who is tied to a card moderates nothing


def known(**values: Any) -> User:
    """Make a person whose account is old enough to be trusted."""
    return UserFactory(date_joined=clock.now() - timedelta(days=365), **values)


@pytest.fixture
def card() -> Resource:
    return ResourceFactory(published=True, organisation=OrganisationFactory())


def opened(card: Resource, by: User | None = None, title: str = "Quelle licence ?") -> Discussion:
    by = by or known()
    return discussions.open_discussion(on=card, title=title, body_md="Je **lis**.", by=by)


def letters() -> list[tuple[int, str]]:
    delivered()
    return list(Notification.objects.order_by("pk").values_list("user", "letter"))


def test_who_answers_for_a_card_is_told_of_each_answer(card: Resource) -> None:
    owner = MembershipFactory(organisation=card.organisation, role="referent").user
    asker, helper = known(), known()
    discussions.answer(discussion=opened(card, asker), body_md="ODbL.", by=helper)
    assert letters() == [
        (owner.pk, "discussion_opened"),
        (asker.pk, "discussion_answer"),
        (owner.pk, "discussion_opened"),
    ]


def test_the_first_message_of_a_new_account_waits(client: Client, card: Resource) -> None:
    new, moderator, tied = UserFactory(), make.moderator(), make.moderator()
    MembershipFactory(user=tied, organisation=card.organisation)
    thread = opened(card, new)
    message = thread.messages.get()
    assert thread.state == MessageState.HELD
    assert letters() == [(moderator.pk, "message_to_review")]
    assert client.get(thread.path).status_code == 404
    client.force_login(new)
    assert "En attente de la Région" in client.get(thread.path).text
    for by in (known(), User.objects.get(pk=tied.pk)):
        with refused(NotAllowed, label="discussions"):
            discussions.show(message=message, by=by)
    given = {"kind": "message", "id": str(message.public_id), "decision": "accept"}
    assert signed_in(moderator).post("/moderation/autour/", given).status_code == 302
    assert Client().get(thread.path).status_code == 200
    assert opened(card, new, "Une autre").state == MessageState.SHOWN


def test_a_message_that_lost_its_card_stops_nobody_from_moderating(card: Resource) -> None:
    lost = opened(card, UserFactory(), "Perdue")
    opened(card, UserFactory(), "À lire")
    Discussion.objects.filter(pk=lost.pk).update(subject_id=lost.public_id)
    page = signed_in(make.moderator()).get("/moderation/autour/")
    assert ("À lire" in page.text, "Perdue" in page.text) == (True, False)


def test_who_vouches_for_a_new_account(card: Resource) -> None:
    new, challenge = UserFactory(), ChallengeFactory(opened=True)
    shown = discussions.open_discussion(on=challenge, title="Dates", body_md="Quand ?", by=new)
    assert (shown.state, opened(card, new).state) == (MessageState.SHOWN, MessageState.HELD)
    holder = OrganisationFactory(badges=["verified"], verified_at=clock.now())
    new = MembershipFactory(organisation=holder).user
    assert opened(card, new).state == MessageState.SHOWN


def test_leaving_drops_what_waits(card: Resource) -> None:
    asker, new = known(), UserFactory()
    thread = opened(card, asker)
    opened(card, new)
    for person in (asker, new):
        accounts.close(user=person, by=person)
    assert Discussion.objects.get() == thread
    assert all(asker.display_name not in letter.body for letter in mail.outbox)


# Reuses: declared by anybody, read by the Region, counted once published


FORM = {"title": "Veille", "url": "https://exemple.fr/veille", "kind": "application"}
TOLD = {
    "title": "Atelier de Martigues",
    "kind": "field",
    "place": "Martigues",
    "used_on": "2026-10",
    "persons": "120",
    "description": "Deux fois moins d’absences.",
}


@pytest.fixture
def person() -> User:
    return UserFactory()


def declared(by: User, *cards: Resource, **more: Any) -> Reuse:
    return reuses.declare(resources=cards, by=by, **{**FORM, **more})


def told(by: User, card: Resource, **more: Any) -> Reuse:
    values = {**TOLD, "used_on": date(2026, 10, 17), "persons": 120, **more}
    return reuses.declare(resources=[card], by=by, **values)


def test_a_reuse_counts_once_published_and_no_more_once_withdrawn(
    person: User, card: Resource
) -> None:
    other = ResourceFactory(published=True)
    owner = MembershipFactory(organisation=card.organisation, role="editor").user
    reader = make.moderator()
    reuse = declared(person, card, other, card)
    assert [each.reuses for each in Resource.objects.all()] == [0, 0]
    reuses.publish(brought=reuse, by=reader)
    assert [each.reuses for each in Resource.objects.all()] == [1, 1]
    assert IndexedResource.objects.get(pk=card.pk).reuses == 1
    with refused(Conflict):
        reuses.publish(brought=reuse, by=reader)
    delivered()
    told_of = Notification.objects.order_by("pk").values_list("user", "letter")
    assert list(told_of) == [
        (person.pk, "brought_published"),
        (owner.pk, "reuse_of_mine"),
    ]
    assert [letter.to for letter in mail.outbox] == [[person.email], [owner.email]]
    assert list(invariants.counter_breaches()) == []
    reuses.withdraw(brought=reuse, by=person)
    assert [each.reuses for each in Resource.objects.all()] == [0, 0]
    assert events() == ["reuse.declared", "reuse.published", "reuse.withdrawn"]


def test_the_moderators_who_may_decide_are_told(person: User, card: Resource) -> None:
    free, tied = make.moderator(), make.moderator()
    MembershipFactory(user=tied, organisation=card.organisation)
    declared(person, card)
    delivered()
    assert [letter.to for letter in mail.outbox] == [[free.email]]


@pytest.mark.parametrize("tie", ["author", "card", "none"])
def test_nobody_decides_on_their_own(tie: str, card: Resource) -> None:
    by = make.moderator() if tie != "none" else UserFactory()
    reuse = declared(by if tie == "author" else UserFactory(), card)
    if tie == "card":
        MembershipFactory(user=by, organisation=card.organisation)
    by = User.objects.get(pk=by.pk)
    with refused(NotAllowed):
        reuses.publish(brought=reuse, by=by)
    with refused(NotAllowed):
        reuses.refuse(brought=reuse, message="Non.", by=by)


def test_a_refusal_says_why_to_its_author_alone(
    client: Client, person: User, card: Resource
) -> None:
    reuse = declared(person, card)
    with refused(Invalid):
        reuses.refuse(brought=reuse, message=" ", by=make.moderator())
    reuses.refuse(brought=reuse, message="Lien publicitaire.", by=make.moderator())
    page = f"{card.get_absolute_url()}reutilisations/"
    assert "Veille" not in client.get(page).text
    client.force_login(person)
    assert "Lien publicitaire." in client.get(page).text


def test_one_declares_an_address_once_where_one_writes(person: User, card: Resource) -> None:
    with refused(NotAllowed):
        declared(person, card, organisation=card.organisation)
    declared(person, card)
    with refused(Invalid, code="already_known"):
        declared(UserFactory(), card, url="http://www.exemple.fr/veille/?utm_source=x")
    declared(person, ResourceFactory(published=True))


def test_only_so_many_wait_for_the_region(person: User, card: Resource, settings: Any) -> None:
    settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT = 2
    declared(person, card)
    told(person, card)
    with refused(QuotaSpent):
        told(person, card, place="Toulon")


def test_a_use_in_the_field_is_dated_by_its_month_and_needs_no_address(
    client: Client, person: User, card: Resource
) -> None:
    used = told(person, card)
    with refused(Invalid):
        told(person, card, used_on=date(2099, 1, 1))
    for missing in ({"place": " "}, {"used_on": None}, {"description": ""}):
        with refused(Invalid, code="field_use"):
            told(person, card, **missing)
    with refused(Invalid, code="url"):
        told(person, card, kind="study")
    reuses.publish(brought=used, by=make.moderator())
    assert "octobre 2026" in client.get(card.get_absolute_url()).text
    page = client.get(f"{card.get_absolute_url()}reutilisations/").text
    for said in ("moins d’absences", "Martigues", "octobre 2026", "120 personnes concernées"):
        assert said in page
    assert person.display_name not in page


def test_forms_bring_and_the_region_decides(client: Client, person: User, card: Resource) -> None:
    base = card.get_absolute_url()
    assert client.get(f"{base}reutilisations/declarer/").status_code == 302
    client.force_login(person)
    for wrong, word in (
        ({"url": "x"}, "Écrivez une adresse qui commence par"),
        ({"others": "https://exemple.fr/ressources/inconnue/"}, "n’est pas une fiche en ligne"),
        ({"others": "\n".join("abcdefghij")}, "Neuf autres ressources au plus"),
        ({"organisation": "999"}, "reutilisation"),
    ):
        said = client.post(f"{base}reutilisations/declarer/", {**FORM, **wrong})
        assert (said.status_code, word in said.text) == (422, True)
    other = ResourceFactory(published=True)
    sent = client.post(
        f"{base}reutilisations/declarer/",
        {**FORM, "others": f"http://testserver{other.get_absolute_url()}"},
    )
    assert sent.status_code == 302
    assert {each.pk for each in Reuse.objects.get().resources.all()} == {card.pk, other.pk}
    assert client.post(f"{base}reutilisations/declarer/", FORM).status_code == 422
    for wrong in (
        *({"used_on": "octobre"}, {"persons": "beaucoup"}, {"url": "ftp://a.fr"}),
        *({"description": ""}, {"kind": "study"}, {"place": ""}, {"used_on": ""}),
    ):
        said = client.post(f"{base}reutilisations/declarer/", {**TOLD, **wrong})
        assert said.status_code == 422
    assert client.post(f"{base}reutilisations/declarer/", TOLD).status_code == 302
    region = signed_in(make.moderator())
    desk = "/moderation/autour/"
    assert "Veille" in region.get(desk).text
    reuse, used = Reuse.objects.order_by("pk")
    given = {"kind": "reuse", "id": str(reuse.public_id)}
    for wrong in ({**given, "decision": "x"}, {**given, "decision": "refuse", "message": ""}):
        assert region.post(desk, wrong).status_code == 422
    assert region.post(desk, {**given, "id": "x", "decision": "accept"}).status_code == 404
    assert region.post(desk, {**given, "decision": "accept"}).status_code == 302
    refused = {"kind": "reuse", "id": str(used.public_id), "decision": "refuse"}
    assert region.post(desk, {**refused, "message": "Trop vague."}).status_code == 302
    assert region.post(desk, {**given, "decision": "accept"}).status_code == 409
    assert "Réutilisé par" in Client().get(base).text
    taken = client.post(f"{base}retirer/{reuse.public_id}/")
    reuse.refresh_from_db()
    assert (taken.status_code, reuse.state) == (302, "withdrawn")
    assert client.post(f"{base}retirer/{used.public_id}/").status_code == 409


def test_leaving_withdraws_what_waits_and_keeps_what_is_public(
    person: User, card: Resource
) -> None:
    reuses.publish(brought=declared(person, card), by=make.moderator())
    told(person, card)
    accounts.close(user=person, by=person)
    states = Reuse.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["published", "withdrawn"]


def test_pages_around_a_card_cost_the_same_for_one_and_three(
    client: Client, card: Resource
) -> None:
    reader, numbers, base = make.moderator(), iter(range(6)), card.get_absolute_url()
    region, thread = signed_in(reader), opened(card)

    def more() -> None:
        discussions.answer(discussion=thread, body_md="Oui.", by=known())
        opened(card)
        for is_read in (True, False):
            url = f"https://exemple.fr/{next(numbers)}"
            for brought in (declared(UserFactory(), card, url=url), told(UserFactory(), card)):
                if is_read:
                    reuses.publish(brought=brought, by=reader)

    rests = ("", "reutilisations/", "discussions/")
    pages = [(client, f"{base}{rest}") for rest in rests]
    pages += [(client, thread.path), (region, "/moderation/autour/")]
    same_for_three(more, *(lambda who=who, page=page: cost(who, page) for who, page in pages))


# Follow: once, counted truly, told as each person chose


@pytest.fixture
def need() -> Resource:
    return ResourceFactory(published=True, kind=ResourceKind.NEED)


def followers(resource: Resource) -> int:
    return Resource.objects.get(pk=resource.pk).followers


def test_following_counts_once_and_leaves_with_the_person(person: User, need: Resource) -> None:
    before = IndexedResource.objects.get(pk=need.pk).boost
    assert [follows.follow(subject=need, by=person) for _ in range(2)] == [True, False]
    assert followers(need) == 1
    assert IndexedResource.objects.get(pk=need.pk).boost > before
    assert list(invariants.counter_breaches()) == []
    assert [follows.unfollow(subject=need, by=person) for _ in range(2)] == [True, False]
    assert followers(need) == 0
    follows.follow(subject=need, by=person)
    accounts.close(user=person, by=person)
    assert (Follow.objects.count(), followers(need)) == (0, 0)


def test_a_wrong_counter_is_a_breach_and_a_harvested_one_a_least(need: Resource) -> None:
    Resource.objects.filter(pk=need.pk).update(followers=3)
    assert list(invariants.counter_breaches()) == [f"{need.slug}:followers"]
    Resource.objects.filter(pk=need.pk).update(source="datagouv", source_id="1")
    assert list(invariants.counter_breaches()) == []


def test_one_follows_so_many_and_what_went_offline_takes_no_place(
    person: User, need: Resource, settings: Any
) -> None:
    settings.FOLLOWS_PER_PERSON = 1
    follows.follow(subject=need, by=person)
    assert follows.follow(subject=need, by=person) is False
    with refused(QuotaSpent):
        follows.follow(subject="formation", by=person)
    Resource.objects.filter(pk=need.pk).update(live=False)
    assert follows.follow(subject="formation", by=person) is True
    with refused(QuotaSpent):
        follows.follow(subject="emploi", by=person)


def test_a_card_that_went_offline_is_left_from_its_form(
    client: Client, person: User, need: Resource
) -> None:
    follows.follow(subject=need, by=person)
    Resource.objects.filter(pk=need.pk).update(live=False)
    client.force_login(UserFactory())
    said = {"resource": need.slug, "stop": "1"}
    assert client.post("/suivre/", said).status_code == 404
    client.force_login(person)
    answer = client.post("/suivre/", said, follow=True)
    assert need.title not in answer.text
    assert "n’est plus en ligne" in html.unescape(answer.text)
    assert (Follow.objects.count(), followers(need)) == (0, 0)


def test_a_publication_tells_each_follower_once() -> None:
    holder = OrganisationFactory()
    author = make.joined(make.person(), holder, "editor")
    watcher, other = UserFactory(), UserFactory()
    for subject in (holder, "apprentissage", UseCase.SME_NEEDS):
        follows.follow(subject=subject, by=watcher)
    follows.follow(subject=holder, by=author)
    follows.follow(subject="autre", by=other)
    card = make.published(author, holder=holder, use_cases=["sme_needs"])
    delivered()
    rows = Notification.objects.filter(letter__startswith="followed")
    assert [(row.user_id, row.letter, row.path) for row in rows] == [
        (watcher.pk, "followed_new", card.get_absolute_url())
    ]
    follows.follow(subject=card, by=other)
    make.changed(card, author, title="Un autre titre")
    delivered()
    latest = Notification.objects.filter(letter="followed_changed")
    assert [(row.user_id, row.facts) for row in latest] == [(other.pk, {"about": "Un autre titre"})]


def test_a_follower_who_asked_hears_at_once_and_stops_in_a_click(need: Resource) -> None:
    person = UserFactory()
    notifications.choose(ways={"follows": "now"}, by=person)
    follows.follow(subject="apprentissage", by=person)
    make.published()
    delivered()
    letter = next(each for each in mail.outbox if each.to == [person.email])
    assert letter.subject == f"Nouvelle ressource : « {make.NEED['title']} »"
    assert "List-Unsubscribe" in letter.extra_headers


def test_forms_follow_and_undo(client: Client, person: User, need: Resource) -> None:
    visitor = client.get(need.get_absolute_url()).text
    assert f"/suivre/?resource={need.slug}" in visitor
    assert client.get(f"/suivre/?resource={need.slug}").status_code == 302
    client.force_login(person)
    assert "Suivre « " in client.get(f"/suivre/?resource={need.slug}").text
    page = need.get_absolute_url()
    client.post("/suivre/", {"resource": need.slug})
    assert "Suivie" in client.get(page).text
    assert f'href="{page}"' in client.get("/espace/suivis/").text
    client.post("/suivre/", {"resource": need.slug, "stop": "1"})
    assert not Follow.objects.exists()
    elsewhere = client.post("/suivre/", {"tag": "emploi", "next": "https://ailleurs.example/"})
    assert elsewhere["Location"] == "/ressources/?tag=emploi"
    for wrong in ({}, {"use_case": "x"}, {"tag": "\x00"}):
        assert client.post("/suivre/", wrong).status_code == 422
    assert client.post("/suivre/", {"resource": "inconnue"}).status_code == 404


def test_a_keyword_and_a_use_case_are_followed_from_the_list(client: Client) -> None:
    ResourceFactory(published=True, tags=["apprentissage"])
    text = client.get("/ressources/?tag=apprentissage&use_case=sme_needs").text
    for subject in ("tag=apprentissage", "use_case=sme_needs"):
        assert f'href="/suivre/?{subject}"' in text


def test_what_is_followed_stands_in_the_archive_of_ones_data(person: User, need: Resource) -> None:
    follows.follow(subject=need, by=person)
    with zipfile.ZipFile(io.BytesIO(account_data.archive(person))) as bundle:
        described = json.loads(bundle.read("suivis.json"))
    assert [row["resource__title"] for row in described["suivis"]] == [need.title]


def test_the_page_of_follows_costs_the_same_for_one_and_three(client: Client, person: User) -> None:
    client.force_login(person)

    def more() -> None:
        for subject in (ResourceFactory(published=True), OrganisationFactory()):
            follows.follow(subject=subject, by=person)
        query = ResourceQuery(q=subject.name)
        alerts.save(query=query, title="A", frequency="daily", by=person)

    same_for_three(more, lambda: cost(client, "/espace/suivis/"))


# Collections: ordered and commented by an organisation, public once published


@pytest.fixture
def editor() -> User:
    return MembershipFactory(organisation=OrganisationFactory(is_region=True), role="editor").user


def holder(by: User) -> Organisation:
    return Organisation.objects.get(memberships__user=by)


def made(by: User, *cards: Resource, title: str = "Recruter sans biais") -> Collection:
    found = collections.make(title=title, summary="Pour débuter.", organisation=holder(by), by=by)
    for card in cards:
        collections.add(collection=found, resource=card, by=by)
    return found


def test_a_collection_is_seen_once_published(client: Client, editor: User) -> None:
    card = ResourceFactory(published=True)
    found = made(editor)
    with pytest.raises(Invalid):
        collections.publish(collection=found, by=editor)
    assert [collections.add(collection=found, resource=card, by=editor) for _ in range(2)] == [
        True,
        False,
    ]
    page = found.get_absolute_url()
    assert client.get(page).status_code == 404
    collections.publish(collection=found, by=editor)
    assert card.title in client.get(page).text
    shown_on = (
        "/dossiers/",
        "/",
        f"/organisations/{holder(editor).slug}/",
        card.get_absolute_url(),
    )
    for address in shown_on:
        assert "Recruter sans biais" in client.get(address).text
    with pytest.raises(Invalid):
        collections.arrange(collection=found, title="T", summary="", places=[], by=editor)
    collections.take_back(collection=found, by=editor)
    assert client.get(page).status_code == 404
    acts = ("made", "arranged", "published", "taken_back")
    assert events("collection.") == [f"collection.{act}" for act in acts]


def test_order_and_words_are_kept_by_who_publishes_for_the_organisation(editor: User) -> None:
    found = made(editor, ResourceFactory(published=True))
    mate = MembershipFactory(organisation=holder(editor), role="contributor").user
    for by in (UserFactory(), mate):
        for act in (collections.publish, collections.remove):
            with pytest.raises(NotAllowed):
                act(collection=found, by=by)
        with pytest.raises(NotAllowed):
            collections.make(title="T", summary="", organisation=holder(editor), by=by)
    first, second = ResourceFactory(published=True), ResourceFactory(published=True)
    found = made(editor, first)
    places = [Place(second, "D’abord."), Place(first, ""), Place(second, "Deux fois.")]
    collections.arrange(collection=found, title="T", summary="", places=places, by=editor)
    rows = found.items.values_list("resource", "position", "comment")
    assert list(rows) == [(second.pk, 1, "Deux fois."), (first.pk, 2, "")]
    with pytest.raises(Invalid):
        collections.add(collection=found, resource=ResourceFactory(), by=editor)


def test_a_card_offline_for_a_time_keeps_its_place(client: Client, editor: User) -> None:
    cards = [ResourceFactory(published=True) for _ in range(3)]
    found = made(editor, *cards)
    found.items.filter(resource=cards[1]).update(comment="Gardez.")
    Resource.objects.filter(pk=cards[1].pk).update(live=False)
    client.force_login(editor)
    answer = client.post(f"{found.get_absolute_url()}modifier/", {"title": "T"})
    assert answer.status_code == 302
    order = list(found.items.order_by("position").values_list("resource", "comment"))
    assert order == [(cards[0].pk, ""), (cards[1].pk, "Gardez."), (cards[2].pk, "")]
    out = {"title": "T", f"out-{found.items.get(resource=cards[0]).pk}": "1"}
    client.post(f"{found.get_absolute_url()}modifier/", out)
    assert set(found.items.values_list("resource", flat=True)) == {cards[1].pk, cards[2].pk}


def test_forms_make_arrange_and_delete(client: Client, editor: User) -> None:
    client.force_login(editor)
    one, two = ResourceFactory(published=True), ResourceFactory(published=True)
    values = {"title": "Créer", "organisation": str(holder(editor).pk)}
    assert client.post("/dossiers/creer/", {**values, "organisation": "x"}).status_code == 422
    assert (
        client.post("/dossiers/creer/", values)["Location"] == "/dossiers/dossier-creer/modifier/"
    )
    page, found = "/dossiers/dossier-creer/modifier/", Collection.objects.get()
    refused = client.post(page, {"act": "publish"}, follow=True).text
    assert "Un dossier en ligne contient au moins une ressource." in refused
    for card in (one, two):
        client.post(f"{card.get_absolute_url()}dossier/", {"collection": found.slug})
    a, b = found.items.all()
    client.post(page, {"title": "Créer", f"place-{a.pk}": "9", f"comment-{b.pk}": "Lisez."})
    assert [(row.resource_id, row.comment) for row in found.items.all()] == [
        (two.pk, "Lisez."),
        (one.pk, ""),
    ]
    first = found.items.first()
    client.post(page, {"title": "Créer", f"out-{first.pk}": "1", f"place-{first.pk}": "x" * 5_000})
    assert [row.resource_id for row in found.items.all()] == [one.pk]
    card = two.get_absolute_url()
    assert client.post(f"{card}dossier/", {"collection": found.slug})["Location"] == card
    assert client.post(f"{card}dossier/", {"collection": "\x00"}).status_code == 422
    assert client.post(page, {"act": "publish"}).status_code == 302
    assert client.post(page, {"act": "remove"})["Location"] == "/dossiers/"
    assert Collection.objects.count() == 0
    client.post(f"/dossiers/creer/?fiche={one.slug}", values)
    assert [row.resource_id for row in Collection.objects.get().items.all()] == [one.pk]


def test_pages_of_collections_cost_the_same_for_one_and_three(client: Client, editor: User) -> None:
    found, titles = made(editor), iter("ABC")

    def more() -> None:
        collections.add(collection=found, resource=ResourceFactory(published=True), by=editor)
        other = made(editor, ResourceFactory(published=True), title=next(titles))
        for each in (found, other):
            collections.publish(collection=each, by=editor)

    pages = (found.get_absolute_url(), "/dossiers/")
    same_for_three(more, *(lambda page=page: cost(client, page) for page in pages))


# Views and downloads: people counted, programs left out, nothing kept of anybody


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BING = "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0) Chrome/116.0 Safari/537.36"
FILE = "https://example.org/a.csv"


@pytest.mark.parametrize(
    "agent", ["", GOOGLE, BING, "curl/8.5", "python-requests/2", "Mozilla/5.0 HeadlessChrome/120"]
)
def test_what_names_itself_a_program_is_one(agent: str) -> None:
    assert is_robot(agent)
    assert not is_robot(FIREFOX)
    assert is_robot(FIREFOX, "prefetch;prerender")


@pytest.fixture
def data() -> Resource:
    return ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        organisation=OrganisationFactory(),
        details={"distributions": [{"title": "CSV", "download_url": FILE}]},
    )


def figures(data: Resource) -> tuple[int, int]:
    fresh = Resource.objects.get(pk=data.pk)
    return fresh.views, fresh.downloads


def test_readings_of_people_are_counted_and_shown(client: Client, data: Resource) -> None:
    page = data.get_absolute_url()
    for agent in (FIREFOX, SAFARI, GOOGLE, ""):
        client.get(page, headers={"User-Agent": agent})
    client.head(page, headers={"User-Agent": FIREFOX})
    assert figures(data) == (2, 0)
    out = f"{page}fichiers/distributions/0/download_url/"
    assert out in client.get(page).text
    answer = client.get(out, headers={"User-Agent": FIREFOX})
    assert (answer.status_code, answer["Location"]) == (302, FILE)
    assert figures(data) == (2, 1)
    text = client.get(page).text
    assert "<dt>Téléchargements</dt><dd>1</dd>" in text


@pytest.mark.parametrize(
    "rest", ["distributions/1/download_url", "distributions/0/title", "details/0/x", "files/0/url"]
)
def test_the_way_out_leads_nowhere_else(client: Client, data: Resource, rest: str) -> None:
    data.details["distributions"][0]["title"] = "https://ailleurs.example/"
    data.save()
    assert client.get(f"{data.get_absolute_url()}fichiers/{rest}/").status_code == 404
    assert figures(data) == (0, 0)


def test_counters_lift_the_card_once(data: Resource) -> None:
    Resource.objects.filter(pk=data.pk).update(views=10)
    before = IndexedResource.objects.get(pk=data.pk).boost
    for _ in range(3):
        card_changes.count_use(resource_id=data.pk, figure="views")
    card_changes.count_use(resource_id=data.pk, figure="downloads")
    assert [index.lift_used(), index.lift_used()] == [1, 0]
    assert figures(data) == (13, 1)
    assert IndexedResource.objects.get(pk=data.pk).boost > before


def test_an_organisation_has_the_sum_of_its_cards(data: Resource) -> None:
    Resource.objects.filter(pk=data.pk).update(views=5)
    ResourceFactory(published=True, organisation=data.organisation, views=2, downloads=1)
    ResourceFactory(organisation=data.organisation, views=40)
    told = reads.use_of_organisation(data.organisation)
    assert (told["views"], told["downloads"]) == (7, 1)


def test_an_organisation_shows_its_cards_by_kind(client: Client, data: Resource) -> None:
    holder = data.organisation
    assert holder is not None
    page = f"/organisations/{holder.slug}/"
    same_for_three(
        lambda: ResourceFactory(published=True, kind="need", organisation=holder),
        lambda: cost(client, page),
    )
    assert f'<a href="{page}?kind=need">Besoins<small>3</small></a>' in client.get(page).text
    shown = client.get(page).text
    # No figure of nothing; the day of import is not that of a resource.
    assert not any(each in shown for each in ("Abonnés", "Réutilisations", "Mise à jour"))
    assert "4 ressources, dont 3 besoins · dernière fiche publiée le " in " ".join(
        shown.replace("\xa0", " ").split()
    )
    needs = client.get(page, {"kind": "need"}).text
    assert f'href="/ressources/?organisation={holder.slug}&amp;kind=need"' in needs
    assert needs.count("res-title") == 3
    assert data.title not in needs
    same_for_three(
        lambda: ResourceFactory(published=True, organisation=OrganisationFactory()),
        lambda: cost(client, "/organisations/"),
    )
    listed = client.get("/organisations/").text.replace("\xa0", " ")
    assert "4 ressources" in listed.partition(f">{holder.name}</a>")[2]


def test_an_organisation_shows_its_own_sites_and_last_what_is_over(client: Client) -> None:
    holder = OrganisationFactory(name="France Zéphyr")
    told = {"published": True, "organisation": holder, "repository_url": ""}
    for title, address in (
        ("Outil", "https://emploi.france-zephyr.fr/outil"),
        ("Code", "https://github.com/FranceZephyr/code"),
        ("Autre", "http://www.emploi.france-zephyr.fr/autre"),
        ("Encore", "https://emploi.france-zephyr.fr/encore"),
        ("Jeu", "https://www.data.gouv.fr/datasets/jeu"),
    ):
        ResourceFactory(title=title, homepage_url=address, **told)
    over = {"details": {"closes_on": "2022-12-31"}, "kind": ResourceKind.PROGRAMME}
    ResourceFactory(title="Programme clos", **over, **told)
    page = client.get(f"/organisations/{holder.slug}/").text
    for site in ("https://emploi.france-zephyr.fr/", "https://github.com/FranceZephyr"):
        assert f'<a href="{site}"' in page
    assert '<a href="http://www.emploi.france-zephyr.fr/"' not in page
    assert "data.gouv.fr" not in page
    assert page.index("Site internet") < page.index(">Outil<")
    assert Organisation(name="Organisation de démonstration").initials == "OD"
    assert page.index(">Programme clos<") > max(
        page.index(f">{each}<") for each in ("Outil", "Jeu")
    )


def test_the_owner_reads_the_figures_in_their_space(client: Client, data: Resource) -> None:
    card_changes.count_use(resource_id=data.pk, figure="views")
    owner = MembershipFactory(organisation=data.organisation, role="editor").user
    client.force_login(owner)
    assert "vues de vos ressources" in client.get("/espace/").text
    assert reads.use_of_person(owner) == {"views": 1, "downloads": 0, "reuses": 0}
    assert reads.use_of_person(MembershipFactory(organisation=data.organisation).user) is None


def test_a_new_name_of_an_organisation_finds_its_cards_and_the_former_one_too(
    client: Client, data: Resource
) -> None:
    holder = data.organisation
    assert holder is not None
    organisations.describe(
        organisation=holder,
        name="Agence Zéphyr",
        by=MembershipFactory(organisation=holder, role="referent").user,
    )
    former = holder.name
    Organisation.objects.update(verified_at=clock.now())
    delivered()
    assert data.get_absolute_url() in client.get("/ressources/?q=zephyr").text
    for words in ("Zéphyr", former):
        assert "Agence Zéphyr" in client.get("/organisations/", {"q": words}).text
    organisations.describe(organisation=holder, name="Bureau", by=holder.memberships.get().user)
    assert "Bureau" in client.get("/organisations/", {"q": "Zéphyr"}).text


@pytest.mark.parametrize("access", ["on_request", "restricted"])
def test_files_had_on_request_alone_are_told_nowhere(
    client: Client, data: Resource, access: str
) -> None:
    page, out = data.get_absolute_url(), f"{data.get_absolute_url()}fichiers/distributions/0/"
    shown = (page, f"{page[:-1]}.json", f"{page[:-1]}.jsonld", f"/api/v1/resources/{data.slug}")
    assert FILE in client.get(shown[1]).text
    assert client.get(f"{out}download_url/").status_code == 302
    Resource.objects.update(access=access)
    for address in shown:
        answer = client.get(address)
        assert answer.status_code == 200
        assert FILE not in answer.text
        assert "fichiers/distributions" not in answer.text
    assert client.get(f"{out}download_url/").status_code == 404
