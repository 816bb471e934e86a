"""Forms about the phases of a challenge, but their dates."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.enums import BoardRule, PhaseKind
from challenges.models import Phase

KINDS = {
    PhaseKind.TRIAL: _("Essai : pour se faire la main, sans enjeu"),
    PhaseKind.PUBLIC: _("Compétition : classement provisoire pendant la phase"),
    PhaseKind.FINAL: _("Finale"),
}
CODE_KINDS = {
    PhaseKind.CODE: _("Code : le programme de l’équipe est lancé sur des données réservées")
}
# Said once for a challenge of code, on the page « Code ».
OF_CODE = ("time_limit_s", "memory_mb", "max_bytes")
RULES = {
    BoardRule.BEST: _("La meilleure soumission de l’équipe"),
    BoardRule.LAST: _("La dernière"),
    BoardRule.CHOSEN: _("Celles que l’équipe choisit"),
}
MEGABYTE = 1_000_000
NO_LIMIT = _("Vide : sans limite. 0 : aucune soumission à la main.")


class NewPhaseForm(forms.Form):
    """Add a phase."""

    name = forms.CharField(
        label=_("Nom de la phase"),
        max_length=120,
        error_messages={"required": _("Donnez un nom à la phase.")},
    )
    kind = forms.ChoiceField(
        label=_("Nature"), choices=list(KINDS.items()), initial=PhaseKind.PUBLIC
    )

    def __init__(self, data: Any = None, *, is_code: bool = False, **more: Any) -> None:
        """Offer the kinds that go with what the teams of the challenge send."""
        super().__init__(data, **more)
        kinds = CODE_KINDS if is_code else KINDS
        kind = self.fields["kind"]
        kind.choices = list(kinds.items())  # type: ignore[attr-defined]  # a choice field
        if is_code:
            kind.initial = PhaseKind.CODE


class QuotasForm(forms.Form):
    """Say how much a team may send."""

    max_per_day = forms.IntegerField(
        label=_("Soumissions par jour et par équipe"), required=False, min_value=0, max_value=10_000
    )
    max_total = forms.IntegerField(
        label=_("Soumissions en tout et par équipe"), required=False, min_value=0, max_value=100_000
    )
    max_parallel = forms.IntegerField(
        label=_("Soumissions en cours à la fois"), required=False, min_value=1, max_value=1_000
    )

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        super().__init__(data, initial=initial(self.base_fields, phase))
        for name in ("max_per_day", "max_total"):
            self.fields[name].help_text = NO_LIMIT


class MegabytesField(forms.FloatField):
    """Ask in megabytes for what is kept in bytes: 0,001 to 2 000 Mo, whole bytes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            localize=True,
            min_value=0.001,
            max_value=2_000,
            help_text=_("1 Mo compte un million d’octets."),
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        """Show bytes as megabytes; what was typed stays."""
        if not isinstance(value, int):
            return value
        return value // MEGABYTE if value % MEGABYTE == 0 else value / MEGABYTE

    def clean(self, value: Any) -> Any:
        """Return bytes."""
        found = super().clean(value)
        return None if found is None else round(found * MEGABYTE)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is shown with what is sent."""
        return super().has_changed(self.prepare_value(initial), data)


class SettingsForm(NewPhaseForm, QuotasForm):
    """Settle everything of a phase but its dates."""

    max_refused_per_day = forms.IntegerField(
        label=_("Fichiers refusés par jour, au plus"), min_value=1, max_value=1_000
    )
    max_bytes = MegabytesField(label=_("Taille d’un fichier, en Mo, au plus"))
    time_limit_s = forms.IntegerField(
        label=_("Temps de calcul d’une évaluation, en secondes"), min_value=1, max_value=3_600
    )
    memory_mb = forms.IntegerField(
        label=_("Mémoire d’une évaluation, en Mo"), min_value=64, max_value=16_384
    )
    ladder = forms.BooleanField(
        label=_("Échelle de progrès (Ladder)"),
        required=False,
        help_text=_("Un score public ne paraît que si le progrès est statistiquement visible."),
    )
    rule = forms.ChoiceField(label=_("Soumission retenue"), choices=list(RULES.items()))
    final_choices = forms.IntegerField(
        label=_("Choix finaux par équipe"),
        min_value=1,
        max_value=10,
        help_text=_("Les soumissions qu’une équipe désigne pour le classement définitif."),
    )
    benchmark_after_close = forms.BooleanField(
        label=_("Rester ouverte comme banc d’essai après les résultats"), required=False
    )
    migrate_from = forms.ChoiceField(
        label=_("Reprendre les choix finals d’une phase précédente"),
        required=False,
        help_text=_(
            "À l’ouverture de cette phase, les choix finals de chaque équipe y entrent "
            "d’eux-mêmes, sans utiliser d’essai, et y sont évalués. Avec 0 soumission par jour, "
            "la phase ne reçoit que ces reprises. Elle ouvre à la clôture de l’autre, ou après."
        ),
    )

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        is_code = phase.kind == PhaseKind.CODE
        super().__init__(data, is_code=is_code, phase=phase)
        for name in OF_CODE if is_code else ():
            del self.fields[name]
        former = list(phase.challenge.phases.filter(index__lt=phase.index).order_by("index"))
        if former:
            self.fields["migrate_from"].choices = [  # type: ignore[attr-defined]  # a choice field
                ("", _("Aucune")),
                *((str(each.index), each.name) for each in former),
            ]
            source = phase.migrate_from
            self.initial["migrate_from"] = "" if source is None else str(source.index)
        else:
            del self.fields["migrate_from"]
        board = phase.leaderboards.order_by("pk").first()
        self.initial["rule"] = board.rule if board else BoardRule.BEST

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings, by field of the phase."""
        return {key: value for key, value in self.cleaned_data.items() if key != "rule"}


def initial(fields: Any, phase: Phase) -> dict[str, Any]:
    """Read the fields of a phase that a form shows."""
    return {name: getattr(phase, name) for name in fields if hasattr(phase, name)}
