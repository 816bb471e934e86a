"""Declare the kinds of news of the challenges, for the choices that people make."""

from django.utils.translation import gettext_lazy as _

from challenges.models import ChallengeOrganiser
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User
from portal.accounts.news import Kind, declare


def _organises(user: User) -> bool:
    return ChallengeOrganiser.objects.filter(user=user).exists()


def _moderates(user: User) -> bool:
    return has_permission(user, Permission.CHALLENGE_REVEAL)


def _administers(user: User) -> bool:
    return has_permission(user, Permission.CHALLENGE_REVEAL)


KINDS = (
    Kind(
        "entries",
        _("Mes soumissions"),
        ("entry_scored", "entry_rejected", "entry_failed", "entry_examined"),
        detail=_("Évaluées, refusées, échouées, examinées."),
    ),
    Kind(
        "deadlines",
        _("Échéances"),
        ("phase_opened", "phase_closes_48", "phase_closes_3", "choices_missing"),
        detail=_("Une phase ouvre, ferme dans 48 h, dans 3 h ; aucun choix final."),
    ),
    Kind(
        "results",
        _("Résultats"),
        ("phase_revealed", "phase_rescored"),
        detail=_("Publication des résultats, réévaluation de toutes les soumissions."),
    ),
    Kind(
        "teams",
        _("Mon équipe"),
        ("team_captain",),
        detail=_("Changement de capitaine."),
    ),
    Kind(
        "invitations",
        _("Invitations à participer"),
        ("guest_invited",),
        detail=_("À un challenge sur invitation."),
    ),
    Kind(
        "announcements",
        _("Annonces des organisateurs"),
        ("challenge_notice",),
    ),
    Kind(
        "forum",
        _("Entraide"),
        ("forum_answer", "forum_thread", "forum_hidden"),
        detail=_("Réponses et questions dans les discussions que vous suivez."),
    ),
    Kind(
        "organising",
        _("Les challenges que j’organise"),
        (
            "registration_pending",
            "entry_attention",
            "program_to_mend",
            "baseline_drifted",
            "challenge_published",
            "challenge_sent_back",
            "organiser_invited",
            "rescoring_refused",
            "disqualification_settled",
            "forum_report",
        ),
        detail=_("Inscriptions à accepter, soumissions examinées, références qui dérivent, visa."),
        open_to=_organises,
    ),
    Kind(
        "moderation",
        _("Modération des challenges"),
        (
            "challenge_submitted",
            "entry_to_examine",
            "reveal_proposed",
            "rescoring_ready",
            "disqualification_to_decide",
        ),
        detail=_("Visas, examens techniques, résultats à confirmer."),
        open_to=_moderates,
    ),
    Kind(
        "rules",
        _("Règlement et dates"),
        ("terms_changed", "phase_dates"),
        essential=_("Ils changent ce que vous pouvez faire, et jusqu’à quand."),
    ),
    Kind(
        "answers",
        _("Décisions sur votre participation"),
        (
            "registration_accepted",
            "registration_refused",
            "disqualification_asked",
            "disqualification_decided",
        ),
        essential=_("Elles vous donnent un droit, ou un délai pour répondre."),
    ),
    Kind(
        "operation",
        _("Pannes de la plateforme"),
        ("platform_alarm", "job_dead"),
        essential=_("Des soumissions attendent que quelqu’un répare."),
        open_to=_administers,
    ),
)
for kind in KINDS:
    declare(kind)
