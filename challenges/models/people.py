"""Who reads: a person, nobody, or a process."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User
    from portal.audit.actors import SystemActor

Viewer: TypeAlias = "User | SystemActor | AnonymousUser"


def person_id(viewer: Viewer) -> int:
    """Return the key of a person, 0 for anybody else: no row has it."""
    return getattr(viewer, "pk", None) or 0
