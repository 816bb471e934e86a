"""Read the amounts that prose tells of a model: its parameters, its files, its emissions."""

import re

# « 278M parameters », « 118M-parameter encoder », « Paramètres : 110 millions ».
_MANY = r"(\d+(?:[.,]\d+)?)\s?(k|m|b|millions?|billions?|milliards?)"
PARAMETERS = re.compile(
    rf"(?<![\d.,-]){_MANY}[\s-](?:(?:trainable|model)\s)?(?:de\s)?param(?:eter|[eè]tre)s?\b|"
    rf"\bparam(?:eters|[eè]tres)\**\s?:[ *]*{_MANY}\b",
    re.I,
)
UNITS = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
# « 2,1 kg éq. CO2 », or after a label that says of what: « Carbon Emitted: 0.07 kg ».
EMITTED = re.compile(
    r"(?<![\d.,])(?<!\d\s)(\d+(?:[.,]\d+)?)\s*(kg|g|t)(?=\W|CO)[^\n]{0,20}?CO[2₂]|"
    r"(?:carbone?\b|CO[2₂]|[ée]missions?\b)[^\n:\d]{0,30}:[ *]*(\d+(?:[.,]\d+)?)\s*(kg|g|t)\b"
    r"(?!\s*(?:/|per\b|par\b))",
    re.I,
)
GRAMS = {"g": 1, "kg": 1_000, "t": 1_000_000}

# « 445 Mo », « 1.2 GB », « 512 KiB ».
SIZE = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)?)[\s\u00a0\u202f]?([kmgt])(i?)[ob](?![\w-])", re.I)
POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def parameters(text: str) -> int | None:
    """Count the parameters that a text tells; of two counts, which is this model's is not said."""
    counts = {_count(each) for each in PARAMETERS.finditer(text)}
    return counts.pop() if len(counts) == 1 else None


def _count(counted: re.Match[str]) -> int:
    figure, unit = counted[1] or counted[3], (counted[2] or counted[4]).lower()
    many = "b" if unit.startswith("milliard") else unit[0]
    return round(float(figure.replace(",", ".")) * UNITS[many])


def grams(emitted: re.Match[str]) -> float:
    """Give the grams of what EMITTED found."""
    count, unit = emitted[1] or emitted[3], emitted[2] or emitted[4]
    return float(count.replace(",", ".")) * GRAMS[unit.lower()]


def octets(size: re.Match[str]) -> int:
    """Count the bytes of what SIZE found."""
    unit = 1024.0 if size[3] else 1000.0
    return round(float(size[1].replace(",", ".")) * unit ** POWERS[size[2].lower()])
