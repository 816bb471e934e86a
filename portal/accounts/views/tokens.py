"""The tokens that a person gives to their own programs."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.actions import tokens
from portal.accounts.forms.tokens import TokenForm
from portal.accounts.models import ApiToken, User
from portal.accounts.stepup import step_up_required
from portal.accounts.views.asking import person
from portal.lib import clock, visible


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List one's live tokens, and lead to a new one."""
    return render(request, "accounts/tokens.html", _listed(person(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def create(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown in the answer and never again."""
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/token_form.html", {"form": form}, status=status)
    made = tokens.create(
        name=form.cleaned_data["name"],
        scopes=form.wanted,
        days=form.cleaned_data["days"],
        by=person(request),
    )
    context = {"token": made.token, "secret": made.secret}
    return render(request, "accounts/token_made.html", context, status=201)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of one's tokens worthless."""
    user = person(request)
    own = ApiToken.objects.filter(user=user)
    tokens.revoke(token=visible.find(own, among=ApiToken.objects.all(), pk=pk), by=user)
    messages.success(request, _("Le jeton est révoqué : il ne vaut plus rien."))
    return redirect("account_tokens")


def _listed(user: User) -> dict[str, Any]:
    live = ApiToken.objects.live(clock.now()).filter(user=user)
    return {"tokens": list(live)}
