"""Forms of a change of scoring."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.bundles import safe_yaml
from challenges.bundles.portable import read_metrics
from challenges.bundles.safe_yaml import YamlRefused
from challenges.organising.forms.scorings import FORMULA, SHAPES, FiguresForm, figures_of, shape_of
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import mode_of
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import Rescoring
from challenges.scoring import registry
from challenges.scoring.fields import Fields, Findings
from portal.accounts.models import User
from portal.lib.web.fields import box, choice, prose

TRUTH_MAX_BYTES = 200 << 20
METRICS_MAX_CHARACTERS = 40_000
FAULTS_SHOWN = 10


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


class AnswersForm(TaskForm):
    """Propose corrected answers for a task that a metric scores; the others add its figures."""

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

    def clean_truth(self) -> Any:
        """Refuse a file that is too large."""
        file = self.cleaned_data["truth"]
        if file is not None and file.size > TRUTH_MAX_BYTES:
            raise forms.ValidationError(_("200 Mo au plus."), code="too_large")
        return file

    def clean(self) -> dict[str, Any]:
        """Ask for a change."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and self.spec is None and not cleaned.get("truth"):
            raise forms.ValidationError(
                _("Rien ne change : ni la mesure, ni les réponses."), code="same_scoring"
            )
        return cleaned

    def propose(self, *, by: User) -> Rescoring:
        """Propose what was written and sent. Raises as `rescorings.change`."""
        task = self.chosen
        return rescorings.propose_figures(
            phase=task.phase,
            index=task.index,
            spec=self.spec,
            truth=self.content,
            reason=self.cleaned_data["reason"],
            by=by,
        )

    @property
    def content(self) -> bytes | None:
        """Return the corrected answers, None when they do not change."""
        file = self.cleaned_data.get("truth")
        return file.read() if file else None

    def _figured(self, metrics: object, findings: Findings) -> None:
        """Read figures as an import does; findings: what is wrong in them."""
        found = read_metrics(Fields(findings, {"metrics": metrics}, "", file=""))
        if not findings.errors:
            (task,) = self.tasks.values()
            kept = dict(task.scorer_version.spec)
            self.spec = kept | {"metrics": [each.to_json() for each in found]}


class ProposalForm(AnswersForm):
    """Write the figures as in challenge.yaml: the form of the API."""

    metrics = forms.CharField(
        label=_("Mesures, comme dans challenge.yaml"),
        max_length=METRICS_MAX_CHARACTERS,
        required=False,
        help_text=_("Celles en vigueur sont écrites ici. Laissez-les si elles ne changent pas."),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        error_messages={"max_length": _("40 000 caractères au plus.")},
    )

    def __init__(self, data: Any = None, files: Any = None, *, tasks: Sequence[PhaseTask]) -> None:
        self.spec: Mapping[str, Any] | None = None
        written = _written(tasks[0].scorer_version.spec)
        super().__init__(data, files, tasks=tasks, initial={"metrics": written})
        if len(tasks) > 1:
            self.fields["task"].help_text = _(
                "Les réponses se corrigent tâche par tâche. Les mesures, communes aux tâches, ne "
                "changent plus."
            )
            del self.fields["metrics"]

    def clean_metrics(self) -> str:
        """Read the figures as an import does, and tell every fault with its key."""
        text: str = self.cleaned_data["metrics"]
        if not text.strip() or text.split() == str(self.initial["metrics"]).split():
            return ""
        try:
            read = safe_yaml.load(text.encode())
        except YamlRefused as refusal:
            raise forms.ValidationError(str(refusal), code="yaml") from refusal
        if not read:
            raise forms.ValidationError(_("Une mesure au moins est attendue."), code="metrics")
        findings = Findings()
        self._figured(read, findings)
        if findings.errors:
            raise forms.ValidationError([each.line for each in findings.errors[:FAULTS_SHOWN]])
        return text


class MeasuresForm(AnswersForm, FiguresForm):
    """Choose the figures by the fields of the form that creates a challenge: that of the page.

    What these fields do not hold of a figure, such as its least count, is kept.
    """

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        tasks: Sequence[PhaseTask],
        titles: Mapping[str, Any],
    ) -> None:
        self.former: Sequence[Mapping[str, Any]] = tasks[0].scorer_version.spec.get("metrics", ())
        super().__init__(data, files, tasks=tasks, initial=figures_of(self.former))
        self.shared = len(tasks) > 1
        if self.shared:
            self.fields["task"].help_text = _(
                "Les réponses se corrigent tâche par tâche. Les mesures, communes aux tâches, ne "
                "changent plus."
            )
            del self.fields["primary"]
            self.count = 0
            return
        shape = shape_of(tasks[0].scorer_version.spec)
        offered = {*(SHAPES[shape][1].measures if shape else registry.METRICS)}
        offered |= {str(each["metric"]) for each in self.former} - {FORMULA}
        self.measures = sorted(offered)
        self.offer(titles, self.former)
        for at in range(self.count):
            del self.fields[f"hidden_{at}"]

    def clean_figures(self, sent: dict[str, Any]) -> None:
        """Read the figures where one changed, and note each fault beside its field."""
        names = [name for name in self.fields if name == "primary" or name[-1].isdecimal()]
        if self.shared or not {*names} & {*self.changed_data} or not {*names} & {*self.data}:
            return
        super().clean_figures(sent)
        if any(self.has_error(name) for name in names):
            return
        kept = {each["key"]: each for each in self.former}
        figures = [{**kept.get(each["key"], {}), "primary": False, **each} for each in self.metrics]
        findings = Findings()
        self._figured(figures, findings)
        for each in findings.errors[:FAULTS_SHOWN]:
            self.add_error(None, each.line)

    @property
    def asked(self) -> list[Any]:
        """List the bound fields that stand outside the figures."""
        return [self[name] for name in ("reason", "task", "truth") if name in self.fields]


def form_for(
    tasks: Sequence[PhaseTask],
    data: Any = None,
    files: Any = None,
    titles: Mapping[str, Any] | None = None,
) -> TaskForm | None:
    """Give the form by which the scoring of these tasks of a phase changes, None without task.

    titles: the names of the measures, for a page; without them figures are read as YAML.
    """
    if not tasks:
        return None
    form: TaskForm | None = mode_of(tasks[0]).change_form(tasks, data, files)
    if form is not None:
        return form
    if titles is not None:
        return MeasuresForm(data, files, tasks=tasks, titles=titles)
    return ProposalForm(data, files, tasks=tasks)


def _written(spec: Mapping[str, Any]) -> str:
    """Write the figures in force as YAML, without what goes without saying."""
    usual: dict[str, Any] = {"min_n": 1, "version": 1}
    metrics = [
        {
            key: value
            for key, value in each.items()
            if value not in (None, {}, False) and usual.get(key) != value
        }
        for each in spec.get("metrics", ())
    ]
    text: str = yaml.safe_dump(metrics, allow_unicode=True, sort_keys=False)
    return text


class DecisionForm(forms.Form):
    """Accept or refuse the change that was read."""

    digest = forms.CharField(
        widget=forms.HiddenInput,
        max_length=64,
        error_messages={
            "required": _("Rechargez la page : elle ne dit pas quelle comparaison vous avez lue.")
        },
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
        """Ask why a change is refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("note", "").strip():
            self.add_error("note", _("Dites pourquoi vous refusez ce changement."))
        return cleaned
