"""One project as the lists of requests show it: where it stands, who acts next and until when."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.urls import reverse

from datasets.access import queries
from datasets.access.enums import GrantState, RequestStatus
from datasets.access.models import AccessRequest, Extract, Grant, NamedUser
from portal.accounts.models import User
from portal.lib import clock

OVER = (GrantState.CLOSED, RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.LAPSED)


@dataclass(frozen=True)
class Project:
    """A request in a list, the grant it became, and what the reader may read of it.

    opinions: how many in force are given, and all. signs: the reader is named and has not signed a
    grant that goes on. waits: who asked signs first.
    """

    asked: AccessRequest
    state: RequestStatus | GrantState
    grant: Grant | None = None
    opinions: tuple[int, int] = (0, 0)
    files: tuple[Extract, ...] = ()
    signs: bool = False
    waits: bool = False

    @property
    def url(self) -> str:
        """Lead to the grant, or to the request that is none yet."""
        if self.grant is None:
            return self.asked.get_absolute_url()
        return reverse("datasets:grant", args=(self.grant.public_id,))

    @property
    def label(self) -> str:
        """Name its state, or that of its grant."""
        return self.asked.standing if self.grant is None else str(self.state.label)

    @property
    def is_over(self) -> bool:
        """Say whether nobody has anything more to do in it."""
        ended = self.state in (GrantState.EXPIRED, GrantState.REVOKED) and not self.due
        return ended or self.state in OVER

    @property
    def awaits(self) -> str:
        """Name who acts next on what is in hand: region, avis, organisme; else ""."""
        given, every = self.opinions
        match self.state:
            case RequestStatus.CHANGES_REQUESTED:
                return "organisme"
            case RequestStatus.IN_REVIEW if given < every:
                return "avis"
            case RequestStatus.SUBMITTED | RequestStatus.IN_REVIEW | GrantState.SUSPENDED:
                return "region"
            case _:
                return ""

    @property
    def due(self) -> date | datetime | None:
        """Say until when the next act is promised or possible."""
        match self.state:
            case GrantState.ACTIVE if self.grant:
                return self.grant.ends_at
            case GrantState.EXPIRED | GrantState.REVOKED if self.grant and self.grant.starts_at:
                return self.grant.destruction_due_at
            case _:
                return self.asked.review_until or self.asked.due_on

    @property
    def return_due(self) -> datetime | None:
        """Say when what it promised is given back next, None where nothing is awaited."""
        going = self.state not in OVER and self.grant and self.grant.revoked_at is None
        rows = self.asked.returns.all() if going else ()
        return min((each.due_at for each in rows if each.due_at and not each.link), default=None)


def project(asked: AccessRequest) -> Project:
    """Say where a request stands, or the grant that it became."""
    grant: Grant | None = getattr(asked, "grant", None)
    if grant is not None:
        return Project(asked, grant.state(clock.now()), grant)
    return Project(asked, asked.status_enum, opinions=queries.count_opinions(asked))


def read_by(
    by: User, asked: AccessRequest, named: NamedUser | None, files: list[Extract]
) -> Project:
    """Say too what a person signs and reads of it; named: where it names them, if it does."""
    made, unsigned = project(asked), named is not None and named.signed_at is None
    return replace(
        made,
        files=tuple(each for each in files if each.granted.grant == made.grant),
        signs=unsigned and made.state is GrantState.ACTIVE,
        waits=unsigned and made.state is GrantState.PENDING and asked.requester_id != by.pk,
    )
