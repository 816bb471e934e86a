"""Tell the programs that read pages from the people who do, by what they say of themselves."""

import re

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
