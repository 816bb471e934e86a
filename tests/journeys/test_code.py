"""The pages of challenges of code in a browser: accessible, wide and narrow, light and dark."""

from typing import Any

import pytest

from challenges.enums import EntryStatus
from challenges.enums.code import RunState
from challenges.models import Challenge, Entry
from tests.factories import code
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
)
from tests.journeys.test_rooms import Walk, walk

__all__ = ["walk"]
pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.full]
LOG = "reading inputs.csv\n100 rows read\nTraceback (most recent call last): …\n"


def scene() -> tuple[Challenge, Entry]:
    """Open a challenge of code, where a team entered, unstable, and tried thrice."""
    challenge: Challenge = ChallengeFactory(
        opened=True, owner=UserFactory(), bundle={"code": {}}, title="Estimer un niveau, par code"
    )
    code.plan_of(challenge.phases.get())
    team = TeamFactory(challenge=challenge, name="Les codeurs")
    entry: Entry = EntryFactory(
        enrolment=EnrolmentFactory(team=team, phase=challenge.phases.get()),
        status=EntryStatus.SCORED,
        verdict={"faults": [], "warnings": [], "rows": None},
        submitted_by=captain_of(team),
    )
    code.run(entry, log=LOG)
    return challenge, entry


def test_pages_of_code_are_accessible(walk: Walk) -> None:
    challenge, entry = scene()
    team = entry.enrolment.team
    done = code.trial(team)
    fault = {"code": "E_ID_UNKNOWN", "message": "12 identifiants inconnus.", "line": 2}
    failed = code.trial(
        team,
        state=RunState.FAILED,
        reason_code="X_OUTPUT",
        detail="E_ID_UNKNOWN : 12 identifiants inconnus.",
        verdict={"faults": [fault], "warnings": [], "rows": None},
        log=LOG,
    )
    waiting: dict[str, Any] = {"state": RunState.QUEUED, "finished_at": None, "measures": {}}
    queued = code.trial(team, **waiting, verdict={})
    home, space = f"/challenges/{challenge.slug}/", f"/espace/challenges/{challenge.slug}/"

    walk.read(
        captain_of(team),
        code_trials=f"{home}essais/",
        code_trial_done=f"{home}essais/{done.pk}/",
        code_trial_failed=f"{home}essais/{failed.pk}/",
        code_trial_queued=f"{home}essais/{queued.pk}/",
        code_entries=f"{home}soumissions/",
        code_entry=f"{home}soumissions/{entry.pk}/",
        code_evaluation=f"{home}evaluation/",
    )
    walk.read(
        challenge.organisers.get().user,
        code_rules=f"{space}code/",
        code_runs=f"{space}executions/",
        code_statistics=f"{space}statistiques/",
    )
    draft = ChallengeFactory(owner=challenge.organisers.get().user)
    walk.read(challenge.organisers.get().user, code_draft=f"/espace/challenges/{draft.slug}/code/")
    assert walk.found == {}
