"""Offer the interface kit to templates: `{% load kit %}`."""

import html
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.core.paginator import Page
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template import Context, TemplateSyntaxError
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.lib.prose import numbers, texts
from portal.pages import frame, kit, looks, typography

register = template.Library()

for mark in (
    kit.icon,
    kit.badge,
    kit.tile,
    kit.ring,
    kit.bar,
    kit.ci,
    kit.axis,
    kit.ridge_mark,
    kit.ridge_band,
):
    register.simple_tag(mark)


register.filter("number", numbers.number)
register.filter("file_size", numbers.file_size)
register.filter("long_date", typography.long_date)
register.filter("short_date", typography.short_date)
register.filter("moment", typography.long_moment)
register.filter("hour", typography.hour)
register.filter("written_in", texts.in_language)
register.filter("with_lists", texts.with_lists)
register.filter("as_items", texts.as_items)
register.simple_tag(texts.lang_attribute, name="lang")
register.filter("kind_label", lambda kind: str(looks.face(kind).label))
register.filter("kind_plural", lambda kind: str(looks.face(kind).plural))
register.filter("kind_tone", lambda kind: looks.face(kind).tone)
register.filter("kind_icon", lambda kind: looks.face(kind).icon)
register.simple_tag(kit.when)
register.simple_tag(kit.readme)
register.filter(kit.with_notices)
register.simple_tag(kit.deadline)
register.simple_tag(frame.home_address)


@register.simple_block_tag
def typo(content: str) -> SafeString:
    """Set French typography in a whole block of page."""
    return kit.french(mark_safe(content))  # noqa: S308  the block is rendered and escaped


# What search engines and other sites show of a page


@register.inclusion_tag("components/head.html", takes_context=True)
def head_of_page(context: Context) -> dict[str, Any]:
    """Write the addresses, the title and the summary of the page, from the blocks it fills."""
    blocks: Any = context.render_context.get(BLOCK_CONTEXT_KEY)

    def said(name: str) -> str:
        block = blocks.get_block(name) if blocks is not None else None
        # The block is escaped already, and its text will be again.
        return html.unescape(block.nodelist.render(context).strip()) if block is not None else ""

    return {"title": said("title"), "summary": said("desc"), "frame": context.get("frame")}


@register.simple_tag
def picture(kind: str) -> str:
    """Give the address of the picture that stands for a kind where a page is shared."""
    name = kind if finders.find(f"social/{kind}.png") else "site"
    return static(f"social/{name}.png")


# What schema.org wants as a thing where the page has its name or its address.
THINGS = {
    "publisher": ("Organization", "name"),
    "organizer": ("Organization", "name"),
    "location": ("VirtualLocation", "url"),
}


@register.simple_tag
def structured(kind: str, **said: Any) -> SafeString:
    """Describe the page by schema.org in a data block, which browsers never run; {} is left out."""
    document: dict[str, Any] = {"@context": "https://schema.org/", "@type": kind}
    for name, value in said.items():
        if name in THINGS and value:
            type_of, by = THINGS[name]
            value = {"@type": type_of, by: str(value)}
        if value not in (None, "", []):
            document[name] = value
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308  no "<"


def _plain(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


# Navigation


@register.simple_tag
def menu(section: str) -> list[dict[str, Any]]:
    """List the entries of the main navigation, the section being visited marked."""
    return frame.links(frame.MENU, section)


@register.inclusion_tag("components/crumbs.html")
def crumbs(items: Sequence[tuple[str, str | None]], language: str = "") -> dict[str, Any]:
    """Show the way to the page: pairs of label and address, the last without address.

    language: that of the last label, when it is the title of what someone wrote.
    """
    return {"items": items, "language": language}


@register.simple_tag
def trail(*parts: str | None) -> list[tuple[str, str | None]]:
    """Build the items of a trail in a template: label, address, label, address, last label."""
    pairs = [*parts, None] if len(parts) % 2 else list(parts)
    return [(str(pairs[i]), pairs[i + 1]) for i in range(0, len(pairs), 2)]


@register.inclusion_tag("components/tabs.html")
def tabs(label: str, items: Sequence[Sequence[Any]], current: object) -> dict[str, Any]:
    """Show tabs that are links: items of (label, address, count or ""), current a label."""
    return {"label": label, "items": _linked(items, current)}


@register.inclusion_tag("components/segment.html")
def segment(label: str, items: Sequence[Sequence[Any]], current: object) -> dict[str, Any]:
    """Show two or three views of one thing: items of (label, address), current a label."""
    return {"label": label, "items": _linked(items, current)}


def _linked(items: Sequence[Sequence[Any]], current: object) -> list[dict[str, Any]]:
    return [
        {"label": name, "href": href, "count": count, "current": str(name) == str(current)}
        for name, href, count in ((*item, "")[:3] for item in items)
    ]


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page, label: str = "", parameter: str = "page") -> dict[str, Any]:
    """Show the pages of a list; `page` is a Paginator's page, filters are kept."""
    label = label or _("Pages de résultats")
    return kit.pager_context(context["request"], page, label=label, parameter=parameter)


# Content


@register.inclusion_tag("components/result.html")
def result(
    kind: object,
    title: str,
    href: str,
    owner: str = "",
    desc: str = "",
    meta: Sequence[tuple[str, str]] = (),
    quality: float | None = None,
    access: Sequence[str] = (),
    heading: str = "p",
    language: str = "",
) -> dict[str, Any]:
    """Show a row of results, the same for every kind.

    meta: pairs of icon and text; access: label, tone and icon of a badge, or empty;
    title and desc may hold <mark> when marked safe. language: that of both.
    """
    return {
        "kind": kind,
        "title": title,
        "href": href,
        "owner": owner,
        "desc": desc,
        "meta": meta,
        "quality": quality,
        "access": access,
        "heading": heading,
        "language": language,
    }


@register.inclusion_tag("components/stats.html")
def stats(items: Sequence[Sequence[Any]], size: str = "") -> dict[str, Any]:
    """Show large figures: items of (label, figure, small text or ""); size: empty, s or 2."""
    return {"items": [(*item, "")[:3] for item in items], "size": size}


@register.inclusion_tag("components/dot_plot.html")
def dot_plot(plot: dict[str, Any]) -> dict[str, Any]:
    """Show dots and intervals, one a row; plot: the arguments of kit.plots.dots."""
    return {"plot": kit.dots(**plot)}


@register.inclusion_tag("components/code.html")
def code(name: str, text: str, language: str = "", words_in: str = "") -> dict[str, Any]:
    """Show a code extract with its name, coloured; without name, that of the language it is in.

    words_in: people's language, as fr.
    """
    if not name:
        language, name = kit.language_of(text)
    return {"name": name, "body": kit.coloured(text, language), "words_in": words_in}


@register.simple_block_tag
def table(content: str, label: str, kind: str = "") -> SafeString:
    """Wrap the head and body of a table; kind: extra classes such as table-min, table-stack, lb."""
    return format_html(
        '<div class="table-wrap" role="region" tabindex="0" aria-label="{}">'
        '<table class="{}">{}</table></div>',
        label,
        f"table {kind}".strip(),
        mark_safe(content),  # noqa: S308  the block is rendered and escaped
    )


@register.simple_block_tag
def notice(
    content: str,
    tone: str = "calanque",
    title: str = "",
    role: str = "",
    heading: str = "p",
) -> SafeString:
    """Frame a notice: calanque informs, pin confirms, ocre warns, garance tells an error.

    role: status or alert, only when the notice appears after an action. heading: h2 or h3,
    in the order of the page, where the notice opens a section of it.
    """
    if role not in ("", "status", "alert"):
        raise TemplateSyntaxError(f"a notice has no role {role!r}: its icon follows its tone")
    shown = {"tone": tone, "title": title, "role": role, "heading": heading}
    return _framed("notice", content, icon=looks.NOTICE_ICONS[tone], **shown)


@register.simple_block_tag
def empty(content: str, title: str, seed: int = 3, heading: str = "h2") -> SafeString:
    """Frame an empty state: what is empty, why, the next step; heading: h2, or h3 below one."""
    return _framed("empty", content, title=title, seed=seed, heading=heading)


def _framed(component: str, content: str, **context: Any) -> SafeString:
    context["content"] = mark_safe(content)  # noqa: S308  the block is rendered and escaped
    return render_to_string(f"components/{component}.html", context)


# Progress


@register.inclusion_tag("components/steps.html")
def steps(label: str, items: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Show the steps of a form: items of (label, state of done, now or "", address or "")."""
    return {"label": label, "items": [(*item, "")[:3] for item in items]}


@register.inclusion_tag("components/life.html")
def life(stages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Show the life of an entry: dicts of label, state, at, text, progress (0 to 100 or None).

    state: done, now, error or todo; at: a moment, a text or None.
    """
    shown = []
    for stage in stages:
        at = stage.get("at")
        shown.append(
            {"text": "", "progress": None}
            | stage
            | {"at": typography.hour(at) if isinstance(at, datetime) else (at or "")}
        )
    return {"stages": shown}


@register.inclusion_tag("components/leaderboard_row.html")
def leaderboard_row(
    row: dict[str, Any],
    scale: Sequence[float],
    decimals: int = 3,
    language: str = "",
    *,
    intervals: bool = True,
) -> dict[str, Any]:
    """Show a row of standings; language: that of the name of the reference.

    row: rank (None for the baseline), tied, team, affiliation, value, low, high, mine, baseline,
    new_tier, extra: cells of {"label", "text"}, with {"rank"} beside, or {"tone", "icon"};
    {"low", "high"}: the ends of its interval.
    scale: minimum, maximum and the value to beat or None. intervals: their column is shown.
    """
    minimum, maximum, ref = (*scale, None)[:3]
    defaults = {"tied": False, "affiliation": "", "mine": False, "baseline": False}
    return {
        "row": defaults | {"new_tier": False, "extra": ()} | row,
        "intervals": intervals,
        "minimum": minimum,
        "maximum": maximum,
        "ref": ref,
        "decimals": decimals,
        "language": language,
    }


# Forms


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", optional: str = "") -> dict[str, Any]:
    """Show a form field with its label, hint, error and counter."""
    return kit.field_context(bound, label=label, optional=optional)


@register.inclusion_tag("components/drop.html")
def drop(bound: BoundField, hint: str = "", most: int = 0, send: str = "") -> dict[str, Any]:
    """Show a file field as a drop zone; the native input stays visible.

    most: bytes of a file; a browser that runs our script says so before it sends one. send: words
    of a button that such a browser presses as soon as a file is chosen.
    """
    return kit.field_context(bound, hint=hint) | {"most": most, "send": send}


@register.inclusion_tag("components/error_summary.html")
def error_summary(*checked: BaseForm) -> dict[str, Any]:
    """List the errors of one or several forms, each with a link to its field."""
    return {"faults": kit.faults(checked)}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    """Show the error summary and every field of a form."""
    return {"form": form}
