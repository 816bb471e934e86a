"""Judge and normalise web addresses without opening them; tell programs from people."""

import re
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit

LONGEST = 2_000
# Parameters that follow visitors and name no page.
TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "xtor")


def is_web(url: str) -> bool:
    """Say whether a text is an http(s) address with a host and without credentials."""
    if len(url) > LONGEST or any(char.isspace() or ord(char) < 32 for char in url):
        return False
    try:
        parts = urlsplit(url)
        host, user, _port = parts.hostname, parts.username, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "." in str(host) and user is None


def same_page_key(url: str) -> str:
    """Give a key equal for two addresses of one page: scheme, www., case of host, slash, tracking.

    Returns "" when the text is not a web address.
    """
    if not is_web(url):
        return ""
    parts = urlsplit(url)
    host = str(parts.hostname).lower().removeprefix("www.")
    path = parts.path.rstrip("/").removesuffix(".git")
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(TRACKING)
    )
    return host + path + (f"?{urlencode(kept)}" if kept else "")


def same_page_digest(url: str) -> str:
    """Give the key of `same_page_key` in 64 characters, to be looked for; "" when there is none."""
    key = same_page_key(url)
    return sha256(key.encode()).hexdigest() if key else ""


_ROBOT = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|scrap|fetch|preview|archiver|validator|monitor|probe|scan"
    r"|check|headless|phantom|lighthouse|externalhit|embedly|mediapartners|curl|wget|libwww|python"
    r"|java/|okhttp|go-http|httpclient|http-client|axios|node|ruby|perl|php|feed|rss|harvest",
    re.IGNORECASE,
)
_BROWSER = re.compile(r"mozilla/|opera/", re.IGNORECASE)


def is_robot(user_agent: str, purpose: str = "") -> bool:
    """Say whether a request was made by a program, or ahead of any reading.

    user_agent: the header, "" when there is none. purpose: the header Sec-Purpose or Purpose.
    """
    if not _BROWSER.search(user_agent) or _ROBOT.search(user_agent):
        return True
    return "prefetch" in purpose or "prerender" in purpose
