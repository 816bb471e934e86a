"""The page of the ledger: who reads it by their role filters, exports and verifies it."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.accounts import acts
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import User
from portal.accounts.space import Place
from portal.accounts.views import person
from portal.audit import invariants, reading
from portal.audit.reading import Told
from portal.audit.record import reference
from portal.lib import rates
from portal.lib.prose.numbers import number
from portal.lib.refusals import QuotaSpent
from portal.lib.storage.files import csv_answer
from portal.lib.web.fields import line
from portal.lib.web.requests import get_or_post

may_read = partial(has_permission, permission=Permission.AUDIT_READ)
PLACE = Place(gettext_lazy("Journal"), "history", "ledger", may_read)
PER_PAGE, EXPORTED, BREACHES_SHOWN, VERIFY_SECONDS, PEOPLE = 50, 50_000, 20, 600, 20
# First words of the acts whose detail is read here. That of the others may quote what only those
# concerned read: entries, contributions, people.
DETAILED = frozenset(
    (
        "access_request",
        "data_file",
        "dataset",
        "extract",
        "grant",
        "opening",
        "opinion",
        "release",
        "return",
    )
)

# Acts whose detail names what they are of: the grant by which a file is read.
TELLING = frozenset(("data_file.read", "access.denied"))

# What the apps add at start: what a number that people write names, the number and the address of
# what the ledger names.
finders: list[Callable[[str], Iterable[Model]]] = []
namers: list[Callable[[Collection[str]], dict[str, tuple[str, str]]]] = []


class LedgerForm(forms.Form):
    """What is looked for in the ledger."""

    acte = forms.RegexField(
        r"^[a-z_]+(\.[a-z_]*)?$",
        label=gettext_lazy("Acte"),
        required=False,
        max_length=80,
        error_messages={"invalid": gettext_lazy("Choisissez un acte de la liste.")},
    )
    qui = line(gettext_lazy("Qui"), 120)
    objet = line(gettext_lazy("Objet ou numéro"), 120)
    du = forms.DateField(label=gettext_lazy("Du"), required=False)
    au = forms.DateField(label=gettext_lazy("Au"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            kind = "date" if name in ("du", "au") else "text"
            field.widget = forms.TextInput(attrs={"class": "input input-s", "type": kind})
        every = [("", gettext_lazy("Tous")), *acts.choices()]
        self.fields["acte"].widget = forms.Select(attrs={"class": "input input-s"}, choices=every)

    def clean(self) -> dict[str, Any]:
        """Refuse days that are not in their order."""
        read = super().clean() or {}
        if read.get("du") and read.get("au") and read["au"] < read["du"]:
            self.add_error("au", _("Cette date vient avant « Du »."))
        return read

    def rows(self) -> Any:
        """Select what is looked for; all, where the form is wrong."""
        found: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        since: date | None = found.get("du")
        about = found.get("objet", "")
        return reading.ledger(
            action=found.get("acte", ""),
            actors=_people(found["qui"]) if found.get("qui") else None,
            about=about,
            named=[reference(row) for find in finders for row in find(about)],
            telling=TELLING,
            since=since,
            until=found.get("au"),
        )


@get_or_post
def page(request: HttpRequest) -> HttpResponse:
    """List acts, the last one first; posted, verify the whole chain and say what it gives."""
    by = person(request)
    _require(by)
    if request.method == "POST":
        _verify(request)
    form = LedgerForm(request.GET)
    shown = Paginator(form.rows(), PER_PAGE).get_page(request.GET.get("page"))
    told = [reading.told(each) for each in shown]
    keys = {each.actor for each in told}
    named = {each.person_key: str(each) for each in User.objects.filter(person_key__in=keys)}
    objects = {
        ref: said
        for namer in namers
        for ref, said in namer({_about(each) for each in told}).items()
    }
    context = {
        "form": form,
        "page": shown,
        "rows": [
            (
                each,
                named.get(each.actor) or _portal(each.actor),
                [
                    acts.fact_in_words(name, value)
                    for name, value in _detail(each)
                    if value not in ([], "")
                ],
                acts.said(each.action),
                objects.get(_about(each)),
            )
            for each in told
        ],
        "query": request.GET.urlencode(),
        "last": reading.last_link(),
        "most": EXPORTED,
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/ledger.html", context, status=status)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Export what the filters keep, with what ties each act to the chain."""
    _require(person(request))
    form = LedgerForm(request.GET)
    if not form.is_valid():
        return page(request)  # which says what is wrong
    head = ("seq", "at", "action", "object", "actor", "facts", "body_sha256", "prev", "hash")
    rows = [
        (
            each.seq,
            each.at.isoformat(),
            each.action,
            each.object_ref,
            each.actor,
            "; ".join(f"{name}={_joined(value)}" for name, value in _detail(each)),
            each.body_sha256,
            each.prev,
            each.hash,
        )
        for each in map(reading.told, form.rows()[:EXPORTED])
    ]
    return csv_answer([head, *rows], "journal.csv")


def _require(by: User) -> None:
    require(may_read_ledger, by)


def may_read_ledger(actor: Any) -> bool:
    """Say whether the actor reads and verifies the ledger."""
    return bool(may_read(actor))


def _people(said: str) -> list[str]:
    """Give the keys of the people of an address, or of a name that holds these words."""
    rows = User.objects.filter(Q(email__iexact=said) | Q(display_name__icontains=said))
    return list(rows.values_list("person_key", flat=True)[:PEOPLE])


def _portal(actor: str) -> str:
    """Say in words that the portal itself acted, and which part of it."""
    part = actor.removeprefix("system:")
    return actor if part == actor else _("Le portail (%(part)s)") % {"part": part}


def _about(each: Told) -> str:
    """Name what an act is of: its object, or what its detail names."""
    named = each.facts.get("grant") if each.action in TELLING else ""
    return str(named or each.object_ref)


def _detail(each: Told) -> list[tuple[str, Any]]:
    if each.action.split(".")[0] not in DETAILED:
        return []
    return sorted(each.facts.items())


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _verify(request: HttpRequest) -> None:
    """Follow the chain from its first link, one person at a time."""
    busy = QuotaSpent(_("La chaîne est déjà en cours de vérification : revenez bientôt."))
    with rates.turn("ledger.verify", most=1, seconds=VERIFY_SECONDS, busy=busy):
        breaches = list(islice(invariants.chain_breaches(), BREACHES_SHOWN))
    seq, digest = reading.last_link()
    if breaches:
        said = _("La chaîne est rompue, aux numéros : %(numbers)s. Prévenez l’administration.")
        messages.error(request, said % {"numbers": ", ".join(breaches)})
        return
    said = _("La chaîne se vérifie : %(count)s actes, jusqu’à l’empreinte %(hash)s.")
    messages.success(request, said % {"count": number(seq), "hash": digest[:12]})
