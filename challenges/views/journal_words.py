"""Say each act of the journal of a challenge, and the facts that its readers can use."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.audit.reading import Told

ACTS: Mapping[str, str | Promise] = {
    "baseline.drifted": _("Référence qui ne donne plus le score attendu"),
    "baseline.entered": _("Référence déposée"),
    "certificate.issued": _("Attestations établies"),
    "certificate.restored": _("Attestation rétablie"),
    "certificate.revoked": _("Attestation retirée"),
    "challenge.build_asked": _("Vérification du brouillon demandée"),
    "challenge.build_refused": _("Brouillon vérifié : des points à corriger"),
    "challenge.built": _("Brouillon vérifié"),
    "challenge.closed": _("Challenge clos"),
    "challenge.code_amended": _("Environnement du code changé"),
    "challenge.code_settled": _("Entrées et échantillon du code enregistrés"),
    "challenge.described": _("Présentation modifiée"),
    "challenge.exported": _("Challenge exporté"),
    "challenge.fairness_declared": _("Attributs d’équité déclarés"),
    "challenge.file_added": _("Fichier ajouté"),
    "challenge.file_removed": _("Fichier retiré"),
    "challenge.imported": _("Challenge importé"),
    "challenge.masked": _("Noms d’équipe masqués pendant la phase"),
    "challenge.archived": _("Challenge archivé"),
    "challenge.measured": _("Mesures changées"),
    "challenge.page_removed": _("Page retirée"),
    "challenge.page_written": _("Page écrite"),
    "challenge.participation": _("Conditions de participation changées"),
    "challenge.published": _("Challenge publié"),
    "challenge.questions_asked": _("Questions posées aux équipes changées"),
    "challenge.recalled": _("Demande de visa reprise"),
    "challenge.reimported": _("Contenu du challenge remplacé"),
    "challenge.resumed": _("Dépôts repris"),
    "challenge.sent_back": _("Challenge renvoyé à l’équipe"),
    "challenge.settings_applied": _("Réglages appliqués"),
    "challenge.started": _("Brouillon créé"),
    "challenge.submitted": _("Visa de la Région demandé"),
    "challenge.suspended": _("Dépôts suspendus"),
    "challenge.terms_written": _("Règlement enregistré"),
    "challenge.unmasked": _("Noms d’équipe montrés"),
    "disqualification.dismissed": _("Demande de disqualification rejetée"),
    "disqualification.lifted": _("Disqualification levée"),
    "disqualification.pronounced": _("Disqualification prononcée"),
    "disqualification.proposed": _("Disqualification demandée"),
    "disqualification.withdrawn": _("Demande de disqualification retirée"),
    "forum.arranged": _("Fil d’entraide épinglé ou fermé"),
    "forum.blocked": _("Personne empêchée d’écrire dans l’entraide"),
    "forum.hidden": _("Message de l’entraide masqué"),
    "forum.report_dismissed": _("Signalement d’un message classé"),
    "forum.restored": _("Message de l’entraide rétabli"),
    "forum.unblocked": _("Personne autorisée de nouveau à écrire"),
    "guests.forgotten": _("Adresses d’invitations expirées supprimées"),
    "guests.invited": _("Personnes invitées à participer"),
    "guests.withdrawn": _("Invitation à participer retirée"),
    "holdout.compiled": _("Réponses réservées préparées pour la notation"),
    "holdout.opened": _("Réponses réservées ouvertes par la notation"),
    "holdout.registered": _("Réponses réservées enregistrées"),
    "notice.written": _("Annonce publiée"),
    "organiser.declined": _("Invitation à organiser refusée"),
    "organiser.invitation_revoked": _("Invitation à organiser annulée"),
    "organiser.invited": _("Personne invitée à organiser"),
    "organiser.joined": _("Personne ajoutée à l’équipe organisatrice"),
    "organiser.removed": _("Personne retirée de l’équipe organisatrice"),
    "organiser.role_changed": _("Rôle changé dans l’équipe organisatrice"),
    "phase.added": _("Phase ajoutée"),
    "phase.answers_given": _("Réponses d’une phase déposées"),
    "phase.board_added": _("Classement ajouté"),
    "phase.board_arranged": _("Classement modifié"),
    "phase.board_removed": _("Classement retiré"),
    "phase.closed": _("Phase close"),
    "phase.dated": _("Dates d’une phase changées"),
    "phase.files_deleted": _("Fichiers des équipes supprimés au terme de leur conservation"),
    "phase.grace_ended": _("Envois commencés avant la clôture arrêtés"),
    "phase.measured": _("Mesures d’une phase changées"),
    "phase.paused": _("Notation mise en pause"),
    "phase.quotas_raised": _("Nombre d’essais augmenté"),
    "phase.removed": _("Phase retirée"),
    "phase.resumed": _("Notation reprise"),
    "phase.retried": _("Notations en panne relancées"),
    "phase.revealed": _("Résultats définitifs publiés"),
    "phase.scored_as_first": _("Phase notée comme la première"),
    "phase.settled": _("Phase réglée"),
    "phase.taken_over": _("Choix finals repris d’une phase précédente"),
    "phase.takeover_ended": _("Reprise des choix finals terminée sans des équipes"),
    "phase.task_added": _("Tâche ajoutée à une phase"),
    "phase.task_removed": _("Tâche retirée d’une phase"),
    "registration.accepted": _("Inscription acceptée"),
    "registration.refused": _("Inscription refusée"),
    "registration.resumed": _("Inscription reprise"),
    "registration.withdrawn": _("Désinscription"),
    "rescoring.accepted": _("Réévaluation confirmée par la Région"),
    "rescoring.in_force": _("Réévaluation entrée en vigueur"),
    "rescoring.proposed": _("Réévaluation proposée"),
    "rescoring.refused": _("Réévaluation refusée"),
    "rescoring.relaunched": _("Réévaluation relancée"),
    "rescoring.started": _("Réévaluation commencée"),
    "rescoring.withdrawn": _("Réévaluation retirée"),
    "reveal.confirmed": _("Publication des résultats confirmée"),
    "reveal.proposed": _("Publication des résultats proposée"),
    "reveal.set_back": _("Publication des résultats remise en attente"),
}
# Facts told beside an act; the others are in the exports. Names and reasons are people's words.
FACTS: Mapping[str, str | Promise] = {
    "reason": _("Motif"),
    "name": _("Nom"),
    "organisation": _("Organisation"),
    "phase": _("Phase"),
    "opens_at": _("Ouverture"),
    "closes_at": _("Clôture"),
    "entries": _("Soumissions"),
    "scores": _("Scores"),
    "number": _("Version"),
    "faults": _("Points à corriger"),
    "max_per_day": _("Essais par jour"),
    "max_total": _("Essais en tout"),
    "serial": _("Numéro de série"),
}
SYSTEMS: Mapping[str, str | Promise] = {
    "worker": _("le service de notation"),
    "scheduler": _("le portail, à l’heure prévue"),
    "retention": _("le portail, au terme de la conservation"),
    "command": _("l’administration du portail"),
}
MOMENTS = frozenset({"opens_at", "closes_at"})
MOST = 300


def act(told: Told) -> str:
    """Say what was done; an act of a later version of the portal keeps its code."""
    return str(ACTS.get(told.action, told.action))


def facts(told: Told) -> list[tuple[str, str | datetime]]:
    """List the facts of an act that its readers can use: label, and value or moment."""
    return [
        (str(label), _written(key, told.facts[key]))
        for key, label in FACTS.items()
        if told.facts.get(key) not in (None, "", [], {}) and not _is_machine(told, key)
    ]


def _is_machine(told: Told, key: str) -> bool:
    """Say whether a fact is a word of the worker's, not a person's, or says nothing."""
    if key == "faults":
        return told.facts[key] == 0
    return key == "reason" and told.action.startswith("holdout.")


def _written(key: str, value: object) -> str | datetime:
    if key in MOMENTS:
        return datetime.fromisoformat(str(value))
    return str(value)[:MOST]
