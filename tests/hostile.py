"""Traps for the whole run: each kills a family of bugs where it is born."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import models
from django.db.models.query import QuerySet
from django.template import engines
from django.test import Client

_POST_FORM = re.compile(r"<form\b[^>]*\bmethod=[\"']?post\b.*?</form>", re.I | re.S)
OURS = str(settings.BASE_DIR / "templates")


class Undefined(str):
    """The text of an undefined template variable: an error, in our own templates."""

    def __contains__(self, item: object) -> bool:
        return item == "%s"

    def __mod__(self, variable: object) -> str:
        frame = sys._getframe(1)
        while frame is not None:
            context = frame.f_locals.get("context")
            template = getattr(context, "template", None)
            if template is not None:
                origin = getattr(context, "template_name", None) or template.origin.name
                if str(template.origin.name).startswith(OURS):
                    raise AssertionError(f"{origin}: « {variable} » is undefined")
                return ""
            frame = frame.f_back
        return ""


def _checked_save(real: Any) -> Any:
    def save(self: models.Model, *args: Any, **kwargs: Any) -> Any:
        named = kwargs.get("update_fields")
        if named is not None:
            dated = {f.name for f in self._meta.fields if getattr(f, "auto_now", False)}
            assert dated <= set(named), f"{type(self).__name__}.save(update_fields) forgets {dated}"
        return real(self, *args, **kwargs)

    return save


def _checked_request(real: Any) -> Any:
    def request(self: Client, **given: Any) -> Any:
        response = real(self, **given)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not response.streaming:
            for form in _POST_FORM.findall(response.content.decode()):
                assert "csrfmiddlewaretoken" in form, f"a form without a token: {form[:200]}"
        return response

    return request


def _checked_lock(real: Any) -> Any:
    def select_for_update(self: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        assert not self.query.select_related or kwargs.get("of"), (
            "select_for_update with select_related locks the joined rows too: give of="
        )
        return real(self, *args, **kwargs)

    return select_for_update


@contextmanager
def traps() -> Iterator[None]:
    """Set all traps."""
    patch = pytest.MonkeyPatch()
    patch.setattr(models.Model, "save", _checked_save(models.Model.save))
    patch.setattr(Client, "request", _checked_request(Client.request))
    patch.setattr(QuerySet, "select_for_update", _checked_lock(QuerySet.select_for_update))
    patch.setattr(engines["django"].engine, "string_if_invalid", Undefined("%s"))
    yield
    patch.undo()
