"""Writing, sending, amending and taking back: allowed, refused, twice, ledger and outbox."""

from typing import Any

import pytest

from catalogue.actions import contributions, moderation
from catalogue.enums import ContributionStatus, ResourceKind
from catalogue.models import Contribution, Resource
from catalogue.queries import proposals
from portal.accounts.enums import Role
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.catalogue.ledger import events, owed, refused, rows
from tests.factories import contributions as make

pytestmark = pytest.mark.django_db
CHARTER = make.CHARTER


# start


def test_start_opens_a_draft_that_only_its_author_sees() -> None:
    author = make.person()

    contribution = contributions.start(kind=ResourceKind.NEED, by=author, title="Un titre")

    assert contribution.status == ContributionStatus.DRAFT
    assert contribution.resource.live is False
    assert proposals.proposed_record(contribution)["title"] == "Un titre"
    assert contribution.resource.licence_status == "not_applicable"
    assert list(Contribution.objects.visible_to(author)) == [contribution]
    assert list(Contribution.objects.visible_to(make.person())) == []
    assert list(Contribution.objects.visible_to(make.moderator())) == []
    assert list(Resource.objects.public()) == []
    assert events() == ["contribution.started"]
    assert owed() == []


def test_start_for_an_organisation_of_others_is_refused() -> None:
    stranger, holder = make.person(), make.organisation()
    with refused(NotAllowed):
        contributions.start(kind=ResourceKind.NEED, by=stranger, organisation=holder)


def test_start_twice_opens_two_drafts() -> None:
    author = make.person()

    made = {contributions.start(kind=ResourceKind.IDEA, by=author).pk for _ in range(2)}

    assert Contribution.objects.filter(author=author).count() == len(made) == 2


# save_draft


def test_save_keeps_some_fields_and_leaves_the_others() -> None:
    author = make.person()
    contribution = make.draft(author)

    contributions.save_draft(
        contribution=contribution, values={"title": "Autre titre", "situation": ""}, by=author
    )

    record = proposals.proposed_record(make.again(contribution))
    assert record["title"] == "Autre titre"
    assert record["summary"] == make.NEED["summary"]
    assert sorted(record["details"]) == ["beneficiary", "expected_result"]
    assert events() == ["contribution.started"]


def test_save_by_another_is_refused() -> None:
    contribution = make.draft()
    with refused(NotAllowed):
        contributions.save_draft(
            contribution=contribution, values={"title": "Volé"}, by=make.person()
        )


def test_save_of_an_unknown_field_is_refused() -> None:
    author = make.person()
    contribution = make.draft(author)
    with refused(Invalid):
        contributions.save_draft(contribution=contribution, values={"slug": "x"}, by=author)


def test_save_twice_writes_over_one_revision() -> None:
    author = make.person()
    contribution = make.draft(author)

    for title in ("Un", "Deux"):
        contributions.save_draft(contribution=contribution, values={"title": title}, by=author)

    assert contribution.resource.revisions.count() == 1


def test_what_is_in_review_is_not_edited() -> None:
    author = make.person()
    contribution = make.submitted(author)
    with refused(NotAllowed):
        contributions.save_draft(contribution=contribution, values={"title": "x"}, by=author)


def test_a_member_who_left_no_longer_writes() -> None:
    holder = make.organisation()
    author = make.joined(make.person(), holder, Role.CONTRIBUTOR)
    contribution = make.draft(author, holder=holder)
    author.memberships.all()._raw_delete("default")
    with refused(NotAllowed):
        contributions.save_draft(
            contribution=contribution, values={"title": "x"}, by=type(author).objects.get()
        )


# submit


def test_submit_hands_a_draft_to_the_moderators() -> None:
    author = make.person()
    contribution = make.draft(author)

    sent = contributions.submit(contribution=contribution, charter=CHARTER, by=author)

    assert sent.status == ContributionStatus.SUBMITTED
    assert sent.submitted_at == sent.first_submitted_at is not None
    assert sent.charter_version == CHARTER
    assert [check["code"] for check in sent.checks] == [
        "fields",
        "licence",
        "links",
        "personal_data",
        "files",
        "duplicate",
        "language",
        "markdown",
    ]
    assert sent.revision.content["description_html"].startswith("<p>")
    assert events() == ["contribution.started", "contribution.submitted"]
    assert owed() == ["mail.contribution_received", "mail.contribution_to_review"]


def test_submit_by_another_is_refused() -> None:
    contribution = make.draft()
    with refused(NotAllowed):
        contributions.submit(contribution=contribution, charter=CHARTER, by=make.person())


def test_a_contributor_writes_but_an_editor_sends() -> None:
    holder = make.organisation()
    writer = make.joined(make.person(), holder, Role.CONTRIBUTOR)
    editor = make.joined(make.person(), holder, Role.EDITOR)
    contribution = make.draft(writer, holder=holder)
    with refused(NotAllowed):
        contributions.submit(contribution=contribution, charter=CHARTER, by=writer)

    sent = contributions.submit(contribution=contribution, charter=CHARTER, by=editor)
    assert sent.status == ContributionStatus.SUBMITTED


def test_submit_twice_conflicts() -> None:
    author = make.person()
    contribution = make.submitted(author)
    with refused(Conflict):
        contributions.submit(contribution=contribution, charter=CHARTER, by=author)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": ""}, "missing"),
        ({"situation": ""}, "missing"),
        ({"title": "UN TITRE QUI CRIE TRÈS FORT"}, "shouting"),
        ({"summary": "Mon numéro : 1 85 05 78 006 084 91"}, "personal_nir"),
        ({"situation": "RIB FR76 3000 6000 0112 3456 7890 189"}, "personal_iban"),
        ({"description": "[" * 2_000}, "markdown"),
    ],
)
def test_a_blocking_check_keeps_the_draft(values: dict[str, Any], code: str) -> None:
    author = make.person()
    contribution = make.draft(author, **values)
    before = rows()

    with pytest.raises(Invalid) as refusal:
        contributions.submit(contribution=contribution, charter=CHARTER, by=author)

    assert [fault.code for fault in refusal.value.faults] == [code]
    assert rows() == before


def test_submit_without_the_charter_is_refused() -> None:
    author = make.person()
    contribution = make.draft(author)
    with refused(Invalid):
        contributions.submit(contribution=contribution, charter="", by=author)


def test_five_wait_and_the_sixth_is_refused(settings: Any) -> None:
    settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT = 2
    author = make.person()
    for _ in range(2):
        make.submitted(author)
    contribution = make.draft(author)
    with refused(QuotaSpent):
        contributions.submit(contribution=contribution, charter=CHARTER, by=author)

    holder = make.organisation(verified_at=clock.now())
    editor = make.joined(author, holder, Role.EDITOR)
    exempt = make.draft(editor, holder=holder)
    sent = contributions.submit(contribution=exempt, charter=CHARTER, by=editor)
    assert sent.status == ContributionStatus.SUBMITTED


def test_signs_of_spam_hold_back_the_letter_to_moderators() -> None:
    author = make.person()

    make.submitted(author, description="Casino en ligne, jackpot et crypto pour les apprentis.")

    assert owed() == ["mail.contribution_received"]


# amend


def test_amend_sends_again_and_keeps_the_place_in_the_queue() -> None:
    author = make.person()
    contribution = make.sent_back(author)
    judged, first = contribution.revision_id, contribution.first_submitted_at
    contributions.save_draft(
        contribution=contribution, values={"situation": "Depuis 2021."}, by=author
    )

    sent = contributions.amend(
        contribution=make.again(contribution), charter=CHARTER, reply="C’est fait.", by=author
    )

    assert sent.status == ContributionStatus.SUBMITTED
    assert sent.first_submitted_at == first
    assert sent.submitted_at > first
    assert sent.note == "C’est fait."
    assert sent.revision_id != judged
    assert events() == [
        "contribution.started",
        "contribution.submitted",
        "contribution.changes_requested",
        "contribution.amended",
    ]
    assert owed() == [
        "mail.contribution_received",
        "mail.contribution_to_review",
        "mail.contribution_changes_requested",
        "mail.contribution_received",
        "mail.contribution_to_review",
    ]


def test_amend_by_another_is_refused() -> None:
    contribution = make.sent_back()
    with refused(NotAllowed):
        contributions.amend(contribution=contribution, charter=CHARTER, by=make.person())


def test_amend_twice_conflicts() -> None:
    author = make.person()
    contribution = make.sent_back(author)
    contributions.amend(contribution=contribution, charter=CHARTER, by=author)
    with refused(Conflict):
        contributions.amend(contribution=make.again(contribution), charter=CHARTER, by=author)


# withdraw


@pytest.mark.parametrize("status", list(make.IN_STATE))
def test_withdraw_before_the_decision(status: ContributionStatus) -> None:
    author = make.person()
    contribution = make.IN_STATE[status](author)

    taken = contributions.withdraw(contribution=contribution, by=author)

    assert taken.status == ContributionStatus.WITHDRAWN
    assert events()[-1] == "contribution.withdrawn"


def test_withdraw_by_another_is_refused() -> None:
    contribution = make.draft()
    with refused(NotAllowed):
        contributions.withdraw(contribution=contribution, by=make.moderator())


def test_withdraw_twice_conflicts() -> None:
    author = make.person()
    contribution = contributions.withdraw(contribution=make.draft(author), by=author)
    with refused(Conflict):
        contributions.withdraw(contribution=contribution, by=author)


# propose, catch_up


def test_a_change_of_a_published_card_leaves_it_alone() -> None:
    author = make.person()
    resource = make.published(author)

    contribution = contributions.propose(resource=resource, by=author)
    contributions.save_draft(
        contribution=contribution, values={"title": "Titre proposé"}, by=author
    )
    contributions.submit(contribution=make.again(contribution), charter=CHARTER, by=author)

    resource.refresh_from_db()
    assert resource.title == make.NEED["title"]
    assert resource.live_revision_id == contribution.base_revision_id
    assert events()[-2:] == ["contribution.started", "contribution.submitted"]


def test_propose_twice_gives_back_the_open_draft() -> None:
    author = make.person()
    resource = make.published(author)

    made = [contributions.propose(resource=resource, by=author).pk for _ in range(2)]

    assert made[0] == made[1]


def test_propose_on_a_draft_is_refused() -> None:
    contribution = make.draft()
    with refused(NotAllowed):
        contributions.propose(resource=contribution.resource, by=make.person())


def test_catch_up_takes_the_online_value_of_untouched_fields() -> None:
    author, other = make.person(), make.person()
    resource = make.published(author)
    late = contributions.propose(resource=resource, by=other)
    contributions.save_draft(
        contribution=late, values={"title": "Titre de l’autre", "situation": "Autre."}, by=other
    )
    first = contributions.propose(resource=resource, by=author)
    contributions.save_draft(
        contribution=first, values={"title": "Titre en ligne", "summary": "Résumé neuf."}, by=author
    )
    contributions.submit(contribution=make.again(first), charter=CHARTER, by=author)
    moderation.publish(contribution=make.again(first), by=make.moderator())
    late = make.again(late)
    assert proposals.is_stale(late)
    assert [c.name for c in proposals.collisions(late)] == ["title"]

    contributions.catch_up(contribution=late, by=other)

    record = proposals.proposed_record(make.again(late))
    assert record["title"] == "Titre de l’autre"
    assert record["summary"] == "Résumé neuf."
    assert record["details"]["situation"] == "Autre."
    assert not proposals.is_stale(make.again(late))
    assert events()[-1] == "contribution.caught_up"


def test_catch_up_by_another_is_refused_and_twice_changes_nothing() -> None:
    author = make.person()
    resource = make.published(author)
    contribution = contributions.propose(resource=resource, by=author)
    before = rows()

    with pytest.raises(NotAllowed):
        contributions.catch_up(contribution=contribution, by=make.person())
    contributions.catch_up(contribution=contribution, by=author)

    assert rows() == before
