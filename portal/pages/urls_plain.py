"""Routes that have no language."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import views as sitemaps
from django.urls import path

from portal.pages import views
from portal.pages.views import SITEMAPS, robots

urlpatterns = [
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path(".well-known/change-password", views.change_password, name="change_password"),
    path(".well-known/api-catalog", views.api_catalog, name="api_catalog"),
    path("csp/", views.csp_report, name="csp_report"),
    path("robots.txt", login_not_required(robots), name="robots"),
    path(
        "sitemap.xml",
        login_not_required(sitemaps.index),
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_part"},
        name="sitemap_index",
    ),
    path(
        "sitemap-<slug:section>.xml",
        login_not_required(sitemaps.sitemap),
        {"sitemaps": SITEMAPS},
        name="sitemap_part",
    ),
]
