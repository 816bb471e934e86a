"""Four invented datasets of two demonstration producers: one open, three restricted."""

from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import LicenceStatus, ResourceKind, Scope, VersionOrigin
from catalogue.resources.models import Resource
from datasets.releases import actions as releases
from datasets.releases.actions import Description, NewFile
from datasets.releases.enums import AccessLevel, FileRole
from datasets.standards import dictionary
from portal.accounts.models import Organisation, User
from portal.management.opening import people

SOURCE = "demonstration"
FOLDER = Path(__file__).with_name("demonstration")


def publish() -> None:
    """Publish the datasets for their producers; a second pass writes nothing."""
    by = User.objects.get(username="producteur")
    for row in yaml.safe_load((FOLDER / "datasets.yaml").read_text("utf-8")):
        if not Resource.objects.filter(source=SOURCE, source_id=row["id"]).exists():
            owner = Organisation.objects.get(slug=row.get("owner", "producteur-de-demonstration"))
            _release(row, owner, by)


def _release(row: dict[str, Any], owner: Organisation, by: User) -> None:
    resource = put_online(row, owner)
    dataset = releases.describe(resource=resource, description=Description(**row["data"]), by=by)
    files = [_file(**each) for each in row["files"]]
    releases.publish(dataset=dataset, files=files, notes="Première version.", by=by)


def put_online(row: dict[str, Any], owner: Organisation) -> Resource:
    """Publish the card of a dataset; row: id, card."""
    resource = card_changes.create(
        kind=ResourceKind.DATASET,
        by=people.OPENING,
        organisation=owner,
        licences=["etalab-2.0"],
        licence_status=LicenceStatus.DECLARED,
        scope=Scope.REGIONAL,
        languages=["fr"],
        tags=["données synthétiques"],
        source=SOURCE,
        source_id=row["id"],
        **row["card"],
    )
    revision = resource.save_revision(clean=False)
    card_changes.put_online(
        resource=resource, revision=revision, by=people.OPENING, origin=VersionOrigin.OPENED
    )
    return resource


def _file(name: str, path: str, level: str, columns: str, role: str = FileRole.DATA) -> NewFile:
    known = dictionary.read((FOLDER / columns).read_bytes())
    content = (FOLDER / path).read_bytes()
    return NewFile(name, BytesIO(content), AccessLevel(level), FileRole(role), known)
