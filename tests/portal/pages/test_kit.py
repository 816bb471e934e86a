"""The interface kit: what templates get, typography, stylesheets."""

import csv
import gzip
import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from catalogue.resources.enums import ResourceKind
from portal.lib.prose import numbers
from portal.pages import frame, kit, looks, typography
from portal.pages.kit import faults, field_context

TEMPLATES = Path(settings.BASE_DIR) / "templates"
ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "portal" / "static"


def render(text: str, **context: Any) -> str:
    return Template("{% load kit %}" + text).render(Context(context))


def test_every_icon_named_in_templates_and_faces_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'id="i-([a-z0-9-]+)"', (STATIC / "icons" / "sprite.svg").read_text()))
    named = {face.icon for face in looks.FACES.values()} | set(looks.NOTICE_ICONS.values())
    for path in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8")))
    assert named - drawn == set()


def test_vendored_files_are_the_ones_declared() -> None:
    root = Path(settings.BASE_DIR)
    with (root / "docs" / "vendored.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    found = {
        row["path"]: hashlib.sha256((root / row["path"]).read_bytes()).hexdigest() for row in rows
    }
    assert found == {row["path"]: row["sha256"] for row in rows}
    assert all(row["licence"] and row["source"] for row in rows)


def test_no_template_holds_inline_style_or_script() -> None:
    inline = re.compile(
        r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*(?:\ssrc=|application/(?:ld\+)?json))"
    )
    wrong = [
        str(path.relative_to(TEMPLATES))
        for path in sorted(TEMPLATES.rglob("*.html"))
        if path.parent.name != "emails"  # programs of mail read no style sheet
        and inline.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_kind_has_a_face_of_its_own_word() -> None:
    assert [str(looks.face(kind).label) for kind in ResourceKind] == [
        str(kind.label) for kind in ResourceKind
    ]
    assert all(looks.face(kind).promise for kind in ResourceKind)
    assert looks.face("nothing") is looks.UNKNOWN


def test_rings_and_intervals_are_drawn_within_their_scale() -> None:
    assert kit.ring(0).count("<circle") == 1
    assert 'stroke-dasharray="41 100"' in kit.ring(41)
    drawn = kit.ci(0.80, 0.83, 0.86, 0.76, 0.90, 0.78)
    assert 'x1="57.1" x2="142.9" y1="12"' in drawn
    assert 'class="ref" x1="28.6"' in drawn
    assert "intervalle de 0,800 à 0,860</span>" in drawn
    beyond = kit.ci(-1, 0.5, 3, 0, 1)
    assert 'class="span" x1="0.0" x2="200.0"' in beyond
    assert 'class="ref"' not in beyond


def test_a_day_and_a_moment_are_written_for_machines_too() -> None:
    day, at = date(2026, 11, 24), datetime(2026, 11, 24, 16, 0, 0, 123456, tzinfo=UTC)
    assert render("{% when day 'date' %}", day=day) == (
        '<time datetime="2026-11-24">24 novembre 2026</time>'
    )
    assert 'datetime="2026-11-24T16:00:00+00:00"' in render("{% when at %}", at=at)


def test_marks_and_french_typography_escape_what_they_are_given() -> None:
    typed = "Pour <b> :\n\n- lire ;\n- dire.\n\nFin - oui."
    items = '<ul class="bullets"><li>lire ;</li><li>dire.</li></ul>'
    listed = f"<p>Pour &lt;b&gt; :</p>{items}<p>Fin - oui.</p>"
    assert render("{{ t|with_lists }}", t=typed) == listed
    deep = render("{{ t|as_items|with_lists }}", t=["Décider :", "- un <b>", "Noter"])
    assert deep == (
        '<ul class="bullets"><li>Décider :<ul class="bullets"><li>un &lt;b&gt;</li></ul></li>'
        "<li>Noter</li></ul>"
    )
    assert "<ol" in render("{{ t|with_lists }}", t="- un\n  1. a\n  2. b")
    told = 'Do **not** use `a*b*c`, 2 * 3 * 4 or *b*: [la <i>](https://x.fr/?a=1&b=") https://x.fr/a_(b).'
    way = 'rel="nofollow ugc noopener"'
    assert render("{{ t|with_lists }}", t=told) == (
        "<p>Do <strong>not</strong> use <code>a*b*c</code>, 2 * 3 * 4 or <em>b</em>: "
        f'[la &lt;i&gt;](<a href="https://x.fr/?a=1&amp;b=" {way}>'
        "https://x.fr/?a=1&amp;b=</a>&quot;) "
        f'<a href="https://x.fr/a_(b)" {way}>https://x.fr/a_(b)</a>.</p>'
    )
    entry = render("{{ t|with_lists }}", t="url = {https://x.fr/{id}/b},")
    assert f'{{<a href="https://x.fr/{{id}}/b" {way}>' in entry
    linked = render("{{ t|as_items|with_lists }}", t=["[la <i>](https://x.fr)"])
    assert f'<li><a href="https://x.fr" {way}>la &lt;i&gt;</a></li>' in linked
    table = render("{{ t|with_lists }}", t="F1 :\n\n| g | **F1** |\n|---|---|\n| <a> | 0,8 |")
    assert table.startswith('<p>F1 :</p><div class="table-wrap" tabindex="0"><table class="table">')
    assert '<td>&lt;a&gt;</td><td class="num">0,8</td>' in table
    html = "<table><tr><th>Model</th><th>F1</th></tr><tr><td>A 2</td><td>0.81</td></tr></table>"
    aligned = html.replace("<th>F1", '<th class="num">F1').replace("<td>0", '<td class="num">0')
    assert render("{{ t|with_notices }}", t=html) == aligned
    # A table whose lines are open at their end loses no letter of them.
    assert "deux<br>puis" in render("{{ t|with_lists }}", t="| a | b\n|---|---\n| un | deux\npuis")
    assert "<b>" not in render("{% badge label 'pin' 'check' %}", label="<b>")
    assert "&lt;b&gt;" in render("{% badge label %}", label="<b>")
    assert kit.french("<i> ?") == "&lt;i&gt;\u202f?"
    assert render("{% typo %}<i>a ?</i>{% endtypo %}") == "<i>a\u202f?</i>"


class Sample(forms.Form):
    title = forms.CharField(label="Titre", help_text="Court.")
    note = forms.CharField(label="Note", required=False, max_length=10, widget=forms.Textarea)
    choice = forms.ChoiceField(
        label="Choix", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )
    agreed = forms.BooleanField(label="D’accord")


def test_a_field_ties_its_parts_says_what_it_is_and_keeps_native_inputs() -> None:
    html = render("{% field form.title %}", form=Sample({}))
    assert '<label for="id_title">Titre</label>' in html
    assert 'aria-describedby="id_title_hint id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<div id="id_title_error">' in html
    html = render("{% field form.note %}", form=Sample({"note": "abc"}))
    assert "<small>(facultatif)</small>" in html
    assert '<span class="count" id="id_note_count"' in html
    assert "3 sur 10 caractères" in html
    html = render("{% field form.choice %}", form=Sample(initial={"choice": "b"}))
    assert html.count('type="radio"') == 2
    assert re.findall(r'checked[^>]*value="([^"]+)"', html) == ["b"]


def test_error_summary_leads_to_each_field() -> None:
    html = render("{% error_summary form %}", form=Sample({}))
    assert re.findall(r'href="#([^"]+)"', html) == ["id_title", "id_choice_0", "id_agreed"]
    assert 'role="alert"' in html
    assert render("{% error_summary form %}", form=Sample()).strip() == ""


class Bare(forms.Form):
    words = forms.CharField()
    one = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    listed = forms.ChoiceField(choices=[("a", "A")])
    several = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField()
    sent = forms.FileField()
    own = forms.CharField(error_messages={"required": "Donnez un nom à votre équipe."})


def test_an_empty_field_says_what_to_do() -> None:
    form = Bare({})
    summary = [fault.message for fault in faults([form])]
    assert [field_context(bound)["errors"] for bound in form] == [[each] for each in summary]
    assert summary == [
        "Remplissez ce champ.",
        "Choisissez une réponse.",
        "Choisissez une réponse.",
        "Cochez au moins une réponse.",
        "Cochez cette case pour continuer.",
        "Choisissez un fichier.",
        "Donnez un nom à votre équipe.",
    ]
    with override("en"):
        assert faults([Bare({})])[0].message == "Fill in this field."


def test_pager_keeps_filters_and_the_first_page_bare() -> None:
    request = RequestFactory().get("/ressources/", {"q": "rome", "page": "2"})
    page = Paginator(range(63), 9).get_page(2)
    html = " ".join(render("{% pager page %}", request=request, page=page).split())
    assert 'href="/ressources/?q=rome" rel="prev"' in html
    assert 'href="/ressources/?q=rome&amp;page=3" rel="next"' in html
    assert "10 – 18 sur 63" in html
    whole = Paginator(range(9), 9).get_page(1)
    assert "<nav" not in render("{% pager page %}", request=request, page=whole)


@pytest.mark.parametrize(
    ("path", "bare", "english"),
    [
        ("/", "/", "/en/"),
        ("/en/", "/", "/en/"),
        ("/en", "/", "/en/"),
        ("/ressources/x/", "/ressources/x/", "/en/ressources/x/"),
        ("/enigme/", "/enigme/", "/en/enigme/"),
    ],
)
def test_language_of_an_address(path: str, bare: str, english: str) -> None:
    assert frame.in_language(path, "fr") == bare
    assert frame.in_language(path, "en") == english


def test_menu_shows_only_pages_that_exist() -> None:
    missing = frame.Entry("x", "X", "nowhere:list")
    assert frame.links((missing, frame.LEGAL[0]), "accessibilite") == [
        {"label": frame.LEGAL[0].label, "href": "/accessibilite/", "current": True}
    ]


def test_dots_are_placed_in_per_cent_of_the_width_and_named() -> None:
    plot = {
        "key": "k",
        "title": "Rappel",
        "description": "A 0,2 ; B 0,9",
        "rows": [
            {"label": "A <b>", "value": 0.2, "low": 0.1, "high": 0.3},
            {"label": "B", "value": 0.9, "low": None, "high": None, "faint": True},
        ],
        "scale": (0.0, 1.0),
        "reference": 0.5,
        "decimals": 1,
    }
    drawn = render("{% dot_plot plot %}", plot=plot)
    assert 'aria-labelledby="k-t k-d"><title id="k-t">Rappel</title>' in drawn
    assert "A &lt;b&gt;" in drawn
    assert 'cx="21.20%"' in drawn
    assert (drawn.count('class="span"'), drawn.count("faint")) == (1, 1)
    assert 'class="ref" x1="50.00%"' in drawn
    assert re.findall(r'text-anchor="\w+">([^<]+)<', drawn) == ["0,0", "0,5", "1,0"]


N, B = "\u202f", "\u00a0"
AT = datetime(2026, 12, 17, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("plain", "french"),
    [
        ("Il dit : « oui » !", f"Il dit{B}: «{B}oui{B}»{N}!"),
        ("Rien ? Si ; mais 12 % de 1 204 lignes", f"Rien{N}? Si{N}; mais 12{N}% de 1{N}204 lignes"),
        ("à 17 h 30, 20 Mo", f"à 17{N}h{N}30, 20{N}Mo"),
        ("l'emploi &#x27;", "l’emploi ’"),
        ("10:30", "10:30"),
    ],
)
def test_french_text(plain: str, french: str) -> None:
    assert typography.french_text(plain) == french


def test_french_html_leaves_code_tags_and_areas_alone() -> None:
    html = '<p title="a : b">a : b</p><pre>a : b</pre><textarea>« x »</textarea><code>x ?</code>'
    expected = html.replace(">a : b</p>", f">a{B}: b</p>")
    assert typography.french_html(html) == expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1204, None, f"1{N}204"),
        (0.8714, 3, "0,871"),
        (0.5, None, "0,50"),
        (-2, None, "−2"),
        (Decimal("12.5"), 1, "12,5"),
        (None, None, "–"),
        (float("nan"), 2, "–"),
    ],
)
def test_number(value: float | None, decimals: int | None, expected: str) -> None:
    assert numbers.number(value, decimals) == expected


def test_number_in_english() -> None:
    with override("en"):
        assert numbers.number(1204.5, 1) == "1,204.5"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, f"0{N}octet"),
        (999, f"999{N}octets"),
        (84_000, f"84{N}ko"),
        (3_100_000, f"3,1{N}Mo"),
        (2_000_000_000, f"2{N}Go"),
    ],
)
def test_file_size(size: int, expected: str) -> None:
    assert numbers.file_size(size) == expected


def test_moments_are_told_in_paris_time() -> None:
    assert typography.long_moment(AT) == f"17 décembre 2026 à 17{N}h"
    assert typography.long_moment(AT, weekday=True) == f"jeudi 17 décembre 2026 à 17{N}h"
    assert typography.hour(AT + timedelta(minutes=30)) == f"17{N}h{N}30"
    # 23:30 UTC is the next day in Paris.
    assert typography.long_date(datetime(2026, 7, 31, 23, 30, tzinfo=UTC)) == "1er août 2026"
    assert typography.long_date(date(2026, 1, 1)) == "1er janvier 2026"
    assert typography.short_date(date(2026, 1, 2)) == "02/01/2026"
    assert typography.long_date(None) == "–"


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(days=23, hours=1), "dans 23 jours"),
        (timedelta(days=1), "dans 1 jour"),
        (timedelta(minutes=-40), "il y a 40 minutes"),
        (timedelta(days=-90), "il y a 3 mois"),
        (timedelta(days=800), "dans 2 ans"),
        (timedelta(seconds=20), "à l’instant"),
    ],
)
def test_relative(ahead: timedelta, expected: str) -> None:
    assert typography.relative(AT + ahead, now=AT) == expected


SERVED = ("tokens.css", "components.css")


def test_the_stylesheets_keep_their_budget() -> None:
    text = b"".join((STATIC / name).read_bytes() for name in SERVED)
    assert len(text) < 48_000
    assert len(gzip.compress(text, 9)) < 12_000
