"""Routes of accounts."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("compte/", include("allauth.urls")),
]
