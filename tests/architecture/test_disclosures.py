"""Every disclosure shows that it opens."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_every_summary_has_its_chevron() -> None:
    bare = [
        f"{path.relative_to(TEMPLATES)}: {found[:60]}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for found in re.findall(r"<summary.*?</summary>", path.read_text("utf-8"), re.DOTALL)
        if '{% icon "chevron-down" %}' not in found
    ]
    assert bare == []
