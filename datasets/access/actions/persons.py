"""Erase a person whose account closes from what they asked, and from where they are named."""

from django.db import transaction
from django.db.models import Q

from datasets.access.enums import EDGES, RequestStatus
from datasets.access.models import AccessRequest, Grant, NamedUser
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock

UNDECIDED = [each for each in RequestStatus if RequestStatus.WITHDRAWN in EDGES[each]]


@transaction.atomic
def forget(*, person: User) -> None:
    """Let nobody ask or read in the name of a person who leaves; what was decided stays.

    In order: their drafts deleted and what they asked taken back, unless it was decided; their
    address erased wherever they are named, where they read no more; an event for each:
    "access_request.discarded", "access_request.withdrawn", "grant.person_removed".
    """
    named = NamedUser.objects.filter(Q(user=person) | Q(email__iexact=person.email))
    own = Q(requester=person, status__in=[RequestStatus.DRAFT, *UNDECIDED])
    # All are held before the journal is written in.
    touched = AccessRequest.objects.filter(own | Q(pk__in=named.values("request")))
    requests = list(touched.select_for_update().order_by("pk"))
    list(Grant.objects.select_for_update().filter(request__in=requests).order_by("pk"))
    mine = [each for each in requests if each.requester_id == person.pk]
    drafts = [each for each in mine if each.status == RequestStatus.DRAFT]
    undecided = [each for each in mine if each.status in UNDECIDED]
    for request in undecided:
        request.become(RequestStatus.WITHDRAWN)
    reads = named.filter(removed_at=None, request__grant__isnull=False)
    ended = list(reads.select_related("request__grant").order_by("pk"))
    named.filter(removed_at=None).update(removed_at=clock.now())
    named.update(email="")
    AccessRequest.objects.filter(pk__in=[each.pk for each in drafts]).delete()
    for request in drafts:
        record("access_request.discarded", by=person, on=request)
    for request in undecided:
        record("access_request.withdrawn", by=person, on=request)
    for each in ended:
        record("grant.person_removed", by=person, on=each.request.grant, person=each.public_id)
