"""What the page of the ledger calls the acts of challenges."""

from django.utils.translation import gettext_lazy as _

FAMILIES = {
    _("Challenges"): {
        "challenge": _("Challenge"),
        "phase": _("Phase"),
        "entry": _("Dépôt"),
        "registration": _("Inscription"),
        "team": _("Équipe"),
        "terms": _("Règlement"),
        "uses": _("Usages interdits"),
        "organiser": _("Organisateur"),
        "guests": _("Invités"),
        "notice": _("Annonce"),
        "rescoring": _("Nouvelle notation"),
        "reveal": _("Révélation"),
        "disqualification": _("Disqualification"),
        "certificate": _("Attestation"),
        "baseline": _("Référence"),
        "code_run": _("Exécution de code"),
        "code_trial": _("Essai de code"),
        "run_plan": _("Plan d’exécution"),
        "ciphertext": _("Fichier chiffré"),
        "import": _("Import"),
        "job": _("Calcul"),
    }
}
