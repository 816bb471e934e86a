"""Draw the small marks: icons, badges, tiles, rings, bars and intervals."""

from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.pages.faces import face, quality_tone
from portal.pages.ridges import band, ridge
from portal.pages.typography import number

LOGO = mark_safe(
    '<svg viewBox="0 0 40 40" aria-hidden="true" focusable="false">'
    '<path d="M31.2 27.4A13.4 13.4 0 1 1 33.3 21.5" fill="none" stroke="var(--accent)" '
    'stroke-width="5.2"/><path d="M11 23 19.2 15.2 23.6 21.5H38" fill="none" '
    'stroke="var(--fill-ocre)" stroke-width="4.2" stroke-linejoin="round"/></svg>'
)

EMPTY = mark_safe("")
OUT_OF_100 = mark_safe("<small>\u2009/\u2009100</small>")


def logo() -> SafeString:
    """Draw the mark of the portal."""
    return LOGO


def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite; with a label it stands alone and is read aloud."""
    drawing = format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#i-{}"/></svg>',
        static("icons/sprite.svg"),
        name,
    )
    return drawing if not label else format_html('{}<span class="vh">{}</span>', drawing, label)


def badge(label: str, tone: str = "", icon_name: str = "") -> SafeString:
    """Draw a state: an icon, a word and a pigment."""
    return format_html(
        '<span class="badge"{}>{}{}</span>',
        _tone(tone),
        icon(icon_name) if icon_name else "",
        label,
    )


def tag(label: str, href: str = "") -> SafeString:
    """Draw a topic, linked when an address is given."""
    if href:
        return format_html('<a class="tag" href="{}">{}</a>', href, label)
    return format_html('<span class="tag">{}</span>', label)


def chip(facet: str, value: str, href: str) -> SafeString:
    """Draw an active filter, whose link removes it."""
    return format_html(
        '<a class="chip" href="{}"><b>{}</b> {} {}<span class="vh">{}</span></a>',
        href,
        facet,
        value,
        icon("x"),
        _("Retirer ce filtre"),
    )


def dot(tone: str) -> SafeString:
    """Draw a dot of a pigment; the word stands beside it."""
    return format_html('<span class="dot" data-tone="{}"></span>', tone)


def tile(kind: object, size: str = "") -> SafeString:
    """Draw the tile of a kind; size: empty, s or l. The word stands beside it."""
    shown = face(kind)
    return format_html(
        '<span class="tile{}" data-tone="{}">{}</span>',
        f" tile-{size}" if size else "",
        shown.tone,
        icon(shown.icon),
    )


def ring(value: float, size: str = "", label: str = "") -> SafeString:
    """Draw a score out of 100 as a ring with its figure; size: empty or l."""
    shown = number(round(value))
    closing = OUT_OF_100 if size else format_html('<span class="vh"> {}</span>', _("sur 100"))
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
        label or _("Qualité de la fiche :"),
        shown,
        closing,
    )


def bar(value: float, maximum: float = 100, tone: str = "calanque") -> SafeString:
    """Draw a share of a maximum; the figure stands beside it."""
    share = 0.0 if maximum <= 0 else min(100.0, max(0.0, value * 100 / maximum))
    return format_html(
        '<svg class="bar" data-tone="{}" viewBox="0 0 100 8" preserveAspectRatio="none" '
        'aria-hidden="true"><rect width="{}" height="8"/></svg>',
        tone,
        f"{share:.1f}",
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


def axis(minimum: float, maximum: float, decimals: int = 2, ticks: int = 5) -> SafeString:
    """Write the graduations above a column of intervals."""
    step = (maximum - minimum) / (ticks - 1)
    marks = format_html_join(
        "", "<span>{}</span>", ((number(minimum + step * i, decimals),) for i in range(ticks))
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


def _tone(tone: str) -> SafeString:
    return format_html(' data-tone="{}"', tone) if tone else EMPTY
