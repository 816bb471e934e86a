"""A table of cards against what others wrote since it was read."""

import pytest

from catalogue.actions import batches, contributions
from catalogue.harvest import imports
from catalogue.models import Contribution, ContributionBatch
from catalogue.queries import batches as told
from portal.accounts.enums import Role
from portal.accounts.models import Organisation, User
from tests.catalogue.moderation.test_imports import read
from tests.factories import contributions as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> Organisation:
    return make.organisation("Mission locale du Var")


@pytest.fixture
def editor(holder: Organisation) -> User:
    return make.joined(make.person(), holder, Role.EDITOR)


def test_a_row_begins_no_change_beside_one_that_a_colleague_began(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder, title="Une")
    row = {"id": str(card.public_id), "kind": "need", "summary": "Le résumé du tableau."}
    batch = read(editor, holder, row)
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    batch = batches.begin(batch=ContributionBatch.objects.get(pk=batch.pk))
    [line] = told.plan(batch)
    contributions.propose(resource=card, by=colleague)
    assert batches.write(batch=batch, at=0, line=line, by=editor) == "refused"
    [failure] = ContributionBatch.objects.get(pk=batch.pk).failures
    assert failure["message"] == str(told.CHANGED)
    assert [each.author for each in Contribution.objects.open()] == [colleague]


def test_a_row_does_not_write_over_what_a_colleague_saved_since(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder, title="Une")
    change = contributions.propose(resource=card, by=colleague)
    row = {"id": str(card.public_id), "kind": "need", "summary": "Du tableau.", "title": "Deux"}
    batch = read(editor, holder, row)
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    batch = batches.begin(batch=ContributionBatch.objects.get(pk=batch.pk))
    [line] = told.plan(batch)
    saved = {"summary": "De la collègue."}
    make.edit(change, colleague, **saved)
    assert batches.write(batch=batch, at=0, line=line, by=editor) == "update"
    content = make.again(change).content
    assert (content["title"], content["summary"]) == ("Deux", "De la collègue.")
    [failure] = ContributionBatch.objects.get(pk=batch.pk).failures
    assert (failure["column"], failure["message"]) == ("summary", str(told.REWRITTEN))


def test_a_card_that_changed_between_the_reading_and_the_worker_is_left_alone(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder, title="Une")
    change = contributions.propose(resource=card, by=colleague)
    row = {"id": str(card.public_id), "kind": "need", "summary": "Du tableau."}
    batch = read(editor, holder, row)
    saved = {"summary": "De la collègue."}
    make.edit(change, colleague, **saved)
    batches.ask(batch=batch, sends=False, charter="", by=editor)

    imports.carry_out(ContributionBatch.objects.get(pk=batch.pk))

    assert make.again(change).content["summary"] == "De la collègue."
    [failure] = ContributionBatch.objects.get(pk=batch.pk).failures
    assert failure["message"] == str(told.CHANGED)
