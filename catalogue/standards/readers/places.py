"""Find what to read behind an address that people copy: a page of a site, a code repository."""

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

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
