"""Routes of datasets."""

from django.urls import URLPattern, URLResolver, path

from datasets.access.views import grants, register, requests, review
from datasets.openings import views as openings
from datasets.releases import views

app_name = "datasets"
urlpatterns: list[URLPattern | URLResolver] = [
    path("donnees/", views.index, name="list"),
    path("donnees/registre/", register.page, name="register"),
    path("donnees/registre.csv", register.table, name="register_table"),
    path("donnees/registre.atom", register.feed, name="register_feed"),
    path("donnees/demandes/", requests.mine, name="requests"),
    path("donnees/demandes/region/", review.queue, name="request_queue"),
    path("donnees/demandes/<uuid:asked>/", review.show, name="access_request"),
    path("donnees/demandes/<uuid:asked>/retirer/", requests.discard, name="discard_request"),
    path("donnees/demandes/<uuid:asked>/reexamen/", requests.ask_review, name="review_request"),
    path("donnees/demandes/<uuid:asked>/recevable/", review.admit, name="admit_request"),
    path(
        "donnees/demandes/<uuid:asked>/corrections/", review.request_changes, name="request_changes"
    ),
    path("donnees/demandes/<uuid:asked>/avis/<uuid:opinion>/", review.give_opinion, name="opinion"),
    path("donnees/demandes/<uuid:asked>/accorder/", review.approve, name="approve_request"),
    path("donnees/demandes/<uuid:asked>/refuser/", review.refuse, name="refuse_request"),
    path("donnees/demandes/<uuid:asked>/<str:step>/", requests.write, name="request_step"),
    path("donnees/habilitations/", grants.lent, name="lent"),
    path("donnees/habilitations/<uuid:grant>/", grants.show, name="grant"),
    path("donnees/habilitations/<uuid:grant>/convention.pdf", grants.agreement, name="agreement"),
    path("donnees/habilitations/<uuid:grant>/signer/", grants.sign, name="sign"),
    path("donnees/habilitations/<uuid:grant>/suspendre/", grants.suspend, name="suspend"),
    path("donnees/habilitations/<uuid:grant>/reprendre/", grants.resume, name="resume"),
    path("donnees/habilitations/<uuid:grant>/revoquer/", grants.revoke, name="revoke"),
    path("donnees/habilitations/<uuid:grant>/destruction/", grants.attest, name="attest"),
    path(
        "donnees/habilitations/<uuid:grant>/personnes/<uuid:named>/retirer/",
        grants.remove_person,
        name="remove_person",
    ),
    path(
        "donnees/habilitations/<uuid:grant>/rendus/<uuid:promised>/", grants.deliver, name="deliver"
    ),
    path("donnees/ouvertures/", openings.mine, name="openings"),
    path("donnees/ouvertures/region/", openings.queue, name="opening_queue"),
    path("donnees/ouvertures/proposer/", openings.propose, name="propose_opening"),
    path("donnees/ouvertures/<uuid:opening>/", openings.show, name="opening"),
    path("donnees/ouvertures/<uuid:opening>/fichier/", openings.deposit, name="opening_file"),
    path(
        "donnees/ouvertures/<uuid:opening>/rapport-<int:attempt>.json",
        openings.report,
        name="opening_report",
    ),
    path(
        "donnees/ouvertures/<uuid:opening>/rapport-<int:attempt>.pdf",
        openings.report_paper,
        name="opening_report_paper",
    ),
    path("donnees/ouvertures/<uuid:opening>/admettre/", openings.admit, name="admit_opening"),
    path(
        "donnees/ouvertures/<uuid:opening>/corrections/",
        openings.request_changes,
        name="opening_changes",
    ),
    path("donnees/ouvertures/<uuid:opening>/approuver/", openings.approve, name="approve_opening"),
    path("donnees/ouvertures/<uuid:opening>/refuser/", openings.refuse, name="refuse_opening"),
    path("donnees/ouvertures/<uuid:opening>/decliner/", openings.decline, name="decline_opening"),
    path("donnees/ouvertures/<uuid:opening>/publier/", openings.publish, name="publish_opening"),
    path("donnees/ouvertures/<uuid:opening>/retirer/", openings.withdraw, name="withdraw_opening"),
    path(
        "donnees/ouvertures/<uuid:opening>/urgence/",
        openings.ask_withdrawal,
        name="ask_withdrawal",
    ),
    path(
        "donnees/ouvertures/<uuid:opening>/urgence/<uuid:withdrawal>/",
        openings.answer_withdrawal,
        name="answer_withdrawal",
    ),
    path("donnees/<slug:slug>/demander/", requests.begin, name="request_access"),
    path("donnees/<slug:slug>/", views.show, name="dataset"),
    path("donnees/<slug:slug>/schema.json", views.schema, name="schema"),
    path("donnees/<slug:slug>/dictionnaire.csv", views.columns, name="dictionary"),
    path("donnees/<slug:slug>/versions/", views.release_list, name="releases"),
    path(
        "donnees/<slug:slug>/versions/<int:number>/rapport/",
        openings.published_report,
        name="release_report",
    ),
    path("donnees/<slug:slug>/versions/nouvelle/", views.publish, name="publish"),
    path("donnees/<slug:slug>/fichiers/<uuid:file>/", views.download, name="file"),
]
