"""Forms of code: how the teams of a challenge send it, a trial on the public sample."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.bundles.code import (
    MEMORY_MB,
    PACKAGE_BYTES,
    SECONDS,
    CodeRules,
)
from challenges.organising.enums import LogAudience
from challenges.organising.models.scorings import PhaseTask
from challenges.programs.actions import changes as program_changes
from challenges.rescoring.forms import TaskForm
from challenges.rescoring.models import Rescoring
from datasets.releases.models import DataFile
from portal.accounts.models import User
from portal.lib.storage.files import safe_name
from portal.lib.web.fields import choice, whole

MILLION = 1_000_000
PREDICTIONS, CODE = "predictions", "code"
SENT = {
    PREDICTIONS: _("Un fichier de réponses, calculé chez elles sur un test public"),
    CODE: _("Leur programme : le portail le lance sur des données que personne ne voit"),
}
LOG_WORDS = {
    LogAudience.TEAM_TRIAL: _(
        "L’équipe lit celui de ses essais sur l’échantillon ; vous lisez celui des soumissions"
    ),
    LogAudience.ORGANISER: _("Vous seuls, celui des soumissions"),
    LogAudience.NONE: _("Personne : chacun sait seulement comment l’exécution a fini"),
}


class CodeForm(forms.Form):
    """Choose what teams send; the rest counts for code alone."""

    sent = forms.ChoiceField(
        label=_("Ce que les équipes envoient"),
        choices=list(SENT.items()),
        widget=forms.RadioSelect,
        help_text=_(
            "Choisissez le programme quand les données de test ne peuvent pas être publiques, ou "
            "quand la méthode doit pouvoir être relancée."
        ),
    )
    time_limit_s = whole(_("Temps d’une exécution, en secondes, au plus"), SECONDS[0], SECONDS[1])
    memory_mb = whole(_("Mémoire, en Mo, au plus"), MEMORY_MB[0], MEMORY_MB[1])
    max_megabytes = whole(
        _("Taille d’une archive, en Mo, au plus"),
        1,
        PACKAGE_BYTES[1] // MILLION,
        _("Le code et les poids du modèle ensemble."),
    )
    logs = forms.ChoiceField(
        label=_("Qui lit le journal des programmes"),
        choices=list(LOG_WORDS.items()),
        widget=forms.RadioSelect,
        help_text=_(
            "Sur les données réservées, le journal n’est jamais montré à une équipe : un programme "
            "pourrait y écrire les données."
        ),
    )

    lent = choice(
        _("Données prêtées que le code lit"),
        hint=_(
            "Le portail met l’extrait de l’habilitation à la place de la table réservée, le temps "
            "de chaque exécution ; personne ne le télécharge. La table déposée et les réponses ont "
            "ses identifiants. Un extrait trop gros pour tenir en mémoire n’est pas proposé. Si "
            "ses identifiants sont des pseudonymes, l’habilitation doit durer autant que le "
            "challenge : une autre en donne d’autres."
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        rules: CodeRules | None,
        draft: bool = True,
        files: Sequence[DataFile] = (),
        lent: DataFile | None = None,
    ) -> None:
        """Show the rules, or the usual ones; once published, what teams send stays.

        files: what the grant of the challenge lends; lent: the one that code reads.
        """
        usual = rules or CodeRules()
        super().__init__(
            data,
            initial={
                "sent": CODE if rules else PREDICTIONS,
                "time_limit_s": usual.time_limit_s,
                "memory_mb": usual.memory_mb,
                "max_megabytes": usual.max_bytes // MILLION,
                "logs": usual.logs,
                "lent": str(lent.public_id) if lent else "",
            },
        )
        self.lent_files = {str(each.public_id): each for each in files}
        cast(forms.ChoiceField, self.fields["lent"]).choices = [
            ("", _("La table réservée que vous déposez")),
            *((key, each.name) for key, each in self.lent_files.items()),
        ]
        if not self.lent_files:
            del self.fields["lent"]
        if not draft:
            del self.fields["sent"]

    @property
    def lent_file(self) -> DataFile | None:
        """Return the file that code reads under the grant."""
        return self.lent_files.get(self.cleaned_data.get("lent", ""))

    @property
    def rules(self) -> CodeRules | None:
        """Return the rules of code; None for predictions."""
        sent = self.cleaned_data
        if sent.get("sent") == PREDICTIONS:
            return None
        return CodeRules(
            time_limit_s=sent["time_limit_s"],
            memory_mb=sent["memory_mb"],
            logs=sent["logs"],
            max_bytes=sent["max_megabytes"] * MILLION,
        )


class TrialForm(forms.Form):
    """Send a package of code."""

    file = forms.FileField(
        label=_("Votre archive de code"),
        error_messages={
            "required": _("Choisissez l’archive à essayer."),
            "empty": _("Ce fichier est vide."),
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".zip"}),
    )

    @property
    def file_name(self) -> str:
        """Return the displayable name of the archive."""
        return safe_name(self.cleaned_data["file"].name or "")


class ProgramForm(TaskForm):
    """Propose other programs or other data for a task that an organiser's program scores."""

    program = forms.FileField(
        label=_("Nouveau programme de notation"),
        required=False,
        help_text=_(
            "L’archive zip entière du programme. Ce que les équipes envoient et les scores écrits "
            "restent les mêmes."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"empty": _("Ce fichier est vide.")},
    )
    ingestion = forms.FileField(
        label=_("Nouveau programme d’ingestion"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"empty": _("Ce fichier est vide.")},
    )
    reference = forms.FileField(
        label=_("Nouvelles données de référence"),
        required=False,
        help_text=_(
            "Une archive zip ou un fichier, à la place des données en vigueur. Scellé à "
            "l’arrivée : personne ne le relit."
        ),
        error_messages={"empty": _("Ce fichier est vide.")},
    )
    input = forms.FileField(
        label=_("Nouvelles données d’entrée"),
        required=False,
        help_text=_("Celles que lisent les programmes des équipes."),
        error_messages={"empty": _("Ce fichier est vide.")},
    )

    introduction = _(
        "Déposez ce qui change, un fichier ou plusieurs ; le reste est gardé tel quel. Chaque "
        "fichier est scellé à l’arrivée, puis essayé deux fois sur la solution de référence avant "
        "de noter une soumission."
    )

    def __init__(self, data: Any = None, files: Any = None, *, tasks: Sequence[PhaseTask]) -> None:
        super().__init__(data, files, tasks=tasks)
        known = {part for each in tasks for part in program_changes.parts_of(each)}
        for part in set(program_changes.PARTS) - known:
            del self.fields[part]

    def clean(self) -> dict[str, Any]:
        """Ask for a file, each small enough."""
        cleaned: dict[str, Any] = super().clean() or {}
        sent = [part for part in program_changes.PARTS if cleaned.get(part)]
        for part in sent:
            if cleaned[part].size > program_changes.MAX_BYTES:
                self.add_error(part, _("200 Mo au plus."))
        if not self.errors and not sent:
            raise forms.ValidationError(
                _("Rien ne change : ni le programme, ni les données."), code="same_scoring"
            )
        return cleaned

    def propose(self, *, by: User) -> Rescoring:
        said = self.cleaned_data
        task = self.chosen
        files = {
            part: program_changes.Sent(said[part].name, said[part].file)
            for part in program_changes.PARTS
            if said.get(part)
        }
        return program_changes.propose_program(
            phase=task.phase, index=task.index, files=files, reason=said["reason"], by=by
        )
