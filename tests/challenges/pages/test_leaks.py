"""Nothing private, sealed or held out leaves before the reveal, on any page."""

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import Split
from challenges.models import Entry, Standing, Team
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from tests.challenges.pages.scenes import CANARY_PRIVATE, listed, seal, with_contract
from tests.factories.challenges import (
    ChallengeFactory,
    PersonFactory,
    TeamFactory,
    captain_of,
    region_person,
    score,
)

pytestmark = pytest.mark.django_db
SEALED = b"CANARI-SCELLE-4815"
NOTE = "CANARI-NOTE-162342"
PRIVATE_TEXTS = ("0.7777", "0,7777", "77,77", "0.778", "0,778", "7777")


@pytest.fixture
def entry() -> Entry:
    """Return a scored entry whose private figures exist although they are not revealed.

    No action writes them so early: the pages must not show them even then.
    """
    challenge = ChallengeFactory(opened=True)
    with_contract(challenge)
    row: Standing = listed(challenge, "Alpha", 0.30, rank=1)
    row.cells["equite"] = {"value": CANARY_PRIVATE, "text": "0.7777", "low": None, "high": None}
    row.save()
    score(row.entry, CANARY_PRIVATE, split=Split.PRIVATE)
    listed(challenge, "Alpha", CANARY_PRIVATE, rank=1, split=Split.PRIVATE, entry=row.entry)
    seal(row.entry, SEALED)
    Entry.objects.update(note=NOTE)
    return Entry.objects.get()


def readers(team: Team) -> dict[str, User | None]:
    """Return one person of each kind."""
    return {
        "visitor": None,
        "member": PersonFactory(),
        "other team": captain_of(TeamFactory(challenge=team.challenge)),
        "own team": captain_of(team),
        "organiser": team.challenge.organisers.get().user,
        "moderator": region_person(RegionRole.MODERATOR),
        "administrator": region_person(RegionRole.ADMINISTRATOR),
    }


def addresses(entry: Entry) -> list[str]:
    """List the addresses of a challenge and of one of its entries."""
    slug = entry.enrolment.phase.challenge.slug
    of_challenge = [
        "presentation", "data", "evaluation", "standings", "standings_csv", "standings_json",
        "entries", "entries_csv", "rules", "help", "kit", "team", "organiser",
    ]  # fmt: skip
    of_entry = [
        "entry", "entry_state", "entry_receipt", "entry_score_receipt", "entry_faults",
        "entry_withdraw",
    ]  # fmt: skip
    found = [reverse("challenges:list"), reverse("challenges:organiser_list")]
    found += [reverse(f"challenges:{name}", args=[slug]) for name in of_challenge]
    found += [
        reverse(f"challenges:{name}", args=[slug]) + "?partie=privee&tri=equite"
        for name in ("standings", "standings_csv", "standings_json")
    ]
    return found + [reverse(f"challenges:{name}", args=[slug, entry.pk]) for name in of_entry]


@pytest.mark.parametrize(
    "reader",
    ["visitor", "member", "other team", "own team", "organiser", "moderator", "administrator"],
)
def test_private_figures_are_on_no_page_before_the_reveal(entry: Entry, reader: str) -> None:
    person = readers(entry.enrolment.team)[reader]
    browser = Client()
    if person is not None:
        browser.force_login(person)
    for address in addresses(entry):
        answer = browser.get(address)
        assert answer.status_code in {200, 302, 403, 404}, address
        for text in PRIVATE_TEXTS:
            assert text.encode() not in answer.content, (address, text)
            assert text not in str(answer.headers), (address, text)
        assert SEALED not in answer.content, address
        if reader != "own team":
            assert NOTE.encode() not in answer.content, address


def test_own_team_reads_its_own_note(entry: Entry) -> None:
    browser = Client()
    browser.force_login(captain_of(entry.enrolment.team))
    page = browser.get(reverse("challenges:entries", args=[entry.enrolment.phase.challenge.slug]))
    assert NOTE in page.text
