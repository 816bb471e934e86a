"""Challenges, teams and entries in the states that tests need.

`ChallengeFactory(opened=True)` is published with one open phase, its rules and a leaderboard;
`EntryFactory(scored=True)` has an evaluation and its released public score.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone

from challenges.entries.enums import EntryStatus
from challenges.evaluation.enums import EvaluationState, Split
from challenges.models import (
    Challenge,
    ChallengeOrganiser,
    Column,
    Enrolment,
    Entry,
    Evaluation,
    Leaderboard,
    Phase,
    PhaseTask,
    PublicFile,
    Registration,
    Rescoring,
    Reveal,
    Score,
    Scorer,
    ScoreReceipt,
    ScorerVersion,
    Standing,
    Team,
    TeamMember,
    Terms,
)
from challenges.organising.enums import ChallengeStatus, ColumnKind, Direction, OrganiserRole
from challenges.teams.enums import RegistrationState, TeamRole
from datasets.holdouts.models import Holdout, HoldoutVersion
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.lib import clock, immutable
from portal.lib.storage import objects
from tests.factories.accounts import OrganisationFactory, UserFactory

ANSWER = {
    "layout": "one_row_per_id",
    "columns": [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "y", "role": "target", "type": "float"},
    ],
    "formats": ["csv"],
    "max_bytes": 100_000,
}


def _now() -> datetime:
    return timezone.now()


def region_person(role: RegionRole = RegionRole.MODERATOR, **values: Any) -> User:
    """Make a person with a role for the Region."""
    return UserFactory(region=role, **values)


class ChallengeFactory(factory.django.DjangoModelFactory):
    """A draft; traits: opened, closed, revealed (phase, rules and board included)."""

    class Meta:
        model = Challenge
        skip_postgeneration_save = True

    class Params:
        opened = factory.Trait(
            status=ChallengeStatus.PUBLISHED,
            published_at=factory.LazyFunction(_now),
            phase=factory.RelatedFactory(
                "tests.factories.challenges.PhaseFactory", "challenge", opened=True
            ),
        )
        closed = factory.Trait(
            status=ChallengeStatus.CLOSED,
            published_at=factory.LazyFunction(_now),
            phase=factory.RelatedFactory(
                "tests.factories.challenges.PhaseFactory", "challenge", ended=True
            ),
        )

    slug = factory.Sequence(lambda n: f"defi-{n}")
    title = factory.Sequence(lambda n: f"Défi {n}")
    summary = "Prévoir un nombre."
    body_md = body_html = ""
    task = "regression"
    licence = factory.LazyFunction(lambda: {"name": "Licence Ouverte", "status": "verified"})
    organiser = factory.SubFactory(OrganisationFactory)
    status_since = created_at = factory.LazyFunction(_now)
    terms = factory.RelatedFactory("tests.factories.challenges.TermsFactory", "challenge")

    @factory.post_generation
    def owner(obj: Challenge, create: bool, owner: User | None, **_: Any) -> None:
        """Give the challenge an owner."""
        ChallengeOrganiser.objects.create(
            challenge=obj, user=owner or UserFactory(), role=OrganiserRole.OWNER
        )


class TermsFactory(factory.django.DjangoModelFactory):
    """The rules of a challenge."""

    class Meta:
        model = Terms

    number = 1
    text = "Une équipe par personne."
    html = "<p>Une équipe par personne.</p>"
    sha256 = factory.LazyAttribute(lambda o: hashlib.sha256(o.text.encode()).hexdigest())
    created_at = factory.LazyFunction(_now)


class PhaseFactory(factory.django.DjangoModelFactory):
    """An undated phase with its board; traits: opened, ended, coming."""

    class Meta:
        model = Phase
        skip_postgeneration_save = True

    class Params:
        opened = factory.Trait(opens_at=factory.LazyFunction(lambda: _now() - timedelta(days=1)))
        coming = factory.Trait(opens_at=factory.LazyFunction(lambda: _now() + timedelta(days=1)))
        ended = factory.Trait(
            opens_at=factory.LazyFunction(lambda: _now() - timedelta(days=2)),
            closes_at=factory.LazyFunction(lambda: _now() - timedelta(days=1)),
        )

    challenge = factory.SubFactory(ChallengeFactory)
    index = 0
    name = "Phase publique"
    max_per_day = 5
    max_total = 100
    max_bytes = 100_000
    answer_spec = factory.LazyFunction(lambda: dict(ANSWER))
    board = factory.RelatedFactory(
        "tests.factories.challenges.LeaderboardFactory",
        "phase",
        challenge=factory.SelfAttribute("..challenge"),
    )


def add_file(challenge: Challenge, name: str, content: bytes, role: str = "train") -> PublicFile:
    """Give a challenge a public file of two rows."""
    stored = objects.put(content)
    given = {"sha256": stored.sha256, "size": stored.size, "rows": 2}
    at = challenge.files.count()
    return PublicFile.objects.create(challenge=challenge, index=at, name=name, role=role, **given)


class LeaderboardFactory(factory.django.DjangoModelFactory):
    """A board with a primary column « mae » and a fairness column « equite »."""

    class Meta:
        model = Leaderboard
        skip_postgeneration_save = True

    phase = factory.SubFactory(PhaseFactory, board=None)
    challenge = factory.SelfAttribute("phase.challenge")
    key = factory.LazyAttribute(lambda o: f"phase-{o.phase.index}")
    title = "Classement"

    @factory.post_generation
    def columns(obj: Leaderboard, create: bool, given: Any, **_: Any) -> None:
        """Give the board its columns."""
        obj.primary = Column.objects.create(
            leaderboard=obj,
            index=0,
            key="mae",
            title="Erreur absolue moyenne",
            direction=Direction.MIN,
            decimals=4,
        )
        Column.objects.create(
            leaderboard=obj,
            index=1,
            key="equite",
            title="Pire groupe",
            kind=ColumnKind.FAIRNESS,
            direction=Direction.MIN,
            decimals=4,
        )
        obj.save()


def accepted_person(challenge: Challenge, person: User | None = None) -> User:
    """Register a person in a challenge, its rules accepted."""
    person = person or UserFactory()
    terms = challenge.terms.first()  # the last version
    Registration.objects.create(
        challenge=challenge,
        user=person,
        state=RegistrationState.ACCEPTED,
        at=_now(),
        terms=terms,
        terms_accepted_at=terms and _now(),
        grant_id=challenge.grant_id,
        uses_signed_at=clock.now() if challenge.grant_id else None,
    )
    return person


class TeamFactory(factory.django.DjangoModelFactory):
    """A team with one captain who accepted the rules: TeamFactory(captain=person)."""

    class Meta:
        model = Team
        skip_postgeneration_save = True

    challenge = factory.SubFactory(ChallengeFactory, opened=True)
    name = factory.Sequence(lambda n: f"Équipe {n}")
    slug = factory.Sequence(lambda n: f"equipe-{n}")
    created_at = factory.LazyFunction(_now)

    @factory.post_generation
    def captain(obj: Team, create: bool, captain: User | None, **_: Any) -> None:
        """Give the team its captain."""
        member_of(obj, accepted_person(obj.challenge, captain), role=TeamRole.CAPTAIN)


def member_of(team: Team, person: User | None = None, **values: Any) -> TeamMember:
    """Let a person join a team, one who accepted the rules by default."""
    person = person or accepted_person(team.challenge)
    given = {"challenge": team.challenge, "user": person, "joined_at": _now()} | values
    return TeamMember.objects.create(team=team, **given)


def captain_of(team: Team) -> User:
    """Return the captain of a team."""
    return team.members.get(role=TeamRole.CAPTAIN).user


class EnrolmentFactory(factory.django.DjangoModelFactory):
    """A team in a phase."""

    class Meta:
        model = Enrolment
        django_get_or_create = ("phase", "team")

    team = factory.SubFactory(TeamFactory)
    phase = factory.LazyAttribute(lambda o: o.team.challenge.phases.get())


class EntryFactory(factory.django.DjangoModelFactory):
    """A received entry; traits: scored (value=0.25), rejected, failed, queued."""

    class Meta:
        model = Entry
        skip_postgeneration_save = True

    class Params:
        scored = factory.Trait(
            status=EntryStatus.SCORED,
            score=factory.PostGeneration(lambda obj, *_a, **_k: score(obj)),
        )
        queued = factory.Trait(status=EntryStatus.QUEUED)
        failed = factory.Trait(status=EntryStatus.FAILED, reason_code="X_TIMEOUT")
        rejected = factory.Trait(
            status=EntryStatus.REJECTED,
            reason_code="E_ID_MISSING",
            day_slot=None,
            total_slot=None,
            verdict={
                "faults": [
                    {"code": "E_ID_MISSING", "line": None, "message": "Il manque 2 identifiants."}
                ],
                "warnings": [],
                "rows": 1,
            },
        )

    enrolment = factory.SubFactory(EnrolmentFactory)
    number = factory.LazyAttribute(lambda o: o.enrolment.entries.count() + 1)
    submitted_by = factory.LazyAttribute(lambda o: captain_of(o.enrolment.team))
    idempotency_key = factory.LazyFunction(lambda: str(uuid4()))
    sha256 = factory.LazyFunction(lambda: objects.put(b"id,y\n1,0.5\n").sha256)
    size = 11
    original_name = "reponse.csv"
    received_at = first_byte_at = status_since = factory.LazyFunction(_now)
    quota_day = factory.LazyAttribute(lambda o: clock.paris_day(o.received_at))
    day_slot = factory.SelfAttribute("number")
    total_slot = factory.SelfAttribute("number")
    receipt = '{"key_id": null, "payload": {}, "signature": null}'


def holdout_of(challenge: Challenge) -> HoldoutVersion:
    """Return the held-out version of a challenge: rows only, no sealed file."""
    holdout, _ = Holdout.objects.get_or_create(
        owner=challenge.organiser, name=challenge.slug, defaults={"created_at": _now()}
    )
    version = holdout.versions.first()
    if version is None:
        with immutable.writes(HoldoutVersion):
            version = HoldoutVersion.objects.create(
                holdout=holdout, number=1, ciphertext_sha256="0" * 64, registered_at=_now()
            )
    return version


def rescoring_of(phase: Phase, by: User, **values: Any) -> Rescoring:
    """Make a change of scoring at hand: the same figures on another edition of the answers."""
    former = phase.tasks.get(current=True)
    last = former.holdout.holdout.versions.order_by("-number").values_list("number", flat=True)[0]
    with immutable.writes(HoldoutVersion):
        version = HoldoutVersion.objects.create(
            holdout=former.holdout.holdout,
            number=last + 1,
            ciphertext_sha256="1" * 64,
            registered_at=_now(),
            compiled_keys_sha256=former.holdout.compiled_keys_sha256,
            compiled_at=former.holdout.compiled_at,
        )
    task = PhaseTask.objects.create(
        phase=phase,
        name=former.name,
        scorer_version=former.scorer_version,
        holdout=version,
        current=False,
    )
    given = {"reason": "Des réponses étaient fausses.", "proposed_at": _now()} | values
    return Rescoring.objects.create(phase=phase, task=task, former=former, proposed_by=by, **given)


def reveal_of(phase: Phase, *, at: datetime | None = None, **people: User) -> Reveal:
    """Publish the final results of a phase, as two people did at this moment."""
    at = at or _now()
    given = {"proposed_by": UserFactory(), "decided_by": UserFactory()} | people
    return Reveal.objects.create(
        phase=phase, proposed_at=at, decided_at=at, executed_at=at, **given
    )


def evaluation_of(entry: Entry) -> Evaluation:
    """Make the finished evaluation of an entry."""
    challenge = entry.enrolment.phase.challenge
    scorer, _ = Scorer.objects.get_or_create(challenge=challenge, key="metriques")
    version, _ = ScorerVersion.objects.get_or_create(
        scorer=scorer, number=1, defaults={"spec": {}, "digest": "0" * 64, "created_at": _now()}
    )
    return Evaluation.objects.create(
        entry=entry,
        scorer_version=version,
        holdout=holdout_of(challenge),
        state=EvaluationState.DONE,
        started_at=_now(),
        finished_at=_now(),
    )


def score(
    entry: Entry,
    value: float = 0.25,
    split: Split = Split.PUBLIC,
    metric: str = "mae",
    interval: tuple[float, float] | tuple[None, None] = (None, None),
) -> Score:
    """Release a figure of an entry."""
    evaluation = entry.evaluations.first() or evaluation_of(entry)
    with immutable.writes(Score):
        made = Score(
            evaluation=evaluation,
            split=split,
            metric=metric,
            value=value,
            value_text=f"{value:.4f}",
            low=interval[0],
            high=interval[1],
            released_at=_now(),
        )
        made.save()
    return made


class ScoreReceiptFactory(factory.django.DjangoModelFactory):
    """A score receipt, unsigned: ScoreReceiptFactory(entry=…, replaces=the former one)."""

    class Meta:
        model = ScoreReceipt

    entry = factory.SubFactory(EntryFactory, scored=True)
    evaluation = factory.LazyAttribute(lambda o: o.entry.evaluations.get())
    task = 0
    replaces = None
    serial = factory.LazyAttribute(lambda o: o.replaces.serial + 1 if o.replaces else 1)
    reason = factory.LazyAttribute(lambda o: "rescored" if o.replaces else "scored")
    text = factory.LazyAttribute(lambda o: f'{{"payload":{{"serial":{o.serial},"task":{o.task}}}}}')
    sha256 = factory.LazyFunction(lambda: uuid4().hex * 2)
    issued_at = factory.LazyFunction(_now)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> ScoreReceipt:
        with immutable.writes(ScoreReceipt):
            return super()._create(model_class, *args, **kwargs)


class StandingFactory(factory.django.DjangoModelFactory):
    """A row of the public board, with the interval of its primary figure."""

    class Meta:
        model = Standing

    entry = factory.SubFactory(EntryFactory, scored=True)
    team = factory.SelfAttribute("entry.enrolment.team")
    leaderboard = factory.LazyAttribute(lambda o: o.entry.enrolment.phase.leaderboards.get())
    split = Split.PUBLIC
    position = factory.LazyAttribute(lambda o: o.leaderboard.standings.count() + 1)
    rank = 1
    tier = 1
    rank_low = 1
    rank_high = 2
    cells = factory.LazyFunction(
        lambda: {"mae": {"value": 0.25, "text": "0.2500", "low": 0.2, "high": 0.3}}
    )
    interval_low = 0.2
    interval_high = 0.3
    computed_at = factory.LazyFunction(_now)
    source_digest = "0" * 64
