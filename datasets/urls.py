"""Routes of datasets."""

from django.urls import URLPattern, URLResolver, path

from datasets.views import directory, files, pages, publishing

app_name = "datasets"
urlpatterns: list[URLPattern | URLResolver] = [
    path("donnees/", directory.index, name="list"),
    path("donnees/<slug:slug>/", pages.show, name="dataset"),
    path("donnees/<slug:slug>/schema.json", pages.schema, name="schema"),
    path("donnees/<slug:slug>/dictionnaire.csv", pages.columns, name="dictionary"),
    path("donnees/<slug:slug>/versions/", pages.releases, name="releases"),
    path("donnees/<slug:slug>/versions/nouvelle/", publishing.publish, name="publish"),
    path("donnees/<slug:slug>/fichiers/<uuid:file>/", files.download, name="file"),
]
