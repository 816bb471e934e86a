"""Load the nomenclatures of an operator."""

from collections.abc import Mapping

from django.db import transaction

from catalogue.models import RomeTitle
from catalogue.search import analysis
from portal.audit.actors import Actor
from portal.audit.record import record

BATCH = 500


@transaction.atomic
def load_rome(*, titles: Mapping[str, str], by: Actor) -> int:
    """Replace the titles of the ROME; event "rome.loaded". Returns how many there are now."""
    RomeTitle.objects.all().delete()
    RomeTitle.objects.bulk_create(
        (
            RomeTitle(
                code=code,
                title=title[:200],
                folded="".join(f" {word}" for word in analysis.prefixes(title))[:220],
            )
            for code, title in sorted(titles.items())
        ),
        batch_size=BATCH,
    )
    record("rome.loaded", by=by, titles=len(titles))
    return len(titles)
