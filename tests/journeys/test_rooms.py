"""The rooms of teams, of organisers and of finished challenges, in a browser: accessible.

The pictures of each page are written under var/journeys/rooms (not committed).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from challenges.actions import reveals
from challenges.enums import TeamRole
from challenges.models import Challenge, Phase, TeamMember
from challenges.organising.actions import challenges
from challenges.rescoring import actions as rescorings
from challenges.teams import actions as teams
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import NEEDED
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.programs.cases import Clock, isolated
from tests.challenges.programs.conftest import hour as hour
from tests.challenges.programs.test_pages import played
from tests.challenges.test_bundle_imports import read, zipped
from tests.challenges.test_rescorings import corrected, tried
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, accepted_person, captain_of
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]
Cookies = Callable[[User], list[dict[str, Any]]]
PICTURES = Path(settings.BASE_DIR) / "var" / "journeys" / "rooms"


class Walk:
    """Audit pages at each width and in each theme, and photograph them."""

    def __init__(self, running: Any, site: str, as_user: Cookies) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.running, self.site, self.as_user = running, site, as_user
        self.found: dict[str, list[str]] = {}

    def read(self, person: User | None, **addresses: str) -> None:
        """Read pages as a person, None being a visitor; keep what is wrong."""
        cookies = self.as_user(person) if person else None
        refused: list[str] = []
        with browser.tab(self.running, cookies=cookies) as page:
            page.on(
                "response", lambda told: None if told.status < 400 else refused.append(told.url)
            )
            for name, address in addresses.items():
                for width in browser.WIDTHS:
                    for theme in browser.THEMES:
                        faults = axe.audit(page, self.site + address, (width, theme))
                        picture = PICTURES / f"{name}-{width}-{theme}.png"
                        page.screenshot(path=str(picture), full_page=True)
                        assert refused == [], name  # an error page is accessible too
                        if faults:
                            self.found[picture.stem] = faults


@pytest.fixture
def walk(running: Any, site: str, as_user: Cookies) -> Walk:
    """Return who reads the pages."""
    return Walk(running, site, as_user)


def final(challenge: Challenge) -> None:
    """Publish the final results, the phase staying open as a bench."""
    Phase.objects.update(benchmark_after_close=True)
    phase = challenges.close(phase=challenge.phases.get(), by=world.owner_of(challenge))
    reveals.propose(phase=phase, by=world.owner_of(challenge))
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()


def test_rooms_of_teams_and_of_a_finished_challenge(walk: Walk, tmp_path: Path) -> None:
    challenge = world.opened(tmp_path)
    by, home = world.owner_of(challenge), f"/challenges/{challenge.slug}/"
    space = f"/espace/challenges/{challenge.slug}/"
    Challenge.objects.update(team_max=3)
    one, other = (
        TeamFactory(challenge=challenge, name=name, slug=name.lower())
        for name in ("Sud", "Alpilles")
    )
    member = TeamMember.objects.create(
        team=one,
        challenge=challenge,
        user=accepted_person(challenge),
        role=TeamRole.MEMBER,
        joined_at=clock.now(),
    )
    first = world.entered(challenge, 0.9, team=one)
    world.entered(challenge, 0.6, team=other, seed=1)
    guest = accepted_person(challenge)
    call = teams.invite(team=one, email=guest.email, by=captain_of(one))
    link = f"{home}equipe/invitation/{call.public_id}/{teams.invitation_token(call.public_id)}/"
    walk.read(guest, join=link, invited=f"{home}equipe/")
    walk.read(UserFactory(), join_other=link)
    assert drain()
    walk.read(
        captain_of(one),
        team=f"{home}equipe/",
        captain=f"{home}equipe/membre/{member.pk}/capitaine/",
        remove=f"{home}equipe/membre/{member.pk}/retirer/",
        describe=f"{home}soumissions/{first.pk}/fiche/",
        notices="/espace/avis/",
        choices="/compte/avis/",
    )
    change = tried(challenge, truth=corrected())
    walk.read(by, rescoring=f"{space}reevaluation/")
    walk.read(UserFactory(region="administrator"), decision=f"{space}reevaluation/")
    rescorings.withdraw(rescoring=change, by=by)
    final(challenge)
    late = world.entered(challenge, 0.95, team=other, seed=5)
    assert drain()
    walk.read(captain_of(other), late=f"{home}soumissions/{late.pk}/")
    walk.read(
        captain_of(one),
        bench=f"{home}banc-essai/",
        detail=f"{home}soumissions/{first.pk}/detail/",
        certificates=f"{home}certificats/{one.public_id}/",
        final=f"{home}classement/",
        report=f"{home}bilan/",
    )
    walk.read(by, finished=space)
    assert walk.found == {}


def test_the_report_of_an_import_and_its_questions(walk: Walk) -> None:
    by = world.owner()
    asks = read(by, zipped(KAGGLE))
    faulty = read(by, zipped({"competition.yaml": "version: 2\ntitle: [1]\n"}))
    imports_page = "/espace/challenges/importer/"
    walk.read(
        by,
        imports=imports_page,
        questions=f"{imports_page}{asks.pk}/",
        faults=f"{imports_page}{faulty.pk}/",
    )
    assert walk.found == {}


@NEEDED
def test_rooms_of_a_challenge_scored_by_a_program(walk: Walk, hour: Clock) -> None:
    isolated()
    challenge, entry, team = played(hour)
    home = f"/challenges/{challenge.slug}/"
    walk.read(
        captain_of(team),
        program=f"{home}evaluation/",
        boards=f"{home}classement/",
        tasks=f"{home}soumissions/{entry.pk}/",
    )
    space = f"/espace/challenges/{challenge.slug}/"
    walk.read(
        world.owner_of(challenge),
        reports=f"{space}programme/",
        program_change=f"{space}reevaluation/",
    )
    assert walk.found == {}
