"""Every route, for every role, by every method, on one's own object and on a sibling's.

A cell of the matrix says what may be answered; a canary says what may be read. A denied write
leaves every row as it was. Nothing answers with a 5xx.
"""

import base64
import gzip
import html
import inspect
import io
import json
import re
import subprocess
import uuid
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.views.decorators.http import require_http_methods
from ninja.operation import PathView
from pypdf import PdfReader

import portal.api
from tests.conftest import settings_below, shared_rows
from tests.factories import accounts as people
from tests.portal.openapi import unlike
from tests.routes import world as worlds
from tests.routes.declared import Route, matrix, prefixes, routes, walk

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PARTS = sorted(worlds.PARTS)
# Who asks in `make test`; all of them by .ci/run.
FEW = ("anonymous", "organiser")
API = "/api/v1/"
OF_CATALOGUE = tuple(
    f"api/v1/{each}/<" for each in ("contributions", "resources", "searches", "reuses")
)
# Columns that any request with a token writes: they count it.
COUNTED = {"accounts_apitoken": "id, sha256, scopes, expires_at, revoked_at"}
# The back office asks one question of all: .ci/run shuts it to every part.
OUTSIDE = {"organiser"}
# Rows that a request may write whatever its answer: evidence, sessions, throttles.
APART = ("audit", "sessions", "usersessions", "cache")
# Statements that change no row, and the table that another one changes. What these do not know
# counts as a change of anything.
READS = ("SELECT ", "SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
# Not within a longer number: a moment of 10.738 seconds is no leak.
DIGITS = re.compile(
    r"(?<!\d)(?:"
    + "|".join(
        re.escape(f"{worlds.PRIVATE_VALUE:.{places}f}").replace(r"\.", "[.,]")
        for places in range(3, 13)
    )
    + ")"
)


def path_of(pattern: str, args: dict[str, str], world: worlds.World) -> str:
    """Fill a pattern with the objects of the world, or with neutral values."""
    neutral = {
        "int": "1",
        "uuid": str(uuid.UUID(int=7)),
        "uuidstr": str(uuid.UUID(int=7)),
        "slug": "x",
        "str": "x",
        "path": "x",
    }

    def fill(found: re.Match[str]) -> str:
        kind, name = found["kind"] or "str", found["name"] or found["group"]
        given = args.get(name, neutral.get(kind, "x"))
        return str(world.objects.get(given, given))

    filled = re.sub(
        r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>(?:[^()]|\([^()]*\))*\)",
        fill,
        pattern,
    )
    return "/" + filled.replace("^", "").replace("$", "")


def named(body: dict[str, Any], world: worlds.World) -> dict[str, Any]:
    """Fill a body with the objects of the world: their names have a dot, words of forms none."""
    objects = {name: value for name, value in world.objects.items() if "." in name}
    return {
        field: objects.get(value, value) if isinstance(value, str) else value
        for field, value in body.items()
    }


def texts(content: bytes) -> Iterator[str]:
    """Yield a body in each form in which it could hide a text."""
    plain = content.decode("utf-8", "replace")
    yield plain
    yield html.unescape(plain)
    yield unquote(plain)
    for code in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", plain)[:200]:
        try:
            yield base64.b64decode(code + "==").decode("utf-8", "replace")
        except ValueError:
            continue
    if content[:2] == b"\x1f\x8b":
        with suppress(OSError, zlib.error):
            yield gzip.decompress(content).decode("utf-8", "replace")
    if content[:5] == b"%PDF-":
        for page in PdfReader(io.BytesIO(content)).pages:
            yield page.extract_text().replace("\n", "")
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name + archive.read(name).decode("utf-8", "replace")


def body_of(response: Any) -> bytes:
    if response.streaming:
        return b"".join(response.streaming_content)
    return bytes(response.content)


def leaks(response: Any, part: str, world: worlds.World) -> list[str]:
    """List the canaries and private figures of others in an answer."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    found = []
    for text in [headers, *texts(body_of(response))]:
        lowered = text.lower()
        for canary, readers in world.canaries.items():
            if part not in readers and canary.lower() in lowered:
                found.append(canary)
        found += DIGITS.findall(text)
    return found


def may(cell: str, part: str, *, own: bool) -> bool:
    """Say what the matrix says: may this person do this to this object?"""
    roles, _side = worlds.PARTS[part]
    row = MATRIX[cell]
    if any(row[role] == "x" for role in roles):
        return False
    return any(row[role] in {"Y", "f", "2"} or (row[role] == "o" and own) for role in roles)


def verdict(cell: str, part: str, response: Any, *, own: bool) -> str:
    """Return what is wrong with an answer, or nothing.

    A form that lacks a field may be refused (422) before the person is; asking for the second
    factor again comes before the rule, for everyone alike.
    """
    status = response.status_code
    led = response.get("Location", "") if status == 302 else ""
    if status >= 500:
        return f"{status}"
    if cell == "depends" or "/compte/identite/" in led:
        return ""
    allowed = may(cell, part, own=own)
    turned_away = status in {401, 403, 404, 405} or "/compte/connexion/" in led
    if allowed and turned_away:
        return f"{status} but {cell} is allowed"
    if not allowed and not (turned_away or status == 422):
        return f"{status} but {cell} is not allowed"
    return ""


def framing(route: Route, response: Any) -> str:
    """Return what is wrong with where an answer may be shown: one page alone stands in frames."""
    stands = route.frame == "any" and response.status_code == 200
    if stands and ("Set-Cookie" in response.headers or response.cookies):
        return "a cookie in a frame"
    if not response.get("Content-Type", "").startswith("text/html"):
        return ""
    shut = "X-Frame-Options" in response.headers and (
        "frame-ancestors *" not in response["Content-Security-Policy"]
    )
    return "" if shut is not stands else f"shown in frames of other sites: {not shut}"


MATRIX = matrix()


def digest() -> dict[str, int]:
    """Digest every table but those apart."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(
            model._meta.db_table
            for model in apps.get_models(include_auto_created=True)
            if model._meta.app_label not in APART
        ):
            cursor.execute(f'SELECT {COUNTED.get(table, "*")} FROM "{table}"')  # noqa: S608
            found[table] = hash(tuple(sorted(map(_plain, cursor.fetchall()))))
    return found


def evidence() -> set[str]:
    """Name the tables that are apart."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in APART
    }


def _plain(row: tuple[Any, ...]) -> str:
    # PostgreSQL gives bytes as memory views, whose text is an address.
    return repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row])


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[worlds.World]:
    """Make the world once: every request is undone, so all parts walk through the same."""
    place = tmp_path_factory.mktemp("world")
    with shared_rows(django_db_blocker, place):
        made = worlds.build()
        made.folder = place
        yield made


@pytest.fixture(autouse=True)
def private_folders(world: worlds.World, settings: Any) -> None:
    """Read the objects and the keys of the world, in place of folders of the test's own."""
    for name, value in settings_below(world.folder).items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def many_requests(settings: Any) -> None:
    """Let one token, and one address, ask for every route within a minute."""
    settings.API_REQUESTS_PER_MINUTE = settings.API_WRONG_TOKENS_PER_MINUTE = 100_000


def stands_on(part: str, side: str, pattern: str) -> bool:
    """Say whether the object on this side belongs to the person."""
    _roles, mine = worlds.PARTS[part]
    if pattern.startswith(
        ("contribuer/", "ressources/", "espace/suivis/", *OF_CATALOGUE)
    ):  # they belong to their author
        return part == f"referent_{side}"
    if pattern.startswith(("donnees/demandes/<", "donnees/habilitations/<", "api/v1/access/")):
        return side == "a" and part in {"contributor_a", "mate_a", "producer"}
    if pattern.startswith(("donnees/", "api/v1/datasets/")):
        return part == {"a": "producer", "b": "referent_b"}[side]
    if part == "organiser" and ("/equite/<uuid" in pattern or "/compte-rendu/" in pattern):
        return True  # audits and reports of the challenge, whatever the team
    if pattern.startswith(("espace/challenges/importer/<", "api/v1/challenges/imports/<")):
        return part == f"referent_{side}"
    if pattern.startswith("espace/challenges/") or pattern.endswith("/export.zip"):
        return part == "organiser" and side == "a"
    return mine == side


@cache
def turn() -> int:
    """Return a number that changes with each commit."""
    asked = ["git", "rev-parse", "HEAD"]
    try:
        said = subprocess.run(
            asked, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:  # an archive, on a machine without git
        return 0
    return int(said.stdout[:8] or "0", 16)


@cache
def askers(pattern: str, method: str, cell: str, has_sibling: bool) -> frozenset[str]:
    """Choose who of the few asks in the lean crawl: one of each class, another at each commit.

    A class is those to whom the matrix answers the same, of their own object and of a sibling's;
    whose the object is counts where it has a sibling, or changes the answer.
    """
    classes = defaultdict(list)
    for part in FEW:
        says: tuple[bool, ...] = (part in ASKING,)
        if cell in MATRIX:
            says = tuple(may(cell, part, own=own) for own in (True, False))
            if has_sibling or says[0] != says[1]:
                says += tuple(stands_on(part, side, pattern) for side in "ab")
        classes[(says, part == "anonymous")].append(part)
    start = turn() + zlib.crc32(f"{method} {pattern}".encode())
    return frozenset(parts[start % len(parts)] for parts in classes.values())


class Undo(Exception):
    """Leave the transaction of one request."""


class Crawl:
    """One person's walk through the house."""

    def __init__(self, part: str, world: worlds.World) -> None:
        self.part, self.world = part, world
        self.client = Client(raise_request_exception=False)
        person = self.world.people[part]
        self.token: dict[str, str] = {}
        if person is not None:
            self.client.force_login(person)
            self.token = people.bearer(person)
        self.cookies = self.client.cookies.output(header="").strip()
        self.before, self.apart = digest(), evidence()
        self.wrote = False
        self.wrong: list[str] = []

    def ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Send one request; what it wrote is undone."""
        try:
            with transaction.atomic():
                self.client.cookies.clear()
                self.client.cookies.load(self.cookies)
                self.wrote = False
                with connection.execute_wrapper(self.note):
                    response = self.send(method, path, body)
                    response.body = body_of(response)
                response.changed = self.changed(response, method)
                raise Undo
        except Undo:
            return response

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Send a form to a page, JSON or a file to the API with the person's token."""
        if not path.startswith(API):
            form = "&".join(f"{key}={value}" for key, value in body.items())
            return self.client.generic(method, path, form, "application/x-www-form-urlencoded")
        headers = {**self.token, "Idempotency-Key": "crawl"}
        if method == "PATCH" and "/uploads/" in path:
            headers["Upload-Offset"] = "0"
            return self.client.generic(
                method, path, b"ab", "application/offset+octet-stream", headers=headers
            )
        if "file" in body:
            file = SimpleUploadedFile("reponse.csv", str(body["file"]).encode())
            form = encode_multipart(BOUNDARY, {**body, "file": file})
            return self.client.generic(method, path, form, MULTIPART_CONTENT, headers=headers)
        sent = json.dumps(body) if body else ""
        return self.client.generic(method, path, sent, "application/json", headers=headers)

    def note(self, execute: Any, sql: str, *given: Any) -> Any:
        """Notice a statement that may change what is not apart."""
        if not sql.startswith(READS):
            written = WRITES.match(sql)
            self.wrote |= written is None or written[1] not in self.apart
        return execute(sql, *given)

    def changed(self, response: Any, method: str) -> list[str]:
        """List the tables that a denied write changed; reading them all is for one that wrote."""
        if method == "GET" or response.status_code not in {401, 403, 404, 405} or not self.wrote:
            return []
        after = digest()
        return [table for table, value in after.items() if self.before[table] != value]

    def visit(self, route: Route, method: str, cell: str, *, own: bool, whole: bool) -> None:
        """Ask and judge the answer; an empty form is for those who may, and in .ci/run for all."""
        args = route.args if own else {**route.args, **route.sibling}
        mine = stands_on(self.part, "a" if own else "b", route.pattern)
        mine = mine if route.sibling or route.args.get("slug") in {"resource", "idea"} else True
        path = path_of(route.pattern, args, self.world)
        body = named(route.body.get(method, route.body), self.world) if method != "GET" else {}
        empty = body and (whole or cell == "depends" or may(cell, self.part, own=mine))
        for given in [body, {}] if empty else [body]:
            response = self.ask(method, path, given)
            fault = verdict(cell, self.part, response, own=mine) or framing(route, response)
            fault = fault or "; ".join(unlike(response, method, route.pattern)[:3])
            leaked = leaks(_Read(response), self.part, self.world)
            if fault or leaked or response.changed:
                self.wrong.append(
                    f"{self.part} {method} {path}: {fault} {leaked} {response.changed}".rstrip(
                        " []"
                    )
                )

    def try_undeclared(self, route: Route, method: str) -> None:
        """Ask by a method that the route does not declare."""
        response = self.ask(method, path_of(route.pattern, route.args, self.world), {})
        open_to_all = route.methods.get("GET") in {"public.read", "depends"}
        if response.status_code not in {302, 403, 404, 405} and not open_to_all:
            self.wrong.append(f"{self.part} {method} {route.pattern}: undeclared method")


# The two who ask for what a route refuses to all: a visitor, and a person with no role.
ASKING = {"anonymous", "member"}
GUARD = require_http_methods([])(lambda request: None).__code__


def shut_to_all(view: Any, method: str) -> bool:
    """Say whether a view refuses a method before it looks at who asks.

    Either its outermost decorator lists the methods, or an endpoint has no operation for it.
    """
    if view.__code__ is GUARD:
        return method not in inspect.getclosurevars(view).nonlocals["request_method_list"]
    if view.__code__.co_filename != portal.api.__file__:
        return False
    bare = inspect.unwrap(view)
    endpoint = inspect.isfunction(bare) and inspect.getclosurevars(bare).nonlocals.get("self")
    return isinstance(endpoint, PathView) and all(
        method not in operation.methods for operation in endpoint.operations
    )


class _Read:
    """An answer whose body was read once."""

    streaming = False

    def __init__(self, response: Any) -> None:
        self.headers, self.content = response.headers, response.body


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        *((part, False) for part in FEW),
        *(pytest.param(part, True, marks=pytest.mark.ci) for part in PARTS),
    ],
)
def test_each_role_reads_and_writes_what_the_matrix_says(
    world: worlds.World, part: str, whole: bool
) -> None:
    crawl, views = Crawl(part, world), dict(walk())
    for route in routes():
        for method in dict.fromkeys(("GET", "POST", *route.methods)):
            cell = route.methods.get(method, "")
            asked = whole or part in askers(route.pattern, method, cell, bool(route.sibling))
            if not asked:
                continue
            if not cell:
                if part in ASKING or not shut_to_all(views[route.pattern], method):
                    crawl.try_undeclared(route, method)
                continue
            crawl.visit(route, method, cell, own=True, whole=whole)
            if route.sibling:
                crawl.visit(route, method, cell, own=False, whole=whole)
    assert not crawl.wrong, "\n".join(crawl.wrong)


# Wagtail's icons and the sentences of its scripts, and its own redirects to the slash.
DOOR = "/admin/login/"
ASSETS = ("admin/sprite/", "admin/jsi18n/")


@pytest.mark.parametrize(
    "part",
    [
        part if part in OUTSIDE else pytest.param(part, marks=pytest.mark.ci)
        for part in PARTS
        if part not in worlds.REGION
    ],
)
def test_the_back_office_is_closed_to_members(world: worlds.World, part: str) -> None:
    crawl = Crawl(part, world)
    declared = {route.pattern for route in routes()}
    for pattern, _view in walk():
        if pattern in declared or pattern.startswith(ASSETS) or "\\." in pattern or "*" in pattern:
            continue
        if not pattern.startswith(tuple(prefix.under for prefix in prefixes())):
            continue
        path = path_of(pattern, {}, crawl.world)
        for method in ("GET", "POST"):
            response = crawl.ask(method, path, {})
            led = response.get("Location", "").split("?")[0]
            # The door sends visitors to the sign-in and refuses members (test_who_enters…).
            elsewhere = response.status_code == 302 and (led == DOOR or "/admin" not in led)
            if not (elsewhere or response.status_code in {403, 404, 405}):
                crawl.wrong.append(f"{method} {path}: {response.status_code}")
    assert not crawl.wrong, "\n".join(crawl.wrong)


def test_a_hidden_and_an_unused_identifier_answer_alike(world: worlds.World) -> None:
    crawl = Crawl("captain_b", world)
    for route in routes():
        hidden = {
            key: value
            for key, value in route.args.items()
            if re.search(f"<uuid(?:str)?:{key}>", route.pattern)
        }
        if not hidden or "GET" not in route.methods:
            continue
        cell = route.methods["GET"]
        if cell == "depends" or may(cell, "captain_b", own=False):
            continue
        # Whoever holds the secret of a link may follow it: here the identifier alone is known.
        args = {**route.args, "token": "f" * 64} if "token" in route.args else route.args
        unused = {**args, **{name: str(uuid.uuid4()) for name in hidden}}
        one = crawl.ask("GET", path_of(route.pattern, args, crawl.world), {})
        two = crawl.ask("GET", path_of(route.pattern, unused, crawl.world), {})
        if (one.status_code, len(one.body)) != (two.status_code, len(two.body)):
            crawl.wrong.append(f"{route.pattern}: {one.status_code} and {two.status_code}")
    assert not crawl.wrong, "\n".join(crawl.wrong)
