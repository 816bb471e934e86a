"""An export imported again: what it may change."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from challenges.bundles import exporting
from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge
from challenges.organising.actions import challenges
from portal.accounts.models import User
from portal.lib.refusals import Conflict, Invalid
from tests.challenges import world
from tests.challenges.bundles.foreign import own
from tests.challenges.test_exports import rows_of, written
from tests.factories.accounts import UserFactory
from tests.portal.accounts.ledger import acts as verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return world.owner()


def forged(archive: Path, settings: Mapping[str, Any] | None = None, **phase: Any) -> Path:
    """Unpack an export, its settings and their first phase changed, without its sums."""
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    place = folder / exporting.DOCUMENT
    document = yaml.safe_load(place.read_text("utf-8"))
    document["settings"]["phases"][0] |= phase
    document["settings"] |= settings or {}
    place.write_text(exporting.dump(document), encoding="utf-8")
    (folder / exporting.SUMS).write_text("", encoding="utf-8")
    return folder


def exported(challenge: Challenge, by: User, folder: Path, reference: Path) -> Path:
    """Write the export of a challenge, its reference in clear."""
    made = exports.export(challenge=challenge, by=by, reference=reference)
    return written(folder / "export.zip", made)


def programmed(folder: Path, by: User) -> Challenge:
    """Import a challenge that a program scores."""
    found = import_bundle(path=own.bundle(folder, "codabench", {}), by=by, answers={}).imported
    assert found.challenge is not None, found.errors
    return found.challenge


def test_an_export_changes_no_published_challenge(owner: User, tmp_path: Path) -> None:
    challenge = programmed(tmp_path / "d", owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / "d")
    challenge = challenges.submit(challenge=challenge, by=owner)
    challenge = challenges.publish(
        challenge=challenge, confirm_licence=True, by=UserFactory(region="moderator")
    )
    before = rows_of(challenge)
    with pytest.raises(Conflict) as refusal:
        import_bundle(path=forged(archive, max_total=999), by=owner, answers={})
    challenge.refresh_from_db()
    assert (refusal.value.code, rows_of(challenge)) == ("challenge_open", before)


@pytest.mark.parametrize("maker", ["ours", "programs"])
def test_an_export_takes_back_the_visa_that_is_awaited(
    owner: User, tmp_path: Path, maker: str
) -> None:
    ours = maker == "ours"
    challenge = world.imported(tmp_path, owner) if ours else programmed(tmp_path / "d", owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / ("niveau" if ours else "d"))
    import_bundle(path=archive, by=owner, answers={})  # the form of the export
    challenge.refresh_from_db()
    read_by_moderator = challenges.submit(challenge=challenge, by=owner)
    import_bundle(path=archive, by=owner, answers={})
    assert Challenge.objects.get().status == "in_review"  # nothing changed
    import_bundle(path=forged(archive, max_total=999), by=owner, answers={})
    assert Challenge.objects.get().status == "draft"
    assert verbs()[-1] == "challenge.settings_applied"
    with pytest.raises(Conflict):
        challenges.publish(
            challenge=read_by_moderator, confirm_licence=True, by=UserFactory(region="moderator")
        )


def test_an_export_that_closes_before_it_opens_is_refused_whole(
    owner: User, tmp_path: Path
) -> None:
    challenge = world.imported(tmp_path, owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    dates = {"opens_at": "2099-02-01T00:00:00Z", "closes_at": "2099-01-01T00:00:00Z"}
    found = import_bundle(path=forged(archive, **dates), by=owner, answers={}).imported
    assert [(one.code, one.key) for one in found.errors] == [("E_EXPORT", "settings.phases.0")]


def test_settings_that_are_refused_leave_no_draft(owner: User, tmp_path: Path) -> None:
    challenge = world.imported(tmp_path, owner)
    archive = exported(challenge, owner, tmp_path, tmp_path / "niveau")
    Challenge.objects.update(slug="ancien")
    folder = forged(archive, {"forum_url": "nulle part"})
    with pytest.raises(Invalid):
        import_bundle(path=folder, by=owner, answers={})
    assert Challenge.objects.get().slug == "ancien"
