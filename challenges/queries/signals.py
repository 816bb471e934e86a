"""Signals in words: what a moderator reads, what a team is told; never an answer or a score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from challenges.enums import SignalKind, SignalStatus
from challenges.models import Entry, Signal, SignalTeam
from challenges.scoring.probing import Habit
from challenges.scoring.signals import Rule

KIND_WORDS: Mapping[str, str | Promise] = {
    SignalKind.DUPLICATE: gettext_lazy("Mêmes réponses"),
    SignalKind.COLLUSION: gettext_lazy("Réponses trop proches"),
    SignalKind.PROBING: gettext_lazy("Recherche des réponses"),
    SignalKind.ENSEMBLE: gettext_lazy("Moyenne d’autres équipes"),
}
STATUS_WORDS: Mapping[str, str | Promise] = {
    SignalStatus.OPEN: gettext_lazy("À regarder"),
    SignalStatus.ASKED: gettext_lazy("Équipes interrogées"),
    SignalStatus.ANSWERED: gettext_lazy("Réponses reçues"),
    SignalStatus.DISMISSED: gettext_lazy("Classé sans suite"),
    SignalStatus.ACTED: gettext_lazy("Suite donnée"),
}
STATUS_TONES: Mapping[str, tuple[str, str]] = {
    SignalStatus.OPEN: ("ocre", "circle-alert"),
    SignalStatus.ASKED: ("calanque", "hourglass"),
    SignalStatus.ANSWERED: ("ocre", "message-square"),
    SignalStatus.DISMISSED: ("pin", "circle-check"),
    SignalStatus.ACTED: ("garance", "flag"),
}
ENTRIES_SHOWN = 10


@dataclass(frozen=True)
class Row:
    """A signal of the list: its words, its state, its teams."""

    signal: Signal
    kind: str
    status: str
    tone: str
    icon: str
    teams: str


def rows(signals: Iterable[Signal]) -> list[Row]:
    """Put signals in words; their parties are prefetched."""
    found = []
    for each in signals:
        tone, icon = STATUS_TONES[each.status]
        found.append(
            Row(
                signal=each,
                kind=str(KIND_WORDS[each.kind]),
                status=str(STATUS_WORDS[each.status]),
                tone=tone,
                icon=icon,
                teams=", ".join(party.team.name for party in each.parties.all()),
            )
        )
    return found


def names_of(parties: Iterable[SignalTeam]) -> dict[str, str]:
    """Return « n° 3 (Équipe) » for each entry that a signal names, in one query."""
    named = [entry for party in parties for entry in party.entries]
    entries = Entry.objects.filter(pk__in=named).select_related("enrolment__team").order_by("pk")
    return {
        str(each.pk): _("n° %(number)d (%(team)s)")
        % {"number": each.number, "team": each.enrolment.team.name}
        for each in entries
    }


def sentences(signal: Signal, names: Mapping[str, str]) -> list[str]:
    """Say to a moderator what was found, by which entries."""
    match SignalKind(signal.kind):
        case SignalKind.DUPLICATE:
            return [_pair(pair, names) for pair in signal.evidence.get("pairs", [])][:ENTRIES_SHOWN]
        case SignalKind.COLLUSION:
            return _collusion(signal.evidence, names)
        case SignalKind.ENSEMBLE:
            return _ensemble(signal.evidence, names)
        case SignalKind.PROBING:
            habits = signal.evidence.get("habits", {})
            return [_habit(Habit(habit), entries, names) for habit, entries in habits.items()]


def _pair(pair: Sequence[str], names: Mapping[str, str]) -> str:
    return _(
        "Les soumissions %(one)s et %(two)s contiennent exactement les mêmes réponses, une fois "
        "les lignes remises dans l’ordre."
    ) % {"one": _name(pair[0], names), "two": _name(pair[1], names)}


def _collusion(evidence: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    (pair,) = evidence["pairs"]
    told = [
        _("Soumissions comparées : %(one)s et %(two)s.")
        % {"one": _name(pair[0], names), "two": _name(pair[1], names)}
    ]
    for rule, figure in sorted(evidence["figures"].items()):
        match Rule(rule):
            case Rule.RESIDUALS:
                text = _(
                    "Ce que ces réponses ont de particulier, une fois retirés la vérité et les "
                    "fichiers publiés, est corrélé à %(share)s (seuil : 99,5 %%)."
                )
            case Rule.VALUES:
                text = _(
                    "%(share)s des valeurs sont égales à six décimales, là où elles ne "
                    "viennent pas d’un fichier publié (seuil : 50 %%)."
                )
            case Rule.ERRORS:
                text = _(
                    "%(share)s des erreurs de l’une ou de l’autre sont communes et "
                    "identiques, plus de trois écarts types au-dessus des autres équipes."
                )
            case Rule.DUPLICATE:
                continue
        told.append(text % {"share": _percent(figure)})
    return told


def _ensemble(evidence: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    terms = [
        _("%(share)s de la soumission %(name)s")
        % {"share": _percent(share, 0), "name": _name(entry, names)}
        for entry, share in evidence["terms"]
    ]
    return [
        _("La soumission %(name)s est une moyenne : %(terms)s (R² au-delà de 0,9999).")
        % {"name": _name(evidence["entry"], names), "terms": ", ".join(terms)}
    ]


_HABITS: Mapping[Habit, str | Promise] = {
    Habit.SMALL_CHANGES: gettext_lazy(
        "Des soumissions successives ne changent que quelques lignes : %(entries)s."
    ),
    Habit.FLAT: gettext_lazy("Des réponses n’ont qu’une ou deux valeurs : %(entries)s."),
    Habit.PROGRESSION: gettext_lazy(
        "Des probabilités suivent une progression géométrique (p/(1 − p)) : %(entries)s."
    ),
    Habit.LONG_VALUES: gettext_lazy(
        "Plus de 20 valeurs de plus de 12 décimales touchent aux bornes : %(entries)s."
    ),
    Habit.FALL: gettext_lazy(
        "Le score public retombe au niveau de l’exemple publié après une bonne soumission : "
        "%(entries)s."
    ),
    Habit.BUDGET: gettext_lazy("Le budget de fuite, ou le nombre d’essais, est atteint."),
}


def _habit(habit: Habit, entries: Sequence[str], names: Mapping[str, str]) -> str:
    shown = [_name(each, names) for each in entries[:ENTRIES_SHOWN]]
    more = len(entries) - len(shown)
    if more > 0:
        shown.append(ngettext("%(n)d autre", "%(n)d autres", more) % {"n": more})
    return str(_HABITS[habit]) % {"entries": " ; ".join(shown)}


def observed(party: SignalTeam) -> str:
    """Say to a team what is observed: no figure, no row, no name of another team."""
    numbers = Entry.objects.filter(pk__in=party.entries).order_by("number")
    listed = [f"n° {number}" for number in numbers.values_list("number", flat=True)]
    shown = ", ".join(listed[:ENTRIES_SHOWN])
    match SignalKind(party.signal.kind):
        case SignalKind.DUPLICATE:
            text = _(
                "Une ou plusieurs de vos soumissions (%(entries)s) contiennent exactement les "
                "mêmes réponses que celles d’une autre équipe."
            )
        case SignalKind.COLLUSION:
            text = _(
                "Votre soumission %(entries)s ressemble à celle d’une autre équipe bien plus que "
                "deux travaux séparés."
            )
        case SignalKind.ENSEMBLE:
            text = _(
                "Une soumission est une moyenne de soumissions d’équipes différentes ; la vôtre "
                "(%(entries)s) en fait partie, comme résultat ou comme source."
            )
        case SignalKind.PROBING:
            text = _(
                "La suite de vos soumissions (%(entries)s) semble chercher les réponses plutôt "
                "que les prédire."
            )
    return text % {"entries": shown}


def _name(entry: str, names: Mapping[str, str]) -> str:
    return names.get(entry, _("une soumission effacée"))


def _percent(share: float, decimals: int = 2) -> str:
    return _("%(n)s %%") % {"n": number_format(100 * share, decimals, use_l10n=True)}
