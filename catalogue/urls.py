"""Routes of catalogue."""

from django.urls import URLPattern, URLResolver, path

from catalogue import feeds
from catalogue.standards.rdf import FORMATS
from catalogue.views import (
    around,
    bulk,
    collections,
    community,
    contribute,
    discussions,
    documents,
    exports,
    follows,
    harvests,
    holdings,
    imports,
    judging,
    moderation,
    oai,
    opensearch,
    paste,
    previews,
    proposals,
    removals,
    reports,
    resources,
    searches,
    stored_files,
    transfers,
    usage,
    versions,
    writing,
)

app_name = "catalogue"

READ = [
    path("ressources/", resources.listed, name="list"),
    path("ressources/suggestions", resources.suggested, name="suggest"),
    path("ressources/filtres/<slug:facet>/", resources.values, name="values"),
    path("ressources/<slug:slug>/", resources.shown, name="resource"),
    path("apercus/<uuid:file>/", stored_files.preview, name="file_preview"),
    path("flux/ressources.atom", feeds.resources, name="feed"),
]
CONTRIBUTE = [
    path("contribuer/", contribute.Start.as_view(), name="contribute"),
    path("contribuer/coller/", paste.Paste.as_view(), name="contribution_paste"),
    path("contribuer/mes-contributions/", contribute.Mine.as_view(), name="contributions"),
    path("contribuer/importer/", imports.Bring.as_view(), name="import"),
    path("contribuer/importer/colonnes/<slug:kind>/", imports.columns, name="import_columns"),
    path("contribuer/importer/modele-<slug:kind>.csv", imports.template, name="import_template"),
    path("contribuer/organisations/<slug:slug>/fiches.zip", holdings.archive, name="holdings"),
    path("contribuer/lots/<uuid:batch>/", imports.Batch.as_view(), name="import_batch"),
    path("contribuer/lots/<uuid:batch>/defauts.csv", imports.faults, name="import_faults"),
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
        "contribuer/<uuid:contribution>/apercu/",
        previews.shown,
        name="contribution_preview",
    ),
    path(
        "contribuer/<uuid:contribution>/avis/",
        proposals.Answer.as_view(),
        name="proposal_answer",
    ),
    path(
        "contribuer/<uuid:contribution>/lecture/",
        paste.Read.as_view(),
        name="contribution_reading",
    ),
    path(
        "contribuer/<uuid:contribution>/fichiers/",
        stored_files.change,
        name="contribution_files",
    ),
    path(
        "contribuer/<uuid:contribution>/<slug:step>/",
        writing.Write.as_view(),
        name="contribution_step",
    ),
    path("ressources/<slug:slug>/modifier/", contribute.Propose.as_view(), name="propose"),
    path("ressources/<slug:slug>/suite/", contribute.Become.as_view(), name="become"),
    path("ressources/<slug:slug>/archiver/", usage.Archive.as_view(), name="archive"),
]
SEARCHES = [
    path("recherches/enregistrer/", searches.save, name="search_save"),
    path("recherches/confirmer/<str:token>/", searches.confirm, name="search_confirm"),
    path("recherches/arreter/<str:token>/", searches.stop, name="search_stop"),
    path("recherches/gerer/<str:token>/", searches.managed, name="search_manage"),
    path("flux/recherches/<str:token>.atom", feeds.private, name="search_feed"),
    path("espace/suivis/", follows.followed, name="followed"),
    path("suivre/", follows.follow, name="follow"),
    path("espace/suivis/recherches/<uuid:search>/", searches.own, name="search"),
]
AROUND = [
    path("ressources/<slug:slug>/reutilisations/", around.reused, name="reuses"),
    path("ressources/<slug:slug>/reutilisations/declarer/", around.declare, name="reuse_declare"),
    path("ressources/<slug:slug>/retours/", around.used, name="feedback"),
    path("ressources/<slug:slug>/retours/raconter/", around.tell, name="feedback_tell"),
    path(
        "ressources/<slug:slug>/retirer/<uuid:brought>/", around.withdraw, name="brought_withdraw"
    ),
    path("ressources/<slug:slug>/discussions/", discussions.listed, name="discussions"),
    path(
        "ressources/<slug:slug>/discussions/<uuid:discussion>/",
        discussions.shown,
        name="discussion",
    ),
    path(
        "ressources/<slug:slug>/messages/<uuid:message>/masquer/",
        discussions.hide,
        name="message_hide",
    ),
    path("ressources/<slug:slug>/versions/", versions.listed, name="versions"),
    path("ressources/<slug:slug>/versions/comparer/", versions.compared, name="versions_compare"),
    path("ressources/<slug:slug>/versions/<int:number>/", versions.shown, name="version"),
    path(
        "ressources/<slug:slug>/fichiers/<slug:field>/<int:number>/<slug:column>/",
        usage.leave,
        name="file_out",
    ),
    path("ressources/<slug:slug>/dossier/", collections.add, name="collection_add"),
    path("dossiers/", collections.listed, name="collections"),
    path("dossiers/creer/", collections.make, name="collection_make"),
    path("dossiers/<slug:slug>/", collections.shown, name="collection"),
    path("dossiers/<slug:slug>/modifier/", collections.edit, name="collection_edit"),
    path("moderation/autour/", community.queue, name="moderation_community"),
]
REPORTS = [
    path("signaler/", reports.file, name="report"),
    path("signalements/suivi/<str:token>/", reports.track, name="report_track"),
    path("signalements/decisions/<uuid:decision>/", reports.statement, name="statement"),
    path("transparence/", reports.transparency, name="transparency"),
    path("moderation/signalements/", judging.queue, name="moderation_reports"),
    path("moderation/signalements/<uuid:report>/", judging.item, name="moderation_report"),
]
MODERATE = [
    path("moderation/", moderation.Queue.as_view(), name="moderation"),
    path(
        "moderation/reponses/",
        moderation.Queue.as_view(answered=True),
        name="moderation_answers",
    ),
    path("ressources/<slug:slug>/transmettre/", transfers.page, name="transfer"),
    path("moderation/transferts/", transfers.waiting, name="moderation_transfers"),
    path("ressources/<slug:slug>/supprimer/", removals.Remove.as_view(), name="remove"),
    path("moderation/lot/", bulk.bulk, name="moderation_bulk"),
    path("moderation/decisions/", moderation.Decisions.as_view(), name="moderation_decisions"),
    path("moderation/<uuid:contribution>/", moderation.Item.as_view(), name="moderation_item"),
    path(
        "moderation/<uuid:contribution>/reserver/",
        moderation.Claim.as_view(),
        name="moderation_claim",
    ),
]

HARVEST = [
    path("moissonnage/", harvests.listed, name="harvest_sources"),
    path("moissonnage/proposer/", harvests.Propose.as_view(), name="harvest_propose"),
    path("moissonnage/<uuid:source>/", harvests.Shown.as_view(), name="harvest_source"),
    path("moissonnage/<uuid:source>/<uuid:run>/", harvests.ran, name="harvest_run"),
    path("moissonnage/<uuid:source>/<uuid:run>.csv", harvests.ran_csv, name="harvest_run_csv"),
    path("moderation/liens-morts/", harvests.dead_links, name="dead_links"),
]

# What machines read: in one language, at addresses that have none.
_ENDINGS = (*(f".{name}" for name in FORMATS), ".json")
_FILES = (
    "croissant.json",
    "datapackage.json",
    "carte.md",
    "citation.cff",
    "citation.bib",
    "linkset.json",
)
DOCUMENTS: list[URLPattern | URLResolver] = [
    *(
        path(
            f"ressources/<slug:slug>{each}", documents.of_resource, {"ending": each}, f"form{each}"
        )
        for each in _ENDINGS
    ),
    *(
        path(f"ressources/<slug:slug>/{each}", documents.of_resource, {"ending": each}, each)
        for each in _FILES
    ),
    path("fichiers/<uuid:file>/<str:name>", stored_files.download, name="file"),
    path("id/<uuid:public_id>", documents.identified, name="identifier"),
    path("catalogue", documents.catalogue_address, name="catalogue"),
    *(
        path(f"catalogue.{each}", documents.catalogue, {"extension": each}, f"catalogue.{each}")
        for each in FORMATS
    ),
    *(
        path(f"exports/ressources.{each}", exports.resources, {"extension": each}, f"export.{each}")
        for each in ("csv", "json", *FORMATS)
    ),
    path("oai", oai.endpoint, name="oai"),
    path("opensearch.xml", opensearch.description, name="opensearch"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *READ,
    *CONTRIBUTE,
    *SEARCHES,
    *AROUND,
    *REPORTS,
    *MODERATE,
    *HARVEST,
]
