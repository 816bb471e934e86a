"""What `manage.py verify` finds of the catalogue."""

import pytest
from django.db import connection

from catalogue import invariants
from catalogue.enums import ResourceKind
from catalogue.models import Resource
from catalogue.search import index
from portal.lib import clock
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


def test_the_index_misses_nothing_holds_no_more_and_tells_the_truth() -> None:
    """Each card changed behind the index: put offline or online, of another kind, without words."""
    sound, offline, other, wordless = ResourceFactory.create_batch(4, published=True)
    online = ResourceFactory()
    assert list(invariants.index_breaches()) == []
    Resource.objects.filter(pk=offline.pk).update(live=False)
    assert list(invariants.index_breaches()) == [str(offline.pk)]
    Resource.objects.filter(pk=online.pk).update(live=True, first_published_at=clock.now())
    Resource.objects.filter(pk=other.pk).update(kind=ResourceKind.NEWS)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalogue_fulltext WHERE rowid = %s", [wordless.pk])
    broken = {str(each.pk) for each in (offline, online, other, wordless)}
    assert set(invariants.index_breaches()) == broken
    assert str(sound.pk) not in broken
    index.rebuild()
    assert list(invariants.index_breaches()) == []
