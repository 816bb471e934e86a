"""The automatic checks of a proposal: pure functions of its record, a sentence for each remark."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as a_field
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalogue.resources import addresses, words
from catalogue.resources.enums import (
    UNLICENSED_KINDS,
    Deposit,
    FileSign,
    LicenceStatus,
    ResourceKind,
)
from catalogue.resources.fields import (
    CARD,
    CARD_NEEDS,
    COMMON_BY_NAME,
    DETAILS,
    EMPTY,
    FEWEST_TAGS,
    MOST_TAGS,
    OWNED_NEEDS,
    REFERENCED_NEEDS,
    FieldType,
    Section,
    card_faults,
)
from catalogue.resources.writing import is_shouting, language_of, spam_signs
from catalogue.standards import licences
from portal.lib.prose import personal_data
from portal.lib.prose.personal_data import Kind

SHOWN_CHARACTERS = 64
NAMES: dict[str, Promise] = {
    "fields": _("Champs de la fiche"),
    "licence": _("Licence"),
    "links": _("Liens"),
    "personal_data": _("Données personnelles"),
    "files": _("Fichiers"),
    "card": _("Fiche d’explicabilité"),
    "duplicate": _("Doublons"),
    "language": _("Langue et courrier indésirable"),
    "markdown": _("Mise en forme"),
}
GREEN: dict[str, Promise] = {
    "fields": _("ceux qui sont obligatoires sont remplis."),
    "licence": _("reconnue ou sans objet."),
    "links": _("aucun lien à vérifier."),
    "personal_data": _("aucune repérée."),
    "files": _("aucun format exécutable à la lecture."),
    "card": _("toutes les questions ont une réponse."),
    "duplicate": _("aucune fiche proche."),
    "language": _("rien à signaler."),
    "markdown": _("le texte s’affiche correctement."),
}
REMARKS: dict[str, Promise] = {
    "missing": _("« %(label)s » n’est pas rempli."),
    "shouting": _(
        "Le titre est écrit en capitales : gardez-les pour le premier mot et les sigles."
    ),
    "tags": _("Donnez trois à huit mots-clés : ils servent à trouver la fiche."),
    "licence_missing": _("Choisissez une licence : sans elle, personne ne peut réutiliser."),
    "licence_to_confirm": _("La licence reste à confirmer."),
    "licence_number": _("« Licence Ouverte » existe en deux versions : précisez 1.0 ou 2.0."),
    "licence_unknown": _("« %(text)s » n’est pas un identifiant SPDX connu."),
    "licence_not_open": _(
        "%(text)s limite la réutilisation : la fiche ne sera pas présentée comme ouverte."
    ),
    "licence_outside_decree": _(
        "%(text)s n’est pas dans la liste des licences ouvertes aux administrations "
        "(article D323-2-1 du code des relations entre le public et l’administration) : "
        "une homologation est nécessaire."
    ),
    "link_malformed": _("« %(url)s » n’est pas une adresse complète."),
    "personal_email": _("Adresse électronique, ligne %(line)s : %(excerpt)s."),
    "personal_phone": _("Numéro de téléphone, ligne %(line)s : %(excerpt)s."),
    "personal_nir": _("Numéro de sécurité sociale, ligne %(line)s : %(excerpt)s. Retirez-le."),
    "personal_iban": _("Numéro de compte bancaire, ligne %(line)s : %(excerpt)s. Retirez-le."),
    "personal_address": _("Adresse postale, ligne %(line)s : %(excerpt)s."),
    "file_executable": _(
        "%(name)s : ce format peut exécuter du code quand on l’ouvre. Préférez safetensors ou ONNX."
    ),
    "file_personal_email": _("%(name)s, ligne %(line)s, adresse électronique : %(excerpt)s."),
    "file_personal_phone": _("%(name)s, ligne %(line)s, numéro de téléphone : %(excerpt)s."),
    "file_personal_nir": _(
        "%(name)s, ligne %(line)s, numéro de sécurité sociale : %(excerpt)s. Retirez-le."
    ),
    "file_personal_iban": _(
        "%(name)s, ligne %(line)s, numéro de compte bancaire : %(excerpt)s. Retirez-le."
    ),
    "file_personal_address": _("%(name)s, ligne %(line)s, adresse postale : %(excerpt)s."),
    "file_absent": _(
        "%(name)s : ce fichier n’est pas gardé ici pour cette fiche. Déposez-le, ou retirez la "
        "ligne."
    ),
    "file_of_release": _(
        "%(name)s : les fichiers de ce jeu se publient en versions, et non sur sa fiche. "
        "Retirez-le, puis publiez-le dans une version."
    ),
    "file_waiting": _("%(name)s : le fichier est en cours d’examen. Réessayez dans un moment."),
    "file_infected": _("%(name)s : l’antivirus y a trouvé un logiciel malveillant. Retirez-le."),
    "file_unscannable": _("%(name)s : l’antivirus n’a pas pu le lire. Retirez-le."),
    "file_lost": _("%(name)s : ce fichier est perdu. Envoyez-le à nouveau, ou retirez-le."),
    "file_mismatch": _(
        "%(name)s : le contenu n’est pas celui que le nom annonce. Retirez-le, ou renommez-le."
    ),
    "file_archive": _(
        "%(name)s : cette archive ne peut pas être ouverte sans danger. Refaites-la, sans archive "
        "dans l’archive, ou donnez ses fichiers un par un."
    ),
    "file_facts": _(
        "%(name)s : la taille ou l’empreinte écrite n’est pas celle du fichier déposé. Corrigez la "
        "ligne, ou déposez le fichier de nouveau."
    ),
    "file_unexamined": _(
        "%(name)s : le portail n’examine pas cette sorte d’archive. Préférez un ZIP."
    ),
    "file_inert": _("%(name)s : ce format n’exécute rien quand on l’ouvre."),
    "card_forbidden": _("%(message)s"),
    "card_empty_annex_iii": _(
        "Ce système relève de l’annexe III du règlement européen : remplissez au moins son but, "
        "ses limites et qui garde la main."
    ),
    "said_twice": _("« %(label)s » répète mot pour mot une autre réponse de la fiche."),
    "duplicate_address": _("« %(title)s » porte déjà cette adresse."),
    "duplicate_title": _("« %(title)s » porte un titre très proche."),
    "language_other": _("Le texte ne semble ni en français ni en anglais."),
    "spam": _("Le texte ressemble à une publicité : %(signs)s."),
    "markdown": _("%(message)s"),
}


def label_of(name: str) -> str:
    """Give the label of a field by its name, whatever its kind."""
    if name in COMMON_BY_NAME:
        return str(COMMON_BY_NAME[name].label)
    for own in DETAILS.values():
        if name in own.by_name:
            return str(own.by_name[name].label)
    return name


def sentence(remark: "Remark | Mapping[str, Any]") -> str:
    """Say a remark, stored or not, in the language of the reader; its facts are cut short."""
    if isinstance(remark, Remark):
        remark = asdict(remark)
    code, facts = str(remark["code"]), dict(remark.get("facts") or {})
    if code == "links_waiting":
        return ngettext(
            "%(count)s lien sera vérifié plus tard.",
            "%(count)s liens seront vérifiés plus tard.",
            int(facts["count"]),
        ) % {"count": facts["count"]}
    if code == "card_incomplete":
        return _incomplete_card(facts)
    if isinstance(facts.get("signs"), list):
        facts["signs"] = ", ".join(_sign(sign) for sign in facts["signs"])
    shown = {key: str(value)[:SHOWN_CHARACTERS] for key, value in facts.items() if key != "message"}
    shown["message"] = str(facts.get("message", ""))
    shown["label"] = label_of(str(remark.get("field", "")))
    return str(REMARKS[code]) % shown


def _sign(sign: str) -> str:
    return gettext("beaucoup de liens") if sign == "links" else str(sign)


def _incomplete_card(facts: Mapping[str, Any]) -> str:
    questions = {question.name: str(question.label) for question in CARD}
    return ngettext(
        "%(count)s question reste sans réponse : %(names)s.",
        "%(count)s questions restent sans réponse : %(names)s.",
        int(facts["count"]),
    ) % {
        "count": facts["count"],
        "names": ", ".join(questions.get(name, name) for name in facts["names"]),
    }


CHECK_VERSION = 1
ANNEX_III = ("annex_iii_4a", "annex_iii_4b", "annex_iii_3")
# Weights that run code when they are loaded, and those that do not.
EXECUTABLE = re.compile(r"\.(pkl|pickle|joblib|pt|pth|bin|ckpt|h5|npy)(?:$|[?#])", re.IGNORECASE)
INERT = re.compile(r"\.(safetensors|onnx|gguf)(?:$|[?#])", re.IGNORECASE)
Record = Mapping[str, Any]


class Verdict(StrEnum):
    """How a check ended; BLOCKING keeps the proposal from being sent."""

    GREEN = "green"
    UNKNOWN = "unknown"
    WARNING = "warning"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class Remark:
    """One thing to say: its code, the field it is about, its facts and its weight."""

    code: str
    field: str = ""
    facts: Mapping[str, Any] = a_field(default_factory=dict)
    verdict: Verdict = Verdict.WARNING


@dataclass(frozen=True)
class Check:
    """The outcome of one automatic check."""

    code: str
    remarks: tuple[Remark, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Give the heaviest verdict of the remarks."""
        weights = list(Verdict)
        return max((r.verdict for r in self.remarks), key=weights.index, default=Verdict.GREEN)

    def to_json(self) -> dict[str, Any]:
        """Give the form that is stored."""
        return {
            "code": self.code,
            "verdict": str(self.verdict),
            "version": CHECK_VERSION,
            "remarks": [asdict(remark) for remark in self.remarks],
        }


def is_owned(record: Record) -> bool:
    """Say whether the depositor holds the resource."""
    return record.get("deposit") != Deposit.REFERENCED


def fields(record: Record) -> Check:
    """Look for the compulsory fields and a readable title."""
    return Check("fields", tuple(_fields(record)))


def _fields(record: Record) -> Iterator[Remark]:
    for name in missing_fields(record):
        yield Remark("missing", name, {"name": name}, Verdict.BLOCKING)
    if is_shouting(str(record.get("title", ""))):
        yield Remark("shouting", "title", verdict=Verdict.BLOCKING)
    tags = record.get("tags") or ()
    if is_owned(record) and not FEWEST_TAGS <= len(tags) <= MOST_TAGS:
        yield Remark("tags", "tags", {"count": len(tags)})


def missing_fields(record: Record) -> list[str]:
    """Name the compulsory fields that hold nothing; the licence has its own check.

    Files may be where the page or the repository leads; the repository may stand for the page.
    """
    if not is_owned(record):
        missing = [name for name in REFERENCED_NEEDS if record.get(name) in EMPTY]
        return [
            name for name in missing if name != "homepage_url" or not record.get("repository_url")
        ]
    own = DETAILS[record["kind"]]
    wanted = (*OWNED_NEEDS, *own.needs)
    missing = [name for name in wanted if record.get(name) in EMPTY]
    missing += [each.name for each in own.missing(record.get("details") or {})]
    leads = record.get("homepage_url") or record.get("repository_url")
    return [name for name in missing if name != "files" or not leads]


def needs_licence(record: Record) -> bool:
    """Say whether an owned resource of this sort must carry a licence."""
    kind = record["kind"]
    if kind in UNLICENSED_KINDS or not is_owned(record):
        return False
    if kind == ResourceKind.TECHNOLOGY:
        return record.get("subtype") not in ("standard", "compute")
    return kind != ResourceKind.SOLUTION or bool(record.get("repository_url"))


def licence(record: Record, *, administration: bool) -> Check:
    """Read the licence; an administration is told of licences outside the decree's lists."""
    if record["kind"] in UNLICENSED_KINDS:
        return Check("licence")
    return Check("licence", tuple(_licence(record, administration)))


def _licence(record: Record, administration: bool) -> Iterator[Remark]:
    given = [str(text) for text in record.get("licences") or ()]
    weight = Verdict.BLOCKING if needs_licence(record) else Verdict.WARNING
    if not given:
        if needs_licence(record):
            yield Remark("licence_missing", "licences", verdict=Verdict.BLOCKING)
        elif record.get("licence_status") == LicenceStatus.TO_CONFIRM:
            yield Remark("licence_to_confirm", "licences")
    for text in given:
        read = licences.read_expression(text)
        if licences.is_ambiguous(text):
            yield Remark("licence_number", "licences", verdict=weight)
        elif not read.is_known:
            yield Remark("licence_unknown", "licences", {"text": text[:64]}, weight)
        elif not read.is_open:
            yield Remark("licence_not_open", "licences", {"text": read.expression})
        elif administration and not words.suits_administration(read, record["kind"]):
            yield Remark("licence_outside_decree", "licences", {"text": read.expression})


def links(record: Record) -> Check:
    """List the addresses; whether they answer is found later, out of this request."""
    urls = sorted(set(_urls(record)))
    bad = [url for url in urls if not addresses.is_web(url)]
    remarks = [Remark("link_malformed", facts={"url": url[:64]}) for url in bad]
    if urls:
        waiting = Remark("links_waiting", facts={"count": len(urls)}, verdict=Verdict.UNKNOWN)
        remarks.append(waiting)
    return Check("links", tuple(remarks))


def _urls(record: Record) -> Iterator[str]:
    for name in ("homepage_url", "repository_url", "documentation_url"):
        if record.get(name):
            yield str(record[name])
    details = record.get("details") or {}
    for own in DETAILS[record["kind"]].fields:
        value = details.get(own.name)
        if own.type is FieldType.URL and value:
            yield str(value)
        if own.type is FieldType.ROWS:
            columns = [column.name for column in own.columns if column.type is FieldType.URL]
            yield from (str(row[c]) for row in value or () for c in columns if row.get(c))


def personal(record: Record, held: Iterable["HeldFile | None"] = ()) -> Check:
    """Look for personal data in every text; a true NIR or IBAN blocks.

    held: files that the portal keeps, whose first rows were read.
    """
    remarks = []
    for file in filter(None, held):
        for told in file.personal:
            facts = {"name": file.name[-64:], "line": told["line"], "excerpt": told["excerpt"]}
            blocks = told["kind"] in (Kind.NIR, Kind.IBAN)
            weight = Verdict.BLOCKING if blocks else Verdict.WARNING
            remarks.append(Remark(f"file_personal_{told['kind']}", "files", facts, weight))
    for name, text in _texts(record):
        for found in personal_data.find(text):
            facts = {"line": found.line, "excerpt": found.excerpt}
            remarks.append(Remark(f"personal_{found.kind}", name, facts, _weight(found, name)))
    return Check("personal_data", tuple(remarks))


def _weight(found: personal_data.Found, name: str) -> Verdict:
    if found.kind in (Kind.NIR, Kind.IBAN):
        return Verdict.BLOCKING
    if name == "contact" or (found.kind is Kind.EMAIL and personal_data.is_generic(found.excerpt)):
        return Verdict.GREEN  # written to be public
    return Verdict.WARNING


def _texts(record: Record) -> Iterator[tuple[str, str]]:
    for name, value in {**record, **(record.get("details") or {})}.items():
        if name == "details":
            continue
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list | tuple):
            yield name, "\n".join(_lines(value))


def _lines(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield " ; ".join(map(str, value.values())) if isinstance(value, Mapping) else str(value)


@dataclass(frozen=True)
class HeldFile:
    """What the portal knows of a file that it keeps: `signs` are codes of `FileSign`.

    personal: kind, line and excerpt of what looks like personal data in its first rows.
    of_release: the card may not newly name it, being one whose files are those of releases.
    """

    name: str
    size: int
    sha256: str
    waits: bool
    signs: tuple[str, ...] = ()
    personal: tuple[Mapping[str, Any], ...] = ()
    of_release: bool = False


def files(record: Record, held: Mapping[str, HeldFile | None] | None = None) -> Check:
    """Tell formats that run code when loaded from those that do not, and what cannot be given.

    held: by its address, each file that the portal keeps; None for one that it does not keep for
    this card. Of the others, the name alone is judged.
    """
    details = record.get("details") or {}
    held = held or {}
    remarks: list[Remark] = []
    for field_name in ("files", "distributions"):
        for row in details.get(field_name) or ():
            address = str(row.get("url") or row.get("download_url") or row.get("title") or "")
            if address in held:
                remarks += _held(field_name, row, held[address])
            elif EXECUTABLE.search(address):
                remarks.append(Remark("file_executable", "files", {"name": address[-64:]}))
            elif INERT.search(address):
                facts = {"name": address[-64:]}
                remarks.append(Remark("file_inert", "files", facts, Verdict.GREEN))
    return Check("files", tuple(remarks))


SIGN_WEIGHTS = {
    FileSign.UNEXAMINED: Verdict.WARNING,
    FileSign.EXECUTABLE: Verdict.WARNING,
    FileSign.INERT: Verdict.GREEN,
}


def _held(field_name: str, row: Mapping[str, Any], file: HeldFile | None) -> Iterator[Remark]:
    if file is None:
        facts = {"name": str(row.get("title") or "")[:64]}
        yield Remark("file_absent", field_name, facts, Verdict.BLOCKING)
        return
    facts = {"name": file.name[-64:]}
    if file.of_release:
        yield Remark("file_of_release", field_name, facts, Verdict.BLOCKING)
    if file.waits:
        yield Remark("file_waiting", field_name, facts, Verdict.BLOCKING)
    for sign in file.signs:
        weight = SIGN_WEIGHTS.get(FileSign(sign), Verdict.BLOCKING)
        yield Remark(f"file_{sign}", field_name, facts, weight)
    if row.get("bytes") != file.size or str(row.get("sha256") or "").lower() != file.sha256:
        yield Remark("file_facts", field_name, facts, Verdict.BLOCKING)


def card(record: Record) -> Check | None:
    """Measure the explainability card; None for kinds that have none.

    Blocks a card of an annex III system that answers nothing else, and what the AI Act forbids.
    """
    own = DETAILS[record["kind"]]
    if not own.in_section(Section.CARD):
        return None
    details = record.get("details") or {}
    remarks = [
        Remark("card_forbidden", fault.field, {"message": str(fault.message)}, Verdict.BLOCKING)
        for fault in card_faults(details)
    ]
    empty = [name for name in CARD_NEEDS if details.get(name) in EMPTY]
    answered = set(CARD_NEEDS) - set(empty) - {"ai_act_class"}
    if details.get("ai_act_class") in ANNEX_III and not answered:
        remarks.append(Remark("card_empty_annex_iii", "intended_purpose", {}, Verdict.BLOCKING))
    elif empty:
        remarks.append(Remark("card_incomplete", empty[0], {"names": empty, "count": len(empty)}))
    told: set[str] = set()
    for question in own.in_section(Section.CARD):
        text = dict(_texts({question.name: details.get(question.name)})).get(question.name, "")
        if " " in text and text in told:
            remarks.append(Remark("said_twice", question.name))
        told.add(text)
    return Check("card", tuple(remarks))


def language(record: Record) -> Check:
    """Hold back texts that are neither French nor English, and those that look like spam."""
    text = "\n".join(str(record.get(name) or "") for name in ("title", "summary", "description"))
    remarks = []
    if language_of(text) == "other":
        remarks.append(Remark("language_other", "description"))
    signs = spam_signs(text)
    if signs:
        remarks.append(Remark("spam", "description", {"signs": signs}))
    return Check("language", tuple(remarks))
