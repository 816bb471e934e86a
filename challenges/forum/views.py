"""Entraide: what people discuss about a challenge."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from challenges.forum import queries, rules
from challenges.organising.letters import organisers, page, region
from challenges.organising.models.challenges import Challenge
from challenges.organising.rules import may_edit_challenge
from challenges.teams.views.head import challenge_context
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.discussions.subjects import SubjectKind


def moderators(challenge: Challenge) -> Iterable[User]:
    """List the organisers of a challenge and the moderators of the Region."""
    people = [*organisers(challenge), *region(RegionRole.MODERATOR)]
    return {each.pk: each for each in people}.values()


def frame(request: HttpRequest, slug: str) -> tuple[Challenge, dict[str, Any]]:
    """Find the challenge that this person reads, with its head and tabs."""
    context = challenge_context(request, slug, "discussions")
    return context["challenge"], context


KIND = SubjectKind(
    name="challenge",
    model=Challenge,
    namespace="challenges",
    template="challenges/forum/discussed.html",
    owner_mark=gettext_lazy("Organisateur"),
    may_write=rules.may_write_in_forum,
    may_flag=rules.may_flag_message,
    may_moderate=rules.may_moderate_forum,
    answers_for=may_edit_challenge,
    answered_by=queries.run_by,
    never_blocked=lambda by, challenge: challenge.is_run_by(by),
    owners=organisers,
    moderators=moderators,
    moderates=lambda by: queries.moderated_by(by).exists(),
    page=lambda challenge: page(challenge, "entraide/"),
    language=lambda challenge: challenge.language,
    contact=lambda challenge: challenge.contact,
    frame=frame,
    shut=gettext_lazy(
        "Seules les personnes inscrites au challenge écrivent ici. L’inscription demande l’accord "
        "des organisateurs."
    ),
)
