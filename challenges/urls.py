"""Routes of challenges."""

from django.urls import URLPattern, URLResolver, include, path

from challenges.disqualifications import views as disqualification_views
from challenges.entries import views as entry_views
from challenges.evaluation import views as evaluation_views
from challenges.exchange import views as exchange
from challenges.organising.views import drafts as draft_pages
from challenges.organising.views import organisers
from challenges.organising.views import phases as phase_pages
from challenges.organising.views import scorings as scoring_pages
from challenges.pages.views import challenge as challenge_pages
from challenges.pages.views import cockpit, previews
from challenges.pages.views import entries as entry_pages
from challenges.pages.views import journal as journal_pages
from challenges.programs.views import programs as program_views
from challenges.programs.views import trials
from challenges.rescoring import views as rescoring_views
from challenges.results.views import certificates as certificate_views
from challenges.results.views import fairness as fairness_views
from challenges.results.views import reports as report_views
from challenges.results.views import standings
from challenges.teams.views import pages as team_views
from challenges.verification import views as receipt_views
from portal.discussions.views import urls as discussion_urls

app_name = "challenges"

entry_patterns = [
    path("", entry_pages.entry, name="entry"),
    path("etat/", entry_pages.state, name="entry_state"),
    path("recepisse.json", entry_views.receipt, name="entry_receipt"),
    path(
        "recepisse-score-<int:serial>.json",
        entry_views.score_receipt,
        name="entry_score_receipt",
    ),
    path("fichier/", entry_views.file, name="entry_file"),
    path("choisir/", entry_views.choose, name="entry_choose"),
    path("retirer/", entry_views.withdraw, name="entry_withdraw"),
    path("fiche/", entry_views.describe, name="entry_describe"),
    path("compte-rendu/<int:task>/", program_views.report, name="entry_report"),
]

team_patterns = [
    path("", team_views.team, name="team"),
    path("nom/", team_views.rename, name="team_name"),
    path("lien/", team_views.link, name="team_link"),
    path("rejoindre/<slug:code>/", team_views.join, name="team_code"),
    path("montrer/", team_views.disclose, name="team_show"),
    path("inviter/", team_views.invite, name="team_invite"),
    path("invitation/<uuid:invitation>/retirer/", team_views.revoke, name="team_revoke"),
    path("invitation/<uuid:invitation>/<str:token>/", team_views.join, name="team_join"),
    path("membre/<int:member>/retirer/", team_views.remove_member, name="team_remove"),
    path("membre/<int:member>/capitaine/", team_views.hand_over, name="team_captain"),
    path("quitter/", team_views.leave, name="team_leave"),
    path(
        "disqualification/<uuid:found>/",
        disqualification_views.reply,
        name="disqualification_reply",
    ),
]

challenge_patterns: list[URLPattern | URLResolver] = [
    path("", challenge_pages.presentation, name="presentation"),
    path("desinscription/", team_views.leave_challenge, name="unregister"),
    path("donnees/", challenge_pages.data, name="data"),
    path("donnees.zip", previews.all_files, name="all_files"),
    path("donnees/<str:name>", challenge_pages.public_file, name="file"),
    path("kit.zip", challenge_pages.kit, name="kit"),
    path("dates.ics", challenge_pages.calendar, name="calendar"),
    path("evaluation/", challenge_pages.evaluation, name="evaluation"),
    path("classement/", standings.standings, name="standings"),
    path("classement/integrer/", standings.instructions, name="embed"),
    path("classement/cadre/", standings.frame, name="embed_frame"),
    path("classement.atom", standings.feed, name="standings_feed"),
    path("banc-essai/", standings.bench, name="bench"),
    path("classement.csv", standings.standings_csv, name="standings_csv"),
    path("classement.json", standings.standings_json, name="standings_json"),
    path("bilan/", report_views.report, name="report"),
    path("bilan.json", report_views.report_json, name="report_json"),
    path("equite/", fairness_views.audits, name="audits"),
    path("equite/<uuid:entry>/", fairness_views.audit, name="audit"),
    path("equite/<uuid:entry>.json", fairness_views.audit_json, name="audit_json"),
    path("certificats/<uuid:team>/", certificate_views.page, name="certificates"),
    path("certificats/<uuid:team>/<int:index>.pdf", certificate_views.pdf, name="certificate_pdf"),
    path(
        "certificats/<uuid:team>/<int:index>.json",
        certificate_views.signed,
        name="certificate_json",
    ),
    path("fiche/<uuid:team>/", certificate_views.propose, name="card"),
    path("soumissions/", entry_pages.entries, name="entries"),
    path("soumissions.csv", entry_pages.entries_csv, name="entries_csv"),
    path("soumissions/<uuid:entry>/", include(entry_patterns)),
    path("essais/", trials.trials, name="trials"),
    path("essais/<uuid:trial>/", trials.trial, name="trial"),
    path("essais/<uuid:trial>/etat/", trials.state, name="trial_state"),
    path("essais/<uuid:trial>/journal.txt", trials.log, name="trial_log"),
    path("echantillon.zip", trials.sample, name="sample"),
    path("reglement/", team_views.rules_page, name="rules"),
    path("entraide/", include(discussion_urls("challenge", flagged=True))),
    path("equipe/", include(team_patterns)),
    path(
        "invitation/<uuid:guest>/<str:token>/", team_views.guest_invitation, name="guest_invitation"
    ),
]

organiser_patterns = [
    path("", cockpit.cockpit, name="organiser"),
    path("dupliquer/", draft_pages.clone, name="clone"),
    path("supprimer/", draft_pages.delete, name="delete"),
    path("etat/", cockpit.draft_state, name="draft_state"),
    path("visa/demander/", cockpit.submit, name="organiser_submit"),
    path("equipe/", organisers.team, name="organisers"),
    path("equipe/<int:organiser>/role/", organisers.change_role, name="organiser_role"),
    path("equipe/<int:organiser>/retirer/", organisers.remove, name="organiser_remove"),
    path(
        "equipe/invitation/<uuid:invitation>/retirer/",
        organisers.revoke,
        name="organiser_revoke",
    ),
    path("disqualifications/", disqualification_views.proposals, name="disqualification_proposals"),
    path(
        "disqualifications/<uuid:found>/",
        disqualification_views.proposal,
        name="disqualification_proposal",
    ),
    path("soumissions/", entry_pages.entries_of_challenge, name="organiser_entries"),
    path("executions/", program_views.code_runs, name="code_runs"),
    path("journal/", journal_pages.journal, name="journal"),
    path("journal.json", journal_pages.journal_json, name="journal_json"),
    path("annonces/", organisers.announcements, name="announcements"),
    path("visa/retirer/", draft_pages.recall, name="organiser_recall"),
    path("textes/", draft_pages.write_texts, name="write_texts"),
    path("pages/", draft_pages.write_pages, name="write_pages"),
    path("pages/<int:index>/", draft_pages.write_page, name="write_page"),
    path("pages/<int:index>/retirer/", draft_pages.remove_page, name="remove_page"),
    path("dates/", draft_pages.write_dates, name="write_dates"),
    path("code/", program_views.write_code, name="write_code"),
    path("fiche/", draft_pages.write_questions, name="write_questions"),
    path("fichiers/", draft_pages.write_files, name="write_files"),
    path("notation/", scoring_pages.write_scoring, name="write_scoring"),
    path("equite/", draft_pages.write_fairness, name="write_fairness"),
    path("controler/", draft_pages.build, name="build"),
    path("phases/", draft_pages.write_phases, name="write_phases"),
    path("phases/<int:index>/", draft_pages.write_phase, name="write_phase"),
    path("phases/<int:index>/retirer/", draft_pages.remove_phase, name="remove_phase"),
    path("classements/", phase_pages.write_boards, name="write_boards"),
    path("classements-noms/", phase_pages.mask_teams, name="mask_teams"),
    path("classements/<int:board>/", phase_pages.write_board, name="write_board"),
    path("classements/<int:board>/retirer/", phase_pages.remove_board, name="remove_board"),
    path(
        "phases/<int:index>/notation/",
        phase_pages.write_phase_scoring,
        name="write_phase_scoring",
    ),
    path("phases/<int:index>/notation/fichiers/", phase_pages.give_answers, name="give_answers"),
    path("phases/<int:index>/notation/mesures/", phase_pages.measure_phase, name="measure_phase"),
    path(
        "phases/<int:index>/notation/premiere/",
        phase_pages.forget_scoring,
        name="forget_scoring",
    ),
    path("phases/<int:index>/taches/", phase_pages.add_task, name="add_task"),
    path(
        "phases/<int:index>/taches/<int:number>/retirer/",
        phase_pages.remove_task,
        name="remove_task",
    ),
    path("visa/donner/", cockpit.publish, name="organiser_publish"),
    path("visa/corrections/", cockpit.send_back, name="organiser_send_back"),
    path("inscriptions/", team_views.registrations, name="registrations"),
    path(
        "inscriptions/<int:registration>/",
        team_views.answer_registration,
        name="registration_answer",
    ),
    path("invitations/", team_views.guests_page, name="guests"),
    path("invitations/<uuid:guest>/retirer/", team_views.withdraw_guest, name="guest_withdraw"),
    path("programme/", program_views.program_reports, name="program_reports"),
    path("exporter/", exchange.export, name="organiser_export"),
    path("file/", report_views.pipeline, name="pipeline"),
    path("file/<int:index>/pause/", report_views.pause, name="pipeline_pause"),
    path("file/<int:index>/reprise/", report_views.resume, name="pipeline_resume"),
    path("file/<int:index>/relance/", report_views.retry, name="pipeline_retry"),
    path("reevaluation/", rescoring_views.page, name="rescorings"),
    path("reevaluation/<int:index>/proposer/", rescoring_views.propose, name="rescoring_propose"),
    path("reevaluation/<uuid:change>/essayer/", rescoring_views.start, name="rescoring_start"),
    path(
        "reevaluation/<uuid:change>/retirer/", rescoring_views.withdraw, name="rescoring_withdraw"
    ),
    path("reevaluation/<uuid:change>/decider/", rescoring_views.decide, name="rescoring_decide"),
    path("suspendre/", cockpit.suspend, name="organiser_suspend"),
    path("reprendre/", cockpit.resume, name="organiser_resume"),
    path("archiver/", cockpit.archive, name="organiser_archive"),
    path("phases/<int:index>/clore/", cockpit.close, name="organiser_close"),
    path("phases/<int:index>/reprises/terminer/", cockpit.end_takeover, name="takeover_end"),
    path("phases/<int:index>/resultats/proposer/", cockpit.propose_reveal, name="reveal_propose"),
    path("phases/<int:index>/resultats/confirmer/", cockpit.confirm_reveal, name="reveal_confirm"),
]

import_patterns = [
    path("", exchange.import_report, name="import"),
    path("etat/", exchange.import_state, name="import_state"),
    path("abandonner/", exchange.abandon_import, name="import_abandon"),
]

urlpatterns = [
    path("recepisses/", receipt_views.verify, name="receipts"),
    path("recepisses/cles/<slug:key_id>.pem", receipt_views.key_pem, name="receipt_key"),
    path("flux/challenges.atom", challenge_pages.announcement_feed, name="feed"),
    path("challenges/", challenge_pages.challenge_list, name="list"),
    path("challenges/<slug:slug>/", include(challenge_patterns)),
    path("moderation/soumissions/", evaluation_views.examinations, name="examinations"),
    path("moderation/soumissions/<uuid:entry>/", evaluation_views.examination, name="examination"),
    path("moderation/disqualifications/", disqualification_views.queue, name="disqualifications"),
    path(
        "moderation/disqualifications/<uuid:found>/",
        disqualification_views.item,
        name="disqualification",
    ),
    path("espace/challenges/", cockpit.mine, name="organiser_list"),
    path(
        "espace/challenges/invitation/<uuid:invitation>/",
        organisers.answer_invitation,
        name="organiser_answer",
    ),
    path("espace/challenges/nouveau/", draft_pages.create, name="create"),
    path("espace/challenges/importer/", exchange.imports, name="imports"),
    path("espace/challenges/importer/<uuid:made>/", include(import_patterns)),
    path("espace/challenges/<slug:slug>/", include(organiser_patterns)),
]
