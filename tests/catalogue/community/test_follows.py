"""Follow: once, counted truly, told as each person chose."""

import html
import io
import json
import zipfile
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalogue import invariants
from catalogue.community.actions import follows
from catalogue.enums import ResourceKind, UseCase
from catalogue.models import Follow, IndexedResource, Resource
from portal.accounts import personal_data
from portal.accounts.actions import accounts, notifications
from portal.accounts.models import Notification, User
from portal.lib.refusals import Invalid, QuotaSpent
from tests.catalogue.ledger import cost, refused, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


@pytest.fixture
def need() -> Resource:
    made: Resource = ResourceFactory(published=True, kind=ResourceKind.NEED)
    return made


def followers(resource: Resource) -> int:
    return Resource.objects.get(pk=resource.pk).followers


def test_following_twice_counts_once_and_lifts_the_card(person: User, need: Resource) -> None:
    before = IndexedResource.objects.get(pk=need.pk).boost
    assert [follows.follow(subject=need, by=person) for _ in range(2)] == [True, False]
    assert followers(need) == 1
    assert IndexedResource.objects.get(pk=need.pk).boost > before
    assert list(invariants.counter_breaches()) == []
    assert [follows.unfollow(subject=need, by=person) for _ in range(2)] == [True, False]
    assert followers(need) == 0


def test_a_wrong_counter_is_a_breach_and_a_harvested_one_a_least(need: Resource) -> None:
    Resource.objects.filter(pk=need.pk).update(followers=3)
    assert list(invariants.counter_breaches()) == [f"{need.slug}:followers"]
    Resource.objects.filter(pk=need.pk).update(source="datagouv", source_id="1")
    assert list(invariants.counter_breaches()) == []


def test_what_is_not_public_or_no_word_is_refused(person: User) -> None:
    for subject in (ResourceFactory(), " ", "a\x00b"):
        with refused(Invalid):
            follows.follow(subject=subject, by=person)


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


def test_leaving_takes_the_counters_along(person: User, need: Resource) -> None:
    follows.follow(subject=need, by=person)
    accounts.close(user=person, by=person)
    assert (Follow.objects.count(), followers(need)) == (0, 0)


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
    with zipfile.ZipFile(io.BytesIO(personal_data.archive(person))) as bundle:
        described = json.loads(bundle.read("suivis.json"))
    assert [row["resource__title"] for row in described["suivis"]] == [need.title]


def test_the_page_costs_the_same_for_one_and_three(client: Client, person: User) -> None:
    client.force_login(person)

    def more() -> None:
        for subject in (ResourceFactory(published=True), OrganisationFactory()):
            follows.follow(subject=subject, by=person)

    same_for_three(more, lambda: cost(client, "/espace/suivis/"))
