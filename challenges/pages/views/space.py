"""What the challenges show in a person's space, and give in the archive of their data."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from challenges.disqualifications.models import Disqualification
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation import rules
from challenges.evaluation.enums import Split
from challenges.exchange.models import BundleImport, ImportState
from challenges.forum import queries as forum
from challenges.organising.enums import ChallengeStatus, RegistrationMode
from challenges.organising.models.challenges import (
    Challenge,
    Guest,
    OrganiserInvitation,
    Phase,
)
from challenges.organising.queries import current_phase
from challenges.rescoring import queries as rescoring_queries
from challenges.results.models.boards import Reveal
from challenges.results.queries import boards
from challenges.results.views.boards import cell_of, ends_of, from_to, text_of
from challenges.teams.enums import LIVE_STATES, RegistrationState, TeamRole
from challenges.teams.models import Enrolment, Registration, Team, TeamInvitation, TeamMember
from challenges.teams.views.head import face_of
from portal.accounts.account_data import columns_of
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation, User
from portal.accounts.space import Item, ItemSource, Panel, Place
from portal.discussions import queries as discussions
from portal.lib import clock
from portal.lib.prose import texts
from portal.lib.prose.numbers import number
from portal.lib.refusals import Hidden

SHOWN = 20
REMINDER = timedelta(days=30)


def runs_challenges(user: User) -> bool:
    """Say whether a person organises a challenge, or decides on them for the Region."""
    decides = (Permission.CHALLENGE_PUBLISH, Permission.CHALLENGE_REVEAL)
    if any(has_permission(user, permission) for permission in decides):
        return True
    return bool(forum.organised_by(user))


PLACE = Place(
    gettext_lazy("Mes challenges"), "trophy", "challenges:organiser_list", runs_challenges
)


def run(user: User) -> Iterator[ItemSource]:
    """List the challenges under way that a person runs: their state, teams, entries of the day."""
    now = clock.now()
    live_teams = sorted(LIVE_STATES)
    entered = Q(
        phases__enrolments__entries__quota_day=clock.paris_day(now),
        phases__enrolments__team__state__in=live_teams,
    )
    mine = forum.run_by(user).filter(status=ChallengeStatus.PUBLISHED)
    entries = Count("phases__enrolments__entries", filter=entered, distinct=True)
    live = Q(teams__state__in=live_teams)
    mine = mine.annotate(alive=Count("teams", filter=live, distinct=True), entered=entries)
    yield ItemSource(mine.prefetch_related("phases").order_by("-pk")[:SHOWN], _under_way)


def _under_way(rows: Any) -> Iterator[Item]:
    now = clock.now()
    for challenge in rows:
        face = face_of(challenge, current_phase(list(challenge.phases.all()), now), now)
        alive, entered = challenge.alive, challenge.entered
        counts = (
            ngettext("%(n)s équipe", "%(n)s équipes", alive) % {"n": alive},
            ngettext("%(n)s soumission aujourd’hui", "%(n)s soumissions aujourd’hui", entered)
            % {"n": entered},
        )
        yield Item(
            title=challenge.title,
            url=reverse("challenges:organiser", args=[challenge.slug]),
            detail=", ".join(counts),
            icon="trophy",
            tone="ocre",
            badge=face.label,
            badge_tone=face.tone,
            badge_icon=face.icon,
            language=challenge.language,
        )


def teams(user: User) -> Iterator[ItemSource]:
    """List a person's teams, their entries and the rank of one, the latest challenge first."""
    mine = (
        Team.objects.joined_by(user)
        .select_related("challenge")
        .annotate(entered=Count("enrolments__entries"))
        .order_by("-challenge__pk")
    )
    yield ItemSource(mine[:SHOWN], partial(_places, user))


def _places(user: User, rows: Any) -> Iterator[Item]:
    ranked, rank = _rank(user)
    for team in rows:
        count = team.entered
        entered = ngettext("%(n)s soumission", "%(n)s soumissions", count) % {"n": count}
        yield Item(
            title=team.name,
            url=reverse("challenges:entries", args=[team.challenge.slug]),
            detail=format_html(
                "{}, {}{}", _title(team.challenge), entered, rank if team.pk == ranked else ""
            ),
            icon="trophy",
            tone="ocre",
        )


def _rank(user: User) -> tuple[int, str]:
    """Tell where a person's team stands in the challenge that opened last: its key, the words."""
    mine = Enrolment.objects.filter(
        team__in=Team.objects.joined_by(user), phase__in=Phase.objects.open_at(clock.now())
    )
    own = mine.select_related("phase__challenge").order_by("-phase__opens_at", "-pk").first()
    if own is None:
        return 0, ""
    try:
        board = boards.read_board(own.phase, Split.PUBLIC, user, per_page=1, mine=own.team_id)
    except Hidden:
        return 0, ""
    row, column = board.window.own, board.primary
    if row is None or column is None or row.standing.rank is None:
        return 0, ""
    told = {"rank": number(row.standing.rank), "n": number(board.window.listed)}
    cell = cell_of(board, row, column)
    figure, ends = text_of(cell, column), ends_of(cell, column)
    if ends:
        figure += f" ({from_to(**ends)})"
    sentence = _(", rang %(rank)s sur %(n)s : ")
    if row.standing.rank in board.window.tied:
        sentence = _(", rang %(rank)s ex æquo sur %(n)s : ")
    return own.team_id, sentence % told + figure


def organisation_panel(organisation: Organisation, _request: HttpRequest) -> Panel:
    """Give what an organisation holds in public, the latest first; the same for every reader."""
    now = clock.now()
    held = Challenge.objects.public().filter(organiser=organisation).prefetch_related("phases")
    rows = [
        (challenge, face_of(challenge, current_phase(list(challenge.phases.all()), now), now))
        for challenge in held.order_by("-pk")[:SHOWN]
    ]
    return Panel("challenges/pages/organisation.html", {"challenges": rows})


def to_do(user: User) -> Iterator[ItemSource]:
    """List what challenges wait for: an answer, a choice, a decision, a second person."""
    now = clock.now()
    yield _invitations(user, now)
    yield _choices(user, now)
    yield _replies(user)
    yield _drafts(user)
    yield _undated(user, now)
    yield _results(user, now)
    yield _reported(user)
    if rules.may_examine_entries(user):
        yield ItemSource(evaluation_queries.entries_to_examine(), _examinations)
    yield from awaited_decisions(user, now)


def _invitations(user: User, now: datetime) -> ItemSource:
    waiting = TeamInvitation.objects.open(now).addressed_to(user)

    def show(rows: Any) -> Iterator[Item]:
        for invitation in rows:
            challenge = invitation.team.challenge
            yield Item(
                title=_("Rejoindre l’équipe « %(team)s »") % {"team": invitation.team},
                url=invitation.path,
                detail=_title(challenge),
                icon="users",
                tone="calanque",
                badge=_("invitation"),
                due=invitation.expires_at,
            )

    return ItemSource(waiting.select_related("team__challenge")[:SHOWN], show)


def _choices(user: User, now: datetime) -> ItemSource:
    """Remind captains whose team has not chosen, from a month before the close if it is known."""
    counted = Entry.objects.filter(enrolment=OuterRef("pk"), disqualified_at__isnull=True)
    chosen = counted.filter(final_choice=True)
    scored = counted.filter(status=EntryStatus.SCORED)
    waiting = Enrolment.objects.filter(
        ~Exists(chosen),
        Exists(scored),
        Q(phase__closes_at__lte=now + REMINDER) | Q(phase__closes_at__isnull=True),
        team__state__in=sorted(LIVE_STATES),
        team__members__user=user,
        team__members__role=TeamRole.CAPTAIN,
        team__members__left_at__isnull=True,
        phase__in=Phase.objects.open_at(now),
        phase__reveal__isnull=True,
        phase__final_choices__gt=0,
    )

    def show(rows: Any) -> Iterator[Item]:
        for enrolment in rows:
            yield Item(
                title=_("Choisir les soumissions finales de « %(team)s »")
                % {"team": enrolment.team},
                url=reverse("challenges:entries", args=[enrolment.phase.challenge.slug]),
                detail=_title(enrolment.phase.challenge),
                icon="flag",
                tone="ocre",
                due=enrolment.phase.closes_at,
            )

    return ItemSource(waiting.select_related("phase__challenge", "team")[:SHOWN], show)


def _examinations(rows: Any) -> Iterator[Item]:
    waiting = rows.count()
    entries = ngettext("%(n)s soumission", "%(n)s soumissions", waiting) % {"n": waiting}
    yield Item(
        title=_("Examiner ce que l’évaluation n’a pas pu finir"),
        url=reverse("challenges:examinations"),
        detail=entries,
        icon="triangle-alert",
        tone="garance",
    )


def _replies(user: User) -> ItemSource:
    """Lead to the disqualifications asked against this person's teams, not replied to yet."""
    asked = Disqualification.objects.undecided().filter(
        team__in=Team.objects.joined_by(user), replied_at__isnull=True
    )

    def show(rows: Any) -> Iterator[Item]:
        for found in rows:
            address = [found.challenge.slug, found.public_id]
            yield Item(
                title=_("Répondre pour « %(team)s » à une demande de disqualification")
                % {"team": found.team},
                url=reverse("challenges:disqualification_reply", args=address),
                detail=_title(found.challenge),
                icon="message-square",
                tone="garance",
                due=found.reply_by,
            )

    return ItemSource(asked.select_related("team", "challenge")[:SHOWN], show)


def _drafts(user: User) -> ItemSource:
    """Lead to the challenges that this person writes."""
    written = forum.run_by(user).filter(status=ChallengeStatus.DRAFT)

    def show(rows: Any) -> Iterator[Item]:
        for challenge in rows:
            yield Item(
                title=_about(_("Terminer le challenge « %(title)s »"), challenge),
                url=reverse("challenges:organiser", args=[challenge.slug]),
                detail=_("Brouillon, que seuls ses organisateurs voient."),
                icon=ChallengeStatus.DRAFT.icon,
                tone=ChallengeStatus.DRAFT.tone,
                badge=ChallengeStatus.DRAFT.label,
                changed=challenge.status_since,
            )

    return ItemSource(written.order_by("-pk")[:SHOWN], show)


def _undated(user: User, now: datetime) -> ItemSource:
    """Lead to the open phases whose close nobody has announced."""
    undated = Phase.objects.open_at(now).filter(
        closes_at__isnull=True, challenge__in=forum.run_by(user)
    )

    def show(rows: Any) -> Iterator[Item]:
        for phase in rows:
            yield Item(
                title=_("Annoncer la date de clôture"),
                url=reverse("challenges:write_dates", args=[phase.challenge.slug]),
                detail=_title(phase.challenge),
                icon="calendar",
                tone="calanque",
            )

    return ItemSource(undated.select_related("challenge").order_by("opens_at", "pk")[:SHOWN], show)


def _results(user: User, now: datetime) -> ItemSource:
    """Lead to the phases that are over, whose results nobody has proposed to publish."""
    entered = Entry.objects.filter(enrolment__phase=OuterRef("pk"))
    over = Phase.objects.filter(
        Exists(entered),
        challenge__in=forum.run_by(user),
        challenge__status__in=(ChallengeStatus.PUBLISHED, ChallengeStatus.CLOSED),
        closes_at__lte=now,
        reveal__isnull=True,
    )

    def show(rows: Any) -> Iterator[Item]:
        for phase in rows:
            yield Item(
                title=_about(_("Publier les résultats de « %(title)s »"), phase.challenge),
                url=reverse("challenges:organiser", args=[phase.challenge.slug]),
                detail=texts.in_language(phase.name, phase.challenge.language),
                icon="trophy",
                tone="ocre",
            )

    return ItemSource(over.select_related("challenge").order_by("closes_at", "pk")[:SHOWN], show)


def _reported(user: User) -> ItemSource:
    """Lead to the messages that wait for whoever moderates the discussions."""
    moderated = forum.moderated_by(user)

    def show(rows: Any) -> Iterator[Item]:
        for challenge, flags in forum.flagged(moderated, rows):
            yield Item(
                title=_about(_("Modérer l’entraide de « %(title)s »"), challenge),
                url=reverse("challenges:discussions_desk", args=[challenge.slug]),
                detail=ngettext("%(n)s signalement", "%(n)s signalements", flags) % {"n": flags},
                icon="message-square",
                tone="ocre",
            )

    return ItemSource(discussions.flags(moderated).order_by(), show)


def _title(challenge: Challenge) -> SafeString:
    return texts.in_language(challenge.title, challenge.language)


def _about(sentence: str, challenge: Challenge) -> SafeString:
    return texts.sentence(sentence, language=challenge.language, title=challenge.title)


def described(user: User) -> dict[str, Any]:
    """Describe a person's teams and what they sent, for the archive of their data."""
    return {
        "equipes": columns_of(
            TeamMember.objects.filter(user=user),
            "challenge__title team__name role joined_at left_at",
        ),
        "invitations": columns_of(
            Guest.objects.filter(email=user.email.lower()), "challenge__title sent_at state"
        ),
        "soumissions": list(
            Entry.objects.filter(submitted_by=user)
            .order_by("received_at", "pk")
            .values(
                "id",
                "enrolment__team__name",
                "received_at",
                "sha256",
                "status",
                "file_deleted_at",
            )
        ),
        "disqualifications": columns_of(
            Disqualification.objects.filter(
                Q(replied_by=user) | Q(proposed_by=user) | Q(decided_by=user) | Q(lifted_by=user)
            ),
            "team__name reason proposed_at reply replied_at status",
        ),
    }


SHOWN_DECISIONS = 20


def awaited_decisions(user: User, now: datetime) -> Iterator[ItemSource]:
    """List what this person may decide, and nobody has decided yet."""
    yield _organisers(user, now)
    yield _guests(user, now)
    yield _registrations(user)
    yield _imports(user)
    if has_permission(user, Permission.CHALLENGE_PUBLISH):
        yield _visas(user)
    if has_permission(user, Permission.CHALLENGE_REVEAL):
        yield _reveals(user)
        yield _rescorings(user)
        asked = Disqualification.objects.decided_by_region(user).ripe(now)
        yield ItemSource(asked.exclude(proposed_by=user), _disqualifications)


def _organisers(user: User, now: datetime) -> ItemSource:
    """List the calls to run a challenge with others."""
    calls = OrganiserInvitation.objects.addressed_to(user).open(now)

    def show(rows: Any) -> Iterator[Item]:
        for call in rows:
            yield Item(
                title=_about(
                    _("Répondre à l’invitation à organiser « %(title)s »"), call.challenge
                ),
                url=reverse("challenges:organiser_list"),
                detail=call.sent_by.display_name,
                icon="user-check",
                tone="calanque",
                badge=_("invitation"),
                due=call.expires_at,
            )

    return ItemSource(calls.select_related("challenge", "sent_by")[:SHOWN_DECISIONS], show)


def _guests(user: User, now: datetime) -> ItemSource:
    """List the challenges that invite this person, until they take part."""
    came = Registration.objects.filter(
        user=user, challenge=OuterRef("challenge"), state=RegistrationState.ACCEPTED
    )
    calls = (
        Guest.objects.addressed_to(user)
        .open(now)
        .filter(
            ~Exists(came),
            challenge__status=ChallengeStatus.PUBLISHED,
            challenge__registration=RegistrationMode.INVITED,
        )
    )

    def show(rows: Any) -> Iterator[Item]:
        for call in rows:
            yield Item(
                title=_about(_("Participer à « %(title)s »"), call.challenge),
                url=reverse("challenges:rules", args=[call.challenge.slug]),
                icon="trophy",
                tone="calanque",
                badge=_("invitation"),
                due=call.expires_at,
            )

    return ItemSource(calls.select_related("challenge")[:SHOWN_DECISIONS], show)


def _registrations(user: User) -> ItemSource:
    """List the challenges of this organiser that people ask to take part in."""
    asking = Count("registrations", filter=Q(registrations__state=RegistrationState.PENDING))
    waiting = forum.run_by(user).annotate(asking=asking)

    def show(rows: Any) -> Iterator[Item]:
        for challenge in rows:
            count = challenge.asking
            asked = ngettext("%(n)s demande", "%(n)s demandes", count) % {"n": count}
            yield Item(
                title=_about(_("Répondre aux inscriptions à « %(title)s »"), challenge),
                url=reverse("challenges:registrations", args=[challenge.slug]),
                detail=asked,
                icon="users",
                tone="olivier",
            )

    return ItemSource(waiting.filter(asking__gt=0).order_by("pk")[:SHOWN_DECISIONS], show)


def _imports(user: User) -> ItemSource:
    """List the bundles of this person whose report was read to the end and waits for them."""
    read = BundleImport.objects.filter(by=user, state=ImportState.READ)

    def show(rows: Any) -> Iterator[Item]:
        for made in rows:
            yield Item(
                title=_("Répondre au rapport d’import de « %(name)s »") % {"name": made.filename},
                url=reverse("challenges:import", args=[made.pk]),
                detail=_("Le brouillon se crée quand vous l’acceptez."),
                icon="upload",
                tone="ocre",
                due=made.expires_at,
            )

    return ItemSource(read.order_by("expires_at", "pk")[:SHOWN_DECISIONS], show)


def _visas(user: User) -> ItemSource:
    waiting = Challenge.objects.not_run_by(user).filter(status=ChallengeStatus.IN_REVIEW)

    def show(rows: Any) -> Iterator[Item]:
        for challenge in rows:
            yield Item(
                title=_about(_("Donner le visa à « %(title)s »"), challenge),
                url=reverse("challenges:organiser", args=[challenge.slug]),
                detail=challenge.organiser.name,
                icon="trophy",
                tone="ocre",
            )

    return ItemSource(
        waiting.select_related("organiser").order_by("status_since")[:SHOWN_DECISIONS], show
    )


def _reveals(user: User) -> ItemSource:
    apart = Challenge.objects.apart_from(user)
    waiting = Reveal.objects.filter(decided_at__isnull=True, phase__challenge__in=apart)
    waiting = waiting.exclude(phase__challenge__status=ChallengeStatus.ARCHIVED)
    waiting = waiting.exclude(proposed_by=user).select_related("phase__challenge")

    def show(rows: Any) -> Iterator[Item]:
        for reveal in rows:
            challenge = reveal.phase.challenge
            yield Item(
                title=_about(_("Confirmer les résultats de « %(title)s »"), challenge),
                url=reverse("challenges:organiser", args=[challenge.slug]),
                detail=_("Une deuxième personne est nécessaire."),
                icon="shield-check",
                tone="lavande",
            )

    return ItemSource(waiting.order_by("proposed_at")[:SHOWN_DECISIONS], show)


def _rescorings(user: User) -> ItemSource:
    """List the changes of scoring that wait for a second person: errata are said to be so."""
    apart = Challenge.objects.apart_from(user)

    def show(rows: Any) -> Iterator[Item]:
        for change in rows:
            challenge = change.phase.challenge
            sentence = _("Décider d’un changement de notation de « %(title)s »")
            if change.phase.is_revealed:
                sentence = _("Décider d’un erratum aux résultats de « %(title)s »")
            if change.is_accepted:
                sentence = _("Relancer la mise en vigueur d’une notation de « %(title)s »")
            yield Item(
                title=_about(sentence, challenge),
                url=reverse("challenges:rescorings", args=[challenge.slug]),
                detail=texts.in_language(change.phase.name, challenge.language),
                icon="scale",
                tone="lavande",
            )

    return ItemSource(
        rescoring_queries.rescorings_to_decide(apart).exclude(proposed_by=user)[:SHOWN_DECISIONS],
        show,
    )


def _disqualifications(rows: Any) -> Iterator[Item]:
    waiting = rows.count()
    yield Item(
        title=_("Décider des disqualifications demandées"),
        url=reverse("challenges:disqualifications"),
        detail=ngettext("%(n)s demande", "%(n)s demandes", waiting) % {"n": waiting},
        icon="scale",
        tone="garance",
    )
