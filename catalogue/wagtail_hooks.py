"""What the catalogue adds to the Wagtail admin."""

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from catalogue.backoffice import (
    SentencePolicy,
    SentenceViewSet,
    SynonymPolicy,
    SynonymViewSet,
)
from catalogue.models import MessageTemplate, Synonym

register_permission_policy(Synonym, SynonymPolicy(Synonym))
register_permission_policy(MessageTemplate, SentencePolicy(MessageTemplate))


@hooks.register("register_admin_viewset")
def synonyms() -> SynonymViewSet:
    """Show the synonyms of the search."""
    return SynonymViewSet()


@hooks.register("register_admin_viewset")
def sentences() -> SentenceViewSet:
    """Show the sentences of the review."""
    return SentenceViewSet()
