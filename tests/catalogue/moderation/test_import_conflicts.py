"""A table of cards against what others wrote since it was read."""

import pytest

from catalogue.actions import batches, contributions
from catalogue.harvest import imports
from catalogue.models import Contribution, ContributionBatch, Resource
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


def saved(change: Contribution, by: User, summary: str) -> None:
    contributions.save_draft(contribution=make.again(change), values={"summary": summary}, by=by)
    Contribution.objects.filter(pk=change.pk).update(editing_by=None, editing_at=None)


def test_a_row_writes_over_no_saving_it_has_not_read(holder: Organisation, editor: User) -> None:
    card = make.published(editor, holder=holder, title="Une")
    change = contributions.propose(resource=card, by=editor)
    row = {"id": str(card.public_id), "kind": "need", "summary": "Le résumé du tableau."}
    # A colleague saves between the confirmation and the worker…
    first = read(editor, holder, row)
    batches.ask(batch=first, sends=False, charter="", by=editor)
    saved(change, editor, "Le résumé de la collègue.")
    imports.carry_out(first)
    # … or while it runs, after the rows were compared.
    second = read(editor, holder, row)
    batches.ask(batch=second, sends=False, charter="", by=editor)
    running = batches.begin(batch=ContributionBatch.objects.get(pk=second.pk))
    [line] = told.plan(running)
    saved(change, editor, "Le second résumé de la collègue.")
    assert make.again(change).version == line.version
    assert batches.write(batch=running, at=0, line=line, by=editor) == "refused"
    for batch in (first, second):
        batch = ContributionBatch.objects.get(pk=batch.pk)
        assert batch.counts == {"refused": 1}
        assert [each["message"] for each in batch.failures] == [str(told.CHANGED)]
    assert make.again(change).content["summary"] == "Le second résumé de la collègue."


def test_a_row_begins_no_change_of_a_card_it_has_not_read(
    holder: Organisation, editor: User
) -> None:
    colleague = make.joined(make.person(), holder, Role.EDITOR)
    row = {"kind": "need", "summary": "Le résumé du tableau."}
    cards = [make.published(editor, holder=holder, title=title) for title in ("Une", "Deux")]
    batch = read(editor, holder, *({"id": str(each.public_id)} | row for each in cards))
    batches.ask(batch=batch, sends=False, charter="", by=editor)
    batch = batches.begin(batch=ContributionBatch.objects.get(pk=batch.pk))
    lines = told.plan(batch)
    Resource.objects.filter(pk=cards[0].pk).update(summary="En ligne depuis.")
    contributions.propose(resource=cards[1], by=colleague)
    for at, line in enumerate(lines):
        assert batches.write(batch=batch, at=at, line=line, by=editor) == "refused"
        batch.refresh_from_db()
    assert [each.author for each in Contribution.objects.open()] == [colleague]
