"""The demonstration datasets: published once, marked as invented, one of them closed."""

import pytest
from django.test import Client

from datasets.enums import AccessLevel, FileRole
from datasets.models import DataFile, Dataset
from portal.management.opening import datasets, people

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_both_are_published_once_and_read_by_the_public(client: Client) -> None:
    people.open_accounts()
    datasets.publish()
    datasets.publish()

    found = Dataset.objects.order_by("pk")
    assert [(one.level, one.is_synthetic) for one in found] == [
        (AccessLevel.OPEN, True),
        (AccessLevel.RESTRICTED_PERSONAL, True),
    ]
    files = DataFile.objects.order_by("pk")
    assert [(one.name, one.role, one.level, one.rows) for one in files] == [
        ("offres-synthetiques.csv", FileRole.DATA, AccessLevel.OPEN, 6_000),
        ("parcours.csv", FileRole.DATA, AccessLevel.RESTRICTED_PERSONAL, 3_000),
        ("parcours-echantillon.csv", FileRole.SAMPLE, AccessLevel.OPEN, 200),
    ]
    for one in found:
        text = client.get(one.get_absolute_url()).content.decode()
        assert "Données synthétiques" in text
    assert "ouverture prochaine" in text
