"""News in one's space, and how one hears of them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.enums import Delivery
from portal.accounts.forms.news import NewsForm
from portal.accounts.models import Notification
from portal.accounts.views.asking import person
from portal.lib.numbers import natural
from portal.lib.refusals import Hidden

PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """List one's news, the last first; mark one or all as read by POST."""
    user = person(request)
    own = Notification.objects.visible_to(user)
    if request.method == "POST":
        _read(request)
        return redirect("notifications")
    page = Paginator(own, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"news": each, "subject": news.subject_of(each)} for each in page]
    context = {"page": page, "rows": rows, "unread": own.unread().count()}
    return render(request, "accounts/notifications.html", context)


def _read(request: HttpRequest) -> None:
    user, one = person(request), request.POST.get("read", "")
    if one.isdecimal():
        notifications.read(notifications=[natural(one)], by=user)
    else:
        notifications.read_all(by=user)
        messages.success(request, _("Tout est marqué comme lu."))


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Show how one hears of each kind of news; choose by POST."""
    user = person(request)
    form = NewsForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        notifications.choose(ways=form.cleaned_data, by=user)
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect("notification_choices")
    context: dict[str, Any] = {
        "form": form,
        "essential": [kind for kind in news.kinds(user) if kind.essential],
    }
    status = 422 if form.is_bound else 200
    return render(request, "accounts/notification_choices.html", context, status=status)


@csrf_exempt  # the signed link is the proof: mail programs post to it without a page
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then turn down the e-mails of a kind, without signing in."""
    found = news.stopped(token)
    if found is None:
        raise Hidden
    user, kind = found
    if request.method == "POST":
        notifications.choose(ways={kind.name: Delivery.SPACE.value}, by=user)
    context = {"kind": kind, "done": request.method == "POST"}
    return render(request, "accounts/notification_stop.html", context)
