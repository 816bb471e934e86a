"""Forms by which an organiser writes a challenge."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import validate_slug
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from catalogue.models import Resource
from challenges.actions import origins
from challenges.bundles.document import LICENCE_STATUSES
from challenges.bundles.spec import Role, Task
from challenges.enums import RegistrationMode
from challenges.models import Challenge
from portal.accounts.models import Organisation

TASKS = {
    Task.CLASSIFICATION: _("Classer : une étiquette par ligne"),
    Task.ORDINAL: _("Graduer : un niveau par ligne"),
    Task.REGRESSION: _("Estimer : un nombre par ligne"),
    Task.FORECASTING: _("Prévoir : un nombre par ligne et par date"),
    Task.MULTILABEL: _("Étiqueter : plusieurs étiquettes par ligne"),
    Task.CLUSTERING: _("Regrouper : un groupe par ligne"),
    Task.RANKING: _("Ordonner : une liste d’éléments par demande"),
}
ROLES = {
    Role.TRAIN: _("Données d’apprentissage, publiques"),
    Role.TEST: _("Données de test, publiques, sans les réponses"),
    Role.SAMPLE_SUBMISSION: _("Exemple de soumission, public"),
    Role.TRUTH: _("Réponses, scellées dès l’envoi"),
    Role.BASELINE_SUBMISSION: _("Solution de référence : ses réponses, scellées"),
    Role.BASELINE_PROGRAM: _("Solution de référence : son programme, public"),
    Role.EXTRA: _("Kit de démarrage ou autre fichier public"),
}
# Where teams send code, the table to predict is held out and a sample of it is public.
CODE_ROLES = {
    Role.TRAIN: ROLES[Role.TRAIN],
    Role.HIDDEN_INPUTS: _("Entrées réservées : la table à prédire, scellée dès l’envoi"),
    Role.SAMPLE_INPUTS: _("Échantillon public : 100 à 1 000 lignes de la même forme"),
    Role.SAMPLE_SUBMISSION: _("Exemple de réponse pour l’échantillon, public"),
    Role.SAMPLE_ANSWERS: _("Réponses de l’échantillon, publiques (facultatif)"),
    Role.TRUTH: ROLES[Role.TRUTH],
    Role.BASELINE_SUBMISSION: _("Solution de référence : son archive de code, scellée"),
    Role.EXTRA: ROLES[Role.EXTRA],
}
REGISTRATIONS = {
    RegistrationMode.OPEN: _("Ouverte à tout membre qui accepte le règlement"),
    RegistrationMode.APPROVAL: _("Sur votre accord, personne par personne"),
    RegistrationMode.INVITED: _("Sur invitation seulement"),
}
STATUSES = {
    "to_confirm": _("À confirmer avant la publication"),
    "stated_by_producer": _("Déclarée par le producteur"),
    "verified": _("Vérifiée"),
}
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
LONG = {"rows": 16, "spellcheck": "true"}


class CardsField(forms.CharField):
    """Cards of the catalogue, one a line: a list of addresses, slugs or titles."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self) -> None:
        super().__init__(
            label=_("Fiches du catalogue dont part le challenge"),
            required=False,
            max_length=6_000,
            help_text=_(
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
        label=_("Organisation"), queryset=Organisation.objects.none(), empty_label=None
    )
    title = forms.CharField(
        label=_("Titre"),
        max_length=200,
        error_messages={"required": _("Donnez un titre au challenge.")},
    )
    slug = forms.CharField(
        label=_("Adresse"),
        max_length=80,
        required=False,
        help_text=_("Vide : tirée du titre. Elle ne change plus ensuite."),
    )
    summary = forms.CharField(
        label=_("Résumé"),
        max_length=2_000,
        help_text=_("Ce qu’il faut prédire, à partir de quoi, et à qui cela sert."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Résumez le challenge en une ou deux phrases.")},
    )
    task = forms.ChoiceField(label=_("Tâche"), choices=list(TASKS.items()))

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
                _(
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
        label=_("Présentation"),
        required=False,
        max_length=20_000,
        help_text=_("En Markdown : contexte, données, ce qui est attendu, calendrier."),
        widget=forms.Textarea(attrs=LONG),
    )
    language = forms.ChoiceField(
        label=_("Langue de ces textes"),
        required=False,
        help_text=_("Celle du titre, du résumé, des pages, des phases et des mesures."),
    )
    tags = forms.CharField(
        label=_("Mots-clés"),
        required=False,
        max_length=400,
        help_text=_("Séparés par des virgules."),
    )
    use_cases = forms.MultipleChoiceField(
        label=_("Cas d’usage du programme"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    cards = CardsField()
    contact = forms.EmailField(
        label=_("Adresse de contact, publique"), required=False, max_length=254
    )
    forum_url = forms.URLField(
        label=_("Forum extérieur"), required=False, assume_scheme="https", max_length=200
    )
    has_prizes = forms.BooleanField(label=_("Le challenge est doté"), required=False)
    prizes_md = forms.CharField(
        label=_("Dotation"), required=False, max_length=5_000, widget=forms.Textarea
    )
    prize_rule_md = forms.CharField(
        label=_("Règle d’attribution"),
        required=False,
        max_length=5_000,
        help_text=_("Comment les ex æquo se partagent la dotation, qui peut la recevoir."),
        widget=forms.Textarea,
    )
    licence_name = forms.CharField(
        label=_("Licence des données"),
        max_length=200,
        error_messages={"required": _("Nommez la licence des données.")},
    )
    licence_spdx = forms.CharField(
        label=_("Identifiant SPDX de la licence"), required=False, max_length=64
    )
    licence_holder = forms.CharField(
        label=_("Titulaire des droits"), required=False, max_length=200
    )
    licence_status = forms.ChoiceField(
        label=_("Certitude sur la licence"),
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
        stored["cards"] = "\n".join(origins.named(challenge))
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
        label=_("Inscription"), choices=list(REGISTRATIONS.items()), widget=forms.RadioSelect
    )
    allowed_domains = forms.CharField(
        label=_("Domaines d’adresse admis"),
        required=False,
        max_length=4_000,
        help_text=_("Un par ligne, par exemple exemple.fr. Vide : tous."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    blocked_domains = forms.CharField(
        label=_("Domaines d’adresse refusés"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    team_min = forms.IntegerField(
        label=_("Membres par équipe, au moins"), min_value=1, max_value=50
    )
    team_max = forms.IntegerField(label=_("Membres par équipe, au plus"), min_value=1, max_value=50)

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
            self.add_error("team_max", _("Le plus grand effectif est sous le plus petit."))
        return sent


def _domains(text: str) -> list[str]:
    found = [line.strip().lower().lstrip("@") for line in text.splitlines() if line.strip()]
    for each in found:
        if not DOMAIN.fullmatch(each):
            raise forms.ValidationError(
                _("« %(domain)s » n’est pas un nom de domaine."), params={"domain": each[:64]}
            )
    return list(dict.fromkeys(found))


class TermsTextForm(forms.Form):
    """Write the rules."""

    text = forms.CharField(
        label=_("Règlement"),
        max_length=20_000,
        help_text=_("En Markdown."),
        widget=forms.Textarea(attrs=LONG),
        error_messages={"required": _("Écrivez le règlement.")},
    )


class PageForm(forms.Form):
    """Write a further page."""

    title = forms.CharField(
        label=_("Titre de la page"),
        max_length=120,
        error_messages={"required": _("Donnez un titre à la page.")},
    )
    body_md = forms.CharField(
        label=_("Texte"),
        max_length=20_000,
        help_text=_("En Markdown."),
        widget=forms.Textarea(attrs=LONG),
        error_messages={"required": _("Écrivez le texte de la page.")},
    )


class FileForm(forms.Form):
    """Send a file of the challenge."""

    role = forms.ChoiceField(label=_("Nature du fichier"), choices=list(ROLES.items()))
    file = forms.FileField(
        label=_("Fichier"),
        max_length=200,
        allow_empty_file=True,
        help_text=_("200 Mo au plus. Les tables sont des CSV en UTF-8 avec une ligne d’en-tête."),
        error_messages={"required": _("Choisissez le fichier.")},
    )
    expected_score = forms.FloatField(
        label=_("Score public attendu, pour une solution de référence"),
        required=False,
        localize=True,
        help_text=_("Le contrôle compare ce que la mesure qui classe lui donne."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, is_code: bool = False) -> None:
        """Offer the roles that go with what the teams of the challenge send."""
        super().__init__(data, files)
        if is_code:
            role = self.fields["role"]
            role.choices = list(CODE_ROLES.items())  # type: ignore[attr-defined]  # a choice field
            del self.fields["expected_score"]
