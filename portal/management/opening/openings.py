"""Two openings of invented data: one published, one that its checks send back."""

from io import BytesIO
from typing import Any

import yaml

from catalogue.resources.models import Resource
from datasets.openings.actions import deposits, publication, review
from datasets.openings.actions.deposits import Said
from datasets.openings.enums import OpeningLicence
from datasets.openings.models import Opening
from datasets.releases import actions as releases
from datasets.releases.actions import Description
from datasets.releases.models import Dataset
from datasets.standards import dictionary
from portal.accounts.models import Organisation, User
from portal.management.opening import datasets


def open_tables() -> None:
    """Take each opening as far as its checks let it; a second pass writes nothing."""
    if Opening.objects.exists():
        return
    for row in yaml.safe_load((datasets.FOLDER / "openings.yaml").read_text("utf-8")):
        owner = Organisation.objects.get(slug=row["owner"])
        _open(row, datasets.put_online(row, owner))


def _open(row: dict[str, Any], card: Resource) -> None:
    restricted = Dataset.objects.get(
        resource__source=datasets.SOURCE, resource__source_id=row["restricted"]
    )
    producer = _user("producteur")
    invented = Description(is_synthetic=True, legal_basis=row["said"]["legal_basis"])
    releases.describe(resource=card, description=invented, by=producer)
    file = datasets.FOLDER / row["file"]
    columns = (datasets.FOLDER / row["columns"]).read_bytes()
    said = Said(
        card=card,
        licence=OpeningLicence.ETALAB,
        restricted=restricted,
        dictionary=dictionary.read(columns),
        **row["said"],
    )
    opening = deposits.deposit(
        opening=None,
        said=said,
        name=file.name,
        content=BytesIO(file.read_bytes()),
        attempt=0,
        by=producer,
    )
    review.admit(opening=opening, attempt=opening.attempt, by=_user("instruction"))
    report = review.check(opening)
    if report is None or not report.passed:
        return
    for name in ("dpo", "approbation"):
        review.approve(opening=opening, attempt=opening.attempt, by=_user(name))
    publication.publish(opening=opening, by=producer)


def _user(name: str) -> User:
    return User.objects.get(username=name)
