"""What the catalogue adds to the Wagtail admin."""

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from catalogue.backoffice import (
    SynonymPolicy,
    SynonymViewSet,
)
from catalogue.models import Synonym

register_permission_policy(Synonym, SynonymPolicy(Synonym))


@hooks.register("register_admin_viewset")
def synonyms() -> SynonymViewSet:
    """Show the synonyms of the search."""
    return SynonymViewSet()
