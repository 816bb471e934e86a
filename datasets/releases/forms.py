"""The form of a release: what the producer deposits and says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from datasets.releases.actions import Description, NewFile, refuse_without_opening
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import Dataset, PendingRelease
from datasets.standards import dictionary
from datasets.standards.profile import TableFault
from portal.lib.refusals import Invalid
from portal.lib.web.fields import box, whole

DICTIONARY_MAX_BYTES = 1_000_000
MEGABYTE = 1_000_000
NAMED_MOST = 30
LENT = _("Un projet habilité en reçoit les colonnes accordées ; personne, le fichier lui-même.")
LEVELS = {
    AccessLevel.OPEN: _("Tout le monde télécharge, sans compte."),
    AccessLevel.REGISTERED: _("Toute personne qui a un compte et accepte la licence."),
    AccessLevel.RESTRICTED_BUSINESS: LENT,
    AccessLevel.RESTRICTED_PERSONAL: LENT,
}


class ReleaseForm(forms.Form):
    """A data file, its level, and the optional files that explain it."""

    table = forms.FileField(
        label=_("Fichier de données"),
        help_text=_("CSV en UTF-8 de préférence : le schéma en est tiré. 500 Mo au plus."),
    )
    level = forms.ChoiceField(
        label=_("Qui peut le télécharger ?"),
        choices=AccessLevel.choices,
        widget=forms.RadioSelect,
    )
    dictionary = forms.FileField(
        label=_("Dictionnaire des colonnes"),
        required=False,
        help_text=_(
            "CSV de colonnes « colonne, type, description, protection ». Protections admises : "
            "libre, pseudonyme, généralisée, sous condition."
        ),
    )
    sample = forms.FileField(
        label=_("Échantillon synthétique"),
        required=False,
        help_text=_("CSV de lignes inventées, de même forme que les vraies. Il sera public."),
    )
    documentation = forms.FileField(
        label=_("Documentation"),
        required=False,
        help_text=_("PDF ou Markdown. Elle sera publique."),
    )
    notes = forms.CharField(
        label=_("Ce qui change dans cette version"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    in_directory = box(_("Ce jeu fait partie du répertoire R2DDE"))
    of_personal_origin = box(
        _("Ces données viennent de données personnelles"),
        hint=_("Même anonymisées. Elles ne s’ouvrent alors qu’après contrôles."),
    )
    is_synthetic = box(_("Les données sont synthétiques"))
    legal_basis = forms.CharField(label=_("Base légale"), required=False, max_length=200)
    disclosure_threshold = whole(_("Seuil de diffusion, en personnes"), 1, 1_000, required=False)
    retention = forms.CharField(label=_("Conservation"), required=False, max_length=120)
    # Shown once a file holds what looks like personal data.
    personal_checked = box(
        _("Ces données personnelles peuvent être lues de tous : j’en ai le droit.")
    )
    personal_found = False

    def __init__(self, *args: Any, dataset: Dataset | None = None, **kwargs: Any) -> None:
        if dataset is not None:
            kwargs["initial"] = {name: getattr(dataset, name) for name in vars(Description())}
            if dataset.released_at is not None:
                kwargs["initial"]["level"] = dataset.level
        super().__init__(*args, **kwargs)
        self.fields["level"].descriptions = LEVELS  # type: ignore[attr-defined]  # read by the kit

    def clean(self) -> dict[str, Any]:
        """Refuse open data that only an opening lets out."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "level" in cleaned:
            try:
                refuse_without_opening(cleaned, AccessLevel(cleaned["level"]))
            except Invalid as refusal:
                self.add_error("level", str(refusal))
        return cleaned

    def clean_table(self) -> UploadedFile:
        """Refuse a file too large to be profiled here."""
        return _bounded(self.cleaned_data["table"])

    def clean_sample(self) -> UploadedFile | None:
        """Refuse a sample that is too large."""
        sample = self.cleaned_data["sample"]
        return _bounded(sample) if sample else None

    def clean_documentation(self) -> UploadedFile | None:
        """Refuse a document that is too large."""
        documentation = self.cleaned_data["documentation"]
        return _bounded(documentation) if documentation else None

    def clean_dictionary(self) -> Mapping[str, Mapping[str, str]]:
        """Read the dictionary; a fault names its line."""
        upload = self.cleaned_data["dictionary"]
        return read_dictionary(upload) if upload else {}

    def description(self) -> Description:
        """Give what the form says of the dataset."""
        return Description(**{name: self.cleaned_data[name] for name in vars(Description())})

    def new_files(self) -> list[NewFile]:
        """Give the files to publish, the data first."""
        read = self.cleaned_data
        level = AccessLevel(read["level"])
        columns = read["dictionary"]
        files = [NewFile(read["table"].name, read["table"].file, level, columns=columns)]
        for name, role in (("sample", FileRole.SAMPLE), ("documentation", FileRole.DOCUMENTATION)):
            if read[name]:
                files.append(NewFile(read[name].name, read[name].file, AccessLevel.OPEN, role))
        return files

    def refuse(self, faults: list[Mapping[str, Any]]) -> None:
        """Show the faults of the files beside the fields that hold them."""
        names = {
            self.cleaned_data[name].name: name
            for name in ("documentation", "sample", "table")
            if self.cleaned_data.get(name)
        }
        for fault in faults:
            field = names.get(str(fault["file"]))
            self.add_error(field, sentence(fault["code"], fault["line"], fault))
        self.personal_found = any(fault["code"] == "personal" for fault in faults)


def read_dictionary(upload: UploadedFile) -> Mapping[str, Mapping[str, str]]:
    """Read a dictionary that was sent; raises ValidationError, which names its line."""
    if (upload.size or 0) > DICTIONARY_MAX_BYTES:
        raise ValidationError(_("Le dictionnaire dépasse 1 Mo."), code="too_large")
    try:
        return dictionary.read(upload.read())
    except TableFault as fault:
        raise ValidationError(sentence(fault.code, fault.line, fault.facts)) from fault


def _bounded(upload: UploadedFile) -> UploadedFile:
    if (upload.size or 0) > settings.BUNDLE_MAX_BYTES:
        raise ValidationError(
            _("Ce fichier dépasse %(limit)s Mo."),
            code="too_large",
            params={"limit": settings.BUNDLE_MAX_BYTES // MEGABYTE},
        )
    return upload


SENTENCES = {
    "type": _(
        "Le contenu ne correspond pas à un type admis : CSV, JSON, Parquet, PDF, Markdown, "
        "texte, ZIP, XLSX ou ODS."
    ),
    "restricted": _(
        "Un fichier à accès restreint est une table CSV : il se prête par colonnes. "
        "Convertissez-le, ou choisissez un autre niveau."
    ),
    "infected": _("L’antivirus y a trouvé un logiciel malveillant."),
    "unscannable": _("L’antivirus n’a pas pu lire ce fichier."),
    "unread": _(
        "Ce fichier ne se lit pas entier : on ne peut pas y chercher de données personnelles."
    ),
    "personal": _(
        "Ligne %(line)s : « %(excerpt)s » ressemble à une donnée personnelle. Retirez-la, ou "
        "confirmez plus bas qu’elle peut être lue de tous."
    ),
    "personal_number": _(
        "Ligne %(line)s : « %(excerpt)s » est un numéro de sécurité sociale ou de compte "
        "bancaire. Retirez-le, ou publiez en accès restreint."
    ),
    "real_rows": _(
        "Ligne %(line)s : cette ligne est aussi dans un fichier à accès restreint de cette version "
        "(%(count)s en tout). Ce que tous lisent n’en reprend aucune : fabriquez l’exemple, ou "
        "publiez-le en accès restreint."
    ),
    "encoding": _("Ligne %(line)s : le texte n’est pas en UTF-8. Enregistrez le fichier en UTF-8."),
    "empty": _("Le fichier est vide : une ligne d’en-tête est attendue."),
    "header": _("Ligne 1 : chaque colonne doit porter un nom, et un nom différent des autres."),
    "columns": _("Le fichier compte plus de 500 colonnes."),
    "heavy": _(
        "Le fichier est trop long à lire : %(seconds)s secondes n’y suffisent pas, ou ses "
        "lignes sont démesurées. Découpez-le."
    ),
    "width": ngettext_lazy(
        "Ligne %(line)s : %(found)s cellule au lieu de %(expected)s.",
        "Ligne %(line)s : %(found)s cellules au lieu de %(expected)s.",
        "found",
    ),
    "protection": _(
        "Ligne %(line)s : protections admises : libre, pseudonyme, généralisée, sous condition."
    ),
    "csv": _("Ligne %(line)s : le CSV est illisible."),
    "no_rows": _("Le fichier n’a que son en-tête : aucune ligne."),
    "unknown_column": _(
        "La colonne « %(column)s » est nommée, mais le fichier n’a que : %(columns)s."
    ),
    "not_counted": _(
        "Ligne %(line)s, colonne « %(column)s » : « %(value)s » n’est pas un nombre de personnes. "
        "Écrivez le nombre seul, ou « c » s’il est masqué."
    ),
    "not_typed": _(
        "Ligne %(line)s, colonne « %(column)s » : « %(value)s » n’est pas du type « %(type)s » que "
        "dit le dictionnaire."
    ),
}


def faults_told(asked: PendingRelease) -> list[dict[str, Any]]:
    """Say what refused a release that was asked for, file by file."""
    return [
        {**each, "message": each.get("message") or sentence(each["code"], each["line"], each)}
        for each in asked.faults
    ]


def sentence(code: str, line: int, facts: Mapping[str, Any]) -> str:
    """Say a fault of a table: where, what, and what to do."""
    there = facts["found"] if code == "unknown_column" else ()
    columns = ", ".join(there[:NAMED_MOST]) + (" …" if len(there) > NAMED_MOST else "")
    return str(SENTENCES[code] % {**facts, "line": line, "columns": columns})
