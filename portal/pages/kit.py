"""What the components of a page are given: marks, forms, navigation, plots, words."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from itertools import count, zip_longest
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.forms import (
    BaseForm,
    CheckboxInput,
    CheckboxSelectMultiple,
    Field,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.forms.boundfield import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from portal.lib.prose import texts
from portal.lib.prose.numbers import is_french, number
from portal.pages.looks import NOTICE_ICONS, band, face, quality_tone, ridge
from portal.pages.typography import (
    french_html,
    hour,
    long_date,
    long_moment,
    relative,
    short_date,
)


def french(text: object) -> SafeString:
    """Set French typography in a text or in rendered HTML; other languages are left alone."""
    given: Any = text
    html = conditional_escape(given)
    return mark_safe(french_html(html)) if is_french() else html  # noqa: S308  escaped above


def when(at: datetime | date | None, style: str = "moment") -> SafeString:
    """Write a moment in a `time` element; style: moment, date, short, hour or relative.

    A day without an hour, such as that of a news page, takes the styles date and short.
    """
    if at is None:
        return SafeString("–")
    styles: dict[str, Callable[[Any], str]] = {
        "moment": long_moment,
        "date": long_date,
        "short": short_date,
        "hour": hour,
        "relative": relative,
    }
    machine = at.isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()
    return format_html('<time datetime="{}">{}</time>', machine, styles[style](at))


def deadline(at: datetime) -> SafeString:
    """Write a deadline in one sentence: day, hour, zone and the time that is left."""
    written = format_html(
        '<time datetime="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        long_moment(at, weekday=True),
    )
    sentence = _("%(moment)s (heure de Paris), %(left)s")
    return mark_safe(  # noqa: S308  both parts are escaped
        sentence % {"moment": written, "left": relative(at)}
    )


EMPTY = mark_safe("")
OUT_OF_100 = mark_safe("<small>\u2009/\u2009100</small>")


def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; the words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        static("icons/sprite.svg"),
        name,
    )


def badge(label: str, tone: str = "", icon_name: str = "") -> SafeString:
    """Draw a state: an icon, a word and a pigment."""
    return format_html(
        '<span class="badge"{}>{}{}</span>',
        format_html(' data-tone="{}"', tone) if tone else "",
        icon(icon_name) if icon_name else "",
        label,
    )


def tile(kind: object, size: str = "") -> SafeString:
    """Draw the tile of a kind; size: empty, s or l. The word stands beside it."""
    shown = face(kind)
    return format_html(
        '<span class="tile{}" data-tone="{}">{}</span>',
        f" tile-{size}" if size else "",
        shown.tone,
        icon(shown.icon),
    )


def ring(value: float, size: str = "") -> SafeString:
    """Draw a score out of 100 as a ring with its figure; size: empty or l."""
    shown = number(round(value))
    share = f"{min(100.0, max(0.0, value)):.0f}"
    arc = format_html(
        '<circle cx="18" cy="18" r="15" pathLength="100" stroke-dasharray="{} 100"/>', share
    )
    return format_html(
        '<span class="ring{}" data-tone="{}"><svg viewBox="0 0 36 36" aria-hidden="true">'
        '<circle cx="18" cy="18" r="15"/>{}</svg>'
        '<span><span class="vh">{} </span>{}{}</span></span>',
        f" ring-{size}" if size else "",
        quality_tone(value),
        arc if share != "0" else EMPTY,  # an arc of nothing would still draw its round ends
        _("Qualité de la fiche :"),
        shown,
        OUT_OF_100,
    )


def bar(value: float, tone: str) -> SafeString:
    """Draw a share of a hundred; the figure stands beside it."""
    return format_html(
        '<svg class="bar" data-tone="{}" viewBox="0 0 100 8" preserveAspectRatio="none" '
        'aria-hidden="true"><rect width="{}" height="8"/></svg>',
        tone,
        f"{min(100.0, max(0.0, value)):.1f}",
    )


def ci(
    low: float,
    value: float,
    high: float,
    minimum: float,
    maximum: float,
    ref: float | None = None,
    tone: str = "calanque",
    decimals: int = 3,
) -> SafeString:
    """Draw a value with its interval on a scale, and say the interval in words.

    minimum, maximum: ends of the scale; ref: the value to beat, dotted. Values outside the
    scale are drawn at its end.
    """
    width = maximum - minimum

    def at(position: float) -> float:
        share = 0.5 if width <= 0 else (position - minimum) / width
        return 200 * min(1.0, max(0.0, share))

    left, right = f"{at(low):.1f}", f"{at(high):.1f}"
    reference = (
        format_html('<line class="ref" x1="{0}" x2="{0}" y1="0" y2="24"/>', f"{at(ref):.1f}")
        if ref is not None
        else ""
    )
    spoken = _("intervalle de %(low)s à %(high)s") % {
        "low": number(low, decimals),
        "high": number(high, decimals),
    }
    return format_html(
        '<svg class="ci" data-tone="{tone}" viewBox="0 0 200 24" preserveAspectRatio="none" '
        'aria-hidden="true"><line class="track" x1="0" x2="200" y1="12" y2="12"/>{reference}'
        '<line class="span" x1="{left}" x2="{right}" y1="12" y2="12"/>'
        '<path class="ends" d="M{left} 7v10M{right} 7v10"/>'
        '<rect class="pt" x="{point}" y="5" width="3.2" height="14"/></svg>'
        '<span class="vh">{spoken}</span>',
        tone=tone,
        reference=reference,
        left=left,
        right=right,
        point=f"{at(value) - 1.6:.1f}",
        spoken=spoken,
    )


def axis(minimum: float, maximum: float, decimals: int = 2) -> SafeString:
    """Write the graduations above a column of intervals."""
    step = (maximum - minimum) / 4
    marks = format_html_join(
        "", "<span>{}</span>", ((number(minimum + step * i, decimals),) for i in range(5))
    )
    return format_html('<span class="axis" aria-hidden="true">{}</span>', marks)


def ridge_mark(seed: int | str = 3) -> SafeString:
    """Draw the small relief of an empty state."""
    return mark_safe(ridge(_seed(seed)))  # noqa: S308  drawn by us from a number


def ridge_band(seed: int | str = 11) -> SafeString:
    """Draw the wide relief of a page head; give each challenge its own seed, its slug."""
    return mark_safe(band(_seed(seed)))  # noqa: S308  drawn by us from a number


def _seed(seed: int | str) -> int:
    if isinstance(seed, int):
        return seed
    return sum(ord(letter) * (i + 1) for i, letter in enumerate(seed)) % 10_007


@dataclass(frozen=True)
class Fault:
    """Point an error at the field that holds it."""

    target: str
    label: str
    message: str


def _is_needed(bound: BoundField) -> bool:
    """Say whether a field must be filled: now, or before what it belongs to is sent."""
    return bound.field.required or getattr(bound.field, "is_needed_to_send", False)


def field_context(
    bound: BoundField, *, label: str = "", hint: str = "", optional: str = ""
) -> dict[str, Any]:
    """Prepare one field for `components/field.html`.

    label, hint: replace those of the form. optional: replaces « facultatif ».
    A form field may carry `descriptions`, a dict of a choice's value to its explanation; `at_once`,
    how many choices stand in view, the chosen one among them; `more_label`, for the others.
    """
    name = bound.auto_id or bound.html_name
    hint = hint or str(bound.help_text or "")
    maxlength = _counted(bound)
    attrs = _attributes(bound, name=name, hint=hint, maxlength=maxlength)
    kind = _kind(bound)
    single = kind in ("text", "check", "file", "hidden")
    options, more = _parted([] if single else _options(bound), bound)
    return {
        "kind": kind,
        "id": name,
        "field": bound,
        "label": label or bound.label,
        "hint": hint,
        "errors": messages(bound),
        "optional": "" if _is_needed(bound) else (optional or _("facultatif")),
        "maxlength": maxlength,
        "count": len(str(bound.value() or "")),
        "control": bound.as_widget(attrs=attrs) if single else "",
        "options": options,
        "more": more,
    }


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    match bound.field.widget:
        case RadioSelect() | CheckboxSelectMultiple():
            return "choices"
        case CheckboxInput():
            return "check"
        case FileInput():
            return "file"
        case _:
            return "text"


def _counted(bound: BoundField) -> int:
    if not isinstance(bound.field.widget, Textarea):
        return 0
    return int(getattr(bound.field, "max_length", None) or 0)


def _attributes(bound: BoundField, *, name: str, hint: str, maxlength: int) -> dict[str, Any]:
    described = [f"{name}_hint"] if hint else []
    described += [f"{name}_error"] if bound.errors else []
    described += [f"{name}_count"] if maxlength else []
    attrs: dict[str, Any] = {}
    if _kind(bound) == "text":
        own = bound.field.widget.attrs.get("class", "")
        attrs["class"] = f"input {own}".strip()
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return attrs


def _parted(
    options: list[dict[str, Any]], bound: BoundField
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    most = getattr(bound.field, "at_once", len(options))
    chosen = [each for each in options[most:] if each["checked"]]
    first = [*options[: most - len(chosen)], *chosen]
    return first, [each for each in options if each not in first]


def _options(bound: BoundField) -> list[dict[str, Any]]:
    descriptions = getattr(bound.field, "descriptions", {})
    shown = []
    for option in bound:
        data = option.data
        attrs = data["attrs"] | {"type": data["type"], "name": data["name"]}
        if data["value"] is not None:
            attrs["value"] = str(data["value"])
        shown.append(
            {
                "id": option.id_for_label,
                "label": data["label"],
                "description": descriptions.get(data["value"], ""),
                "attrs": {
                    key: value
                    for key, value in attrs.items()
                    if value not in (False, None) and key != "required"
                },
                "checked": bool(data["selected"]),
            }
        )
    return shown


def faults(forms: Iterable[BaseForm]) -> list[Fault]:
    """List the errors of some forms in the order of their fields, form-wide ones first."""
    found: list[Fault] = []
    for form in forms:
        found += [Fault("", "", str(error)) for error in form.non_field_errors()]
        for bound in form:
            target = bound.auto_id or bound.html_name
            if _kind(bound) == "choices":
                target = f"{target}_0"
            found += [Fault(target, str(bound.label), message) for message in messages(bound)]
    return found


def messages(bound: BoundField) -> list[str]:
    """Say the errors of a field; where the form has no words for an empty one, say what to do."""
    return [
        _what_to_do(bound) if _is_bare(error) else message
        for error in bound.errors.as_data()
        for message in error.messages
    ]


def _is_bare(error: ValidationError) -> bool:
    """Recognise Django's own words for an empty field, which name no act."""
    bare = str(Field.default_error_messages["required"])
    return error.code == "required" and error.messages == [bare]


def _what_to_do(bound: BoundField) -> str:
    match bound.field.widget:
        case CheckboxSelectMultiple():
            return _("Cochez au moins une réponse.")
        case RadioSelect() | Select():
            return _("Choisissez une réponse.")
        case CheckboxInput():
            return _("Cochez cette case pour continuer.")
        case FileInput():
            return _("Choisissez un fichier.")
        case _:
            return _("Remplissez ce champ.")


def page_address(request: HttpRequest, number: int, *, parameter: str = "page") -> str:
    """Write the address of another page of the list being shown, filters kept."""
    query = request.GET.copy()
    query.pop(parameter, None)
    if number > 1:
        query[parameter] = str(number)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def pager_context(
    request: HttpRequest, page: Page, *, label: str, parameter: str = "page"
) -> dict[str, Any]:
    """Prepare the links of a pager; a list of one page has none, and no pager."""
    paginator = page.paginator
    links = []
    for each in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        whole = isinstance(each, int)
        links.append(
            {
                "number": each,
                "current": each == page.number,
                "href": page_address(request, int(each), parameter=parameter) if whole else "",
            }
        )

    def to(number: int) -> str:
        return page_address(request, number, parameter=parameter)

    return {
        "label": label,
        "first": page.start_index(),
        "last": page.end_index(),
        "total": paginator.count,
        "links": links if paginator.num_pages > 1 else [],
        "previous": to(page.previous_page_number()) if page.has_previous() else "",
        "next": to(page.next_page_number()) if page.has_next() else "",
    }


def coloured(text: str, language: str = "") -> SafeString:
    """Colour a code extract with short Pygments classes; plain when the language is unknown."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=True)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return mark_safe(  # noqa: S308  Pygments escapes the text
        highlight(text, lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    )


LANGUAGES_OF_CODE = (
    ("python", "Python", re.compile(r"^\s*(?:import \w|from [\w.]+ import |def \w+\()", re.M)),
    ("bash", "Terminal", re.compile(r"^\s*(?:\$ |pip3? |curl |git |docker |npm |uv )", re.M)),
    ("json", "JSON", re.compile(r"^\s*[\[{]\s*[\"{]")),
)


def language_of(code: str) -> tuple[str, str]:
    """Guess the language of a code extract, and its name; nothing when it is none of ours."""
    for language, name, sign in LANGUAGES_OF_CODE:
        if sign.search(code):
            return language, name
    return "", _("Code")


FEWEST_HEADINGS = 4
HEADING = re.compile(r"<h([2-6])>(.*?)</h\1>", re.DOTALL)
EXTRACT = re.compile(r"<pre><code>(.*?)</code></pre>", re.DOTALL)

# What an author sets apart: « > [!WARNING] », « > **Note** », « > ⚠️ ».
ALERT = re.compile(
    r"<blockquote>\s*<p>\s*(?:\[!(note|tip|important|warning|caution)\]|"
    r"<strong>(note|tip|important|warning|caution)\s*:?</strong>|(⚠)\ufe0f?)\s*:?\s*"
    r"((?:(?!</?blockquote>).)*)</blockquote>",
    re.DOTALL | re.I,
)
PRUDENCE = "ocre", gettext_lazy("Prudence")
ALERTS = {
    "note": ("calanque", gettext_lazy("À noter")),
    "tip": ("calanque", gettext_lazy("Conseil")),
    "important": ("ocre", gettext_lazy("Important")),
    "warning": PRUDENCE,
    "caution": PRUDENCE,
    "⚠": PRUDENCE,
}


TABLE = re.compile(r"<table>(?:(?!</?table>).)*</table>", re.DOTALL)
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<t([dh])((?: [^>]*)?)>(.*?)</t\1>", re.DOTALL)


def _aligned(table: re.Match[str]) -> str:
    """Set on the right the columns of a table that hold figures alone."""
    rows = [CELL.findall(row) for row in ROW.findall(table[0])]
    body = [[strip_tags(cell[2]) for cell in row] for row in rows if any(c[0] == "d" for c in row)]
    columns = zip_longest(*body, fillvalue="")
    figures = [texts.are_figures(column) for column in columns]

    def placed(row: re.Match[str]) -> str:
        sides = iter(figures)

        def cell(found: re.Match[str]) -> str:
            side = ' class="num"' if next(sides, False) and "class=" not in found[2] else ""
            return f"<t{found[1]}{found[2]}{side}>{found[3]}</t{found[1]}>"

        return CELL.sub(cell, row[0])

    return ROW.sub(placed, table[0])


def with_notices(html: str) -> SafeString:
    """Frame as notices what the author of sanitised HTML sets apart."""

    def framed(alert: re.Match[str]) -> str:
        tone, label = ALERTS[(alert[1] or alert[2] or alert[3]).lower()]
        title = format_html('<span lang="{}">{}</span>', get_language(), label)
        content = mark_safe(f"<p>{alert[4]}".replace("<p></p>", ""))  # noqa: S308  as stored
        shown = {"tone": tone, "icon": NOTICE_ICONS[tone], "title": title, "content": content}
        return render_to_string("components/notice.html", {**shown, "heading": "p"})

    return mark_safe(TABLE.sub(_aligned, ALERT.sub(framed, html)))  # noqa: S308  sanitised


@dataclass(frozen=True)
class Readme:
    """A text as one reads it; outline: identifier and title of its headings, when it is long."""

    html: SafeString
    outline: tuple[tuple[str, str], ...]


def readme(html: str, words_in: str = "") -> Readme:
    """Give sanitised HTML its anchors, its outline and code that one may copy."""
    titles: dict[str, tuple[str, str]] = {}

    def anchored(heading: re.Match[str]) -> str:
        title = unescape(strip_tags(heading[2])).strip()
        base = f"lire-{slugify(title) or 'titre'}"
        key = next(k for n in count(1) if (k := base if n == 1 else f"{base}-{n}") not in titles)
        titles[key] = heading[1], title
        style = ' class="h-s"' if heading[1] == "2" else ""
        return f'<h{heading[1]}{style} id="{key}">{heading[2]}</h{heading[1]}>'

    def copied(extract: re.Match[str]) -> str:
        code = unescape(extract[1])
        language, name = language_of(code)
        shown = {"name": name, "body": coloured(code, language), "words_in": words_in}
        return render_to_string("components/code.html", shown)

    text = EXTRACT.sub(copied, HEADING.sub(anchored, with_notices(html)))
    # Sections of the page by themselves, else those of a long text, with theirs where few.
    for levels in ("2", "3", "34"):
        outline = tuple((key, title) for key, (level, title) in titles.items() if level in levels)
        if len(outline) >= (1 if levels == "2" else FEWEST_HEADINGS):
            break
    else:
        outline = ()
    return Readme(mark_safe(text), outline)  # noqa: S308  sanitised when it was stored


ROW_HEIGHT = 44
TOP = 12
AXIS_HEIGHT = 28
MARGIN = 2.0
TICKS = 3


def dots(
    key: str,
    title: str,
    description: str,
    rows: Sequence[Mapping[str, Any]],
    scale: tuple[float, float],
    *,
    reference: float | None = None,
    decimals: int = 3,
    percent: bool = False,
) -> dict[str, Any]:
    """Lay out a plot of one dot and one interval a row, stretched to the width it is given.

    key: unique on the page. rows: label, value, low, high (None where unknown), faint. scale:
    ends of the axis. reference: a value drawn as a line through all rows. percent: graduations
    are shares, written out of 100 with these decimals. Positions are in per cent of the width.
    """
    low, high = scale
    height = TOP + ROW_HEIGHT * len(rows)

    def at(value: float) -> str:
        share = 0.5 if high <= low else (value - low) / (high - low)
        return f"{MARGIN + (100 - 2 * MARGIN) * min(1.0, max(0.0, share)):.2f}%"

    return {
        "key": key,
        "title": title,
        "description": description,
        "height": height + AXIS_HEIGHT,
        "bottom": height,
        "reference": None if reference is None else at(reference),
        "rows": [
            {
                "label": row["label"],
                "faint": bool(row.get("faint")),
                "text": TOP + ROW_HEIGHT * place + 12,
                "line": TOP + ROW_HEIGHT * place + 26,
                "point": at(row["value"]),
                "low": None if row.get("low") is None else at(row["low"]),
                "high": None if row.get("high") is None else at(row["high"]),
            }
            for place, row in enumerate(rows)
        ],
        "ticks": [
            {"at": at(value), "text": _graduation(value, decimals, percent=percent), "anchor": side}
            for value, side in zip(
                (low + (high - low) * i / (TICKS - 1) for i in range(TICKS)),
                ("start", "middle", "end"),
                strict=True,
            )
        ],
        "axis_text": height + 20,
        "left": f"{MARGIN:.2f}%",
        "right": f"{100 - MARGIN:.2f}%",
    }


def _graduation(value: float, decimals: int, *, percent: bool) -> str:
    return f"{number(value * 100, decimals)}\u202f%" if percent else number(value, decimals)
