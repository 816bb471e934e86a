"""Forms by which a challenge is written, published and run, and by whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import DomainNameValidator
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from challenges.bundles.portable import LICENCE_STATUSES
from challenges.bundles.spec import Role
from challenges.organising import queries as organising
from challenges.organising.actions import texts
from challenges.organising.actions.leaderboards import MOST_QUESTIONS
from challenges.organising.enums import OrganiserRole, RegistrationMode
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.words import TASKS
from datasets.access.models import Grant
from portal.accounts.models import Organisation
from portal.lib.web.fields import (
    LinesField,
    box,
    choice,
    invited_address,
    line,
    prose,
    whole,
)


class ReadForm(forms.Form):
    """Carry the version of the challenge that the person had before their eyes."""

    version = forms.IntegerField(
        label=_("Version relue"),
        widget=forms.HiddenInput,
        min_value=1,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"),
            _("Rechargez la page, relisez-la, puis recommencez."),
        ),
    )


class PublishForm(ReadForm):
    """Give the visa."""

    confirm_licence = box(_("La licence des données a été confirmée par son titulaire"))


class ReasonForm(forms.Form):
    """Say what must be corrected."""

    reason = prose(
        _("Corrections demandées"),
        2_000,
        _("Dites ce qui est à corriger."),
        rows=4,
    )


class SendBackForm(ReadForm, ReasonForm):
    """Ask for corrections of the version that was read."""


class ArchiveForm(forms.Form):
    """End a challenge for good."""

    reason = prose(_("Motif, public"), 500, _("Dites pourquoi le challenge est archivé."))
    sure = box(
        _("Je confirme l’archivage : il ne s’annule pas"),
        _("Cochez la case pour confirmer l’archivage."),
    )


class DeleteForm(forms.Form):
    """Confirm that a draft is deleted."""

    sure = box(
        _("Je confirme : ce brouillon et ses fichiers sont supprimés"),
        _("Cochez la case pour confirmer la suppression."),
    )


class LocalMoment(forms.DateTimeField):
    """Ask for a day and an hour of Paris; « 23 h 59 » is the last second of that day."""

    years = (1990, 2200)

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"],
            help_text=_("Heure de Paris."),
            error_messages={
                "invalid": _("Écrivez la date et l’heure, par exemple 17/12/2026 17:00."),
                "ambiguous_timezone": _(
                    "Cette heure n’existe pas, ou existe deux fois, le jour du changement d’heure."
                ),
                "year": _("Une année de 1990 à 2200 est attendue."),
            },
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )

    def clean(self, value: Any) -> Any:
        """Read the moment, of a year that the portal can show."""
        try:
            moment = super().clean(value)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["year"], code="year") from None
        except forms.ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise forms.ValidationError(
                self.error_messages["ambiguous_timezone"], code=error.code
            ) from error
        if moment is not None and not self.years[0] <= moment.year <= self.years[1]:
            raise forms.ValidationError(self.error_messages["year"], code="year")
        if moment is not None and (moment.hour, moment.minute) == (23, 59):
            moment = moment.replace(second=59, microsecond=0)
        return moment


class PhaseForm(forms.Form):
    """A form about one phase: its fields have names of their own on the page of several."""

    act = "phase"

    def __init__(self, data: Any = None, *, phase: Phase, **options: Any) -> None:
        super().__init__(data, auto_id=f"id_{self.act}_{phase.index}_%s", **options)
        self.phase = phase


class ClosingForm(PhaseForm):
    """Confirm the close of a phase."""

    act = "close"

    sure = box(
        _("Je confirme la clôture : plus aucune soumission ne sera acceptée"),
        _("Cochez la case pour confirmer la clôture."),
    )


class RevealForm(PhaseForm):
    """Propose or confirm the publication of the final results."""

    act = "reveal"

    sure = box(
        _("Je confirme : les résultats définitifs deviendront publics"),
        _("Cochez la case pour confirmer."),
    )


FILE_ROLES = {
    Role.TRAIN: _("Entraînement"),
    Role.TEST: _("Test, sans les réponses"),
    Role.SAMPLE_SUBMISSION: _("Exemple de réponse"),
    Role.TRUTH: _("Réponses, jamais publiées"),
    Role.BASELINE_SUBMISSION: _("Réponses de la solution de référence, jamais publiées"),
    Role.BASELINE_PROGRAM: _("Programme de la solution de référence"),
    Role.EXTRA: _("Autre fichier public"),
}
# Where teams send code, the table to predict is held out and a sample of it is public.
CODE_FILE_ROLES = {
    Role.TRAIN: FILE_ROLES[Role.TRAIN],
    Role.HIDDEN_INPUTS: _("Entrées réservées : la table à prédire, jamais publiée"),
    Role.SAMPLE_INPUTS: _("Échantillon public : 100 à 1 000 lignes de la même forme"),
    Role.SAMPLE_SUBMISSION: _("Exemple de réponse pour l’échantillon"),
    Role.SAMPLE_ANSWERS: _("Réponses de l’échantillon, publiques"),
    Role.TRUTH: FILE_ROLES[Role.TRUTH],
    Role.BASELINE_SUBMISSION: _("Archive de code de la solution de référence, jamais publiée"),
    Role.EXTRA: FILE_ROLES[Role.EXTRA],
}
STATUSES = {
    "to_confirm": _("À confirmer avant la publication"),
    "stated_by_producer": _("Déclarée par le producteur"),
    "verified": _("Vérifiée"),
}
STATUS_CHOICES = [(each, STATUSES[each]) for each in sorted(LICENCE_STATUSES, reverse=True)]


def markdown(label: Any, hint: Any, fault: Any = "", *, rows: int = 16) -> forms.CharField:
    """Ask for a long text in Markdown. As `prose`."""
    widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "true"})
    return line(label, 20_000, fault, hint, check=None, widget=widget)


def cards_field() -> LinesField:
    """Ask for cards of the catalogue by their addresses, slugs or titles."""
    return LinesField(
        label=_("Fiches du catalogue dont part le challenge"),
        required=False,
        max_length=6_000,
        help_text=_(
            "Le besoin, l’idée, les données : une adresse ou un titre par ligne, dix au "
            "plus. Chaque fiche montrera le challenge, et le challenge ses fiches."
        ),
    )


class DomainsField(LinesField):
    """Ask for domains of addresses, one a line."""

    def clean(self, value: Any) -> list[str]:
        """Read each domain, written with its @ or without."""
        domains = [each.lower().lstrip("@").removesuffix(".") for each in super().clean(value)]
        for each in domains:
            try:
                DomainNameValidator(accept_idna=False)(each)
            except forms.ValidationError:
                raise forms.ValidationError(
                    _("« %(domain)s » n’est pas un nom de domaine."),
                    params={"domain": each[:64]},
                ) from None
        return list(dict.fromkeys(domains))


class NewChallengeForm(forms.Form):
    """Begin a challenge: its title, what is to predict, and for whom where one may choose."""

    title = line(_("Titre"), 200, _("Donnez un titre au challenge."))
    task = choice(
        _("Que faut-il prédire ?"),
        TASKS.items(),
        _("Choisissez ce qu’il faut prédire."),
        radio=True,
    )
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(self, data: Any = None, *, organisations: Sequence[Organisation], title: str = ""):
        """Lay the form out. title: that of the card the challenge starts from."""
        super().__init__(data, initial={"title": title, "organisation": organisations[0].pk})
        field = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(  # type: ignore[attr-defined]  # a model choice
            pk__in=[each.pk for each in organisations]
        ).order_by("name")
        if len(organisations) == 1:
            field.widget, field.disabled = forms.HiddenInput(), True


FIRST_TEXTS = ("title", "summary", "body_md", "licence_name", "licence_status")
PRIZE_TEXTS = ("has_prizes", "prizes_md", "prize_rule_md")


class TextsForm(forms.Form):
    """Write what everybody reads of a challenge, its rules included."""

    title = NewChallengeForm.base_fields["title"]
    summary = prose(
        _("Résumé"),
        2_000,
        _("Résumez le challenge en une ou deux phrases."),
        _("Ce qu’il faut prédire, à partir de quoi, et à qui cela sert."),
    )
    body_md = markdown(
        _("Présentation"),
        _("En Markdown : contexte, données, ce qui est attendu, calendrier."),
        rows=8,
    )
    licence_name = line(_("Licence des données"), 200, _("Nommez la licence des données."))
    licence_status = forms.ChoiceField(
        label=_("Certitude sur la licence"),
        error_messages={"required": _("Dites si vous avez vérifié cette licence.")},
        choices=STATUS_CHOICES,
    )
    terms = markdown(_("Règlement"), _("En Markdown."), _("Écrivez le règlement."))
    language = choice(
        _("Langue de ces textes"),
        hint=_("Celle du titre, du résumé, des pages, des phases et des mesures."),
    )
    tags = line(_("Mots-clés"), 400, hint=_("Séparés par des virgules."))
    use_cases = forms.MultipleChoiceField(
        label=_("Cas d’usage du programme"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    cards = cards_field()
    contact = forms.EmailField(
        label=_("Adresse de contact, publique"), required=False, max_length=254
    )
    forum_url = forms.URLField(
        label=_("Forum extérieur"), required=False, assume_scheme="https", max_length=200
    )
    grant = choice(
        _("Données du répertoire régional R2DDE"),
        hint=_(
            "Habilitation en cours de votre organisation, dont la demande prévoit un challenge. La "
            "page dit sa finalité et son numéro ; rien de ce que les programmes écrivent n’est "
            "montré."
        ),
    )
    has_prizes = box(_("Le challenge est doté"))
    prizes_md = prose(_("Dotation"), 5_000, rows=10)
    prize_rule_md = prose(
        _("Règle d’attribution"),
        5_000,
        hint=_("Comment les ex æquo se partagent la dotation, qui peut la recevoir."),
        rows=10,
    )
    licence_spdx = line(_("Identifiant SPDX de la licence"), 64)
    licence_holder = line(_("Titulaire des droits"), 200)

    def __init__(
        self,
        data: Any = None,
        *,
        challenge: Challenge,
        terms: str,
        use_cases: Mapping[str, Any],
        chooses: bool,
    ) -> None:
        """Lay the form out.

        terms: the rules in force. use_cases: {code: name}. chooses: the person may choose a grant;
        else the present one alone is listed.
        """
        stored = {
            name: getattr(challenge, name) for name in self.base_fields if hasattr(challenge, name)
        } | {f"licence_{key}": value or "" for key, value in challenge.licence.items()}
        stored["tags"] = ", ".join(challenge.tags)
        is_asked = not challenge.licence.get("name")  # never presumed
        stored |= {"licence_status": ""} if is_asked else {}
        stored |= {"cards": texts.named_cards(challenge), "terms": terms}
        super().__init__(data, initial=stored)
        spoken = dict(settings.LANGUAGES) | {challenge.language: challenge.language}
        cast(forms.ChoiceField, self.fields["language"]).choices = [
            (code, dict(settings.LANGUAGES).get(code, code)) for code in spoken
        ]
        cast(forms.MultipleChoiceField, self.fields["use_cases"]).choices = list(use_cases.items())
        if is_asked:
            status = cast(forms.ChoiceField, self.fields["licence_status"])
            status.choices = [("", _("À choisir")), *STATUS_CHOICES]
        own = [challenge.grant] if challenge.grant else []
        others = organising.grants_for(challenge) if chooses else ()
        listed = {str(each.public_id): each for each in [*others, *own]}
        self.grants = listed
        self.initial["grant"] = str(own[0].public_id) if own else ""
        cast(forms.ChoiceField, self.fields["grant"]).choices = [
            ("", _("Aucune donnée à accès restreint")),
            *((key, f"{each.number} · {each}") for key, each in listed.items()),
        ]
        if not chooses:
            self.fields["grant"].disabled = True
            self.fields["grant"].help_text = _("Une personne de l’organisation la choisit.")
        if challenge.is_public:
            for key in ("name", "spdx", "holder", "status"):
                self.fields.pop(f"licence_{key}")
        self.over = challenge.status in texts.OVER
        if self.over:  # a bench is still scored, under a grant
            self.fields = {"grant": self.fields["grant"]}
        self.challenge = challenge

    @property
    def first(self) -> list[Any]:
        """List the bound fields that each challenge needs."""
        return [self[name] for name in FIRST_TEXTS if name in self.fields]

    @property
    def prizes(self) -> list[Any]:
        """List the bound fields of a challenge with prizes."""
        return [self[name] for name in PRIZE_TEXTS if name in self.fields]

    @property
    def further(self) -> list[Any]:
        """List the bound fields that a challenge may do without."""
        shown = {*FIRST_TEXTS, *PRIZE_TEXTS, "terms"}
        return [bound for bound in self if bound.name not in shown]

    @property
    def has_further_fault(self) -> bool:
        """Say whether one of these is to be corrected."""
        return any(bound.errors for bound in self.further)

    @property
    def texts(self) -> dict[str, Any]:
        """Return the texts, by field of the challenge."""
        sent = self.cleaned_data
        texts = {
            key: value
            for key, value in sent.items()
            if not key.startswith("licence_") and key not in {"cards", "grant", "terms"}
        }
        texts["language"] = sent["language"] or self.challenge.language
        texts["tags"] = [each.strip() for each in sent["tags"].split(",") if each.strip()]
        return texts

    @property
    def chosen_grant(self) -> Grant | None:
        """Return the grant under which the data are used."""
        return self.grants.get(self.cleaned_data["grant"])

    @property
    def licence(self) -> Mapping[str, Any]:
        """Return the licence of the data."""
        if "licence_name" not in self.cleaned_data:
            return self.challenge.licence
        sent = self.cleaned_data
        return {
            "name": sent["licence_name"],
            "spdx": sent["licence_spdx"] or None,
            "holder": sent["licence_holder"],
            "status": sent["licence_status"],
        }


DATES = {"opens_at": _("Ouverture"), "closes_at": _("Clôture")}


class DatesForm(forms.Form):
    """Set when each phase opens and closes, and who may take part."""

    registration = forms.TypedChoiceField(
        label=_("Inscription"),
        choices=RegistrationMode.choices,
        coerce=RegistrationMode,
        widget=forms.RadioSelect,
    )
    allowed_domains = DomainsField(
        label=_("Domaines d’adresse admis"),
        required=False,
        max_length=4_000,
        help_text=_("Un par ligne, par exemple exemple.fr. Vide : tous."),
    )
    blocked_domains = DomainsField(
        label=_("Domaines d’adresse refusés"), required=False, max_length=4_000
    )
    team_min = whole(_("Membres par équipe, au moins"), 1, 50)
    team_max = whole(_("Membres par équipe, au plus"), 1, 50)

    def __init__(self, data: Any = None, *, challenge: Challenge, phases: Sequence[Phase]) -> None:
        """Lay the form out. phases: those that are not over."""
        stored = {name: getattr(challenge, name) for name in self.base_fields}
        super().__init__(data, initial=stored)
        self.phases = phases
        for phase in phases:
            for name, label in DATES.items():
                self.fields[f"{name}_{phase.index}"] = LocalMoment(label)
                self.initial[f"{name}_{phase.index}"] = getattr(phase, name)

    def clean(self) -> dict[str, Any]:
        """Refuse sizes out of order."""
        sent: dict[str, Any] = super().clean() or {}
        low, high = sent.get("team_min"), sent.get("team_max")
        if low and high and low > high:
            self.add_error("team_max", _("Le maximum est inférieur au minimum."))
        return sent

    def date(self, phase: Phase, name: str) -> datetime | None:
        """Return the chosen moment, the stored one when the same minute was sent back."""
        chosen: datetime | None = self.cleaned_data.get(f"{name}_{phase.index}")
        stored: datetime | None = getattr(phase, name)
        if (
            chosen
            and stored
            and chosen.replace(second=0) == stored.replace(second=0, microsecond=0)
        ):
            return stored
        return chosen

    @property
    def slots(self) -> list[tuple[Phase, list[Any]]]:
        """List the bound dates of each phase."""
        return [(one, [self[f"{name}_{one.index}"] for name in DATES]) for one in self.phases]

    @property
    def participation(self) -> dict[str, Any]:
        """Return who may take part, by field of the challenge."""
        return {name: self.cleaned_data[name] for name in self.base_fields}


class PageForm(forms.Form):
    """Write a further page."""

    title = line(_("Titre de la page"), 120, _("Donnez un titre à la page."))
    body_md = markdown(_("Texte"), _("En Markdown."), _("Écrivez le texte de la page."))


QUESTION_KINDS = {
    "text": _("Texte libre"),
    "boolean": _("Oui ou non"),
    "select": _("Un choix dans une liste"),
    "checkbox": _("Plusieurs choix dans une liste"),
}
LISTED = ("select", "checkbox")


class QuestionsForm(forms.Form):
    """Ask up to eight questions, more where an import has more; an empty one is not asked."""

    def __init__(self, data: Any = None, *, stored: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(data)
        self.stored = list(stored)
        self.places = range(max(MOST_QUESTIONS, len(self.stored)))
        for at in self.places:
            former = self.stored[at] if at < len(self.stored) else {}
            self.fields |= _fields(at, former)

    def clean(self) -> dict[str, Any]:
        """Refuse a list of fewer than two choices."""
        sent: dict[str, Any] = super().clean() or {}
        for at in self.places:
            if not sent.get(f"label_{at}"):
                continue
            if sent.get(f"type_{at}") in LISTED and len(sent.get(f"options_{at}") or []) < 2:
                self.add_error(f"options_{at}", _("Deux choix au moins, un par ligne."))
        return sent

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each question."""
        names = ("label", "type", "options", "required", "on_leaderboard")
        return [
            {"number": at + 1, "fields": [self[f"{name}_{at}"] for name in names]}
            for at in self.places
        ]

    @property
    def questions(self) -> list[dict[str, Any]]:
        """Return the questions that are asked; one that was there keeps its key."""
        sent, questions = self.cleaned_data, list[dict[str, Any]]()
        for at in self.places:
            label = sent[f"label_{at}"]
            if not label:
                continue
            former = self.stored[at].get("key") if at < len(self.stored) else None
            taken = {each["key"] for each in questions}
            listed = sent[f"type_{at}"] in LISTED
            questions.append(
                {
                    "key": former or _key(label, at, taken),
                    "label": label,
                    "type": sent[f"type_{at}"] or "text",
                    "options": sent[f"options_{at}"] if listed else [],
                    "required": sent[f"required_{at}"],
                    "on_leaderboard": sent[f"on_leaderboard_{at}"],
                }
            )
        return questions


def _key(label: str, at: int, taken: set[str]) -> str:
    key = slugify(label)[:40].strip("-") or "question"
    return key if key not in taken else f"{key}-{at + 1}"


def _fields(at: int, former: Mapping[str, Any]) -> dict[str, forms.Field]:
    kind = str(former.get("type") or "text")
    return {
        f"label_{at}": line(
            _("Question"), 120, initial=former.get("label") or former.get("key") or ""
        ),
        f"type_{at}": choice(
            pgettext_lazy("fiche", "Réponse"),
            list(QUESTION_KINDS.items()),
            initial="select" if kind == "radio" else kind,
        ),
        f"options_{at}": LinesField(
            label=_("Choix, un par ligne"),
            required=False,
            max_length=4_000,
            initial=list(former.get("options") or []),
        ),
        f"required_{at}": box(_("Réponse obligatoire"), initial=former.get("required", False)),
        f"on_leaderboard_{at}": box(
            _("Réponse montrée au classement"), initial=former.get("on_leaderboard", False)
        ),
    }


ORGANISER_ROLES = {
    OrganiserRole.OWNER: _("Responsable : tout, et qui organise"),
    OrganiserRole.ORGANISER: _("Organisateur : tout, sauf qui organise"),
    OrganiserRole.JURY: _("Jury : lit le suivi, n’agit pas"),
}


class OrganiserRoleForm(forms.Form):
    """Choose what a person does for a challenge."""

    role = forms.ChoiceField(
        label=_("Rôle"),
        choices=list(ORGANISER_ROLES.items()),
        initial=OrganiserRole.ORGANISER,
    )


class OrganiserInvitationForm(OrganiserRoleForm):
    """Invite a person to run a challenge."""

    email = invited_address(
        _("Celle de son compte. L’invitation vaut sept jours, pour cette adresse.")
    )

    field_order = ("email", "role")


class AnnouncementForm(forms.Form):
    """Announce something to everybody."""

    text = prose(
        _("Annonce"),
        2_000,
        _("Écrivez l’annonce."),
        _(
            "Texte simple, où les adresses deviennent des liens. Publique, datée, jamais modifiée. "
            "Les personnes inscrites sont prévenues, par courriel si elles l’ont choisi."
        ),
        rows=5,
    )


class GuestsForm(forms.Form):
    """Paste addresses, one a line."""

    addresses = forms.CharField(
        label=_("Adresses électroniques"),
        max_length=40_000,
        help_text=_(
            "Une par ligne, deux cents par jour au plus. Chaque adresse reçoit un seul courriel, "
            "même si la liste est collée de nouveau."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": _("Collez au moins une adresse.")},
    )

    @property
    def lines(self) -> list[str]:
        """Return the lines that were pasted."""
        text: str = self.cleaned_data["addresses"]
        return text.splitlines()
