"""Forms of a change of scoring."""

from collections.abc import Mapping
from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.bundles import document, safe_yaml
from challenges.bundles.fields import Fields
from challenges.bundles.report import Findings
from challenges.bundles.safe_yaml import YamlRefused
from challenges.bundles.spec import metric_json
from challenges.models import PhaseTask

TRUTH_MAX_BYTES = 200 << 20
METRICS_MAX_CHARACTERS = 40_000
FAULTS_SHOWN = 10


class ProposalForm(forms.Form):
    """Propose other figures, corrected answers, or both, for a task that a metric scores."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=2_000,
        help_text=_("Public : il paraîtra dans les annonces si le changement est accepté."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Dites pourquoi la notation change : les équipes le liront.")
        },
    )
    metrics = forms.CharField(
        label=_("Mesures, comme dans challenge.yaml"),
        max_length=METRICS_MAX_CHARACTERS,
        required=False,
        help_text=_("Celles en vigueur sont écrites ici. Laissez-les si elles ne changent pas."),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        error_messages={"max_length": _("40 000 caractères au plus.")},
    )
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

    def __init__(self, data: Any = None, files: Any = None, *, task: PhaseTask) -> None:
        self.task = task
        self.spec: Mapping[str, Any] | None = None
        written = _written(task.scorer_version.spec)
        super().__init__(
            data, files, initial={"metrics": written}, auto_id=f"id_{task.phase.index}_%s"
        )

    def clean_metrics(self) -> str:
        """Read the figures as an import does, and tell every fault with its key."""
        text: str = self.cleaned_data["metrics"]
        if not text.strip() or text.split() == str(self.initial["metrics"]).split():
            return ""
        try:
            read = safe_yaml.load(text.encode())
        except YamlRefused as refusal:
            raise forms.ValidationError(str(refusal), code="yaml") from refusal
        findings = Findings()
        found = document.metrics(Fields(findings, {"metrics": read}, "", file=""))
        if not found and not findings.errors:
            raise forms.ValidationError(_("Au moins une mesure est attendue."), code="metrics")
        if findings.errors:
            raise forms.ValidationError([each.line for each in findings.errors[:FAULTS_SHOWN]])
        spec = dict(self.task.scorer_version.spec)
        self.spec = spec | {"metrics": [metric_json(each) for each in found]}
        return text

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

    @property
    def content(self) -> bytes | None:
        """Return the corrected answers, None when they do not change."""
        file = self.cleaned_data.get("truth")
        return file.read() if file else None


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
    decision = forms.ChoiceField(
        label=_("Décision"),
        choices=[
            ("accept", _("Accepter : la nouvelle notation entre en vigueur")),
            ("refuse", _("Refuser : rien ne change")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une décision.")},
    )
    note = forms.CharField(
        label=_("Motif d’un refus"),
        required=False,
        max_length=2_000,
        help_text=_("L’organisateur le lira."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    sure = forms.BooleanField(
        label=_("Je confirme cette décision"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask why a change is refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("note", "").strip():
            self.add_error("note", _("Dites pourquoi vous refusez ce changement."))
        return cleaned
