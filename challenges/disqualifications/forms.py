"""Forms of disqualifications: ask, reply, take back, decide."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.disqualifications.models import Disqualification, DisqualificationStatus
from challenges.entries.models import Entry
from challenges.organising.forms.challenges import ReadForm
from challenges.organising.models.challenges import Challenge, Phase
from challenges.teams.models import Team
from portal.lib.web.fields import box, choice, prose, whole

WHOLE_TEAM, ONE_ENTRY = "team", "entry"
DECISIONS: Mapping[str, Sequence[tuple[str, Any]]] = {
    DisqualificationStatus.PROPOSED: (
        ("dismiss", _("Classer sans suite : rien ne change pour l’équipe")),
        ("pronounce", _("Disqualifier")),
    ),
    DisqualificationStatus.IN_FORCE: (
        ("lift", _("Lever la disqualification : les soumissions reviennent au classement")),
    ),
}


class ChosenField(forms.ModelChoiceField):
    """Choose a row; a number that SQLite cannot hold is none of them."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as error:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice"
            ) from error


class ProposalForm(forms.Form):
    """Ask the Region to disqualify a team, or one of its entries by phase and number."""

    team = ChosenField(
        label=_("Équipe"),
        queryset=Team.objects.none(),
        empty_label=_("Choisissez une équipe"),
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choisissez une équipe de la liste.")
        ),
    )
    scope = choice(
        _("Ce que vous demandez de disqualifier"),
        [
            (ONE_ENTRY, _("Une soumission : les autres de l’équipe restent au classement")),
            (WHOLE_TEAM, _("L’équipe entière, dans toutes les phases")),
        ],
        _("Choisissez une soumission, ou l’équipe entière."),
        radio=True,
    )
    phase = ChosenField(
        label=_("Phase de la soumission"),
        queryset=Phase.objects.none(),
        required=False,
        empty_label=_("Sans objet pour l’équipe entière"),
        error_messages={"invalid_choice": _("Choisissez une phase de la liste.")},
    )
    number = whole(
        _("Numéro de la soumission"),
        1,
        1_000_000,
        _("Celui du récépissé de l’équipe. Laissez vide pour l’équipe entière."),
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            _("Écrivez le numéro d’une soumission, par exemple 12."),
        ),
    )
    reason = prose(
        _("Motif"),
        4000,
        _("Écrivez le motif : l’équipe doit pouvoir y répondre."),
        _(
            "L’équipe et la Région le liront. Citez l’article du règlement et les faits ; ne citez "
            "ni réponse réservée, ni le nom d’une autre équipe."
        ),
        rows=6,
    )
    sure = box(
        _("J’ai relu le motif : l’équipe en est informée aussitôt"),
        _("Cochez la case pour confirmer."),
    )

    def __init__(self, data: Any = None, *, challenge: Challenge) -> None:
        super().__init__(data)
        teams: Any = self.fields["team"]
        teams.queryset = challenge.teams.live().filter(enrolments__isnull=False).distinct()
        phases: Any = self.fields["phase"]
        phases.queryset = challenge.phases.order_by("index")
        phases.label_from_instance = lambda phase: phase.name

    def clean(self) -> dict[str, Any]:
        """Find the entry that is meant: said["entry"], None for the whole team."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        said["entry"] = None
        if said.get("scope") != ONE_ENTRY or not said.get("team"):
            return said
        if not said.get("phase"):
            self.add_error("phase", _("Choisissez la phase de la soumission."))
        elif not said.get("number"):
            if "number" not in self.errors:
                self.add_error("number", _("Écrivez le numéro de la soumission."))
        else:
            said["entry"] = self._entry(said["team"], said["phase"], said["number"])
        return said

    def _entry(self, team: Team, phase: Phase, number: int) -> Entry | None:
        own = Entry.objects.of_team(team.pk).filter(enrolment__phase=phase, number=number).first()
        if own is None:
            self.add_error("number", _("Cette équipe n’a pas de soumission de ce numéro ici."))
        return own


class ReplyForm(forms.Form):
    """Reply, for a team, to what is asked against it."""

    reply = prose(
        _("Réponse de l’équipe"),
        8000,
        _("Écrivez la réponse de votre équipe."),
        _("La Région et l’organisateur la liront. Elle ne peut plus être changée."),
        rows=10,
    )


class WithdrawalForm(forms.Form):
    """Take a proposal back."""

    reason = prose(
        _("Pourquoi retirer cette demande"),
        2000,
        _("Dites pourquoi : l’équipe a reçu votre demande."),
        _("L’équipe le lira."),
    )


class DecisionForm(ReadForm):
    """Decide, for the Region: dismiss, disqualify, lift."""

    decision = choice(_("Décision"), (), _("Choisissez une décision."), radio=True)
    reason = prose(
        _("Motif de la décision"),
        4000,
        _("Écrivez le motif de la décision."),
        _("L’équipe et l’organisateur le liront."),
        rows=5,
    )
    sure = box(_("Je confirme cette décision"), _("Cochez la case pour confirmer."))

    def __init__(self, data: Any = None, *, found: Disqualification, ripe: bool) -> None:
        super().__init__(data, initial={"version": found.version})
        decision: Any = self.fields["decision"]
        offered = DECISIONS.get(found.status, ())
        decision.choices = [each for each in offered if ripe or each[0] in {"dismiss", "lift"}]
