"""Let a reader choose the theme of the pages."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views import View

from portal.pages import frame

COOKIE_SECONDS = 365 * 24 * 3600
CHOICES = (
    ("", _("Comme le système"), _("Clair le jour, sombre la nuit, selon votre appareil")),
    ("light", _("Clair"), _("Fond blanc, toujours")),
    ("dark", _("Sombre"), _("Fond nuit, toujours")),
)


def return_address(request: HttpRequest, wanted: str) -> str:
    """Keep an address of this site, or give the home page."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else frame.home_address()


@method_decorator(login_not_required, name="dispatch")
class Appearance(View):
    """Choose light, dark or the system's theme; the choice stays in a cookie of this browser."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the three choices."""
        back = return_address(request, request.GET.get("suite", ""))
        context = {"choices": CHOICES, "chosen": frame.theme(request), "back": back}
        return render(request, "pages/appearance.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice and go back to the page."""
        response = HttpResponseRedirect(return_address(request, request.POST.get("suite", "")))
        chosen = request.POST.get("theme", "")
        if chosen in frame.THEMES:
            response.set_cookie(frame.THEME_COOKIE, chosen, max_age=COOKIE_SECONDS, samesite="Lax")
        else:
            response.delete_cookie(frame.THEME_COOKIE, samesite="Lax")
        return response
