"""The messages that were reported, over every challenge that a person moderates."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import forum
from challenges.models import Post
from challenges.queries import forum as reads
from challenges.views.head import person
from portal.lib.refusals import Hidden

PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """List the reports, the oldest first, by challenge; leave a message by POST."""
    by = person(request)
    moderated = reads.moderated_by(by)
    if not moderated.exists():
        raise Hidden
    if request.method == "POST":
        return _leave(request)
    waiting = reads.waiting(by)
    concerned = moderated.filter(pk__in=waiting.order_by().values("post__thread__challenge"))
    slug = request.GET.get("challenge", "")
    slug = slug if slug.isprintable() else ""  # PostgreSQL refuses a null byte
    kept = waiting.filter(post__thread__challenge__slug=slug) if slug else waiting
    page = Paginator(kept, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "challenges",
        "page": page,
        "reports": page.object_list,
        "challenges": list(concerned.order_by("title", "pk")),
        "chosen": slug,
        "crumbs": [(_("Entraide à modérer"), "")],
    }
    return render(request, "challenges/forum_queue.html", context)


def _leave(request: HttpRequest) -> HttpResponse:
    """Leave a reported message where it is; a message of elsewhere is not found."""
    moderated = reads.moderated_by(person(request)).values("pk")
    posts = Post.objects.filter(thread__challenge__in=moderated)
    try:
        public_id = UUID(request.POST.get("post", ""))
    except ValueError:
        public_id = UUID(int=0)
    post = get_object_or_404(posts.select_related("thread__challenge"), public_id=public_id)
    forum.dismiss(post=post, by=person(request))
    messages.success(request, _("Message laissé en place."))
    return redirect("challenges:forum_queue")
