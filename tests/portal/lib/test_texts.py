"""Texts of people: how they are rendered, and compared."""

from typing import Any

import pytest

from portal.lib import children
from portal.lib.prose import differences, markdown
from portal.lib.prose.differences import Line, Span
from portal.lib.prose.markdown_child import render
from portal.lib.refusals import Invalid
from tests.properties import given
from tests.properties import strategies as st


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Un", "<h3>Un</h3>"),
        ("## Deux", "<h3>Deux</h3>"),
        ("# Un\n\n### Trois\n\n# Un", "<h3>Un</h3>\n<h4>Trois</h4>\n<h3>Un</h3>"),
        ("# Un\n\n## Deux\n\n### Trois", "<h3>Un</h3>\n<h4>Deux</h4>\n<h5>Trois</h5>"),
        (
            "## A\n\n## B\n\n#### C\n\n### D\n\n## E",
            "<h3>A</h3>\n<h3>B</h3>\n<h4>C</h4>\n<h4>D</h4>\n<h3>E</h3>",
        ),
    ],
)
def test_headings_start_at_three_and_skip_no_level(text: str, html: str) -> None:
    assert render(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Forts :\n- un\n- deux", "<p>Forts :</p>\n<ul>\n<li>un</li>\n<li>deux</li>\n</ul>"),
        ("Forts :\n1. un\n2. deux", "<p>Forts :</p>\n<ol>\n<li>un</li>\n<li>deux</li>\n</ol>"),
        ("En\n2024. Fin", "<p>En\n2024. Fin</p>"),
        ("a\n* * *", "<p>a</p>\n<hr>"),
        (
            "- a\n  - b\n    - c\n- d\n\ne",
            "<ul>\n<li>a<ul>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n</li>\n<li>d</li>\n</ul>"
            "\n<p>e</p>",
        ),
        ("- a\n    - b", "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("1. a\n  - b", "<ol>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ol>"),
        ("1. a\n\n   suite", "<ol>\n<li>\n<p>a</p>\n<p>suite</p>\n</li>\n</ol>"),
        ("```\nx\n- y\n```", "<pre><code>x\n- y\n</code></pre>"),
        ("x :\n\n    a\n    - b", "<p>x :</p>\n<pre><code>a\n- b\n</code></pre>"),
    ],
)
def test_a_list_stands_right_under_its_sentence_and_nests_by_two_spaces(
    text: str, html: str
) -> None:
    assert render(text) == html


def test_a_bare_address_is_linked_once_without_its_full_stop() -> None:
    rel = 'rel="nofollow ugc noopener"'
    for shown, rest in (("https://a.fr/b_c_d?e=1", "."), ("https://a.fr/R_(x)", ")")):
        linked = f'<a href="{shown}" {rel}>{shown}</a>'
        assert render(f"Voir {shown}{rest}") == f"<p>Voir {linked}{rest}</p>"
        assert render(f"[{shown}](<{shown}>)") == f"<p>{linked}</p>"
        assert render(f"<{shown}>") == f"<p>{linked}</p>"
    assert render("`https://a.fr`") == "<p><code>https://a.fr</code></p>"


def test_a_text_that_takes_too_long_is_refused_and_the_next_is_rendered(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(children, "START_SECONDS", 0)
        hurried.setattr(children, "GRACE_SECONDS", 0)
        settings.MARKDOWN_SECONDS = 0
        with pytest.raises(Invalid):
            markdown.render("*trop long*")
    settings.MARKDOWN_SECONDS = 2
    assert markdown.render("*assez*") == "<p><em>assez</em></p>"


def test_a_changed_word_is_marked_inside_its_line() -> None:
    found = differences.lines("Fonctionne hors ligne.", "Fonctionne en ligne.")

    assert found == [
        Line(
            "removed",
            1,
            (Span("Fonctionne ", False), Span("hors", True), Span(" ligne.", False)),
        ),
        Line("added", 1, (Span("Fonctionne ", False), Span("en", True), Span(" ligne.", False))),
    ]


def test_a_table_stands_in_a_box_that_the_keyboard_reaches() -> None:
    html = render("| a | b |\n|---|--:|\n| 1 | 2 |\n\n`<table>`")
    assert ('<td class="num">2</td>' in html, "style" in html) == (True, False)
    assert html.startswith('<div class="table-wrap" tabindex="0"><table>')
    assert html.count("<table>") == html.count("</table></div>") == 1


def test_far_unchanged_lines_fold_into_a_gap() -> None:
    old = "\n".join(["un", "deux", "trois", "quatre", "cinq"])

    assert differences.lines(old, old) == []
    assert differences.lines(old, old + "\nsix") == [
        Line("gap", 0, hidden=4),
        Line("same", 5, (Span("cinq", False),)),
        Line("added", 6, (Span("six", True),)),
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_spans_give_both_texts_back(old: str, new: str) -> None:
    left, right = differences.spans(old, new)

    assert "".join(span.text for span in left) == old
    assert "".join(span.text for span in right) == new


@given(
    st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12)
)
def test_added_and_removed_lines_rebuild_the_new_text(old: list[str], new: list[str]) -> None:
    found = differences.lines("\n".join(old), "\n".join(new))

    if found:
        hidden = sum(line.hidden for line in found)
        assert sum(line.sign in ("same", "added") for line in found) + hidden == len(new)
        assert sum(line.sign in ("same", "removed") for line in found) + hidden == len(old)


def test_a_formula_is_code_and_a_note_leads_to_no_anchor() -> None:
    html = render("La perte $-\\sum_i y_i < 3$[^1], 5 $ ou 6 $, `$a_b$`.\n\n[^1]: Le *guide*.")
    assert "La perte <code>-\\sum_i y_i &lt; 3</code><sup>1</sup>, 5 $ ou 6 $" in html
    assert ("<code>$a_b$</code>" in html, "<p>Le <em>guide</em>.</p>" in html) == (True, True)
    assert "#fn" not in html
