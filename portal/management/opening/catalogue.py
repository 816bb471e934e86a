"""The opening catalogue: 124 cards written for the portal."""

import json
from pathlib import Path

from catalogue.harvest import opening
from portal.management.opening import people

FILE = Path(__file__).with_name("catalogue.json")


def cards() -> opening.Opened:
    """Take the cards and the synonyms in; a second pass writes nothing."""
    opening.open_synonyms()
    rows = json.loads(FILE.read_text("utf-8"))
    return opening.take_in(rows, region=people.region(), by=people.OPENING)
