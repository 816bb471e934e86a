"""Call the commands as a person at the keyboard does, and read their last line."""

import json
from io import StringIO
from typing import Any

from django.core.management import call_command


def run(name: str, *args: str) -> tuple[int, dict[str, Any]]:
    """Run a command with --json; return its exit code and its answer."""
    out = StringIO()
    code = 0
    try:
        call_command(name, *args, "--json", stdout=out)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, json.loads(out.getvalue().strip().splitlines()[-1])
