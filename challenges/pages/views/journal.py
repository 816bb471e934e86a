"""Show and export the journal of a challenge, each act said in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.organising import rules
from challenges.organising.views.layout import find_followed, organiser_context
from challenges.pages import queries as page_queries
from portal.accounts.views import person
from portal.audit.reading import Told

PER_PAGE = 50


@require_safe
def journal(request: HttpRequest, slug: str) -> HttpResponse:
    """List who did what, the last act first."""
    challenge = find_followed(request, slug)
    told = page_queries.journal_acts(challenge)
    page = Paginator(told, PER_PAGE).get_page(request.GET.get("page"))
    names = page_queries.journal_names(challenge, list(page))
    context = organiser_context(
        challenge,
        "journal",
        edits=rules.may_edit_challenge(person(request), challenge),
        page=page,
        rows=[(each, act(each), _named(each, names), facts(each)) for each in page],
    )
    return render(request, "challenges/pages/organise/journal.html", context)


@require_safe
def journal_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the journal as JSON, with what ties each act to the chain."""
    challenge = find_followed(request, slug)
    rows = list(page_queries.journal_acts(challenge))
    names = page_queries.journal_names(challenge, rows)
    found: dict[str, Any] = {
        "challenge": challenge.slug,
        "events": [
            {
                "seq": each.seq,
                "at": each.at.isoformat(),
                "action": each.action,
                "object": each.object_ref,
                "actor": each.actor,
                "name": names.get(each.actor, ""),
                "facts": each.facts,
                "body_sha256": each.body_sha256,
                "prev": each.prev,
                "hash": each.hash,
            }
            for each in rows
        ],
    }
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


def _named(told: Told, names: Any) -> str:
    """Name who acted: a person who runs it, the Region, the portal, or « une autre personne »."""
    if told.actor in names:
        return str(names[told.actor])
    system = told.actor.removeprefix("system:")
    if system == told.actor:
        return _("une autre personne") if told.actor else "–"
    return str(SYSTEMS.get(system, system))


ACTS: Mapping[str, str | Promise] = {
    "baseline.drifted": gettext_lazy("Référence qui ne donne plus le score attendu"),
    "baseline.entered": gettext_lazy("Référence déposée"),
    "certificate.issued": gettext_lazy("Certificats établis"),
    "challenge.build_asked": gettext_lazy("Vérification du brouillon demandée"),
    "challenge.build_refused": gettext_lazy("Brouillon vérifié : des points à corriger"),
    "challenge.built": gettext_lazy("Brouillon vérifié"),
    "challenge.closed": gettext_lazy("Challenge clos"),
    "challenge.code_amended": gettext_lazy("Environnement du code changé"),
    "challenge.code_settled": gettext_lazy("Entrées et échantillon du code enregistrés"),
    "challenge.described": gettext_lazy("Présentation modifiée"),
    "challenge.exported": gettext_lazy("Challenge exporté"),
    "challenge.fairness_declared": gettext_lazy("Attributs d’équité déclarés"),
    "challenge.file_added": gettext_lazy("Fichier ajouté"),
    "challenge.file_removed": gettext_lazy("Fichier retiré"),
    "challenge.grant_chosen": gettext_lazy("Habilitation des données choisie"),
    "challenge.imported": gettext_lazy("Challenge importé"),
    "challenge.masked": gettext_lazy("Noms d’équipe masqués pendant la phase"),
    "challenge.archived": gettext_lazy("Challenge archivé"),
    "challenge.measured": gettext_lazy("Mesures changées"),
    "challenge.page_removed": gettext_lazy("Page retirée"),
    "challenge.page_written": gettext_lazy("Page écrite"),
    "challenge.participation": gettext_lazy("Conditions de participation changées"),
    "challenge.published": gettext_lazy("Challenge publié"),
    "challenge.questions_asked": gettext_lazy("Questions posées aux équipes changées"),
    "challenge.cloned": gettext_lazy("Challenge dupliqué"),
    "challenge.recalled": gettext_lazy("Demande de visa reprise"),
    "challenge.reimported": gettext_lazy("Contenu du challenge remplacé"),
    "challenge.resumed": gettext_lazy("Challenge repris"),
    "challenge.sent_back": gettext_lazy("Challenge renvoyé à l’équipe"),
    "challenge.settings_applied": gettext_lazy("Réglages appliqués"),
    "challenge.started": gettext_lazy("Brouillon créé"),
    "challenge.submitted": gettext_lazy("Visa de la Région demandé"),
    "challenge.suspended": gettext_lazy("Challenge suspendu"),
    "challenge.terms_written": gettext_lazy("Règlement enregistré"),
    "challenge.unmasked": gettext_lazy("Noms d’équipe montrés"),
    "discussion.blocked": gettext_lazy("Personne empêchée d’écrire dans l’entraide"),
    "discussion.closed": gettext_lazy("Discussion close"),
    "discussion.flag_dismissed": gettext_lazy("Signalement d’un message classé"),
    "discussion.hidden": gettext_lazy("Message de l’entraide masqué"),
    "discussion.pinned": gettext_lazy("Discussion épinglée"),
    "discussion.reopened": gettext_lazy("Discussion rouverte"),
    "discussion.shown": gettext_lazy("Message de l’entraide rétabli"),
    "discussion.unblocked": gettext_lazy("Personne autorisée de nouveau à écrire"),
    "discussion.unpinned": gettext_lazy("Discussion désépinglée"),
    "disqualification.dismissed": gettext_lazy("Demande de disqualification rejetée"),
    "disqualification.lifted": gettext_lazy("Disqualification levée"),
    "disqualification.pronounced": gettext_lazy("Disqualification prononcée"),
    "disqualification.proposed": gettext_lazy("Disqualification demandée"),
    "disqualification.withdrawn": gettext_lazy("Demande de disqualification retirée"),
    "guests.forgotten": gettext_lazy("Adresses d’invitations expirées supprimées"),
    "guests.invited": gettext_lazy("Personnes invitées à participer"),
    "guests.withdrawn": gettext_lazy("Invitation à participer retirée"),
    "holdout.compiled": gettext_lazy("Réponses réservées préparées pour la notation"),
    "holdout.opened": gettext_lazy("Réponses réservées ouvertes par la notation"),
    "holdout.registered": gettext_lazy("Réponses réservées enregistrées"),
    "notice.written": gettext_lazy("Annonce publiée"),
    "organiser.declined": gettext_lazy("Invitation à organiser refusée"),
    "organiser.invitation_revoked": gettext_lazy("Invitation à organiser annulée"),
    "organiser.invited": gettext_lazy("Personne invitée à organiser"),
    "organiser.joined": gettext_lazy("Personne ajoutée à l’équipe organisatrice"),
    "organiser.removed": gettext_lazy("Personne retirée de l’équipe organisatrice"),
    "organiser.role_changed": gettext_lazy("Rôle changé dans l’équipe organisatrice"),
    "phase.added": gettext_lazy("Phase ajoutée"),
    "phase.answers_given": gettext_lazy("Réponses d’une phase déposées"),
    "phase.board_added": gettext_lazy("Classement ajouté"),
    "phase.board_arranged": gettext_lazy("Classement modifié"),
    "phase.board_removed": gettext_lazy("Classement retiré"),
    "phase.closed": gettext_lazy("Phase close"),
    "phase.dated": gettext_lazy("Dates d’une phase changées"),
    "phase.files_deleted": gettext_lazy(
        "Fichiers des équipes supprimés au terme de leur conservation"
    ),
    "phase.grace_ended": gettext_lazy("Envois commencés avant la clôture arrêtés"),
    "phase.measured": gettext_lazy("Mesures d’une phase changées"),
    "phase.paused": gettext_lazy("Notation mise en pause"),
    "phase.quotas_raised": gettext_lazy("Nombre d’essais augmenté"),
    "phase.removed": gettext_lazy("Phase retirée"),
    "phase.resumed": gettext_lazy("Notation reprise"),
    "phase.retried": gettext_lazy("Notations en panne relancées"),
    "phase.revealed": gettext_lazy("Résultats définitifs publiés"),
    "phase.scored_as_first": gettext_lazy("Phase notée comme la première"),
    "phase.settled": gettext_lazy("Phase réglée"),
    "phase.taken_over": gettext_lazy("Choix finals repris d’une phase précédente"),
    "phase.takeover_ended": gettext_lazy("Reprise des choix finals terminée sans des équipes"),
    "phase.task_added": gettext_lazy("Tâche ajoutée à une phase"),
    "phase.task_removed": gettext_lazy("Tâche retirée d’une phase"),
    "registration.accepted": gettext_lazy("Inscription acceptée"),
    "registration.refused": gettext_lazy("Inscription refusée"),
    "registration.withdrawn": gettext_lazy("Désinscription"),
    "rescoring.accepted": gettext_lazy("Réévaluation confirmée par la Région"),
    "rescoring.in_force": gettext_lazy("Réévaluation entrée en vigueur"),
    "rescoring.proposed": gettext_lazy("Réévaluation proposée"),
    "rescoring.refused": gettext_lazy("Réévaluation refusée"),
    "rescoring.relaunched": gettext_lazy("Réévaluation relancée"),
    "rescoring.started": gettext_lazy("Réévaluation commencée"),
    "rescoring.withdrawn": gettext_lazy("Réévaluation retirée"),
    "reveal.confirmed": gettext_lazy("Publication des résultats confirmée"),
    "reveal.proposed": gettext_lazy("Publication des résultats proposée"),
    "reveal.set_back": gettext_lazy("Publication des résultats remise en attente"),
}
# Facts told beside an act; the others are in the exports. Names and reasons are people's words.
FACTS: Mapping[str, str | Promise] = {
    "reason": gettext_lazy("Motif"),
    "name": gettext_lazy("Nom"),
    "organisation": gettext_lazy("Organisation"),
    "phase": gettext_lazy("Phase"),
    "opens_at": gettext_lazy("Ouverture"),
    "closes_at": gettext_lazy("Clôture"),
    "entries": gettext_lazy("Soumissions"),
    "scores": gettext_lazy("Scores"),
    "number": gettext_lazy("Version"),
    "faults": gettext_lazy("Points à corriger"),
    "max_per_day": gettext_lazy("Essais par jour"),
    "max_total": gettext_lazy("Essais en tout"),
    "serial": gettext_lazy("Numéro de série"),
}
SYSTEMS: Mapping[str, str | Promise] = {
    "worker": gettext_lazy("le service de notation"),
    "scheduler": gettext_lazy("le portail, à l’heure prévue"),
    "retention": gettext_lazy("le portail, au terme de la conservation"),
    "command": gettext_lazy("l’administration du portail"),
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
