"""Name the territories that data.gouv.fr codes, and the scope they make."""

from collections.abc import Mapping

from catalogue.standards import territories
from catalogue.standards.readers.record import Json

GRAINS = {
    "country": "pays",
    "country-group": "groupe de pays",
    "country-subset": "partie de pays",
    "fr:region": "région",
    "fr:departement": "département",
    "fr:epci": "EPCI",
    "fr:commune": "commune",
    "fr:collectivite": "collectivité",
    "fr:canton": "canton",
    "fr:iris": "Iris",
    "poi": "point d’intérêt",
    "other": "autre",
}
WORLD = {"country-group:world": "Monde", "country-group:ue": "Union européenne"}


def code(zone: Json) -> str:
    """Give the code of a zone without its date, given as text or as an object."""
    text = zone.get("id") if isinstance(zone, Mapping) else zone
    return str(text or "").split("@")[0]


def name(zone: Json) -> str:
    """Name a zone in French with its kind and code, by its code when its name is not known."""
    full = code(zone)
    told = str(zone["name"]) if isinstance(zone, Mapping) and zone.get("name") else ""
    found = territories.read(full)
    if found.kind is not None:
        return territories.made(told, found.kind, found.code).text
    if told:
        return told
    kind, _colon, last = full.rpartition(":")
    match kind:
        case "country" if last == "fr":
            return "France"
        case "country":
            return f"Pays {last.upper()}"
        case "country-group":
            return WORLD.get(full, last)
        case "country-subset:fr":
            return "Outre-mer" if last in ("drom", "dromcom") else "France métropolitaine"
        case _:
            return full


def scope(codes: list[str]) -> tuple[str, str]:
    """Deduce the scope, and its note, of some zones: the widest one wins; "" for none."""
    kinds = {each.rpartition(":")[0] for each in codes}
    if "country-group" in kinds:
        return "european", "Monde" if "country-group:world" in codes else ""
    if any(each.startswith("country:") and each != "country:fr" for each in codes):
        foreign = [each for each in codes if each != "country:fr"]
        return "european", name(foreign[0])
    if kinds & {"country", "country-subset:fr"}:
        return "national", ""
    if "fr:region" in kinds:
        return "regional", ""
    return ("local", "") if kinds - {""} else ("", "")
