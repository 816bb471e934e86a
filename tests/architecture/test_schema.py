"""The initial migrations are the models and nothing else: `make schema` writes them."""

import pytest
from django.apps import AppConfig

from tests import schema


@pytest.mark.parametrize("app", schema.own_apps(), ids=lambda app: app.label)
def test_an_initial_migration_is_what_the_models_say(app: AppConfig) -> None:
    written = schema.path_of(app).read_text(encoding="utf-8")
    assert written == schema.initial(app), "A model changed: run `make schema`."
