"""Texts of people: their headings fit under those of the page."""

from typing import Any

import pytest

from portal.lib import markdown
from portal.lib.markdown_child import render
from portal.lib.refusals import Invalid


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Un", "<h3>Un</h3>"),
        ("## Deux", "<h3>Deux</h3>"),
        ("# Un\n\n### Trois\n\n# Un", "<h3>Un</h3>\n<h4>Trois</h4>\n<h3>Un</h3>"),
        ("# Un\n\n## Deux\n\n### Trois", "<h3>Un</h3>\n<h4>Deux</h4>\n<h5>Trois</h5>"),
    ],
)
def test_headings_start_at_three_and_skip_no_level(text: str, html: str) -> None:
    assert render(text) == html


def test_one_child_renders_text_after_text() -> None:
    markdown._rendered.cache_clear()
    assert markdown.render("*un*") == "<p><em>un</em></p>"
    first = markdown._warm.process
    assert markdown.render("**deux**") == "<p><strong>deux</strong></p>"
    assert markdown._warm.process is first
    assert first is not None
    first.kill()
    first.wait()
    assert markdown.render("`trois`") == "<p><code>trois</code></p>"
    with markdown._warm.lock:  # somebody else's text is being rendered
        assert markdown.render("*quatre*") == "<p><em>quatre</em></p>"


def test_a_text_that_takes_too_long_is_refused_and_the_next_is_rendered(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(markdown, "START_SECONDS", 0)
        settings.MARKDOWN_SECONDS = 0
        with pytest.raises(Invalid):
            markdown.render("*trop long*")
    settings.MARKDOWN_SECONDS = 2
    assert markdown.render("*assez*") == "<p><em>assez</em></p>"
