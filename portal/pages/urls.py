"""Routes of the pages that exist in each language."""

from django.urls import path

from portal.pages import views

app_name = "pages"
urlpatterns = [
    path("flux/actualites.atom", views.news_feed, name="news_feed"),
    path("apparence/", views.Appearance.as_view(), name="appearance"),
    path("contact/", views.contact, name="contact"),
    path("sante/", views.health, name="health"),
]
