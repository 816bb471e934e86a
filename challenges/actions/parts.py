"""What is noted of held-out data once it is compiled: its parts, its leak budget."""

from collections.abc import Mapping

from django.db import transaction

from challenges.enums import Split
from challenges.models import Phase, PhaseTask
from challenges.scoring.leakage import Facts


@transaction.atomic
def note(*, task: PhaseTask, units: Mapping[str, int], leak: Facts) -> None:
    """Note on the phase which share of the data the public score stands on, and what it tells.

    units: rows, or queries, of each part, counted when the truth is compiled. leak: what the
    leak budget needs of the truth.
    """
    Phase.objects.filter(pk=task.phase_id).update(leak_facts=leak.to_json())
    total = sum(units.values())
    if total:
        share = units.get(Split.PUBLIC.value, 0) / total
        Phase.objects.filter(pk=task.phase_id).update(public_share=share)
