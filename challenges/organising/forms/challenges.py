"""Forms by which a challenge is written, published and run, and by whom."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import validate_slug
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalogue.models import Resource
from challenges.bundles.document import LICENCE_STATUSES
from challenges.bundles.spec import Role, Task
from challenges.enums import OrganiserRole, RegistrationMode
from challenges.models import Challenge, Phase
from challenges.organising.actions import texts
from challenges.organising.actions.leaderboards import MOST_QUESTIONS
from portal.accounts.models import Organisation
from portal.lib.characters import plain_text


class ReadForm(forms.Form):
    """Carry the version of the challenge that the person had before their eyes."""

    version = forms.IntegerField(
        label=gettext_lazy("Version relue"),
        widget=forms.HiddenInput,
        min_value=1,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"),
            gettext_lazy("Rechargez la page : elle ne dit pas quelle version vous avez lue."),
        ),
    )


class PublishForm(ReadForm):
    """Give the visa."""

    confirm_licence = forms.BooleanField(
        label=gettext_lazy("La licence des données a été confirmée par son titulaire"),
        required=False,
    )


class ReasonForm(forms.Form):
    """Say what must be corrected."""

    reason = forms.CharField(
        label=gettext_lazy("Corrections demandées"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Dites ce qui est à corriger.")},
    )


class SendBackForm(ReadForm, ReasonForm):
    """Ask for corrections of the version that was read."""


class ArchiveForm(forms.Form):
    """End a challenge for good."""

    reason = forms.CharField(
        label=gettext_lazy("Motif, public"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Dites pourquoi le challenge est archivé.")},
    )
    sure = forms.BooleanField(
        label=gettext_lazy("Je confirme l’archivage : il ne s’annule pas"),
        error_messages={"required": gettext_lazy("Cochez la case pour confirmer l’archivage.")},
    )


class LocalMoment(forms.DateTimeField):
    """Ask for a day and an hour of Paris; « 23 h 59 » means the end of that day."""

    years = (1990, 2200)

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"],
            help_text=gettext_lazy("Heure de Paris. 23 h 59 vaut la fin de la journée."),
            error_messages={
                "invalid": gettext_lazy(
                    "Écrivez la date et l’heure, par exemple 17/12/2026 17:00."
                ),
                "ambiguous_timezone": gettext_lazy(
                    "Cette heure n’existe pas, ou existe deux fois, le jour du changement d’heure."
                ),
                "year": gettext_lazy("Une année de 1990 à 2200 est attendue."),
            },
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )

    def clean(self, value: Any) -> Any:
        """Read the moment, of a year that the portal can show; move 23 h 59 to midnight."""
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
            moment = (moment + timedelta(minutes=1)).replace(second=0, microsecond=0)
        return moment


class PhaseForm(forms.Form):
    """A form about one phase: its fields have names of their own on the page of several."""

    act = "phase"

    def __init__(self, data: Any = None, *, phase: Phase, **options: Any) -> None:
        super().__init__(data, auto_id=f"id_{self.act}_{phase.index}_%s", **options)
        self.phase = phase


class DatesForm(PhaseForm):
    """Set when a phase opens and closes; what was not touched keeps its seconds."""

    act = "dates"

    opens_at = LocalMoment(gettext_lazy("Ouverture"))
    closes_at = LocalMoment(gettext_lazy("Clôture"))

    def __init__(self, data: Any = None, *, phase: Phase) -> None:
        stored = {"opens_at": phase.opens_at, "closes_at": phase.closes_at}
        super().__init__(data, phase=phase, initial=stored)

    def date(self, name: str) -> datetime | None:
        """Return the chosen moment, the stored one when the same minute was sent back."""
        chosen: datetime | None = self.cleaned_data[name]
        stored: datetime | None = getattr(self.phase, name)
        if chosen and stored and chosen == stored.replace(second=0, microsecond=0):
            return stored
        return chosen


class ClosingForm(PhaseForm):
    """Confirm the close of a phase."""

    act = "close"

    sure = forms.BooleanField(
        label=gettext_lazy("Je confirme la clôture : plus aucune soumission ne sera acceptée"),
        error_messages={"required": gettext_lazy("Cochez la case pour confirmer la clôture.")},
    )


class RevealForm(PhaseForm):
    """Propose or confirm the publication of the final results."""

    act = "reveal"

    sure = forms.BooleanField(
        label=gettext_lazy("Je confirme : les résultats définitifs deviendront publics"),
        error_messages={"required": gettext_lazy("Cochez la case pour confirmer.")},
    )


TASKS = {
    Task.CLASSIFICATION: gettext_lazy("Classer : une étiquette par ligne"),
    Task.ORDINAL: gettext_lazy("Graduer : un niveau par ligne"),
    Task.REGRESSION: gettext_lazy("Estimer : un nombre par ligne"),
    Task.FORECASTING: gettext_lazy("Prévoir : un nombre par ligne et par date"),
    Task.MULTILABEL: gettext_lazy("Étiqueter : plusieurs étiquettes par ligne"),
    Task.CLUSTERING: gettext_lazy("Regrouper : un groupe par ligne"),
    Task.RANKING: gettext_lazy("Ordonner : une liste d’éléments par demande"),
}
FILE_ROLES = {
    Role.TRAIN: gettext_lazy("Données d’apprentissage, publiques"),
    Role.TEST: gettext_lazy("Données de test, publiques, sans les réponses"),
    Role.SAMPLE_SUBMISSION: gettext_lazy("Exemple de soumission, public"),
    Role.TRUTH: gettext_lazy("Réponses, scellées dès l’envoi"),
    Role.BASELINE_SUBMISSION: gettext_lazy("Solution de référence : ses réponses, scellées"),
    Role.BASELINE_PROGRAM: gettext_lazy("Solution de référence : son programme, public"),
    Role.EXTRA: gettext_lazy("Kit de démarrage ou autre fichier public"),
}
# Where teams send code, the table to predict is held out and a sample of it is public.
CODE_FILE_ROLES = {
    Role.TRAIN: FILE_ROLES[Role.TRAIN],
    Role.HIDDEN_INPUTS: gettext_lazy("Entrées réservées : la table à prédire, scellée dès l’envoi"),
    Role.SAMPLE_INPUTS: gettext_lazy("Échantillon public : 100 à 1 000 lignes de la même forme"),
    Role.SAMPLE_SUBMISSION: gettext_lazy("Exemple de réponse pour l’échantillon, public"),
    Role.SAMPLE_ANSWERS: gettext_lazy("Réponses de l’échantillon, publiques (facultatif)"),
    Role.TRUTH: FILE_ROLES[Role.TRUTH],
    Role.BASELINE_SUBMISSION: gettext_lazy("Solution de référence : son archive de code, scellée"),
    Role.EXTRA: FILE_ROLES[Role.EXTRA],
}
REGISTRATIONS = {
    RegistrationMode.OPEN: gettext_lazy("Ouverte à tout membre qui accepte le règlement"),
    RegistrationMode.APPROVAL: gettext_lazy("Sur votre accord, personne par personne"),
    RegistrationMode.INVITED: gettext_lazy("Sur invitation seulement"),
}
STATUSES = {
    "to_confirm": gettext_lazy("À confirmer avant la publication"),
    "stated_by_producer": gettext_lazy("Déclarée par le producteur"),
    "verified": gettext_lazy("Vérifiée"),
}
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
LONG = {"rows": 16, "spellcheck": "true"}


class CardsField(forms.CharField):
    """Cards of the catalogue, one a line: a list of addresses, slugs or titles."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Fiches du catalogue dont part le challenge"),
            required=False,
            max_length=6_000,
            help_text=gettext_lazy(
                "Le besoin, l’idée, les données : une adresse ou un titre par ligne, dix au "
                "plus. Chaque fiche montrera le challenge, et le challenge ses fiches."
            ),
        )

    def clean(self, value: Any) -> list[str]:
        """List the lines that say something."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class NewChallengeForm(forms.Form):
    """Begin a challenge: for whom, under which name, to predict what."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )
    title = forms.CharField(
        label=gettext_lazy("Titre"),
        max_length=200,
        error_messages={"required": gettext_lazy("Donnez un titre au challenge.")},
    )
    slug = forms.CharField(
        label=gettext_lazy("Adresse"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Vide : tirée du titre. Elle ne change plus ensuite."),
    )
    summary = forms.CharField(
        label=gettext_lazy("Résumé"),
        max_length=2_000,
        help_text=gettext_lazy("Ce qu’il faut prédire, à partir de quoi, et à qui cela sert."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Résumez le challenge en une ou deux phrases.")},
    )
    task = forms.ChoiceField(label=gettext_lazy("Tâche"), choices=list(TASKS.items()))

    cards = CardsField()

    def __init__(
        self,
        data: Any = None,
        *,
        organisations: Sequence[Organisation],
        card: Resource | None = None,
    ) -> None:
        """Lay the form out. card: that the challenge starts from; it fills the first words."""
        known = {}
        if card is not None:
            known = {"title": card.title, "summary": card.summary}
            known["cards"] = card.get_absolute_url()
        super().__init__(data, initial=known)
        field = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(  # type: ignore[attr-defined]  # a model choice
            pk__in=[each.pk for each in organisations]
        ).order_by("name")
        if len(organisations) == 1:
            field.initial = organisations[0].pk

    def clean_slug(self) -> str:
        """Take the given address, or one made of the title."""
        given: str = self.cleaned_data["slug"] or str(self.cleaned_data.get("title", ""))
        slug = slugify(given).replace("_", "-")[:80].strip("-")
        if not slug:
            raise forms.ValidationError(
                gettext_lazy(
                    "Écrivez la fin de l’adresse de la page en minuscules sans accent, chiffres "
                    "et tirets, par exemple : retour-a-l-emploi."
                )
            )
        validate_slug(slug)
        return re.sub("-+", "-", slug)


class TextsForm(forms.Form):
    """Write what everybody reads of a challenge."""

    title = NewChallengeForm.base_fields["title"]
    summary = NewChallengeForm.base_fields["summary"]
    body_md = forms.CharField(
        label=gettext_lazy("Présentation"),
        required=False,
        max_length=20_000,
        help_text=gettext_lazy("En Markdown : contexte, données, ce qui est attendu, calendrier."),
        widget=forms.Textarea(attrs=LONG),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Langue de ces textes"),
        required=False,
        help_text=gettext_lazy("Celle du titre, du résumé, des pages, des phases et des mesures."),
    )
    tags = forms.CharField(
        label=gettext_lazy("Mots-clés"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Séparés par des virgules."),
    )
    use_cases = forms.MultipleChoiceField(
        label=gettext_lazy("Cas d’usage du programme"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    cards = CardsField()
    contact = forms.EmailField(
        label=gettext_lazy("Adresse de contact, publique"), required=False, max_length=254
    )
    forum_url = forms.URLField(
        label=gettext_lazy("Forum extérieur"), required=False, assume_scheme="https", max_length=200
    )
    has_prizes = forms.BooleanField(label=gettext_lazy("Le challenge est doté"), required=False)
    prizes_md = forms.CharField(
        label=gettext_lazy("Dotation"), required=False, max_length=5_000, widget=forms.Textarea
    )
    prize_rule_md = forms.CharField(
        label=gettext_lazy("Règle d’attribution"),
        required=False,
        max_length=5_000,
        help_text=gettext_lazy(
            "Comment les ex æquo se partagent la dotation, qui peut la recevoir."
        ),
        widget=forms.Textarea,
    )
    licence_name = forms.CharField(
        label=gettext_lazy("Licence des données"),
        max_length=200,
        error_messages={"required": gettext_lazy("Nommez la licence des données.")},
    )
    licence_spdx = forms.CharField(
        label=gettext_lazy("Identifiant SPDX de la licence"), required=False, max_length=64
    )
    licence_holder = forms.CharField(
        label=gettext_lazy("Titulaire des droits"), required=False, max_length=200
    )
    licence_status = forms.ChoiceField(
        label=gettext_lazy("Certitude sur la licence"),
        choices=[(each, STATUSES[each]) for each in sorted(LICENCE_STATUSES, reverse=True)],
    )

    def __init__(
        self, data: Any = None, *, challenge: Challenge, use_cases: Mapping[str, Any]
    ) -> None:
        """Lay the form out. use_cases: {code: name}."""
        licence = challenge.licence
        stored = {
            name: getattr(challenge, name)
            for name in (
                "title",
                "summary",
                "body_md",
                "language",
                "use_cases",
                "contact",
                "forum_url",
                "has_prizes",
                "prizes_md",
                "prize_rule_md",
            )
        } | {f"licence_{key}": value or "" for key, value in licence.items()}
        stored["tags"] = ", ".join(challenge.tags)
        stored["cards"] = "\n".join(texts.named_cards(challenge))
        super().__init__(data, initial=stored)
        spoken = dict(settings.LANGUAGES) | {challenge.language: challenge.language}
        cast(forms.ChoiceField, self.fields["language"]).choices = [
            (code, dict(settings.LANGUAGES).get(code, code)) for code in spoken
        ]
        cast(forms.MultipleChoiceField, self.fields["use_cases"]).choices = list(use_cases.items())
        if challenge.is_public:
            for key in ("name", "spdx", "holder", "status"):
                self.fields.pop(f"licence_{key}")
        self.challenge = challenge

    @property
    def texts(self) -> dict[str, Any]:
        """Return the texts, by field of the challenge."""
        sent = self.cleaned_data
        found = {
            key: value
            for key, value in sent.items()
            if not key.startswith("licence_") and key != "cards"
        }
        found["language"] = sent["language"] or self.challenge.language
        found["tags"] = [each.strip() for each in sent["tags"].split(",") if each.strip()]
        return found

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


class ParticipationForm(forms.Form):
    """Say who may take part."""

    registration = forms.ChoiceField(
        label=gettext_lazy("Inscription"),
        choices=list(REGISTRATIONS.items()),
        widget=forms.RadioSelect,
    )
    allowed_domains = forms.CharField(
        label=gettext_lazy("Domaines d’adresse admis"),
        required=False,
        max_length=4_000,
        help_text=gettext_lazy("Un par ligne, par exemple exemple.fr. Vide : tous."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    blocked_domains = forms.CharField(
        label=gettext_lazy("Domaines d’adresse refusés"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    team_min = forms.IntegerField(
        label=gettext_lazy("Membres par équipe, au moins"), min_value=1, max_value=50
    )
    team_max = forms.IntegerField(
        label=gettext_lazy("Membres par équipe, au plus"), min_value=1, max_value=50
    )

    def __init__(self, data: Any = None, *, challenge: Challenge) -> None:
        super().__init__(
            data,
            initial={
                "registration": challenge.registration,
                "allowed_domains": "\n".join(challenge.allowed_domains),
                "blocked_domains": "\n".join(challenge.blocked_domains),
                "team_min": challenge.team_min,
                "team_max": challenge.team_max,
            },
        )

    def clean_allowed_domains(self) -> list[str]:
        """Read one domain a line."""
        return _domains(self.cleaned_data["allowed_domains"])

    def clean_blocked_domains(self) -> list[str]:
        """Read one domain a line."""
        return _domains(self.cleaned_data["blocked_domains"])

    def clean(self) -> dict[str, Any]:
        """Refuse sizes out of order."""
        sent: dict[str, Any] = super().clean() or {}
        low, high = sent.get("team_min"), sent.get("team_max")
        if low and high and low > high:
            self.add_error(
                "team_max", gettext_lazy("Le plus grand effectif est sous le plus petit.")
            )
        return sent


def _domains(text: str) -> list[str]:
    found = [line.strip().lower().lstrip("@") for line in text.splitlines() if line.strip()]
    for each in found:
        if not DOMAIN.fullmatch(each):
            raise forms.ValidationError(
                gettext_lazy("« %(domain)s » n’est pas un nom de domaine."),
                params={"domain": each[:64]},
            )
    return list(dict.fromkeys(found))


class TermsTextForm(forms.Form):
    """Write the rules."""

    text = forms.CharField(
        label=gettext_lazy("Règlement"),
        max_length=20_000,
        help_text=gettext_lazy("En Markdown."),
        widget=forms.Textarea(attrs=LONG),
        error_messages={"required": gettext_lazy("Écrivez le règlement.")},
    )


class PageForm(forms.Form):
    """Write a further page."""

    title = forms.CharField(
        label=gettext_lazy("Titre de la page"),
        max_length=120,
        error_messages={"required": gettext_lazy("Donnez un titre à la page.")},
    )
    body_md = forms.CharField(
        label=gettext_lazy("Texte"),
        max_length=20_000,
        help_text=gettext_lazy("En Markdown."),
        widget=forms.Textarea(attrs=LONG),
        error_messages={"required": gettext_lazy("Écrivez le texte de la page.")},
    )


class FileForm(forms.Form):
    """Send a file of the challenge."""

    role = forms.ChoiceField(
        label=gettext_lazy("Nature du fichier"), choices=list(FILE_ROLES.items())
    )
    file = forms.FileField(
        label=gettext_lazy("Fichier"),
        max_length=200,
        allow_empty_file=True,
        help_text=gettext_lazy(
            "200 Mo au plus. Les tables sont des CSV en UTF-8 avec une ligne d’en-tête."
        ),
        error_messages={"required": gettext_lazy("Choisissez le fichier.")},
    )
    expected_score = forms.FloatField(
        label=gettext_lazy("Score public attendu, pour une solution de référence"),
        required=False,
        localize=True,
        help_text=gettext_lazy("Le contrôle compare ce que la mesure qui classe lui donne."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, is_code: bool = False) -> None:
        """Offer the roles that go with what the teams of the challenge send."""
        super().__init__(data, files)
        if is_code:
            role = self.fields["role"]
            role.choices = list(CODE_FILE_ROLES.items())  # type: ignore[attr-defined]  # a choice field
            del self.fields["expected_score"]


QUESTION_KINDS = {
    "text": gettext_lazy("Texte libre"),
    "boolean": gettext_lazy("Oui ou non"),
    "select": gettext_lazy("Un choix dans une liste"),
    "checkbox": gettext_lazy("Plusieurs choix dans une liste"),
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
            if sent.get(f"type_{at}") in LISTED and len(_lines(sent[f"options_{at}"])) < 2:
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
        sent, found = self.cleaned_data, list[dict[str, Any]]()
        for at in self.places:
            label = sent[f"label_{at}"]
            if not label:
                continue
            former = self.stored[at].get("key") if at < len(self.stored) else None
            taken = {each["key"] for each in found}
            listed = sent[f"type_{at}"] in LISTED
            found.append(
                {
                    "key": former or _key(label, at, taken),
                    "label": label,
                    "type": sent[f"type_{at}"] or "text",
                    "options": _lines(sent[f"options_{at}"]) if listed else [],
                    "required": sent[f"required_{at}"],
                    "on_leaderboard": sent[f"on_leaderboard_{at}"],
                }
            )
        return found


def _key(label: str, at: int, taken: set[str]) -> str:
    key = slugify(label)[:40].strip("-") or "question"
    return key if key not in taken else f"{key}-{at + 1}"


def _lines(text: str) -> list[str]:
    found = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in found if line))


def _fields(at: int, former: Mapping[str, Any]) -> dict[str, forms.Field]:
    kind = str(former.get("type") or "text")
    return {
        f"label_{at}": forms.CharField(
            label=gettext_lazy("Question"),
            required=False,
            max_length=120,
            initial=former.get("label") or former.get("key") or "",
        ),
        f"type_{at}": forms.ChoiceField(
            label=pgettext_lazy("fiche", "Réponse"),
            choices=list(QUESTION_KINDS.items()),
            required=False,
            initial="select" if kind == "radio" else kind,
        ),
        f"options_{at}": forms.CharField(
            label=gettext_lazy("Choix, un par ligne"),
            required=False,
            max_length=4_000,
            widget=forms.Textarea(attrs={"rows": 3}),
            initial="\n".join(map(str, former.get("options") or [])),
        ),
        f"required_{at}": forms.BooleanField(
            label=gettext_lazy("Réponse obligatoire"),
            required=False,
            initial=former.get("required", False),
        ),
        f"on_leaderboard_{at}": forms.BooleanField(
            label=gettext_lazy("Réponse montrée au classement"),
            required=False,
            initial=former.get("on_leaderboard", False),
        ),
    }


ORGANISER_ROLES = {
    OrganiserRole.OWNER: gettext_lazy("Responsable : tout, et qui organise"),
    OrganiserRole.ORGANISER: gettext_lazy("Organisateur : tout, sauf qui organise"),
    OrganiserRole.JURY: gettext_lazy("Jury : lit le suivi, n’agit pas"),
}
SHORT = {
    OrganiserRole.OWNER: gettext_lazy("Responsable"),
    OrganiserRole.ORGANISER: gettext_lazy("Organisateur"),
    OrganiserRole.JURY: gettext_lazy("Jury"),
}


class OrganiserRoleForm(forms.Form):
    """Choose what a person does for a challenge."""

    role = forms.ChoiceField(
        label=gettext_lazy("Rôle"),
        choices=list(ORGANISER_ROLES.items()),
        initial=OrganiserRole.ORGANISER,
    )


class OrganiserInvitationForm(OrganiserRoleForm):
    """Invite a person to run a challenge."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        max_length=254,
        help_text=gettext_lazy(
            "Celle de son compte. L’invitation vaut sept jours, pour cette adresse."
        ),
        error_messages={
            "required": gettext_lazy("Écrivez l’adresse de la personne à inviter."),
            "invalid": gettext_lazy(
                "Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"
            ),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("email", "role")


class AnnouncementForm(forms.Form):
    """Announce something to everybody."""

    text = forms.CharField(
        label=gettext_lazy("Annonce"),
        max_length=2_000,
        validators=[plain_text],
        help_text=gettext_lazy(
            "Publique, datée, jamais modifiée. Les inscrits la reçoivent aussi par courriel."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Écrivez l’annonce.")},
    )


class GuestsForm(forms.Form):
    """Paste addresses, one a line."""

    addresses = forms.CharField(
        label=gettext_lazy("Adresses électroniques"),
        max_length=40_000,
        help_text=gettext_lazy(
            "Une par ligne, deux cents par jour au plus. Chaque personne reçoit une lettre, une "
            "seule fois ; la même liste, collée de nouveau, n’écrit à personne deux fois."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Collez au moins une adresse.")},
    )

    @property
    def lines(self) -> list[str]:
        """Return the lines that were pasted."""
        text: str = self.cleaned_data["addresses"]
        return text.splitlines()
