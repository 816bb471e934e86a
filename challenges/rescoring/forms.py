"""Forms of a change of scoring."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.bundles.portable import read_metrics
from challenges.organising.forms.scorings import (
    FORMULA,
    SHAPES,
    FiguresForm,
    figures_of,
    measures_of,
    redrawn,
    shape_of,
)
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import mode_of
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import Rescoring
from challenges.scoring import registry
from challenges.scoring.contract import AnswerSpec
from challenges.scoring.fields import Fields, Findings
from portal.accounts.models import User
from portal.lib.web.fields import box, choice, prose

TRUTH_MAX_BYTES = 200 << 20


class TaskForm(forms.Form):
    """Say why the scoring of a task changes; the task is asked where a phase has several."""

    reason = prose(
        _("Motif"),
        2_000,
        _("Dites pourquoi la notation change : les équipes le liront."),
        _("Public : il paraîtra dans les annonces si le changement est accepté."),
    )
    task = forms.TypedChoiceField(
        label=_("Tâche"),
        coerce=int,
        error_messages={"required": _("Choisissez la tâche dont la notation change.")},
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        tasks: Sequence[PhaseTask],
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.tasks = {each.index: each for each in tasks}
        super().__init__(data, files, initial=initial, auto_id=f"id_{tasks[0].phase.index}_%s")
        if len(tasks) == 1:
            del self.fields["task"]
        else:
            choice = cast(forms.TypedChoiceField, self.fields["task"])
            choice.choices = [(each.index, each.name) for each in tasks]

    def propose(self, *, by: User) -> Rescoring:
        """Propose what was written and sent."""
        raise NotImplementedError

    @property
    def chosen(self) -> PhaseTask:
        """Return the task whose scoring changes."""
        return self.tasks[self.cleaned_data.get("task", next(iter(self.tasks)))]


class MeasuresForm(TaskForm, FiguresForm):
    """Propose other figures, by the fields that create a challenge, or corrected answers.

    What these fields do not hold of a figure, such as its least count, is kept.
    """

    spec: Mapping[str, Any] | None = None
    truth = forms.FileField(
        label=_("Réponses corrigées"),
        required=False,
        help_text=_(
            "Le même fichier CSV que celui de l’import, mêmes identifiants. Il est scellé à "
            "l’arrivée : personne ne le relit."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"empty": _("Ce fichier est vide.")},
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        tasks: Sequence[PhaseTask],
    ) -> None:
        self.former: Sequence[Mapping[str, Any]] = tasks[0].scorer_version.spec.get("metrics", ())
        data, initial = redrawn(data, figures_of(self.former))
        files = files if data is not None else None
        super().__init__(data, files, tasks=tasks, initial=initial)
        self.shared = len(tasks) > 1
        if self.shared:
            self.fields["task"].help_text = _(
                "Les réponses se corrigent tâche par tâche. Les mesures, communes aux tâches, ne "
                "changent plus."
            )
            return
        spec = self.document = tasks[0].scorer_version.spec
        self.targets = AnswerSpec.from_json(spec["submission"]).targets
        shape = shape_of(spec)
        offered = {*(measures_of(SHAPES[shape].reads) if shape else registry.METRICS)}
        offered |= {str(each["metric"]) for each in self.former} - {FORMULA}
        self.measures = sorted(offered)
        self.offer()
        for at in range(1, self.count):
            del self.fields[f"hidden_{at}"]

    def clean_truth(self) -> Any:
        """Refuse a file that is too large."""
        file = self.cleaned_data["truth"]
        if file is not None and file.size > TRUTH_MAX_BYTES:
            raise forms.ValidationError(_("200 Mo au plus."), code="too_large")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and self.spec is None and not cleaned.get("truth"):
            raise forms.ValidationError(
                _("Rien ne change : ni la mesure, ni les réponses."), code="same_scoring"
            )
        return cleaned

    def propose(self, *, by: User) -> Rescoring:
        task, file = self.chosen, self.cleaned_data.get("truth")
        return rescorings.propose_figures(
            phase=task.phase,
            index=task.index,
            spec=self.spec,
            truth=file.read() if file else None,
            reason=self.cleaned_data["reason"],
            by=by,
        )

    def clean_figures(self, sent: dict[str, Any]) -> None:
        """Read the figures where one changed, and note each fault beside its field."""
        names = [name for name in self.fields if name[-1].isdecimal()]
        if self.shared or not {*names} & {*self.changed_data} or not {*names} & {*self.data}:
            return
        super().clean_figures(sent)
        if any(self.has_error(name) for name in names):
            return
        kept = {each["key"]: each for each in self.former}
        figures = [{**kept.get(each["key"], {}), "primary": False, **each} for each in self.metrics]
        findings = Findings()
        fields = Fields(findings, {"metrics": figures}, "", file="")
        read = read_metrics(fields, self.targets)
        if not findings.errors:
            self.spec = {**self.document, "metrics": [each.to_json() for each in read]}
        self.note(findings)

    @property
    def asked(self) -> list[Any]:
        """List the bound fields that stand outside the figures."""
        return [self[name] for name in ("reason", "task", "truth") if name in self.fields]


def form_for(
    tasks: Sequence[PhaseTask],
    data: Any = None,
    files: Any = None,
) -> TaskForm | None:
    """Give the form by which the scoring of these tasks of a phase changes, None without task."""
    if not tasks:
        return None
    form: TaskForm | None = mode_of(tasks[0]).change_form(tasks, data, files)
    return MeasuresForm(data, files, tasks=tasks) if form is None else form


class DecisionForm(forms.Form):
    """Accept or refuse the change that was read."""

    digest = forms.CharField(
        widget=forms.HiddenInput,
        max_length=64,
        error_messages={"required": _("Rechargez la page, relisez-la, puis recommencez.")},
    )
    decision = choice(
        _("Décision"),
        [
            ("accept", _("Accepter : la nouvelle notation entre en vigueur")),
            ("refuse", _("Refuser : rien ne change")),
        ],
        _("Choisissez une décision."),
        radio=True,
    )
    note = prose(_("Motif d’un refus"), 2_000, hint=_("L’organisateur le lira."), rows=2)
    sure = box(_("Je confirme cette décision"), _("Cochez la case pour confirmer."))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("note", "").strip():
            self.add_error("note", _("Dites pourquoi vous refusez ce changement."))
        return cleaned
