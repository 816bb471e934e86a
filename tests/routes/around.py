"""What stands around a card in the world of the crawl."""

from collections.abc import Callable
from typing import Any

from catalogue.community.actions import alerts, collections, discussions, reports, reuses
from catalogue.contributions.actions import files as file_uploads
from catalogue.contributions.actions import review, tables
from catalogue.enums import Access, Measure, ReportOutcome, ResourceKind
from catalogue.models import Contribution, Resource
from catalogue.search.query import ResourceQuery
from portal.accounts.models import User
from portal.lib import clock
from tests.factories import contributions as make

READS_ALL_DRAFTS = ("moderator", "administrator", "auditor")


def build(world: Any, fresh: Callable[[Any, str], User]) -> None:
    """Make what people keep and bring to a card; what waits, its author and the Region read."""
    card = Resource.objects.get(slug=world.objects["resource"])
    for side in ("a", "b"):
        by, holder = fresh(world, f"referent_{side}"), world.objects[f"organisation.{side}"]
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
        used = reuses.tell_feedback(
            resource=card,
            organisation_kind="company",
            place=world.canary(own, "feedback", own, region),
            used_on=clock.paris_day(clock.now()),
            result="Un résultat.",
            by=by,
        )
        world.objects[f"feedback.{side}"] = str(used.public_id)
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
        draft = make.draft(by, kind=ResourceKind.DATASET, holder=holder)
        text = world.canary(own, "file", own)
        file = make.filed(draft, "a.csv", f"a\n{text}\n".encode(), by=by)
        world.objects[f"card_file.{side}"] = str(file.public_id)
        world.objects[f"card_file.{side}.card"] = str(draft.resource.public_id)
        _files(world, side, by)
        upload = file_uploads.begin_upload(
            contribution=make.again(draft), length=3, name=text, by=by
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
        by=fresh(world, "referent_a"),
    )
    reuses.tell_feedback(
        resource=card,
        organisation_kind="company",
        place=world.canary("member", "feedback", "member", "moderator"),
        used_on=clock.paris_day(clock.now()),
        result="Un résultat.",
        by=fresh(world, "member"),
    )
    opened = discussions.open_discussion(
        resource=card, title="Une question", body_md="Où ?", by=fresh(world, "referent_a")
    )
    told = world.canary("referent_b", "held-message", "referent_b", "moderator")
    discussions.open_discussion(
        resource=card, title=told, body_md=told, by=fresh(world, "referent_b")
    )
    world.objects |= {
        "discussion.open": str(opened.public_id),
        "message.open": str(opened.messages.get().public_id),
    }
    world.objects |= _reports(world, fresh)
    world.objects |= _offered(world, fresh)


def _files(world: Any, side: str, by: User) -> None:
    """Bring files to two cards online: one withdrawn since, one in its place, one on request."""
    own, holder = f"referent_{side}", world.objects[f"organisation.{side}"]
    told = world.canary(own, "withdrawn", own, *READS_ALL_DRAFTS)
    closed = world.canary(own, "on-request", own)
    draft = make.draft(by, kind=ResourceKind.DATASET, holder=holder, distributions=[])
    withdrawn = make.filed(draft, "a.csv", f"a\n{told}\n".encode(), by=by)
    change = make.drafts.propose(resource=_online(draft, by), by=by)
    public = make.filed(change, "a.csv", b"a\nouvert\n", by=by)
    _online(change, by)
    draft = make.draft(
        by, kind=ResourceKind.DATASET, holder=holder, distributions=[], access=Access.ON_REQUEST
    )
    asked = make.filed(draft, "a.csv", f"a\n{closed}\n".encode(), by=by)
    _online(draft, by)
    world.objects |= {
        f"card_file.withdrawn_{side}": str(withdrawn.public_id),
        f"card_file.published_{side}": str(public.public_id),
        f"card_file.on_request_{side}": str(asked.public_id),
    }


def _online(contribution: Contribution, by: User) -> Resource:
    sent = make.drafts.submit(contribution=make.again(contribution), charter=make.CHARTER, by=by)
    review.publish(contribution=sent, by=make.moderator())
    return Resource.objects.get(pk=sent.resource_id)


def _offered(world: Any, fresh: Callable[[Any, str], User]) -> dict[str, str]:
    """Have somebody propose a change of a card of each side."""
    passer, found = make.person("passante"), {}
    for side in ("a", "b"):
        name, holder = f"referent_{side}", world.objects[f"organisation.{side}"]
        told = world.canary("passer", "offered", name, *READS_ALL_DRAFTS)
        card = make.published(fresh(world, name), holder=holder)
        offered = make.offered(card, passer, summary=f"Autrement {told}")
        found[f"contribution.offered_{side}"] = str(offered.public_id)
    return found


def _reports(world: Any, fresh: Callable[[Any, str], User]) -> dict[str, str]:
    """Make a report that waits, and one upheld against each side, whose author reads why."""
    judge, found = fresh(world, "moderator"), {}
    for side in ("a", "b"):
        wrote = f"referent_{side}"
        opened = discussions.open_discussion(
            resource=Resource.objects.get(slug=world.objects["resource"]),
            title=f"Propos {side}",
            body_md="Bonjour.",
            by=fresh(world, wrote),
        )
        message = opened.messages.get()
        if message.state != "shown":
            discussions.accept(message=message, by=judge)
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


def _report(world: Any, address: str) -> Any:
    return reports.file(
        address=address,
        category="illegal",
        explanation=world.canary("visitor", "explanation", "moderator"),
        good_faith=True,
        name=world.canary("visitor", "name", "moderator"),
        email=f"visiteur{len(world.canaries)}@exemple.fr",
    )
