"""Write what a certificate states: the same words on the page and on the PDF."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.lib import clock

Payload = Mapping[str, Any]


def lead(payload: Payload) -> str:
    """Say in one sentence what is certified."""
    return _(
        "Le portail régional Open Emploi atteste que l’équipe « %(team)s » a obtenu le résultat "
        "ci-dessous au challenge « %(challenge)s », organisé par %(organiser)s."
    ) % {
        "team": payload["team_name"],
        "challenge": payload["challenge_title"],
        "organiser": payload["organiser"],
    }


def facts(payload: Payload, members: Sequence[str] = ()) -> list[tuple[str, str]]:
    """List what is certified: label and value; the members are those the team shows today."""
    told = [
        (_("Équipe"), payload["team_name"]),
        (_("Membres"), ", ".join(members)),
        (_("Phase"), payload["phase_name"]),
        (_("Rang"), rank(payload)),
        (_("Score"), score(payload)),
        (_("Équipes classées"), number_format(payload["teams"])),
        (
            _("Soumission"),
            _("n° %(number)s, reçue le %(date)s")
            % {"number": payload["number"], "date": _moment(payload["received_at"])},
        ),
        (
            _("Résultats publiés le"),
            date_format(datetime.fromisoformat(payload["revealed_at"]), "DATE_FORMAT"),
        ),
    ]
    return [(label, str(value)) for label, value in told if value]


def rank(payload: Payload) -> str:
    """Write the rank; a tie is said, with what it means."""
    place = payload["rank"]
    if place is None:
        return _("non classée")
    others = payload["tied_teams"] - 1
    if others < 1:
        return str(place)
    if not payload["interval"]:
        told = ngettext(
            "%(rank)s ex æquo avec %(n)s autre équipe",
            "%(rank)s ex æquo avec %(n)s autres équipes",
            others,
        )
        return told % {"rank": place, "n": number_format(others)}
    told = ngettext(
        "%(rank)s ex æquo : %(n)s autre équipe partage ce rang, l’écart n’est pas "
        "significatif (95 %%)",
        "%(rank)s ex æquo : %(n)s autres équipes partagent ce rang, les écarts ne sont pas "
        "significatifs (95 %%)",
        others,
    )
    return told % {"rank": place, "n": number_format(others)}


def score(payload: Payload) -> str:
    """Write the score with its interval and the name of its metric."""
    if not payload["value"]:
        return ""
    told = f"{decimal(payload['value'])} ({payload['metric_title']})"
    if payload["interval"]:
        low, high = map(decimal, payload["interval"])
        told += _(", intervalle à 95 %% de %(low)s à %(high)s") % {"low": low, "high": high}
    return told


def interval(payload: Payload) -> str:
    """Write both ends of the interval of the score, or nothing."""
    if not payload["interval"]:
        return ""
    low, high = map(decimal, payload["interval"])
    return _("de %(low)s à %(high)s") % {"low": low, "high": high}


def notes(payload: Payload, sha256: str) -> list[str]:
    """Write the small sentences: number, what it replaces, digests."""
    told = [
        _("Certificat n° %(serial)s, établi le %(date)s.")
        % {"serial": payload["serial"], "date": _moment(payload["issued_at"])}
    ]
    if payload["replaces"]:
        told[0] += " " + _("Il remplace le certificat n° %(serial)s.") % payload["replaces"]
    if payload.get("held_apart"):
        told.append(_("Score établi sur des données jamais montrées pendant le challenge."))
    told.append(_("Ce document résume un certificat signé (JSON, Ed25519), qui seul fait foi."))
    told.append(_("Empreinte SHA-256 du certificat : %(digest)s") % {"digest": sha256})
    told.append(_("Empreinte SHA-256 du fichier noté : %(digest)s") % {"digest": payload["sha256"]})
    return told


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(clock.PARIS)
    return _("%(day)s à %(hour)s") % {
        "day": date_format(at, "DATE_FORMAT"),
        "hour": date_format(at, "TIME_FORMAT"),
    }


def decimal(text: str) -> str:
    """Write released digits as the language does, all of them."""
    return (
        text.replace(".", str(number_format(0.5, 1, use_l10n=True))[1]) if "e" not in text else text
    )
