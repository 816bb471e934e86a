"""Routes of datasets."""

from django.urls import URLPattern, URLResolver, path

from datasets.releases import views

app_name = "datasets"
urlpatterns: list[URLPattern | URLResolver] = [
    path("donnees/", views.index, name="list"),
    path("donnees/<slug:slug>/", views.show, name="dataset"),
    path("donnees/<slug:slug>/schema.json", views.schema, name="schema"),
    path("donnees/<slug:slug>/dictionnaire.csv", views.columns, name="dictionary"),
    path("donnees/<slug:slug>/versions/", views.release_list, name="releases"),
    path("donnees/<slug:slug>/versions/nouvelle/", views.publish, name="publish"),
    path("donnees/<slug:slug>/fichiers/<uuid:file>/", views.download, name="file"),
]
