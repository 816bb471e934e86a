"""Forms by which an organiser scores a phase otherwise than the first, or gives it more tasks."""

from django import forms
from django.utils.translation import gettext_lazy as _

TABLE = _("Un CSV en UTF-8, avec une ligne d’en-tête, 200 Mo au plus.")


class PhaseFilesForm(forms.Form):
    """Give a phase its own answers, and the public files that go with them."""

    truth = forms.FileField(
        label=_("Réponses de cette phase, scellées dès l’envoi"),
        required=False,
        max_length=200,
        allow_empty_file=True,
        help_text=_("Vide : les réponses déjà en place, celles de la première phase par défaut."),
    )
    test = forms.FileField(
        label=_("Données de test de cette phase, publiques"),
        required=False,
        max_length=200,
        allow_empty_file=True,
        help_text=_("Si les identifiants changent. Elles paraissent avec le challenge."),
    )
    sample = forms.FileField(
        label=_("Exemple de soumission de cette phase, public"),
        required=False,
        max_length=200,
        allow_empty_file=True,
        help_text=_("Si les identifiants changent."),
    )


class TaskForm(forms.Form):
    """Add a task to a phase: other answers for the same files."""

    name = forms.CharField(
        label=_("Nom de la tâche"),
        max_length=120,
        error_messages={"required": _("Donnez un nom à la tâche.")},
    )
    truth = forms.FileField(
        label=_("Réponses de cette tâche, scellées dès l’envoi"),
        max_length=200,
        allow_empty_file=True,
        help_text=TABLE,
        error_messages={"required": _("Choisissez le fichier des réponses.")},
    )
