"""Tell which format a file or a text is in, and what to read behind an address that people copy.

Cheap and bounded: nothing is parsed but the top of a JSON document, by words.
"""

import re
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote, urlsplit

HEAD_BYTES = 200_000
NAMES = {
    "citation.cff": "cff",
    "publiccode.yml": "publiccode",
    "publiccode.yaml": "publiccode",
    "codemeta.json": "codemeta",
}
SUFFIXES = {".cff": "cff", ".ttl": "dcat", ".rdf": "dcat", ".nt": "dcat", ".n3": "dcat"}
MEDIA_TYPES = {
    "text/turtle": "dcat",
    "application/rdf+xml": "dcat",
    "application/n-triples": "dcat",
}
MODEL = re.compile(r"MachineLearningModel\b")
FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n")
YAML_KEYS = (
    ("cff", re.compile(r"^cff-version\s*:", re.M)),
    ("publiccode", re.compile(r"^publiccodeYmlVersion\s*:", re.M)),
)
TURTLE = re.compile(r"^\s*(?:@prefix|@base|PREFIX|BASE)\s+\S*\s*<", re.M | re.I)
TRIPLE = re.compile(r"^\s*<[^>\s]+>\s+<[^>\s]+>\s", re.M)


def detect(content: bytes, file_name: str = "", media_type: str = "") -> str:
    """Name the format, a code of FORMATS; "" when it is none, as a picture or an archive."""
    text = _head(content)
    if text is None:
        return ""
    name = PurePosixPath(file_name.strip().lower()).name
    if name in NAMES:
        return NAMES[name]
    start = text.lstrip()
    if JSON.match(start):
        return _json(text)
    if start.startswith("<") and not TRIPLE.match(start):
        return _xml(text)
    by_words = _words(text)
    if by_words:
        return by_words
    by_name = SUFFIXES.get(PurePosixPath(name).suffix) or MEDIA_TYPES.get(_media(media_type), "")
    return by_name or ("readme" if start else "")


def _head(content: bytes) -> str | None:
    head = content[:HEAD_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if b"\x00" in head or head.startswith((b"%PDF", b"PK\x03\x04", b"\x89PNG", b"GIF8")):
        return None
    return head.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def _media(media_type: str) -> str:
    return media_type.split(";")[0].strip().lower()


def _words(text: str) -> str:
    if TURTLE.search(text) or TRIPLE.match(text):
        return "mldcat" if MODEL.search(text) else "dcat"
    if FRONT_MATTER.match(text) and "\n---" in text[3:]:
        return "hf"
    return next((code for code, rule in YAML_KEYS if rule.search(text)), "")


def _xml(text: str) -> str:
    root = re.search(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)", re.sub(r"<[?!][^>]*>", "", text))
    name = root[1] if root else ""
    if name in ("GetRecordsResponse", "GetRecordByIdResponse", "MD_Metadata", "MI_Metadata"):
        return "csw"
    if name == "OAI-PMH":
        return "oai"
    if name.lower() in ("html", "doctype") or "<html" in text[:2_000].lower():
        return "schema_org"
    if name == "RDF" or "http://www.w3.org/ns/dcat#" in text:
        return "mldcat" if MODEL.search(text) else "dcat"
    # Markdown may begin with a tag: a centred logo, a comment.
    return "readme" if name.islower() else ""


JSON = re.compile(r"\[\s*[{\]]|\{\s*[\"}]")
JSON_SIGNS = (
    ("codemeta", re.compile(r"codemeta", re.I)),
    ("croissant", re.compile(r"mlcommons\.org/croissant|\"(?:cr:)?recordSet\"|\"ml:RecordSet\"")),
    ("mldcat", re.compile(r"MachineLearningModel\b|MLDCAT-AP")),
    (
        "dcat",
        re.compile(
            r"www\.w3\.org/ns/dcat|\"dcat:|DCAT-AP|project-open-data|\"(?:@type|type)\"\s*:\s*"
            r"\[?\s*\"(?:Catalog|CatalogRecord|DatasetSeries|DatasetMemberOfADatasetSeries)\"",
            re.I,
        ),
    ),
    ("schema_org", re.compile(r"https?://schema\.org")),
    (
        "datagouv",
        re.compile(
            r"\"(?:temporal_coverage|frequency_date|last_update|datagouv_\w+|quality)\"\s*:"
            r"|data\.gouv\.fr/api"
        ),
    ),
    (
        "ckan",
        re.compile(
            r"\"(?:license_id|package_id|package_count|owner_org|metadata_modified|"
            r"num_resources|help|result)\"\s*:"
        ),
    ),
    ("table_schema", re.compile(r"\"fields\"\s*:\s*\[|datapackage|table-?schema", re.I)),
)


def _json(text: str) -> str:
    linked = re.search(r'"@(?:context|graph|type|id)"', text) is not None
    for code, rule in JSON_SIGNS:
        if not linked and code in ("codemeta", "croissant", "mldcat", "dcat", "schema_org"):
            continue
        if rule.search(text):
            return code
    if linked:
        return "dcat"
    # CKAN writes plain packages too, with nothing of its own but these two words.
    return "ckan" if re.search(r'"(?:resources|notes|extras)"\s*:', text) else ""


HUGGING_FACE = re.compile(r"^/(datasets/)?([\w.-]+)(?:/([\w.-]+))?(?:/|$)")
HUB_RESERVED = frozenset(
    {"api", "docs", "blog", "spaces", "models", "papers", "posts", "settings", "login"}
)
DATA_GOUV = re.compile(r"^/(?:[a-z]{2}/)?datasets/([\w-]+)/?$")
CKAN_PAGE = re.compile(r"^(?P<root>(?:/[\w-]+)*?)/dataset/(?P<name>[\w-]+)/?$")
REPOSITORY = re.compile(r"^/([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")
FORGES = frozenset(
    {"github.com", "gitlab.com", "codeberg.org", "gitlab.inria.fr", "forge.apps.education.fr"}
)
# In the order of trust: the first that is found says most, the README completes it.
REPOSITORY_FILES = (
    ("publiccode.yml", "publiccode"),
    ("CITATION.cff", "cff"),
    ("codemeta.json", "codemeta"),
    ("README.md", "readme"),
)


class Place(NamedTuple):
    """One document to ask for. url: where; base: the page it speaks of; format: "" to detect."""

    url: str
    base: str
    format: str = ""
    file_name: str = ""


def places(address: str) -> tuple[Place, ...]:
    """List what to ask for behind an address, best first; the address itself when it is plain."""
    parts = urlsplit(address.strip())
    host, path = (parts.hostname or "").lower(), parts.path
    root = f"{parts.scheme}://{parts.netloc}"
    match host:
        case "huggingface.co":
            found = _hub(root, path)
        case "www.data.gouv.fr" | "data.gouv.fr" | "demo.data.gouv.fr":
            found = _data_gouv(root, path, address)
        case _ if host in FORGES:
            found = _repository(host, root, path)
        case _:
            found = _ckan(root, path, address)
    return found or (Place(address, address, "", path.rsplit("/", 1)[-1]),)


def _hub(root: str, path: str) -> tuple[Place, ...]:
    found = HUGGING_FACE.match(path)
    if found is None or found[2] in HUB_RESERVED:
        return ()
    second = found[3] if found[3] not in ("raw", "resolve", "blob", "tree", None) else ""
    page = f"{root}/{found[1] or ''}{found[2]}{'/' + second if second else ''}"
    return (Place(f"{page}/raw/main/README.md", page, "hf", "README.md"),)


def _data_gouv(root: str, path: str, address: str) -> tuple[Place, ...]:
    found = DATA_GOUV.match(path)
    if found is None:
        return ()
    return (Place(f"{root}/api/1/datasets/{found[1]}/", address, "datagouv"),)


def _repository(host: str, root: str, path: str) -> tuple[Place, ...]:
    found = REPOSITORY.match(path)
    if found is None:
        return ()
    page = f"{root}/{found[1]}/{found[2]}"
    match host:
        case "github.com":
            raw = f"https://raw.githubusercontent.com/{found[1]}/{found[2]}/HEAD"
        case "codeberg.org":
            raw = f"{page}/raw/HEAD"
        case _:
            raw = f"{page}/-/raw/HEAD"
    return tuple(Place(f"{raw}/{name}", page, code, name) for name, code in REPOSITORY_FILES)


def _ckan(root: str, path: str, address: str) -> tuple[Place, ...]:
    found = CKAN_PAGE.match(path)
    if found is None:
        return ()
    name = quote(found["name"])
    url = f"{root}{found['root']}/api/3/action/package_show?id={name}"
    return Place(url, address, "ckan"), Place(address, address)
