"""Templates escape what people write, and every disclosure shows that it opens."""

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


def test_the_templates_that_code_names_exist() -> None:
    absent = [
        f"{path.relative_to(TEMPLATES.parent)}: {name}"
        for part in ("portal", "catalogue", "challenges", "datasets")
        for path in sorted((TEMPLATES.parent / part).rglob("*.py"))
        for name in re.findall(r'"([\w-]+/[\w/-]+\.(?:html|txt))"', path.read_text("utf-8"))
        if not (TEMPLATES / name).is_file()
    ]
    assert absent == []


def test_every_summary_has_its_chevron() -> None:
    bare = [
        f"{path.relative_to(TEMPLATES)}: {found[:60]}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for found in re.findall(r"<summary.*?</summary>", path.read_text("utf-8"), re.DOTALL)
        if '{% icon "chevron-down" %}' not in found and 'class="btn' not in found
    ]
    assert bare == []


def test_lines_of_templates_can_be_read() -> None:
    lines = [
        (len(line), f"{path.relative_to(TEMPLATES)}:{at}")
        for path in sorted(TEMPLATES.rglob("*.html"))
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1)
    ]
    assert [place for size, place in lines if size > 140] == []
