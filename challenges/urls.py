"""Routes of challenges."""

from django.urls import URLPattern, URLResolver, include, path

from challenges import feeds
from challenges.views import (
    authoring,
    building,
    cards,
    certificates,
    details,
    disclosures,
    embeds,
    entries,
    examinations,
    exports,
    fairness,
    imports,
    journal,
    kit,
    organiser,
    organisers,
    program_reports,
    programs,
    questions,
    reading,
    receipts,
    registrations,
    reports,
    signals,
    standings,
    teams,
)

app_name = "challenges"

entry_patterns = [
    path("", entries.entry, name="entry"),
    path("etat/", entries.state, name="entry_state"),
    path("recepisse.json", entries.receipt, name="entry_receipt"),
    path("recepisse-score.json", receipts.score_receipt, name="entry_score_receipt"),
    path(
        "recepisse-score-<int:serial>.json", receipts.score_receipt, name="entry_score_receipt_nth"
    ),
    path("fichier/", entries.file, name="entry_file"),
    path("erreurs.csv", entries.faults_csv, name="entry_faults"),
    path("choisir/", entries.choose, name="entry_choose"),
    path("retirer/", entries.withdraw, name="entry_withdraw"),
    path("detail/", details.detail, name="entry_detail"),
    path("compte-rendu/<int:task>/", programs.report, name="entry_report"),
]

team_patterns = [
    path("", teams.team, name="team"),
    path("montrer/", disclosures.show, name="team_show"),
    path("inviter/", teams.invite, name="team_invite"),
    path("invitation/<uuid:invitation>/retirer/", teams.revoke, name="team_revoke"),
    path("invitation/<uuid:invitation>/<str:token>/", teams.join, name="team_join"),
    path("membre/<int:member>/retirer/", teams.remove, name="team_remove"),
    path("quitter/", teams.leave, name="team_leave"),
    path("questions/<uuid:question>/", questions.question, name="question"),
]

challenge_patterns: list[URLPattern | URLResolver] = [
    path("", reading.presentation, name="presentation"),
    path("donnees/", reading.data, name="data"),
    path("donnees/<str:name>", reading.file, name="file"),
    path("kit.zip", kit.kit, name="kit"),
    path("evaluation/", reading.evaluation, name="evaluation"),
    path("classement/", standings.standings, name="standings"),
    path("classement/integrer/", embeds.instructions, name="embed"),
    path("classement/cadre/", embeds.frame, name="embed_frame"),
    path("classement.atom", embeds.feed, name="standings_feed"),
    path("classement.csv", standings.standings_csv, name="standings_csv"),
    path("classement.json", standings.standings_json, name="standings_json"),
    path("bilan/", reports.report, name="report"),
    path("bilan.json", reports.report_json, name="report_json"),
    path("equite/", fairness.audits, name="audits"),
    path("equite/<uuid:entry>/", fairness.audit, name="audit"),
    path("equite/<uuid:entry>.csv", fairness.audit_csv, name="audit_csv"),
    path("equite/<uuid:entry>.json", fairness.audit_json, name="audit_json"),
    path("certificats/<uuid:team>/", certificates.page, name="certificates"),
    path("certificats/<uuid:team>/<int:index>.pdf", certificates.pdf, name="certificate_pdf"),
    path("certificats/<uuid:team>/<int:index>.json", certificates.signed, name="certificate_json"),
    path("fiche/<uuid:team>/", cards.propose, name="card"),
    path("soumissions/", entries.entries, name="entries"),
    path("soumissions.csv", entries.entries_csv, name="entries_csv"),
    path("soumissions/<uuid:entry>/", include(entry_patterns)),
    path("reglement/", teams.rules, name="rules"),
    path("entraide/", reading.help_page, name="help"),
    path("equipe/", include(team_patterns)),
]

organiser_patterns = [
    path("", organiser.cockpit, name="organiser"),
    path("visa/demander/", organiser.submit, name="organiser_submit"),
    path("equipe/", organisers.team, name="organisers"),
    path("equipe/<int:organiser>/role/", organisers.change_role, name="organiser_role"),
    path("equipe/<int:organiser>/retirer/", organisers.remove, name="organiser_remove"),
    path(
        "equipe/invitation/<uuid:invitation>/retirer/",
        organisers.revoke,
        name="organiser_revoke",
    ),
    path("journal/", journal.journal, name="journal"),
    path("journal.csv", journal.journal_csv, name="journal_csv"),
    path("journal.json", journal.journal_json, name="journal_json"),
    path("annonces/", organisers.announcements, name="announcements"),
    path("visa/retirer/", building.recall, name="organiser_recall"),
    path("textes/", authoring.write_texts, name="write_texts"),
    path("pages/", authoring.write_pages, name="write_pages"),
    path("pages/<int:index>/", authoring.write_page, name="write_page"),
    path("pages/<int:index>/retirer/", authoring.remove_page, name="remove_page"),
    path("reglement/", authoring.write_terms, name="write_terms"),
    path("participation/", authoring.write_participation, name="write_participation"),
    path("fichiers/", building.write_files, name="write_files"),
    path("fichiers/retirer/", building.remove_file, name="remove_file"),
    path("notation/", building.write_scoring, name="write_scoring"),
    path("controler/", building.build, name="build"),
    path("phases/", building.write_phases, name="write_phases"),
    path("phases/<int:index>/", building.write_phase, name="write_phase"),
    path("phases/<int:index>/retirer/", building.remove_phase, name="remove_phase"),
    path("visa/donner/", organiser.publish, name="organiser_publish"),
    path("visa/corrections/", organiser.send_back, name="organiser_send_back"),
    path("inscriptions/", registrations.listing, name="registrations"),
    path("inscriptions/<int:registration>/", registrations.answer, name="registration_answer"),
    path("programme/", program_reports.listing, name="program_reports"),
    path("exporter/", exports.export, name="organiser_export"),
    path("suspendre/", organiser.suspend, name="organiser_suspend"),
    path("reprendre/", organiser.resume, name="organiser_resume"),
    path("phases/<int:index>/dates/", organiser.dates, name="organiser_dates"),
    path("phases/<int:index>/confidentialite/", organiser.privacy, name="organiser_privacy"),
    path("phases/<int:index>/clore/", organiser.close, name="organiser_close"),
    path("phases/<int:index>/resultats/proposer/", organiser.propose_reveal, name="reveal_propose"),
    path(
        "phases/<int:index>/resultats/confirmer/", organiser.confirm_reveal, name="reveal_confirm"
    ),
]

import_patterns = [
    path("", imports.report, name="import"),
    path("etat/", imports.state, name="import_state"),
    path("abandonner/", imports.abandon, name="import_abandon"),
]

urlpatterns = [
    path("recepisses/", receipts.verify, name="receipts"),
    path("recepisses/cles/<slug:key_id>.pem", receipts.key_pem, name="receipt_key"),
    path("flux/challenges.atom", feeds.announcements, name="feed"),
    path("challenges/", reading.challenge_list, name="list"),
    path("challenges/<slug:slug>/", include(challenge_patterns)),
    path("moderation/soumissions/", examinations.queue, name="examinations"),
    path("moderation/soumissions/<uuid:entry>/", examinations.item, name="examination"),
    path("moderation/signaux/", signals.queue, name="signals"),
    path("moderation/signaux/<uuid:signal>/", signals.item, name="signal"),
    path("espace/challenges/", organiser.mine, name="organiser_list"),
    path(
        "espace/challenges/invitation/<uuid:invitation>/",
        organisers.answer,
        name="organiser_answer",
    ),
    path("espace/challenges/nouveau/", authoring.create, name="create"),
    path("espace/challenges/importer/", imports.imports, name="imports"),
    path("espace/challenges/importer/<uuid:made>/", include(import_patterns)),
    path("espace/challenges/<slug:slug>/", include(organiser_patterns)),
]
