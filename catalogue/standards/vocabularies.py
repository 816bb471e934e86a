"""Words of the European and international vocabularies, and ours in them."""

from typing import NamedTuple

EU = "http://publications.europa.eu/resource/authority"
ADMS_LICENCE = "http://purl.org/adms/licencetype"
ADMS_PUBLISHER = "http://purl.org/adms/publishertype"
IANA = "http://www.iana.org/assignments/media-types"
GEONAMES = "https://sws.geonames.org"


class Term(NamedTuple):
    """One concept: its address, its scheme and its label in French."""

    iri: str
    scheme: str
    label: str


def _eu(table: str, code: str, label: str) -> Term:
    return Term(f"{EU}/{table}/{code}", f"{EU}/{table}", label)


SCHEMES = {
    f"{EU}/data-theme": "Thèmes de données",
    f"{EU}/frequency": "Fréquences",
    f"{EU}/file-type": "Types de fichier",
    f"{EU}/language": "Langues",
    f"{EU}/access-right": "Droits d’accès",
    f"{EU}/planned-availability": "Disponibilité prévue",
    f"{EU}/distribution-status": "États des distributions",
    f"{EU}/dataset-status": "États des notices",
    f"{EU}/country": "Pays",
    f"{EU}/continent": "Continents",
    f"{ADMS_LICENCE}/1.0": "Types de licence",
    f"{ADMS_PUBLISHER}/1.0": "Types de producteur",
}

POPULATION = _eu("data-theme", "SOCI", "Population et société")
EDUCATION = _eu("data-theme", "EDUC", "Éducation, culture et sport")
ECONOMY = _eu("data-theme", "ECON", "Économie et finances")
TECHNOLOGY = _eu("data-theme", "TECH", "Science et technologie")
THEMES_OF_USE_CASES = {
    "school_guidance": EDUCATION,
    "training_procurement": EDUCATION,
    "sme_needs": ECONOMY,
}

FREQUENCIES = {
    "continuous": _eu("frequency", "CONT", "en continu"),
    "several_daily": _eu("frequency", "DAILY_2", "deux fois par jour"),
    "daily": _eu("frequency", "DAILY", "quotidienne"),
    "several_weekly": _eu("frequency", "WEEKLY_2", "deux fois par semaine"),
    "weekly": _eu("frequency", "WEEKLY", "hebdomadaire"),
    "fortnightly": _eu("frequency", "BIWEEKLY", "toutes les deux semaines"),
    "several_monthly": _eu("frequency", "MONTHLY_2", "deux fois par mois"),
    "monthly": _eu("frequency", "MONTHLY", "mensuelle"),
    "bimonthly": _eu("frequency", "BIMONTHLY", "tous les deux mois"),
    "quarterly": _eu("frequency", "QUARTERLY", "trimestrielle"),
    "three_yearly": _eu("frequency", "ANNUAL_3", "trois fois par an"),
    "biannual": _eu("frequency", "ANNUAL_2", "semestrielle"),
    "annual": _eu("frequency", "ANNUAL", "annuelle"),
    "biennial": _eu("frequency", "BIENNIAL", "tous les deux ans"),
    "triennial": _eu("frequency", "TRIENNIAL", "tous les trois ans"),
    "quinquennial": _eu("frequency", "QUINQUENNIAL", "tous les cinq ans"),
    "decennial": _eu("frequency", "DECENNIAL", "tous les dix ans"),
    "irregular": _eu("frequency", "IRREG", "irrégulière"),
    "punctual": _eu("frequency", "NOT_PLANNED", "non planifiée"),
    "never": _eu("frequency", "NEVER", "jamais"),
    "unknown": _eu("frequency", "UNKNOWN", "inconnue"),
}

LANGUAGES = {
    "fr": _eu("language", "FRA", "français"),
    "en": _eu("language", "ENG", "anglais"),
    "it": _eu("language", "ITA", "italien"),
    "es": _eu("language", "SPA", "espagnol"),
    "de": _eu("language", "DEU", "allemand"),
    "oc": _eu("language", "OCI", "occitan"),
    "pt": _eu("language", "POR", "portugais"),
    "nl": _eu("language", "NLD", "néerlandais"),
    "ar": _eu("language", "ARA", "arabe"),
    "mul": _eu("language", "MUL", "multilingue"),
}

PUBLIC = _eu("access-right", "PUBLIC", "public")
RESTRICTED = _eu("access-right", "RESTRICTED", "restreint")
NON_PUBLIC = _eu("access-right", "NON_PUBLIC", "non public")
ACCESS_RIGHTS = {
    "open": PUBLIC,
    "registered": PUBLIC,
    "on_request": RESTRICTED,
    "restricted": RESTRICTED,
}

STABLE = _eu("planned-availability", "STABLE", "stable")
AVAILABLE = _eu("planned-availability", "AVAILABLE", "disponible")
EXPERIMENTAL = _eu("planned-availability", "EXPERIMENTAL", "expérimentale")
TEMPORARY = _eu("planned-availability", "TEMPORARY", "temporaire")
AVAILABILITIES = {
    "active": STABLE,
    "experimental": EXPERIMENTAL,
    "transferred": TEMPORARY,
    "stopped": TEMPORARY,
}
COMPLETED = _eu("distribution-status", "COMPLETED", "terminée")
WITHDRAWN = _eu("distribution-status", "WITHDRAWN", "retirée")
CURRENT = _eu("dataset-status", "COMPLETED", "complète")
OUTDATED = _eu("dataset-status", "DEPRECATED", "archivée")

# What licences ask for, as ADMS classes them.
_LICENCE_TYPES = {
    "PublicDomain": "domaine public",
    "Attribution": "attribution",
    "ViralEffect-ShareAlike": "partage dans les mêmes conditions",
    "NonCommercialUseOnly": "usage non commercial",
    "NoDerivativeWork": "pas de modification",
    "KnownIPR": "droits connus",
    "UnknownIPR": "droits inconnus",
    "OtherRestrictiveClauses": "autres restrictions",
}


def licence_type(identifier: str) -> Term:
    """Class a licence by its SPDX identifier; "" is one that nobody has confirmed."""
    name = identifier.upper()
    if not name:
        code = "UnknownIPR"
    elif "-NC" in name:
        code = "NonCommercialUseOnly"
    elif "-ND" in name:
        code = "NoDerivativeWork"
    elif name.startswith(("CC0", "PDDL", "UNLICENSE", "0BSD")):
        code = "PublicDomain"
    elif "-SA" in name or name.startswith(
        ("GPL", "AGPL", "LGPL", "ODBL", "EUPL", "CECILL-2", "MPL")
    ):
        code = "ViralEffect-ShareAlike"
    elif name.startswith(("CC-BY", "ETALAB", "MIT", "BSD", "APACHE", "ISC", "CECILL-B", "ODC-BY")):
        code = "Attribution"
    else:
        code = "KnownIPR"
    return Term(f"{ADMS_LICENCE}/{code}", f"{ADMS_LICENCE}/1.0", _LICENCE_TYPES[code])


# The names under which other portals know the licences of data: they are found again by these.
LICENCE_TITLES = {
    "etalab-2.0": "Licence Ouverte / Open Licence version 2.0",
    "ODbL-1.0": "Open Data Commons Open Database License (ODbL)",
    "CC-BY-4.0": "Creative Commons Attribution 4.0",
    "CC0-1.0": "Creative Commons CCZero",
}
PUBLISHER_TYPES = {
    "administration": ("NationalAuthority", "autorité nationale"),
    "local_authority": ("LocalAuthority", "autorité locale"),
    "region": ("RegionalAuthority", "autorité régionale"),
    "association": ("NonProfitOrganisation", "organisme sans but lucratif"),
    "company": ("Company", "entreprise"),
    "laboratory": ("Academia-ScientificOrganisation", "enseignement ou recherche"),
    "individual": ("PrivateIndividual(s)", "particulier"),
}


def publisher_type(kind: str, *, root: str) -> Term:
    """Class a producer; one whose nature nobody has told gets a concept of ours that says so."""
    if kind in PUBLISHER_TYPES:
        code, label = PUBLISHER_TYPES[kind]
        return Term(f"{ADMS_PUBLISHER}/{code}", f"{ADMS_PUBLISHER}/1.0", label)
    scheme = f"{root}/ressources/#nature-des-producteurs"
    return Term(f"{scheme}-non-renseignee", scheme, "nature non renseignée")


class Place(NamedTuple):
    """A place of the EU tables or of GeoNames, its box and its centre (WKT, WGS 84)."""

    iri: str
    scheme: str
    label: str
    box: str
    centre: str


def _box(west: float, south: float, east: float, north: float) -> str:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return "POLYGON((" + ",".join(f"{x} {y}" for x, y in corners) + "))"


REGION = Place(
    f"{GEONAMES}/2985244/", "", "Provence-Alpes-Côte d’Azur",
    _box(4.22, 42.98, 7.72, 45.13), "POINT(6.06 43.96)",
)  # fmt: skip
FRANCE = Place(
    f"{EU}/country/FRA", f"{EU}/country", "France", _box(-5.15, 41.33, 9.56, 51.09),
    "POINT(2.45 46.5)",
)  # fmt: skip
EUROPE = Place(
    f"{EU}/continent/EUROPE", f"{EU}/continent", "Europe", _box(-31.3, 34.5, 69.1, 81.9),
    "POINT(15 54)",
)  # fmt: skip
# A local resource names its territories beside; the smallest place sure to hold it is the country.
PLACES = {"local": FRANCE, "regional": REGION, "national": FRANCE, "european": EUROPE}

# Format as people write it: (EU file type, IANA media type).
FORMATS = {
    "csv": ("CSV", "text/csv"),
    "tsv": ("TSV", "text/tab-separated-values"),
    "json": ("JSON", "application/json"),
    "jsonl": ("JSON", "application/x-ndjson"),
    "json-ld": ("JSON_LD", "application/ld+json"),
    "jsonld": ("JSON_LD", "application/ld+json"),
    "geojson": ("GEOJSON", "application/geo+json"),
    "xml": ("XML", "application/xml"),
    "html": ("HTML", "text/html"),
    "pdf": ("PDF", "application/pdf"),
    "xls": ("XLS", "application/vnd.ms-excel"),
    "excel": ("XLS", "application/vnd.ms-excel"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ods": ("ODS", "application/vnd.oasis.opendocument.spreadsheet"),
    "doc": ("DOC", "application/msword"),
    "docx": ("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "odt": ("ODT", "application/vnd.oasis.opendocument.text"),
    "txt": ("TXT", "text/plain"),
    "parquet": ("PARQUET", "application/vnd.apache.parquet"),
    "zip": ("ZIP", "application/zip"),
    "gz": ("GZIP", "application/gzip"),
    "gzip": ("GZIP", "application/gzip"),
    "tar": ("TAR", "application/x-tar"),
    "shp": ("SHP", ""),
    "gpkg": ("GPKG", "application/geopackage+sqlite3"),
    "kml": ("KML", "application/vnd.google-earth.kml+xml"),
    "gml": ("GML", "application/gml+xml"),
    "rdf": ("RDF", "application/rdf+xml"),
    "ttl": ("RDF_TURTLE", "text/turtle"),
    "turtle": ("RDF_TURTLE", "text/turtle"),
    "n3": ("N3", "text/n3"),
    "sql": ("SQL", "application/sql"),
    "png": ("PNG", "image/png"),
    "jpg": ("JPEG", "image/jpeg"),
    "jpeg": ("JPEG", "image/jpeg"),
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("ATOM", "application/atom+xml"),
    "wms": ("WMS_SRVC", ""),
    "wfs": ("WFS_SRVC", ""),
    "api": ("REST", ""),
    "md": ("TXT", "text/markdown"),
    "yaml": ("TXT", "application/yaml"),
    "yml": ("TXT", "application/yaml"),
}


def file_type(name: str) -> Term:
    """Give the EU file type of a format; what the table does not know is binary data."""
    code = FORMATS.get(name.lower().lstrip(".").strip(), ("BIN", ""))[0]
    return _eu("file-type", code, code.replace("_", " "))


def media_type(name: str, declared: str = "") -> str:
    """Give the media type declared, or that of the format, or ""."""
    said = declared.split(";")[0].strip().lower()
    if "/" in said and " " not in said:
        return said
    return FORMATS.get(name.lower().lstrip(".").strip(), ("", ""))[1]


THEMES = {
    "AGRI": "agriculture, pêche et alimentation",
    "ECON": "économie et finances",
    "EDUC": "éducation, culture et sport",
    "ENER": "énergie",
    "ENVI": "environnement",
    "GOVE": "gouvernement et secteur public",
    "HEAL": "santé",
    "INTR": "questions internationales",
    "JUST": "justice et sécurité publique",
    "REGI": "régions et villes",
    "SOCI": "population et société",
    "TECH": "science et technologie",
    "TRAN": "transports",
}
AUTHORITY = "http://publications.europa.eu/resource/authority/data-theme/"


def words(address: str) -> str:
    """Name the theme of an address of the EU's list, "" when it is not one."""
    return THEMES.get(address.rstrip("/").rsplit("/", 1)[-1], "") if "data-theme" in address else ""
