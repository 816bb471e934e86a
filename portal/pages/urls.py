"""Routes of the pages that exist in each language."""

from django.urls import path

from portal.pages import views

app_name = "pages"
urlpatterns = [
    path("apparence/", views.Appearance.as_view(), name="appearance"),
    path("composants/", views.components, name="components"),
    path("sante/", views.health, name="health"),
]
