"""What a person brings: a table of cards or a description to paste."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import ResourceKind
from catalogue.standards.readers import formats
from portal.lib.web.fields import PlainForm, box, choice, line

DRAFTS, REVIEW = "drafts", "review"


class TableForm(PlainForm):
    """One file, and the organisation for which it is brought."""

    organisation = choice(_("Pour quelle organisation ?"), fault=_("Choisissez une organisation."))
    file = forms.FileField(
        label=_("Fichier CSV"),
        help_text=_("En UTF-8, 5 Mo et 1 000 lignes au plus."),
        error_messages={"required": _("Déposez un fichier."), "empty": _("Ce fichier est vide.")},
    )

    def __init__(self, holders: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("organisation", [("", "—"), *holders] if len(holders) > 1 else holders)

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        file = self.cleaned_data["file"]
        if file.size > formats.DOCUMENT_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo : coupez-le en plusieurs."))
        return file


class LaunchForm(PlainForm):
    """Import as drafts, or send to the review what is ready; the charter is accepted for it."""

    then = choice(
        _("Et ensuite ?"),
        [
            (DRAFTS, _("Garder les fiches en brouillon")),
            (REVIEW, _("Envoyer à la relecture celles qui sont prêtes")),
        ],
        _("Choisissez ce que deviennent les fiches."),
        radio=True,
        initial=DRAFTS,
    )
    charter = box(_("J’accepte la charte de contribution."))

    def clean(self) -> dict[str, Any]:
        """Ask for the charter when something is sent."""
        cleaned = super().clean() or {}
        if cleaned.get("then") == REVIEW:
            self.need("charter", _("Acceptez la charte pour envoyer vos propositions."))
        return cleaned


TEXT_CHARACTERS = 1_000_000
TEXT_LONG = _("Ce texte dépasse un million de caractères : déposez un fichier.")
ADDRESS_CHARACTERS = 2_000
MOST_CHOICES = 50


class PasteForm(PlainForm):
    """One address, one text or one file; then, when it holds several records, one of them."""

    url = line(
        _("Adresse"),
        ADDRESS_CHARACTERS,
        hint=_(
            "Page de data.gouv.fr, d’un catalogue CKAN ou de Hugging Face, dépôt de code, "
            "fichier de description."
        ),
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        check=None,
    )
    file = forms.FileField(
        label=_("Fichier"),
        required=False,
        help_text=_(
            "CITATION.cff, publiccode.yml, codemeta.json, README, Croissant, DCAT, schéma de "
            "table… 5 Mo au plus."
        ),
    )
    text = forms.CharField(
        label=_("Texte"),
        required=False,
        strip=False,
        help_text=_("Le contenu d’un de ces fichiers, ou un README."),
        widget=forms.Textarea(attrs={"rows": 10}),
        # No max_length: the page would count a million characters.
        validators=[MaxLengthValidator(TEXT_CHARACTERS, TEXT_LONG)],
    )
    kind = choice(_("Type de ressource"), [("", _("D’après le document")), *ResourceKind.choices])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("url", "file", "text"):  # the page says once that one of them is needed
            cast(Any, self.fields[name]).is_needed_to_send = True

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        file = self.cleaned_data.get("file")
        if file is not None and file.size > formats.DOCUMENT_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo."))
        return file

    def clean(self) -> dict[str, Any]:
        """Ask for one thing, and only one."""
        cleaned = super().clean() or {}
        given = [name for name in ("url", "file", "text") if str(cleaned.get(name) or "").strip()]
        if not given and not self.errors:
            self.add_error(None, _("Donnez une adresse, un fichier ou un texte."))
        if len(given) > 1:
            self.add_error(None, _("Donnez une seule chose à la fois : adresse, fichier ou texte."))
        return cleaned


class RecordForm(PlainForm):
    """The choice of one record among several, by its place in the document."""

    record = choice(_("Laquelle reprendre ?"), fault=_("Choisissez une des notices."), radio=True)

    def __init__(self, titles: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown = enumerate(titles[:MOST_CHOICES])
        self.offer("record", [(str(at), title) for at, title in shown])
