"""What the organisers of a challenge read of its entries: no file, no note, no held figure."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from challenges.models import Challenge, Entry, TeamMember

SHARED_BY = 5  # teams; fewer colleagues may well each play on their own
# Addresses that anybody has: to share one tells nothing.
PUBLIC_DOMAINS = frozenset(
    {
        "aol.com",
        "bbox.fr",
        "free.fr",
        "gmail.com",
        "gmx.com",
        "gmx.fr",
        "hotmail.com",
        "hotmail.fr",
        "icloud.com",
        "laposte.net",
        "live.com",
        "live.fr",
        "mailo.com",
        "me.com",
        "msn.com",
        "neuf.fr",
        "numericable.fr",
        "orange.fr",
        "outlook.com",
        "outlook.fr",
        "proton.me",
        "protonmail.com",
        "sfr.fr",
        "wanadoo.fr",
        "yahoo.com",
        "yahoo.fr",
    }
)


@dataclass(frozen=True)
class SharedDomain:
    """A domain of addresses that members of many teams have, and what these teams sent."""

    domain: str
    teams: int
    entries: int


def sent(challenge: Challenge) -> QuerySet[Entry]:
    """List the entries of the teams of a challenge, the last first; references are not entries."""
    found = Entry.objects.filter(enrolment__phase__challenge=challenge, is_baseline=False)
    return found.select_related("enrolment__phase", "enrolment__team").order_by(
        "-received_at", "-pk"
    )


def shared_domains(challenge: Challenge) -> list[SharedDomain]:
    """Name the domains that members of five teams or more share, those of the most teams first.

    One person behind many teams would have as many attempts: the organisers look at what these
    teams sent. Domains of public mail tell nothing and are left out.
    """
    members = TeamMember.objects.filter(
        challenge=challenge, left_at__isnull=True, team__enrolments__entries__isnull=False
    )
    teams: dict[str, set[int]] = defaultdict(set)
    for team, address in members.distinct().values_list("team_id", "user__email"):
        teams[address.rpartition("@")[2].lower()].add(team)
    found = [
        SharedDomain(
            domain, len(several), sent(challenge).filter(enrolment__team__in=several).count()
        )
        for domain, several in teams.items()
        if domain and domain not in PUBLIC_DOMAINS and len(several) >= SHARED_BY
    ]
    return sorted(found, key=lambda each: (-each.teams, each.domain))
