"""What is noted of the parts of held-out data once it is compiled."""

from collections.abc import Mapping

from challenges.enums import Split
from challenges.models import Phase, PhaseTask


def note(*, task: PhaseTask, units: Mapping[str, int]) -> None:
    """Note on the phase how many units the public score stands on, and which share of all.

    units: rows, or queries, of each part, counted when the truth is compiled.
    """
    total, public = sum(units.values()), units.get(Split.PUBLIC.value, 0)
    if total:
        Phase.objects.filter(pk=task.phase_id).update(
            public_units=public, public_share=public / total
        )
