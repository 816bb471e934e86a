"""Atom feed of the challenges: publications and announcements."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.enums import PUBLIC_STATUSES
from challenges.forum import queries as forum
from challenges.models import Challenge, Notice
from portal.lib.feeds import Feed

MOST = 50


@login_not_required
@require_safe
def discussion(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the last messages of the discussion of a public challenge as Atom; none hidden."""
    challenge = get_object_or_404(Challenge.objects.public(), slug=slug)
    feed = Feed(
        title=_("Entraide : %(title)s") % {"title": challenge.title},
        link=request.build_absolute_uri(reverse("challenges:help", args=[slug])),
        description=challenge.summary,
        language=challenge.language,
        feed_url=request.build_absolute_uri(),
        author_name=challenge.organiser.name,
    )
    for post in forum.latest(challenge)[:MOST]:
        page = reverse("challenges:thread", args=[slug, post.thread.public_id])
        feed.add_item(
            title=post.thread.title,
            link=request.build_absolute_uri(f"{page}#m-{post.public_id}"),
            description=post.body_html,
            unique_id=f"urn:uuid:{post.public_id}",
            updateddate=post.at,
            pubdate=post.at,
            author_name=str(post.by),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


@login_not_required
@require_safe
def announcements(request: HttpRequest) -> HttpResponse:
    """Answer the latest announcements of the public challenges as Atom."""
    feed = Feed(
        title=_("Open Emploi : challenges"),
        link=request.build_absolute_uri(reverse("challenges:list")),
        description=_("Les annonces des challenges d’innovation."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(),
        author_name="Open Emploi",
    )
    latest = Notice.objects.filter(challenge__status__in=sorted(PUBLIC_STATUSES))
    for notice in latest.select_related("challenge__organiser").order_by("-at", "-pk")[:MOST]:
        challenge = notice.challenge
        feed.add_item(
            title=challenge.title,
            link=request.build_absolute_uri(
                reverse("challenges:presentation", args=[challenge.slug])
            ),
            description=notice.text,
            unique_id=f"urn:uuid:{challenge.public_id}#{notice.pk}",
            updateddate=notice.at,
            pubdate=notice.at,
            author_name=challenge.organiser.name,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
