"""Routes of catalogue."""

from django.urls import URLPattern, URLResolver, path

from catalogue import feeds
from catalogue.views import resources

app_name = "catalogue"
urlpatterns: list[URLPattern | URLResolver] = [
    path("ressources/", resources.listed, name="list"),
    path("ressources/suggestions", resources.suggested, name="suggest"),
    path("ressources/<slug:slug>/", resources.shown, name="resource"),
    path("flux/ressources.atom", feeds.resources, name="feed"),
]
