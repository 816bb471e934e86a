"""The stylesheets stay small: no rule that nothing uses, and the budget of ui/DESIGN.md."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from pygments.token import STANDARD_TYPES

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "portal" / "static"
SERVED = ("tokens.css", "components.css")
APPS = ("portal", "catalogue", "datasets", "challenges")
# What a size and the like complete, in templates and in f-strings.
COMPLETED = re.compile(r"([\w-]+-)\{")
QUOTED = re.compile(r"[\"'`]([^\"'`<>{}=]*)[\"'`]")
CLASSES = re.compile(r"class(?:Name)?=\\?[\"']?((?:\{%.*?%\}|\{\{.*?\}\}|[^\"'>{])*)", re.S)


def sources(suffix: str, *folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            if "migrations" not in path.parts:
                yield path.read_text("utf-8")


def used() -> tuple[set[str], set[str]]:
    """Gather the classes that templates and code may write, and the beginnings of some."""
    words: set[str] = {code for code in STANDARD_TYPES.values() if code}
    begun: set[str] = set()
    for text in [*sources(".html", "templates"), *sources(".js", "portal/static")]:
        begun |= set(COMPLETED.findall(text))
        for found in [*CLASSES.findall(text), *QUOTED.findall(text)]:
            words |= set(re.findall(r"[\w-]+", found))
    for text in sources(".py", *APPS):
        begun |= set(COMPLETED.findall(text))
        for found in [*CLASSES.findall(text), *re.findall(r"\"class\": \"([^\"]*)\"", text)]:
            words |= set(re.findall(r"[\w-]+", found))
    return words, begun


def declared(name: str) -> set[str]:
    text = (STATIC / name).read_text("utf-8")
    plain = re.sub(r"/\*.*?\*/|url\([^)]*\)|\d*\.\d+", "", text, flags=re.S)
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", plain))


def test_every_class_is_used_by_a_template_or_by_code() -> None:
    words, begun = used()
    idle = {
        each
        for name in (*SERVED, "guide.css")
        for each in declared(name)
        if each not in words and not each.startswith(tuple(begun))
    }
    assert idle == set()


def test_the_stylesheets_keep_their_budget() -> None:
    text = b"".join((STATIC / name).read_bytes() for name in SERVED)
    assert len(text) < 40_000
    assert len(gzip.compress(text, 9)) < 10_240
