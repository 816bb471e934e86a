"""The decision of a moderator on one proposal or many, and the answer of who holds a card."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.contributions.actions.review import BulkAct, Order
from catalogue.contributions.enums import DecisionReason
from portal.lib.web.fields import PlainForm, choice, prose

PUBLISH, REQUEST_CHANGES, REFUSE = "publish", "request_changes", "refuse"


class DecisionForm(PlainForm):
    """What to do with a proposal, why, and what to tell its author."""

    outcome = choice(
        _("Votre décision"),
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
            REFUSE: _("La proposition s’arrête là"),
        },
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = choice(_("Motif"), [("", "—"), *DecisionReason.choices])
    concerned = forms.MultipleChoiceField(
        label=_("Champs concernés"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    message = prose(
        _("Message à l’auteur"),
        4_000,
        hint=_("Quoi changer, où, et pourquoi."),
        rows=8,
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
