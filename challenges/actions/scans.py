"""Have the antivirus read a file of a team before anything else reads it."""

from pathlib import Path

from challenges.enums import INFECTED
from challenges.scoring.predictions import faults
from challenges.scoring.verdict import Verdict
from portal.lib import scanning


def refused(path: Path, *, seconds: float = scanning.ANSWER_SECONDS) -> Verdict | None:
    """Return the verdict of a file in which the antivirus found something, None of another.

    seconds: how long its answer is waited for. Raises ScannerAway, ScannerFailed.
    """
    found = scanning.scan(path, seconds=seconds)
    if found is None:
        return None
    return Verdict(False, (faults.file_fault(INFECTED, valeur=faults.neutral(found)),))
