"""The review: decisions, claims and archives; its queue, pages and letters; several at once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from catalogue.community.actions import maskings
from catalogue.contributions.actions import drafts, review
from catalogue.contributions.actions.review import BulkAct, Order
from catalogue.contributions.enums import ContributionStatus, DecisionReason
from catalogue.contributions.queries import reviews
from catalogue.contributions.views import review as pages
from catalogue.contributions.views import review as review_pages
from catalogue.harvest import actions as harvests
from catalogue.models import Contribution, Decision, IndexedResource, Resource
from catalogue.pages.views.space import to_do
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import transfers
from catalogue.resources.enums import ResourceKind
from portal.accounts import news, space
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.prose.numbers import file_size, number
from portal.lib.refusals import Conflict, Invalid, NotAllowed, Refusal
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, items, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import SourceFactory
from tests.factories.letters import letters
from tests.ledger import cost, events, owed, queries, refused, rows, same_for_three

pytestmark = pytest.mark.django_db
SENT = ["contribution.started", "contribution.submitted"]
OWED = ["mail.contribution_received", "mail.contribution_to_review"]
QUEUE = "catalogue:moderation"
ANSWERS, DECISIONS = f"{QUEUE}_answers", f"{QUEUE}_decisions"
SATURDAY = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)
Verb = Callable[[Contribution, User], Any]


def publish(contribution: Contribution, by: User) -> Decision:
    return review.publish(contribution=contribution, by=by)


def request_changes(contribution: Contribution, by: User) -> Decision:
    return review.request_changes(
        contribution=contribution,
        reason=DecisionReason.INSUFFICIENT,
        message="Précisez & citez.",
        fields=["situation"],
        by=by,
    )


def refuse(contribution: Contribution, by: User) -> Decision:
    return review.refuse(
        contribution=contribution, reason=DecisionReason.OFF_TOPIC, message="Hors sujet.", by=by
    )


def claim(contribution: Contribution, by: User) -> Contribution:
    return review.claim(contribution=contribution, by=by)


VERBS: list[Verb] = [publish, request_changes, refuse]


@pytest.fixture
def judge() -> User:
    return make.moderator()


@pytest.fixture
def desk(judge: User) -> Client:
    return signed_in(judge)


def item(contribution: Contribution) -> str:
    return reverse("catalogue:moderation_item", args=(contribution.public_id,))


def aged(contribution: Contribution, days: int) -> Contribution:
    at = contribution.first_submitted_at - timedelta(days=days)
    Contribution.objects.filter(pk=contribution.pk).update(first_submitted_at=at, submitted_at=at)
    return make.again(contribution)


# Decisions
@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (publish, ContributionStatus.PUBLISHED),
        (request_changes, ContributionStatus.CHANGES_REQUESTED),
        (refuse, ContributionStatus.REFUSED),
    ],
)
def test_a_moderator_decides(judge: User, verb: Verb, status: ContributionStatus) -> None:
    contribution = make.submitted()
    sent = contribution.revision
    decision = verb(contribution, judge)
    contribution = make.again(contribution)
    assert contribution.status == status
    assert contribution.decided_at == decision.decided_at is not None
    assert (decision.revision, decision.decided_by, decision.outcome) == (sent, judge, status)
    assert events() == [*SENT, f"contribution.{status}"]
    assert owed() == [*OWED, f"mail.contribution_{status}"]
    assert contribution.resource.live is (status == ContributionStatus.PUBLISHED)


def test_publication_gives_an_address_and_an_index_row(judge: User) -> None:
    contribution = make.submitted()
    publish(contribution, judge)
    resource = Resource.objects.public().get()
    assert resource.slug == "reperer-les-ruptures-de-contrat-en-apprentissage"
    assert resource.title == make.NEED["title"]
    assert "<p>" in resource.description_html
    assert resource.live_revision == contribution.revision
    assert IndexedResource.objects.get().resource == resource
    assert make.published().slug == f"{resource.slug}-2"


def test_an_accepted_change_keeps_the_address_and_the_holder() -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder)
    fresh = make.changed(card, editor, title="Neuf")
    assert (fresh.title, fresh.slug, fresh.organisation) == ("Neuf", card.slug, holder)


# Each gives what is sent, and a moderator whom it touches.
def own() -> tuple[Contribution, User]:
    by = make.moderator()
    return make.submitted(by), by


def of_their_organisation(role: Role) -> tuple[Contribution, User]:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    sent = make.submitted(editor, holder=holder)
    return sent, make.joined(make.moderator(), holder, role)


def of_the_card_of_their_organisation() -> tuple[Contribution, User]:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    sent = make.accepted(make.offered(make.published(editor, holder=holder)))
    return sent, make.joined(make.moderator(), holder, Role.CONTRIBUTOR)


def of_their_card() -> tuple[Contribution, User]:
    by = make.moderator()
    return make.accepted(make.offered(make.published(by))), by


def of_a_stranger(role: RegionRole) -> tuple[Contribution, User]:
    return make.submitted(), make.region(role)


@pytest.mark.parametrize("verb", [*VERBS, claim])
@pytest.mark.parametrize(
    "tie",
    [
        own,
        of_their_card,
        of_the_card_of_their_organisation,
        *(pytest.param(lambda role=role: of_their_organisation(role), id=role) for role in Role),
        *(
            pytest.param(lambda role=role: of_a_stranger(role), id=f"region {role}")
            for role in RegionRole
            if role is not RegionRole.MODERATOR
        ),
    ],
)
def test_only_a_moderator_whom_nothing_touches_decides(
    verb: Verb, tie: Callable[[], tuple[Contribution, User]]
) -> None:
    contribution, by = tie()
    with refused(NotAllowed):
        verb(contribution, by)


def test_corrections_lead_to_the_fields_that_they_speak_of(client: Client, judge: User) -> None:
    contribution = make.submitted()
    review.request_changes(
        contribution=make.again(contribution),
        reason=DecisionReason.INSUFFICIENT,
        message="Trois mots au moins.",
        fields=["tags"],
        by=judge,
    )
    client.force_login(contribution.author)
    place = reverse("catalogue:contribution_step", args=(contribution.public_id, "essentiel"))
    page = client.get(reverse("catalogue:contribution", args=(contribution.public_id,))).text
    assert page.count(f'href="{place}?champ=tags#id_tags"') == 2
    assert "envoi/#id_reply" in page
    page = client.get(place).text
    assert page.count("à corriger") == 1
    assert re.search(r'class="asked group">\s*<p><span[^>]*>.*à corriger', page)


def test_the_queue_goes_on_below_in_the_order_chosen(desk: Client) -> None:
    first, second, third = (make.submitted() for _ in range(3))
    assert f'href="{item(first)}?order=recent"' in desk.get(f"{item(second)}?order=recent").text
    typed = {"outcome": "publish", "version": second.version}
    assert desk.post(item(second), typed).headers["Location"] == item(third)
    typed = {"outcome": "publish", "version": third.version}
    answer = desk.post(f"{item(third)}?order=recent", typed)
    assert answer.headers["Location"] == f"{item(first)}?order=recent"


@pytest.mark.parametrize("action", [review.request_changes, review.refuse])
def test_words_are_compulsory(judge: User, action: Callable[..., Any]) -> None:
    contribution = make.submitted()
    for reason, message in (("", "Un message."), (DecisionReason.OTHER, "  ")):
        with refused(Invalid):
            action(contribution=contribution, reason=reason, message=message, by=judge)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("then", VERBS)
def test_a_second_decision_conflicts(judge: User, verb: Verb, then: Verb) -> None:
    stale, draft = make.submitted(), make.draft()
    verb(make.again(stale), judge)
    with refused(Conflict):
        then(stale, make.moderator())
    assert Decision.objects.count() == 1
    with refused(Refusal):
        then(draft, make.moderator())


def test_a_stale_change_never_overwrites_the_card(judge: User) -> None:
    author = make.person()
    resource = make.published(author)
    late = make.accepted(make.offered(resource, title="Tardif"))
    make.changed(resource, author, title="En ligne")
    with refused(Conflict, code="base_changed") as refusal:
        publish(make.again(late), judge)
    assert refusal.value.facts["fields"] == ["title"]


# Claims
def test_a_claim_is_seen_and_released_and_ends_with_the_decision(judge: User) -> None:
    contribution = make.submitted()
    claim(contribution, judge)
    assert make.again(contribution).claimed_by == judge
    review.release(contribution=make.again(contribution), by=judge)
    assert make.again(contribution).claimed_by is None
    assert events() == [*SENT, "contribution.claimed", "contribution.released"]
    assert owed() == OWED
    claim(make.again(contribution), judge)
    request_changes(make.again(contribution), judge)
    assert make.again(contribution).claimed_by is None


# Archives
def test_an_owner_archives_with_a_reason_and_restores() -> None:
    author, stranger = make.person(), make.person()
    client, resource = signed_in(author), make.published(author)
    address = reverse("catalogue:archive", args=(resource.slug,))
    assert signed_in(stranger).get(address).status_code == 403
    assert client.post(address, {"reason": " "}).status_code == 422
    for wrong in (
        lambda: card_changes.archive(resource=resource, reason="Non.", by=stranger),
        lambda: card_changes.restore(resource=resource, by=stranger),
    ):
        with refused(NotAllowed):
            wrong()
    client.post(address, {"reason": "Remplacée."})
    assert Contribution.objects.get().status == ContributionStatus.ARCHIVED
    assert Resource.objects.public().get().archive_reason == "Remplacée."
    with refused(Conflict):
        card_changes.archive(resource=resource, reason="Deux fois.", by=author)
    assert client.get(address).status_code == 200
    client.post(address)
    assert Contribution.objects.get().status == ContributionStatus.PUBLISHED
    with refused(Conflict):
        card_changes.restore(resource=resource, by=author)
    assert events("resource.") == ["resource.archived", "resource.restored"]
    assert "mail.resource_archived" not in owed()


# The queue
def test_the_oldest_comes_first_with_its_lateness(desk: Client) -> None:
    recent = make.submitted(title="Récente de la file")
    old = aged(make.submitted(title="Ancienne de la file"), 30)
    lines = reviews.waiting(reviews.queue())
    assert [line.contribution for line in lines] == [old, recent]
    assert [line.is_late for line in lines] == [True, False]
    page = desk.get(reverse(QUEUE)).text
    assert page.index("Ancienne de la file") < page.index("Récente de la file")
    assert "hors délai" in page


def test_filters_order_and_pages(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ["Un besoin à relire", "Des données à relire", "Un brouillon caché"]
    make.submitted(title=titles[0])
    make.submitted(kind=ResourceKind.DATASET, title=titles[1])
    make.draft(title=titles[2])

    def shown(**asked: str) -> list[int]:
        page = desk.get(reverse(QUEUE), asked).text
        there = [at for at, title in enumerate(titles) if title in page]
        return sorted(there, key=lambda at: page.index(titles[at]))

    assert shown() == [0, 1]
    assert shown(kind="dataset") == [1]
    assert shown(order="recent", kind="nonsense") == [1, 0]
    monkeypatch.setattr(pages, "QUEUE_PER_PAGE", 1)
    assert [shown(), shown(page="2")] == [[0], [1]]


def test_answers_have_their_own_tab(desk: Client) -> None:
    author = make.person()
    contribution = make.sent_back(author, title="Revenue avec une réponse")
    drafts.amend(
        contribution=make.edit(contribution, author, situation="Depuis 2021."),
        charter=make.CHARTER,
        reply="Fait, merci.",
        by=author,
    )
    assert "Revenue avec une réponse" not in desk.get(reverse(QUEUE)).text
    assert "Revenue avec une réponse" in desk.get(reverse(ANSWERS)).text
    page = desk.get(item(contribution)).text
    assert "Fait, merci." in page
    assert "<ins>Depuis 2021.</ins>" in page
    assert "<ins>" not in desk.get(item(contribution), {"vue": ""}).text
    assert "Précisez la période." in page


def test_remarks_alike_are_told_once(desk: Client) -> None:
    emails = "\n\n".join(f"Écrire à prenom.nom{n}@exemple.fr." for n in range(6))
    page = desk.get(item(make.submitted(description=f"{emails} {'x' * 200}"))).text
    assert page.count("Données personnelles</b>") == 1
    assert "et 5 autres du même genre" in page.replace("\u202f", " ").replace("\n", " ")


def test_an_item_shows_the_proposal_and_the_checks(desk: Client) -> None:
    contribution = make.submitted(
        kind=ResourceKind.DATASET,
        summary="Écrire à jeanne.durand@exemple.fr pour en savoir plus.",
        tags=[],
    )
    page = desk.get(item(contribution)).text
    for said in (
        "Ce qui est proposé",
        "je…@exemple.fr",
        "<p>Licence Ouverte 2.0</p>",
        "Votre décision",
        'value="tags"',  # missing, so that it may be asked for
    ):
        assert said in page
    assert "etalab-2.0" not in page
    assert "Votre lien" not in page
    assert desk.get(item(make.draft())).status_code == 404


@pytest.mark.parametrize("view", ["", "apres"])
def test_a_change_is_compared_field_by_field(desk: Client, view: str) -> None:
    author = make.person()
    change = drafts.propose(resource=make.published(author), by=author)
    make.send(make.edit(change, author, title="Repérer les ruptures de stage"), author)
    page = desk.get(item(change), {"vue": view}).text
    assert "Ce qui change" in page
    assert ("<ins>stage</ins>" in page) is (view == "")


@pytest.mark.parametrize(
    ("outcome", "reason", "status"),
    [
        ("publish", "", ContributionStatus.PUBLISHED),
        ("request_changes", "licence", ContributionStatus.CHANGES_REQUESTED),
        ("refuse", "off_topic", ContributionStatus.REFUSED),
    ],
)
def test_deciding_leads_to_the_next(
    desk: Client, outcome: str, reason: str, status: ContributionStatus
) -> None:
    contribution, following = make.submitted(), make.submitted()
    typed = {
        "outcome": outcome,
        "reason": reason,
        "message": "" if outcome == "publish" else "Laquelle ?",
    }
    answer = desk.post(item(contribution), typed | {"version": str(contribution.version)})
    assert answer.headers["Location"] == item(following)
    assert make.again(contribution).status == status
    page = desk.get(item(following)).text
    assert "Décision enregistrée pour" in page
    assert str(status.label) in page


def test_the_words_of_a_check_go_into_the_message_and_files_are_listed(desk: Client) -> None:
    row = {"title": "Poids", "download_url": "https://exemple.fr/poids.pkl", "bytes": 2_000_000}
    contribution = make.submitted(kind=ResourceKind.DATASET, distributions=[row])
    page = desk.get(item(contribution)).text
    assert '<a href="https://exemple.fr/poids.pkl" rel="nofollow">Poids</a>' in page
    assert (file_size(2_000_000) in page, "2000000" in page, "2 000 000" in page) == (
        True,
        False,
        False,
    )
    insert = unescape(re.findall(r'name="insert"\s+value="([^"]+)"', page)[0])
    again = desk.post(item(contribution), {"insert": insert, "message": "Bonjour.", "version": "1"})
    assert f"Bonjour.\n{insert}</textarea>" in unescape(again.text)
    assert (Decision.objects.exists(), "à corriger" in again.text) == (False, False)
    assert '<option value="insufficient" selected>' in again.text  # said, to be changed or not
    asked = {"insert": insert, "message": "", "version": "1", "reason": "licence"}
    assert '<option value="licence" selected>' in desk.post(item(contribution), asked).text
    label = page.partition('<label for="id_reason">')[2].partition("</label>")[0]
    assert label == "Motif <small>(obligatoire)</small>"


def test_a_corrected_size_is_shown(desk: Client) -> None:
    by, row = make.person(), {"title": "a", "download_url": "https://exemple.fr/a.csv"}
    rows = [[row | {"bytes": size}] for size in (1_210_000, 1_240_000)]
    card = make.published(by, kind=ResourceKind.DATASET, distributions=rows[0])
    change = make.drafts.propose(resource=card, by=by)
    make.send(make.edit(change, by, distributions=rows[1]), by)
    page = re.sub("</?(?:ins|del)>", "", desk.get(item(change)).text)
    assert [number(size) in page for size in (1_210_000, 1_240_000)] == [True, True]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choisissez une décision."),
        ({"outcome": "refuse"}, "Choisissez un motif."),
        ({"outcome": "request_changes", "message": "Laquelle ?"}, "Choisissez un motif."),
        ({"outcome": "request_changes", "reason": "other"}, "Écrivez à l’auteur"),
    ],
)
def test_an_incomplete_decision_is_told(desk: Client, typed: dict[str, str], said: str) -> None:
    contribution = make.submitted()
    answer = desk.post(item(contribution), typed | {"version": str(contribution.version)})
    assert (answer.status_code, said in answer.text) == (200, True)
    assert not Decision.objects.exists()


def test_a_version_that_was_not_read_conflicts(desk: Client) -> None:
    contribution = make.submitted()
    read = str(contribution.version)
    drafts.withdraw(contribution=contribution, by=contribution.author)
    answer = desk.post(item(contribution), {"outcome": "publish", "version": read})
    assert answer.status_code == 409
    assert make.again(contribution).status == ContributionStatus.WITHDRAWN


def test_reading_is_reserved_and_shown_until_it_ends(desk: Client, settings: Any) -> None:
    contribution, mine = make.submitted(), signed_in(make.moderator("lectrice"))
    address = reverse("catalogue:moderation_claim", args=(contribution.public_id,))
    assert mine.post(address, {"claim": "1"}).status_code == 302
    assert "en lecture par lectrice" in desk.get(reverse(QUEUE)).text
    for act in ("claim", "release"):
        assert desk.post(address, {act: "1"}).status_code == 409
    assert mine.post(address, {"release": "1"}).status_code == 302
    assert make.again(contribution).claimed_by is None
    mine.post(address, {"claim": "1"})
    settings.CLAIM_MINUTES = 0
    assert desk.post(address, {"claim": "1"}).status_code == 302


def test_delays_are_measured_in_working_days(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        make.published()
    sent = aged(make.submitted(), 60)
    delays = reviews.delays()
    assert (delays.waiting, delays.late, delays.median_days) == (1, 1, 0)
    assert delays.ninth_decile_days is None
    Contribution.objects.filter(pk=sent.pk).update(
        first_submitted_at=SATURDAY, submitted_at=SATURDAY
    )
    monkeypatch.setattr(clock, "now", lambda: SATURDAY + timedelta(days=1))
    assert "moins d’un jour ouvré" in desk.get(item(sent)).text


def test_lists_and_an_item_cost_the_same_for_one_and_three(desk: Client) -> None:
    first = make.submitted()
    addresses = (reverse(QUEUE), reverse(ANSWERS), reverse(DECISIONS), item(first))

    def more() -> None:
        make.submitted()
        make.published()

    desk.get(BULK)  # what is read once for all
    order = PUBLISH | {"all": "1"}
    counts = [lambda address=each: cost(desk, address) for each in (*addresses, BULK)]
    counts.append(lambda: queries(lambda: desk.post(BULK, order)))
    assert same_for_three(more, *counts)[:4] == [10, 8, 8, 13]


def test_the_space_shows_what_waits() -> None:
    author, judge = make.person(), make.moderator()
    draft = make.draft(author, title="Un brouillon à finir")
    back = make.sent_back(author, title="Une fiche revenue")
    aged(make.submitted(), 30)
    theirs = space.gathered(judge)["todo"]
    assert [str(item.title) for item in space.gathered(author)["todo"]] == [
        "Répondre à la relecture de « Une fiche revenue »",
        "Terminer « Un brouillon à finir »",
    ]
    assert [str(item.detail) for item in space.gathered(author)["todo"]] == [
        "« Information insuffisante » : Précisez la période.",
        "Besoin, étape 3 sur 3. Personne d’autre ne voit ce brouillon.",
    ]
    assert [(str(item.title), item.badge) for item in theirs] == [
        ("Relire 1 contribution", "1 hors délai")
    ]
    assert [item.badge for item in space.gathered(author)["resources"]] == [
        back.status_enum.label,
        draft.status_enum.label,
    ]
    _side, _cut, list_ = signed_in(author).get("/espace/").text.partition('<ul class="todo')
    assert list_.count("à l’instant</time>") > 1
    kinds = [item.detail for item in space.gathered(author)["resources"]]
    assert kinds == [ResourceKind(each.resource.kind).label for each in (back, draft)]


def test_an_import_is_checked_when_it_is_read(desk: Client) -> None:
    contribution = make.submitted()
    contribution.revision.content["provenance"] = {
        "title": {"origin": "import:opening", "verified": False},
        "summary": {"origin": "import:opening", "verified": True},
    }
    contribution.revision.save(update_fields=["content"])
    Contribution.objects.filter(pk=contribution.pk).update(checks=[], author=None)
    page = desk.get(item(contribution)).text
    assert "Personne n’a encore vérifié" in page
    assert ": Titre." in page.replace("\u202f", " ").replace("\xa0", " ").replace("  ", " ")
    assert "Champs de la fiche" in page


# Letters
def test_a_sending_tells_the_author_and_the_moderators() -> None:
    first, second = make.moderator("relecture1"), make.moderator("relecture2")
    contribution = make.submitted(make.person("autrice"), title="Un besoin précis")
    assert letters() == [
        ("autrice@exemple.example", "Nous avons bien reçu « Un besoin précis »"),
        (first.email, "À relire : « Un besoin précis »"),
        (second.email, "À relire : « Un besoin précis »"),
    ]
    assert f"/contribuer/{contribution.public_id}/" in mail.outbox[0].body
    assert f"/moderation/{contribution.public_id}/" in mail.outbox[1].body
    assert letters() == []


def test_no_letter_asks_to_read_ones_own_or_goes_to_a_closed_account() -> None:
    author = make.moderator("relecture")
    make.submitted(author)
    assert [to for to, _subject in letters()] == [author.email]
    make.submitted(author)
    User.objects.filter(pk=author.pk).update(is_active=False)
    assert letters() == []


@pytest.mark.parametrize(
    ("verb", "subject", "says"),
    [
        (request_changes, "Corrections demandées pour « Un besoin précis »", "Précisez & citez."),
        (refuse, "« Un besoin précis » n’est pas publiée", "contester cette décision"),
        (publish, "« Un besoin précis » est publiée", "/ressources/un-besoin-precis"),
    ],
)
def test_a_decision_and_an_archive_by_the_region_tell_the_author(
    judge: User, verb: Verb, subject: str, says: str
) -> None:
    author = make.person()
    contribution = make.submitted(author, title="Un besoin précis")
    letters()
    verb(contribution, judge)
    assert letters() == [(author.email, subject)]
    assert [news.subject_of(each) for each in author.notifications.all()] == [subject]
    assert says in mail.outbox[0].body
    if verb is publish:
        card_changes.archive(resource=Resource.objects.get(), reason="Sans suite.", by=judge)
        assert letters() == [(author.email, "« Un besoin précis » est archivée")]
        assert "Sans suite." in mail.outbox[0].body


def seen(person: User) -> list[str]:
    return [str(item.title) for item in items(to_do, person)]


def urls(person: User) -> list[str]:
    return [item.url for item in items(to_do, person)]


def test_a_source_waits_for_the_moderators_who_may_answer() -> None:
    source = SourceFactory()
    free, tied = make.moderator("libre"), make.moderator("liée")
    MembershipFactory(user=tied, organisation=source.organisation, role="editor")
    assert "Répondre à 1 source proposée" in seen(free)
    assert f"/moissonnage/{source.public_id}/" in urls(free)
    SourceFactory()
    assert "Répondre à 2 sources proposées" in seen(free)
    assert "/moissonnage/" in urls(free)
    assert "Répondre à 1 source proposée" in seen(tied)
    assert not [each for each in seen(make.person()) if "source" in each]
    harvests.approve(source=source, publishes=True, by=free)
    assert "Répondre à 1 source proposée" in seen(free)


def test_a_transfer_waits_for_who_may_answer() -> None:
    here, there = make.organisation("Donneuse"), make.organisation("Receveuse")
    owner = make.joined(make.person(), here, Role.EDITOR)
    receiver = make.joined(make.person(), there, Role.EDITOR)
    card = make.published(owner, holder=here)
    asked = transfers.offer(resource=card, target=there, by=owner)
    title = f"Répondre au transfert de « {card.title} »"
    assert title in seen(receiver)
    assert f"/ressources/{card.slug}/transmettre/" in urls(receiver)
    for other in (owner, make.person(), make.moderator()):
        assert title not in seen(other)
    transfers.refuse(transfer=asked, by=receiver)
    assert title not in seen(receiver)
    transfers.propose(resource=card, target=there, message="Fusion.", by=make.moderator("un"))
    assert title in seen(make.moderator("deux"))
    assert title not in seen(receiver)


def test_a_masking_waits_for_a_second_person() -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    card = ResourceFactory(published=True)
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    title = "Répondre à 1 masquage"
    assert (title in seen(one), title in seen(two)) == (False, True)
    maskings.confirm(masking=masking, by=two)
    assert (title in seen(one), title in seen(two)) == (False, False)
    maskings.propose_lift(masking=masking, by=two)
    assert (title in seen(one), title in seen(two)) == (True, False)


def test_what_waits_costs_the_same_for_one_and_three(judge: User) -> None:
    def more() -> None:
        SourceFactory()
        card, other = ResourceFactory(published=True), make.moderator()
        maskings.mask(resource=card, category="illegal", explanation="Propos.", by=other)

    def read() -> None:
        items(to_do, judge)

    same_for_three(more, lambda: queries(read))


BULK = "/moderation/lot/"
EMPTY = {"assignee": "", "reason": "", "message": ""}
PUBLISH = {**EMPTY, "act": "publish"}
REFUSE = {**EMPTY, "act": "refuse", "reason": "off_topic", "message": "Hors du sujet."}


def token(contribution: Contribution) -> str:
    return f"{contribution.public_id}:{contribution.version}"


def tokens(*lot: Contribution) -> dict[str, Any]:
    return {"item": [token(each) for each in lot]}


def states(*lot: Contribution) -> list[str]:
    return [make.again(each).status for each in lot]


def values(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}"\s+value="([^"]*)"', page)


def tied() -> tuple[User, Contribution]:
    """Make a moderator, and a contribution of an organisation that they belong to."""
    holder = make.organisation()
    judge = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    editor = make.joined(make.person(), holder, Role.EDITOR)
    return judge, make.submitted(editor, holder=holder)


def test_an_order_is_told_then_done_and_leaves_out_what_touches_one() -> None:
    judge, mine = tied()
    other, blocked = make.submitted(title="Libre de tout lien"), make.submitted(title="Bloquée ici")
    fault = {"code": "licence", "verdict": "blocking", "remarks": [{"code": "licence_missing"}]}
    Contribution.objects.filter(pk=blocked.pk).update(checks=[fault])
    client, order = signed_in(judge), PUBLISH | tokens(mine, other, blocked)
    before = rows()
    page = client.post(BULK, order).text
    assert rows() == before
    for said in (
        "Libre de tout lien",
        "Un contrôle bloque la publication.",
        "une autre personne décide",
    ):
        assert said in page
    for _time in range(2):
        client.post(BULK, order | {"confirm": "1"})
        assert states(mine, other, blocked) == ["submitted", "published", "submitted"]
    acts = events("access.", "contribution.published")
    assert acts == ["access.denied", "contribution.published"]


def test_refusals_in_a_lot_write_to_each_author_once(judge: User) -> None:
    lot = [make.submitted(), make.submitted()]
    order = Order(BulkAct.REFUSE, reason="off_topic", message="Hors du sujet du portail.")
    for _time in range(2):
        done = review.carry_out_order(contributions=lot, order=order, by=judge)
        lot = [make.again(each) for each in lot]
    assert all(line.skipped for line in done)
    assert states(*lot) == ["refused"] * 2
    letters()
    told = [m.to[0] for m in mail.outbox if "Hors du sujet" in m.body]
    assert sorted(told) == sorted(each.author.email for each in lot if each.author)


def test_a_proposal_is_given_to_who_may_decide_on_it() -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    waiting = make.submitted(title="À confier")
    own = make.submitted(two, title="Celle de deux")
    order = Order(BulkAct.ASSIGN, assignee=two)
    done = review.carry_out_order(contributions=[waiting, own], order=order, by=one)
    assert [bool(line.skipped) for line in done] == [False, True]
    with refused(NotAllowed):
        review.assign(contribution=make.again(own), to=two, by=one)
    for assignee, wanted in (("moi", waiting), ("personne", own)):
        sieve = reviews.Sieve(assignee=assignee)
        assert list(reviews.queue(sieve, viewer=two)) == [wanted]
    page = signed_in(two).get(reverse("catalogue:moderation"), {"confiee": "moi"}).text
    assert ("À confier" in page, "Celle de deux" in page) == (True, False)


def test_the_queue_is_sifted_by_organisation_and_check() -> None:
    _judge, theirs = tied()
    other = make.submitted()
    remark = {"code": "language", "verdict": "warning", "remarks": [{"code": "spam"}]}
    Contribution.objects.filter(pk=other.pk).update(checks=[remark])
    Contribution.objects.filter(pk=theirs.pk).update(checks=[])
    holder = theirs.organisation
    for sieve, wanted in (
        (reviews.Sieve(organisation=holder.slug), theirs),
        (reviews.Sieve(check="language"), other),
    ):
        assert list(reviews.queue(sieve)) == [wanted]


def test_the_page_asks_for_what_lacks(desk: Client) -> None:
    item = tokens(make.submitted())
    for wrong in (
        {"act": "refuse", **item},
        {"act": "publish"},
        {"act": "publish", "item": ["x:y", "é"]},
    ):
        assert desk.post(BULK, wrong).status_code == 422


def test_all_that_a_filter_keeps_is_chosen_told_by_its_number_and_done_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge, mine = tied()
    others = [make.submitted(title=f"À trier {number}") for number in range(4)]
    elsewhere = make.submitted(kind="dataset")
    client, address = signed_in(judge), f"{BULK}?kind=need"
    monkeypatch.setattr(review_pages, "MOST_SHOWN", 2)
    shown = client.get(address).text
    assert "Les 5 fiches de cette file" in shown
    assert len(values(shown, "item")) == 2
    with monkeypatch.context() as patched:
        patched.setattr(review_pages, "MOST", 3)
        assert "Les 3 plus anciennes des 5 fiches de cette file" in client.get(address).text
    before = rows()
    page = client.post(address, REFUSE | {"all": "1"}).text
    assert rows() == before
    assert "4 fiches seront traitées. 1 fiche est laissée de côté." in " ".join(page.split())
    assert "Confirmer pour 4 fiches" in page
    items = values(page, "item")
    assert sorted(items) == sorted(tokens(mine, *others)["item"])
    late = make.submitted(title="Arrivée depuis")
    for treated in (4, 0):  # what is confirmed is what was told, once
        report = client.post(address, REFUSE | {"all": "1", "item": items, "confirm": "1"}).text
        assert f"{treated} fiche{'s' if treated > 1 else ''} traitée" in report
        assert "une autre personne décide" in report
        assert states(*others) == ["refused"] * 4
        assert states(mine, elsewhere, late) == ["submitted"] * 3


def test_what_takes_too_long_goes_on_where_it_was_left(
    judge: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lot = [make.submitted(judge, title="La mienne"), *(make.submitted() for _ in range(2))]
    monkeypatch.setattr(review_pages, "MOST_SECONDS", 0)
    order = REFUSE | tokens(*lot) | {"confirm": "1"}
    told = []
    for _ in range(3):
        page = desk.post(BULK, order).text
        told.append((len(values(page, "item")), len(values(page, "left")), "La mienne" in page))
        order |= {name: values(page, name) for name in ("item", "left", "treated")}
    assert told == [(2, 1, True), (1, 1, True), (0, 0, True)]
    assert "2 fiches traitées." in page
    assert states(*lot) == ["submitted", "refused", "refused"]
