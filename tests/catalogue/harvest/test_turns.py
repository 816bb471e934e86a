"""What pasting an address may hold: one turn a person, a few in all, one deadline."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from catalogue.harvest import prefill, turns
from catalogue.standards.readers.places import Place
from catalogue.views import paste
from portal.lib import http
from portal.lib.refusals import QuotaSpent


def test_one_reading_a_person_and_a_few_in_all(settings: Any) -> None:
    settings.PASTES_AT_A_TIME = 2
    with turns.reading(1):
        with pytest.raises(QuotaSpent), turns.reading(1):
            pass
        with turns.reading(2), pytest.raises(QuotaSpent), turns.reading(3):
            pass
        with turns.reading(3):  # what was refused holds nothing
            pass
    with pytest.raises(RuntimeError), turns.reading(1):
        raise RuntimeError
    with turns.reading(1):
        pass


def test_one_deadline_for_all_the_addresses_of_a_paste(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    at, left = [1_000.0], []

    def fetch(url: str, *, seconds: float, **_options: Any) -> http.Answer:
        left.append(seconds)
        at[0] += 6
        if seconds < 6:
            raise http.NotFetched("too_slow", url=url)
        return http.Answer(url, 404, {}, b"")

    four = [Place(f"https://a.test/{n}", "https://a.test", "x", "") for n in range(4)]
    monkeypatch.setattr(prefill, "places", lambda _url: four)
    monkeypatch.setattr(prefill.http, "fetch", fetch)
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    settings.HTTP_SECONDS = 10
    with pytest.raises(http.NotFetched) as caught:
        prefill.from_address("https://a.test")
    assert (caught.value.code, left) == ("too_slow", [10, 4])


def test_what_was_read_is_kept_when_its_readme_is_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fetch(url: str, **_options: Any) -> http.Answer:
        if url.endswith("README.md"):
            raise http.NotFetched("network_away", url=url)
        return http.Answer(url, 200, {}, b"cff-version: 1.2.0\ntitle: Un outil\nmessage: M\n")

    two = [
        Place("https://a.test/CITATION.cff", "https://a.test", "cff", "CITATION.cff"),
        Place("https://a.test/README.md", "https://a.test", "readme", "README.md"),
    ]
    monkeypatch.setattr(prefill, "places", lambda _url: two)
    monkeypatch.setattr(prefill.http, "fetch", fetch)
    assert prefill.from_address("https://a.test").reading.records[0].title == "Un outil"


def test_a_second_paste_is_refused_with_what_was_given(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    monkeypatch.setattr(paste, "person", lambda _request: SimpleNamespace(pk=7))
    monkeypatch.setattr(paste, "require", lambda *_args: None)
    monkeypatch.setattr(paste, "spend", lambda _request: None)
    monkeypatch.setattr(paste, "render", lambda _r, _t, context, status: (status, context["form"]))
    monkeypatch.setattr(paste.prefill, "from_address", lambda _url: pytest.fail("it was read"))
    with turns.reading(7):
        status, form = paste.Paste().post(rf.post("/", {"url": "https://a.test/"}))
    assert status == 429
    assert form.non_field_errors() == [str(turns.OWN_BUSY)]
    assert form["url"].value() == "https://a.test/"
