"""Entraide: members ask and answer, organisers answer as such, moderation says why."""

import pytest
from django.core import mail
from django.test import Client

from challenges.forum import actions as forum
from challenges.forum import tasks as forum_letters
from challenges.models import Challenge, ForumBlock, Post, PostReport, Thread
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from portal.accounts.enums import RegionRole
from portal.accounts.models import Notification, User
from portal.audit.models import AuditEvent, Outbox
from portal.audit.outbox import relay
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import Costs, clocked, url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    TeamFactory,
    accepted_person,
    captain_of,
    region_person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    """Return an owner."""
    return UserFactory(display_name="Dominique")


@pytest.fixture
def challenge(owner: User) -> Challenge:
    """Return an open challenge."""
    return ChallengeFactory(opened=True, owner=owner)


def opened(challenge: Challenge, by: User | None = None, body: str = "Où sont-ils ?") -> Thread:
    """Open a thread."""
    by = by or UserFactory(display_name="Camille")
    return forum.open_thread(challenge=challenge, title="Les données", body_md=body, by=by)


def to_whom(letter: str) -> list[int]:
    """List who is owed a letter."""
    for _time in range(3):
        relay()
    rows = Outbox.objects.filter(key__startswith=f"{letter}:")
    return sorted(row.ids["user_id"] for row in rows)


def test_a_question_an_answer_of_the_organiser_and_who_is_told(
    challenge: Challenge, owner: User
) -> None:
    asker, helper = UserFactory(), UserFactory()
    thread = opened(challenge, asker)
    forum.answer(thread=thread, body_md="Sur la page Données.", by=helper)
    post = forum.answer(thread=thread, body_md="Oui.", by=owner)
    assert list(thread.posts.values_list("official", flat=True)) == [False, False, True]
    thread.refresh_from_db()
    assert thread.moved_at == post.at
    assert to_whom("forum_thread") == [owner.pk]
    assert to_whom("forum_answer") == sorted([asker.pk, asker.pk, helper.pk])


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "<iframe src='//x'></iframe>",
    ],
)
def test_no_markup_of_a_message_runs(challenge: Challenge, body: str) -> None:
    thread = opened(challenge, body=body)
    text = Client().get(url_of(challenge, "thread", thread.public_id)).text
    main = text.split("<main", 1)[1]
    for active in ("<script", "javascript:", "onerror", "<iframe", "<img"):
        assert active not in main.replace("&lt;", "(")
    feed = Client().get(url_of(challenge, "forum_feed")).text
    assert "<script" not in feed


def test_who_may_write_depends_on_the_registration(challenge: Challenge, owner: User) -> None:
    stranger = UserFactory()
    opened(challenge, stranger)
    challenge.registration = RegistrationMode.APPROVAL
    challenge.save()
    with pytest.raises(NotAllowed):
        opened(challenge, UserFactory())
    opened(challenge, accepted_person(challenge))
    opened(challenge, owner)
    challenge.status, challenge.published_at = ChallengeStatus.DRAFT, None
    challenge.save()
    with pytest.raises(NotAllowed):
        opened(challenge, owner)


def test_what_one_person_writes_is_limited(challenge: Challenge) -> None:
    by = UserFactory()
    threads = [opened(challenge, by, f"Question {number}") for number in range(5)]
    with refuses(QuotaSpent, "forum_pace"):
        opened(challenge, by, "Encore")
    for number in range(7):
        forum.answer(thread=threads[0], body_md=f"Réponse {number}", by=by)
    with refuses(QuotaSpent, "forum_pace"):
        forum.answer(thread=threads[0], body_md="De trop", by=by)
    assert Post.objects.count() == 12
    other = UserFactory()
    forum.answer(thread=threads[0], body_md="Deux fois", by=other)
    with pytest.raises(Conflict):
        forum.answer(thread=threads[0], body_md="Deux fois", by=other)


def test_a_hidden_message_leaves_its_reason_and_its_author_is_told(
    challenge: Challenge, owner: User
) -> None:
    asker = UserFactory()
    thread = opened(challenge, asker)
    rude = UserFactory()
    post = forum.answer(thread=thread, body_md="Grossier", by=rude)
    forum.report(post=post, reason="Injure", by=asker)
    forum.report(post=post, reason="Encore", by=asker)
    assert to_whom("forum_report") == [owner.pk]
    with pytest.raises(NotAllowed):
        forum.hide(post=post, reason="Non", by=asker)
    with pytest.raises(Invalid):
        forum.hide(post=post, reason=" ", by=owner)
    forum.hide(post=post, reason="Hors de propos", by=owner)
    with pytest.raises(Conflict):
        forum.hide(post=post, reason="Encore", by=owner)
    assert to_whom("forum_hidden") == [rude.pk]
    text = Client().get(url_of(challenge, "thread", thread.public_id)).text
    assert "Grossier" not in text
    assert "Hors de propos" in text
    assert "Grossier" not in (Client().get(url_of(challenge, "forum_feed")).text)
    forum.restore(post=post, by=owner)
    forum.restore(post=post, by=owner)
    events = AuditEvent.objects.filter(action__startswith="forum.")
    assert list(events.values_list("action", flat=True)) == ["forum.hidden", "forum.restored"]


def test_a_thread_goes_with_its_first_message(challenge: Challenge, owner: User) -> None:
    thread = opened(challenge)
    forum.hide(post=thread.posts.get(), reason="Publicité", by=owner)
    page = url_of(challenge, "thread", thread.public_id)
    assert Client().get(page).status_code == 404
    with pytest.raises(Conflict):
        forum.answer(thread=thread, body_md="Et alors ?", by=UserFactory())
    forum.restore(post=thread.posts.get(), by=owner)
    assert Client().get(page).status_code == 200


def test_the_title_of_a_hidden_thread_leaves_no_more(challenge: Challenge, owner: User) -> None:
    """By no letter owed before, no late one, no piece of news in a space."""
    asker, helper = UserFactory(), UserFactory()
    late, news, owed = (
        forum.open_thread(challenge=challenge, title=f"Injure {n}", body_md="Lu.", by=asker)
        for n in range(3)
    )
    for thread in (late, news):
        forum.answer(thread=thread, body_md="Non.", by=helper)
    for _time in range(2):
        relay()
    letters = Outbox.objects.filter(topic="mail.forum_letter")
    ids = letters.filter(key__startswith="forum_answer:", ids__thread_id=late.pk).get().ids
    mail.outbox.clear()
    forum.answer(thread=owed, body_md="Non.", by=helper)
    for thread in (late, news, owed):
        forum.hide(post=thread.posts.order_by("pk")[0], reason="Injure", by=owner)
    forum_letters.forum_letter(**ids)
    for _time in range(3):
        relay()
    told = [each.subject.rpartition(" : ")[2] for each in mail.outbox]
    assert told == ["votre message est masqué"] * 3
    assert "Injure 0" not in "".join(str(each.body) for each in mail.outbox)
    assert set(Notification.objects.values_list("letter", flat=True)) == {"forum_hidden"}


def test_a_blocked_person_reads_why_there_is_no_form(
    client: Client, challenge: Challenge, owner: User
) -> None:
    asker = UserFactory()
    thread = opened(challenge, asker)
    client.force_login(asker)
    pages = [
        url_of(challenge, "help"),
        url_of(challenge, "thread", thread.public_id),
    ]
    for blocked in (False, True):
        if blocked:
            forum.block(challenge=challenge, user=asker, reason="Injures", by=owner)
        texts = [client.get(page).text for page in pages]
        assert ["body_md" in text for text in texts] == [not blocked] * 2
        assert ["Vous ne pouvez plus écrire ici" in text for text in texts] == [blocked] * 2


def test_a_closed_thread_and_a_blocked_person(challenge: Challenge, owner: User) -> None:
    asker = UserFactory()
    thread = opened(challenge, asker)
    forum.arrange(thread=thread, pinned=True, closed=True, by=owner)
    with refuses(Conflict, "thread_closed"):
        forum.answer(thread=thread, body_md="Trop tard", by=asker)
    blocked = forum.block(challenge=challenge, user=asker, reason="Injures", by=owner)
    with refuses(NotAllowed, "forum_blocked"):
        opened(challenge, asker)
    for who in (owner,):
        with pytest.raises(NotAllowed):
            forum.block(challenge=challenge, user=who, reason="Non", by=owner)
    forum.unblock(blocked=ForumBlock.objects.get(pk=blocked.pk), by=owner)
    opened(challenge, asker)


def test_a_moderator_who_plays_does_not_moderate(challenge: Challenge) -> None:
    post = opened(challenge).posts.get()
    player = region_person(RegionRole.MODERATOR)
    TeamFactory(challenge=challenge, captain=player)
    with pytest.raises(NotAllowed):
        forum.hide(post=post, reason="Non", by=player)
    forum.hide(post=post, reason="Oui", by=region_person(RegionRole.MODERATOR))


def test_pages_ask_answer_report_and_moderate(
    client: Client, challenge: Challenge, owner: User
) -> None:
    listing = url_of(challenge, "help")
    assert "Pas encore de fil de discussion" in Client().get(listing).text
    assert Client().post(listing, {"title": "A", "body_md": "B"}).status_code == 302
    assert not Thread.objects.exists()
    member = captain_of(TeamFactory(challenge=challenge))
    client.force_login(member)
    assert client.post(listing, {"title": "", "body_md": ""}).status_code == 422
    assert client.post(listing, {"title": "Dates", "body_md": "Quand ?"}).status_code == 302
    thread = Thread.objects.get()
    page = url_of(challenge, "thread", thread.public_id)
    assert client.post(page, {"body_md": "Bientôt ?"}).status_code == 302
    assert client.post(page, {"body_md": "Bientôt ?"}).status_code == 409
    post = thread.posts.last()
    acts = [
        url_of(challenge, name, post.public_id)
        for name in ("post_report", "post_hide", "post_block")
    ]
    assert client.post(acts[0], {"reason": "Doublon"}).status_code == 302
    assert [client.get(act).status_code for act in acts] == [200, 403, 403]
    desk = url_of(challenge, "forum_moderation")
    assert client.get(desk).status_code == 404
    run = signed_in(owner)
    assert "Doublon" in run.get(desk).text
    assert run.post(desk, {"decision": "dismiss", "post": post.public_id}).status_code == 302
    assert "Doublon" not in run.get(desk).text
    assert run.post(acts[1], {"reason": ""}).status_code == 422
    assert run.post(acts[1], {"reason": "Répété"}).status_code == 302
    assert run.post(desk, {"decision": "restore", "post": post.public_id}).status_code == 302
    assert run.post(acts[2], {"reason": "Insiste"}).status_code == 302
    assert client.post(page, {"body_md": "Allô"}).status_code == 403
    block = ForumBlock.objects.get().pk
    assert run.post(desk, {"decision": "unblock", "block": block}).status_code == 302
    long = {"decision": "unblock", "block": "9" * 5_000}
    for wrong in (
        {"decision": "dismiss", "post": "x"},
        {"decision": "unblock", "block": "é"},
        long,
    ):
        assert run.post(desk, wrong).status_code == 404
    arrange = url_of(challenge, "thread_arrange", thread.public_id)
    assert run.post(arrange, {"pinned": "on", "closed": "on"}).status_code == 302
    assert "Ce fil est clos" in Client().get(page).text


def test_pages_cost_the_same_for_one_and_three(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    threads = [opened(challenge, body=f"Question {number}") for number in range(count)]
    for number in range(count):
        forum.answer(thread=threads[0], body_md=f"Réponse {number}", by=UserFactory())
    pages = {
        url_of(challenge, "help"): clocked(4),
        url_of(challenge, "thread", threads[0].public_id): clocked(5),
        url_of(challenge, "forum_feed"): 3,
    }
    for page, queries in pages.items():
        with costs(queries):
            assert client.get(page).status_code == 200


QUEUE = "/moderation/entraide/"


def reported(title: str, owner: User | None = None) -> Post:
    challenge: Challenge = ChallengeFactory(opened=True, owner=owner or UserFactory())
    thread = forum.open_thread(
        challenge=challenge, title=title, body_md="Un message.", by=UserFactory()
    )
    post = thread.posts.get()
    forum.report(post=post, reason="Hors sujet", by=UserFactory())
    return post


def test_each_reads_what_they_moderate(client: Client) -> None:
    owner, moderator, jury = UserFactory(), UserFactory(region="moderator"), UserFactory()
    own, other = reported("Fil d’ici", owner), reported("Fil d’ailleurs")
    own.thread.challenge.organisers.create(user=jury, role=OrganiserRole.JURY)
    for reader, titles in ((owner, {own}), (moderator, {own, other})):
        client.force_login(reader)
        text = client.get(QUEUE).text
        assert {each for each in (own, other) if each.thread.title in text} == titles
        assert QUEUE in client.get("/espace/").text
    assert "Fil d’ici" not in client.get(QUEUE, {"challenge": other.thread.challenge.slug}).text
    TeamFactory(challenge=other.thread.challenge, captain=moderator)  # who plays judges nobody
    assert "Fil d’ailleurs" not in client.get(QUEUE).text
    for reader in (jury, UserFactory()):
        client.force_login(reader)
        assert client.get(QUEUE).status_code == 404


def test_a_message_is_left_from_there_by_who_moderates_it(client: Client) -> None:
    owner = UserFactory()
    own, other = reported("Fil d’ici", owner), reported("Fil d’ailleurs")
    client.force_login(owner)
    for named in (str(other.public_id), "rien", ""):
        assert client.post(QUEUE, {"post": named}).status_code == 404
    assert PostReport.objects.filter(dismissed_at__isnull=True).count() == 2
    assert client.post(QUEUE, {"post": str(own.public_id)})["Location"] == QUEUE
    assert "Aucun signalement" in client.get(QUEUE).text
    assert PostReport.objects.get(dismissed_at__isnull=True).post == other


def test_the_queue_costs_the_same(client: Client, count: int, costs: Costs) -> None:
    client.force_login(UserFactory(region="moderator"))
    for number in range(count):
        reported(f"Fil {number}")
    with costs(10):
        assert client.get(QUEUE).status_code == 200
