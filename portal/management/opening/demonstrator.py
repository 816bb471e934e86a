"""The six use cases, open to try on the référentiel d'essai, with the rules the Region verifies."""

from pathlib import Path

import yaml
from django.db import transaction

from catalogue.resources.models import Resource
from portal.demonstrator.enums import PrototypeState
from portal.demonstrator.models import FundingRule, Milestone, Prototype
from portal.demonstrator.registry import CASES
from portal.lib import clock
from portal.management.opening.catalogue import SOURCE

RULES = Path(__file__).with_name("demonstration") / "funding.yaml"
# The need of the opening catalogue that each use case answers.
NEEDS = {
    "UC1": "uc1-autodiagnostic",
    "UC2": "uc2-besoins-tpe",
    "UC3": "uc3-commande",
    "UC4": "uc4-conseillers-jeunes",
    "UC5": "uc5-orientation",
    "UC6": "uc6-salaries",
}


def open_cases() -> None:
    """Learn from the référentiel d'essai, then open the use cases; what is there already stays.

    What an operator loads is learnt by `build_prototypes`, and takes minutes.
    """
    from portal.demonstrator import building  # noqa: PLC0415  # slow import

    building.build(building.trial_plans())
    with transaction.atomic():
        for case in CASES:
            sheet = case.sheet
            need = Resource.objects.filter(source=SOURCE, source_id=NEEDS[sheet.code]).first()
            row, is_new = Prototype.objects.get_or_create(
                use_case=str(sheet.use_case), defaults={"need": need}
            )
            if is_new:
                Milestone.objects.create(
                    prototype=row,
                    on=clock.paris_day(clock.now()),
                    state=PrototypeState.PROTOTYPE,
                    text="S’essaie sur un référentiel écrit pour l’essai ; rien d’officiel encore.",
                )
        if not FundingRule.objects.exists():
            for rule in yaml.safe_load(RULES.read_text("utf-8")):
                FundingRule.objects.create(**rule)
