"""Letters: who gets them, what they say, once each."""

from typing import Any

import pytest
from django.core import mail

from catalogue.actions import archives, moderation
from catalogue.enums import DecisionReason
from portal.audit import outbox
from tests.factories import contributions as make

pytestmark = pytest.mark.django_db


def sent() -> list[tuple[str, str]]:
    outbox.relay()
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_a_sending_tells_the_author_and_the_moderators() -> None:
    first, second = make.moderator("relecture1"), make.moderator("relecture2")
    author = make.person("autrice")

    contribution = make.submitted(author, title="Un besoin précis")

    assert sent() == [
        ("autrice@exemple.example", "Nous avons bien reçu « Un besoin précis »"),
        (first.email, "À relire : « Un besoin précis »"),
        (second.email, "À relire : « Un besoin précis »"),
    ]
    assert f"/contribuer/{contribution.public_id}/" in mail.outbox[0].body
    assert f"/moderation/{contribution.public_id}/" in mail.outbox[1].body
    assert sent() == sent()


def test_a_moderator_is_not_asked_to_read_their_own() -> None:
    author = make.moderator("relecture")

    make.submitted(author)

    assert [to for to, _subject in sent()] == [author.email]


@pytest.mark.parametrize(
    ("verb", "subject", "says"),
    [
        ("request_changes", "Corrections demandées pour « Un besoin précis »", "Précisez & citez."),
        ("refuse", "« Un besoin précis » n’est pas publiée", "contester cette décision"),
        ("publish", "« Un besoin précis » est publiée", "Merci de votre contribution."),
    ],
)
def test_a_decision_tells_the_author(verb: str, subject: str, says: str) -> None:
    author = make.person("autrice")
    contribution = make.submitted(author, title="Un besoin précis")
    outbox.relay()
    mail.outbox.clear()
    words: dict[str, Any] = {"reason": DecisionReason.OTHER, "message": "Précisez & citez."}

    getattr(moderation, verb)(
        contribution=contribution,
        by=make.moderator(),
        **({} if verb == "publish" else words),
    )

    assert sent() == [("autrice@exemple.example", subject)]
    assert says in mail.outbox[0].body


def test_an_archive_by_the_region_tells_the_author() -> None:
    author = make.person("autrice")
    resource = make.published(author, title="Un besoin précis")
    outbox.relay()
    mail.outbox.clear()

    archives.archive(resource=resource, reason="Sans suite.", by=make.moderator())

    assert sent() == [("autrice@exemple.example", "« Un besoin précis » est archivée")]
    assert "Sans suite." in mail.outbox[0].body


def test_a_closed_account_gets_nothing() -> None:
    author = make.person()
    make.submitted(author)
    type(author).objects.filter(pk=author.pk).update(is_active=False)

    assert sent() == []
