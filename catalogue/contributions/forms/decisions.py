"""The decision of a moderator, and what becomes of a card: removed, transferred."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalogue.contributions.actions.review import BulkAct, Order
from catalogue.contributions.enums import DecisionReason
from catalogue.resources.enums import RemovalReason
from portal.accounts.models import Organisation
from portal.lib.web.fields import PlainForm, box, choice, line, prose

PUBLISH, REQUEST_CHANGES, REFUSE = "publish", "request_changes", "refuse"


class DecisionForm(PlainForm):
    """What to do with a proposal, why, and what to tell its author."""

    outcome = choice(
        _("Décision"),
        [
            (PUBLISH, _("Publier")),
            (REQUEST_CHANGES, _("Demander des corrections")),
            (REFUSE, _("Refuser")),
        ],
        _("Choisissez une décision."),
        radio=True,
        descriptions={
            PUBLISH: _("Visible tout de suite"),
            REQUEST_CHANGES: _("L’auteur répond, la fiche revient"),
            REFUSE: _("Motif et message obligatoires"),
        },
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = choice(
        _("Motif"),
        [("", "—"), *DecisionReason.choices],
        hint=_("Pour un refus ou une demande de corrections."),
    )
    concerned = forms.MultipleChoiceField(
        label=_("Champs concernés"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    message = prose(
        _("Message à l’auteur"),
        4_000,
        hint=_("Dites quoi changer, où, et pourquoi. Le message est conservé dans l’historique."),
        rows=4,
        check=None,
    )

    def __init__(
        self, *args: Any, concerned: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.offer("concerned", concerned)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason and a message, except to publish."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") in (REQUEST_CHANGES, REFUSE):
            _need_words(self)
        return cleaned


def _need_words(form: PlainForm) -> None:
    form.need("reason", _("Choisissez un motif."))
    form.need("message", _("Écrivez à l’auteur ce qui manque ou ce qui gêne."))


ACCEPT, DECLINE = "accept", "decline"


class OwnerAnswerForm(PlainForm):
    """What who holds a card thinks of a change that somebody else proposes of it."""

    answer = choice(
        _("Votre avis"),
        [(ACCEPT, _("Favorable")), (DECLINE, _("Défavorable"))],
        _("Choisissez un avis."),
        radio=True,
        descriptions={
            ACCEPT: _("La Région relit, puis publie ou non"),
            DECLINE: _("La Région lit votre raison avant de décider"),
        },
    )
    reason = prose(
        _("Raison"), 2_000, hint=_("Lue par l’auteur de la proposition et par la Région."), rows=4
    )

    def clean(self) -> dict[str, Any]:
        """Ask why a change is declined."""
        cleaned = super().clean() or {}
        if cleaned.get("answer") == DECLINE:
            self.need("reason", _("Dites pourquoi vous déclinez ce changement."))
        return cleaned


class OrderForm(PlainForm):
    """What to do with several proposals at once."""

    act = choice(
        _("Ce qu’il faut faire"), BulkAct.choices, _("Choisissez ce qu’il faut faire."), radio=True
    )
    assignee = choice(_("À qui confier"))
    reason = choice(
        _("Motif"),
        [("", "—"), *DecisionReason.choices],
        hint=_("Pour un refus ou une demande de corrections."),
    )
    message = prose(
        _("Message aux auteurs"), 4_000, hint=_("Chaque auteur reçoit le même."), rows=4
    )

    def __init__(self, *args: Any, moderators: Sequence[Any] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.moderators = {str(each.pk): each for each in moderators}
        named = ((key, str(each)) for key, each in self.moderators.items())
        self.offer("assignee", [("", "—"), *named])

    def clean(self) -> dict[str, Any]:
        """Ask for what the act needs."""
        cleaned = super().clean() or {}
        act = cleaned.get("act")
        if act == BulkAct.ASSIGN:
            self.need("assignee", _("Dites à qui."))
        if act in (BulkAct.REQUEST_CHANGES, BulkAct.REFUSE):
            _need_words(self)
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


class RemovalForm(PlainForm):
    """Why a card is to be removed, and what its address may still say."""

    reason = forms.ChoiceField(
        label=_("Motif"),
        choices=RemovalReason.choices,
        help_text=_("Il est affiché à l’adresse de la fiche."),
    )
    keep_title = box(_("Garder le titre à l’adresse de la fiche"), initial=True)
    explanation = prose(
        _("Explication pour la deuxième personne et pour l’auteur"),
        300,
        _("Dites pourquoi cette fiche doit être retirée."),
        check=None,
    )


class TransferForm(PlainForm):
    """To whom a card goes, and a word."""

    target = line(
        _("Organisation qui reprendrait la fiche"),
        200,
        _("Dites à quelle organisation."),
        _("Son nom exact sur le portail, ou l’adresse de sa page."),
    )
    message = line(_("Message"), 500)

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
