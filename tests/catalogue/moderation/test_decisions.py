"""Decisions: allowed, refused, twice, ledger and outbox; nobody judges their own."""

from collections.abc import Callable
from typing import Any

import pytest

from catalogue.actions import archives, contributions, moderation
from catalogue.enums import ContributionStatus, DecisionReason
from catalogue.models import Contribution, Decision, IndexedResource, Resource
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import User
from portal.lib.refusals import Conflict, Invalid, NotAllowed, Refusal
from tests.catalogue.ledger import events, owed, refused, rows
from tests.factories import contributions as make

pytestmark = pytest.mark.django_db
SENT = ["contribution.started", "contribution.submitted"]
OWED = ["mail.contribution_received", "mail.contribution_to_review"]
Verb = Callable[[Contribution, User], Any]


def publish(contribution: Contribution, by: User) -> Decision:
    return moderation.publish(contribution=contribution, by=by)


def request_changes(contribution: Contribution, by: User) -> Decision:
    return moderation.request_changes(
        contribution=contribution,
        reason=DecisionReason.INSUFFICIENT,
        message="Précisez.",
        fields=["situation"],
        by=by,
    )


def refuse(contribution: Contribution, by: User) -> Decision:
    return moderation.refuse(
        contribution=contribution, reason=DecisionReason.OFF_TOPIC, message="Hors sujet.", by=by
    )


def claim(contribution: Contribution, by: User) -> Contribution:
    return moderation.claim(contribution=contribution, by=by)


VERBS: list[Verb] = [publish, request_changes, refuse]


# Allowed


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (publish, ContributionStatus.PUBLISHED),
        (request_changes, ContributionStatus.CHANGES_REQUESTED),
        (refuse, ContributionStatus.REFUSED),
    ],
)
def test_a_moderator_decides(verb: Verb, status: ContributionStatus) -> None:
    contribution, moderator = make.submitted(), make.moderator()
    sent = contribution.revision

    decision = verb(contribution, moderator)

    contribution = make.again(contribution)
    assert contribution.status == status
    assert contribution.decided_at == decision.decided_at is not None
    assert (decision.revision, decision.decided_by, decision.outcome) == (sent, moderator, status)
    assert events() == [*SENT, f"contribution.{status}"]
    assert owed() == [*OWED, f"mail.contribution_{status}"]
    assert contribution.resource.live is (status == ContributionStatus.PUBLISHED)


def test_publication_gives_an_address_and_an_index_row() -> None:
    contribution = make.submitted()

    publish(contribution, make.moderator())

    resource = Resource.objects.public().get()
    assert resource.slug == "reperer-les-ruptures-de-contrat-en-apprentissage"
    assert resource.title == make.NEED["title"]
    assert "<p>" in resource.description_html
    assert resource.live_revision == contribution.revision
    assert IndexedResource.objects.get().resource == resource


def test_two_cards_of_one_title_get_two_addresses() -> None:
    first, second = make.published(), make.published()

    assert second.slug == f"{first.slug}-2"


def test_an_accepted_change_keeps_the_address() -> None:
    author = make.person()
    resource = make.published(author)
    contribution = contributions.propose(resource=resource, by=author)
    make.edit(contribution, author, title="Neuf")
    make.send(contribution, author)

    publish(make.again(contribution), make.moderator())

    fresh = Resource.objects.get()
    assert (fresh.title, fresh.slug) == ("Neuf", resource.slug)


def test_a_card_of_an_organisation_belongs_to_it() -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)

    resource = make.published(editor, holder=holder)

    assert resource.organisation == holder


# Refused


@pytest.mark.parametrize("verb", [*VERBS, claim])
def test_nobody_decides_on_their_own(verb: Verb) -> None:
    moderator = make.moderator()
    contribution = make.submitted(moderator)
    with refused(NotAllowed):
        verb(contribution, moderator)


@pytest.mark.parametrize("verb", [*VERBS, claim])
@pytest.mark.parametrize("role", list(Role))
def test_nobody_decides_for_their_organisation(verb: Verb, role: Role) -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    contribution = make.submitted(editor, holder=holder)
    member = make.joined(make.moderator(), holder, role)
    with refused(NotAllowed):
        verb(contribution, member)


def test_nobody_decides_on_a_change_of_their_organisations_card() -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    resource = make.published(editor, holder=holder)
    stranger = make.person()
    contribution = contributions.propose(resource=resource, by=stranger)
    make.send(contribution, stranger)
    make.accepted(contribution)
    member = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    with refused(NotAllowed):
        publish(make.again(contribution), member)


@pytest.mark.parametrize("verb", [*VERBS, claim])
def test_a_change_of_ones_own_card_is_decided_by_another(verb: Verb) -> None:
    author = make.moderator()
    resource = make.published(author)
    accomplice = make.person()
    contribution = contributions.propose(resource=resource, by=accomplice)
    make.send(contribution, accomplice)
    make.accepted(contribution)
    with refused(NotAllowed):
        verb(make.again(contribution), author)


@pytest.mark.parametrize("verb", [*VERBS, claim])
@pytest.mark.parametrize("role", [role for role in RegionRole if role is not RegionRole.MODERATOR])
def test_only_moderators_decide(verb: Verb, role: RegionRole) -> None:
    contribution = make.submitted()
    other = make.region(role)
    with refused(NotAllowed):
        verb(contribution, other)


@pytest.mark.parametrize("verb", [request_changes, refuse])
def test_words_are_compulsory(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    contribution, moderator = make.submitted(), make.moderator()
    before = rows()
    action = getattr(moderation, verb.__name__)

    for reason, message in (("", "Un message."), (DecisionReason.OTHER, "  ")):
        with pytest.raises(Invalid):
            action(contribution=contribution, reason=reason, message=message, by=moderator)

    assert rows() == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED])
def test_what_is_not_submitted_is_not_decided(verb: Verb, status: ContributionStatus) -> None:
    contribution = make.IN_STATE[status]()
    moderator = make.moderator()
    with refused(Refusal):
        verb(contribution, moderator)


# Twice


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("then", VERBS)
def test_a_second_decision_conflicts(verb: Verb, then: Verb) -> None:
    contribution = make.submitted()
    stale = make.again(contribution)
    verb(contribution, make.moderator())
    before, other = rows(), make.moderator()

    with pytest.raises(Conflict):
        then(stale, other)

    assert rows() == before
    assert Decision.objects.count() == 1


def test_a_stale_change_never_overwrites_the_card() -> None:
    author, other = make.person(), make.person()
    resource = make.published(author)
    late = contributions.propose(resource=resource, by=other)
    make.edit(late, other, title="Tardif")
    make.send(late, other)
    make.accepted(late)
    early = contributions.propose(resource=resource, by=author)
    make.edit(early, author, title="En ligne")
    make.send(early, author)
    publish(make.again(early), make.moderator())
    before = rows()

    with pytest.raises(Conflict) as refusal:
        publish(make.again(late), make.moderator())

    assert refusal.value.code == "base_changed"
    assert refusal.value.facts["fields"] == ["title"]
    assert rows() == before


# Claims


def test_a_claim_is_seen_and_released() -> None:
    contribution, moderator = make.submitted(), make.moderator()

    claim(contribution, moderator)
    assert make.again(contribution).claimed_by == moderator
    moderation.release(contribution=make.again(contribution), by=moderator)

    assert make.again(contribution).claimed_by is None
    assert events() == [*SENT, "contribution.claimed", "contribution.released"]
    assert owed() == OWED


def test_a_claim_holds_against_another_until_it_ends(settings: Any) -> None:
    contribution = make.submitted()
    claim(contribution, make.moderator())
    other = make.moderator()
    before = rows()

    with pytest.raises(Conflict):
        claim(make.again(contribution), other)
    with pytest.raises(Conflict):
        moderation.release(contribution=make.again(contribution), by=other)
    assert rows() == before

    settings.CLAIM_MINUTES = 0
    claim(make.again(contribution), other)
    assert make.again(contribution).claimed_by == other


def test_a_decision_ends_the_claim() -> None:
    contribution, moderator = make.submitted(), make.moderator()
    claim(contribution, moderator)

    request_changes(make.again(contribution), moderator)

    assert make.again(contribution).claimed_by is None


# Archives


def test_an_owner_archives_and_restores() -> None:
    author = make.person()
    resource = make.published(author)
    already = events()

    archives.archive(resource=resource, reason="Remplacée.", by=author)
    contribution = Contribution.objects.get()
    assert contribution.status == ContributionStatus.ARCHIVED
    assert Resource.objects.public().get().archive_reason == "Remplacée."
    archives.restore(resource=resource, by=author)

    assert make.again(contribution).status == ContributionStatus.PUBLISHED
    assert events() == [*already, "resource.archived", "resource.restored"]
    assert "mail.resource_archived" not in owed()


def test_a_moderator_archives_and_the_owner_is_told() -> None:
    resource = make.published()

    archives.archive(resource=resource, reason="Obsolète.", by=make.moderator())

    assert owed()[-1] == "mail.resource_archived"


def test_archiving_is_refused_to_others_and_without_reason() -> None:
    author = make.person()
    resource, stranger = make.published(author), make.person()
    before = rows()

    with pytest.raises(NotAllowed):
        archives.archive(resource=resource, reason="Non.", by=stranger)
    with pytest.raises(Invalid):
        archives.archive(resource=resource, reason=" ", by=author)
    with pytest.raises(Conflict):
        archives.restore(resource=resource, by=author)
    with pytest.raises(NotAllowed):
        archives.restore(resource=resource, by=stranger)

    assert rows() == before


def test_archiving_twice_conflicts() -> None:
    author = make.person()
    resource = make.published(author)
    archives.archive(resource=resource, reason="Une fois.", by=author)
    with refused(Conflict):
        archives.archive(resource=resource, reason="Deux fois.", by=author)


def test_a_draft_that_changed_hands_is_published_for_who_holds_it_last() -> None:
    first, last = make.organisation("Premier"), make.organisation("Dernier")
    author = make.joined(make.joined(make.person(), first, Role.EDITOR), last, Role.EDITOR)
    draft = make.draft(author, holder=first)
    draft = make.edit(draft, author, organisation=last, title="Autre titre")
    make.send(draft, author)
    publish(make.again(draft), make.moderator())
    card = Resource.objects.get(pk=draft.resource_id)
    assert (card.title, card.organisation) == ("Autre titre", last)
