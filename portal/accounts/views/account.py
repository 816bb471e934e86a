"""One's own account: name, data, closing, sessions."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import personal_data
from portal.accounts.actions import accounts, sessions
from portal.accounts.forms.organisations import CloseForm, NameForm
from portal.accounts.stepup import step_up_required
from portal.accounts.views.asking import person
from portal.audit.record import record
from portal.lib import clock


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the account and the ways to change it."""
    user = person(request)
    form = NameForm(initial={"display_name": user.display_name})
    return render(request, "accounts/home.html", {"form": form})


@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest) -> HttpResponse:
    """Change the public name."""
    user = person(request)
    form = NameForm(request.POST or None, initial={"display_name": user.display_name})
    if not form.is_valid():
        return render(request, "accounts/home.html", {"form": form})
    accounts.rename(user=user, display_name=form.cleaned_data["display_name"], by=user)
    messages.success(request, _("Votre nom public est changé."))
    return redirect("account_home")


@require_http_methods(["GET", "POST"])
@step_up_required
def take_data(request: HttpRequest) -> HttpResponse:
    """Explain, then give everything the portal holds about the person, as a zip."""
    if request.method != "POST":
        return render(request, "accounts/data.html")
    user = person(request)
    record("account.exported", by=user, on=user)
    day = clock.paris_day(clock.now()).isoformat()
    response = HttpResponse(personal_data.archive(user), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="mes-donnees-{day}.zip"'
    return response


@require_http_methods(["GET", "POST"])
@step_up_required
def close(request: HttpRequest) -> HttpResponse:
    """Explain, then close the account and erase the person."""
    user = person(request)
    form = CloseForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/close.html", {"form": form})
    accounts.close(user=user, by=user)
    logout(request)
    messages.success(request, _("Votre compte est fermé et vos données sont effacées."))
    return redirect("account_login")


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one of one's sessions."""
    sessions.end(session_pk=pk, by=person(request))
    messages.success(request, _("La session est fermée."))
    return redirect("usersessions_list")
