"""People write while letters are noted and sent, and while a card is removed: nothing fails.

Only PostgreSQL locks rows: SQLite has one writer at a time.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from catalogue.models import Resource
from catalogue.resources.actions import cards
from portal.accounts import news
from portal.accounts.models import Notification, User
from portal.discussions import actions as discussions
from portal.discussions import tasks
from portal.discussions.models import Discussion
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.letters import delivered
from tests.threads import once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]
SECONDS = 5


@pytest.fixture(autouse=True)
def rows_are_locked() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL locks rows")


@pytest.fixture
def discussion() -> Discussion:
    challenge = ChallengeFactory(opened=True)
    return discussions.open_discussion(
        on=challenge, title="Dates", body_md="Quand ?", by=UserFactory()
    )


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def answered(discussion: Discussion, by: User, body_md: str) -> str:
    try:
        discussions.answer(discussion=discussion, body_md=body_md, by=by)
        return "done"
    finally:
        connections.close_all()


def somebody_waits() -> None:
    """Return once a transaction waits for another."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def test_a_person_answers_while_the_news_of_an_answer_is_noted_for_them(
    discussion: Discussion, pool: ThreadPoolExecutor
) -> None:
    asker = discussion.by
    message = discussions.answer(discussion=discussion, body_md="Lundi.", by=UserFactory())
    waiting: list[Future[str]] = []

    def answer_meanwhile() -> None:
        waiting.append(pool.submit(answered, discussion, asker, "Merci."))
        somebody_waits()

    with connection.execute_wrapper(once("FOR UPDATE", answer_meanwhile)), transaction.atomic():
        tasks.message_written(message_id=message.pk)
    assert waiting[0].result(SECONDS) == "done"
    assert Notification.objects.filter(user=asker).count() == 1


def test_a_person_answers_while_a_letter_leaves_slowly(
    discussion: Discussion, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    def send(letter: str, **values: object) -> None:
        if not ended:
            ended.append("begun")
            answer = pool.submit(answered, discussion, discussion.by, "Alors ?")
            ended.append(answer.result(SECONDS))

    monkeypatch.setattr(news.letters, "send", send)
    delivered()
    assert ended == ["begun", "done"]


def removed(card: Resource) -> str:
    try:
        with transaction.atomic():
            by = UserFactory(region="moderator")
            cards.bury(resource=Resource.objects.locked(card), reason="other", by=by)
        return "done"
    finally:
        connections.close_all()


def test_a_discussion_opened_while_its_card_is_removed_goes_with_it(
    pool: ThreadPoolExecutor,
) -> None:
    card = ResourceFactory(published=True)
    by = UserFactory()
    waiting: list[Future[str]] = []

    def remove_meanwhile() -> None:
        waiting.append(pool.submit(removed, card))
        somebody_waits()

    written = once('INSERT INTO "discussions_discussion"', remove_meanwhile)
    with connection.execute_wrapper(written):
        discussions.open_discussion(on=card, title="Dates", body_md="Quand ?", by=by)
    assert waiting[0].result(SECONDS) == "done"
    assert not Discussion.objects.exists()
