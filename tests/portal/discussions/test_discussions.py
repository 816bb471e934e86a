"""The contract of discussions: the same for each kind of subject that a part registers."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from catalogue.resources.actions import cards
from challenges.organising.models.challenges import Challenge
from portal.accounts import account_data
from portal.accounts.actions import accounts
from portal.accounts.models import Notification, User
from portal.audit import outbox
from portal.discussions import actions as discussions
from portal.discussions import invariants, queries
from portal.discussions.models import Block, Discussion, Flag, Message
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed, QuotaSpent
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.letters import delivered
from tests.ledger import cost, events, refused, same_for_three
from tests.threads import once

pytestmark = pytest.mark.django_db
REFUSED = {"label": "discussions"}


@dataclass
class Scene:
    """A subject that people discuss, who answers for it, and the address of its discussions."""

    subject: Any
    owner: User
    moderator: User
    page: str

    def opened(self, by: User | None = None, title: str = "Les données") -> Discussion:
        by = by or known()
        return discussions.open_discussion(on=self.subject, title=title, body_md="Où ?", by=by)


def known() -> User:
    """Make a person whose account is old enough to be trusted."""
    return UserFactory(date_joined=clock.now() - timedelta(days=365))


@pytest.fixture(params=["card", "challenge"])
def scene(request: pytest.FixtureRequest) -> Scene:
    owner, moderator = known(), UserFactory(region="moderator")
    if request.param == "challenge":
        challenge = ChallengeFactory(opened=True, owner=owner)
        return Scene(challenge, owner, moderator, f"/challenges/{challenge.slug}/entraide/")
    holder = MembershipFactory(organisation=OrganisationFactory(), role="referent", user=owner)
    card = ResourceFactory(published=True, organisation=holder.organisation)
    return Scene(card, owner, moderator, f"{card.get_absolute_url()}discussions/")


def told() -> list[tuple[int, str]]:
    """Deliver what is owed; list who was told of what."""
    delivered()
    return list(Notification.objects.order_by("pk").values_list("user", "letter"))


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def test_a_question_its_answer_and_who_is_told(client: Client, scene: Scene) -> None:
    asker, helper = known(), known()
    discussion = scene.opened(asker)
    assert told() == [(scene.owner.pk, "discussion_opened")]
    Notification.objects.all().delete()
    discussions.answer(discussion=discussion, body_md="Je **lis**.", by=helper)
    last = discussions.answer(discussion=discussion, body_md="Là.", by=scene.owner)
    answered = [each for each in told() if each[1] == "discussion_answer"]
    assert answered == [(asker.pk, "discussion_answer")] * 2 + [(helper.pk, "discussion_answer")]
    assert list(discussion.messages.values_list("from_owner", flat=True)) == [False, False, True]
    assert again(discussion).moved_at >= last.at
    page = client.get(discussion.path).text
    mark = str(discussion.kind.owner_mark)
    assert ("<strong>lis</strong>" in page, mark in page) == (True, True)
    assert (mark in client.get(scene.page).text, scene.page in mail.outbox[0].body) == (True, True)


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "<iframe src='//x'></iframe>",
    ],
)
def test_no_markup_of_a_message_runs(client: Client, scene: Scene, body: str) -> None:
    with refused(Invalid, **REFUSED):
        discussions.open_discussion(on=scene.subject, title="[", body_md="[" * 2_000, by=known())
    discussion = discussions.open_discussion(
        on=scene.subject, title=body[:160], body_md=body, by=known()
    )
    main = client.get(discussion.path).text.split("<main", 1)[1].split("</main", 1)[0]
    for active in ("<script", 'href="javascript:', "<iframe", "<img"):
        assert active not in main


def test_what_one_person_writes_is_limited(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    by = known()
    first = scene.opened(by)
    for number in range(2, 6):
        scene.opened(by, f"Question {number}")
    with refused(QuotaSpent, **REFUSED):
        scene.opened(by, "De trop")
    with refused(Conflict, code="message_twice", **REFUSED):
        discussions.answer(discussion=first, body_md="Où ?", by=by)
    for number in range(6, 13):
        discussions.answer(discussion=first, body_md=f"Réponse {number}", by=by)
    with refused(QuotaSpent, **REFUSED):
        discussions.answer(discussion=first, body_md="De trop", by=by)
    monkeypatch.setattr(discussions, "MESSAGES_AN_HOUR", 0)
    discussions.answer(discussion=first, body_md="Là.", by=scene.owner)


def test_a_hidden_message_leaves_its_reason_and_its_author_is_told(
    client: Client, scene: Scene
) -> None:
    rude = known()
    discussion = scene.opened()
    message = discussions.answer(discussion=discussion, body_md="Achetez ici !", by=rude)
    told()
    with refused(Invalid, **REFUSED):
        discussions.hide(message=message, reason=" ", by=scene.moderator)
    discussions.hide(message=message, reason="Publicité.", by=scene.moderator)
    with refused(Conflict, **REFUSED):
        discussions.hide(message=message, reason="Publicité.", by=scene.moderator)
    assert told()[-1] == (rude.pk, "message_hidden")
    assert "Publicité." in mail.outbox[-1].body
    page = client.get(discussion.path).text
    assert ("Achetez ici" in page, "Publicité." in page) == (False, True)
    for _time in range(2):
        discussions.show(message=message, by=scene.moderator)
    assert "Achetez ici" in client.get(discussion.path).text
    assert events("discussion.") == ["discussion.hidden", "discussion.shown"]


def test_a_discussion_goes_with_its_first_message_and_its_title_leaves_no_more(
    client: Client, scene: Scene
) -> None:
    """By no letter owed before, no late one, no piece of news in a space."""
    asker, helper = known(), known()
    late, owed = (scene.opened(asker, f"Injure {number}") for number in range(2))
    discussions.answer(discussion=late, body_md="Non.", by=helper)
    outbox.relay()  # the letters of what was written are owed now, and have not left
    discussions.answer(discussion=owed, body_md="Non.", by=helper)
    mail.outbox.clear()
    for discussion in (late, owed):
        discussions.hide(
            message=discussion.messages.earliest("pk"), reason="Insultes.", by=scene.moderator
        )
    delivered()
    assert {letter.to[0] for letter in mail.outbox} == {asker.email}
    assert "Injure" not in "".join(f"{each.subject}{each.body}" for each in mail.outbox)
    assert set(Notification.objects.values_list("letter", flat=True)) == {"message_hidden"}
    assert client.get(late.path).status_code == 404
    assert "Injure" not in client.get(scene.page).text
    with refused(Conflict, **REFUSED):
        discussions.answer(discussion=late, body_md="Et alors ?", by=helper)
    discussions.show(message=late.messages.earliest("pk"), by=scene.moderator)
    assert client.get(late.path).status_code == 200


def test_closing_says_why_and_ends_answers(client: Client, scene: Scene) -> None:
    asker = known()
    discussion = scene.opened(asker)
    with refused(Invalid, **REFUSED):
        discussions.close(discussion=discussion, reason="  ", by=asker)
    discussions.close(discussion=discussion, reason="Réponse donnée.", by=asker)
    for act in (discussions.close, discussions.answer):
        words = {"reason": "Non."} if act is discussions.close else {"body_md": "Encore ?"}
        with refused(Conflict, code="wrong_state", **REFUSED):
            act(discussion=discussion, by=asker, **words)
    assert "Réponse donnée." in client.get(discussion.path).text
    for _time in range(2):
        discussions.reopen(discussion=discussion, by=scene.moderator)
    discussions.answer(discussion=discussion, body_md="Encore ?", by=asker)
    assert events("discussion.") == ["discussion.closed", "discussion.reopened"]


def test_what_waits_for_an_answer_comes_first_on_the_desk(scene: Scene) -> None:
    answered, asked = scene.opened(title="Les droits"), scene.opened(title="Les dates")
    discussions.answer(discussion=answered, body_md="Ouverts.", by=scene.owner)
    closed = scene.opened(title="Les codes")
    discussions.close(discussion=closed, reason="Ailleurs.", by=scene.moderator)
    text = signed_in(scene.moderator).get(f"{scene.page}moderer/").text
    assert text.index("En attente de réponse") < text.index(asked.title)
    assert (answered.title in text, closed.title in text) == (False, False)


def test_what_is_pinned_stands_first(scene: Scene) -> None:
    first, last = scene.opened(), scene.opened()
    listed = queries.discussions(scene.subject, scene.owner)
    assert list(listed) == [last, first]
    for pinned in (True, True):
        discussions.pin(discussion=first, pinned=pinned, by=scene.moderator)
    assert list(listed.all()) == [first, last]


def test_a_blocked_person_reads_why_there_is_no_form(scene: Scene) -> None:
    asker = known()
    discussion, client = scene.opened(asker), signed_in(asker)
    for person in (asker, scene.owner):
        with refused(Invalid, **REFUSED):
            discussions.block(on=scene.subject, user=person, reason=" ", by=scene.moderator)
    with refused(NotAllowed, **REFUSED):
        discussions.block(on=scene.subject, user=scene.owner, reason="Non.", by=scene.moderator)
    blocks = [
        discussions.block(on=scene.subject, user=asker, reason="Injures.", by=scene.moderator)
        for _time in range(2)
    ]
    assert blocks[0] == blocks[1]
    for page in (scene.page, discussion.path):
        text = client.get(page).text
        assert ("body_md" in text, "Vous ne pouvez plus écrire ici" in text) == (False, True)
    with refused(NotAllowed, code="discussion_blocked", **REFUSED):
        scene.opened(asker)
    with refused(NotAllowed, **REFUSED):
        discussions.close(discussion=discussion, reason="Injure.", by=asker)
    discussions.unblock(block=blocks[0], by=scene.moderator)
    assert "body_md" in client.get(discussion.path).text
    scene.opened(asker)
    assert events("discussion.") == ["discussion.blocked", "discussion.unblocked"]


def test_no_act_is_open_to_a_stranger_nor_showing_what_one_wrote(scene: Scene) -> None:
    discussion = scene.opened()
    message = discussion.messages.get()
    block = discussions.block(
        on=scene.subject, user=UserFactory(), reason="Injures.", by=scene.moderator
    )
    words = {"reason": "Non."}
    acts: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (discussions.close, {"discussion": discussion, **words}),
        (discussions.reopen, {"discussion": discussion}),
        (discussions.pin, {"discussion": discussion, "pinned": True}),
        (discussions.hide, {"message": message, **words}),
        (discussions.show, {"message": message}),
        (discussions.dismiss, {"message": message}),
        (discussions.block, {"on": scene.subject, "user": known(), **words}),
        (discussions.unblock, {"block": block}),
    ]
    for act, given in acts:
        with refused(NotAllowed, **REFUSED):
            act(**given, by=known())
    discussion = scene.opened()
    own = discussions.answer(discussion=discussion, body_md="Là.", by=scene.moderator)
    discussions.hide(message=own, reason="Faux.", by=scene.moderator)
    with refused(NotAllowed, **REFUSED):
        discussions.show(message=own, by=scene.moderator)
    discussions.show(message=own, by=UserFactory(region="moderator"))


def test_no_act_is_left_on_what_was_deleted(scene: Scene) -> None:
    """A page was open while the subject went: it is told that there is no such page."""
    discussion = scene.opened()
    message, by, words = discussion.messages.get(), scene.moderator, {"reason": "Non."}
    acts: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (discussions.answer, {"discussion": discussion, "body_md": "Là."}),
        (discussions.close, {"discussion": discussion, **words}),
        (discussions.pin, {"discussion": discussion, "pinned": True}),
        (discussions.flag, {"message": message, **words}),
        (discussions.hide, {"message": message, **words}),
        (discussions.block, {"on": scene.subject, "user": message.by, **words}),
    ]
    discussions.erase_subject(on=scene.subject)
    for act, given in acts[:-1]:
        with refused(Hidden, **REFUSED):
            act(**given, by=by)
    type(scene.subject).objects.filter(pk=scene.subject.pk).delete()
    for act, given in acts:
        with refused(Hidden, **REFUSED):
            act(**given, by=by)


def test_pages_open_answer_and_moderate(client: Client, scene: Scene) -> None:
    assert "Pas encore de discussion" in client.get(scene.page).text
    assert "Connectez-vous pour écrire" in client.get(scene.page).text
    sent = {"title": "Dates", "body_md": "Quand ?"}
    assert client.post(scene.page, sent).status_code == 302
    assert not Discussion.objects.exists()
    person = known()
    client.force_login(person)
    assert client.post(scene.page, {"title": "", "body_md": ""}).status_code == 422
    made = client.post(scene.page, sent)
    discussion = Discussion.objects.get()
    page, message = discussion.path, discussion.messages.get()
    assert made["Location"] == page
    statuses = [client.post(page, {"body_md": body}).status_code for body in ("", "Là ?", "Là ?")]
    assert statuses == [422, 302, 409]
    acts = [f"{scene.page}messages/{message.public_id}/{act}/" for act in ("masquer", "ecarter")]
    desk, arrange = f"{scene.page}moderer/", f"{page}regler/"
    assert [client.get(each).status_code for each in (*acts, desk)] == [403] * 3
    assert client.post(arrange, {"act": "pin"}).status_code == 403
    assert client.post(arrange, {"act": "close", "reason": ""}).status_code == 422
    region = signed_in(scene.moderator)
    for act in acts:
        assert [region.get(act).status_code, region.post(act, {}).status_code] == [200, 422]
    assert region.post(acts[0], {"reason": "Injures."}).status_code == 302
    assert region.get(acts[0]).status_code == 404  # hidden
    text = region.get(desk).text
    assert ("Messages masqués" in text, "Injures." in text) == (True, True)
    settled = {"decision": "show", "message": str(message.public_id)}
    assert region.post(desk, settled).status_code == 302
    assert region.post(acts[1], {"reason": "Injures."}).status_code == 302
    assert client.post(page, {"body_md": "Allô"}).status_code == 403
    given = {"decision": "unblock", "block": str(Block.objects.get().pk)}
    assert region.post(desk, given).status_code == 302
    for wrong in ({"decision": "show", "message": "x"}, {**given, "block": "9" * 5_000}):
        assert region.post(desk, wrong).status_code == 404
    for act in ("pin", "unpin", "close", "reopen"):
        assert region.post(arrange, {"act": act, "reason": "Répondu."}).status_code == 302
    assert events("discussion.")[-4:] == [
        f"discussion.{act}" for act in ("pinned", "unpinned", "closed", "reopened")
    ]


def test_a_message_is_told_to_those_who_judge_it(client: Client, scene: Scene) -> None:
    """By a flag to the moderators of its subject, or by a notice to the Region with its reasons."""
    discussion, reader = scene.opened(), known()
    message = discussion.messages.get()
    client.force_login(reader)
    text = client.get(discussion.path).text
    if not isinstance(scene.subject, Challenge):
        assert f"/signaler/?adresse={discussion.path}%23m-{message.public_id}" in text
        with refused(NotAllowed, **REFUSED):
            discussions.flag(message=message, reason="Injure.", by=reader)
        return
    page = f"{scene.page}messages/{message.public_id}/signaler/"
    assert page in text
    assert client.post(page, {"reason": "Injure."}).status_code == 302
    discussions.flag(message=message, reason="Encore.", by=reader)
    flagged = [each for each in told() if each[1] == "message_flagged"]
    assert flagged == [(each.pk, "message_flagged") for each in (scene.owner, scene.moderator)]
    desk, owner = f"{scene.page}moderer/", signed_in(scene.owner)
    assert "Injure." in owner.get(desk).text
    given = {"decision": "dismiss", "message": str(message.public_id)}
    assert owner.post(desk, given).status_code == 302
    assert "Aucun signalement" in owner.get(desk).text
    other = discussions.flag(message=message, reason="Injure.", by=known())
    discussions.hide(message=message, reason="Injures.", by=scene.owner)
    assert again(other).settled_at is not None


def test_a_message_flagged_twice_at_once_is_flagged_once() -> None:
    message = discussions.open_discussion(
        on=ChallengeFactory(opened=True), title="Dates", body_md="Quand ?", by=known()
    ).messages.get()
    given = {"message": message, "reason": "Injure.", "by": known()}
    meanwhile = once('FROM "discussions_flag"', lambda: discussions.flag(**given))
    with connection.execute_wrapper(meanwhile):
        discussions.flag(**given)
    assert [row.reason for row in Flag.objects.all()] == ["Injure."]


def test_leaving_keeps_what_was_read(client: Client, scene: Scene) -> None:
    asker = known()
    discussion = scene.opened(asker)
    discussions.close(discussion=discussion, reason="Vu.", by=asker)
    with zipfile.ZipFile(io.BytesIO(account_data.archive(asker))) as bundle:
        described = json.loads(bundle.read("discussions.json"))
    assert [row["body_md"] for row in described["messages"]] == ["Où ?"]
    assert [row["close_reason"] for row in described["clotures"]] == ["Vu."]
    accounts.close(user=asker, by=asker)
    assert "compte supprimé" in client.get(discussion.path).text


def test_what_was_written_goes_with_its_subject(scene: Scene) -> None:
    message = scene.opened().messages.get()
    discussions.block(on=scene.subject, user=known(), reason="Injures.", by=scene.moderator)
    assert list(invariants.strays()) == []
    if isinstance(scene.subject, Challenge):
        discussions.erase_subject(on=scene.subject)
        Challenge.objects.filter(pk=scene.subject.pk).delete()
    else:
        cards.bury(resource=scene.subject, reason="other", by=scene.moderator)
    with refused(Hidden, **REFUSED):
        scene.opened()  # on a page read before
    assert not any(each.objects.exists() for each in (Discussion, Message, Block, Flag)), message


def test_what_lost_its_subject_is_a_breach(scene: Scene) -> None:
    discussion = scene.opened()
    Discussion.objects.update(subject_id=discussion.public_id)
    assert list(invariants.strays()) == [f"{discussion.subject_kind}:{discussion.public_id}"]


def test_pages_cost_the_same_for_one_and_three(client: Client, scene: Scene) -> None:
    discussion, region = scene.opened(), signed_in(scene.moderator)
    client.force_login(known())

    def more() -> None:
        scene.opened()
        discussions.answer(discussion=discussion, body_md="Oui.", by=known())
        hidden = discussions.answer(discussion=discussion, body_md="Non.", by=known())
        discussions.hide(message=hidden, reason="Non.", by=scene.moderator)
        discussions.block(on=scene.subject, user=hidden.by, reason="Non.", by=scene.moderator)

    pages = [(client, scene.page), (client, discussion.path), (region, f"{scene.page}moderer/")]
    same_for_three(more, *(lambda who=who, page=page: cost(who, page) for who, page in pages))
