"""The decision of a moderator, and what becomes of a card: removed, transferred."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalogue.contributions.actions.review import BulkAct, Order
from catalogue.enums import DecisionReason, RemovalReason
from portal.accounts.models import Organisation
from portal.lib.characters import plain_line, plain_text

PUBLISH, REQUEST_CHANGES, REFUSE = "publish", "request_changes", "refuse"


class DecisionForm(forms.Form):
    """What to do with a proposal, why, and what to tell its author."""

    use_required_attribute = False
    outcome = forms.ChoiceField(
        label=_("Décision"),
        widget=forms.RadioSelect,
        choices=[
            (PUBLISH, _("Publier")),
            (REQUEST_CHANGES, _("Demander des corrections")),
            (REFUSE, _("Refuser")),
        ],
        error_messages={"required": _("Choisissez une décision.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.ChoiceField(
        label=_("Motif"),
        required=False,
        choices=[("", "—"), *DecisionReason.choices],
        help_text=_("Pour un refus ou une demande de corrections."),
    )
    concerned = forms.MultipleChoiceField(
        label=_("Champs concernés"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    message = forms.CharField(
        label=_("Message à l’auteur"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Dites quoi changer, où, et pourquoi. Le message est conservé dans l’historique."
        ),
    )

    def __init__(
        self, *args: Any, concerned: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["concerned"]
        field.choices = concerned
        outcome: Any = self.fields["outcome"]
        outcome.descriptions = {
            PUBLISH: _("Visible tout de suite"),
            REQUEST_CHANGES: _("L’auteur répond, la fiche revient"),
            REFUSE: _("Motif et message obligatoires"),
        }

    def clean(self) -> dict[str, Any]:
        """Ask for a reason and a message, except to publish."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") in (REQUEST_CHANGES, REFUSE):
            if not cleaned.get("reason"):
                self.add_error("reason", _("Choisissez un motif."))
            if not str(cleaned.get("message") or "").strip():
                self.add_error("message", _("Écrivez à l’auteur ce qui manque ou ce qui gêne."))
        return cleaned


ACCEPT, DECLINE = "accept", "decline"


class OwnerAnswerForm(forms.Form):
    """What who holds a card thinks of a change that somebody else proposes of it."""

    use_required_attribute = False
    answer = forms.ChoiceField(
        label=_("Votre avis"),
        widget=forms.RadioSelect,
        choices=[(ACCEPT, _("Favorable")), (DECLINE, _("Défavorable"))],
        error_messages={"required": _("Choisissez un avis.")},
    )
    reason = forms.CharField(
        label=_("Raison"),
        required=False,
        max_length=2_000,
        validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Lue par l’auteur de la proposition et par la Région."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        answer: Any = self.fields["answer"]
        answer.descriptions = {
            ACCEPT: _("La Région relit, puis publie ou non"),
            DECLINE: _("La Région lit votre raison avant de décider"),
        }

    def clean(self) -> dict[str, Any]:
        """Ask why a change is declined."""
        cleaned = super().clean() or {}
        if cleaned.get("answer") == DECLINE and not str(cleaned.get("reason") or "").strip():
            self.add_error("reason", _("Dites pourquoi vous déclinez ce changement."))
        return cleaned


class OrderForm(forms.Form):
    """What to do with several proposals at once."""

    use_required_attribute = False
    act = forms.ChoiceField(
        label=_("Ce qu’il faut faire"),
        choices=BulkAct.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez ce qu’il faut faire.")},
    )
    assignee = forms.ChoiceField(label=_("À qui confier"), required=False)
    reason = forms.ChoiceField(
        label=_("Motif"),
        required=False,
        choices=[("", "—"), *DecisionReason.choices],
        help_text=_("Pour un refus ou une demande de corrections."),
    )
    message = forms.CharField(
        label=_("Message aux auteurs"),
        required=False,
        max_length=4_000,
        validators=[plain_text],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Chaque auteur reçoit le même."),
    )

    def __init__(self, *args: Any, moderators: Sequence[Any] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.moderators = {str(each.pk): each for each in moderators}
        field: Any = self.fields["assignee"]
        field.choices = [("", "—"), *((key, str(each)) for key, each in self.moderators.items())]

    def clean(self) -> dict[str, Any]:
        """Ask for what the act needs."""
        cleaned = super().clean() or {}
        act = cleaned.get("act")
        if act == BulkAct.ASSIGN and not cleaned.get("assignee"):
            self.add_error("assignee", _("Dites à qui."))
        if act in (BulkAct.REQUEST_CHANGES, BulkAct.REFUSE):
            if not cleaned.get("reason"):
                self.add_error("reason", _("Choisissez un motif."))
            if not str(cleaned.get("message") or "").strip():
                self.add_error("message", _("Écrivez à l’auteur ce qui manque ou ce qui gêne."))
        return cleaned

    def order(self) -> Order:
        """Give the order that was written."""
        said = self.cleaned_data
        return Order(
            BulkAct(said["act"]),
            self.moderators.get(said["assignee"]),
            said["reason"],
            said["message"],
        )


class RemovalForm(forms.Form):
    """Why a card is to be removed, and what its address may still say."""

    use_required_attribute = False
    reason = forms.ChoiceField(
        label=_("Motif"),
        choices=RemovalReason.choices,
        help_text=_("Il est affiché à l’adresse de la fiche."),
    )
    keep_title = forms.BooleanField(
        label=_("Garder le titre à l’adresse de la fiche"), required=False, initial=True
    )
    explanation = forms.CharField(
        label=_("Explication pour la deuxième personne et pour l’auteur"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi cette fiche doit être retirée.")},
    )


class TransferForm(forms.Form):
    """To whom a card goes, and a word."""

    use_required_attribute = False
    target = forms.CharField(
        label=_("Organisation qui reprendrait la fiche"),
        max_length=200,
        validators=[plain_line],
        help_text=_("Son nom exact sur le portail, ou l’adresse de sa page."),
        error_messages={"required": _("Dites à quelle organisation.")},
    )
    message = forms.CharField(
        label=_("Message"), max_length=500, required=False, validators=[plain_line]
    )

    def __init__(
        self, *args: Any, places: list[Organisation] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if places is not None:
            self.fields["target"] = forms.ChoiceField(
                label=_("Organisation qui reprendrait la fiche"),
                choices=[(each.slug, each.name) for each in places],
            )

    def clean_target(self) -> Organisation:
        """Find the organisation by its name or its address."""
        said = self.cleaned_data["target"].strip()
        slug = said.rstrip("/").rsplit("/", 1)[-1]
        rows = Organisation.objects.all()
        found = rows.filter(slug=slug).first() or rows.filter(name__iexact=said).first()
        if found is None:
            raise ValidationError(_("Aucune organisation du portail ne porte ce nom."), code="none")
        return found
