"""Forms about the phases of a challenge and their leaderboards, but their dates."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.organising.actions.leaderboards import Place, is_limitable, is_main, may_rank
from challenges.organising.enums import BoardRule, Direction, PhaseKind
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, Leaderboard
from portal.lib.web.fields import box, choice, decimal, line, whole

# Said once for a challenge of code, on the page « Code ».
OF_CODE = ("time_limit_s", "memory_mb", "max_bytes")
MEGABYTE = 1_000_000
NO_LIMIT = _("Vide : sans limite. 0 : aucune soumission à la main.")


class NewPhaseForm(forms.Form):
    """Add a phase."""

    name = line(_("Nom de la phase"), 120, _("Donnez un nom à la phase."))
    kind = forms.ChoiceField(label=_("Nature"), initial=PhaseKind.PUBLIC)

    def __init__(self, data: Any = None, *, is_code: bool = False, **more: Any) -> None:
        """Offer the kinds that go with what the teams of the challenge send."""
        super().__init__(data, **more)
        kind = self.fields["kind"]
        kind.choices = [  # type: ignore[attr-defined]  # a choice field
            choice for choice in PhaseKind.choices if (choice[0] == PhaseKind.CODE) == is_code
        ]
        if is_code:
            kind.initial = PhaseKind.CODE


class QuotasForm(forms.Form):
    """Say how much a team may send."""

    max_per_day = whole(_("Soumissions par jour et par équipe"), 0, 10_000, required=False)
    max_total = whole(_("Soumissions en tout et par équipe"), 0, 100_000, required=False)
    max_parallel = whole(_("Soumissions en cours à la fois"), 1, 1_000, required=False)

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        kept = {name: getattr(phase, name) for name in self.base_fields if hasattr(phase, name)}
        super().__init__(data, initial=kept)
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
        megabytes = super().clean(value)
        return None if megabytes is None else round(megabytes * MEGABYTE)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is shown with what is sent."""
        return super().has_changed(self.prepare_value(initial), data)


class SettingsForm(NewPhaseForm, QuotasForm):
    """Settle everything of a phase but its dates."""

    max_refused_per_day = whole(_("Fichiers refusés par jour, au plus"), 1, 1_000)
    max_bytes = MegabytesField(label=_("Taille d’un fichier, en Mo, au plus"))
    time_limit_s = whole(_("Temps de calcul d’une évaluation, en secondes"), 1, 3_600)
    memory_mb = whole(_("Mémoire d’une évaluation, en Mo"), 64, 16_384)
    ladder = box(
        _("Échelle de progrès (Ladder)"),
        hint=_("Un score public ne paraît que s’il progresse plus que le hasard ne l’explique."),
    )
    rule = forms.ChoiceField(
        label=_("Soumission retenue"),
        choices=[each for each in BoardRule.choices if each[0] != BoardRule.ALL],
    )
    final_choices = whole(
        _("Choix finals par équipe"),
        1,
        10,
        _("Les soumissions qu’une équipe désigne pour le classement définitif."),
    )
    benchmark_after_close = box(_("Rester ouverte comme banc d’essai après les résultats"))
    migrate_from = choice(
        _("Reprendre les choix finals d’une phase précédente"),
        hint=_(
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


class NewBoardForm(forms.Form):
    """Add a leaderboard to a phase."""

    phase = forms.ChoiceField(label=_("Phase"))
    title = line(_("Titre du classement"), 64, _("Donnez un titre au classement."))

    def __init__(self, data: Any = None, *, phases: Sequence[Phase]) -> None:
        super().__init__(data)
        self.fields["phase"].choices = [  # type: ignore[attr-defined]  # a choice field
            (str(each.index), each.name) for each in phases
        ]


class MaskForm(forms.Form):
    """Say whether the boards name the teams."""

    anonymous = box(
        _("Classer les équipes sous pseudonyme jusqu’aux résultats définitifs"),
        hint=_(
            "Chaque équipe lit son pseudonyme, et les autres ne voient que lui, y compris "
            "dans les exports. Les noms paraissent avec les résultats définitifs de la "
            "phase."
        ),
    )


class BoardForm(forms.Form):
    """Arrange a board: its title, its rule, what ranks, what each column shows."""

    title = NewBoardForm.base_fields["title"]
    rule = forms.ChoiceField(label=_("Soumission retenue"), choices=BoardRule.choices)
    primary = forms.ChoiceField(label=_("Colonne qui classe"))
    hidden = box(_("Classement caché : calculé, jamais montré"))

    def __init__(
        self,
        data: Any = None,
        *,
        board: Leaderboard,
        columns: Sequence[Column],
    ) -> None:
        primary = board.primary.key if board.primary else ""
        super().__init__(
            data,
            initial={
                "title": board.title,
                "rule": board.rule,
                "hidden": board.hidden,
                "primary": primary,
            },
        )
        self.columns = list(columns)
        if is_main(board):
            del self.fields["primary"]
        else:
            self.fields["primary"].choices = [  # type: ignore[attr-defined]  # a choice field
                (each.key, each.title) for each in may_rank(self.columns)
            ]
        for column in self.columns:
            self.fields |= _column_fields(column, len(self.columns))

    @property
    def own(self) -> list[Any]:
        """List the bound fields of the board itself."""
        return [
            self[name] for name in ("title", "rule", "primary", "hidden") if name in self.fields
        ]

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each column, under its title."""
        return [
            {
                "title": column.title,
                "fields": [
                    self[name]
                    for kind in ("at", "shown", "limit")
                    if (name := f"{kind}_{column.pk}") in self.fields
                ],
            }
            for column in self.columns
        ]

    @property
    def places(self) -> dict[str, Place]:
        """Return how each column is shown, by key."""
        sent = self.cleaned_data
        return {
            column.key: Place(
                sent[f"at_{column.pk}"],
                sent[f"shown_{column.pk}"],
                sent.get(f"limit_{column.pk}"),
            )
            for column in self.columns
        }


def _column_fields(column: Column, count: int) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        f"at_{column.pk}": whole(_("Place dans le tableau"), 1, count, initial=column.index + 1),
        f"shown_{column.pk}": box(_("Colonne montrée"), initial=not column.hidden),
    }
    if is_limitable(column):
        low = column.direction == Direction.MAX
        fields[f"limit_{column.pk}"] = decimal(
            _("Au moins, pour un prix") if low else _("Au plus, pour un prix"),
            _("En dessous, une équipe reste classée et ne reçoit pas de prix.")
            if low
            else _("Au-dessus, une équipe reste classée et ne reçoit pas de prix."),
            initial=column.valid_min if low else column.valid_max,
        )
    return fields
