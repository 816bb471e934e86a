"""End sessions: one, or all of a person's."""

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F

from portal.accounts import rules
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib.refusals import Hidden


def end_all(*, user: User) -> None:
    """Make every open session of a person worthless, inside the caller's transaction.

    The epoch is part of what a session is tied to, so an old cookie dies with the commit.
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    user.forget_roles()


@transaction.atomic
def end(*, session_pk: int, by: Actor) -> None:
    """Close one of one's own sessions; event "session.ended". Raises Hidden for another's."""
    session = UserSession.objects.filter(pk=session_pk, user_id=by.pk).first()
    if session is None:
        raise Hidden
    require(rules.is_self, by, session.user)
    session.end()
    record("session.ended", by=by, on=session.user)
