"""Read CITATION.cff 1.2.0: a file outside its standard is refused, each fault named.

Source: Citation File Format schema guide 1.2.0, https://doi.org/10.5281/zenodo.5171937."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalogue.standards import licences
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Json, Reading
from catalogue.standards.readers.syntax import shapes, yaml_text
from catalogue.standards.readers.syntax.json_text import items, mapping
from catalogue.standards.readers.syntax.shapes import Wrong, choice, either, many, text, thing
from catalogue.standards.readers.syntax.text import day, decoded, one_line

LINE = text()
LINE_OR_NUMBER = text(numbers=True)
DATE = text(r"^\d{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$", "AAAA-MM-JJ")
DOI = text(r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+$", "10.5281/zenodo.1234")
EMAIL = text(r"^\S+@\S+\.\S{2,}$", "nom@exemple.org")
ORCID = text(
    r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]", "https://orcid.org/0000-0000-0000-0000"
)
URL = text(r"^(https|http|ftp|sftp)://\S+$", "https://…")
SWH = text(r"^swh:1:(snp|rel|rev|dir|cnt):[0-9a-fA-F]{40}$", "swh:1:…")
COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
).split()
COUNTRY = choice(*COUNTRIES)
WORKS = (
    "art article audiovisual bill blog book catalogue conference-paper conference data database "
    "dictionary edited-work encyclopedia film-broadcast generic government-document grant hearing "
    "historical-work legal-case legal-rule magazine-article manual map multimedia music "
    "newspaper-article pamphlet patent personal-communication proceedings report serial slides "
    "software-code software-container software-executable software-virtual-machine software "
    "sound-recording standard statute thesis unpublished video website"
).split()


def licence(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for one SPDX identifier, not an expression."""
    known = isinstance(value, str) and licences.read(value)
    if not known or not known.is_known or len(str(value).split()) != 1:
        yield Wrong(place, "shape_choice", {"value": value})


ADDRESS = {
    "address": LINE,
    "alias": LINE,
    "city": LINE,
    "country": COUNTRY,
    "email": EMAIL,
    "fax": LINE,
    "orcid": ORCID,
    "post-code": LINE_OR_NUMBER,
    "region": LINE,
    "tel": LINE,
    "website": URL,
}
PERSON = thing(
    ADDRESS
    | dict.fromkeys(
        ("affiliation", "family-names", "given-names", "name-particle", "name-suffix"), LINE
    )
)
ENTITY = thing(
    ADDRESS | {"name": LINE, "location": LINE, "date-end": DATE, "date-start": DATE}, ("name",)
)
PEOPLE = many(either(PERSON, ENTITY))
LICENCE = either(licence, many(licence))
IDENTIFIERS = many(
    either(
        *(
            thing({"type": choice(kind), "value": shape, "description": LINE}, ("type", "value"))
            for kind, shape in (("doi", DOI), ("url", URL), ("swh", SWH), ("other", LINE))
        )
    )
)
MONTH = either(choice(*range(1, 13)), choice(*map(str, range(1, 13))))
COMMON = {
    "abstract": LINE,
    "authors": PEOPLE,
    "commit": LINE,
    "contact": PEOPLE,
    "date-released": DATE,
    "doi": DOI,
    "identifiers": IDENTIFIERS,
    "keywords": many(LINE),
    "license": LICENCE,
    "license-url": URL,
    "repository": URL,
    "repository-artifact": URL,
    "repository-code": URL,
    "title": LINE,
    "url": URL,
    "version": LINE_OR_NUMBER,
}
LINES = (
    "abbreviation collection-title collection-type copyright data-type database department edition "
    "entry filename format issue-date issue-title journal medium nihmsid notes scope term "
    "thesis-type volume-title"
).split()
NUMBERS = (
    "end issue loc-end loc-start number number-volumes pages section start volume year "
    "year-original"
).split()
REFERENCE = thing(
    COMMON
    | dict.fromkeys(LINES, LINE)
    | dict.fromkeys(NUMBERS, LINE_OR_NUMBER)
    | dict.fromkeys(("date-accessed", "date-downloaded", "date-published"), DATE)
    | dict.fromkeys(
        ("conference", "database-provider", "institution", "location", "publisher"), ENTITY
    )
    | dict.fromkeys(("editors", "editors-series", "recipients", "senders", "translators"), PEOPLE)
    | {
        "collection-doi": DOI,
        "isbn": text(r"^[0-9\- ]{10,17}X?$", "ISBN"),
        "issn": text(r"^\d{4}-\d{3}[\dxX]$", "ISSN"),
        "languages": many(text(r"^[a-z]{2,3}$", "fr")),
        "month": MONTH,
        "patent-states": many(LINE),
        "pmcid": text(r"^PMC\d{7}$", "PMC0000000"),
        "status": choice(
            "abstract", "advance-online", "in-preparation", "in-press", "preprint", "submitted"
        ),
        "type": choice(*WORKS),
    },
    ("authors", "title", "type"),
)
CITATION = thing(
    COMMON
    | {
        "cff-version": text(r"^1\.2\.0$", "1.2.0"),
        "message": LINE,
        "preferred-citation": REFERENCE,
        "references": many(REFERENCE),
        "type": choice("dataset", "software"),
    },
    ("authors", "cff-version", "message", "title"),
)


SOURCE = "CITATION.cff"


def read(content: bytes, base_url: str) -> Reading:
    """Read one citation file."""
    data, lines = yaml_text.parse(decoded(content))
    kind = "dataset" if data.get("type") == "dataset" else "algorithm"
    into = Builder(kind, SOURCE, remote_id=str(data.get("doi") or ""), base=base_url)
    into.faults.extend(shapes.faults(CITATION(data, ""), lines, fatal=True))
    into.line("title", data.get("title"), "title")
    into.describe(data.get("abstract"), "abstract")
    people = [mapping(each) for each in items(data.get("authors"))]
    into.list_of("authors", [_name(each) for each in people], "authors")
    holder = next((each.get("name") for each in people if each.get("name")), "")
    into.line("producer_name", holder, "authors.name")
    into.line(
        "producer_name",
        next((each.get("affiliation") for each in people if each.get("affiliation")), ""),
        "authors.affiliation",
        guessed=True,
    )
    reached = [mapping(each) for each in items(data.get("contact"))] + people
    into.line(
        "contact",
        next((each.get("email") or each.get("website") for each in reached if _reach(each)), ""),
        "contact",
        guessed=True,
    )
    _addresses(data, into)
    into.tags(items(data.get("keywords")), "keywords")
    # Several licences are a choice: the format says so.
    told = [str(each) for each in items(data.get("license")) if each]
    into.licence([" OR ".join(told)] if told else [data.get("license-url")], "license")
    into.modified = day(data.get("date-released"))
    if kind == "dataset":
        into.date("last_update", data.get("date-released"), "date-released")
        into.untold |= {"update_frequency", "temporal_coverage", "territories", "distributions"}
    else:
        into.line("version", data.get("version"), "version", own=True)
        into.line("paper", data.get("doi"), "doi", own=True)
    if not into.record().refused:
        into.require_title()
    return Reading(records=(into.record(),))


def _reach(person: Mapping[str, Any]) -> bool:
    return bool(person.get("email") or person.get("website"))


def _name(person: Mapping[str, Any]) -> str:
    if person.get("name"):
        return str(person["name"])
    parts = ("given-names", "name-particle", "family-names", "name-suffix")
    full = one_line(" ".join(str(person.get(part) or "") for part in parts))
    return full or str(person.get("alias") or "")


def _addresses(data: Mapping[str, Any], into: Builder) -> None:
    for name, key in (
        ("repository_url", "repository-code"),
        ("repository_url", "repository"),
        ("homepage_url", "url"),
        ("homepage_url", "repository-artifact"),
    ):
        into.address(name, data.get(key), key)
    if data.get("doi"):
        into.address("homepage_url", f"https://doi.org/{data['doi']}", "doi")
