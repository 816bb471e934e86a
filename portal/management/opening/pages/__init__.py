"""The opening pages: programme, workstreams, news, charter, legal pages, in French and English.

One file a page: `fr/*.md`, `en/*.md`, read in the order of their names. A header in YAML
(type, parent, slug, title, lede, workstream, kind), then Markdown; `## ` opens a section,
`[[workstreams]]` and `[[notice TONE | TITLE | TEXT]]` on a line of their own are blocks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import markdown
import yaml
from django.db import transaction

from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock
from portal.pages import searching
from portal.pages.models import ContentPage, FramedPage, HomePage, NewsIndexPage, NewsPage

HERE = Path(__file__).parent
LANGUAGES = ("fr", "en")
TYPES: dict[str, type[FramedPage]] = {
    "content": ContentPage,
    "news_index": NewsIndexPage,
    "news": NewsPage,
}
_BLOCK = re.compile(r"^\[\[(.+)\]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Text:
    """A page as its file tells it."""

    head: dict[str, str]
    body: str

    @classmethod
    def read(cls, path: Path) -> "Text":
        """Read the header and the Markdown of a file."""
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        return cls(yaml.safe_load(head), body.strip())


@transaction.atomic
def create(*, by: Actor) -> None:
    """Create the missing pages and publish them.

    In order: the pages, one event "page.published" each. An existing page, even edited or
    unpublished, is left alone.
    """
    for language in LANGUAGES:
        home = HomePage.objects.get(locale__language_code=language, depth=2)
        _fill_home(home, language, by=by)
        for path in sorted((HERE / language).glob("*.md")):
            _create(Text.read(path), home, by=by)
    searching.catch_up()


def _fill_home(home: HomePage, language: str, *, by: Actor) -> None:
    if home.latest_revision_id is not None:
        return
    words = yaml.safe_load((HERE / language / "home.yaml").read_text(encoding="utf-8"))
    home.frequent_searches = "\n".join(words["frequent_searches"])
    home.seo_title = words["title"]
    home.pledges = [("pledge", pledge) for pledge in words["pledges"]]
    home.save_revision(log_action=False).publish(log_action=False)
    record("page.published", by=by, on=home, slug=home.slug)


def _create(text: Text, home: HomePage, *, by: Actor) -> None:
    head = text.head
    parent: Any = home
    if "parent" in head:
        parent = home.get_children().get(slug=head["parent"])
    if parent.get_children().filter(slug=head["slug"]).exists():
        return
    page = _page(text, home)
    # Live from its first save: no revision, an editor's first change makes one.
    page.first_published_at = page.last_published_at = clock.now()
    parent.add_child(instance=page)
    record("page.published", by=by, on=page, slug=page.slug)


def _page(text: Text, home: HomePage) -> FramedPage:
    head = text.head
    kind = head.get("type", "content")
    page = TYPES[kind](
        title=head["title"], slug=head["slug"], lede=head.get("lede", ""), locale=home.locale
    )
    if isinstance(page, (ContentPage, NewsPage)):
        page.body = list(blocks(text.body))
    if isinstance(page, ContentPage):
        page.workstream = head.get("workstream", "")
    if isinstance(page, NewsPage):
        page.kind = head["kind"]
        page.published_on = clock.paris_day(clock.now())
    translated = _translated(page, home)
    if translated is not None:
        page.translation_key = translated
    return page


def _translated(page: FramedPage, home: HomePage) -> Any:
    others = type(page).objects.exclude(locale=home.locale).filter(slug=page.slug)
    return others.order_by("pk").values_list("translation_key", flat=True).first()


def blocks(body: str) -> Iterator[tuple[str, Any]]:
    """Turn the Markdown of a page into its blocks."""
    for i, section in enumerate(re.split(r"^## ", body, flags=re.MULTILINE)):
        if i:
            title, _, section = section.partition("\n")
            yield "heading", title.strip()
        yield from _section(section)


def _section(section: str) -> Iterator[tuple[str, Any]]:
    for i, part in enumerate(_BLOCK.split(section)):
        if i % 2:
            yield _special(part)
        elif part.strip():
            yield "text", _rich(part)


def _rich(text: str) -> Any:
    return ContentPage.body.field.stream_block.child_blocks["text"].to_python(
        markdown.markdown(text.strip())
    )


def _special(part: str) -> tuple[str, Any]:
    name, *rest = [word.strip() for word in part.split("|")]
    if name == "workstreams":
        return "workstreams", None
    tone = name.partition(" ")[2]
    notice = ContentPage.body.field.stream_block.child_blocks["notice"]
    return "notice", notice.to_python(
        {"tone": tone, "title": rest[0], "text": markdown.markdown(rest[1])}
    )
