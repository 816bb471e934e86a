"""Abuse cases of the catalogue that no other test plays: see bindings.py."""

import io
import pickle
import re
import zipfile
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalogue.contributions.actions import drafts, review
from catalogue.models import Contribution, Resource
from portal.accounts.actions import organisations
from portal.accounts.enums import Role
from portal.lib import markdown
from portal.lib.refusals import Invalid
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
NESTED = "\n".join("  " * depth + "- x" for depth in range(300))[:20_000]
VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    '![x](https://e.org/a.png"onerror="alert(1))',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<form action=//evil><button>x</button></form>",
    "<style>@import '//evil';</style>",
    '<base href="//evil/">',
    '<meta http-equiv=refresh content="0;url=//evil">',
    "<details open ontoggle=alert(1)>x</details>",
    '<a href="vbscript:alert(1)">x</a>',
    "<object data=javascript:alert(1)></object>",
    "`<script>`\n\n    <script>alert(1)</script>\n\n<x onclick=alert(1)>",
]
BLOCKED = {"iframe", "object", "embed", "base", "math", "noscript", "style"}


class Active(HTMLParser):
    """Gather what would run in a text of people: nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Note a tag or an attribute that acts."""
        if tag in BLOCKED | {"script", "form", "meta", "svg"}:
            self.found.append(tag)
        for name, value in attrs:
            scheme = re.sub(r"[\s\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or scheme.startswith(("javascript:", "vbscript:", "data:")):
                self.found.append(f"{name}={value}")


def test_a14_who_left_an_organisation_edits_no_more_with_an_open_session() -> None:
    holder = make.organisation("Ancienne")
    stays = make.joined(make.person("reste"), holder, Role.REFERENT)
    gone = make.joined(make.person("part"), holder, Role.EDITOR)
    resource = make.published(stays, holder=holder)
    draft = drafts.propose(resource=resource, by=stays)
    client = Client()
    client.force_login(gone)
    page = f"/contribuer/{draft.public_id}/identification/"
    assert client.get(page).status_code == 200
    organisations.leave(organisation=holder, by=gone)
    before = Contribution.objects.get(pk=draft.pk).revision_id
    assert client.post(page, {"title": "x"}).status_code in {302, 403, 404}
    assert client.get(page).status_code in {302, 403, 404}
    assert Contribution.objects.get(pk=draft.pk).revision_id == before
    assert client.post(f"/ressources/{resource.slug}/archiver/", {"reason": "x"}).status_code in {
        302,
        403,
        404,
    }
    assert Resource.objects.get(pk=resource.pk).archived_at is None


def bomb() -> bytes:
    """Pack two hundred million zeros in two hundred thousand bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../x", b"\0" * 20_000_000)
        archive.writestr("/etc/x", b"x")
    return packed.getvalue()


class Marks:
    """An object that opens a file when it is unpickled."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        """Tell how to be made again."""
        return open, (self.place, "w")


@pytest.mark.parametrize("kind", ["zip", "svg", "pkl", "pt"])
def test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread(
    client: Client, tmp_path: Any, kind: str
) -> None:
    mark = tmp_path / "ran"
    contents = {
        "zip": bomb(),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="x"><script>1</script></svg>',
        "pkl": pickle.dumps(Marks(str(mark))),
        "pt": pickle.dumps(Marks(str(mark)), protocol=2),
    }
    client.force_login(make.person())
    sent = SimpleUploadedFile(f"modele.{kind}", contents[kind], "application/octet-stream")
    answer = client.post("/contribuer/coller/", {"file": sent})
    assert answer.status_code in {400, 413, 422}
    assert not mark.exists()
    assert "<script>1" not in answer.content.decode()
    assert not Contribution.objects.exists()


def test_a44_no_text_of_a_card_acts_on_any_page(client: Client) -> None:
    author, judge = make.person(), make.moderator()
    text = "\n\n".join(VECTORS)
    waiting = make.submitted(author, description=text)
    reading = Client()
    reading.force_login(judge)
    pages = [reading.get(f"/moderation/{waiting.public_id}/").content.decode()]
    review.publish(contribution=waiting, by=judge)
    slug = Resource.objects.get().slug
    pages.append(client.get(f"/ressources/{slug}/").content.decode())
    for page in pages:
        prose = re.findall(r'<div class="prose[^"]*"[^>]*>(.*?)</div>', page, re.S)
        active = Active()
        active.feed("".join(prose))
        assert active.found == []
        assert prose
    for vector in VECTORS:
        active = Active()
        active.feed(markdown.render(vector))
        assert active.found == [], vector
    feed = client.get("/flux/ressources.atom").content.decode()
    assert "<script" not in feed


@pytest.mark.parametrize(
    "text",
    ["[" * 4_000, "![" * 10_000, "[link](x)" * 2_200, "[" * 20_000, NESTED],
    ids=["brackets", "images", "links", "more", "nested"],
)
def test_a45_a_text_that_costs_much_is_rendered_or_refused(text: str) -> None:
    """In a child that is bounded in time: never an error of ours, and the next text is rendered."""
    html = ""
    with suppress(Invalid):
        html = markdown.render(text)
    assert html == "" or html.startswith("<")
    assert markdown.render("*après*") == "<p><em>après</em></p>"


WORDS = [
    "search: :error",
    '"',
    "AND OR (",
    "*:*",
    "\\",
    "a" * 10_000,
    "x~99",
    "/.*.*.*/",
    "🦄<b>",
    "a\x00b",
    " ".join(f"mot{number}" for number in range(200)),
]


@pytest.mark.parametrize("q", WORDS)
def test_a47_words_are_only_words(client: Client, q: str) -> None:
    ResourceFactory(published=True, title="Visible")
    asked = urlencode({"q": q})
    for address in ("/ressources/", "/ressources/suggestions", "/flux/ressources.atom"):
        answer = client.get(f"{address}?{asked}")
        assert answer.status_code in {200, 400}
        assert b"<b>" not in answer.content
    exported: Any = client.get(f"/exports/ressources.csv?{asked}")
    assert exported.status_code in {200, 400}
    assert b"".join(exported)


@pytest.mark.parametrize(
    "query",
    [
        "scope=x&scope=y",
        "date_after=9999-99-99",
        "score__gte=1e400",
        "order=-password&sort=-password",
        "owner__password__startswith=p&organisation__memberships__user__password=p",
        "_connector=OR 1=1&_negated=True",
    ],
)
def test_a49_unknown_filters_and_orders_change_nothing(client: Client, query: str) -> None:
    for number in range(3):
        ResourceFactory(published=True, title=f"Fiche {number}")
    shown = re.compile(r"Fiche \d")
    plain = shown.findall(client.get("/ressources/").content.decode())
    assert len(set(plain)) == 3
    for address in (f"/ressources/?{query}", f"/en/ressources/?{query}"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert shown.findall(answer.content.decode()) == plain
