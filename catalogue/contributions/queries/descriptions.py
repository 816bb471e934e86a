"""Foreign descriptions brought to what a card can hold: values, faults named, an identity."""

import contextlib
import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalogue.contributions.models import Contribution
from catalogue.resources.columns import REMOTE_ID_CHARACTERS
from catalogue.resources.enums import UNLICENSED_KINDS, Deposit, LicenceStatus, ResourceKind
from catalogue.resources.fields import DETAILS, MAX_ITEMS, Field, FieldType, Text, clean_value
from catalogue.resources.models import Resource
from catalogue.resources.queries import records as card_records
from catalogue.resources.queries.records import fields_of
from catalogue.standards.languages import code_of
from catalogue.standards.readers import FORMATS
from catalogue.standards.readers.record import Fault, Reading, Record, Value
from portal.accounts.models import Organisation
from portal.lib import canonical
from portal.lib.prose import markdown
from portal.lib.refusals import Invalid

# Raise it when the same record would give other values: every card is then written again.
READING_VERSION = 8
# Said by the source that proposes, not by its records.
OURS = frozenset({"organisation", "deposit"})
# Values that people left where an identifier was expected.
PLACEHOLDERS = frozenset(
    "todo tbd xxx n/a na none null id identifier identifiant unknown inconnu undefined "
    "a-remplir remplir à-remplir example exemple".split()
)
ELLIPSIS = "…"

REFUSALS: dict[str, Text] = {
    "no_title": _("Cette notice n’a pas de titre."),
    "kind": _("Le catalogue n’a pas de fiche de ce type."),
    "id_placeholder": _("L’identifiant de cette notice est un texte d’exemple."),
    "id_repeated": _("Plusieurs notices de ce passage portent cet identifiant."),
    "id_too_long": _("L’identifiant de cette notice dépasse 500 caractères."),
    "unreadable": _("Cette notice est illisible."),
}
REMARKS: dict[str, Text] = {
    "shortened": _("Texte raccourci à %(limit)d caractères."),
    "cut": _("Seules les %(limit)d premières lignes sont gardées."),
    "left_out": _("Valeur laissée de côté : %(reason)s"),
}


@dataclass(frozen=True)
class Remark:
    """One thing that a value lost, or a fault that the reader found."""

    code: str
    message: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class Incoming:
    """One record as it may become a card. values: common and own fields on one level.

    refused: a key of REFUSALS, or the code of the reader's fatal fault with its message.
    """

    remote_id: str
    kind: str
    title: str
    canonical_uri: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    not_transmitted: tuple[str, ...] = ()
    metrics: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    refused: str = ""
    reason: str = ""
    deleted: bool = False

    @property
    def digest(self) -> str:
        """Name what the source says, whenever it was fetched."""
        told = {
            "version": READING_VERSION,
            "kind": self.kind,
            "values": dict(self.values),
            "not_transmitted": sorted(self.not_transmitted),
        }
        return canonical.digest(told)


def read_incoming(record: Record) -> Incoming:
    """Bring one record to its card; what a field cannot hold is left out and named."""
    faults = tuple(_remark(each) for each in record.faults)
    base: dict[str, Any] = {
        "remote_id": _identity(record),
        "kind": record.kind,
        "title": record.title or record.remote_id,
        "canonical_uri": record.source_url[:500],
        "deleted": record.deleted,
    }
    if record.deleted:
        return Incoming(**base, remarks=faults)
    refused, reason = _refusal(record, base["remote_id"])
    if refused:
        return Incoming(**base, remarks=faults, refused=refused, reason=reason)
    values, remarks = _values(record)
    if not values.get("title"):
        refused, reason = "no_title", str(REFUSALS["no_title"])
    return Incoming(
        **base,
        values=values,
        not_transmitted=tuple(sorted(record.not_transmitted)),
        metrics={name: int(count) for name, count in record.metrics.items()},
        remarks=(*faults, *remarks),
        refused=refused,
        reason=reason,
    )


def read_all(records: Iterable[Record]) -> list[Incoming]:
    """Bring records to cards in their order; an identifier used for several things is refused.

    A record met twice word for word, as when pages overlap, counts once.
    """
    found: dict[str, Incoming] = {}
    repeated: set[str] = set()
    rest: list[Incoming] = []
    for each in map(read_incoming, records):
        first = found.setdefault(each.remote_id, each)
        if first is not each and first.digest != each.digest:
            repeated.add(each.remote_id)
            rest.append(each)
    return [
        _repeated(each) if each.remote_id in repeated and not each.refused else each
        for each in [*found.values(), *rest]
    ]


def _repeated(each: Incoming) -> Incoming:
    kept = (each.remote_id, each.kind, each.title, each.canonical_uri)
    return Incoming(*kept, refused="id_repeated", reason=str(REFUSALS["id_repeated"]))


def _identity(record: Record) -> str:
    """Name a record in its source: its identifier, its address, or its address and content."""
    if record.remote_id.strip():
        return record.remote_id.strip()
    if record.source_url and len(record.source_url) <= REMOTE_ID_CHARACTERS:
        return record.source_url
    told = {name: value.value for name, value in record.fields.items()}
    return "sha256:" + canonical.digest([record.source_url, told.get("title", "")])


def _refusal(record: Record, identity: str) -> tuple[str, str]:
    fatal = next((each for each in record.faults if each.fatal), None)
    if fatal is not None:
        return fatal.code, str(fatal.message)
    folded = "-".join(identity.lower().replace("_", " ").split())
    for code, wrong in (
        ("kind", record.kind not in ResourceKind.values),
        ("id_placeholder", folded.strip(".-<>[]{}*") in PLACEHOLDERS or not folded),
        ("id_too_long", len(identity) > REMOTE_ID_CHARACTERS),
    ):
        if wrong:
            return code, str(REFUSALS[code])
    return "", ""


def _values(record: Record) -> tuple[dict[str, Any], list[Remark]]:
    known = fields_of(record.kind)
    told: dict[str, Value] = {**record.fields, **record.details}
    values: dict[str, Any] = {}
    remarks: list[Remark] = []
    for name, value in told.items():
        own = known.get(name)
        if own is None or name in OURS:
            continue
        if name == "subtype":
            own = replace(own, choices=DETAILS[record.kind].subtypes)
        cleaned = _fit(own, value.value, remarks)
        if cleaned not in ("", None, [], ()):
            values[name] = cleaned
    _settle_licence(values)
    return values, remarks


def _fit(own: Field, value: Any, remarks: list[Remark]) -> Any:
    """Clean one value; too long is shortened, too many cut, the rest left out with its reason."""
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        value = value[:MAX_ITEMS]
        remarks.append(_lost("cut", own, limit=MAX_ITEMS))
    if isinstance(value, list) and own.type is FieldType.LIST and own.choices:
        value = _chosen(own, value, remarks)
    if own.name == "licence_status":
        return value if value in LicenceStatus.values else ""
    if own.name == "description":
        value = _readable(own, str(value or ""), remarks)
    if isinstance(value, str) and own.type in (FieldType.LINE, FieldType.TEXT):
        value = _shortened(own, value, remarks)
    try:
        return clean_value(own, value)
    except ValidationError as error:
        reason = " ".join(error.messages)
        shown = value if isinstance(value, str) else ""
        remarks.append(_lost("left_out", own, value=shown, reason=reason))
        if isinstance(value, list):
            return _each(own, value)
        return ""


def _chosen(own: Field, value: list[Any], remarks: list[Remark]) -> list[Any]:
    """Keep the words of a list that are among ours; languages, rare ones too, by their codes."""
    usual = dict(own.choices)
    is_language = own.name == "languages"
    known = [each for each in value if each in usual or (is_language and code_of(str(each)))]
    strangers = [str(item)[:40] for item in value if item not in known]
    if strangers:
        reason = str(_("hors de la liste du catalogue"))
        remarks.append(_lost("left_out", own, value=", ".join(strangers), reason=reason))
    return known


def _each(own: Field, value: list[Any]) -> list[Any]:
    """Keep the lines of a list that hold, when one of them does not."""
    kept: list[Any] = []
    for item in value:
        try:
            cleaned: Any = clean_value(own, [item])
        except ValidationError:
            continue
        kept += cleaned
    return kept


def _shortened(own: Field, text: str, remarks: list[Remark]) -> str:
    if own.type is FieldType.LINE:
        text = " ".join(text.split())
    if len(text) <= own.max_length:
        return text
    remarks.append(_lost("shortened", own, limit=own.max_length))
    head = text[: own.max_length - 1]
    return head.rsplit(" ", 1)[0].rstrip(" ,;:.") + ELLIPSIS


def _readable(own: Field, text: str, remarks: list[Remark]) -> str:
    """Keep a description that Markdown takes; one over its caps is left out."""
    text = text.replace("\x00", "")
    if len(text) > own.max_length:
        text = _shortened(own, text, remarks)
    try:
        markdown.check(text)
    except Invalid as refusal:
        remarks.append(_lost("left_out", own, reason=str(refusal)))
        return ""
    return text


def _settle_licence(values: dict[str, Any]) -> None:
    """Never leave a licence with a status that contradicts it."""
    if values.get("licences"):
        values.setdefault("licence_status", LicenceStatus.DECLARED.value)
    elif values.get("licence_status") == LicenceStatus.DECLARED:
        values["licence_status"] = LicenceStatus.TO_CONFIRM.value


def _lost(code: str, own: Field, *, value: str = "", **facts: Any) -> Remark:
    return Remark(code, str(REMARKS[code]) % facts, own.name, value[:200])


def _remark(fault: Fault) -> Remark:
    return Remark(fault.code, str(fault.message), fault.field)


FAULTS_KEPT = 100


def kept(name: str, reading: Reading, record: Record) -> dict[str, Any]:
    """Give what the draft keeps of a reading: its source, its format and its faults."""
    faults = [*reading.faults, *record.faults][:FAULTS_KEPT]
    return {"name": name[:500], "format": reading.format, "faults": [asdict(f) for f in faults]}


def values(record: Record, kind: str) -> dict[str, Any]:
    """Give the values that a draft of some kind can hold, cleaned as its form would.

    Of another kind than was read, it has the whole text: it may lack the fields of its sections.
    """
    if kind != record.kind and record.whole:
        text = replace(record.fields.get("description", Value("", "texte")), value=record.whole)
        record = replace(record, fields={**record.fields, "description": text})
    # Its identity does not matter here: the draft is a person's.
    return dict(read_incoming(replace(record, kind=kind, remote_id="pasted")).values)


def with_deposit(record: Record, holder: Organisation | None) -> Record:
    """Guess that a resource is deposited by who holds it, where its document names them."""
    for name in ("producer_name", "authors"):
        read = record.fields.get(name, Value("", ""))
        named = read.value if isinstance(read.value, list) else [read.value]
        if holder and holder.name.casefold() in [str(each).casefold() for each in named]:
            deposit = Value(Deposit.OWNED.value, read.origin, guessed=True)
            return replace(record, fields={**record.fields, "deposit": deposit})
    return record


def beside(record: Record, kind: str) -> dict[str, Any]:
    """Give what a draft of some kind leaves of a record, for the day when its kind is another's.

    aside: the fields that this kind does not ask. texts: the text of the kind read, and the whole.
    """
    told, asked = values(record, record.kind), DETAILS[kind].by_name
    own = {name: told[name] for name in DETAILS[record.kind].by_name if name in told}
    texts = {record.kind: told.get("description", "")}
    if record.whole:
        texts[""] = _fit(fields_of(kind)["description"], record.whole, [])
    return {"aside": {n: v for n, v in own.items() if n not in asked}, "texts": texts}


def turn(proposed: Resource, kind: ResourceKind, reading: dict[str, Any]) -> None:
    """Make a draft one of another kind; its fields go to `reading` and come from it."""
    texts, before = reading.get("texts", {}), proposed.kind
    if "" in texts and proposed.description == texts.get(before, texts[""]):
        proposed.description = texts.get(kind, texts[""])
    told, asked = {**reading.get("aside", {}), **proposed.details}, DETAILS[kind].by_name
    proposed.details = {}
    for name in [each for each in told if each in asked]:
        with contextlib.suppress(ValidationError):
            proposed.details[name] = clean_value(asked[name], told[name])
    reading["aside"] = {n: v for n, v in told.items() if n not in proposed.details}
    proposed.kind = kind
    if proposed.subtype not in dict(DETAILS[kind].subtypes):
        proposed.subtype = ""
    if kind in UNLICENSED_KINDS and not proposed.licences:
        proposed.licence_status = LicenceStatus.NOT_APPLICABLE
    elif before in UNLICENSED_KINDS and kind not in UNLICENSED_KINDS and not proposed.licences:
        proposed.licence_status = Resource().licence_status


KIND_GUESSED = "kind_guessed"


def with_kind_chosen(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the remark that the kind was guessed: a person said it."""
    faults = [each for each in reading.get("faults", ()) if each["code"] != KIND_GUESSED]
    return {**reading, "faults": faults}


def provenance(
    record: Record, kept: Iterable[str], reading: Mapping[str, Any], day: datetime.date
) -> dict[str, Any]:
    """Say of each kept value where it was read; a guess is not verified until its page is saved."""
    told = {**record.fields, **record.details}
    return {
        name: {
            "origin": f"import:{reading['format']}",
            "key": told[name].origin,
            "date": day.isoformat(),
            "verified": not told[name].guessed,
            "guessed": told[name].guessed,
        }
        for name in kept
        if name in told
    }


def confirmed(told: Mapping[str, Any], read_over: Collection[str]) -> dict[str, Any]:
    """Take a guess that its author had before them, and saved as it was, for verified.

    It stays a guess for who reads it over.
    """
    return {
        name: {**origin, "verified": True}
        if name in read_over and isinstance(origin, Mapping) and origin.get("guessed")
        else origin
        for name, origin in told.items()
    }


def sentence(fault: Fault) -> str:
    """Say a fault in the language of the reader."""
    if not fault.template:
        return fault.message
    facts = dict(fault.facts)
    if facts.get("reason"):
        facts["reason"] = gettext(str(facts["reason"]))
    return gettext(fault.template) % facts if facts else gettext(fault.template)


def origins(contribution: Contribution) -> dict[str, Mapping[str, Any]]:
    """Give the origin of each field that was read and not written over since, by name."""
    provenance = contribution.content.get("provenance") or {}
    return {
        name: origin
        for name, origin in provenance.items()
        if isinstance(origin, Mapping) and origin.get("key")
    }


def doubtful(contribution: Contribution) -> set[str]:
    """Name the values of its form that were guessed and that nobody read over."""
    asked, read = fields_of(contribution.resource.kind), origins(contribution).items()
    return {n for n, own in read if own["guessed"] and not own["verified"] and n in asked}


def guesses(contribution: Contribution) -> list[str]:
    """Name the fields of these values, in the order of the form."""
    names = doubtful(contribution)
    if "licences" in names:  # its state goes with it
        names.discard("licence_status")
    return [name for name in fields_of(contribution.resource.kind) if name in names]


# The others open below.
ROWS_SHOWN = 8


def reading_shown(contribution: Contribution, record: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what was read, what is to be verified apart, each field with its origin."""
    places, reading = origins(contribution), contribution.reading
    written = card_records.changes({}, record)
    rows = [(each, places[each.name]) for each in written if each.name in places]
    sure = [row for row in rows if row[1]["verified"]]
    faults = reading.get("faults", [])
    return {
        "source": reading.get("name", ""),
        "format": FORMATS[reading["format"]].label if reading.get("format") in FORMATS else "",
        "count": len(rows),
        "guesses": [row for row in rows if row not in sure],
        "rows": sure[:ROWS_SHOWN],
        "more": sure[ROWS_SHOWN:],
        "kind_guessed": any(each["code"] == KIND_GUESSED for each in faults),
        "faults": [each for each in faults if each["code"] != KIND_GUESSED],
    }
