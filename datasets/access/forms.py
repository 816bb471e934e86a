"""The four steps of a request, and what examiners, signatories and producers fill in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.validators import EmailValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from datasets.access.enums import (
    PURPOSE_HINTS,
    Country,
    ForbiddenUse,
    Purpose,
    RefusalReason,
    Verdict,
)
from datasets.access.models import AccessRequest, RequestedDataset
from datasets.releases import queries as released
from datasets.releases.enums import Protection
from datasets.releases.models import Dataset
from datasets.releases.queries import Column
from portal.accounts.models import Organisation, User
from portal.lib.web.fields import LinesField, PlainForm, box, choice, line, prose, whole

# What a request may leave out.
OPTIONAL = {"impact_assessment", "another", "organises_challenge", "answer"}
RETURN_ROWS = 3
MONTHS = {
    "required": _("Écrivez un nombre de mois."),
    "invalid": _("Écrivez un nombre de mois."),
    "min_value": _("%(limit_value)s mois au moins."),
    "max_value": _("%(limit_value)s mois au plus."),
}
RETURN_MONTHS = (3, 6, 12, 18, 24, 36)


class Step(StrEnum):
    """The pages of a request, as their addresses name them."""

    STRUCTURE = "structure"
    NEED = "besoin"
    SAFETY = "securite"
    SEND = "relecture"


STEP_LABELS = {
    Step.STRUCTURE: _("Votre structure"),
    Step.NEED: _("Finalité et besoin"),
    Step.SAFETY: _("Sécurité et durée"),
    Step.SEND: _("Relecture"),
}


class StepForm(PlainForm):
    """A step: all may be left empty until the request is sent; `values` is what is kept."""

    def __init__(self, *args: Any, request: AccessRequest, by: User, **options: Any) -> None:
        self.request, self.by = request, by
        options["initial"] = self.initial_of(request)
        super().__init__(*args, **options)
        for name in set(self.base_fields) - OPTIONAL:
            self.fields[name].is_needed_to_send = True  # type: ignore[attr-defined]  # ours

    def initial_of(self, request: AccessRequest) -> dict[str, Any]:
        """Give what the request says already."""
        return {name: getattr(request, name) for name in self.base_fields if hasattr(request, name)}

    def values(self) -> dict[str, Any]:
        """Give what was typed and can be kept; what cannot stays on the page with its fault."""
        return dict(self.cleaned_data)

    def refuse(self, faults: Iterable[Mapping[str, str]]) -> None:
        """Put at their fields the faults of a whole request that this step asks about."""
        for fault in faults:
            if fault["field"] in self.fields and fault["field"] not in self.errors:
                self.add_error(fault["field"], fault["message"])


class StructureForm(StepForm):
    """Who asks, and what the public reads of the project."""

    organisation = choice(
        _("Au nom de quel organisme demandez-vous ?"),
        hint=_("Un organisme dont vous êtes membre : l’accès lui est accordé."),
    )
    title = line(
        _("Intitulé du projet"),
        120,
        hint=_("Public : il paraît au registre. Par exemple « Former où l’on recrute »."),
    )
    summary = prose(
        _("En une ou deux phrases"), 400, hint=_("Public aussi : ce que le projet apporte, à qui.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        mine = Organisation.objects.filter(pk__in=self.by.roles_by_organisation).order_by("name")
        self.organisations = {str(each.pk): each for each in mine}
        names = [(key, str(each)) for key, each in self.organisations.items()]
        self.offer("organisation", names if len(names) == 1 else [("", _("Choisissez")), *names])

    def initial_of(self, request: AccessRequest) -> dict[str, Any]:
        return super().initial_of(request) | {"organisation": str(request.organisation_id or "")}

    def values(self) -> dict[str, Any]:
        values = super().values()
        if "organisation" in values:
            values["organisation"] = self.organisations.get(values["organisation"])
        return values


@dataclass(frozen=True)
class ColumnAsked:
    """One column of a dataset in the form: its box, and why it is needed where that is asked."""

    column: Column
    value: str
    id: str
    is_chosen: bool
    why: BoundField | None


@dataclass(frozen=True)
class DatasetAsked:
    """One dataset of the request in the form."""

    dataset: Dataset
    field: BoundField
    columns: list[ColumnAsked]

    @property
    def chosen(self) -> int:
        """Count the columns that are ticked."""
        return sum(each.is_chosen for each in self.columns)


NEED_TEXTS = ("purpose", "service", "use_cases", "organises_challenge", "beneficiaries")


class NeedForm(StepForm):
    """What for, for whom, with which columns."""

    purpose = choice(
        _("Quelle finalité d’intérêt général poursuivez-vous ?"),
        Purpose.choices,
        hint=_("Le répertoire sert aux seuls services d’intérêt général. Prenez la plus proche."),
        radio=True,
        descriptions={each.value: hint for each, hint in PURPOSE_HINTS.items()},
    )
    service = prose(
        _("Le service que vous voulez rendre"),
        2_000,
        hint=_("Pour qui, dans quelle situation, et ce que cela change pour la personne."),
        rows=5,
    )
    use_cases = prose(
        _("Cas d’usage"), 1_000, hint=_("À quels moments, par qui, ces données seront lues.")
    )
    organises_challenge = box(
        _("Organiser un challenge sur ces données"),
        hint=_("Ses équipes n’en téléchargent rien : elles signent les usages interdits."),
    )
    beneficiaries = line(_("Bénéficiaires"), 300, hint=_("À qui le service profite."))
    another = choice(
        _("Ajouter un jeu du répertoire"),
        hint=_("Une seule demande suffit pour plusieurs producteurs."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = self.request.datasets.select_related("dataset__resource__organisation")
        self.rows: list[RequestedDataset] = list(rows)
        columns = released.columns_of([each.dataset_id for each in self.rows])
        self.columns = {each.pk: columns[each.dataset_id] for each in self.rows}
        for row in self.rows:
            self._ask_columns(row)
        taken = {row.dataset_id for row in self.rows}
        others = released.restricted(self.by).exclude(pk__in=taken)
        self.others = {str(each.public_id): each for each in others}
        names = [(key, str(each)) for key, each in self.others.items()]
        self.offer("another", [("", _("Aucun autre")), *names])
        if not names:
            del self.fields["another"]

    def _ask_columns(self, row: RequestedDataset) -> None:
        key = row.dataset.public_id
        names = [(each.name, each.name) for each in self.columns[row.pk]]
        self.fields[f"columns-{key}"] = forms.MultipleChoiceField(
            label=_("Colonnes de « %(title)s »") % {"title": row.dataset},
            choices=names,
            required=False,
            initial=list(row.columns),
        )
        for column in self.columns[row.pk]:
            if not column.protection.is_sensitive:
                continue
            measured = column.protection is Protection.CONDITIONAL
            self.fields[f"why-{key}-{column.name}"] = line(
                _("Pourquoi « %(name)s » ?") % {"name": column.name},
                500,
                hint=_("Nommez la mesure d’équité : jamais une entrée de modèle.")
                if measured
                else "",
                initial=row.columns.get(column.name, ""),
            )
            self.fields[f"why-{key}-{column.name}"].is_needed_to_send = True  # type: ignore[attr-defined]  # ours

    def datasets(self) -> list[DatasetAsked]:
        """List the datasets with their columns, as the page draws them."""
        asked = []
        for row in self.rows:
            bound = self[f"columns-{row.dataset.public_id}"]
            chosen = set(bound.value() or [])
            columns = [
                ColumnAsked(
                    column=column,
                    value=column.name,
                    id=f"{bound.auto_id}_{number}",
                    is_chosen=column.name in chosen,
                    why=self[name] if (name := self._why(row, column)) in self.fields else None,
                )
                for number, column in enumerate(self.columns[row.pk])
            ]
            asked.append(DatasetAsked(row.dataset, bound, columns))
        return asked

    @staticmethod
    def _why(row: RequestedDataset, column: Column) -> str:
        return f"why-{row.dataset.public_id}-{column.name}"

    def texts(self) -> list[BoundField]:
        """List the questions before the columns."""
        return [self[name] for name in NEED_TEXTS]

    def values(self) -> dict[str, Any]:
        cleaned = super().values()
        values = {name: cleaned[name] for name in NEED_TEXTS if name in cleaned}
        wanted: dict[Dataset, dict[str, str]] = {}
        for row in self.rows:
            chosen = cleaned.get(f"columns-{row.dataset.public_id}", list(row.columns))
            wanted[row.dataset] = {
                column.name: cleaned.get(self._why(row, column), "")
                for column in self.columns[row.pk]
                if column.name in chosen
            }
        another = self.others.get(cleaned.get("another", ""))
        if another is not None:
            wanted[another] = {}
        return values | {"datasets": wanted}

    def without(self, taken: UUID | None) -> dict[str, Any]:
        """Give what is kept once a dataset is taken out."""
        values = self.values()
        rows = values["datasets"].items()
        return values | {"datasets": {each: why for each, why in rows if each.public_id != taken}}


class SafetyForm(StepForm):
    """Where the data go, for how long, who reads them, what is given back."""

    legal_basis = line(
        _("Base légale"),
        300,
        hint=_("Une mission d’intérêt public, une convention, un texte : son nom ou son adresse."),
    )
    impact_assessment = line(
        _("Analyse d’impact"),
        300,
        hint=_(
            "Pour des données d’origine personnelle : sa date, son adresse, ou pourquoi aucune."
        ),
    )
    hosting = choice(
        _("Pays où les données seront gardées"),
        [("", _("Choisissez")), *Country.choices],
        hint=_("Dans l’Union européenne."),
    )
    security = prose(
        _("Comment elles seront protégées"),
        2_000,
        hint=_("Accès, chiffrement, sauvegardes, effacement à la fin."),
    )
    months = whole(
        _("Durée, en mois"),
        1,
        settings.ACCESS_MOST_MONTHS,
        _("Douze d’ordinaire, trente-six au plus. La limite la plus courte l’emporte."),
        required=False,
        error_messages=MONTHS,
    )
    persons = LinesField(
        label=_("Personnes qui liront les données"),
        help_text=_(
            "Une adresse par ligne, la vôtre si vous lisez : chacune signera. Vide : vous seul."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        there = list(self.request.returns.all())
        for number in range(max(RETURN_ROWS, len(there) + 1)):
            said = there[number] if number < len(there) else None
            self.fields[f"return-{number}"] = line(
                _("Ce qui sera rendu") if number == 0 else _("Autre rendu"),
                200,
                initial=said.text if said else "",
            )
            self.fields[f"return-months-{number}"] = choice(
                _("Délai après la signature"),
                [(each, _("%(months)s mois") % {"months": each}) for each in RETURN_MONTHS],
                initial=said.months if said else 12,
            )
            self.fields[f"return-months-{number}"].is_needed_to_send = True  # type: ignore[attr-defined]  # ours
        self.fields["return-0"].is_needed_to_send = True  # type: ignore[attr-defined]  # ours

    def initial_of(self, request: AccessRequest) -> dict[str, Any]:
        persons = list(request.named_users.filter(removed_at=None).values_list("email", flat=True))
        return super().initial_of(request) | {"persons": persons}

    def clean_persons(self) -> list[str]:
        """Refuse what is no address, naming the line."""
        persons: list[str] = self.cleaned_data["persons"]
        check = EmailValidator(
            _("« %(value)s » n’est pas une adresse. Exemple : prenom.nom@exemple.fr")
        )
        for each in persons:
            check(each)
        return persons

    def clean_months(self) -> int:
        """Take the duration that is usual where none was typed."""
        return int(self.cleaned_data["months"] or self.request.months)

    def questions(self) -> list[BoundField]:
        """List the questions, less the rows of what is given back."""
        return [self[name] for name in self.base_fields]

    def returns(self) -> list[tuple[BoundField, BoundField]]:
        """Pair each thing given back with its delay."""
        numbers = range(sum(name.startswith("return-months-") for name in self.fields))
        return [(self[f"return-{each}"], self[f"return-months-{each}"]) for each in numbers]

    def values(self) -> dict[str, Any]:
        cleaned = super().values()
        values = {name: cleaned[name] for name in self.base_fields if name in cleaned}
        rows = [
            (cleaned.get(text.name, ""), int(cleaned.get(months.name) or 12))
            for text, months in self.returns()
        ]
        return values | {"returns": rows}

    def refuse(self, faults: Iterable[Mapping[str, str]]) -> None:
        named = [
            {**fault, "field": "return-0"} if fault["field"] == "returns" else fault
            for fault in faults
        ]
        super().refuse(named)


class SendForm(StepForm):
    """The forbidden uses, each signed by who sends; what they answer to the changes asked."""

    pledges = forms.MultipleChoiceField(
        label=_("Je m’engage, au nom de l’organisme, à ne jamais"),
        choices=ForbiddenUse.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    answer = prose(
        _("Votre réponse à la Région"),
        2_000,
        hint=_("Ce qui a changé, ou pourquoi rien ne change."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.request.changes_asked:
            del self.fields["answer"]


STEP_FORMS: dict[Step, type[StepForm]] = {
    Step.STRUCTURE: StructureForm,
    Step.NEED: NeedForm,
    Step.SAFETY: SafetyForm,
    Step.SEND: SendForm,
}


def step_of(field: str) -> Step:
    """Say which step asks for a field that a fault names."""
    if field in StructureForm.base_fields:
        return Step.STRUCTURE
    if field in ("pledges",):
        return Step.SEND
    if field in SafetyForm.base_fields or field == "returns":
        return Step.SAFETY
    return Step.NEED


def steps_of(fields: Collection[str]) -> list[Step]:
    """List the steps that changes are asked of, in their order; a field stands for its step."""
    aimed = {Step(each) if each in list(Step) else step_of(each) for each in fields}
    return [each for each in Step if each in aimed]


class ReasonForm(PlainForm):
    """A reason, which is sent and kept with the act."""

    text = prose(_("Motif"), 2_000, _("Écrivez le motif : il est envoyé et gardé."), rows=4)


class RevocationForm(ReasonForm):
    """Why a grant ends, for good: that is confirmed."""

    confirmed = box(
        _("Pour de bon : plus personne ne lit, et l’organisme détruit ce qu’il a reçu"),
        _("Cochez pour confirmer : une révocation ne se reprend pas."),
    )


class DestructionForm(ReasonForm):
    """How what was received is destroyed, for the last time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].label = _("Comment les données ont été détruites")
        fault = _("Dites ce qui a été détruit, où et comment : le producteur le lit.")
        self.fields["text"].error_messages["required"] = fault


class ReviewForm(PlainForm):
    """What a first decision did not see."""

    argument = prose(
        _("Ce que la première décision n’a pas vu"),
        2_000,
        hint=_("La personne qui réexamine le lit à côté du premier refus."),
    )


class ChangesForm(ReasonForm):
    """What must be changed before the examination goes on."""

    fields_aimed = forms.MultipleChoiceField(
        label=_("Étapes à reprendre"),
        choices=[(step.value, label) for step, label in STEP_LABELS.items()][:3],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class OpinionForm(PlainForm):
    """What a producer, or the data protection officer, thinks."""

    verdict = choice(_("Votre avis"), Verdict.choices, _("Choisissez votre avis."), radio=True)
    text = prose(_("En quelques mots"), 2_000, hint=_("Obligatoire pour un avis défavorable."))
    months = whole(
        _("Durée la plus longue, en mois"),
        1,
        settings.ACCESS_MOST_MONTHS,
        _("Celle de votre convention. Vide : pas d’autre limite."),
        required=False,
        error_messages=MONTHS,
    )

    def __init__(self, *args: Any, is_dpo: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if is_dpo:
            del self.fields["months"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == Verdict.UNFAVOURABLE:
            self.need("text", _("Dites pourquoi : votre avis est envoyé à qui demande."))
        return cleaned


class ApprovalForm(ReasonForm):
    """Grant access: for how long, why, and why over an unfavourable opinion."""

    months = whole(_("Durée, en mois"), 1, settings.ACCESS_MOST_MONTHS, error_messages=MONTHS)
    override = prose(
        _("Pourquoi passer outre l’avis du délégué"),
        2_000,
        _("L’avis du délégué est défavorable : écrivez pourquoi vous passez outre."),
    )
    field_order = ("months", "text", "override")

    def __init__(self, *args: Any, months: int, dpo_refuses: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["months"].initial = min(months, 12)
        self.fields["text"].label = _("Motivation")
        if not dpo_refuses:
            del self.fields["override"]


class RefusalForm(ReasonForm):
    """Refuse access: a reason of the list, which the register counts, and a text."""

    reason = choice(
        _("Motif du registre"),
        [("", _("Choisissez")), *RefusalReason.choices],
        _("Choisissez le motif que le registre compte."),
    )
    field_order = ("reason", "text")


class DeliveryForm(PlainForm):
    """Where what was promised can be seen."""

    link = forms.URLField(
        label=_("Adresse publique du rendu"),
        max_length=500,
        assume_scheme="https",
        error_messages={
            "required": _("Donnez l’adresse où l’on voit ce qui est rendu."),
            "invalid": _("Écrivez une adresse complète, comme https://exemple.fr/tableau."),
        },
    )
