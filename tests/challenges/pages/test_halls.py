"""The way between the organisers' pages: few entries, every page behind one, none refused."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from challenges import urls
from challenges.enums import ChallengeStatus, OrganiserRole
from challenges.models import Challenge, ChallengeOrganiser
from challenges.organising.views.layout import HALLS
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from tests.challenges.pages.scenes import with_contract
from tests.factories.challenges import ChallengeFactory, PersonFactory, region_person
from tests.routes.declared import routes

pytestmark = pytest.mark.django_db
# Pages of one thing, each listed by another page; files, listed by the page of exports.
LISTED = {
    "write_page",
    "write_phase",
    "write_phase_scoring",
    "write_board",
    "disqualification_proposal",
    "statistics_csv",
    "journal_csv",
    "journal_json",
}
LINK = re.compile(r'<a href="(/espace/challenges/[^"?#]+)"')


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a scoring."""
    made: Challenge = ChallengeFactory(opened=True, owner=PersonFactory())
    with_contract(made)
    return made


def led_to(client: Client, address: str) -> set[str]:
    """Follow the entries of a page, and gather every page that they lead to."""
    entries = halls(client.get(address).text)
    found = set(entries)
    for each in entries:
        page = client.get(each)
        assert page.status_code == 200
        navs = re.findall(r'<nav class="(?:tabs|segment row)".*?</nav>', page.text, re.S)
        assert "".join(navs).count(f'<a href="{each}" aria-current="page"') == 1
        found |= set(LINK.findall("".join(navs)))
    return found


def halls(text: str) -> list[str]:
    """Return the addresses of the entries of a page."""
    nav = re.search(r'<nav class="tabs".*?</nav>', text, re.S)
    assert nav
    return LINK.findall(nav[0])


def role_of(challenge: Challenge, name: str) -> User:
    """Return the organiser, a member of the jury, or a person of the Region."""
    if name == "region":
        return region_person(RegionRole.MODERATOR)
    if name == "administrator":
        return region_person(RegionRole.ADMINISTRATOR)
    if name == "jury":
        role = OrganiserRole.JURY
        made = ChallengeOrganiser.objects.create(
            challenge=challenge, user=PersonFactory(), role=role
        )
        return made.user
    return challenge.organisers.get().user


@pytest.mark.parametrize("name", ["organiser", "jury", "region", "administrator"])
def test_every_page_is_behind_an_entry_and_none_is_refused(
    client: Client, challenge: Challenge, name: str
) -> None:
    client.force_login(role_of(challenge, name))
    home = reverse("challenges:organiser", args=[challenge.slug])
    found = led_to(client, home)
    assert home in found
    assert {client.get(each).status_code for each in found} == {200}
    assert len(halls(client.get(home).text)) <= 4
    if name == "organiser":
        # Of code, of a program, of guests: none here.
        kept = {"code_runs", "program_reports", "guests"}
        named = {route for _label, pages in HALLS for route, _words in pages} - kept
        assert found == {reverse(f"challenges:{each}", args=[challenge.slug]) for each in named}


def test_no_page_of_the_organisers_is_left_out() -> None:
    named = {route for _label, pages in HALLS for route, _words in pages}
    under = "espace/challenges/<slug:slug>/"
    declared = [each for each in routes() if each.pattern.startswith(under)]
    read = {each.pattern for each in declared if "GET" in each.methods}
    reached = {
        under + str(each.pattern) for each in urls.organiser_patterns if each.name in named | LISTED
    }
    assert read == reached


@pytest.mark.parametrize(
    ("status", "words", "route"),
    [
        (ChallengeStatus.PUBLISHED, "réévaluation", "rescorings"),
        (ChallengeStatus.IN_REVIEW, "Retirer la demande de visa", "organiser"),
    ],
)
def test_what_is_locked_leads_to_how_it_changes(
    client: Client, challenge: Challenge, status: ChallengeStatus, words: str, route: str
) -> None:
    if status == ChallengeStatus.IN_REVIEW:
        Challenge.objects.update(status=status, published_at=None)
    client.force_login(challenge.organisers.get().user)
    leads = reverse(f"challenges:{route}", args=[challenge.slug])
    for page in ("write_scoring", "write_files"):
        text = client.get(reverse(f"challenges:{page}", args=[challenge.slug])).text
        assert re.search(rf'<a href="{leads}">[^<]*{words}', text)
