"""Templates escape what people write."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
# What our own Markdown cleaned, and what a view serialised or rendered: by their names.
CLEAN = re.compile(r"(\w+\.)*(\w+_html|html|data_block|preview)$")
UNESCAPED = re.compile(r"\{[{%][^}]*?([\w.]+)\|(?:[\w:\"]+\|)*(?:safe|safeseq)\b")


def test_only_html_that_we_made_is_written_as_it_is() -> None:
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text("utf-8")
        wrong += [
            f"{path.relative_to(TEMPLATES)}: {name}|safe"
            for name in UNESCAPED.findall(text)
            if not CLEAN.match(name)
        ]
        if "autoescape off" in text:
            wrong.append(f"{path.relative_to(TEMPLATES)}: autoescape off")
    assert wrong == []
