"""The language of the person at the terminal."""

import os
from collections.abc import Mapping

# The order in which POSIX reads them.
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def spoken(environment: Mapping[str, str] | None = None) -> str:
    """Return "en" where the environment asks for English, else "fr"."""
    found = os.environ if environment is None else environment
    asked = next((found[name] for name in VARIABLES if found.get(name)), "")
    return "en" if asked.split("_")[0].split(".")[0] == "en" else "fr"
