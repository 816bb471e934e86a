"""Read values and dates out of a foreign document, and ask about what it does not say."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from challenges.bundles import safe_yaml
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.scoring.fields import MAX_ITEMS, MOST_WHOLE, Fields, Findings

TYPE = "E_KEY_TYPE"
UNKNOWN, NOT_MAPPED = "W_UNKNOWN_KEY", "W_KEY_NOT_MAPPED"
FLAGS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass
class Document:
    """One file of a bundle, where its faults go, and the line of each of its keys."""

    file: str
    findings: Findings
    lines: Mapping[str, int] = field(default_factory=dict)

    def said(self, place: str, message: str) -> str:
        """Write a sentence with its line, when the document knows it."""
        line = self.lines.get(place)
        return f"ligne {line} : {message}" if line else message


class Block(Fields):
    """The keys of one mapping; `place` is its place in the document, as a[0].b."""

    wrong, longest, item = TYPE, 20_000, "{place}[{at}]"

    def __init__(
        self,
        document: Document,
        value: object,
        place: str = "",
    ) -> None:
        """Keep the mapping; anything else is a fault, then an empty mapping."""
        self.document = document
        self._read: set[str] = set()
        super().__init__(document.findings, value, place, file=document.file)

    def refuse(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a fault at a key of this mapping."""
        said = self.document.said(self.at(key), message)
        super().refuse(code, said, key=key, value=_brief(value))

    def warn(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a warning at a key of this mapping."""
        place = self.at(key)
        said = self.document.said(place, message)
        self.findings.warn(code, said, file=self.file, key=place, value=_brief(value))

    def raw(self, key: str) -> object:
        """Give a value as written, None when absent; the key is then one that was read."""
        self._read.add(key)
        return self.values.get(key)

    def flag(self, key: str, *, default: bool = False, code: str = TYPE) -> bool:
        """Read true or false, written as such or as a text."""
        value = self.raw(key)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in FLAGS:
            return FLAGS[value.strip().lower()]
        if value in (0, 1):
            return value == 1
        self.refuse(code, "true ou false est attendu", key=key, value=value)
        return default

    def whole(
        self,
        key: str,
        *,
        low: int = 0,
        high: int = MOST_WHOLE,
        default: int | None = None,
        code: str = TYPE,
    ) -> int | None:
        """Read a whole number of at least `low`; absent gives the default, empty gives None."""
        if key not in self.values:
            self._read.add(key)
            return default
        value = self.raw(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value.strip()[:10])
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(code, "un nombre entier positif est attendu", key=key, value=value)
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts; one text is a list of one."""
        value = self.raw(key)
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return (value.strip(),)
        if not isinstance(value, list) or any(isinstance(one, dict | list) for one in value):
            self.refuse(TYPE, "une liste de textes est attendue", key=key, value=value)
            return ()
        return tuple(str(one) for one in value[:MAX_ITEMS])

    def numbers(self, key: str) -> tuple[int, ...]:
        """Read a list of whole numbers; one number is a list of one."""
        value = self.raw(key)
        if value is None or value == "":
            return ()
        found = value if isinstance(value, list) else [value]
        if any(isinstance(one, bool) or not isinstance(one, int) for one in found):
            self.refuse(TYPE, "une liste de nombres entiers est attendue", key=key, value=value)
            return ()
        return tuple(found[:MAX_ITEMS])

    def _below(self, value: object, place: str) -> Self:
        return type(self)(self.document, value, place)

    def entries(self, key: str) -> list[tuple[str, Self]]:
        """Enter each mapping of a mapping, in the order of the file."""
        block = self.mapping(key)
        return [
            (name, self._below("" if one is None else one, f"{block.place}.{name}"))
            for name, one in block.values.items()
        ]

    def dropped(self, keys: Iterable[str], why: str = "sans équivalent ici") -> None:
        """Warn of each known key that has no equivalent, kept for the export."""
        for key in keys:
            if self.raw(key) is not None:
                self.warn(NOT_MAPPED, f"{why}, gardé pour l’export", key=key, value=self.raw(key))

    def rest(self) -> dict[str, object]:
        """Warn of each key that nobody read and give them, to be kept for the export."""
        left = {key: one for key, one in self.values.items() if key not in self._read}
        for key, value in left.items():
            self.warn(
                UNKNOWN, "clé inconnue, gardée pour l’export et sans effet", key=key, value=value
            )
        return left


def _brief(value: object) -> object:
    """Show a list or a mapping by its size: aliases may make it huge."""
    if isinstance(value, dict | list):
        return f"{'liste' if isinstance(value, list) else 'clés'} ({len(value)})"
    return value


def load(folder: Folder, file: str, findings: Findings, *, ours: bool = False) -> Block | None:
    """Read a YAML file as a mapping; None once its fault is noted.

    ours: a key written twice is a fault, and every fault of the YAML is E_YAML. Codes:
    E_FILE_MISSING, E_YAML, E_YAML_TAG, E_YAML_ALIAS, E_KEY_TYPE, W_YAML_DUPLICATE.
    """
    repeated: list[safe_yaml.Repeated] = []
    try:
        raw = folder.read(file, limit_bytes=safe_yaml.MAX_BYTES)
        found = safe_yaml.load(raw, repeated=None if ours else repeated)
    except (FileAbsent, PathRefused):
        findings.refuse("E_FILE_MISSING", "ce fichier est attendu", file=file)
        return None
    except TableRefused as refusal:
        findings.refuse("E_YAML", str(refusal), file=file)
        return None
    except safe_yaml.YamlRefused as refusal:
        line = f"ligne {refusal.line} : " if refusal.line else ""
        code = "E_YAML" if ours else _code(refusal)
        findings.refuse(code, line + refusal.reason, file=file)
        return None
    if not isinstance(found, dict):
        findings.refuse("E_YAML" if ours else TYPE, "une liste de clés est attendue", file=file)
        return None
    for key, number in repeated:
        findings.warn(
            "W_YAML_DUPLICATE",
            f"ligne {number} : clé écrite deux fois, la dernière compte",
            file=file,
            key=key,
        )
    return Block(Document(file, findings, safe_yaml.lines(raw)), found)


def _code(refusal: safe_yaml.YamlRefused) -> str:
    if "étiquette" in refusal.reason:
        return "E_YAML_TAG"
    return "E_YAML_ALIAS" if "alias" in refusal.reason else "E_YAML"


def gettext_noop(sentence: str) -> str:
    """Mark a sentence that the page translates."""
    return sentence


@dataclass(frozen=True)
class Question:
    """What the organiser must answer. key: for --answer; proposal: what is kept otherwise.

    Without a proposal ("") nothing is created before an answer. sentence, hint: with the places
    of facts, as %(name)s. choices: {answer: its words}, {} when any text is read.
    """

    key: str
    sentence: str
    proposal: str = ""
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Give the question as a plain mapping, its sentences as they are marked."""
        return {
            "key": self.key,
            "proposal": self.proposal,
            "choices": [{"value": one, "label": said} for one, said in self.choices.items()],
            "sentence": self.sentence,
            "hint": self.hint,
            "facts": dict(self.facts),
        }


def filled(sentence: str, facts: Mapping[str, str]) -> str:
    """Put facts in the places of a sentence; one without facts has no place."""
    return sentence % facts if facts else sentence


DATES = gettext_noop("Quand les dépôts ouvrent-ils et ferment-ils ?")
DATES_HINT = gettext_noop(
    "L’ouverture, puis la clôture, à l’heure de Paris : 01/03/2027 09:00 – 31/05/2027 18:00. "
    "Vide : plus tard, dans l’espace organisateur."
)
QUOTAS = gettext_noop("Combien de soumissions par équipe ?")
QUOTAS_HINT = gettext_noop("Par jour, puis en tout : « 5/100 ». Rien d’un côté : sans limite.")
LICENCE = gettext_noop("Sous quelle licence sont les données ?")
LICENCE_HINT = gettext_noop(
    "Par exemple Licence Ouverte 2.0. Elle est vérifiée avant la publication."
)
LICENCE_LATER = gettext_noop("à confirmer avant la publication")
TITLE = gettext_noop("Quel est le titre du challenge ?")
TITLE_HINT = gettext_noop("Aucune page de l’archive n’en donne.")
METRIC = gettext_noop("Quelle mesure classe les équipes ?")
METRIC_HINT = gettext_noop(
    "Le code de notation de l’archive n’est pas exécuté : prenez la mesure du portail qui lui "
    "correspond."
)
METRIC_UNREAD = gettext_noop(
    "L’archive nomme « %(written)s », que le portail ne lit pas : prenez la mesure qui lui "
    "correspond."
)
DIRECTION = gettext_noop("Quel est le meilleur score ?")
DIRECTION_HINT = gettext_noop("Chaque mesure a son sens ; cette réponse ne sert qu’à le vérifier.")
NATURAL = "selon la mesure"
DIRECTIONS = {
    NATURAL: gettext_noop("celui que veut la mesure"),
    "max": gettext_noop("le plus grand"),
    "min": gettext_noop("le plus petit"),
}
COLUMNS = gettext_noop("Que donnent les %(count)s colonnes à prédire ?")
COLUMNS_HINT = gettext_noop("Colonnes : %(names)s.")
TARGETS, CLASSES = "cibles", "classes"
COLUMNS_CHOICES = {
    TARGETS: gettext_noop("autant de valeurs à prédire : une mesure par colonne, et leur moyenne"),
    CLASSES: gettext_noop("la probabilité de chaque réponse possible : une seule mesure"),
}
SHARE = gettext_noop("Quelle part des requêtes est publique ?")
SHARE_HINT = gettext_noop("De 0,1 à 0,9. Les autres requêtes font le classement final.")
PER_DAY = gettext_noop("Combien de soumissions par jour, par équipe ?")
PER_DAY_HINT = gettext_noop(
    "L’archive ne le dit pas : CodaLab comprend 999, Codabench 5. Un nombre, ou « sans limite »."
)
ZERO = gettext_noop("Combien de soumissions sont acceptées à la main ?")
ZERO_HINT = gettext_noop(
    "L’archive dit 0 (%(place)s) : Codabench y lit « sans limite », les auteurs pensent souvent "
    "« aucune ». Un nombre, ou « sans limite »."
)
DATE = gettext_noop("Quelle date est « %(written)s » ?")
DATE_HINT = gettext_noop("Jour ou mois d’abord ? Codabench lit le mois d’abord. %(place)s")
FORM = gettext_noop("Vérifier la forme des fichiers avant la notation ?")
FORM_OF_FILE = gettext_noop("Fichier attendu : %(name)s.")
FORM_OF_LINES = gettext_noop("Fichier attendu : %(name)s, %(rows)s lignes.")
FORM_OF_ROWS = gettext_noop("Fichier attendu : %(name)s, %(rows)s lignes et un en-tête.")
FORM_OF_TABLE = gettext_noop(
    "Fichier attendu : %(name)s, colonnes %(key)s et %(column)s, %(rows)s identifiants."
)
CHECK, LEAVE = "vérifier", "ne pas vérifier"
FORM_CHOICES = {
    CHECK: gettext_noop("oui : un fichier mal formé est refusé sans coûter d’essai"),
    LEAVE: gettext_noop("non : le programme en juge seul"),
}
BOUNDS = gettext_noop("Entre quelles valeurs est le score « %(name)s » ?")
BOUNDS_HINT = gettext_noop(
    "Le plus petit et le plus grand, séparés par « / » : « 0/1 », ou « 0/ » sans plus grand. Puis, "
    "après « ; », ce que le programme écrit quand il échoue, souvent %(common)s : « 0/1 ; -1 ». "
    "Une valeur hors de là n’est jamais un score. Vide, ou « / » seul : toute valeur est prise."
)
REPORT = gettext_noop("Qui lit le compte rendu que le programme écrit ?")
REPORT_HINT = gettext_noop("Le programme l’écrit après avoir lu les réponses : il peut en dire.")
NOBODY, ORGANISER, TEAM = "personne", "organisateur", "équipe"
REPORT_CHOICES = {
    NOBODY: gettext_noop("personne ne le lit"),
    ORGANISER: gettext_noop("l’équipe organisatrice"),
    TEAM: gettext_noop("l’équipe notée"),
}
SLUG = gettext_noop("Quel nom dans l’adresse du challenge ?")
SLUG_HINT = gettext_noop("Minuscules sans accent, chiffres et tirets. Il ne change plus.")


PARIS = ZoneInfo("Europe/Paris")
CODE = "E_PHASE_DATES"
YEARS = (1990, 2200)
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(.*))?")
MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T]+(.*))?")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")
WORDED = ("%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%d %B %Y", "%b. %d, %Y", "%d %b %Y")
Ask = Callable[[Question], None]


@dataclass(frozen=True)
class Instant:
    """One date of a bundle.

    written: as in the file. at: aware, UTC. codabench: what Codabench would have read, UTC.
    """

    written: str
    at: datetime
    codabench: datetime


@dataclass(frozen=True)
class Moment:
    """A date as read: its calendar reading, its offset if it has one, the other reading if any."""

    naive: datetime
    zone: timedelta | None = None
    other: datetime | None = None
    native: bool = False  # a date of YAML itself: Codabench keeps its day only


def instant(block: Block, key: str, *, ask: Ask, codabench: bool = True) -> "Instant | None":
    """Read an optional date and say both readings where Codabench would differ.

    codabench: whether this format is read by Codabench; without it only our reading counts.
    A date without offset is UTC. Codes: E_PHASE_DATES; W_DATE_OFFSET, W_DATE_TIME_KEPT,
    W_DATE_AMBIGUOUS.
    """
    value = block.raw(key)
    if value is None or value == "" or value == "null":
        return None
    moment = _moment(value)
    if moment is None:
        block.refuse(
            CODE,
            "date attendue, par exemple « 2027-03-01 09:00:00 » (UTC) ou avec son décalage",
            key=key,
            value=written(value),
        )
        return None
    if not YEARS[0] <= moment.naive.year <= YEARS[1]:
        said = f"une année de {YEARS[0]} à {YEARS[1]} est attendue"
        block.refuse(CODE, said, key=key, value=written(value))
        return None
    at = (moment.naive - (moment.zone or timedelta())).replace(tzinfo=UTC)
    kept = datetime.combine(moment.naive.date(), time()) if moment.native else moment.naive
    found = Instant(written(value), at, kept.replace(tzinfo=UTC))
    _tell(block, key, found, moment, ask, codabench)
    return found


def _tell(
    block: Block, key: str, found: Instant, moment: Moment, ask: Ask, codabench: bool
) -> None:
    """Warn where the date may be, or was, read otherwise."""
    if moment.other is not None:
        other = moment.other.replace(tzinfo=UTC)
        said = f"mois d’abord : {both(found.at)} ; jour d’abord, ce serait {both(other)}"
        block.warn("W_DATE_AMBIGUOUS", said, key=key, value=found.written)
        ask(_question(block.at(key), found, other))
    if not codabench or found.codabench == found.at:
        return
    code = "W_DATE_OFFSET" if moment.zone is not None else "W_DATE_TIME_KEPT"
    block.warn(
        code,
        f"lu {both(found.at)} ; Codabench aurait lu {_utc(found.codabench)}",
        key=key,
        value=found.written,
    )


def _question(place: str, found: Instant, other: datetime) -> Question:
    readings = {
        str(stamp(at)): f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for at in (found.at, other)
    }
    facts = {"written": found.written, "place": place}
    proposal = str(stamp(found.at))
    return Question(place, DATE, proposal, DATE_HINT, readings, facts)


def _moment(value: object) -> "Moment | None":
    if isinstance(value, datetime):
        zone = value.utcoffset()
        return Moment(value.replace(tzinfo=None), zone, native=True)
    if isinstance(value, date):
        return Moment(datetime.combine(value, time()), native=True)
    if not isinstance(value, str):
        return None
    text = value.strip()[:64]
    if found := ISO.fullmatch(text):
        year, month, day, clock = found.groups()
        return _at(int(year), int(month), int(day), clock)
    if found := MONTH_FIRST.fullmatch(text):
        first, second, year, clock = found.groups()
        return _month_first(int(first), int(second), int(year), clock)
    for pattern in WORDED:
        try:
            return Moment(datetime.strptime(text, pattern))  # noqa: DTZ007 # a day, zone added above
        except ValueError:
            continue
    return None


def _month_first(first: int, second: int, year: int, clock: str | None) -> "Moment | None":
    """Read month first; day first only when that is the one possible reading."""
    if first > 12:
        return _at(year, second, first, clock)
    moment = _at(year, first, second, clock)
    if moment is None or second > 12 or first == second:
        return moment
    other = _at(year, second, first, clock)
    return Moment(moment.naive, moment.zone, other.naive if other else None)


def _at(year: int, month: int, day: int, clock: str | None) -> "Moment | None":
    hour, minute, second, zone = 0, 0, 0, None
    if clock:
        found = CLOCK.fullmatch(clock.strip())
        if found is None:
            return None
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        zone = _offset(found[4])
    try:
        return Moment(datetime(year, month, day, hour, minute, second), zone)  # noqa: DTZ001 # zone apart
    except ValueError:
        return None


def _offset(text: str | None) -> timedelta | None:
    """Read an offset; Z and UTC are none, since a date without one is UTC."""
    if not text or text in {"Z", "UTC"}:
        return None
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size


def written(value: object) -> str:
    """Write a date as the file has it: ISO for YAML's own dates."""
    if isinstance(value, datetime):
        return value.isoformat(sep="T" if value.tzinfo else " ")
    return value.isoformat() if isinstance(value, date) else str(value)


def stamp(at: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in UTC, with Z."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def paris(at: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in Paris."""
    return None if at is None else at.astimezone(PARIS).isoformat()


def both(at: datetime) -> str:
    """Write an instant for people: UTC, then Paris."""
    return f"{_utc(at)}, soit le {at.astimezone(PARIS):%d/%m/%Y à %H h %M} à Paris"


def _utc(at: datetime) -> str:
    precise = "%d/%m/%Y à %H h %M min %S s UTC" if at.second else "%d/%m/%Y à %H h %M UTC"
    return f"le {at.astimezone(UTC):{precise}}"
