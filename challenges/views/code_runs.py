"""Show a team what it may know of the runs of its code on hidden inputs: classes, no figure."""

from typing import Any

from challenges.enums.code import Reproduction
from challenges.models import Entry
from challenges.models.run_words import reproduction, run_duration, run_memory, run_state
from challenges.queries import code

MARKS = {
    Reproduction.SAME: ("pin", "check"),
    Reproduction.ROUNDED: ("pin", "check"),
    Reproduction.DIFFERENT: ("ocre", "triangle-alert"),
}


def runs(entry: Entry) -> list[dict[str, Any]]:
    """Lay out each evaluation in force of an entry of code, with its run."""
    found = []
    for evaluation in code.ran(entry):
        run = evaluation.run
        if run is None:
            continue
        word, sentence = reproduction(evaluation.reproduction)
        found.append(
            {
                "state": run_state(run.state),
                "alive": run.is_alive,
                "duration": run_duration(run),
                "memory": run_memory(run),
                "shuffled": run.shuffled,
                "canaries": run.canaries,
                "badge": (word, *MARKS[Reproduction(evaluation.reproduction)]) if word else None,
                "sentence": sentence,
            }
        )
    return found
