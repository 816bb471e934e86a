"""One world for the crawl: two of everything, a canary in each private text.

A canary `CNRY-owner-what` may be read by the people named for it, by nobody else. Objects are
named as the route files name them.
"""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from catalogue.community.actions import alerts, collections, reports, reuses
from catalogue.community.enums import Measure, ReportOutcome
from catalogue.contributions.actions import files as file_uploads
from catalogue.contributions.actions import review, tables
from catalogue.models import Contribution, Resource
from catalogue.resources.enums import Access, ResourceKind
from catalogue.search.query import ResourceQuery
from challenges.entries.actions import uploads
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.evaluation.enums import Split
from challenges.exchange.actions import bundles as bundle_imports
from challenges.models import (
    BundleImport,
    Certificate,
    Challenge,
    ChallengePage,
    Entry,
    Guest,
    ProgramReport,
    Registration,
    Score,
    SealedResult,
    TeamMember,
)
from challenges.organising.actions import organisers
from challenges.organising.enums import OrganiserRole, ReportAudience
from challenges.receipts import actions as receipts
from challenges.results import actions as results
from challenges.results.models import certificates as certified
from challenges.teams.actions import teams
from datasets import gate
from datasets.access.actions import grants
from datasets.access.actions import review as examination
from datasets.access.enums import RefusalReason
from datasets.access.models import AccessRequest, Extract, Grant
from datasets.openings.models import Opening, OpeningWithdrawal
from datasets.releases import uploads as release_uploads
from datasets.releases.actions import keep
from datasets.releases.enums import AccessLevel
from datasets.releases.models import PendingRelease
from portal.accounts.actions import appointments, invitations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import User
from portal.discussions import actions as discussions
from portal.lib import clock, immutable
from portal.lib.storage import objects
from tests.challenges.pages import scenes
from tests.factories import access as lent
from tests.factories import accounts as people
from tests.factories import catalogue as cards
from tests.factories import challenges as arena
from tests.factories import code as coded
from tests.factories import contributions as proposals
from tests.factories import datasets as data
from tests.factories import disqualifications as disqualified
from tests.factories import findings, harvests, openings

COLUMN = {
    "name": "zone",
    "type": "string",
    "description": "Zone d’emploi",
    "filled": 100,
    "distinct": 1,
    "protection": "free",
}
# A figure that no page may show before the reveal; searched at 3 to 12 digits.
PRIVATE_VALUE = 0.738194652871


@dataclass
class World:
    """People by the name of their part, objects by the name of the route files."""

    people: dict[str, User | None] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, frozenset[str]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))
    folder: Path = Path()

    def canary(self, owner: str, what: str, *readers: str) -> str:
        """Make a canary that only these people may read."""
        text = f"CNRY-{owner}-{what}-{next(self.numbers):04d}"
        self.canaries[text] = frozenset(readers)
        return text


# person → the rows of the matrix that they hold, and the side they stand on.
PARTS: dict[str, tuple[tuple[str, ...], str]] = {
    "anonymous": (("ANO",), ""),
    "member": (("MEM",), ""),
    "contributor_a": (("MEM", "OM", "REQ"), "a"),
    "referent_a": (("MEM", "OA"), "a"),
    "referent_b": (("MEM", "OA"), "b"),
    "captain_a": (("MEM", "TC"), "a"),
    "mate_a": (("MEM", "TM", "NAM"), "a"),
    "captain_b": (("MEM", "TC"), "b"),
    "organiser": (("MEM", "ORG"), "a"),
    "producer": (("MEM", "PRO", "OA"), "p"),
    "moderator": (("MEM", "MOD"), ""),
    "officer": (("MEM", "OFF"), ""),
    "approver": (("MEM", "APP"), ""),
    "administrator": (("MEM", "ADM"), ""),
    "dpo": (("MEM", "DPO"), ""),
    "auditor": (("MEM", "AUD"), ""),
}
REGION = {
    "moderator": RegionRole.MODERATOR,
    "officer": RegionRole.OFFICER,
    "approver": RegionRole.APPROVER,
    "administrator": RegionRole.ADMINISTRATOR,
    "dpo": RegionRole.DPO,
    "auditor": RegionRole.AUDITOR,
}
READS_REQUESTS = ("officer", "approver", "administrator", "dpo", "auditor")
READS_ALL_DRAFTS = ("moderator", "administrator", "auditor")


def build() -> World:
    """Make the world."""
    world = World()
    _people(world)
    _organisations(world)
    _contributions(world)
    _around_a_card(world)
    _sources(world)
    _datasets(world)
    _access(world)
    _challenges(world)
    _accounts(world)
    return world


def _people(world: World) -> None:
    for name in PARTS:
        if name == "anonymous":
            world.people[name] = None
        else:
            region = {"region": str(REGION[name])} if name in REGION else {}
            world.people[name] = people.UserFactory(
                username=name,
                email=f"{world.canary(name, 'address', name, *ADDRESS_READERS.get(name, ()))}"
                "@exemple.test".lower(),
                display_name=f"Personne {name}",
                **region,
            )


# The referent reads the addresses of the members, the organiser of a challenge those of captains;
# so do, of organisations, administration and protection of data.
ADDRESS_READERS = {
    "captain_a": ("organiser",),
    "captain_b": ("organiser",),
    "contributor_a": ("referent_a", "administrator", "dpo"),
    # Named in a request for data.
    "mate_a": ("contributor_a", *READS_REQUESTS),
    "referent_a": ("administrator", "dpo"),
    "referent_b": ("administrator", "dpo"),
}


def _organisations(world: World) -> None:
    for side, members in (
        ("a", (("referent_a", Role.REFERENT), ("contributor_a", Role.CONTRIBUTOR))),
        ("b", (("referent_b", Role.REFERENT),)),
        ("p", (("producer", Role.REFERENT),)),
        ("c", (("organiser", Role.REFERENT),)),
    ):
        holder = people.OrganisationFactory(slug=f"organisation-{side}")
        for name, role in members:
            people.MembershipFactory(user=world.people[name], organisation=holder, role=role)
        world.objects[f"organisation.{side}"] = holder
    world.objects["organisation.own"] = "organisation-a"
    world.objects["organisation.other"] = "organisation-b"


def _fresh(world: World, name: str) -> User:
    person = world.people[name]
    assert person is not None
    return User.objects.get(pk=person.pk)


def _contributions(world: World) -> None:
    published = proposals.published(_fresh(world, "referent_a"), holder=_holder(world, "a"))
    world.objects["resource"] = published.slug
    world.objects["resource.id"] = str(published.public_id)
    idea = cards.ResourceFactory(published=True, kind="idea", organisation=_holder(world, "a"))
    world.objects |= {"idea": idea.slug, "idea.id": str(idea.public_id)}
    for side, name in (("a", "referent_a"), ("b", "referent_b")):
        readers = {"a": ("referent_a",), "b": ("referent_b",)}[side]
        told = world.canary(name, "draft", *readers, *READS_ALL_DRAFTS)
        made = proposals.draft(
            _fresh(world, name),
            kind=ResourceKind.NEED,
            holder=_holder(world, side),
            title=f"Un brouillon {told}",
            summary=f"Un résumé {told}",
        )
        world.objects[f"contribution.draft_{side}"] = str(made.public_id)
        world.objects[f"contribution.card_{side}"] = str(made.resource.public_id)
    told = world.canary("referent_b", "submitted", "referent_b", *READS_ALL_DRAFTS)
    sent = proposals.submitted(
        _fresh(world, "referent_b"), holder=_holder(world, "b"), title=f"Une proposition {told}"
    )
    world.objects["contribution.submitted"] = str(sent.public_id)


def _sources(world: World) -> None:
    for side, name in (("a", "referent_a"), ("b", "referent_b")):
        told = world.canary(name, "source", name, *READS_ALL_DRAFTS)
        source = harvests.SourceFactory(
            title=f"Catalogue {told}", organisation=_holder(world, side), approved=True
        )
        run = harvests.HarvestRunFactory(
            source=source,
            complete=True,
            lines=[{"id": told, "title": told, "state": "refused", "message": told}],
        )
        world.objects[f"source.{side}"] = str(source.public_id)
        world.objects[f"run.{side}"] = str(run.public_id)


def _holder(world: World, side: str) -> Any:
    return world.objects[f"organisation.{side}"]


def _datasets(world: World) -> None:
    for name, side in (("published", "p"), ("sibling", "b")):
        card = data.DatasetCardFactory(organisation=_holder(world, side), slug=f"jeu-{name}")
        release = data.ReleaseFactory(dataset=data.DatasetFactory(resource=card))
        reader = {"p": "producer", "b": "referent_b"}[side]
        secret = world.canary(reader, "restricted-file", reader)
        file = data.DataFileFactory(
            release=release,
            name=f"restreint-{name}.csv",
            level=AccessLevel.RESTRICTED_BUSINESS,
            content=f"zone,effectif\n{secret},1\n".encode(),
            schema=[COLUMN],
        )
        world.objects[f"dataset.{name}"] = card.slug
        _coming(world, name, release.dataset, reader)
        key = "file.restricted" if name == "published" else "file.sibling"
        world.objects[key] = str(file.public_id)
        _opening(world, side, reader)
    _opened(world)


def _opened(world: World) -> None:
    """Open a table to everybody."""
    card = data.DatasetCardFactory(organisation=_holder(world, "p"), slug="jeu-ouvert")
    release = data.ReleaseFactory(dataset=data.DatasetFactory(resource=card))
    opening = openings.proposed(_fresh(world, "producer"), _holder(world, "p"), "Ouverte")
    Opening.objects.filter(pk=opening.pk).update(
        status="published",
        release=release,
        approver=people.UserFactory(),
        approved_at=clock.now(),
        second_approver=people.UserFactory(),
        second_approved_at=clock.now(),
    )
    world.objects["dataset.opened"] = card.slug


def _coming(world: World, name: str, dataset: Any, reader: str) -> None:
    """Begin to send a file of a release, and have one refused."""
    by, told = _fresh(world, reader), world.canary(reader, "release-upload", reader)
    upload = release_uploads.begin(dataset=dataset, length=3, name=told, by=by)
    fault = {"file": told, "code": "type", "line": 0}
    asked = {"dataset": dataset, "asked_by": by, "asked_at": clock.now(), "files": []}
    pending = PendingRelease.objects.create(**asked, state="refused", faults=[fault])
    world.objects[f"release_upload.{name}"] = str(upload.pk)
    world.objects[f"pending_release.{name}"] = str(pending.public_id)


DECIDES_ON_DATA = ("officer", "approver", "administrator", "dpo", "auditor")


def _opening(world: World, side: str, producer: str) -> None:
    """Propose to open a dataset of a producer, with a report; ask to take it back."""
    told = world.canary(producer, "opening", producer, *DECIDES_ON_DATA)
    opening = openings.proposed(_fresh(world, producer), _holder(world, side), told)
    kept = keep(io.BytesIO(f"zone\n{world.canary(producer, 'deposit')}\n".encode()))
    Opening.objects.filter(pk=opening.pk).update(
        legal_basis=told,
        changes_asked=told,
        file_name=f"{told}.csv",
        deposit_sha256=kept.sha256,
        deposit_keys=kept.keys,
        dictionary={"zone": {"type": "string", "description": told}},
    )
    name = "own" if side == "p" else "sibling"
    world.objects[f"opening.{name}"] = str(opening.public_id)
    asked = openings.withdrawal_of(opening, people.UserFactory(region=RegionRole.OFFICER))
    OpeningWithdrawal.objects.filter(pk=asked.pk).update(reason=told)
    world.objects[f"withdrawal.{name}"] = str(asked.public_id)


# What a request says that only those who have a say read.
KEPT = ("service", "use_cases", "beneficiaries", "legal_basis", "impact_assessment", "security")


def _access(world: World) -> None:
    """Ask for data of one producer, and for others that no part has a say in."""
    asking = lent.World(
        producers=[_holder(world, "p")],
        organisation=_holder(world, "a"),
        officer=_fresh(world, "officer"),
        approver=_fresh(world, "approver"),
        dpo=_fresh(world, "dpo"),
        reader=_fresh(world, "mate_a"),
    )
    asking.by, asking.hands = _fresh(world, "contributor_a"), [_fresh(world, "producer")]
    _lent_table(world, asking, "contributor_a", "mate_a")
    seen = ("contributor_a", "producer", *READS_REQUESTS)
    persons = [asking.reader.email, _named(world, "contributor_a", *READS_REQUESTS)]
    draft = asking.draft(**_kept(world, asking, "draft-request", "contributor_a"), persons=[])
    sent = asking.admitted(**_kept(world, asking, "request", *seen), persons=persons)
    said = _kept(world, asking, "granted-request", *seen, "mate_a") | PUBLIC
    grant = asking.active(**said, persons=persons)
    by_dataset = {each.is_dpo: str(each.public_id) for each in sent.opinions.all()}
    world.objects |= {
        "request.draft": str(draft.public_id),
        "request.sent": str(sent.public_id),
        "opinion.producer": by_dataset[False],
        "opinion.dpo": by_dataset[True],
        "grant.active": str(grant.public_id),
        "named.active": str(grant.request.named_users.get(user=asking.reader).public_id),
        "return.active": str(grant.request.returns.get().public_id),
        "request.refused": _refused(world, asking),
        "grant.ended": _ended(world, asking, *seen, "mate_a"),
    }
    other = lent.World(officer=asking.officer, approver=asking.approver, dpo=asking.dpo)
    draft = other.draft(**_kept(world, other, "other-draft"))
    sent = other.admitted(**_kept(world, other, "other-request", *READS_REQUESTS))
    said = _kept(world, other, "other-granted", *READS_REQUESTS) | PUBLIC
    foreign = other.active(**said)
    lent.build_extracts()
    extract_of = {each.granted.grant_id: str(each.public_id) for each in Extract.objects.all()}
    world.objects |= {
        "extract.lent": extract_of[grant.pk],
        "extract.other": extract_of[foreign.pk],
        "request.other_draft": str(draft.public_id),
        "request.other": str(sent.public_id),
        "opinion.other": str(sent.opinions.exclude(dataset=None)[0].public_id),
        "grant.other": str(foreign.public_id),
        "named.other": str(foreign.request.named_users.all()[0].public_id),
        "return.other": str(foreign.request.returns.get().public_id),
    }


# What the public register says of a grant.
PUBLIC = {"title": "Former où l’on recrute", "returns": [("Un tableau et son code", 6)]}


def _kept(world: World, asking: lent.World, what: str, *readers: str) -> dict[str, Any]:
    """Write a canary in each text of a request, its title and its public summary too."""
    texts: dict[str, Any] = {
        name: world.canary("requester", f"{what}-{name}", *readers) for name in KEPT
    }
    texts["service"] = f"{texts['service']} {lent.SERVICE}"
    told = world.canary("requester", what, *readers)
    why = dict.fromkeys(("jeton", "zone"), world.canary("requester", f"{what}-why", *readers))
    return texts | {
        "title": f"Un projet {told}",
        "summary": told,
        "datasets": {each: {**why, "sortie": ""} for each in asking.datasets},
        "returns": [(world.canary("requester", f"{what}-return", *readers), 6)],
    }


def _named(world: World, *readers: str) -> str:
    """Name a person who has no account."""
    return f"{world.canary('named', 'address', *readers)}@exemple.fr".lower()


def _lent_table(world: World, asking: lent.World, *readers: str) -> None:
    """Publish a table with a canary in each column: two are lent, a pseudonym and one are not."""
    who = {"zone": readers, "sortie": readers}
    cells = (world.canary("lent", each, *who.get(each, ())) for each in lent.COLUMNS)
    asking.publish(",".join(cells))


def _refused(world: World, asking: lent.World) -> str:
    """Refuse a request after changes and opinions, each with its text."""
    refused = asking.advised(persons=[asking.reader.email])
    whole = ("contributor_a", *READS_REQUESTS)
    for opinion in refused.opinions.all():
        also = () if opinion.is_dpo else ("producer",)
        opinion.text = world.canary("region", "opinion", *whole, *also)
        opinion.save()
    examination.refuse(
        request=refused,
        reason=RefusalReason.SAFEGUARDS,
        text=world.canary("region", "decision", *whole),
        edits=refused.edits,
        by=asking.approver,
    )
    AccessRequest.objects.filter(pk=refused.pk).update(
        changes_asked=world.canary("region", "changes", *whole),
        override=world.canary("region", "override", *whole),
    )
    return str(refused.public_id)


def _ended(world: World, asking: lent.World, *readers: str) -> str:
    """Suspend a grant, revoke it and have its destruction attested, each with its text."""
    grant = asking.active(persons=[asking.reader.email])
    told = (world.canary("grant", each, *readers) for each in ("suspended", "revoked", "closed"))
    grants.suspend(grant=grant, text=next(told), by=asking.hands[0])
    grants.resume(
        grant=Grant.objects.get(pk=grant.pk),
        text=world.canary("grant", "resumed", *readers),
        by=asking.approver,
    )
    grants.suspend(grant=grant, text=world.canary("grant", "again", *readers), by=asking.hands[0])
    grants.revoke(grant=grant, text=next(told), by=asking.approver)
    grants.attest_destruction(grant=grant, text=next(told), by=asking.by)
    return str(grant.public_id)


def _challenges(world: World) -> None:
    organiser = _fresh(world, "organiser")
    holder = _holder(world, "c")
    opened = arena.ChallengeFactory(
        opened=True, slug="defi-ouvert", organiser=holder, owner=organiser
    )
    closed = arena.ChallengeFactory(
        closed=True, slug="defi-clos", organiser=holder, owner=organiser
    )
    told = world.canary("organiser", "draft-challenge", "organiser", *READS_ALL_DRAFTS)
    draft = arena.ChallengeFactory(
        slug="defi-brouillon", organiser=holder, owner=organiser, summary=f"Bientôt {told}"
    )
    arena.PhaseFactory(challenge=draft, opened=True)
    ChallengePage.objects.create(challenge=draft, index=0, title=told, body_md=told, body_html=told)
    other = arena.ChallengeFactory(opened=True, slug="defi-autre", organiser=_holder(world, "b"))
    world.objects |= {
        "challenge.open": opened.slug,
        "challenge.closed": closed.slug,
        "challenge.draft": draft.slug,
        "challenge.other": other.slug,
    }
    arena.add_file(opened, "train.csv", b"id,x\n1,2\n")
    world.objects["challenge.open.file"] = "train.csv"
    _discussion(world, opened)
    invited = organisers.invite(
        challenge=opened,
        email=f"{world.canary('organiser', 'invited', 'organiser')}@exemple.fr",
        role=OrganiserRole.JURY,
        by=organiser,
    )
    world.objects["organiser.invited"] = str(invited.public_id)
    now = clock.now()
    guest = Guest.objects.create(
        challenge=opened,
        email=f"{world.canary('organiser', 'guest', 'organiser')}@exemple.fr",
        sent_by=organiser,
        sent_at=now,
        expires_at=now + timedelta(days=30),
    )
    world.objects["guest.open"] = str(guest.public_id)
    world.objects["guest.open.token"] = guest.token
    world.objects["organiser.open"] = str(opened.organisers.get().pk)
    world.objects["board.open"] = str(opened.leaderboards.get().pk)
    scenes.with_contract(opened)
    scenes.compile_keys(opened, ["1", "2"])
    change = arena.rescoring_of(opened.phases.get(), organiser)
    world.objects["rescoring.open"] = str(change.public_id)
    world.objects["rescoring.task"] = str(change.task.key)
    for challenge, suffix in ((opened, ""), (closed, "_closed")):
        for side in ("a", "b"):
            _team(world, challenge, side, suffix)
    _revealed(world, organiser, holder)
    _code(world, organiser, holder)
    _awaited(world, opened)
    for challenge in (opened, closed, Challenge.objects.get(slug="defi-revele")):
        _hidden_board(challenge)


def _hidden_board(challenge: Any) -> None:
    """Rank the entries on a board that nobody is shown, then sign what each scored."""
    phase = challenge.phases.get()
    main = phase.leaderboards.get()
    board = arena.LeaderboardFactory(
        phase=phase, key=f"{challenge.slug}-interne", title="Interne", hidden=True
    )
    board.columns.exclude(pk=board.primary_id).delete()
    board.columns.update(key="interne")
    for entry in Entry.objects.filter(enrolment__phase=phase, status=EntryStatus.SCORED):
        scores = [arena.score(entry, PRIVATE_VALUE, metric="interne")]
        figure = {"value": PRIVATE_VALUE, "text": f"{PRIVATE_VALUE:.4f}", "low": None, "high": None}
        arena.StandingFactory(entry=entry, leaderboard=board, cells={"interne": figure})
        evaluation = entry.evaluations.get()
        scores += Score.objects.filter(evaluation=evaluation, metric="mae", split=Split.PUBLIC)
        evaluations.issue_score_receipt(evaluation, scores, provenance={}, at=clock.now())
        # No action writes them before the reveal: the pages must not show them even then.
        if challenge.slug != "defi-revele":
            arena.score(entry, PRIVATE_VALUE, split=Split.PRIVATE)
            private = {"leaderboard": main, "split": Split.PRIVATE, "cells": {"mae": figure}}
            arena.StandingFactory(entry=entry, **private)


def _discussion(world: World, opened: Any) -> None:
    """Make a thread with an answer, and another whose message is hidden."""
    by, judge = _fresh(world, "member"), _fresh(world, "moderator")
    thread = discussions.open_discussion(on=opened, title="Une question", body_md="Où ?", by=judge)
    hidden = discussions.open_discussion(
        on=opened,
        title="Caché",
        body_md=world.canary("member", "hidden-post", "organiser", "moderator"),
        by=by,
    )
    discussions.hide(message=hidden.messages.get(), reason="Hors sujet.", by=judge)
    world.objects |= {
        "thread.open": str(thread.public_id),
        "thread.hidden": str(hidden.public_id),
        "post.open": str(thread.messages.get().public_id),
    }


def _awaited(world: World, opened: Any) -> None:
    """Make what waits for an answer: a registration, an entry under examination."""
    asked = Registration.objects.create(
        challenge=opened, user=_fresh(world, "member"), state="pending", at=clock.now()
    )
    team = arena.TeamFactory(challenge=opened, name="Équipe examinée")
    told = world.canary("examined", "file")
    examined = arena.EntryFactory(
        enrolment=arena.EnrolmentFactory(team=team),
        status=EntryStatus.NEEDS_ATTENTION,
        original_name=f"{told}.csv",
        note=told,
    )
    world.objects["registration.asked"] = str(asked.pk)
    world.objects["entry.examined"] = str(examined.pk)
    _disqualifications(world, opened)


def _disqualifications(world: World, opened: Any) -> None:
    """Ask the Region to disqualify each side's team, and another one; one has replied."""
    region = ("moderator", "administrator")
    for side in ("a", "b"):
        team = opened.teams.get(name=f"Équipe {side}")
        readers = (f"captain_{side}", *(["mate_a"] if side == "a" else []), "organiser", *region)
        made = disqualified.asked(
            team=team, reason=world.canary(f"captain_{side}", "disqualification", *readers)
        )
        world.objects[f"disqualification.{side}"] = str(made.public_id)
    other = arena.TeamFactory(challenge=opened, name="Équipe mise en cause")
    world.objects["disqualification.open"] = str(disqualified.asked(team=other).public_id)


def _revealed(world: World, organiser: User, holder: Any) -> None:
    """Make a revealed challenge: audits kept to teams, details of each entry."""
    revealed = arena.ChallengeFactory(
        closed=True,
        slug="defi-revele",
        organiser=holder,
        owner=organiser,
        detailed_results=ReportAudience.TEAM,
    )
    world.objects["challenge.revealed"] = revealed.slug
    now, decider = clock.now(), _fresh(world, "moderator")
    arena.reveal_of(revealed.phases.get(), at=now, proposed_by=organiser, decided_by=decider)
    for side in ("a", "b"):
        entry = _team(world, revealed, side, "_revealed")
        team = [f"captain_{side}", *(["mate_a"] if side == "a" else [])]
        told = world.canary(f"captain_{side}", "audit", *team, "organiser")
        audit = findings.record({told: 60, "h": 60}, {told: 0.5, "h": 0.5}, shown="team")
        evaluation = entry.evaluations.get()
        findings.declare(evaluation, findings.contract({}, shown="team"))
        findings.tell(evaluation, audit)
        said = world.canary(f"captain_{side}", "report", *team, "organiser")
        ProgramReport.objects.create(evaluation=evaluation, html=f"<p>{said}</p>", written_at=now)
        arena.StandingFactory(entry=entry, split=Split.PRIVATE, position=10 + ord(side))
        world.objects[f"entry.revealed_{side}"] = str(entry.pk)
        _certified(world, entry, side, *team, "moderator", "administrator")


def _code(world: World, organiser: User, holder: Any) -> None:
    """Make a challenge of code: a trial and a run of each team, with what each printed."""
    made = arena.ChallengeFactory(
        opened=True, slug="defi-code", organiser=holder, owner=organiser, title="Défi de code"
    )
    world.objects["challenge.code"] = made.slug
    coded.plan_of(made.phases.get())
    for side in ("a", "b"):
        entry = _team(world, made, side, "_code")
        readers = [f"captain_{side}", *(["mate_a"] if side == "a" else [])]
        printed = world.canary(f"captain_{side}", "trial", *readers)
        trial = coded.trial(entry.enrolment.team, log=printed, original_name=f"{printed}.zip")
        seen = world.canary(f"captain_{side}", "run")  # the organiser's, once the phase is closed
        coded.run(entry, log=seen, detail=world.canary(f"captain_{side}", "run_detail"))
        world.objects[f"trial.team_{side}"] = str(trial.pk)


def _certified(world: World, entry: Entry, side: str, *readers: str) -> None:
    """Issue the certificate of a team to the Region; what it states is for these people."""
    team, phase = entry.enrolment.team, entry.enrolment.phase
    first = results.issue_certificate(team=team, phase=phase, by=_fresh(world, "administrator"))
    told = certified.payload_of(first)
    told |= {"team_name": world.canary(f"captain_{side}", "certificate", *readers)}
    text = receipts.sign_receipt(told | {"serial": 2})
    with immutable.writes(Certificate):
        Certificate.objects.create(
            team=team,
            phase=phase,
            entry=entry,
            serial=2,
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            replaces=first,
            issued_at=first.issued_at,
        )
    world.objects[f"team.revealed_{side}"] = str(team.public_id)


def _team(world: World, challenge: Any, side: str, suffix: str) -> Entry:
    captain = _fresh(world, f"captain_{side}")
    team = arena.TeamFactory(challenge=challenge, captain=captain, name=f"Équipe {side}{suffix}")
    readers = [f"captain_{side}"]
    if side == "a":
        mate = arena.accepted_person(challenge, _fresh(world, "mate_a"))
        arena.member_of(team, mate)
        readers.append("mate_a")
    if suffix:  # an organiser reads the files after the close
        readers.append("organiser")
    secret = world.canary(f"captain_{side}", f"entry{suffix}", *readers)
    content = f"id,y\n{secret},0.5\n".encode()
    entry: Entry = arena.EntryFactory(
        enrolment=arena.EnrolmentFactory(team=team, phase=challenge.phases.get()),
        submitted_by=captain,
        sha256=objects.put(content).sha256,
        size=len(content),
        original_name=f"{secret}.csv",
        status=EntryStatus.SCORED,
    )
    arena.score(entry)
    arena.StandingFactory(entry=entry)
    evaluation = entry.evaluations.get()
    sealed = gate.seal_result(str(PRIVATE_VALUE).encode())
    with immutable.writes(SealedResult):
        SealedResult.objects.create(
            evaluation=evaluation,
            payload=sealed.ciphertext,
            sha256=hashlib.sha256(sealed.ciphertext).hexdigest(),
            key_id=sealed.key_id,
        )
    if not suffix:
        invitation = teams.invite(team=team, email=f"invite-{side}@exemple.test", by=captain)
        place = TeamMember.objects.filter(team=team).order_by("-pk").first()
        assert place is not None
        canary = world.canary(f"captain_{side}", "upload", *readers)
        sent = uploads.begin(
            phase=challenge.phases.get(), team=team, length=9, name=f"{canary}.csv", by=captain
        )
        world.objects |= {
            f"upload.team_{side}": str(sent.pk),
            f"team.{side}": str(team.public_id),
            f"entry.team_{side}": str(entry.pk),
            f"invitation.team_{side}": str(invitation.public_id),
            f"invitation.team_{side}.token": invitation.token,
            f"invitation.team_{side}.path": invitation.path,
            f"member.team_{side}": str(place.pk),
        }
    return entry


def _import(world: World, side: str, key: str) -> None:
    """Deposit a bundle whose name and report only its owner and administrators may read."""
    readers = (f"referent_{side}", "administrator")
    name = world.canary(f"referent_{side}", "bundle", *readers)
    made = bundle_imports.deposit(
        content=io.BytesIO(b"not a zip"), filename=f"{name}.zip", by=_fresh(world, readers[0])
    ).made
    BundleImport.objects.filter(pk=made.pk).update(
        state="read",
        report={
            "errors": [],
            "warnings": [],
            "questions": [
                {
                    "key": "metric",
                    "sentence": world.canary(f"referent_{side}", "report", *readers),
                    "facts": {},
                    "hint": "",
                    "proposal": "",
                    "choices": [],
                }
            ],
        },
    )
    world.objects[f"import.{key}"] = str(made.pk)


def _accounts(world: World) -> None:
    for side, key in (("a", "own"), ("b", "other")):
        _import(world, side, key)
        referent, holder = _fresh(world, f"referent_{side}"), _holder(world, side)
        readers = (f"referent_{side}", "administrator", "dpo")
        address = world.canary(f"referent_{side}", "invited", *readers)
        invitation = invitations.send(
            organisation=holder,
            email=f"{address}@exemple.test".lower(),
            role=Role.EDITOR,
            by=referent,
        )
        request = invitations.ask(organisation=holder, by=people.UserFactory())
        member = people.MembershipFactory(organisation=holder, role=Role.EDITOR)
        world.objects |= {
            f"invitation.{key}": str(invitation.public_id),
            f"join_request.{key}": str(request.public_id),
            ("person.member" if side == "a" else "person.other_member"): str(member.user.public_id),
        }
    world.objects["letter.invitation"] = invitations.token_of(invitation)
    proposal = appointments.propose(
        kind="give",
        user=_fresh(world, "member"),
        role=RegionRole.MODERATOR,
        reason="Renfort",
        by=_fresh(world, "administrator"),
    )
    world.objects["proposal.waiting"] = str(proposal.public_id)


def _around_a_card(world: World) -> None:
    """Make what people keep and bring to a card; what waits, its author and the Region read."""
    card = Resource.objects.get(slug=world.objects["resource"])
    for side in ("a", "b"):
        by, holder = _fresh(world, f"referent_{side}"), world.objects[f"organisation.{side}"]
        own, region = f"referent_{side}", "moderator"
        search = alerts.save(
            query=ResourceQuery(q="emploi"),
            title=world.canary(own, "search", own),
            frequency="daily",
            by=by,
        )
        reuse = reuses.declare(
            resources=[card],
            title=world.canary(own, "reuse", own, region),
            url=f"https://exemple.fr/{side}",
            kind="study",
            by=by,
        )
        collection = collections.make(
            title=f"Dossier {side}", summary="", organisation=holder, by=by
        )
        collections.add(collection=collection, resource=card, by=by)
        collections.publish(collection=collection, by=by)
        world.objects |= {
            f"search.{side}": str(search.public_id),
            f"reuse.{side}": str(reuse.public_id),
            f"collection.{side}": collection.slug,
        }
        draft = proposals.draft(by, kind=ResourceKind.DATASET, holder=holder)
        text = world.canary(own, "file", own)
        file = proposals.filed(draft, "a.csv", f"a\n{text}\n".encode(), by=by)
        world.objects[f"card_file.{side}"] = str(file.public_id)
        world.objects[f"card_file.{side}.card"] = str(draft.resource.public_id)
        _files(world, side, by)
        upload = file_uploads.begin_upload(
            contribution=proposals.again(draft), length=3, name=text, by=by
        )
        world.objects[f"card_upload.{side}"] = str(upload.pk)
        told = world.canary(own, "batch", own)
        batch = tables.prepare(
            organisation=holder,
            name=f"{told}.csv",
            columns=["kind", "title"],
            rows=[[2, {"kind": "need", "title": told}, None]],
            by=by,
        )
        world.objects[f"batch.{side}"] = str(batch.public_id)
    collections.make(
        title=world.canary("referent_a", "collection", "referent_a"),
        summary="",
        organisation=world.objects["organisation.a"],
        by=_fresh(world, "referent_a"),
    )
    reuses.declare(
        resources=[card],
        title="Un atelier",
        kind="field",
        place=world.canary("member", "reuse", "member", "moderator"),
        used_on=clock.paris_day(clock.now()),
        description="Un résultat.",
        by=_fresh(world, "member"),
    )
    opened = discussions.open_discussion(
        on=card, title="Une question", body_md="Où ?", by=_fresh(world, "moderator")
    )
    told = world.canary("referent_b", "held-message", "referent_b", "moderator")
    discussions.open_discussion(on=card, title=told, body_md=told, by=_fresh(world, "referent_b"))
    world.objects |= {
        "discussion.open": str(opened.public_id),
        "message.open": str(opened.messages.get().public_id),
    }
    world.objects |= _reports(world)
    world.objects |= _offered(world)


OF_DATASETS = ("distributions", "update_frequency")


def _files(world: World, side: str, by: User) -> None:
    """Bring files to two cards online: one withdrawn since, one in its place, one on request."""
    own, holder = f"referent_{side}", world.objects[f"organisation.{side}"]
    told = world.canary(own, "withdrawn", own, *READS_ALL_DRAFTS)
    closed = world.canary(own, "on-request", own)
    draft = proposals.draft(by, kind=ResourceKind.DATASET, holder=holder, distributions=[])
    withdrawn = proposals.filed(draft, "a.csv", f"a\n{told}\n".encode(), by=by)
    change = proposals.drafts.propose(resource=_online(draft, by), by=by)
    public = proposals.filed(change, "a.csv", b"a\nouvert\n", by=by)
    _online(change, by)
    # A model: the files of a dataset on request are those of its releases.
    said = {name: told for name, told in proposals.DATASET.items() if name not in OF_DATASETS}
    draft = proposals.draft(
        by, kind=ResourceKind.MODEL, holder=holder, **said | {"access": Access.ON_REQUEST}
    )
    asked = proposals.filed(draft, "a.csv", f"a\n{closed}\n".encode(), by=by)
    _online(draft, by)
    world.objects |= {
        f"card_file.withdrawn_{side}": str(withdrawn.public_id),
        f"card_file.published_{side}": str(public.public_id),
        f"card_file.on_request_{side}": str(asked.public_id),
    }


def _online(contribution: Contribution, by: User) -> Resource:
    sent = proposals.drafts.submit(
        contribution=proposals.again(contribution), charter=proposals.CHARTER, by=by
    )
    review.publish(contribution=sent, by=proposals.moderator())
    return Resource.objects.get(pk=sent.resource_id)


def _offered(world: World) -> dict[str, str]:
    """Have somebody propose a change of a card of each side."""
    passer, found = proposals.person("passante"), {}
    for side in ("a", "b"):
        name, holder = f"referent_{side}", world.objects[f"organisation.{side}"]
        told = world.canary("passer", "offered", name, *READS_ALL_DRAFTS)
        card = proposals.published(_fresh(world, name), holder=holder)
        offered = proposals.offered(card, passer, summary=f"Autrement {told}")
        found[f"contribution.offered_{side}"] = str(offered.public_id)
    return found


def _reports(world: World) -> dict[str, str]:
    """Make a report that waits, and one upheld against each side, whose author reads why."""
    judge, found = _fresh(world, "moderator"), {}
    for side in ("a", "b"):
        wrote = f"referent_{side}"
        opened = discussions.open_discussion(
            on=Resource.objects.get(slug=world.objects["resource"]),
            title=f"Propos {side}",
            body_md="Bonjour.",
            by=_fresh(world, wrote),
        )
        message = opened.messages.get()
        if message.state != "shown":
            discussions.show(message=message, by=judge)
        report = _report(world, f"{opened.path}#m-{message.public_id}")
        reports.assess(report=report, by=judge)
        decision = reports.decide(
            report=report,
            reasons=reports.Reasons(
                outcome=ReportOutcome.UPHELD,
                measure=Measure.CORRECT,
                facts=world.canary(wrote, "facts", wrote, "moderator"),
                ground="charter",
                ground_text="Point 3 de la charte.",
            ),
            by=judge,
        )
        found[f"statement.{side}"] = str(decision.public_id)
    card = f"/ressources/{world.objects['resource']}/"
    return found | {"report.open": str(_report(world, card).public_id)}


def _report(world: World, address: str) -> Any:
    return reports.file(
        address=address,
        category="illegal",
        explanation=world.canary("visitor", "explanation", "moderator"),
        good_faith=True,
        name=world.canary("visitor", "name", "moderator"),
        email=f"visiteur{len(world.canaries)}@exemple.fr",
    )
