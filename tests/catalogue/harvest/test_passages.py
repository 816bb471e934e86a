"""A passage over a source: each record in its turn, twice without a trace, nothing deleted."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.actions import (
    contributions,
    harvest_runs,
    harvest_sources,
    harvested,
    moderation,
    resources,
)
from catalogue.enums import ContributionStatus, RunState
from catalogue.harvest import collect, passages
from catalogue.harvest.collect import Collected
from catalogue.models import Contribution, HarvestedRecord, HarvestRun, Resource, Source
from catalogue.queries.incoming import read_all
from catalogue.standards.readers.record import Fault
from catalogue.validators import addresses
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import SourceFactory, datagouv

pytestmark = pytest.mark.django_db
HARVEST = SystemActor("harvest")
Pass = Callable[..., HarvestRun]


@pytest.fixture
def source() -> Source:
    """Make an approved source that publishes."""
    return SourceFactory(publishing=True, key="observatoire")


@pytest.fixture
def harvest(source: Source, tmp_path: Path) -> Pass:
    """Return a passage over records given as a folder of files."""

    def run(*records: Any, of: Source | None = None, preview: bool = False) -> HarvestRun:
        for old in tmp_path.glob("*.json"):
            old.unlink()
        for number, each in enumerate(records):
            text = each if isinstance(each, str) else json.dumps(each)
            (tmp_path / f"{number:03}.json").write_text(text, "utf-8")
        asked = harvest_runs.ask_here(source=of or source, by=HARVEST)
        HarvestRun.objects.filter(pk=asked.pk).update(is_preview=preview)
        return passages.carry_out(asked, by=HARVEST, place=tmp_path)

    return run


def states(run: HarvestRun) -> dict[str, int]:
    """Give the counts of a complete passage."""
    assert run.state == RunState.COMPLETE, run.message
    return run.counts


def writes(queries: CaptureQueriesContext) -> set[str]:
    """Name the tables that statements changed."""
    found = set()
    for query in queries.captured_queries:
        words = query["sql"].replace('"', "").split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            found.add(words[1] if words[0] == "UPDATE" else words[2])
    return found


def test_a_second_passage_changes_nothing(harvest: Pass) -> None:
    records = [datagouv(1), datagouv(2), datagouv(3)]
    assert states(harvest(*records)) == {"created": 3}
    card = Resource.objects.get(source="harvest:observatoire", source_id="jeu-1")
    assert (card.live, card.title, card.views, card.followers, card.reuses) == (
        True,
        "Offres d’emploi, mois 1",
        10,
        2,
        1,
    )
    assert card.licences == ["etalab-2.0"]
    assert card.provenance["title"]["origin"] == "harvest:observatoire"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        again = harvest(*records)
    assert states(again) == {"unchanged": 3}
    assert again.lines == []
    # The passage itself and its event, nothing of the catalogue.
    assert writes(queries) == {
        "catalogue_harvestrun",
        "audit_auditevent",
        "audit_auditbody",
        "audit_audithead",
    }


def test_what_changes_at_the_source_changes_here(harvest: Pass) -> None:
    harvest(datagouv(1))
    run = harvest(datagouv(1, title="Offres du mois", metrics={"views": 25, "reuses": 1}))
    assert states(run) == {"updated": 1}
    assert "title" in run.lines[0]["fields"]
    card = Resource.objects.get(source_id="jeu-1")
    assert (card.title, card.views, card.followers) == ("Offres du mois", 25, 0)
    assert card.slug == "offres-d-emploi-mois-1"


def test_counters_of_here_stay(harvest: Pass) -> None:
    harvest(datagouv(1))
    Resource.objects.filter(source_id="jeu-1").update(views=15)
    harvest(datagouv(1, metrics={"views": 30, "followers": 2, "reuses": 1}))
    assert Resource.objects.get(source_id="jeu-1").views == 35


def test_a_bad_file_stops_no_other(harvest: Pass) -> None:
    run = harvest(
        datagouv(1), '{"id": "jeu-2", "title":', datagouv(3, title="", slug=""), datagouv(4)
    )
    assert states(run) == {"created": 2, "failed": 1, "refused": 1}
    broken = next(line for line in run.lines if line["state"] == "failed")
    assert broken["id"] == "001.json"
    assert broken["message"]


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ([], "empty"),
        (["<html>en panne</html>"], "empty"),
        ([datagouv(1)], "fewer"),
    ],
)
def test_a_suspicious_passage_touches_nothing(harvest: Pass, then: list[Any], reason: str) -> None:
    harvest(*[datagouv(n) for n in range(1, 4)])
    before = list(Resource.objects.order_by("pk").values())
    with CaptureQueriesContext(connection) as queries:
        run = harvest(*then)
    assert (run.state, run.reason) == (RunState.SUSPICIOUS, reason)
    assert run.message
    assert list(Resource.objects.order_by("pk").values()) == before
    assert not HarvestedRecord.objects.exclude(missing_since=None).exists()
    assert Outbox.objects.filter(topic="mail.harvest_suspicious").count() == 1
    touched = {table for table in writes(queries) if table.startswith("catalogue_")}
    assert touched == {"catalogue_harvestrun"}


def test_what_a_source_removed_is_no_reason_to_doubt_it(source: Source, tmp_path: Path) -> None:
    """Headers of removed records stay in OAI-PMH feeds for good: two passages, the same feed."""
    Source.objects.filter(pk=source.pk).update(kind="oai")
    removed = '<record><header status="deleted"><identifier>x:{n}</identifier></header></record>'
    feed = OAI.format(rows="".join(removed.format(n=n) for n in range(9)))
    (tmp_path / "a.xml").write_text(feed, "utf-8")
    for _ in range(2):
        asked = harvest_runs.ask_here(source=Source.objects.get(pk=source.pk), by=HARVEST)
        run = passages.carry_out(asked, by=HARVEST, place=tmp_path)
        assert (run.state, run.read_count) == (RunState.COMPLETE, 1), run.message


OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{rows}
<record><header><identifier>x:a</identifier><datestamp>2026-11-01</datestamp></header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Un jeu</dc:title>
 <dc:type>Dataset</dc:type></oai_dc:dc></metadata></record></ListRecords></OAI-PMH>"""


def test_an_absent_card_is_archived_late_and_comes_back(harvest: Pass) -> None:
    both = [datagouv(1), datagouv(2)]
    harvest(*both)
    gone = HarvestedRecord.objects.get(remote_id="jeu-2")
    for _ in range(4):
        assert states(harvest(datagouv(1))) == {"unchanged": 1, "missing": 1}
    week = clock.now() - timedelta(days=7)
    HarvestedRecord.objects.filter(pk=gone.pk).update(missing_since=week, missing_runs=1)
    assert states(harvest(datagouv(1)))["missing"] == 1  # a week, but two passages
    assert states(harvest(datagouv(1)))["archived"] == 1
    card = Resource.objects.get(source_id="jeu-2")
    assert card.live
    assert card.archived_at is not None
    assert states(harvest(datagouv(1))) == {"unchanged": 1}
    back = harvest(*both)
    assert states(back) == {"unchanged": 1, "updated": 1}
    card.refresh_from_db()
    assert card.archived_at is None
    assert states(harvest(*both)) == {"unchanged": 2}


def test_what_a_person_archived_stays_so(harvest: Pass) -> None:
    harvest(datagouv(1))
    Resource.objects.update(archived_at=clock.now(), archive_reason="Remplacée.")
    assert states(harvest(datagouv(1, title="Autre titre"))) == {"updated": 1}
    assert Resource.objects.get().archived_at is not None


def edited(card: Resource, by: Any, **values: Any) -> None:
    """Change a card here, reviewed and published."""
    proposal = contributions.propose(resource=card, by=by)
    make.edit(proposal, by, **values)
    proposal.refresh_from_db()
    make.send(proposal, by)
    proposal.refresh_from_db()
    moderation.publish(contribution=proposal, by=UserFactory(region="moderator"))


def test_what_is_edited_here_wins_and_the_rest_is_proposed(harvest: Pass, source: Source) -> None:
    editor = MembershipFactory(organisation=source.organisation, role="editor").user
    harvest(datagouv(1))
    card = Resource.objects.get()
    edited(card, editor, title="Notre titre", scope="national", summary="Un résumé d’ici.")
    card.refresh_from_db()
    assert card.provenance["title"] == {"origin": "contributor", "verified": True}
    assert states(harvest(datagouv(1, tags=["emploi", "nouveau", "metiers"]))) == {"updated": 1}
    card.refresh_from_db()
    assert (card.title, "nouveau" in card.tags) == ("Notre titre", True)
    offer = Contribution.objects.get(status=ContributionStatus.DRAFT)
    assert offer.organisation == source.organisation
    assert offer.content["title"] == "Offres d’emploi, mois 1"
    assert offer.content["scope"] == "national" or "scope" not in offer.content["provenance"]
    # Once for each value: the same words do not come back after they were turned down.
    contributions.withdraw(contribution=offer, by=editor)
    harvest(datagouv(1, tags=["emploi", "autre", "metiers"]))
    assert not Contribution.objects.filter(status=ContributionStatus.DRAFT).exists()
    run = harvest(datagouv(1, title="Titre de la source", tags=["emploi", "autre", "metiers"]))
    assert run.lines[0]["proposed"] == ["title"]
    assert states(run) == {"updated": 1}


def test_a_passage_leaves_what_a_person_writes_in_its_proposal(
    harvest: Pass, source: Source
) -> None:
    editor = MembershipFactory(organisation=source.organisation, role="editor").user
    harvest(datagouv(1))
    card = Resource.objects.get()
    edited(card, editor, title="Notre titre", description="Notre description.")
    harvest(datagouv(1, tags=["emploi", "autre", "metiers"]))
    offer, card = Contribution.objects.get(status=ContributionStatus.DRAFT), Resource.objects.get()
    assert offer.base_revision == card.live_revision

    def said(name: str) -> Any:
        return Contribution.objects.get(pk=offer.pk).content[name]

    make.edit(offer, editor, title="Repris à la main")
    news = datagouv(1, title="Titre de la source", description="Description de la source.")
    run = harvest(news)
    assert run.lines[0]["proposed"] == ["description"]
    assert (said("title"), said("description")) == (
        "Repris à la main",
        "Description de la source.",
    )
    offer.refresh_from_db()
    assert said("tags") == ["emploi", "offres", "metiers"]
    assert offer.base_revision == Resource.objects.get().live_revision
    assert offer.expiry_told_at is None
    assert states(harvest(news)) == {"unchanged": 1}


def test_the_card_of_another_is_refused_and_both_are_told(harvest: Pass, source: Source) -> None:
    other = SourceFactory(publishing=True, key="autre")
    harvest(datagouv(1), of=other)
    run = harvest(datagouv(1), datagouv(2))
    assert states(run) == {"refused": 1, "created": 1}
    assert run.lines[0]["code"] == "held_by_source"
    harvest(datagouv(1), datagouv(2))
    assert Outbox.objects.filter(topic="mail.harvest_conflict").count() == 1
    assert Resource.objects.get(source_id="jeu-1").organisation == other.organisation


@pytest.mark.parametrize(
    "url",
    [
        "https://www.data.gouv.fr/fr/datasets/offres-1/",
        "http://DATA.gouv.fr/fr/datasets/offres-1?utm_source=lettre",
    ],
)
def test_a_card_written_by_another_organisation_is_refused(harvest: Pass, url: str) -> None:
    """It is found by its page, whatever the way to write it, in an index."""
    card = ResourceFactory(published=True, organisation=OrganisationFactory())
    assert card.homepage_key == addresses.same_page_digest(card.homepage_url)
    card.homepage_url = url
    card.save()
    with CaptureQueriesContext(connection) as queries:
        run = harvest(datagouv(1))
    assert run.lines[0]["code"] == "held_by_organisation"
    asked = [q["sql"] for q in queries.captured_queries if "homepage_key" in q["sql"]]
    assert not [sql for sql in asked if "LIKE" in sql and "homepage" in sql.split("LIKE")[0][-40:]]
    assert harvest(datagouv(2), datagouv(1)).counts == {"created": 1, "refused": 1}


def test_two_sources_of_one_organisation_share_a_card(harvest: Pass, source: Source) -> None:
    other = SourceFactory(
        publishing=True, organisation=source.organisation, completes=True, priority=60
    )
    harvest(datagouv(1))
    assert states(harvest(datagouv(1, title="Mieux dit"), of=other)) == {"updated": 1}
    assert Resource.objects.get().title == "Mieux dit"
    assert states(harvest(datagouv(1))) == {"unchanged": 1}


def test_a_source_of_another_organisation_adds_no_voice_to_a_card(harvest: Pass) -> None:
    stranger = SourceFactory(
        publishing=True, organisation=OrganisationFactory(), completes=True, priority=60
    )
    harvest(datagouv(1))
    run = harvest(datagouv(1, title="Détourné"), of=stranger)
    assert (states(run), run.lines[0]["code"]) == ({"refused": 1}, "held_by_source")
    assert Resource.objects.get().title == "Offres d’emploi, mois 1"


def test_a_card_that_another_source_still_has_is_not_archived(
    harvest: Pass, source: Source
) -> None:
    other = SourceFactory(publishing=True, organisation=source.organisation, completes=True)
    harvest(datagouv(1), datagouv(2))
    harvest(datagouv(1), of=other)
    gone = HarvestedRecord.objects.get(source=source, remote_id="jeu-1")
    for record, archived in ((gone, False), (HarvestedRecord.objects.get(source=other), True)):
        harvested.note_absence(record=record)
        harvested.archive(record=record, reason="Absente.", by=HARVEST)
        assert (Resource.objects.get(source_id="jeu-1").archived_at is not None) is archived


def test_what_the_region_removed_does_not_come_back(harvest: Pass) -> None:
    harvest(datagouv(1), datagouv(2))
    card = Resource.objects.get(source_id="jeu-1")
    resources.bury(resource=card, reason="illegal", by=UserFactory(region="moderator"))
    run = harvest(datagouv(1), datagouv(2))
    assert states(run) == {"skipped": 1, "unchanged": 1}
    assert run.lines[0]["code"] == "removed_here"


def test_without_the_right_to_publish_new_cards_are_reviewed(harvest: Pass) -> None:
    reviewed = SourceFactory(approved=True)
    assert states(harvest(datagouv(1), of=reviewed)) == {"created": 1}
    waiting = Contribution.objects.get()
    assert waiting.status == ContributionStatus.SUBMITTED
    assert waiting.content["title"] == "Offres d’emploi, mois 1"
    assert not Resource.objects.get().live
    assert states(harvest(datagouv(1), of=reviewed)) == {"unchanged": 1}
    assert states(harvest(datagouv(1, title="Corrigé"), of=reviewed)) == {"updated": 1}
    waiting.refresh_from_db()
    assert waiting.content["title"] == "Corrigé"
    moderation.publish(contribution=waiting, by=UserFactory(region="moderator"))
    card = Resource.objects.get()
    assert (card.live, card.title) == (True, "Corrigé")
    assert states(harvest(datagouv(1, title="Encore"), of=reviewed)) == {"updated": 1}
    card.refresh_from_db()
    assert card.title == "Encore"


def test_a_refused_card_does_not_come_back(harvest: Pass) -> None:
    reviewed = SourceFactory(approved=True)
    harvest(datagouv(1), of=reviewed)
    moderation.refuse(
        contribution=Contribution.objects.get(),
        reason="off_topic",
        message="Hors du sujet.",
        by=UserFactory(region="moderator"),
    )
    run = harvest(datagouv(1, title="Autre"), of=reviewed)
    assert run.lines[0]["code"] == "refused_here"


def test_a_preview_says_what_the_passage_does_and_writes_nothing(harvest: Pass) -> None:
    harvest(datagouv(1), datagouv(2))
    then = [datagouv(1), datagouv(2, title="Autre"), datagouv(3), datagouv(4, id="TODO")]
    preview = harvest(*then, preview=True)
    shown = [(line["id"], line["state"], line["code"]) for line in preview.lines]
    assert Resource.objects.count() == 2
    assert HarvestedRecord.objects.count() == 2
    done = harvest(*then)
    assert (
        preview.counts
        == done.counts
        == {
            "unchanged": 1,
            "updated": 1,
            "created": 1,
            "refused": 1,
        }
    )
    assert shown[1:] == [(line["id"], line["state"], line["code"]) for line in done.lines]


def test_only_one_passage_at_a_time_and_only_if_approved(source: Source) -> None:
    member = MembershipFactory(organisation=source.organisation, role="editor").user
    run = harvest_runs.ask(source=source, by=member)
    with pytest.raises(harvest_runs.Conflict):
        harvest_runs.ask(source=source, by=member)
    harvest_sources.pause(source=source, by=member)
    with pytest.raises(harvest_runs.Conflict):
        passages.carry_out(run, by=HARVEST)
    with pytest.raises(harvest_runs.Conflict):
        harvest_runs.ask(source=SourceFactory(), by=UserFactory(region="moderator"))


def test_the_schedule(source: Source) -> None:
    moderator = UserFactory(region="moderator")
    waits = SourceFactory()
    harvest_sources.approve(source=waits, publishes=True, by=moderator)
    assert harvest_runs.ask_due(by=HARVEST) == 1
    assert harvest_runs.ask_due(by=HARVEST) == 0
    waits.refresh_from_db()
    assert waits.next_run_at is not None
    assert waits.next_run_at > clock.now() + timedelta(days=6)
    run = waits.runs.get()
    long_ago = clock.now() - timedelta(hours=2)
    waits.runs.update(state=RunState.RUNNING, started_at=long_ago, beat_at=long_ago)
    harvest_runs.beat(run=run)
    harvest_runs.ask_due(by=HARVEST)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    waits.runs.update(beat_at=long_ago)
    harvest_runs.ask_due(by=HARVEST)
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.FAILED, "stopped")
    with pytest.raises(harvest_runs.Conflict):
        harvest_runs.beat(run=run)
    waits.runs.update(finished_at=clock.now() - timedelta(days=366))
    assert harvest_runs.forget_old() == 1


def test_a_passage_gives_signs_of_life(harvest: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[int] = []
    monkeypatch.setattr(harvest_runs, "beat", lambda *, run: beats.append(run.pk))
    harvest(datagouv(1), datagouv(2))
    assert beats == []
    monkeypatch.setattr(passages, "BEAT_SECONDS", 0)
    run = harvest(datagouv(1), datagouv(2))
    assert beats == [run.pk] * 4


def test_a_passage_that_was_closed_stops(harvest: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passages, "BEAT_SECONDS", 0)
    real = passages.gather

    def closing(*given: Any, **named: Any) -> Any:
        HarvestRun.objects.update(state=RunState.FAILED, finished_at=clock.now())
        return real(*given, **named)

    monkeypatch.setattr(passages, "gather", closing)
    with pytest.raises(harvest_runs.Conflict):
        harvest(datagouv(1))
    assert not Resource.objects.exists()


def test_a_card_of_the_hub_that_cannot_be_read_is_alone_not_absent(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(kind="hf")
    card = b"---\nlicense: mit\nlanguage: fr\n---\n# Appariement\n\nUn texte qui suffit ici.\n"
    pages = [f"https://huggingface.co/region/{name}" for name in ("un", "deux", "trois", "quatre")]

    def passage(*cards: Any) -> HarvestRun:
        found = Collected()
        for page, content in zip(pages, cards, strict=True):
            found.add_card(page, content)
        gathered = passages.Gathered(found, read_all(found.records))
        asked = harvest_runs.ask_here(source=source, by=HARVEST)
        return passages.carry_out(asked, by=HARVEST, gathered=gathered)

    def missing() -> set[str]:
        rows = HarvestedRecord.objects.filter(source=source, missing_since__isnull=False)
        return set(rows.values_list("remote_id", flat=True))

    assert states(passage(card, card, card, card)) == {"created": 4}
    away = Fault("status_429", "Occupé.", fatal=True)
    told = states(passage(card, away, None, card))
    assert told == {"unchanged": 2, "failed": 1, "missing": 1}
    assert missing() == {"region/trois"}


def test_a_card_without_a_known_identity_keeps_all_from_being_absent() -> None:
    found = Collected()
    found.add_card("http://miroir.example/region/un", Fault("status_429", "Occupé.", fatal=True))
    assert not found.tells_absences


def test_a_page_that_gives_less_than_it_says_ends_its_passage(
    source: Source, tmp_path: Path
) -> None:
    """A catalogue server says that it returns six records and gives one, without a fault."""
    Source.objects.filter(pk=source.pk).update(kind="csw")
    words = "<gmd:{0}><gco:CharacterString>{1}</gco:CharacterString></gmd:{0}>".format
    record = (
        "<gmd:MD_Metadata>" + words("fileIdentifier", "a")
        + "<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
        + words("title", "Offres d’emploi")
        + "</gmd:CI_Citation></gmd:citation>" + words("abstract", "Les offres déposées.")
        + "</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>"
    )  # fmt: skip
    (tmp_path / "1.xml").write_text(
        '<GetRecordsResponse xmlns="http://www.opengis.net/cat/csw/2.0.2" '
        'xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">'
        '<SearchResults numberOfRecordsMatched="6" numberOfRecordsReturned="6">'
        f"{record}</SearchResults></GetRecordsResponse>"
    )
    asked = harvest_runs.ask_here(source=source, by=HARVEST)

    run = passages.carry_out(asked, by=HARVEST, place=tmp_path)

    assert states(run) == {"created": 1, "failed": 1}
    assert "incomplete" in [line["code"] for line in run.lines]


def test_a_trial_reads_the_source_before_it_opens_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.json").write_text(json.dumps(datagouv(1)), "utf-8")
    real, open_before, seen = collect.from_folder, len(connection.atomic_blocks), []

    def read(*given: Any, **named: Any) -> Any:
        seen.append(len(connection.atomic_blocks))
        return real(*given, **named)

    monkeypatch.setattr(collect, "from_folder", read)
    call_command("harvest", "datagouv", str(tmp_path), "--dry-run")
    assert seen == [open_before]
    assert not Source.objects.exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_text(json.dumps(datagouv(number)), "utf-8")
    call_command("harvest", "datagouv", str(tmp_path), "--publish", "--dry-run")
    assert not Resource.objects.exists()
    assert not Source.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="source.").exists()
    call_command("harvest", "datagouv", str(tmp_path))
    assert Resource.objects.filter(live=False).count() == 3
    call_command("harvest", "datagouv", str(tmp_path), "--publish")
    assert Resource.objects.filter(live=True).count() == 3
    call_command("harvest", "datagouv", str(tmp_path), "--publish", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {
        "state": "complete",
        "reason": "",
        "read": 3,
        "counts": {"unchanged": 3},
        "lines": [],
    }
    with pytest.raises(CommandError, match="n’existe pas"):
        call_command("harvest", "datagouv", str(tmp_path / "rien"))
    with pytest.raises(CommandError, match="modérateur"):
        call_command("harvest", "datagouv", str(tmp_path), "--by", "personne@exemple.test")


@pytest.mark.full
@pytest.mark.slow
def test_the_625_records_of_the_corpus(shared: Path, settings: Any) -> None:
    place = shared / "cases" / "catalogue" / "datagouv-json" / "datasets"
    call_command("harvest", "datagouv", str(place), "--publish")
    assert Resource.objects.public().count() == 625
    with CaptureQueriesContext(connection) as queries:
        call_command("harvest", "datagouv", str(place), "--publish")
    assert HarvestRun.objects.complete()[0].counts == {"unchanged": 625}
    assert {t for t in writes(queries) if t.startswith("catalogue_")} == {"catalogue_harvestrun"}
