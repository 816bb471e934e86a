"""Write numbers and sizes for reading, in the language of the reader."""

from decimal import Decimal

from django.utils.translation import get_language, gettext, ngettext

NARROW = "\u202f"


def is_french() -> bool:
    """Tell whether the page being written is in French."""
    return (get_language() or "fr").startswith("fr")


def number(value: float | Decimal | None, decimals: int | None = None) -> str:
    """Write a number for reading: « 1 204 », « 0,871 ».

    decimals: digits after the mark; None keeps integers whole and at most two digits
    otherwise. An absent or non-finite value is a dash.
    """
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return "–"
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 2
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        text = "−" + text[1:]
    if not is_french():
        return text
    return text.replace(",", NARROW).replace(".", ",")


def file_size(size_bytes: int | None) -> str:
    """Write a size in bytes with a decimal unit: « 3,1 Mo »."""
    if size_bytes is None:
        return "–"
    units = (
        (ngettext("octet", "octets", size_bytes), 1),
        (gettext("ko"), 1_000),
        (gettext("Mo"), 1_000_000),
        (gettext("Go"), 1_000_000_000),
    )
    name, scale = next(((n, s) for n, s in reversed(units) if size_bytes >= s), units[0])
    amount = size_bytes / scale
    decimals = 1 if scale > 1 and amount < 10 and round(amount, 1) % 1 else 0
    return f"{number(amount, decimals)}{NARROW}{name}"
