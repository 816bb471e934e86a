"""Routes of the demonstrator."""

from django.urls import path

from portal.demonstrator import views

app_name = "demonstrator"
urlpatterns = [
    path("demonstrateur/", views.index, name="index"),
    path("demonstrateur/<slug:slug>/", views.case_page, name="case"),
]
