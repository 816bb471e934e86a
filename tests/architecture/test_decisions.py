"""What one person proposes another decides, in the database too."""

from django.apps import apps

from portal.lib.decisions import TwoPersonDecision


def test_every_decision_takes_two_people() -> None:
    decisions = [model for model in apps.get_models() if issubclass(model, TwoPersonDecision)]
    assert decisions != []
    for model in decisions:
        names = {constraint.name for constraint in model._meta.constraints}
        named = model._meta.model_name
        assert {f"{named}_takes_two_people", f"{named}_decided_has_author"} <= names, named
