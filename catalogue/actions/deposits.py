"""Open a draft once for each request of a program, however often the request is sent."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.models import Contribution
from portal.accounts.models import User
from portal.lib.refusals import Conflict, Invalid

KEY_CHARACTERS = 64


@dataclass(frozen=True)
class Deposit:
    """A draft, and whether this request opened it."""

    contribution: Contribution
    created: bool


def known(*, key: str, sha256: str, by: User) -> Deposit | None:
    """Return the draft that a key opened, if any.

    key: of one request, "" for one that is not to be remembered. sha256: of what it says. Raises
    Conflict for the same key with other bytes, Invalid for a key too long.
    """
    if len(key) > KEY_CHARACTERS or not key.isprintable():
        raise Invalid(
            _("Idempotency-Key compte de 1 à 64 caractères imprimables."), code="idempotency_key"
        )
    found = Contribution.objects.filter(author=by, request_key=key).first() if key else None
    if found is None:
        return None
    if found.request_sha256 != sha256:
        raise Conflict(
            _("Cette clé a servi à une autre demande : prenez-en une nouvelle."),
            code="idempotency_conflict",
        )
    return Deposit(found, created=False)


@transaction.atomic
def once(*, key: str, sha256: str, begin: Callable[[], Contribution], by: User) -> Deposit:
    """Open a draft by an action of contributions, or give back the one that the key opened.

    In order: the person's row is held, the draft and its event, key and digest. Raises as `known`,
    and what `begin` raises.
    """
    User.objects.select_for_update().get(pk=by.pk)
    already = known(key=key, sha256=sha256, by=by)
    if already is not None:
        return already
    made = begin()
    made.request_key, made.request_sha256 = key, sha256
    made.save(update_fields=["request_key", "request_sha256"])
    return Deposit(made, created=True)
