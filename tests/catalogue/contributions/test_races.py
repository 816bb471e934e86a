"""Two people at once: one decision, no lost field."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import ContributionStatus, DecisionReason
from catalogue.contributions.queries import proposals
from catalogue.contributions.queries import proposals as written
from catalogue.models import CardFile, CardUpload, Contribution, Decision, Resource
from catalogue.resources.actions import files as file_care
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.card_files import House
from tests.ledger import events
from tests.threads import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 10


def decision(contribution: Contribution, by: User, *, publishes: bool) -> Callable[[], Any]:
    """What somebody decides on the contribution as it stands now, whenever the act itself runs."""
    read = make.again(contribution)
    if publishes:
        return lambda: review.publish(contribution=read, by=by)
    return lambda: review.refuse(
        contribution=read, reason=DecisionReason.OTHER, message="Non.", by=by
    )


def test_a_file_named_while_the_unnamed_ones_go_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    """The nightly duty leaves alone the card that somebody writes, and waits for nobody."""
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked by PostgreSQL alone")
    house = House()
    file, rows = house.file(), house.rows()

    def write(kept: list[Any]) -> None:
        draft = make.again(house.draft)
        drafts.save_draft(contribution=draft, values={"distributions": kept}, by=house.by)

    def forget() -> None:
        try:
            draft_files.forget_unnamed()
        finally:
            connections.close_all()

    write([])
    past = clock.now() - timedelta(days=settings.CARD_FILES_UNNAMED_DAYS + 1)
    CardFile.objects.update(unnamed_at=past)
    night = Thread(target=forget)
    with caplog.at_level("INFO", logger="catalogue.files"), transaction.atomic():
        write(rows)
        night.start()
        night.join(timeout=30)
        assert not night.is_alive()
    # What waits in vain is told in other words: « canceling statement due to lock timeout ».
    (left,) = [each for each in caplog.records if "left for later" in each.getMessage()]
    assert (left.levelname, "could not obtain lock" in left.getMessage()) == ("INFO", True)
    assert CardFile.objects.filter(pk=file.pk).exists()
    draft_files.forget_unnamed()
    assert CardFile.objects.filter(pk=file.pk, unnamed_at=None).exists()


def test_who_begins_an_upload_waits_for_the_draft_before_the_room() -> None:
    """Who adds a file holds the draft, then the room: the other way, each waits for the other."""
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked by PostgreSQL alone")
    house = House()
    draft, failed = make.again(house.draft), []

    def begin() -> None:
        try:
            draft_files.begin_upload(contribution=draft, length=3, name="a.csv", by=house.by)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connections.close_all()

    other = Thread(target=begin)
    with transaction.atomic():
        Contribution.objects.locked(draft)
        other.start()
        other.join(timeout=0.2)
        file_care.hold_room(house.holder, house.by, card=draft.resource_id)
    other.join()
    assert failed == []
    assert CardUpload.objects.filter(contribution=draft).count() == 1


def test_two_moderators_at_once_take_one_decision() -> None:
    first, second, author = make.moderator(), make.moderator(), make.person()
    for number in range(ROUNDS):
        contribution = make.submitted(author)
        stale = make.again(contribution)

        gave = together(
            lambda read=stale: review.publish(contribution=read, by=first),
            decision(contribution, second, publishes=bool(number % 2)),
        )

        assert sorted(gave) == ["contribution_changed", "done"]
        contributions_done = Contribution.objects.exclude(status=ContributionStatus.SUBMITTED)
        assert contributions_done.count() == Decision.objects.count() == number + 1
    decided = [
        name for name in events() if name in ("contribution.published", "contribution.refused")
    ]
    assert len(decided) == ROUNDS


def test_two_editors_at_once_lose_no_field() -> None:
    author, other = make.person(), make.person()
    first, second = make.moderator(), make.moderator()
    resource = make.published(author)
    for number in range(ROUNDS):
        titled = drafts.propose(resource=resource, by=author)
        summed = drafts.propose(resource=resource, by=other)
        for proposal, by, name in ((titled, author, "title"), (summed, other, "summary")):
            values = {name: f"{name} numéro {number}"}
            drafts.save_draft(contribution=proposal, values=values, by=by)
            drafts.submit(contribution=make.again(proposal), charter=make.CHARTER, by=by)
        make.accepted(summed)

        gave = together(
            decision(titled, first, publishes=True), decision(summed, second, publishes=True)
        )

        assert sorted(gave) == ["base_changed", "done"]
        late = make.again(
            Contribution.objects.get(
                pk__in=(titled.pk, summed.pk), status=ContributionStatus.SUBMITTED
            )
        )
        assert proposals.collisions(late) == []
        review.request_changes(
            contribution=late, reason=DecisionReason.OTHER, message="Reprenez.", by=first
        )
        by = late.author
        drafts.catch_up(contribution=make.again(late), by=by)
        drafts.amend(contribution=make.again(late), charter=make.CHARTER, by=by)
        review.publish(contribution=make.again(late), by=second)
        fresh = Resource.objects.get()
        assert (fresh.title, fresh.summary) == (
            f"title numéro {number}",
            f"summary numéro {number}",
        )


def saving(
    contribution: Contribution, values: dict[str, Any], seen: dict[str, str], by: User
) -> Callable[[], Any]:
    read = make.again(contribution)
    return lambda: drafts.merge(
        contribution=read, values=values, seen=seen, read_over=values, by=by
    )


def test_two_editors_of_one_draft_at_once_lose_no_text() -> None:
    holder = make.organisation()
    one, two = (make.joined(make.person(), holder, Role.EDITOR) for _ in range(2))
    contribution = make.draft(one, holder=holder)
    for number in range(2 * ROUNDS):
        before = proposals.proposed_record(make.again(contribution))
        seen = written.prints(before, ("title", "summary", "tags"))
        typed = {
            one: {"title": f"Titre {number}", "tags": [f"une-{number}", "b", "c"]},
            two: {"summary": f"Résumé {number}", "tags": [f"autre-{number}", "b", "c"]},
        }

        gave = together(*(saving(contribution, typed[by], seen, by) for by in (one, two)))

        assert gave == ["done", "done"]
        after = proposals.proposed_record(make.again(contribution))
        assert (after["title"], after["summary"]) == (f"Titre {number}", f"Résumé {number}")
        assert after["tags"] in (typed[one]["tags"], typed[two]["tags"])


def test_two_sendings_at_once_send_once() -> None:
    author = make.person()
    contribution = make.draft(author)
    reads = [make.again(contribution) for _ in range(2)]

    gave = together(
        *(
            lambda read=read: drafts.submit(contribution=read, charter=make.CHARTER, by=author)
            for read in reads
        )
    )

    assert sorted(gave) == ["contribution_changed", "done"]
    assert events().count("contribution.submitted") == 1
