"""Rights and initial migrations follow the models, whatever the database of the tests."""

import pytest
from django.apps import AppConfig, apps

from portal.lib.immutable import Immutable
from portal.management import rights
from tests import schema


def test_an_exception_names_a_model() -> None:
    named = {label for exceptions in rights.EXCEPTIONS.values() for label in exceptions}
    assert sorted(named - {model._meta.label for model in apps.get_models()}) == []


def test_every_app_that_keeps_rows_is_served_by_name() -> None:
    """An app that is left out gives nothing to anybody; its pages would fail on PostgreSQL."""
    labels = {model._meta.app_label for model in apps.get_models(include_auto_created=True)}
    assert set(rights.SERVED) == labels


@pytest.mark.django_db
def test_an_app_that_no_line_names_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(rights.SERVED, "catalogue")
    for kind in rights.KINDS:
        assert rights.expected(kind)["catalogue_resource"] == rights.NOTHING


@pytest.mark.parametrize("kind", rights.KINDS)
def test_what_a_challenge_writes_once_nobody_may_change(kind: str) -> None:
    """A new figure that is written once needs its line in rights.py, for each kind of process.

    A column of it may change where the line names the column.
    """
    written_once = {
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, Immutable) and model._meta.app_label == "challenges"
    }
    given = rights.EXCEPTIONS[kind]
    assert sorted(written_once - set(given)) == []
    whole = [
        label
        for label in sorted(written_once)
        if given[label].get("UPDATE") == rights.WHOLE or "DELETE" in given[label]
    ]
    assert whole == []


@pytest.mark.parametrize("app", schema.own_apps(), ids=lambda app: app.label)
def test_an_initial_migration_is_what_the_models_say(app: AppConfig) -> None:
    written = schema.path_of(app).read_text(encoding="utf-8")
    assert written == schema.initial(app), "A model changed: run `make schema`."
