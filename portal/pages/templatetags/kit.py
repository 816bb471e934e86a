"""Offer the interface kit to templates: `{% load kit %}`.

Each component is shown, with its arguments, on the page /composants/.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template import Context, TemplateSyntaxError
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.lib.prose import texts
from portal.pages import frame, kit, looks, typography

register = template.Library()

for mark in (
    kit.icon,
    kit.badge,
    kit.tag,
    kit.chip,
    kit.tile,
    kit.ring,
    kit.bar,
    kit.ci,
    kit.axis,
    kit.logo,
    kit.ridge_mark,
    kit.ridge_band,
):
    register.simple_tag(mark)


register.filter("fr", kit.french)
register.filter("number", typography.number)
register.filter("file_size", typography.file_size)
register.filter("long_date", typography.long_date)
register.filter("short_date", typography.short_date)
register.filter("moment", typography.long_moment)
register.filter("hour", typography.hour)
register.filter("relative", typography.relative)
register.filter("written_in", texts.in_language)
register.simple_tag(texts.lang_attribute, name="lang")
register.filter("kind_label", kit.kind_label)
register.filter("kind_plural", kit.kind_plural)
register.filter("kind_tone", kit.kind_tone)
register.filter("kind_icon", kit.kind_icon)
register.simple_tag(kit.when)
register.simple_tag(kit.deadline)


@register.simple_block_tag
def typo(content: str) -> SafeString:
    """Set French typography in a whole block of page."""
    return kit.french(mark_safe(content))  # noqa: S308  the block is rendered and escaped


# Navigation


@register.simple_tag
def home_address() -> str:
    """Give the address of the home page in the language of the page."""
    return frame.home_address()


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
    shown = []
    for item in items:
        name, href, count, icon_name = (*item, "", "")[:4] if len(item) < 4 else item[:4]
        shown.append(
            {
                "label": name,
                "href": href,
                "count": count,
                "icon": icon_name,
                "current": str(name) == str(current),
            }
        )
    return shown


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page, label: str = "", parameter: str = "page") -> dict[str, Any]:
    """Show the pages of a list; `page` is a Paginator's page, filters are kept."""
    label = label or _("Pages de résultats")
    return kit.pager_context(context["request"], page, label=label, parameter=parameter)


@register.inclusion_tag("components/search.html")
def search(
    action: str,
    value: str = "",
    size: str = "",
    kinds: Iterable[tuple[str, str]] = (),
    kind: str = "",
    suggest: str = "",
    field_id: str = "q",
    label: str = "",
    hint: str = "",
) -> dict[str, Any]:
    """Show the search form; kinds: pairs of value and label; suggest: address of suggestions.

    label, hint: what is searched and examples of it, by default resources.
    """
    return {
        "label": label or _("Rechercher une ressource"),
        "hint": hint or _("Modèle, jeu de données, besoin…"),
        "action": action,
        "value": value,
        "size": size,
        "kinds": list(kinds),
        "kind": kind,
        "suggest": suggest,
        "field_id": field_id,
    }


@register.inclusion_tag("components/facet.html")
def facet(
    title: str, name: str, items: Sequence[Any], unfolded: bool = True, more: str = ""
) -> dict[str, Any]:
    """Show a facet; items: dicts of value, label, count and checked; more: where all values are."""
    return {"title": title, "name": name, "items": items, "unfolded": unfolded, "more": more}


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
    tags: Sequence[tuple[str, str]] = (),
    heading: str = "p",
    language: str = "",
) -> dict[str, Any]:
    """Show a row of results, the same for every kind.

    meta: pairs of icon and text; access: label, tone and icon of a badge, or empty;
    tags: pairs of label and address; title and desc may hold <mark> when marked safe.
    language: that of the title, the description and the tags.
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
        "tags": tags,
        "heading": heading,
        "language": language,
    }


@register.inclusion_tag("components/facts.html")
def facts(items: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Show pairs of label and value."""
    return {"items": items}


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
    """Show a code extract with its file name, coloured. words_in: people's language, as fr."""
    return {"name": name, "body": kit.coloured(text, language), "words_in": words_in}


@register.inclusion_tag("components/diff.html")
def diff(label: str, changes: Sequence[Any], language: str = "") -> dict[str, Any]:
    """Show what changes, field by field; changes: a label and lines of `differences` each."""
    return {"label": label, "changes": changes, "language": language}


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


@register.inclusion_tag("components/timeline.html")
def timeline(
    label: str, items: Sequence[tuple[str, str, str]], horizontal: bool = True
) -> dict[str, Any]:
    """Show phases in time: items of (label, text, state of done, now or "")."""
    return {"label": label, "items": items, "horizontal": horizontal}


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
def field(
    bound: BoundField, label: str = "", hint: str = "", rows: int = 0, optional: str = ""
) -> dict[str, Any]:
    """Show a form field with its label, hint, error and counter."""
    return kit.field_context(bound, label=label, hint=hint, rows=rows, optional=optional)


@register.inclusion_tag("components/drop.html")
def drop(bound: BoundField, hint: str = "", label: str = "") -> dict[str, Any]:
    """Show a file field as a drop zone; the native input stays visible."""
    return kit.field_context(bound, label=label, hint=hint)


@register.inclusion_tag("components/error_summary.html")
def error_summary(*checked: BaseForm) -> dict[str, Any]:
    """List the errors of one or several forms, each with a link to its field."""
    return {"faults": kit.faults(checked)}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    """Show the error summary and every field of a form."""
    return {"form": form}
