"""Every route."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, re_path, reverse
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.views import serve

from catalogue.urls import DOCUMENTS
from portal import api
from portal.lib.refusals import NotAllowed
from portal.pages import views


def closed(request: HttpRequest) -> HttpResponse:
    """Answer that there is nothing here: people are managed by our own pages."""
    raise Http404


@login_not_required
def back_office_door(request: HttpRequest) -> HttpResponse:
    """Send a visitor to the one door; refuse a person whom the back office has sent away."""
    if request.user.is_authenticated:
        if not request.user.has_perm("wagtailadmin.access_admin"):
            list(get_messages(request))  # the refusal says it: the next page need not
            raise NotAllowed
        return redirect("wagtailadmin_home")
    return redirect_to_login(request.GET.get("next") or reverse("wagtailadmin_home"))


urlpatterns = [
    path("admin/login/", back_office_door, name="back_office_door"),
    re_path(r"^admin/(?:users|groups|password_reset)(?:/|$)", closed),
    # « Compte » of the back office leads to the one page of an account.
    re_path(r"^admin/account(?:/|$)", RedirectView.as_view(pattern_name="account_home")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("portal.pages.urls_plain")),
    path("", include((DOCUMENTS, "documents"))),
    path("api/v1/", api.urls()),
    api.elsewhere(),
]

urlpatterns += i18n_patterns(
    path("api/", api.guide, name="api_guide"),
    path("espace/", views.space_page, name="space"),
    path("", include("portal.accounts.urls")),
    path("", include("catalogue.urls")),
    path("", include("datasets.urls")),
    path("", include("challenges.urls")),
    path("", include("portal.demonstrator.urls")),
    path("", include("portal.pages.urls")),
    re_path(wagtail_urls.serve_pattern, login_not_required(serve), name="wagtail_serve"),
    prefix_default_language=False,
)

handler400 = "portal.pages.views.bad_request"
handler403 = "portal.pages.views.forbidden"
handler404 = "portal.pages.views.not_found"
handler500 = "portal.pages.views.server_error"
