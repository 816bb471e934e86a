"""Abuse cases of challenges that no other test plays, and which tests hold the others."""

import io
import json
import pickle
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

from catalogue.contributions.actions import drafts, review
from catalogue.models import Contribution, Resource
from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.invariants import stale_boards
from challenges.models import Challenge, Entry, Job, Score, Standing
from challenges.organising.actions import challenges
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from challenges.worker import Worker, drain
from portal.accounts.actions import organisations
from portal.accounts.enums import Role, TokenScope
from portal.lib import clock
from portal.lib.prose import markdown
from portal.lib.refusals import Conflict, Invalid
from tests.archives import zipped
from tests.challenges.world import entered, opened, owner_of
from tests.factories import contributions as make
from tests.factories.accounts import UserFactory, bearer, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import EntryFactory, TeamFactory, captain_of
from tests.ledger import refuses

pytestmark = pytest.mark.django_db


def test_a01_no_list_gives_the_entry_of_another_team(client: Client) -> None:
    """Lists take no identifiers: those that are given anyway change nothing."""
    entry = EntryFactory(scored=True, original_name="CNRY-entry-other.csv", note="CNRY-note-other")
    challenge = entry.enrolment.phase.challenge
    other = captain_of(TeamFactory(challenge=challenge))
    client.force_login(other)
    headers = bearer(other, TokenScope.READ)
    asked = {"pks": [str(entry.pk)], "ids": str(entry.pk), "entry": str(entry.pk)}
    page = f"/challenges/{challenge.slug}/soumissions"
    for path, given in [
        (f"{page}/", {}),
        (f"{page}.csv", {}),
        ("/api/v1/entries", headers),
        (f"/api/v1/entries/{entry.pk}/receipt", headers),
        (f"/api/v1/entries/{entry.pk}/score-receipt", headers),
    ]:
        response = client.get(path, asked, headers=given)
        body = b"".join(response) if response.streaming else response.content
        assert response.status_code in {200, 404}, path
        assert b"CNRY" not in body, path


@pytest.mark.parametrize("rest", ["teams", "teams/{team}", "teams/{team}/invitations", "users"])
def test_a18_a_visitor_of_the_api_reads_no_address(client: Client, rest: str) -> None:
    team = TeamFactory()
    path = f"/api/v1/{rest.format(team=team.public_id)}"
    response = client.get(path)
    assert response.status_code in {401, 403, 404, 405}
    assert b"@" not in response.content
    listed = client.get(f"/api/v1/challenges/{team.challenge.slug}")
    assert b"@" not in listed.content


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_sizes: Any) -> bytes:
        """Fail."""
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/challenges/x/phases/0/entries", settings.ENTRY_MAX_BYTES),
        ("/challenges/x/soumissions/", settings.ENTRY_MAX_BYTES),
        ("/recepisses/", settings.ENTRY_MAX_BYTES),
        ("/espace/challenges/importer/", settings.BUNDLE_MAX_BYTES),
    ],
)
def test_a28_a_body_too_large_is_refused_before_it_is_read(path: str, limit: int) -> None:
    environ = RequestFactory().post(path).environ | {
        "wsgi.input": Unread(),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(limit + 2**20 + 1),
    }
    said: list[str] = []
    body = b"".join(WSGIHandler()(environ, lambda status, _headers: said.append(status)))
    assert said == ["413 Request Entity Too Large"]
    assert (b'"too_large"' in body) == path.startswith("/api/")


def parts(*heads: str) -> bytes:
    """Write parts without content."""
    return b"".join(
        f"--x\r\nContent-Disposition: form-data; {h}\r\n\r\n\r\n".encode() for h in heads
    )


@pytest.mark.parametrize("path", ["/recepisses/", "/api/v1/challenges/x/phases/0/entries"])
@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("x", parts(*(f'name="f{n}"' for n in range(5_000))) + b"--x--\r\n"),
        ("x", parts(*(f'name="f"; filename="{n}"' for n in range(10_000))) + b"--x--\r\n"),
        ("x" * 300, b""),
        (
            "x",
            parts('name="file"; filename="a"\r\nContent-Transfer-Encoding: base64')[:-2]
            + b" " * 100_000
            + b"\r\n--x--\r\n",
        ),
    ],
    ids=["fields", "files", "boundary", "blanks"],
)
def test_a43_a_form_of_strange_parts_is_refused(path: str, boundary: str, body: bytes) -> None:
    client = Client(raise_request_exception=False)
    kind = f"multipart/form-data; boundary={boundary}"
    headers = bearer(UserFactory(), TokenScope.ENTER) if path.startswith("/api/") else {}
    headers |= {"Idempotency-Key": str(uuid4())}
    response = client.generic("POST", path, body, content_type=kind, headers=headers)
    assert 400 <= response.status_code < 500
    assert Entry.objects.count() == 0


@pytest.fixture
def challenge(tmp_path: Any) -> Challenge:
    return opened(tmp_path)


def test_a66_a_running_entry_is_not_withdrawn_and_a_close_stops_no_job(
    challenge: Challenge,
) -> None:
    """What runs ends: its figures are kept, and the board is what its entries say."""
    team = TeamFactory(challenge=challenge)
    entry = entered(challenge, team=team)
    for seed in range(3):
        entered(challenge, seed=seed)
    assert Worker("one").work_one()  # the check
    job = jobs.claim(owner="one")
    assert job is not None
    while job.kind != JobKind.SCORE:
        jobs.give_back(job=job, code="later", buried=evaluations.bury_subject)
        job = jobs.claim(owner="one")
        assert job is not None
    evaluation = evaluations.begin_score(job=job)
    assert evaluation is not None
    running = Entry.objects.get(pk=evaluation.entry_id)
    with refuses(Conflict, "entry_status"):
        choices.withdraw(entry=running, by=captain_of(running.enrolment.team))
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    Job.objects.alive().update(
        run_after=clock.now(), lease_until=None, lease_token=None, state="ready"
    )
    assert drain()
    statuses = Entry.objects.of_teams().values_list("status", flat=True)
    assert set(statuses) == {EntryStatus.SCORED}
    assert Standing.objects.filter(team=team, entry=entry).count() == 1
    assert Score.objects.exclude(evaluation__state="done").count() == 0
    assert list(stale_boards()) == []


# --- Abuse cases of the catalogue that no other test plays


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
OWN_ICON = re.compile(r'<svg class="icon" aria-hidden="true" focusable="false"><use [^>]*/></svg>')
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
    client = signed_in(gone)
    page = f"/contribuer/{draft.public_id}/essentiel/"
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
    return zipped({"../../x": b"\0" * 20_000_000, "/etc/x": b"x"})


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
    pages = [signed_in(judge).get(f"/moderation/{waiting.public_id}/").content.decode()]
    review.publish(contribution=waiting, by=judge)
    slug = Resource.objects.get().slug
    pages.append(client.get(f"/ressources/{slug}/").content.decode())
    for page in pages:
        prose = re.findall(r'<(div|article) class="prose[^"]*"[^>]*>(.*?)</\1>', page, re.S)
        active = Active()
        active.feed(OWN_ICON.sub("", "".join(text for _tag, text in prose)))
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


# --- Which tests hold each abuse case of challenges, of the catalogue and of outgoing requests

# A case is bound to what the product does, on the surface that the case names. A test is named
# wherever it stands.
BINDINGS: dict[str, tuple[str, ...]] = {
    "A01": (
        "test_a01_no_list_gives_the_entry_of_another_team",
        "test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A02": (
        "test_the_entry_of_another_team_is_not_there",
        "test_a_hidden_and_an_unused_identifier_answer_alike",
    ),
    "A06": (
        "test_only_a_moderator_whom_nothing_touches_decides",
        "test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A14": ("test_a14_who_left_an_organisation_edits_no_more_with_an_open_session",),
    "A18": ("test_a18_a_visitor_of_the_api_reads_no_address",),
    "A19": (
        "test_an_invitation_that_does_not_hold_is_unknown",
        "test_a_guessed_or_swapped_token_is_unknown",
    ),
    "A20": ("test_only_a_moderator_whom_nothing_touches_decides",),
    "A21": ("test_a_hundred_entries_at_once_take_five_slots",),
    "A22": ("test_one_key_twenty_times_is_one_entry",),
    "A24": (
        "test_the_close_is_exact",
        "test_the_close_is_an_instant",
    ),
    "A26": (
        "test_a_wrong_file_is_refused_by_line_and_costs_nothing",
        "test_an_empty_file_and_a_large_one_are_refused",
        "test_a_refused_format_is_explained",
        "test_our_files_have_one_verdict",
        "test_the_corpus_has_one_verdict",
    ),
    "A28": (
        "test_a28_a_body_too_large_is_refused_before_it_is_read",
        "test_an_empty_file_and_a_large_one_are_refused",
    ),
    "A29": (
        "test_no_answer_of_the_site_shows_what_is_held",
        "test_private_and_hidden_figures_are_not_told",
    ),
    "A30": (
        "test_many_teams_of_one_domain_are_told",
        "test_a_quota_is_spent",
        "test_a_file_is_checked_then_scored",
    ),
    "A33": (
        "test_after_the_first_entry_an_announced_close_only_moves_later",
        "test_the_dates_of_a_closed_challenge_stay",
        "test_what_was_announced_is_what_comes_in_force",
        "test_a_change_takes_two_people",
        "test_a_published_scoring_stays",
        "test_no_act_is_open_to_a_stranger_or_a_jury",
    ),
    "A34": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A36": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A37": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A39": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A41": (
        "test_another_offset_is_a_conflict_that_tells_the_right_one",
        "test_a_part_that_arrived_damaged_is_refused",
        "test_a_part_past_the_length_is_refused_whole",
        "test_a_whole_file_takes_no_more",
        "test_a_length_is_one_that_the_phase_takes",
        "test_the_upload_of_another_team_is_not_there",
        "test_of_two_parts_at_one_place_one_is_kept",
    ),
    "A43": ("test_a43_a_form_of_strange_parts_is_refused",),
    "A44": ("test_a44_no_text_of_a_card_acts_on_any_page",),
    "A45": (
        "test_a45_a_text_that_costs_much_is_rendered_or_refused",
        "test_a_text_that_takes_too_long_is_refused_and_the_next_is_rendered",
    ),
    "A47": (
        "test_a47_words_are_only_words",
        "test_hostile_words_are_only_words",
        "test_what_is_left_out_of_a_search_is_said",
    ),
    "A49": ("test_what_is_unknown_or_out_of_bounds_is_left_out",),
    "A52": ("test_no_cell_is_run_by_a_spreadsheet",),
    "A54": (
        "test_no_spelling_of_this_machine_is_connected_to",
        "test_a_redirect_inside_is_not_followed",
        "test_a_name_is_resolved_once",
    ),
    "A56": (
        "test_an_address_that_is_not_asked_for",
        "test_too_many_bytes",
        "test_a_site_that_drips_or_is_away",
        "test_redirects_end",
    ),
    "A64": ("test_two_moderators_at_once_take_one_decision",),
    "A66": (
        "test_a66_a_running_entry_is_not_withdrawn_and_a_close_stops_no_job",
        "test_the_close_and_the_entries_agree",
        "test_a_withdrawn_entry_is_left_alone_and_leaves_the_board",
    ),
}
TESTS = Path(__file__).resolve().parent.parent
AREAS = {"challenge", "ssrf", "upload"}
ALSO = {"A01", "A02", "A06", "A14", "A18", "A19", "A20", "A44", "A45", "A47", "A49", "A52"}
ALSO |= {"A64", "A66"}


def test_cases_are_bound_to_tests_that_exist() -> None:
    texts = [path.read_text("utf-8") for path in TESTS.rglob("test_*.py")]
    known = {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.M)}
    lost = {case: sorted(set(names) - known) for case, names in BINDINGS.items()}
    assert {case: names for case, names in lost.items() if names} == {}


def test_no_case_of_theirs_is_left(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "abuse.json").read_text("utf-8"))["cases"]
    wanted = {case["id"] for case in cases if case["area"] in AREAS} | ALSO
    assert wanted == set(BINDINGS)
