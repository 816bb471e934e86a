"""Texts of people: their headings fit under those of the page."""

import pytest

from portal.lib.markdown_child import render


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
