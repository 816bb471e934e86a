"""Routes of catalogue."""

from django.urls import URLPattern, URLResolver, include, path

from catalogue.community.views import alerts as alert_pages
from catalogue.community.views import cards as around_pages
from catalogue.community.views import collections as collection_pages
from catalogue.community.views import reports as report_pages
from catalogue.contributions.forms.steps import Step
from catalogue.contributions.views import drafts as draft_pages
from catalogue.contributions.views import files as file_pages
from catalogue.contributions.views import pasting as paste_pages
from catalogue.contributions.views import review as review_pages
from catalogue.contributions.views import tables as table_pages
from catalogue.harvest import views as harvest_views
from catalogue.pages.views import cards as public_pages
from catalogue.pages.views import documents, exports, oai
from catalogue.pages.views import versions as version_pages
from catalogue.resources import views as card_views
from catalogue.standards.writers.rdf import FORMATS
from portal.discussions.views import urls as discussion_urls

app_name = "catalogue"

READ = [
    path("ressources/", public_pages.card_list, name="list"),
    path("ressources/suggestions", public_pages.suggested, name="suggest"),
    path("ressources/filtres/<slug:facet>/", public_pages.values, name="values"),
    path("apercus/<uuid:file>/", file_pages.preview, name="file_preview"),
    path("flux/ressources.atom", documents.resource_feed, name="feed"),
]
OF_CONTRIBUTION = [
    path("", draft_pages.follow, name="contribution"),
    path("retirer/", draft_pages.withdraw, name="contribution_withdraw"),
    path("reprendre/", draft_pages.catch_up, name="contribution_catch_up"),
    path("apercu/", public_pages.preview_page, name="contribution_preview"),
    path("avis/", review_pages.answer, name="proposal_answer"),
    path("type/", paste_pages.change_kind, name="contribution_kind"),
    path("lecture/", paste_pages.read, name="contribution_reading"),
    # Apart from the other steps, whose requests are smaller.
    path("fichiers/", draft_pages.write, {"step": Step.ESSENTIAL}, name="contribution_files"),
    path("<slug:step>/", draft_pages.write, name="contribution_step"),
]
CONTRIBUTE: list[URLPattern | URLResolver] = [
    path("", draft_pages.start, name="contribute"),
    path("coller/", paste_pages.paste, name="contribution_paste"),
    path("mes-contributions/", draft_pages.mine, name="contributions"),
    path("importer/", table_pages.bring, name="import"),
    path("importer/colonnes/<slug:kind>/", table_pages.columns, name="import_columns"),
    path("importer/modele-<slug:kind>.csv", table_pages.template, name="import_template"),
    path("organisations/<slug:slug>/fiches.zip", table_pages.archive, name="holdings"),
    path("lots/<uuid:batch>/", table_pages.lot, name="import_batch"),
    path("lots/<uuid:batch>/defauts.csv", table_pages.faults, name="import_faults"),
    path("<uuid:contribution>/", include(OF_CONTRIBUTION)),
]
OF_CARD: list[URLPattern | URLResolver] = [
    path("", public_pages.card_page, name="resource"),
    path("modifier/", draft_pages.propose, name="propose"),
    path("suite/", draft_pages.become, name="become"),
    path("archiver/", card_views.Archive.as_view(), name="archive"),
    path("transmettre/", card_views.transfer, name="transfer"),
    path("supprimer/", card_views.remove, name="remove"),
    path("reutilisations/", around_pages.reuses_listed, name="reuses"),
    path("reutilisations/declarer/", around_pages.declare_reuse, name="reuse_declare"),
    path("retirer/<uuid:brought>/", around_pages.withdraw_brought, name="brought_withdraw"),
    path("discussions/", include(discussion_urls("card", flagged=False))),
    path("versions/", version_pages.listed, name="versions"),
    path("versions/comparer/", version_pages.compared, name="versions_compare"),
    path("versions/<int:number>/", version_pages.shown, name="version"),
    path("fichiers/<slug:field>/<int:number>/<slug:column>/", card_views.leave, name="file_out"),
    path("dossier/", collection_pages.add, name="collection_add"),
]
SEARCHES = [
    path("recherches/enregistrer/", alert_pages.save, name="search_save"),
    path("recherches/confirmer/<str:token>/", alert_pages.confirm, name="search_confirm"),
    path("recherches/arreter/<str:token>/", alert_pages.stop, name="search_stop"),
    path("recherches/gerer/<str:token>/", alert_pages.managed, name="search_manage"),
    path("flux/recherches/<str:token>.atom", documents.private_feed, name="search_feed"),
    path("espace/suivis/", alert_pages.followed, name="followed"),
    path("suivre/", alert_pages.follow, name="follow"),
    path("espace/suivis/recherches/<uuid:search>/", alert_pages.own, name="search"),
]
COLLECTIONS = [
    path("dossiers/", collection_pages.listed, name="collections"),
    path("dossiers/creer/", collection_pages.make, name="collection_make"),
    path("dossiers/<slug:slug>/", collection_pages.shown, name="collection"),
    path("dossiers/<slug:slug>/modifier/", collection_pages.edit, name="collection_edit"),
]
REPORTS = [
    path("signaler/", report_pages.file_report, name="report"),
    path("signalements/suivi/<str:token>/", report_pages.track_report, name="report_track"),
    path("signalements/decisions/<uuid:decision>/", report_pages.statement, name="statement"),
    path("transparence/", report_pages.transparency, name="transparency"),
]
MODERATE = [
    path("", review_pages.queue, {"answered": False}, name="moderation"),
    path("reponses/", review_pages.queue, {"answered": True}, name="moderation_answers"),
    path("autour/", around_pages.community_queue, name="moderation_community"),
    path("signalements/", report_pages.report_queue, name="moderation_reports"),
    path("signalements/<uuid:report>/", report_pages.report_item, name="moderation_report"),
    path("transferts/", review_pages.transfers, name="moderation_transfers"),
    path("liens-morts/", harvest_views.dead_links, name="dead_links"),
    path("lot/", review_pages.bulk, name="moderation_bulk"),
    path("decisions/", review_pages.decisions, name="moderation_decisions"),
    path("<uuid:contribution>/", review_pages.item, name="moderation_item"),
    path("<uuid:contribution>/reserver/", review_pages.claim, name="moderation_claim"),
]
HARVEST = [
    path("moissonnage/", harvest_views.listed, name="harvest_sources"),
    path("moissonnage/proposer/", harvest_views.propose, name="harvest_propose"),
    path("moissonnage/<uuid:source>/", harvest_views.shown, name="harvest_source"),
    path("moissonnage/<uuid:source>/<uuid:run>/", harvest_views.ran, name="harvest_run"),
    path("moissonnage/<uuid:source>/<uuid:run>.csv", harvest_views.ran_csv, name="harvest_run_csv"),
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
    path("fichiers/<uuid:file>/<str:name>", file_pages.download, name="file"),
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
    path("opensearch.xml", documents.opensearch, name="opensearch"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *READ,
    path("ressources/<slug:slug>/", include(OF_CARD)),
    path("contribuer/", include(CONTRIBUTE)),
    *SEARCHES,
    *COLLECTIONS,
    *REPORTS,
    path("moderation/", include(MODERATE)),
    *HARVEST,
]
