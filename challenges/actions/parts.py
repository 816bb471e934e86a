"""The public and the final part of the held-out data."""

from collections.abc import Mapping

from django.db import transaction

from challenges.enums import Split
from challenges.models import Phase, PhaseTask


@transaction.atomic
def note(*, task: PhaseTask, units: Mapping[str, int]) -> None:
    """Note on the phase which share of the data the public score stands on.

    units: rows, or queries, of each part, counted when the truth is compiled.
    """
    total = sum(units.values())
    if total:
        share = units.get(Split.PUBLIC.value, 0) / total
        Phase.objects.filter(pk=task.phase_id).update(public_share=share)
