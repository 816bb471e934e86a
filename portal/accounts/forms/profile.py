"""Forms of a person's profile, news and tokens, and of organisations."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.accounts import news
from portal.accounts.enums import (
    Delivery,
    OrganisationBadge,
    OrganisationKind,
    ProposalKind,
    RegionRole,
    Role,
    TokenScope,
)
from portal.accounts.models import (
    GIVEN_BY_INVITATION,
    Organisation,
    User,
)
from portal.accounts.names import clean_siret
from portal.lib.web.fields import box, line, prose


class Dressed(forms.Form):
    """A form without placeholders whose `labels` and `hints`, by field name, are ours."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)


class DisplayName(forms.CharField):
    """The public name of a person: one line, no control or direction character."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=64, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the name with single spaces. Raises ValidationError."""
        name = " ".join(str(super().clean(value) or "").split())
        if any(not char.isprintable() for char in name) or "@" in name:
            raise ValidationError(
                _("Ce nom sera public : ni adresse électronique, ni caractère invisible."),
                code="display_name",
            )
        return name


class SignupProfile(forms.Form):
    """What sign-up asks besides address and password (ACCOUNT_SIGNUP_FORM_CLASS)."""

    display_name = DisplayName(
        label=_("Nom public"),
        help_text=_("Il s’affiche près de vos contributions. Un pseudonyme convient."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def signup(self, request: Any, user: Any) -> None:
        """Do nothing: the adapter has saved the name with the account."""


class NewsForm(forms.Form):
    """One list of ways a kind that may be turned down."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        for kind in news.kinds(user):
            if kind.essential:
                continue
            self.fields[kind.name] = forms.ChoiceField(
                label=kind.label,
                help_text=kind.detail,
                choices=Delivery.choices,
                initial=news.deliveries(kind.letters[0], [user])[user.pk].value,
            )


SCOPE_DUTIES = {
    TokenScope.READ: _(
        "Vos équipes, vos soumissions, vos scores, votre quota, vos contributions, vos recherches."
    ),
    TokenScope.ENTER: _("Vérifier un fichier, soumettre, choisir, retirer."),
    TokenScope.TEAM: _("Accepter un règlement, créer une équipe, inviter."),
    TokenScope.ORGANISE: _("Importer un challenge, emporter ceux que vous organisez."),
    TokenScope.CONTRIBUTE: _(
        "Écrire dans le catalogue : fiches, envois à la Région, recherches, suivis, "
        "réutilisations, discussions. Ce que la Région a répondu se lit avec « Lire »."
    ),
    TokenScope.DATA: _("Télécharger les extraits des habilitations que vous avez signées."),
}


class TokenForm(forms.Form):
    """Name a token, say what it permits and for how long."""

    name = line(
        _("Nom du jeton"),
        80,
        _("Donnez un nom à ce jeton."),
        _("Pour le reconnaître : la machine ou le programme qui s’en sert."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Ce qu’il permet"),
        choices=[(scope.value, scope.label) for scope in TokenScope],
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.READ.value, TokenScope.ENTER.value],
        error_messages={"required": _("Cochez au moins une case.")},
    )
    days = forms.TypedChoiceField(label=_("Durée"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.choices = [
            (each, ngettext("%(n)d jour", "%(n)d jours", each) % {"n": each})
            for each in settings.TOKEN_DAYS
        ]
        scopes: Any = self.fields["scopes"]
        scopes.descriptions = {scope.value: words for scope, words in SCOPE_DUTIES.items()}

    @property
    def wanted(self) -> list[TokenScope]:
        """Return the scopes that were ticked."""
        return [TokenScope(value) for value in self.cleaned_data["scopes"]]


ROLE_DUTIES = {
    Role.REFERENT: _("Administre l’organisation : membres, invitations, rôles, et tout le reste."),
    Role.EDITOR: _("Écrit et envoie tout ce que l’organisation publie."),
    Role.CONTRIBUTOR: _("Écrit des brouillons ; une éditrice ou un éditeur les envoie."),
}


def role_field(roles: tuple[Role, ...]) -> forms.ChoiceField:
    """Offer roles, each with its duties."""
    field: Any = forms.ChoiceField(
        label=_("Rôle"),
        choices=[(role.value, role.label) for role in roles],
        widget=forms.RadioSelect,
        initial=Role.CONTRIBUTOR.value,
    )
    field.descriptions = {role.value: ROLE_DUTIES[role] for role in roles}
    offered: forms.ChoiceField = field
    return offered


class OrganisationForm(forms.Form):
    """What an organisation says of itself."""

    name = forms.CharField(
        label=_("Nom de l’organisation"), max_length=160, min_length=2, help_text=_("En entier.")
    )
    acronym = line(_("Sigle"), 40)
    kind = forms.ChoiceField(label=_("Nature"), choices=OrganisationKind.choices)
    siret = line(
        _("Numéro SIRET ou SIREN"),
        24,
        hint=_("14 ou 9 chiffres ; il aide la Région à vérifier l’organisation."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    homepage_url = forms.URLField(
        label=_("Site"),
        max_length=300,
        required=False,
        assume_scheme="https",
        error_messages={
            "invalid": _("Écrivez une adresse complète, qui commence par https://."),
        },
    )
    description = prose(_("Présentation"), 2_000, rows=6)

    def clean_siret(self) -> str:
        """Check the key."""
        return clean_siret(self.cleaned_data["siret"])


class InviteForm(forms.Form):
    """Offer a place to an address."""

    email = forms.EmailField(
        label=_("Adresse électronique de la personne"),
        max_length=254,
        help_text=_("L’invitation ne vaudra que pour cette adresse, une fois, sept jours."),
    )
    role = role_field(GIVEN_BY_INVITATION)


class JoinForm(forms.Form):
    """Ask to join."""

    message = prose(_("Quelques mots pour qui répondra"), 500, rows=4)


class RoleForm(forms.Form):
    """Choose a member's role."""

    role = role_field((Role.REFERENT, Role.EDITOR, Role.CONTRIBUTOR))


class AttestForm(forms.Form):
    """Choose the Region's badges, and the names by which sources speak of an organisation."""

    other_names = forms.CharField(
        label=_("Autres noms"),
        help_text=_("Un par ligne : les fiches qui portent l’un d’eux mènent à cette page."),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    badges = forms.MultipleChoiceField(
        label=_("Ce que la Région atteste"),
        choices=OrganisationBadge.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class NameForm(forms.Form):
    """Change one's public name."""

    display_name = DisplayName(
        label=_("Nom public"), help_text=_("Il s’affiche près de vos contributions.")
    )


class CloseForm(forms.Form):
    """Confirm the closing of one's account, and of what nobody would answer for any more."""

    def __init__(self, *args: Any, closes: Iterable[Organisation] = (), **given: Any) -> None:
        super().__init__(*args, **given)
        if names := ", ".join(each.name for each in closes):
            self.fields["closes"] = box(
                _("Je ferme aussi : %(names)s. Personne d’autre n’en est membre.")
                % {"names": names},
                _("Cochez la case, ou invitez d’abord quelqu’un à qui donner votre rôle."),
            )

    understood = box(
        _("J’ai compris que la fermeture efface mes données et ne se défait pas."),
        _("Cochez la case pour confirmer."),
    )


class ProposalForm(forms.Form):
    """Propose to give or end a role, for the Region or in an organisation."""

    person = forms.CharField(
        label=_("Adresse électronique ou identifiant de la personne"), max_length=254
    )
    kind = forms.ChoiceField(
        label=_("Proposition"),
        choices=ProposalKind.choices,
        widget=forms.RadioSelect,
        initial=ProposalKind.GIVE.value,
    )
    organisation = forms.ModelChoiceField(
        label=_("Pour"),
        queryset=Organisation.objects.order_by("name", "pk"),
        required=False,
        empty_label=_("La Région"),
        help_text=_("Une organisation, quand ses référents ne peuvent plus le faire eux-mêmes."),
    )
    role = forms.ChoiceField(label=_("Rôle"), choices=[*RegionRole.choices, *Role.choices])
    reason = forms.CharField(label=_("Motif"), max_length=300)

    def clean_person(self) -> User:
        try:
            return User.objects.named(str(self.cleaned_data["person"]).strip())
        except User.DoesNotExist as error:
            raise forms.ValidationError(
                _("Aucun compte ouvert ne porte ce nom ni cette adresse."), code="unknown"
            ) from error

    def clean(self) -> dict[str, Any]:
        """Refuse a role of elsewhere."""
        cleaned: dict[str, Any] = super().clean() or {}
        role, elsewhere = cleaned.get("role"), cleaned.get("organisation") is not None
        if role and elsewhere == (role in RegionRole.values):
            raise forms.ValidationError(
                _("Choisissez un rôle de la Région pour la Région, sinon un rôle de membre."),
                code="role_elsewhere",
            )
        return cleaned
