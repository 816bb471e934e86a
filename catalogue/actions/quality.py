"""Keep the history of the quality of cards."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from catalogue.models import IndexedResource, QualityScore, Resource
from catalogue.queries import quality
from catalogue.search import mirror
from catalogue.standards.quality import Assessment
from portal.lib import clock

BATCH = 500


@transaction.atomic
def note(*, resource: Resource) -> QualityScore | None:
    """Write down the quality of a public card when it is not what it last was.

    For the actions that change what the public reads: no rule is asked here.
    """
    made = _note([resource])
    return made[0] if made else None


def note_all() -> int:
    """Write down what time alone has changed: an update that did not come, a review that is due.

    Batch by batch; the score that orders results follows. Returns how many cards changed.
    """
    count = 0
    ids = list(Resource.objects.public().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            rows = Resource.objects.public().filter(pk__in=ids[start : start + BATCH])
            made = _note(list(rows.prefetch_related("measurements").order_by("pk")))
            for each in made:
                indexed = IndexedResource.objects.filter(pk=each.resource_id)
                indexed.update(quality=each.score or 0)
                mirror.owe_sync(each.resource_id)
            count += len(made)
    return count


def _note(resources: Sequence[Resource]) -> list[QualityScore]:
    last: dict[int, QualityScore] = {}
    rows = QualityScore.objects.filter(resource__in=resources)
    for row in rows.order_by("recorded_at", "pk"):
        last[row.resource_id] = row
    now = clock.now()
    return QualityScore.objects.bulk_create(
        QualityScore(resource=each, score=found.score, criteria=_told(found), recorded_at=now)
        for each, found in _judged(resources)
        if _is_new(last.get(each.pk), found)
    )


def _judged(resources: Sequence[Resource]) -> Iterable[tuple[Resource, Assessment]]:
    for each in resources:
        found = quality.assess(each, each.measurements.all())
        if each.live and found.criteria:
            yield each, found


def _told(found: Assessment) -> dict[str, bool | None]:
    return {each.code: each.met for each in found.criteria}


def _is_new(last: QualityScore | None, found: Assessment) -> bool:
    return last is None or (last.score, last.criteria) != (found.score, _told(found))
