"""Forms of openings: what a producer says of a file, what the Region answers."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from catalogue.resources.models import Resource
from datasets.openings.actions.deposits import Said
from datasets.openings.enums import OpeningLicence, OpeningRefusal
from datasets.openings.models import Opening
from datasets.releases.forms import read_dictionary, sentence
from datasets.releases.models import Dataset
from datasets.standards.profile import TableFault
from datasets.standards.tables import header_of
from portal.lib.refusals import Invalid
from portal.lib.web.fields import LinesField, PlainForm, box, choice, line, prose, upload

TITLE_MOST = 160


def _title() -> forms.CharField:
    return line(
        _("Intitulé du jeu à ouvrir"),
        TITLE_MOST,
        _("Donnez un intitulé au jeu à ouvrir."),
        _("Celui du rapport et de la note publiés ; la page garde l’intitulé de sa fiche."),
    )


def _interest() -> forms.CharField:
    return prose(
        _("À quoi servira-t-il, à qui ?"),
        2_000,
        _("Dites à quoi ces données serviront."),
        _("L’intérêt général que la Région examine ; ce texte n’est pas publié."),
    )


class ProposalForm(PlainForm):
    """What anybody may propose to a producer."""

    title = _title()
    interest = _interest()


class DepositForm(PlainForm):
    """The file of an opening, what tells people apart in it, what was removed."""

    title = _title()
    card = choice(
        _("Fiche qui portera les données"),
        fault=_("Choisissez la fiche."),
        hint=_("Une fiche de jeu de données de votre organisation, sous la même licence."),
    )
    restricted = choice(
        _("Version restreinte dont il est tiré"), hint=_("Le jeu ouvert y renverra.")
    )
    interest = _interest()
    legal_basis = line(
        _("Base légale"),
        200,
        _("Donnez la base légale de l’ouverture."),
        _("Par exemple une mission."),
    )
    licence = choice(_("Licence"), OpeningLicence.choices, _("Choisissez la licence."), radio=True)
    of_personal_origin = box(
        _("Ces données viennent de données personnelles"),
        initial=True,
        hint=_("Le délégué à la protection des données est alors l’un des deux qui approuvent."),
    )
    file = upload(
        _("Fichier à ouvrir"),
        hint=_("CSV en UTF-8, 50 Mo au plus. Il reste chiffré jusqu’à la publication."),
    )
    dictionary = upload(
        _("Dictionnaire des colonnes"),
        hint=_(
            "CSV de colonnes « colonne, type, description ». Sans lui, chaque colonne garde la "
            "description du dépôt ou de la version d’avant."
        ),
    )
    quasi_identifiers = line(
        _("Colonnes qui permettent de reconnaître quelqu’un"),
        500,
        hint=_("Leurs noms, séparés par des virgules : zone, âge, sexe, métier…"),
    )
    count = line(
        _("Colonne qui compte des personnes"),
        100,
        hint=_("Si une ligne est déjà un total, et non une personne."),
    )
    crossings = LinesField(
        label=_("Croisements que le lecteur fera"),
        required=False,
        max_length=2_000,
        help_text=_("Un par ligne, colonnes séparées par « × » ou une virgule."),
    )
    free_text = LinesField(
        label=_("Textes libres admis"),
        required=False,
        max_length=2_000,
        help_text=_("Un par ligne : « colonne : pourquoi elle peut être lue »."),
    )
    removed = prose(
        _("Ce qui a été retiré, et pourquoi"),
        2_000,
        _("Dites ce qui a été retiré, et pourquoi : cette note sera publique."),
        _("Publié avec les données."),
    )

    def __init__(
        self,
        *args: Any,
        cards: Collection[Resource],
        restricted: Collection[Dataset],
        opening: Opening | None = None,
        kept: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if opening is not None:
            kwargs["initial"] = {**initial_of(opening), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.opening, self.kept = opening, kept or {}
        self.cards = {str(each.public_id): each for each in cards}
        self.datasets = {str(each.public_id): each for each in restricted}
        self.offer(
            "card",
            [("", _("Choisissez")), *((key, each.title) for key, each in self.cards.items())],
        )
        named = ((key, each.resource.title) for key, each in self.datasets.items())
        self.offer("restricted", [("", _("Aucune")), *named])

    def clean_dictionary(self) -> Mapping[str, Mapping[str, str]]:
        """Read the dictionary; a fault names its line. None keeps that of the last deposit.

        Of it, what is said of the columns that a new file still has.
        """
        sent, file = self.cleaned_data["dictionary"], self.cleaned_data.get("file")
        if sent:
            return read_dictionary(sent)
        if self.kept.get("dictionary"):
            again: Mapping[str, Mapping[str, str]] = self.kept["dictionary"]
            return again
        kept: dict[str, dict[str, str]] = self.opening.dictionary if self.opening else {}
        if file and kept:
            with suppress(TableFault, UnicodeDecodeError):  # told once the file is read whole
                names = header_of(file.file)
                kept = {name: each for name, each in kept.items() if name in names}
            file.file.seek(0)
        return kept

    def clean_free_text(self) -> dict[str, str]:
        """Read « column : reason » on each line."""
        accepted = {}
        for each in self.cleaned_data["free_text"]:
            name, colon, reason = each.partition(":")
            if not colon or not reason.strip():
                raise ValidationError(
                    _g("« %(line)s » : écrivez la colonne, deux-points, puis le motif.")
                    % {"line": each[:60]}
                )
            accepted[name.strip()] = reason.strip()
        return accepted

    def clean(self) -> dict[str, Any]:
        """Ask for the file the first time, and for what tells people apart."""
        cleaned = super().clean() or {}
        has_file = self.kept or (self.opening and self.opening.deposit_sha256)
        if not cleaned.get("file") and "file" not in self.errors and not has_file:
            self.add_error("file", _g("Déposez le fichier à ouvrir, en CSV."))
        told = cleaned.get("quasi_identifiers") or cleaned.get("count")
        if cleaned.get("of_personal_origin") and not told:
            self.add_error(
                "quasi_identifiers",
                _g("Nommez les colonnes qui permettent de reconnaître quelqu’un."),
            )
        return cleaned

    def said(self) -> Said:
        """Give what the form says; what it lacks is empty."""
        read = {**dict.fromkeys(self.fields, ""), **BLANK, **self.cleaned_data}
        return Said(
            card=self.cards.get(read["card"]),
            title=read["title"],
            interest=read["interest"],
            legal_basis=read["legal_basis"],
            licence=OpeningLicence(read["licence"]) if read["licence"] else None,
            of_personal_origin=bool(read["of_personal_origin"]),
            removed=read["removed"],
            restricted=self.datasets.get(read["restricted"]),
            declared={
                "quasi_identifiers": _names(read["quasi_identifiers"]),
                "count": read["count"].strip(),
                "crossings": [_names(each.replace("×", ",")) for each in read["crossings"]],
                "free_text": read["free_text"],
            },
            dictionary=read["dictionary"],
        )

    def show(self, refusal: Invalid) -> None:
        """Put the faults beside the fields that hold what is wrong."""
        # Read before the first fault: `add_error` takes its field out of what was cleaned.
        named = {name: self._named(name) for name in DECLARING}
        for fault in refusal.faults or [{"code": refusal.code, "message": str(refusal)}]:
            code = fault["code"]
            fields: list[str | None] = ["file"]
            if "message" in fault:
                fields = [code if code in self.fields else None]
            elif code == "unknown_column":
                fields = [name for name in DECLARING if fault["column"] in named[name]]
            said = fault.get("message") or sentence(code, fault["line"], fault)
            for field in fields or ["dictionary"]:
                self.add_error(field, said)

    @property
    def chosen(self) -> Resource | None:
        """Give the card that was chosen, where something of it is refused."""
        refused = self.is_bound and any(name in self.errors for name in ("card", "licence"))
        return self.cards.get(self.data.get("card", "")) if refused else None

    def _named(self, field: str) -> list[str]:
        value = self.cleaned_data.get(field) or ""
        if field == "free_text":
            return list(value)
        return _names(",".join([value] if isinstance(value, str) else value).replace("×", ","))


BLANK: dict[str, Any] = {"dictionary": {}, "crossings": [], "free_text": {}}
DECLARING = ("quasi_identifiers", "count", "crossings", "free_text")


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def initial_of(opening: Opening) -> dict[str, Any]:
    """Give what an opening says already, as the form shows it."""
    declared = opening.declared
    names = ("title", "interest", "legal_basis", "licence", "of_personal_origin", "removed")
    return {
        **{name: getattr(opening, name) for name in names},
        "card": str(opening.card.public_id) if opening.card else "",
        "restricted": str(opening.restricted.public_id) if opening.restricted else "",
        "quasi_identifiers": ", ".join(declared.get("quasi_identifiers", [])),
        "count": declared.get("count", ""),
        "crossings": [" × ".join(each) for each in declared.get("crossings", [])],
        "free_text": [f"{name} : {why}" for name, why in declared.get("free_text", {}).items()],
    }


class TextForm(PlainForm):
    """A text that is sent to who proposed."""

    text = prose(_("Message"), 2_000, _("Écrivez le motif."))


class WithdrawalForm(PlainForm):
    """Why opened data are taken back, as everybody will read it."""

    text = prose(
        _("Motif du retrait"),
        500,
        _("Écrivez le motif."),
        _("Ce texte sera public, sur la page des versions : n’y désignez personne."),
    )


class RefusalForm(PlainForm):
    """Why an opening is refused."""

    reason = choice(_("Motif"), OpeningRefusal.choices, _("Choisissez un motif."), radio=True)
    text = prose(_("Explication"), 2_000, _("Écrivez le motif : il est envoyé à qui propose."))
