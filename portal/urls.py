"""Every route."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.views import serve

from challenges.views import receipts
from portal import api
from portal.pages.views import space


def closed(request: HttpRequest) -> HttpResponse:
    """Answer that there is nothing here: people are managed by our own pages."""
    raise Http404


urlpatterns = [
    path(
        "admin/login/",
        login_not_required(RedirectView.as_view(pattern_name="account_login", query_string=True)),
    ),
    re_path(r"^admin/(?:users|groups|account|password_reset)(?:/|$)", closed),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("portal.pages.urls_plain")),
    path("api/v1/keys", receipts.keys, name="receipt_keys"),
    path("api/v1/", api.urls()),
]

urlpatterns += i18n_patterns(
    path("api/", api.guide, name="api_guide"),
    path("espace/", space.index, name="space"),
    path("", include("portal.accounts.urls")),
    path("", include("catalogue.urls")),
    path("", include("datasets.urls")),
    path("", include("challenges.urls")),
    path("", include("portal.pages.urls")),
    re_path(wagtail_urls.serve_pattern, login_not_required(serve), name="wagtail_serve"),
    prefix_default_language=False,
)

handler400 = "portal.pages.views.errors.bad_request"
handler403 = "portal.pages.views.errors.forbidden"
handler404 = "portal.pages.views.errors.not_found"
handler500 = "portal.pages.views.errors.server_error"
