"""Write texts, moments and names of kinds for templates."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.pages.faces import face
from portal.pages.typography import (
    french_html,
    hour,
    is_french,
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


def kind_label(kind: object) -> str:
    """Name a kind: « Jeu de données »."""
    return str(face(kind).label)


def kind_plural(kind: object) -> str:
    """Name a kind in the plural: « Jeux de données »."""
    return str(face(kind).plural)


def kind_tone(kind: object) -> str:
    """Name the pigment of a kind."""
    return face(kind).tone


def kind_icon(kind: object) -> str:
    """Name the icon of a kind."""
    return face(kind).icon
