"""The scoring form of answers that are not one a row: lists, scores, several numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.forms.figures import measures_of
from challenges.forms.measuring import ScoringForm, kept_of
from challenges.scoring.metric import Shape

PARTS = ("split", "public", "private", "cluster", "weight")


class _ShapeForm(ScoringForm):
    """Ask for the columns of a shape, by their roles.

    shared: roles that the sample and the answers have under one name; given: of the sample only;
    held: of the answers only, with the word for each.
    """

    layout: ClassVar[str] = ""
    shared: ClassVar[Mapping[str, Any]] = {}
    given: ClassVar[Mapping[str, Any]] = {}
    held: ClassVar[Mapping[str, Any]] = {}
    questions: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        data: Any = None,
        *,
        document: dict[str, Any],
        given: Sequence[str],
        held: Sequence[str],
        titles: Mapping[str, Any],
    ) -> None:
        super().__init__(data, document=document, given=given, held=held, titles=titles)
        for name in ("id", "target", "type", "minimum", "maximum"):
            del self.fields[name]
        both = [each for each in given if each in held]
        for words, names in ((self.shared, both), (self.given, given), (self.held, held)):
            for role, label in words.items():
                self.fields[role] = forms.ChoiceField(
                    label=label, choices=[(each, each) for each in names]
                )
        self._start(document)

    def _start(self, document: Mapping[str, Any]) -> None:
        """Show what the document says where it has this shape, else the first of the menu."""
        submission = document.get("submission") or {}
        if submission.get("layout") != self.layout:
            for name in [each for each in self.initial if each.rsplit("_", 1)[-1].isdecimal()]:
                del self.initial[name]
            self.initial.update(metric_0=self.measures[0], primary="0")
            return
        columns = {each.get("role"): each.get("name") for each in submission.get("columns") or []}
        truth = document.get("truth") or {}
        for role in (*self.shared, *self.given, *self.held):
            held = truth.get(role)
            self.initial[role] = held if role in self.held else columns.get(role) or held
        for name in self.questions:
            if submission.get(name) is not None:
                self.initial[name] = submission[name]

    def clean(self) -> dict[str, Any]:
        """Refuse one column in two roles."""
        sent: dict[str, Any] = super().clean() or {}
        roles = [*self.shared, *self.given]
        for at, role in enumerate(roles):
            if sent.get(role) and sent[role] in [sent.get(each) for each in roles[:at]]:
                self.add_error(role, _("Cette colonne a déjà un rôle."))
        return sent

    @property
    def columns(self) -> list[Any]:
        """List the bound fields of the roles, of the questions and of the parts."""
        return [
            self[name] for name in (*self.shared, *self.given, *self.held, *self.questions, *PARTS)
        ]

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form."""
        answers = {name: self.cleaned_data[name] for name in self.questions}
        said = {name: value for name, value in answers.items() if value not in (None, False)}
        columns = [self.column(role) for role in (*self.shared, *self.given)]
        return {**kept_of(former), "layout": self.layout, "columns": columns, **said}

    def column(self, role: str) -> dict[str, Any]:
        """Describe the column of a role."""
        kinds = {"rank": "integer", "score": "float", "item": "category"}
        kind = kinds.get(role, "string")
        return {"name": self.cleaned_data[role], "role": role, "type": kind}

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand, in the portable form."""
        sent = self.cleaned_data
        parts = super().truth(file) if "id" in sent and "target" in sent else self._parts(file)
        return parts | {role: sent[role] for role in (*self.shared, *self.held)}

    def _parts(self, file: str) -> dict[str, Any]:
        sent = self.cleaned_data
        return {
            "file": file,
            "split": {
                "column": sent["split"],
                "public": sent["public"],
                "private": sent["private"],
            },
            "cluster": sent["cluster"] or None,
            "weight": sent["weight"] or None,
        }


QUERY = {
    "query": gettext_lazy("Colonne de la demande"),
    "item": gettext_lazy("Colonne de l’élément proposé"),
}
GAIN = {"gain": gettext_lazy("Colonne de la pertinence, dans les réponses : un nombre, 0 ou plus")}


class RankedForm(_ShapeForm):
    """A list of items for each query, best first."""

    layout = "ranked_list"
    measures = [
        each
        for each in measures_of({Shape.LISTS, Shape.RANKED})
        if each not in {"attribute_distance", "share_other_prefix"}
    ]
    shared = QUERY
    given = {"rank": gettext_lazy("Colonne du rang, 1 en tête")}
    held = GAIN
    questions = ("max_items_per_query",)
    max_items_per_query = forms.IntegerField(
        label=gettext_lazy("Éléments par demande, au plus"),
        min_value=1,
        max_value=1_000,
        initial=10,
    )

    def column(self, role: str) -> dict[str, Any]:
        """Bound the ranks by the length of a list."""
        found = super().column(role)
        most = {"min": 1, "max": self.cleaned_data["max_items_per_query"]}
        return found | most if role == "rank" else found


class ScoredForm(_ShapeForm):
    """A score for each candidate of a query."""

    layout = "candidate_scores"
    measures = measures_of({Shape.LISTS})
    shared = QUERY
    given = {"score": gettext_lazy("Colonne du score donné par les équipes")}
    held = GAIN
    questions = ("policy",)
    policy = forms.ChoiceField(
        label=gettext_lazy("Candidats notés par les équipes"),
        choices=[
            ("complete", gettext_lazy("Tous ceux de chaque demande")),
            ("top_k", gettext_lazy("Les meilleurs seulement")),
        ],
    )


class ProbabilitiesForm(_ShapeForm):
    """A probability for each class; a column bears the name of its class."""

    layout = "numbers_per_id"
    shared = {"id": gettext_lazy("Colonne de l’identifiant")}
    held = {"target": gettext_lazy("Colonne de la réponse, dans le fichier des réponses")}
    measures = measures_of({Shape.PROBABILITIES})
    questions = ("numbers",)
    numbers = forms.MultipleChoiceField(
        label=gettext_lazy("Colonnes des nombres, dans l’ordre de l’exemple"),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, given: Sequence[str], **more: Any) -> None:
        super().__init__(data, given=given, **more)
        self.fields["numbers"].choices = [  # type: ignore[attr-defined]  # a choice field
            (each, each) for each in given
        ]
        former = (more["document"].get("submission") or {}).get("columns") or []
        self.initial["numbers"] = [
            each.get("name") for each in former if each.get("role") == "target"
        ] or list(given[1:])
        for name in self._of_form(more["document"]):
            self.initial.pop(name, None)

    def _of_form(self, document: Mapping[str, Any]) -> list[str]:
        """Name the figures proposed for another form of numbers."""
        known = set(self.measures) | {"formula"}
        return [
            name
            for name, value in self.initial.items()
            if name.startswith("metric_") and value not in known
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a single column, and the identifier among them."""
        sent: dict[str, Any] = super().clean() or {}
        numbers = sent.get("numbers") or []
        if sent.get("id") in numbers:
            self.add_error("numbers", _("L’identifiant n’est pas un nombre à donner."))
        elif len(numbers) == 1:
            self.add_error("numbers", _("Deux colonnes au moins."))
        return sent

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission: one column for each number."""
        sent = self.cleaned_data
        facts = {"role": "target", "type": "float", "min": 0, "max": 1}
        numbers = [{"name": each, **facts} for each in sent["numbers"]]
        key = {"name": sent["id"], "role": "id", "type": "string"}
        said = {"layout": self.layout, "form": "probabilities", "columns": [key, *numbers]}
        return {**kept_of(former), **said}


ROWS = "lignes"
SHAPES: Mapping[str, tuple[Any, type[ScoringForm]]] = {
    ROWS: (gettext_lazy("Une réponse par ligne"), ScoringForm),
    "listes": (gettext_lazy("Listes ordonnées"), RankedForm),
    "scores": (gettext_lazy("Scores de candidats"), ScoredForm),
    "probabilites": (gettext_lazy("Probabilités par classe"), ProbabilitiesForm),
}
_LAYOUTS = {"ranked_list": "listes", "candidate_scores": "scores"}
_OF_TASKS = {"ranking": "listes"}


def shape_of(document: Mapping[str, Any]) -> str | None:
    """Return the shape of a document, that of its task before a scoring; None for another one."""
    submission = document.get("submission") or {}
    layout = submission.get("layout")
    if layout is None:
        return _OF_TASKS.get(str(document.get("task")), ROWS)
    if layout == "numbers_per_id":
        return "probabilites" if submission.get("form") == "probabilities" else None
    return ROWS if layout == "one_row_per_id" else _LAYOUTS.get(layout)
