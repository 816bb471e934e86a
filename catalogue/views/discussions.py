"""The discussions of a card."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import discussions
from catalogue.forms.community import CloseForm, DiscussionForm, MessageForm, WordsForm
from catalogue.models import Discussion, DiscussionMessage
from catalogue.queries import around as reads
from catalogue.views.around import frame, may_act, tried
from catalogue.views.usage import public
from portal.accounts.authorization import require
from portal.lib.visible import find

PER_PAGE = 20
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@get_or_post
def listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List the discussions of a card; open one by POST."""
    resource = public(slug)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = DiscussionForm(request.POST if request.method == "POST" else None)
    opened: list[Discussion] = []

    def act() -> None:
        opened.append(
            discussions.open_discussion(resource=resource, by=person(request), **form.cleaned_data)
        )

    status = tried(form, act)
    if not status:
        _say(request, held=opened[0].messages.get().is_held)
        return redirect(opened[0].path)
    rows = Paginator(reads.discussions(resource, request.user), PER_PAGE)
    context = {
        "form": form,
        "page": rows.get_page(request.GET.get("page")),
        "may_write": may_act(request, resource),
        **frame(resource, _("Discussions")),
    }
    return render(request, "catalogue/community/discussions.html", context, status=status)


@login_not_required
@get_or_post
def shown(request: HttpRequest, slug: str, discussion: UUID) -> HttpResponse:
    """Show a discussion; answer, or close it, by POST."""
    resource, user = public(slug), request.user
    rows = Discussion.objects.visible_to(user).filter(resource=resource)
    found = find(
        rows.select_related("by", "closed_by"),
        among=Discussion.objects.all(),
        public_id=discussion,
    )
    found.resource = resource
    if request.method == "POST" and not user.is_authenticated:
        return redirect_to_login(request.path)
    closes = "reason" in request.POST
    answer = MessageForm(request.POST if request.method == "POST" and not closes else None)
    close = CloseForm(request.POST if closes else None)
    if request.method == "POST":
        by = person(request)

        def act() -> None:
            if closes:
                discussions.close(discussion=found, by=by, **close.cleaned_data)
                messages.success(request, _("La discussion est close."))
            else:
                said = discussions.answer(discussion=found, by=by, **answer.cleaned_data)
                _say(request, held=said.is_held)

        if not tried(close if closes else answer, act):
            return redirect(found.path)
    pages = Paginator(reads.messages(found, user), PER_PAGE)
    open_now = not found.is_closed and found.state == "shown"
    context = {
        "discussion": found,
        "page": pages.get_page(request.GET.get("page")),
        "form": answer,
        "close": close,
        "may_write": open_now and may_act(request, resource),
        "may_close": open_now and user.is_authenticated and rules.may_close(user, found),
        "may_moderate": user.is_authenticated and rules.may_moderate(user),
        **frame(resource, _("Discussions")),
    }
    status = 422 if answer.is_bound or close.is_bound else 200
    return render(request, "catalogue/community/discussion.html", context, status=status)


@get_or_post
def hide(request: HttpRequest, slug: str, message: UUID) -> HttpResponse:
    """Hide a message with a reason."""
    resource, by = public(slug), person(request)
    require(rules.may_moderate, by)
    rows = DiscussionMessage.objects.filter(discussion__resource=resource)
    found = find(
        rows.select_related("discussion", "by"),
        among=DiscussionMessage.objects.all(),
        public_id=message,
    )
    found.discussion.resource = resource
    form = WordsForm(request.POST if request.method == "POST" else None)

    def act() -> None:
        discussions.hide(message=found, reason=form.cleaned_data["message"], by=by)

    status = tried(form, act)
    if not status:
        messages.success(request, _("Message masqué ; la personne est prévenue."))
        return redirect("catalogue:discussions", resource.slug)
    context = {"message_": found, "form": form, **frame(resource, _("Discussions"))}
    return render(request, "catalogue/community/hide.html", context, status=status)


def _say(request: HttpRequest, *, held: bool) -> None:
    if held:
        said = _("Votre premier message attend la Région : il paraîtra après sa lecture.")
        messages.info(request, said)
    else:
        messages.success(request, _("Message publié."))
