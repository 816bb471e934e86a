"""Tell the people who follow something what was published of it."""

from catalogue.models import Resource
from catalogue.queries import follows
from catalogue.tasks.telling import tell
from portal.audit.outbox import handler


@handler("catalogue.published")
def published(resource_id: int, revision_id: int, first: int, by_id: int) -> None:
    """Tell followers of a card that it changed, those of its subjects that it came; once each.

    Nothing when it went offline meanwhile; nothing to who published it.
    """
    resource = Resource.objects.public().filter(pk=resource_id).first()
    if resource is None:
        return
    path, event = resource.get_absolute_url(), f"{resource.pk}:{revision_id}"
    readers = list(follows.followers_of(resource).exclude(pk=by_id))
    tell("followed_changed", readers, path=path, event=event, about=resource.title)
    if first:
        others = follows.watchers_of(resource).exclude(pk__in=[by_id, *(r.pk for r in readers)])
        tell("followed_new", others, path=path, event=event, about=resource.title)
