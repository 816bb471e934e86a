"""Forget the bundles that nobody made a challenge of."""

from challenges.exchange.actions import bundles as bundle_imports
from portal.audit.duties import duty


@duty("challenges.imports", minutes=60)
def expire_imports() -> None:
    """Remove the bytes of imports that waited too long."""
    bundle_imports.expire_imports()
