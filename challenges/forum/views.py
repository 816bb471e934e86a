"""Entraide: read the threads of a challenge, write, report, moderate one challenge or all."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from challenges.forum import actions as forum
from challenges.forum import queries as reads
from challenges.forum import rules
from challenges.forum.forms import (
    ArrangeForm,
    BlockForm,
    HideForm,
    PostForm,
    ReportForm,
    ThreadForm,
)
from challenges.forum.models import Post, Thread
from challenges.organising.models.challenges import Challenge
from challenges.organising.views.layout import (
    access_to,
    find_challenge,
    find_to_run,
    organiser_context,
)
from challenges.teams.views.head import challenge_context
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Hidden
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post, natural

PER_PAGE, POSTS_PER_PAGE = 20, 50


@login_not_required
@get_or_post
def threads(request: HttpRequest, slug: str) -> HttpResponse:
    """List the threads; a member opens one."""
    context = challenge_context(request, slug, "help")
    challenge = context["challenge"]
    form = ThreadForm(sent(request))
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    made: list[Thread] = []
    status = tried(
        form,
        lambda: made.append(
            forum.open_thread(challenge=challenge, by=person(request), **form.cleaned_data)
        ),
        {"markdown": "body_md", "sent_twice": "body_md"},
    )
    if not status:
        messages.success(request, _("Fil ouvert."))
        return redirect("challenges:thread", slug, made[0].public_id)
    page = Paginator(reads.threads(challenge), PER_PAGE).get_page(request.GET.get("page"))
    context |= {"form": form, "page": page, **_may(request, challenge)}
    return render(request, "challenges/forum/help.html", context, status=status)


@login_not_required
@get_or_post
def thread(request: HttpRequest, slug: str, thread: UUID) -> HttpResponse:
    """Read a thread; a member answers."""
    context = challenge_context(request, slug, "help")
    challenge = context["challenge"]
    found = visible.find(
        reads.threads(challenge), among=Thread.objects.filter(challenge=challenge), public_id=thread
    )
    form = PostForm(sent(request))
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    status = tried(
        form,
        lambda: forum.answer(thread=found, by=person(request), **form.cleaned_data),
        {"markdown": "body_md", "sent_twice": "body_md"},
    )
    if not status:
        messages.success(request, _("Réponse publiée."))
        return redirect("challenges:thread", slug, found.public_id)
    page = Paginator(reads.posts(found), POSTS_PER_PAGE).get_page(request.GET.get("page"))
    may = _may(request, challenge)
    context |= {
        "thread": found,
        "form": form,
        "page": page,
        "arrange": ArrangeForm(initial={"pinned": found.pinned, "closed": found.is_closed}),
        **may,
    }
    context["crumbs"] = [
        *context["crumbs"][:-1],
        (challenge.title, reverse("challenges:help", args=[slug])),
        (found.title, ""),
    ]
    return render(request, "challenges/forum/thread.html", context, status=status)


def _may(request: HttpRequest, challenge: Challenge) -> dict[str, bool]:
    by = request.user
    if not by.is_authenticated:
        return {"may_write": False, "blocked": False, "may_moderate": False, "may_report": False}
    blocked = reads.is_blocked(by, challenge)
    return {
        "may_write": not blocked and rules.may_write_in_forum(by, challenge),
        "blocked": blocked,
        "may_moderate": rules.may_moderate_forum(by, challenge),
        "may_report": rules.may_report_post(by, challenge),
    }


def _post_of(request: HttpRequest, slug: str, post: UUID) -> Post:
    """Return a shown message of a challenge that this person may read; 404 for any other."""
    challenge = find_challenge(request, slug)
    return visible.find(
        reads.latest(challenge).select_related("thread__challenge", "by"),
        among=Post.objects.filter(thread__challenge=challenge),
        public_id=post,
    )


def _moderated(request: HttpRequest, slug: str, post: UUID) -> Post:
    """Return a shown message to whoever moderates; anybody else gets one answer for every id."""
    require(rules.may_moderate_forum, person(request), find_challenge(request, slug))
    return _post_of(request, slug, post)


@get_or_post
def report(request: HttpRequest, slug: str, post: UUID) -> HttpResponse:
    """Ask those who moderate to look at a message."""
    found = _post_of(request, slug, post)
    require(rules.may_report_post, person(request), found.thread.challenge)
    return _about(
        request,
        found,
        ReportForm(sent(request)),
        _("Signaler ce message"),
        lambda form: forum.report(post=found, by=person(request), **form.cleaned_data),
        _("Signalement reçu. Merci."),
    )


@get_or_post
def hide(request: HttpRequest, slug: str, post: UUID) -> HttpResponse:
    """Hide a message with a reason."""
    found = _moderated(request, slug, post)
    return _about(
        request,
        found,
        HideForm(sent(request)),
        _("Masquer ce message"),
        lambda form: forum.hide(post=found, by=person(request), **form.cleaned_data),
        _("Message masqué ; la personne est prévenue."),
    )


@get_or_post
def block(request: HttpRequest, slug: str, post: UUID) -> HttpResponse:
    """Keep the author of a message from writing here."""
    found = _moderated(request, slug, post)
    challenge = found.thread.challenge
    return _about(
        request,
        found,
        BlockForm(sent(request)),
        _("Écarter cette personne de l’entraide"),
        lambda form: forum.block(
            challenge=challenge, user=found.by, by=person(request), **form.cleaned_data
        ),
        _("Cette personne ne peut plus écrire ici."),
    )


def _about(
    request: HttpRequest, post: Post, form: Any, title: str, act: Any, said: str
) -> HttpResponse:
    """Show a message and the form of one act on it, or do the act."""
    challenge = post.thread.challenge
    status = tried(form, lambda: act(form), {"reason_required": "reason"})
    if not status:
        messages.success(request, said)
        return redirect("challenges:help", challenge.slug)
    context = challenge_context(request, challenge.slug, "help") | {
        "post": post,
        "form": form,
        "act": title,
    }
    return render(request, "challenges/forum/post_act.html", context, status=status)


@require_POST
def arrange(request: HttpRequest, slug: str, thread: UUID) -> HttpResponse:
    """Pin a thread or close it, or the contrary."""
    challenge = find_challenge(request, slug)
    found = visible.find(
        reads.threads(challenge), among=Thread.objects.filter(challenge=challenge), public_id=thread
    )
    form = ArrangeForm(request.POST)
    form.full_clean()
    forum.arrange(thread=found, by=person(request), **form.cleaned_data)
    messages.success(request, _("Fil réglé."))
    return redirect("challenges:thread", slug, found.public_id)


@get_or_post
def moderation(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was reported, what is hidden and who is kept from writing; settle each."""
    challenge, by = find_to_run(request, slug), person(request)
    require(rules.may_moderate_forum, by, challenge)
    if request.method == "POST":
        return _settle(request, challenge)
    context = organiser_context(
        challenge,
        "forum_moderation",
        **access_to(by, challenge),
        reports=reads.reports(challenge),
        hidden=reads.hidden(challenge),
        blocked=list(challenge.forum_blocks.select_related("user").order_by("pk")),
    )
    return render(request, "challenges/forum/organise/forum.html", context)


def _settle(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    by, own = person(request), Challenge.objects.filter(pk=challenge.pk)
    match request.POST.get("decision"):
        case "dismiss":
            forum.dismiss(post=_post_named(request, own), by=by)
        case "restore":
            forum.restore(post=_post_named(request, own), by=by)
        case "unblock":
            number = natural(request.POST.get("block", ""))
            blocks = challenge.forum_blocks.select_related("challenge", "user")
            forum.unblock(blocked=get_object_or_404(blocks, pk=number), by=by)
        case _:
            messages.error(request, _("Choisissez une décision."))
            return redirect("challenges:forum_moderation", challenge.slug)
    messages.success(request, _("Décision enregistrée."))
    return redirect("challenges:forum_moderation", challenge.slug)


def _post_named(request: HttpRequest, challenges: QuerySet[Challenge]) -> Post:
    """Return the message that the form names, of these challenges; 404 for any other."""
    try:
        public_id = UUID(request.POST.get("post", ""))
    except ValueError:
        raise Http404 from None
    posts = Post.objects.filter(thread__challenge__in=challenges)
    return get_object_or_404(posts.select_related("thread__challenge"), public_id=public_id)


REPORTS_PER_PAGE = 25


@get_or_post
def moderation_queue(request: HttpRequest) -> HttpResponse:
    """List the reports, the oldest first, by challenge; leave a message by POST."""
    by = person(request)
    moderated = reads.moderated_by(by)
    if not moderated.exists():
        raise Hidden
    if request.method == "POST":
        forum.dismiss(post=_post_named(request, moderated), by=by)
        messages.success(request, _("Message laissé en place."))
        return redirect("challenges:forum_queue")
    waiting = reads.waiting(by)
    concerned = moderated.filter(pk__in=waiting.order_by().values("post__thread__challenge"))
    slug = request.GET.get("challenge", "")
    slug = slug if slug.isprintable() else ""  # PostgreSQL refuses a null byte
    kept = waiting.filter(post__thread__challenge__slug=slug) if slug else waiting
    page = Paginator(kept, REPORTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "challenges",
        "page": page,
        "challenges": list(concerned.order_by("title", "pk")),
        "chosen": slug,
        "crumbs": [(_("Entraide à modérer"), "")],
    }
    return render(request, "challenges/forum/forum_queue.html", context)
