"""What people discuss: each part says, once at start, what only it knows of its own things.

    subjects.kinds["card"] = SubjectKind(name="card", model=Resource, …)

A discussion names its subject by a kind and a public identifier: no key points up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from portal.accounts.models import User

# A thing that people discuss: a row with public_id, slug and title.
Subject = Any


def _nobody(by: Any, subject: Subject) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class SubjectKind:
    """Things of one model that people discuss: who writes, moderates and is told; their pages.

    may_flag: who asks moderators to look at a message; holds: whose words wait until they read
    them; answers_for: who writes with `owner_mark`; answered_by: the subjects for which a person
    does; never_blocked: whom nobody keeps from writing; moderates: who has something to moderate.
    owners are told of new discussions, and of each answer where owners_follow; moderators, of what
    is flagged or waits. page: the address, without language, of the discussions of a subject; desk:
    where they are moderated, by default under it. report_page: where the message at an address is
    reported, in place of flags. frame: finds what a person may read at a slug, else Hidden, with
    the context of its pages, which extend the block `discussions` of `template`. shut: why
    somebody signed in may not write.
    """

    name: str
    model: Any
    namespace: str
    template: str
    owner_mark: Any
    may_write: Callable[[Any, Subject], bool]
    may_moderate: Callable[[Any, Subject], bool]
    answers_for: Callable[[Any, Subject], bool]
    answered_by: Callable[["User"], QuerySet[Any]]
    never_blocked: Callable[[Any, Subject], bool]
    owners: Callable[[Subject], Iterable["User"]]
    moderators: Callable[[Subject], Iterable["User"]]
    moderates: Callable[["User"], bool]
    page: Callable[[Subject], str]
    language: Callable[[Subject], str]
    frame: Callable[[HttpRequest, str], tuple[Subject, dict[str, Any]]]
    may_flag: Callable[[Any, Subject], bool] = _nobody
    holds: Callable[[Any, Subject], bool] = _nobody
    owners_follow: bool = False
    related: tuple[str, ...] = ()
    desk: str = ""
    report_page: Callable[[str], str] = lambda path: ""
    contact: Callable[[Subject], str] = lambda subject: ""
    shut: Any = ""

    def rows(self) -> QuerySet[Any]:
        """Select the subjects, with what their rules and letters read."""
        rows: QuerySet[Any] = self.model.objects.select_related(*self.related)
        return rows

    def desk_of(self, subject: Subject) -> str:
        """Return the address where the discussions of a subject are moderated."""
        return self.desk or f"{self.page(subject)}moderer/"


kinds: dict[str, SubjectKind] = {}  # by name


def kind_of(model: type[Model]) -> SubjectKind:
    """Return the kind of the subjects of a model."""
    return next(kind for kind in kinds.values() if issubclass(model, kind.model))
