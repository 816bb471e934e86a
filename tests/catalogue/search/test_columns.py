"""What a process keeps of the index in memory equals the index, whatever was written or undone."""

import random
from datetime import date
from time import monotonic

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalogue.actions import quality
from catalogue.models import (
    IndexedChange,
    IndexedFacet,
    IndexedResource,
    IndexedTerm,
    IndexedText,
    Resource,
)
from catalogue.search import columns, index, suggest
from catalogue.search.columns import NAMES, Columns, Kept
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
TITLES = ("Emploi", "Élan", "Zone", "Bassin", "Élan")


def same(one: Columns, other: Columns) -> bool:
    told = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in NAMES)
    ids = np.array([*one.ids, 10**9], np.int64)
    return told and np.array_equal(one.places(ids), other.places(ids))


class UndoneError(Exception):
    """Undo what was written."""


@pytest.mark.parametrize("seed", range(4))
def test_what_is_followed_equals_what_is_read_anew(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a reproducible draw
    kept = Kept()
    cards = [ResourceFactory(published=True, title=rng.choice(TITLES)) for _ in range(4)]
    for _ in range(14):
        at, what = rng.choice(cards), rng.randrange(6)
        try:
            with transaction.atomic():
                if what == 0:
                    cards.append(ResourceFactory(published=True, title=rng.choice(TITLES)))
                elif what == 1:
                    index.remove(at.pk)
                elif what == 2:
                    index.rebuild()
                elif what == 3:
                    columns.touch(min(each.pk for each in cards), at.pk)
                else:
                    at.title = rng.choice(TITLES)
                    at.reuses = rng.randrange(99)
                    index.write(at)
                if rng.random() < 0.3:
                    kept.current()
                if rng.random() < 0.3:
                    raise UndoneError
            if rng.random() < 0.2:
                columns.tidy(rng.randrange(1, 9))
        except UndoneError:
            cards = [card for card in cards if Resource.objects.filter(pk=card.pk).exists()]
        assert same(kept.current(), Kept().current())
    assert len(kept.current()) == IndexedResource.objects.count()


def test_nothing_is_read_again_where_nothing_changed() -> None:
    ResourceFactory(published=True, title="Emploi")
    kept = Kept()
    first = kept.current()
    with CaptureQueriesContext(connection) as seen:
        assert kept.current() is first
    assert len(seen) == 1
    notes = IndexedChange.objects.count()
    index.rebuild()
    assert IndexedChange.objects.count() == notes + 1  # the one that ends it
    assert kept.current() is not first


def test_a_change_reads_its_own_card_alone() -> None:
    cards = [ResourceFactory(published=True, title=title) for title in TITLES]
    kept = Kept()
    kept.current()
    Resource.objects.filter(pk=cards[0].pk).update(title="Aiguillage")
    index.write(Resource.objects.get(pk=cards[0].pk))
    with CaptureQueriesContext(connection) as seen:
        assert kept.current().ids[0] == cards[0].pk
    assert len(seen) == 3
    assert f"IN ({cards[0].pk})" in seen[-1]["sql"]


def test_who_followed_the_notes_that_were_tidied_reads_nothing_again() -> None:
    for title in TITLES:
        ResourceFactory(published=True, title=title)
    kept = Kept()
    first = kept.current()
    columns.tidy(3)
    assert IndexedChange.objects.count() == 2
    assert kept.current() is first
    columns.tidy(1)
    columns.touch(int(first.ids[0]))
    assert same(kept.current(), first)
    assert same(Kept().current(), first)


def test_what_was_changed_without_a_note_is_read_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = ResourceFactory(published=True, title="Emploi secret")
    kept = Kept()
    assert len(kept.current()) == 1
    Resource.objects.filter(pk=card.pk).update(live=False)
    assert suggest.suggest("secre", language="fr").resources == ()
    IndexedTerm.objects.all().delete()
    IndexedText.objects.all().delete()
    IndexedFacet.objects.all().delete()
    IndexedResource.objects.all().delete()
    assert len(kept.current()) == 1
    monkeypatch.setattr(columns.time, "monotonic", lambda: monotonic() + columns.OLD + 1)
    assert len(kept.current()) == 0


def test_who_missed_notes_that_were_tidied_reads_everything() -> None:
    card = ResourceFactory(published=True, title="Emploi")
    kept = Kept()
    kept.current()
    IndexedResource.objects.filter(pk=card.pk).update(quality=77, updated_on=date(2020, 2, 3))
    columns.touch(card.pk)
    columns.tidy(0)
    assert IndexedChange.objects.count() == 1
    now = kept.current()
    assert (int(now.quality[0]), date.fromordinal(int(now.updated_on[0]))) == (77, date(2020, 2, 3))


def test_more_changes_than_are_followed_have_everything_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Kept()
    kept.current()
    monkeypatch.setattr(columns, "MOST_FOLLOWED", 2)
    for title in TITLES:
        ResourceFactory(published=True, title=title)
    assert same(kept.current(), Kept().current())
    assert len(kept.current()) == len(TITLES)


def test_a_score_that_time_alone_changed_orders_results_at_once() -> None:
    card = ResourceFactory(published=True, title="Emploi")
    card.quality_scores.all().delete()
    IndexedResource.objects.filter(pk=card.pk).update(quality=1)
    columns.touch(card.pk)
    assert columns.current().quality.tolist() == [1]
    assert quality.note_all() == 1
    score = card.quality_scores.get().score
    assert columns.current().quality.tolist() == [score]
    assert score != 1
