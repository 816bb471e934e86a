"""Openings in the states that tests need; each act is really done."""

import io
from dataclasses import dataclass, field
from typing import Any

from catalogue.models import Resource
from datasets.openings.actions import deposits, publication, review
from datasets.openings.actions.deposits import Said
from datasets.openings.enums import OpeningLicence, OpeningStatus
from datasets.openings.models import Opening, OpeningReport, OpeningWithdrawal
from datasets.standards import disclosure
from datasets.standards.tables import Declared
from portal.accounts.enums import RegionRole
from portal.accounts.models import Organisation, User
from portal.lib import clock, immutable
from tests.datasets.openings.tables import Row, people, written
from tests.factories.access import restricted
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.datasets import DatasetCardFactory, member

DECLARED = {"quasi_identifiers": ["zone", "trimestre", "age"]}


def again(opening: Opening) -> Opening:
    """Read an opening anew."""
    return Opening.objects.with_names().get(pk=opening.pk)


@dataclass
class World:
    """A producer, its card and its restricted dataset, and the Region's people."""

    producer: Organisation = field(default_factory=OrganisationFactory)
    officer: User = field(default_factory=lambda: UserFactory(region=RegionRole.OFFICER))
    approver: User = field(default_factory=lambda: UserFactory(region=RegionRole.APPROVER))
    other_approver: User = field(default_factory=lambda: UserFactory(region=RegionRole.APPROVER))
    dpo: User = field(default_factory=lambda: UserFactory(region=RegionRole.DPO))

    def __post_init__(self) -> None:
        self.by = member(self.producer)
        self.card: Resource = DatasetCardFactory(organisation=self.producer)
        self.restricted = restricted(self.producer)

    def said(self, **values: Any) -> Said:
        """Say all that a producer says; values: what is said otherwise."""
        told: dict[str, Any] = {
            "card": self.card,
            "title": "Entrées en formation par zone",
            "interest": "Choisir où former.",
            "legal_basis": "Mission d’intérêt public",
            "licence": OpeningLicence.ETALAB,
            "of_personal_origin": True,
            "removed": "jeton : relie les lignes d’une personne",
            "restricted": self.restricted,
            "declared": DECLARED,
        }
        return Said(**told | values)

    def deposited(
        self, rows: list[Row] | None = None, opening: Opening | None = None, **values: Any
    ) -> Opening:
        """Deposit a table that is whole."""
        content = written(people() if rows is None else rows)
        made = deposits.deposit(
            opening=opening,
            said=self.said(**values),
            name="entrees.csv",
            content=io.BytesIO(content),
            attempt=opening.attempt if opening else 0,
            by=self.by,
        )
        return again(made)

    def admitted(self, rows: list[Row] | None = None, **values: Any) -> Opening:
        """Bring an opening to its checks."""
        opening = self.deposited(rows, **values)
        return again(review.admit(opening=opening, attempt=1, by=self.officer))

    def checked(self, rows: list[Row] | None = None, **values: Any) -> Opening:
        """Bring an opening past its checks, as they end."""
        opening = self.admitted(rows, **values)
        review.check(opening)
        return again(opening)

    def approved(self, rows: list[Row] | None = None, **values: Any) -> Opening:
        """Bring an opening to its publication."""
        opening = self.checked(rows, **values)
        second = self.dpo if opening.of_personal_origin else self.other_approver
        for each in (self.approver, second):
            review.approve(opening=opening, attempt=opening.attempt, by=each)
        return again(opening)

    def published(self, rows: list[Row] | None = None, **values: Any) -> Opening:
        """Publish an opening."""
        opening = self.approved(rows, **values)
        publication.publish(opening=opening, by=self.by)
        return again(opening)


def proposed(by: User, producer: Organisation, title: str) -> Opening:
    """Write an opening that the Region examines, with a report of its checks; no file."""
    now = clock.now()
    opening = Opening.objects.create(
        producer=producer,
        title=title,
        interest=title,
        status=OpeningStatus.IN_REVIEW,
        attempt=1,
        licence=OpeningLicence.ETALAB,
        removed=title,
        proposed_by=by,
        proposed_at=now,
        agreed_by=by,
        agreed_at=now,
    )
    made = disclosure.examine(io.BytesIO(written(people())), Declared(("zone",)))
    with immutable.writes(OpeningReport):
        OpeningReport.objects.create(
            opening=opening,
            attempt=1,
            content={
                **made,
                "title": title,
                "number": opening.number,
                "attempt": 1,
                "file": {"name": "entrees.csv", "size": 1, "sha256": "0" * 64},
            },
            digest="0" * 64,
            signature="0" * 128,
            passed=True,
            made_at=now,
        )
    return opening


def withdrawal_of(opening: Opening, by: User) -> OpeningWithdrawal:
    """Ask to take an opening back, whatever its state."""
    return OpeningWithdrawal.objects.create(
        opening=opening, reason="Fuite.", proposed_by=by, proposed_at=clock.now()
    )
