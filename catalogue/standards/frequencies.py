"""The rhythms of updates, and how the EU's list, data.gouv.fr and ISO 19115 name them.

Source: http://publications.europa.eu/resource/authority/frequency, with the codes added since 2016
(12HRS, 1MIN to 30MIN, AS_NEEDED, NOT_PLANNED, BIDECENNIAL, TRIDECENNIAL…).
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple


class Frequency(NamedTuple):
    """One rhythm: code and label of the EU's list, days between two updates (None: no period)."""

    authority: str
    label: str
    days: float | None = None


TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FREQUENCIES: dict[str, Frequency] = {
    name: Frequency(code, label, days or None)
    for name, (code, label, days) in TABLES["frequencies"].items()
}
NEAR: dict[str, str] = {word: name for name, words in TABLES["near"].items() for word in words}
BY_AUTHORITY = {each.authority.lower(): name for name, each in FREQUENCIES.items()}
LAST = re.compile(r"(?:^|[/#:])([\w-]+)/?$")


def normalise(text: str) -> str:
    """Give our code of a rhythm named by a code, a name or an address; "" when unknown."""
    word = text.strip().lower().replace(" ", "").replace("-", "_")
    if word.startswith("r/p"):
        return NEAR.get(word, "")
    last = LAST.search(word)
    word = last[1] if last else word
    # ISO 19115 writes several of its codes as one word: fortnightly, biannually.
    return BY_AUTHORITY.get(word) or NEAR.get(word) or (word if word in FREQUENCIES else "")
