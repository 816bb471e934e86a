"""Forms by which an organiser arranges the leaderboards of a draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.actions.leaderboards import Place, is_limitable, is_main, may_rank
from challenges.bundles import bounds
from challenges.bundles.bounds import Bounds
from challenges.enums import BoardRule, ColumnKind, Direction
from challenges.forms.phases import RULES
from challenges.models import Column, Leaderboard, Phase

BOARD_RULES = {**RULES, BoardRule.ALL: _("Toutes : une ligne par soumission")}


class NewBoardForm(forms.Form):
    """Add a leaderboard to a phase."""

    phase = forms.ChoiceField(label=_("Phase"))
    title = forms.CharField(
        label=_("Titre du classement"),
        max_length=64,
        error_messages={"required": _("Donnez un titre au classement.")},
    )

    def __init__(self, data: Any = None, *, phases: Sequence[Phase]) -> None:
        super().__init__(data)
        self.fields["phase"].choices = [  # type: ignore[attr-defined]  # a choice field
            (str(each.index), each.name) for each in phases
        ]


class BoundsField(forms.CharField):
    """Read the values that a score may take, as an import asks them."""

    def clean(self, value: Any) -> Bounds:
        """Return the bounds; « / » or nothing: any value."""
        try:
            return bounds.read(super().clean(value))
        except ValueError as refusal:
            raise forms.ValidationError(
                _(
                    "Écrivez « plus petit/plus grand », puis les valeurs d’échec après « ; » : "
                    "« 0/1 ; -1 »."
                ),
                code="bounds",
            ) from refusal


class MaskForm(forms.Form):
    """Say whether the boards name the teams."""

    anonymous = forms.BooleanField(
        label=_("Classer les équipes sous pseudonyme jusqu’aux résultats définitifs"),
        required=False,
        help_text=_(
            "Chaque équipe lit son pseudonyme, les autres ne voient que lui : sur la page, dans "
            "le CSV, le JSON, le flux Atom et le cadre à intégrer. Le règlement et la page de "
            "l’équipe le disent. Les noms paraissent avec les résultats définitifs de la phase."
        ),
    )


class BoardForm(forms.Form):
    """Arrange a board: its title, its rule, what ranks, what each column shows."""

    title = NewBoardForm.base_fields["title"]
    rule = forms.ChoiceField(label=_("Soumission retenue"), choices=list(BOARD_RULES.items()))
    primary = forms.ChoiceField(label=_("Colonne qui classe"))
    hidden = forms.BooleanField(
        label=_("Classement caché : calculé, jamais montré"), required=False
    )

    def __init__(
        self,
        data: Any = None,
        *,
        board: Leaderboard,
        columns: Sequence[Column],
        declared: Mapping[str, Bounds],
    ) -> None:
        """Lay the form out. declared: what the scores of a program may be, by key of a column."""
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
            if column.key in declared and column.kind == ColumnKind.METRIC:
                self.fields[f"values_{column.pk}"] = _values_field(declared[column.key])

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
                    for kind in ("at", "shown", "limit", "values")
                    if (name := f"{kind}_{column.pk}") in self.fields
                ],
            }
            for column in self.columns
        ]

    @property
    def bounds(self) -> dict[str, Bounds]:
        """Return what each score of a program may be, by key."""
        return {
            column.key: self.cleaned_data[name]
            for column in self.columns
            if (name := f"values_{column.pk}") in self.fields
        }

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


def _values_field(declared: Bounds) -> BoundsField:
    return BoundsField(
        label=_("Valeurs que le programme peut écrire"),
        required=False,
        max_length=200,
        initial=declared.text,
        help_text=_(
            "Le plus petit et le plus grand, puis ce qui dit un échec : « 0/1 ; -1 ». "
            "« / » : toute valeur. Une soumission notée hors de là n’a pas de score : elle est "
            "examinée."
        ),
    )


def _column_fields(column: Column, count: int) -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {
        f"at_{column.pk}": forms.IntegerField(
            label=_("Place dans le tableau"),
            min_value=1,
            max_value=count,
            initial=column.index + 1,
        ),
        f"shown_{column.pk}": forms.BooleanField(
            label=_("Colonne montrée"), required=False, initial=not column.hidden
        ),
    }
    if is_limitable(column):
        low = column.direction == Direction.MAX
        found[f"limit_{column.pk}"] = forms.FloatField(
            label=_("Au moins, pour un prix") if low else _("Au plus, pour un prix"),
            required=False,
            localize=True,
            initial=column.valid_min if low else column.valid_max,
            help_text=_("En dessous, une équipe reste classée et ne reçoit pas de prix.")
            if low
            else _("Au-dessus, une équipe reste classée et ne reçoit pas de prix."),
        )
    return found
