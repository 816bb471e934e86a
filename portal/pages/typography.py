"""Set French typography, and dates in Paris time."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext, ngettext

from portal.lib import clock
from portal.lib.prose.numbers import NARROW, is_french

PARIS = ZoneInfo("Europe/Paris")
NO_BREAK = "\u00a0"

_TAGS = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
_VERBATIM = re.compile(r"<(/?)(pre|code|script|style|kbd|samp|textarea|title)\b")
_WORTH_A_LOOK = re.compile(r"[«»:;!?'\d]")
_COLON = re.compile(r" (:)(?=\s|$)")
_HIGH_MARK = re.compile(r" ([;!?])")
_UNIT = re.compile(r"(\d) (%|€|Mo|Go|ko|octets?|h\b|kg|min\b|s\b|jours?\b|pts?\b)")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
_MINUTES = re.compile(rf"(\d{NARROW}h) (\d\d)")


def french_text(text: str) -> str:
    """Set the no-break spaces and curved apostrophes of one piece of plain French text."""
    text = text.replace("« ", "«" + NO_BREAK).replace(" »", NO_BREAK + "»")
    text = _COLON.sub(NO_BREAK + r"\1", text)
    text = _HIGH_MARK.sub(NARROW + r"\1", text)
    text = _UNIT.sub(r"\1" + NARROW + r"\2", text)
    text = _THOUSANDS.sub(NARROW, text)
    text = _MINUTES.sub(r"\1" + NARROW + r"\2", text)
    return text.replace("&#x27;", "’").replace("'", "’")


def french_html(html: str) -> str:
    """Set French typography in the text of an HTML fragment.

    Tags, attributes, comments, code, preformatted text and text areas are left alone.
    """
    depth = 0
    out: list[str] = []
    for part in _TAGS.split(html):
        if part.startswith("<"):
            verbatim = _VERBATIM.match(part)
            if verbatim:
                depth += -1 if verbatim.group(1) else 1
            out.append(part)
        elif depth == 0 and _WORTH_A_LOOK.search(part):
            out.append(french_text(part))
        else:
            out.append(part)
    return "".join(out)


def in_paris(at: datetime) -> datetime:
    """Move an aware moment to Paris time."""
    return at.astimezone(PARIS)


def _as_day(day: date) -> date:
    return in_paris(day) if isinstance(day, datetime) and day.tzinfo else day


def long_date(day: date | None, *, weekday: bool = False) -> str:
    """Write a day, or the Paris day of a moment: « 17 décembre 2026 »."""
    if day is None:
        return "–"
    day = _as_day(day)
    text = clock.day_words(day)
    return f"{dateformat.format(day, 'l')} {text}" if weekday else text


def short_date(day: date | None) -> str:
    """Write a day in little room: « 17/12/2026 »."""
    return "–" if day is None else dateformat.format(_as_day(day), "d/m/Y")


def hour(at: datetime) -> str:
    """Write a time of the day in Paris: « 17 h », « 17 h 30 », or « 17:00 » in English."""
    at = in_paris(at)
    if not is_french():
        return f"{at:%H:%M}"
    minutes = f"{NARROW}{at:%M}" if at.minute else ""
    return f"{at.hour}{NARROW}h{minutes}"


def long_moment(at: datetime | None, *, weekday: bool = False) -> str:
    """Write a moment in Paris time: « 17 décembre 2026 à 17 h »."""
    if at is None:
        return "–"
    return gettext("%(day)s à %(hour)s") % {
        "day": long_date(at, weekday=weekday),
        "hour": hour(at),
    }


def _span(distance: timedelta) -> str:
    minutes = int(distance.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days >= 730:
        return ngettext("%(count)d an", "%(count)d ans", days // 365) % {"count": days // 365}
    if days >= 60:
        return ngettext("%(count)d mois", "%(count)d mois", days // 30) % {"count": days // 30}
    if days >= 1:
        return ngettext("%(count)d jour", "%(count)d jours", days) % {"count": days}
    if hours >= 1:
        return ngettext("%(count)d heure", "%(count)d heures", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def relative(at: datetime | None, *, now: datetime | None = None) -> str:
    """Write how far a moment is: « il y a 2 jours », « dans 23 jours », « à l’instant »."""
    if at is None:
        return "–"
    distance = at - (now or datetime.now(UTC))
    if abs(distance) < timedelta(minutes=1):
        return gettext("à l’instant")
    if distance < timedelta(0):
        return gettext("il y a %(span)s") % {"span": _span(-distance)}
    return gettext("dans %(span)s") % {"span": _span(distance)}
