"""Who asks, and for which organisation."""

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from portal.accounts import rules
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.lib.refusals import NotAllowed


def person(request: HttpRequest) -> User:
    """Return the signed-in person; raises NotAllowed for a visitor."""
    if not isinstance(request.user, User):
        user = getattr(request.user, "_wrapped", None)
        if not isinstance(user, User):
            raise NotAllowed
        return user
    return request.user


def organisation_of(slug: str) -> Organisation:
    """Find an organisation by its address. Raises Http404."""
    return get_object_or_404(Organisation, slug=slug)


def administered(request: HttpRequest, slug: str) -> Organisation:
    """Find an organisation that the person administers. Raises Http404, NotAllowed."""
    organisation = organisation_of(slug)
    require(rules.may_administer, person(request), organisation)
    return organisation


def stay_signed_in(request: HttpRequest) -> None:
    """Keep this session, with a new id, after the person's own roles changed.

    Their other sessions end with the change.
    """
    user = person(request)
    user.refresh_from_db(fields=["session_epoch"])
    user.forget_roles()
    update_session_auth_hash(request, user)
