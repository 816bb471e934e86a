"""Withdrawing an entry and choosing the final ones."""

import pytest
from django.utils import timezone

from challenges.actions import choices
from challenges.enums import EntryStatus, JobKind
from challenges.models import Entry, Job, Phase, Reveal
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib.refusals import Closed, Conflict, NotAllowed
from tests.factories.accounts import UserFactory
from tests.factories.challenges import EntryFactory, captain_of

pytestmark = pytest.mark.django_db


def scored(**given: object) -> Entry:
    return EntryFactory(scored=True, **given)


def captain(entry: Entry) -> User:
    return captain_of(entry.enrolment.team)


def fresh(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def test_a_captain_withdraws_a_scored_entry_and_keeps_its_slot() -> None:
    entry = scored(final_choice=True)
    choices.withdraw(entry=entry, by=captain(entry))
    entry = fresh(entry)
    assert (entry.status, entry.day_slot, entry.final_choice) == (
        EntryStatus.WITHDRAWN,
        1,
        False,
    )
    assert Job.objects.get().kind == JobKind.STANDINGS
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.withdrawn"]
    with pytest.raises(Conflict):
        choices.withdraw(entry=entry, by=captain(entry))


@pytest.mark.parametrize("status", [EntryStatus.SCORING, EntryStatus.CHECKING, EntryStatus.FAILED])
def test_an_entry_at_work_or_ended_is_not_withdrawn(status: EntryStatus) -> None:
    entry = EntryFactory(status=status)
    with pytest.raises(Conflict):
        choices.withdraw(entry=entry, by=captain(entry))
    assert fresh(entry).status == status


def test_who_knows_the_private_scores_withdraws_nothing() -> None:
    entry = scored(final_choice=True)
    reveal = Reveal.objects.create(
        phase=entry.enrolment.phase, proposed_by=UserFactory(), proposed_at=timezone.now()
    )
    reveal.confirmed_by, reveal.confirmed_at = UserFactory(), timezone.now()
    reveal.save()
    with pytest.raises(Conflict) as refusal:
        choices.withdraw(entry=entry, by=captain(entry))
    assert refusal.value.code == "phase_revealed"
    assert (fresh(entry).status, fresh(entry).final_choice) == (EntryStatus.SCORED, True)
    assert not Job.objects.exists()
    assert not AuditEvent.objects.exists()


def test_others_withdraw_nothing() -> None:
    entry = scored()
    with pytest.raises(NotAllowed):
        choices.withdraw(entry=entry, by=UserFactory(region="administrator"))
    assert fresh(entry).status == EntryStatus.SCORED


def test_a_captain_chooses_two_entries_at_most() -> None:
    first = scored()
    second, third = (scored(enrolment=first.enrolment) for _ in range(2))
    for entry in (first, second, second):
        choices.choose(entry=entry, by=captain(first))
    with pytest.raises(Conflict) as refusal:
        choices.choose(entry=third, by=captain(first))
    assert refusal.value.code == "final_choices_full"
    choices.unchoose(entry=first, by=captain(first))
    choices.unchoose(entry=first, by=captain(first))
    choices.choose(entry=third, by=captain(first))
    assert [fresh(each).final_choice for each in (first, second, third)] == [False, True, True]
    assert [event.action for event in AuditEvent.objects.order_by("seq")] == [
        "entry.chosen",
        "entry.chosen",
        "entry.unchosen",
        "entry.chosen",
    ]


def test_an_entry_without_score_is_not_chosen() -> None:
    entry = EntryFactory(failed=True)
    with pytest.raises(NotAllowed):
        choices.choose(entry=entry, by=captain(entry))


def test_nothing_is_chosen_after_the_close() -> None:
    entry = scored()
    Phase.objects.update(closes_at=timezone.now())
    for act in (choices.choose, choices.unchoose):
        with pytest.raises(Closed):
            act(entry=entry, by=captain(entry))
    assert not fresh(entry).final_choice


def test_a_stranger_chooses_nothing() -> None:
    entry = scored()
    with pytest.raises(NotAllowed):
        choices.choose(entry=entry, by=UserFactory())
