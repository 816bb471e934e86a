"""Who may take part, and who may run a team or leave it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.organising.models.challenges import (
        Challenge,
    )
    from challenges.teams.models import Registration, Team
from challenges.organising.rules import is_person, may_edit_challenge

# How many codes of teams one person may try: they are guessed by nobody.
CODES_RATE = "30/10m/user"
CODES_SPENT = _("Trop de liens ou de codes essayés : réessayez dans dix minutes.")


def may_take_part(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may register: a person who neither runs nor ran the challenge.

    Who left the organisers, or the jury, has read what is held out.
    """
    runs = challenge.is_run_by(by) or challenge.was_run_by(by)
    return is_person(by) and challenge.is_public and not runs


def may_answer_registration(by: Actor, registration: "Registration") -> bool:
    """Say whether the actor may let this person take part: an organiser of the challenge."""
    return may_edit_challenge(by, registration.challenge)


def may_run_team(by: Actor, team: "Team") -> bool:
    """Say whether the actor may invite, remove members and rename: a captain."""
    return is_person(by) and team.has_captain(by)


def may_leave_team(by: Actor, team: "Team") -> bool:
    """Say whether the actor may leave: a member."""
    return is_person(by) and team.has_member(by)
