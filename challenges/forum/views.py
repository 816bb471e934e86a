"""Entraide: what people discuss about a challenge, and what was flagged over all of them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.forum import queries, rules
from challenges.organising.letters import organisers, page, region
from challenges.organising.models.challenges import Challenge
from challenges.organising.rules import may_edit_challenge
from challenges.teams.views.head import challenge_context
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.accounts.views import person
from portal.discussions import actions
from portal.discussions.models import Discussion, Message, attach_subjects
from portal.discussions.subjects import SubjectKind
from portal.discussions.views import message_named
from portal.lib.refusals import Hidden
from portal.lib.web.requests import get_or_post


def moderators(challenge: Challenge) -> Iterable[User]:
    """List the organisers of a challenge and the moderators of the Region."""
    people = [*organisers(challenge), *region(RegionRole.MODERATOR)]
    return {each.pk: each for each in people}.values()


def frame(request: HttpRequest, slug: str) -> tuple[Challenge, dict[str, Any]]:
    """Find the challenge that this person reads, with its head and tabs."""
    context = challenge_context(request, slug, "discussions")
    return context["challenge"], context


KIND = SubjectKind(
    name="challenge",
    model=Challenge,
    namespace="challenges",
    template="challenges/forum/discussed.html",
    owner_mark=gettext_lazy("Organisateur"),
    may_write=rules.may_write_in_forum,
    may_flag=rules.may_flag_message,
    may_moderate=rules.may_moderate_forum,
    answers_for=may_edit_challenge,
    never_blocked=lambda by, challenge: challenge.is_run_by(by),
    owners=organisers,
    moderators=moderators,
    moderates=lambda by: queries.moderated_by(by).exists(),
    page=lambda challenge: page(challenge, "entraide/"),
    language=lambda challenge: challenge.language,
    contact=lambda challenge: challenge.contact,
    frame=frame,
    shut=gettext_lazy(
        "Seules les personnes inscrites au challenge écrivent ici. L’inscription demande l’accord "
        "des organisateurs."
    ),
)


FLAGS_PER_PAGE = 25


@get_or_post
def moderation_queue(request: HttpRequest) -> HttpResponse:
    """List what was flagged, the oldest first, by challenge; leave a message by POST."""
    by = person(request)
    moderated = queries.moderated_by(by)
    if not moderated.exists():
        raise Hidden
    if request.method == "POST":
        concerned = Discussion.objects.on_any(moderated)
        rows = Message.objects.filter(discussion__in=concerned)
        actions.dismiss(message=message_named(request, rows), by=by)
        messages.success(request, _("Message laissé en place."))
        return redirect("challenges:forum_queue")
    slug = request.GET.get("challenge", "")
    slug = slug if slug.isprintable() else ""  # PostgreSQL refuses a null byte
    waiting = queries.waiting(by)
    flagged = waiting.order_by().values("message__discussion__subject_id")
    if slug:
        chosen = moderated.filter(slug=slug).values("public_id")
        waiting = waiting.filter(message__discussion__subject_id__in=chosen)
    page = Paginator(waiting, FLAGS_PER_PAGE).get_page(request.GET.get("page"))
    attach_subjects(each.message.discussion for each in page)
    context = {
        "section": "challenges",
        "page": page,
        "challenges": list(moderated.filter(public_id__in=flagged).order_by("title", "pk")),
        "chosen": slug,
        "routes": {name: f"challenges:{name}" for name in ("message_hide", "discussion")},
        "crumbs": [(_("Entraide à modérer"), "")],
    }
    return render(request, "challenges/forum/forum_queue.html", context)
