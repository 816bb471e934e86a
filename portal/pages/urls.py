"""Routes of the pages that exist in each language."""

from django.urls import path

from portal.pages.views import appearance, components, health

app_name = "pages"
urlpatterns = [
    path("apparence/", appearance.Appearance.as_view(), name="appearance"),
    path("composants/", components.components, name="components"),
    path("sante/", health.health, name="health"),
]
