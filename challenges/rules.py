"""Who may do what to a challenge, a team, an entry: one predicate an act."""

from typing import TYPE_CHECKING

from challenges.enums import (
    ChallengeStatus,
    EntryStatus,
    RegistrationMode,
    RegistrationState,
    TeamState,
)
from portal.accounts.authorization import (
    Permission,
    belongs_to,
    has_permission,
    holds_somewhere,
)
from portal.audit.actors import Actor, SystemActor

if TYPE_CHECKING:
    from challenges.models import (
        BundleImport,
        Challenge,
        Disqualification,
        Entry,
        OrganiserInvitation,
        Phase,
        Registration,
        Team,
    )
    from challenges.organising.models import Viewer
    from portal.accounts.models import Organisation


def _is_person(by: "Viewer") -> bool:
    return not isinstance(by, SystemActor) and bool(by.is_authenticated) and by.is_active


def may_import_challenge(by: Actor, organisation: "Organisation") -> bool:
    """Say whether the actor may create a challenge for this organisation."""
    return has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=organisation)


def may_deposit_bundle(by: Actor) -> bool:
    """Say whether the actor may deposit a bundle: who may create a challenge somewhere."""
    return holds_somewhere(by, Permission.CHALLENGE_ORGANISE)


def may_accept_import(by: Actor, made: "BundleImport") -> bool:
    """Say whether the actor may make a challenge of this bundle: who deposited it."""
    return not isinstance(by, SystemActor) and made.by_id == by.pk and may_deposit_bundle(by)


def may_export_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may take the challenge away: an owner or an organiser of it."""
    return _is_person(by) and challenge.is_organised_by(by)


def may_edit_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may change the texts and dates of this challenge."""
    return _is_person(by) and challenge.is_organised_by(by)


def may_follow_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor reads the cockpit: who runs the challenge, its jury included."""
    return _is_person(by) and challenge.is_followed_by(by)


def may_run_organisers(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor chooses who runs the challenge: an owner."""
    return _is_person(by) and challenge.is_owned_by(by)


def may_answer_organiser_invitation(by: Actor, invitation: "OrganiserInvitation") -> bool:
    """Say whether the actor answers this call: the person of its address."""
    return _is_person(by) and invitation.fits(by)


def may_write_in_forum(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor writes in the discussion: a member; a registered one if by approval."""
    if isinstance(by, SystemActor) or not _is_person(by) or not challenge.is_public:
        return False
    if challenge.registration == RegistrationMode.OPEN or may_moderate_forum(by, challenge):
        return True
    accepted = challenge.registrations.filter(user_id=by.pk, state=RegistrationState.ACCEPTED)
    return challenge.is_followed_by(by) or accepted.exists()


def may_report_post(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may report a message: any member who reads it."""
    return _is_person(by) and challenge.is_public


def may_moderate_forum(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor hides messages: an organiser, or a moderator who does not play."""
    if may_edit_challenge(by, challenge):
        return True
    return has_permission(by, Permission.CONTRIBUTION_MODERATE) and not challenge.is_played_by(by)


def may_publish_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may give the visa: a moderator who neither runs nor ran it."""
    return (
        has_permission(by, Permission.CHALLENGE_PUBLISH)
        and not challenge.is_followed_by(by)
        and not belongs_to(by, challenge.organiser)
        and not challenge.was_followed_by(by)
    )


def may_suspend_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may stop entries for a while: a moderator."""
    return has_permission(by, Permission.CHALLENGE_PUBLISH)


def may_archive_challenge(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may end the challenge for good.

    An owner or a moderator once the results are published. Before, results would be buried: a
    moderator apart from the challenge alone.
    """
    if challenge.status == ChallengeStatus.REVEALED:
        return may_run_organisers(by, challenge) or may_suspend_challenge(by, challenge)
    return may_suspend_challenge(by, challenge) and _is_apart(by, challenge)


def may_see_challenge(by: "Viewer", challenge: "Challenge") -> bool:
    """Say whether the actor may read the pages of this challenge."""
    if challenge.is_public:
        return True
    return has_permission(by, Permission.CONTRIBUTION_READ_ALL) or challenge.is_organised_by(by)


def may_take_part(by: Actor, challenge: "Challenge") -> bool:
    """Say whether the actor may register: a person who neither runs nor ran the challenge.

    Who left the organisers, or the jury, has read what is held out.
    """
    runs = challenge.is_followed_by(by) or challenge.was_followed_by(by)
    return _is_person(by) and challenge.is_public and not runs


def may_answer_registration(by: Actor, registration: "Registration") -> bool:
    """Say whether the actor may let this person take part: an organiser of the challenge."""
    return may_edit_challenge(by, registration.challenge)


def may_run_team(by: Actor, team: "Team") -> bool:
    """Say whether the actor may invite, remove members and rename: a captain."""
    return _is_person(by) and team.has_captain(by)


def may_leave_team(by: Actor, team: "Team") -> bool:
    """Say whether the actor may leave: a member."""
    return _is_person(by) and team.has_member(by)


def may_enter(by: Actor, team: "Team") -> bool:
    """Say whether the actor may submit for this team: a member of a live team, who runs nothing."""
    return (
        _is_person(by)
        and team.state in {TeamState.OPEN, TeamState.FULL}
        and not team.is_baseline
        and team.has_member(by)
        and not team.challenge.is_followed_by(by)
    )


def may_read_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may read this entry: its team."""
    return _is_person(by) and entry.enrolment.team.has_member(by)


def may_withdraw_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may withdraw this entry: a captain of its team."""
    return may_run_team(by, entry.enrolment.team)


def may_choose_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may make it a final choice: a captain, of a scored entry."""
    return may_run_team(by, entry.enrolment.team) and entry.status == EntryStatus.SCORED


def may_read_audits(by: "Viewer", challenge: "Challenge") -> bool:
    """Say whether the actor may read, once revealed, the audits kept to teams: an organiser."""
    return _is_person(by) and challenge.is_organised_by(by)


def may_read_certificate(by: "Viewer", team: "Team") -> bool:
    """Say whether the actor may have and read this team's certificate: its members, the Region."""
    return _is_person(by) and (
        team.has_member(by) or has_permission(by, Permission.CHALLENGE_REVEAL)
    )


def may_propose_card(by: "Viewer", team: "Team") -> bool:
    """Say whether the actor may propose a card of this team's solution.

    A captain; an organiser once the team permits it.
    """
    return _is_person(by) and (
        team.has_captain(by) or (team.allow_card and team.challenge.is_organised_by(by))
    )


def may_examine_entries(by: Actor) -> bool:
    """Say whether the actor decides on the entries whose scoring broke down: a moderator."""
    return has_permission(by, Permission.ENTRY_EXAMINE)


def may_examine_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor decides on an entry under examination: a moderator who plays not."""
    challenge = entry.enrolment.phase.challenge
    return has_permission(by, Permission.ENTRY_EXAMINE) and not challenge.is_played_by(by)


def may_propose_disqualification(by: Actor, team: "Team") -> bool:
    """Say whether the actor may ask the Region to disqualify: an organiser, not the reference."""
    return _is_person(by) and not team.is_baseline and team.challenge.is_organised_by(by)


def may_withdraw_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor may take the proposal back: an organiser."""
    return _is_person(by) and found.challenge.is_organised_by(by)


def may_answer_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor replies for the team: a member of it."""
    return _is_person(by) and found.team.has_member(by)


def may_decide_disqualification(by: Actor, found: "Disqualification") -> bool:
    """Say whether the actor decides: a person of the Region who neither asked, runs it nor plays.

    Who asked as an organiser and left since stays one of the two.
    """
    return _is_apart(by, found.challenge) and getattr(by, "pk", None) != found.proposed_by_id


def may_close_phase(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may close the phase: an organiser."""
    return _is_person(by) and phase.challenge.is_organised_by(by)


def may_propose_reveal(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may propose to reveal the private part: an organiser."""
    return _is_person(by) and phase.challenge.is_organised_by(by)


def may_confirm_reveal(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may confirm: a person of the Region who neither runs it nor plays."""
    return _is_apart(by, phase.challenge)


def _is_apart(by: Actor, challenge: "Challenge") -> bool:
    # Who ran it and left stays a judge of their own work.
    return (
        has_permission(by, Permission.CHALLENGE_REVEAL)
        and not challenge.is_followed_by(by)
        and not belongs_to(by, challenge.organiser)
        and not challenge.is_played_by(by)
        and not challenge.was_followed_by(by)
    )


def may_pause_phase(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may hold the scoring of a phase and try it again: an organiser."""
    return _is_person(by) and phase.challenge.is_organised_by(by)


def may_propose_rescoring(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may propose another scoring, try it, take it back: an organiser."""
    return _is_person(by) and phase.challenge.is_organised_by(by)


def may_decide_rescoring(by: Actor, phase: "Phase") -> bool:
    """Say whether the actor may accept or refuse another scoring: who may confirm a reveal."""
    return may_confirm_reveal(by, phase)


def may_score_again(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may have one entry scored again: who may examine it."""
    return may_examine_entry(by, entry)
