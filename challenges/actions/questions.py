"""What teams are asked of their method with each entry: written in a draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from challenges.actions import authoring, leaderboards
from challenges.models import Challenge
from portal.accounts.models import User
from portal.audit.record import record

MOST_QUESTIONS = 8


@transaction.atomic
def ask(*, challenge: Challenge, questions: Sequence[Mapping[str, Any]], by: User) -> Challenge:
    """Replace the questions of the fact sheet of a draft.

    questions: as `fact_sheets.refuse_wrong` reads them, with on_leaderboard. In order: questions;
    the columns that boards show of them; event "challenge.questions_asked". Raises NotAllowed,
    Conflict.
    """
    challenge = authoring.draft(challenge, by)
    challenge.fact_sheet = [dict(each) for each in questions]
    challenge.version += 1
    challenge.save(update_fields=["fact_sheet", "version"])
    leaderboards.answer(challenge)
    keys = [str(each["key"]) for each in questions]
    record("challenge.questions_asked", by=by, on=challenge, questions=keys)
    return challenge
