"""Routes of catalogue."""

from django.urls import URLPattern, URLResolver, path

from catalogue import feeds
from catalogue.views import contribute, moderation, removals, resources

app_name = "catalogue"

READ = [
    path("ressources/", resources.listed, name="list"),
    path("ressources/suggestions", resources.suggested, name="suggest"),
    path("ressources/<slug:slug>/", resources.shown, name="resource"),
    path("flux/ressources.atom", feeds.resources, name="feed"),
]
CONTRIBUTE = [
    path("contribuer/", contribute.Start.as_view(), name="contribute"),
    path("contribuer/mes-contributions/", contribute.Mine.as_view(), name="contributions"),
    path("contribuer/<uuid:contribution>/", contribute.Follow.as_view(), name="contribution"),
    path(
        "contribuer/<uuid:contribution>/retirer/",
        contribute.Withdraw.as_view(),
        name="contribution_withdraw",
    ),
    path(
        "contribuer/<uuid:contribution>/reprendre/",
        contribute.CatchUp.as_view(),
        name="contribution_catch_up",
    ),
    path(
        "contribuer/<uuid:contribution>/<slug:step>/",
        contribute.Write.as_view(),
        name="contribution_step",
    ),
    path("ressources/<slug:slug>/modifier/", contribute.Propose.as_view(), name="propose"),
    path("ressources/<slug:slug>/archiver/", contribute.Archive.as_view(), name="archive"),
]
MODERATE = [
    path("moderation/", moderation.Queue.as_view(), name="moderation"),
    path(
        "moderation/reponses/",
        moderation.Queue.as_view(answered=True),
        name="moderation_answers",
    ),
    path("ressources/<slug:slug>/supprimer/", removals.Remove.as_view(), name="remove"),
    path("moderation/decisions/", moderation.Decisions.as_view(), name="moderation_decisions"),
    path("moderation/<uuid:contribution>/", moderation.Item.as_view(), name="moderation_item"),
    path(
        "moderation/<uuid:contribution>/reserver/",
        moderation.Claim.as_view(),
        name="moderation_claim",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [*READ, *CONTRIBUTE, *MODERATE]
