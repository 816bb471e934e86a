"""Territories as cards name them: a kind, a code and a name, in one notation that people read.

« Bouches-du-Rhône (département 13) », « Alpilles (zone d’emploi 9302) », « Arles (commune) ». A
name alone is a territory whose kind nobody has told; the names of régions and of départements, and
codes as data.gouv.fr writes them, are known."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class TerritoryKind(StrEnum):
    """What a territory is. A zone of INSEE and a basin of France Travail are not the same map."""

    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTMENT = "department"
    REGION = "region"
    EMPLOYMENT_ZONE = "employment_zone"
    EMPLOYMENT_BASIN = "employment_basin"


K = TerritoryKind
# The words of the notation, in French as the catalogue is.
WORDS = {
    K.COMMUNE: "commune",
    K.EPCI: "EPCI",
    K.DEPARTMENT: "département",
    K.REGION: "région",
    K.EMPLOYMENT_ZONE: "zone d’emploi",
    K.EMPLOYMENT_BASIN: "bassin d’emploi",
}
CODES = {
    K.COMMUNE: re.compile(r"\d[\dAB]\d{3}"),
    K.EPCI: re.compile(r"\d{9}"),
    K.DEPARTMENT: re.compile(r"\d{2}|2[AB]|97\d"),
    K.REGION: re.compile(r"\d{2}"),
    K.EMPLOYMENT_ZONE: re.compile(r"\d{4}"),
    K.EMPLOYMENT_BASIN: re.compile(r"[0-9A-Z]{1,9}"),
}
DATAGOUV = {
    "fr:commune": K.COMMUNE,
    "fr:epci": K.EPCI,
    "fr:departement": K.DEPARTMENT,
    "fr:region": K.REGION,
}
REGIONS = dict(
    row.split("=")
    for row in (
        "01=Guadeloupe;02=Martinique;03=Guyane;04=La Réunion;06=Mayotte;11=Île-de-France;"
        "24=Centre-Val de Loire;27=Bourgogne-Franche-Comté;28=Normandie;32=Hauts-de-France;"
        "44=Grand Est;52=Pays de la Loire;53=Bretagne;75=Nouvelle-Aquitaine;76=Occitanie;"
        "84=Auvergne-Rhône-Alpes;93=Provence-Alpes-Côte d’Azur;94=Corse"
    ).split(";")
)
DEPARTMENTS = dict(
    row.split("=")
    for row in (
        "01=Ain;02=Aisne;03=Allier;04=Alpes-de-Haute-Provence;05=Hautes-Alpes;06=Alpes-Maritimes;"
        "07=Ardèche;08=Ardennes;09=Ariège;10=Aube;11=Aude;12=Aveyron;13=Bouches-du-Rhône;"
        "14=Calvados;15=Cantal;16=Charente;17=Charente-Maritime;18=Cher;19=Corrèze;"
        "2A=Corse-du-Sud;2B=Haute-Corse;21=Côte-d’Or;22=Côtes-d’Armor;23=Creuse;24=Dordogne;"
        "25=Doubs;26=Drôme;27=Eure;28=Eure-et-Loir;29=Finistère;30=Gard;31=Haute-Garonne;32=Gers;"
        "33=Gironde;34=Hérault;35=Ille-et-Vilaine;36=Indre;37=Indre-et-Loire;38=Isère;39=Jura;"
        "40=Landes;41=Loir-et-Cher;42=Loire;43=Haute-Loire;44=Loire-Atlantique;45=Loiret;46=Lot;"
        "47=Lot-et-Garonne;48=Lozère;49=Maine-et-Loire;50=Manche;51=Marne;52=Haute-Marne;"
        "53=Mayenne;54=Meurthe-et-Moselle;55=Meuse;56=Morbihan;57=Moselle;58=Nièvre;59=Nord;"
        "60=Oise;61=Orne;62=Pas-de-Calais;63=Puy-de-Dôme;64=Pyrénées-Atlantiques;"
        "65=Hautes-Pyrénées;66=Pyrénées-Orientales;67=Bas-Rhin;68=Haut-Rhin;69=Rhône;"
        "70=Haute-Saône;71=Saône-et-Loire;72=Sarthe;73=Savoie;74=Haute-Savoie;75=Paris;"
        "76=Seine-Maritime;77=Seine-et-Marne;78=Yvelines;79=Deux-Sèvres;80=Somme;81=Tarn;"
        "82=Tarn-et-Garonne;83=Var;84=Vaucluse;85=Vendée;86=Vienne;87=Haute-Vienne;88=Vosges;"
        "89=Yonne;90=Territoire de Belfort;91=Essonne;92=Hauts-de-Seine;93=Seine-Saint-Denis;"
        "94=Val-de-Marne;95=Val-d’Oise;971=Guadeloupe;972=Martinique;973=Guyane;974=La Réunion;"
        "976=Mayotte"
    ).split(";")
)
NAMED = {K.REGION: REGIONS, K.DEPARTMENT: DEPARTMENTS}
# Names of two territories at once, one of which is never guessed.
SEVERAL = frozenset({"guadeloupe", "martinique", "guyane", "la reunion", "mayotte", "paris"})
OTHER_NAMES = {"paca": "93", "region paca": "93", "region sud": "93"}

_KINDS = "|".join(words.replace("’", "[’']") for words in WORDS.values())
_NOTATION = re.compile(
    rf"^(?P<label>.*\S) ?\((?P<kind>{_KINDS})(?: (?P<code>[0-9A-Z]{{1,9}}))?\)$", re.IGNORECASE
)
_NAMELESS = re.compile(rf"^(?P<kind>{_KINDS}) (?P<code>[0-9][0-9A-Z]{{0,8}})$", re.IGNORECASE)
_CODED = re.compile(r"^(?P<kind>fr:[a-z]+):(?P<code>[0-9A-Z]+)(?:@.*)?$")
_PREFIX = re.compile(r"^(region|departement) (?:(?:des|du|de la|de l|de|d) )?")


@dataclass(frozen=True)
class Territory:
    """One territory. kind: "" when nobody has told it; code: "" when it is not known."""

    label: str
    kind: TerritoryKind | None = None
    code: str = ""

    @property
    def text(self) -> str:
        """Write it in the notation that `read` reads."""
        if self.kind is None or self.label == _nameless(self.kind, self.code):
            return self.label
        return f"{self.label} ({' '.join(filter(None, (WORDS[self.kind], self.code)))})"


def made(label: str, kind: TerritoryKind, code: str = "") -> Territory:
    """Make a territory of a known kind; a région or a département takes its official name.

    Raises ValueError when the code is not one of this kind, or when nothing names it.
    """
    code, label = code.strip().upper(), " ".join(label.split())
    if code and not CODES[kind].fullmatch(code):
        raise ValueError(code)
    official = NAMED.get(kind, {})
    if code in official:
        return Territory(official[code], kind, code)
    if not code and (found := _by_name(kind).get(_folded(label))):
        return Territory(official[found], kind, found)
    if code and not label:
        label = _nameless(kind, code)
    if not label:
        raise ValueError(label)
    return Territory(label, kind, code)


def read_territory(text: str) -> Territory:
    """Read a territory in any of the ways in which one is written; a stranger is its own name."""
    text = " ".join(text.split())
    try:
        if found := _NOTATION.match(text):
            return made(found["label"], _kind_of(found["kind"]), found["code"] or "")
        if found := _NAMELESS.match(text):
            return made("", _kind_of(found["kind"]), found["code"])
        if (found := _CODED.match(text)) and found["kind"] in DATAGOUV:
            return made("", DATAGOUV[found["kind"]], found["code"])
    except ValueError:
        return Territory(text)
    return _known_name(text)


def _known_name(text: str) -> Territory:
    name = _folded(text)
    if name in OTHER_NAMES:
        return Territory(REGIONS[OTHER_NAMES[name]], K.REGION, OTHER_NAMES[name])
    prefix = _PREFIX.match(name)
    told = {"region": K.REGION, "departement": K.DEPARTMENT}[prefix[1]] if prefix else None
    for kind in (K.DEPARTMENT, K.REGION):
        bare = name[prefix.end() :] if prefix and told is kind else name
        if (told is kind or (told is None and bare not in SEVERAL)) and bare in _by_name(kind):
            code = _by_name(kind)[bare]
            return Territory(NAMED[kind][code], kind, code)
    return Territory(text)


def _nameless(kind: TerritoryKind, code: str) -> str:
    words = WORDS[kind]
    return f"{words[0].upper()}{words[1:]} {code}" if code else ""


@cache
def _by_name(kind: TerritoryKind) -> dict[str, str]:
    return {_folded(name): code for code, name in NAMED.get(kind, {}).items()}


def _kind_of(words: str) -> TerritoryKind:
    wanted = _folded(words)
    return next(kind for kind, each in WORDS.items() if _folded(each) == wanted)


def _folded(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", bare.casefold()).split())
