"""The rhythms of updates, and how the EU's list, data.gouv.fr and ISO 19115 name them.

Source: http://publications.europa.eu/resource/authority/frequency, with the codes added since 2016
(12HRS, 1MIN to 30MIN, AS_NEEDED, NOT_PLANNED, BIDECENNIAL, TRIDECENNIAL…).
"""

import re
from typing import NamedTuple


class Frequency(NamedTuple):
    """One rhythm: its code in the EU's list, days between two updates (None: no period)."""

    authority: str
    days: float | None = None


FREQUENCIES: dict[str, Frequency] = {
    "continuous": Frequency("CONT"),
    "several_daily": Frequency("DAILY_2", 0.5),
    "daily": Frequency("DAILY", 1),
    "several_weekly": Frequency("WEEKLY_2", 3.5),
    "weekly": Frequency("WEEKLY", 7),
    "fortnightly": Frequency("BIWEEKLY", 14),
    "several_monthly": Frequency("MONTHLY_2", 15),
    "monthly": Frequency("MONTHLY", 31),
    "bimonthly": Frequency("BIMONTHLY", 62),
    "quarterly": Frequency("QUARTERLY", 92),
    "three_yearly": Frequency("ANNUAL_3", 122),
    "biannual": Frequency("ANNUAL_2", 183),
    "annual": Frequency("ANNUAL", 366),
    "biennial": Frequency("BIENNIAL", 731),
    "triennial": Frequency("TRIENNIAL", 1_096),
    "quinquennial": Frequency("QUINQUENNIAL", 1_827),
    "decennial": Frequency("DECENNIAL", 3_653),
    "irregular": Frequency("IRREG"),
    "punctual": Frequency("NOT_PLANNED"),
    "never": Frequency("NEVER"),
    "unknown": Frequency("UNKNOWN"),
}
# Codes of the EU's list that are near one of ours, and names of other lists.
NEAR = {
    "update_cont": "continuous",
    "hourly": "several_daily",
    "bihourly": "several_daily",
    "trihourly": "several_daily",
    "12hrs": "several_daily",
    "1min": "continuous",
    "5min": "continuous",
    "10min": "continuous",
    "15min": "continuous",
    "30min": "continuous",
    "daily_2": "several_daily",
    "weekly_2": "several_weekly",
    "weekly_3": "several_weekly",
    "weekly_4": "several_weekly",
    "weekly_5": "several_weekly",
    "monthly_2": "several_monthly",
    "monthly_3": "several_monthly",
    "quadrennial": "quinquennial",
    "bidecennial": "decennial",
    "tridecennial": "decennial",
    "as_needed": "irregular",
    "other": "irregular",
    "op_datpro": "unknown",
    # data.gouv.fr
    "fourtimesaday": "several_daily",
    "threetimesaday": "several_daily",
    "semidaily": "several_daily",
    "fourtimesaweek": "several_weekly",
    "threetimesaweek": "several_weekly",
    "semiweekly": "several_weekly",
    "biweekly": "fortnightly",
    "threetimesamonth": "several_monthly",
    "semimonthly": "several_monthly",
    "threetimesayear": "three_yearly",
    "semiannual": "biannual",
    # ISO 19115, CKAN and prose
    "continual": "continuous",
    "annually": "annual",
    "yearly": "annual",
    "biannually": "biannual",
    "asneeded": "irregular",
    "notplanned": "punctual",
    "annuelle": "annual",
    "annuel": "annual",
    "mensuelle": "monthly",
    "mensuel": "monthly",
    "hebdomadaire": "weekly",
    "quotidienne": "daily",
    "quotidien": "daily",
    "trimestrielle": "quarterly",
    "trimestriel": "quarterly",
    "semestrielle": "biannual",
    "semestriel": "biannual",
    "ponctuelle": "punctual",
    "inconnue": "unknown",
    "freq:annual": "annual",
    "r/p1y": "annual",
    "r/p1m": "monthly",
    "r/p3m": "quarterly",
    "r/p6m": "biannual",
    "r/p1w": "weekly",
    "r/p7d": "weekly",
    "r/p1d": "daily",
    "r/p2y": "biennial",
    "r/p10y": "decennial",
    "r/p3y": "triennial",
    "r/p5y": "quinquennial",
    "r/p2w": "fortnightly",
    "r/p2m": "bimonthly",
    "r/p4m": "three_yearly",
    "r/pt1s": "continuous",
    "r/pt1h": "several_daily",
}
BY_AUTHORITY = {each.authority.lower(): name for name, each in FREQUENCIES.items()}
LAST = re.compile(r"(?:^|[/#:])([\w-]+)/?$")


def normalise(text: str) -> str:
    """Give our code of a rhythm named by a code, a name or an address; "" when unknown."""
    word = text.strip().lower().replace(" ", "").replace("-", "_")
    if word.startswith("r/p"):
        return NEAR.get(word, "")
    last = LAST.search(word)
    word = last[1] if last else word
    # ISO 19115 writes several of its codes as one word: fortnightly, biannually.
    return BY_AUTHORITY.get(word) or NEAR.get(word) or (word if word in FREQUENCIES else "")
