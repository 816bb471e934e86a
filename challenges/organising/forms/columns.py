"""Forms by which an organiser says what the files of a draft are, and what their columns mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from challenges.bundles.portable import read_contract
from challenges.bundles.spec import Role
from challenges.organising.forms.challenges import CODE_FILE_ROLES, FILE_ROLES
from challenges.organising.forms.scorings import (
    ANSWER,
    COLUMN,
    PARTS,
    ROWS,
    SHAPES,
    TRUTH,
    DocumentForm,
    field_of,
    shape_of,
)
from challenges.organising.tables import drawn_name, is_left_out
from challenges.scoring.contract import (
    ColumnType,
    first_named,
    written_probabilities,
    written_shape,
)
from challenges.scoring.fields import Fields, Findings, Problem
from portal.lib.prose.numbers import number
from portal.lib.web.fields import SeveralFilesField, choice, decimal

# What a column of the answers may be, in few words.
MEANINGS = {
    "id": _("Identifiant"),
    "target": _("Réponse attendue"),
    "query": _("Liste à classer"),
    "item": _("Élément proposé"),
    "gain": _("Pertinence"),
    "split_column": _("Partie publique ou privée"),
    "weight": _("Poids"),
}
# What keeps no rows together: it differs from one to the next, or is what is judged.
NO_GROUP = frozenset({"id", "target", "gain", "split_column", "weight"})
SHARES = ("20", "30", "40", "50")
USUAL_SHARE = 0.3
MOST_FILES = 10
UNSURE = "unsure"  # instead of a role


def _in_table(label: Any, choices: Any, initial: Any) -> forms.ChoiceField:
    """Ask for a choice in a cell of a table, which shows no label."""
    shown = forms.Select(attrs={"class": "input input-s", "aria-label": label})
    return choice(label, choices, widget=shown, initial=initial)


class FilesForm(forms.Form):
    """Send files of the challenge, several at once, and say what each is."""

    uploads = SeveralFilesField(
        label=_("Déposez vos fichiers, ou remplacez-les"),
        help_text=_("CSV, 200 Mo au plus. Le rôle et le format sont reconnus tout seuls."),
        most=MOST_FILES,
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, listed: Sequence[Any], is_code: bool
    ) -> None:
        """Offer, for each file that is there, the roles that go with what the teams send."""
        super().__init__(data, files)
        self.columns: ColumnsForm | None = None
        roles = CODE_FILE_ROLES if is_code else FILE_ROLES
        order = [each.value for each in roles]  # of the work
        self.listed = listed = sorted(
            (each for each in listed if not each.get("generated")),
            key=lambda each: order.index(each["role"]) if each["role"] in order else len(order),
        )
        choices = [*roles.items(), ("", _("Ne pas garder"))]
        for at, each in enumerate(listed):
            label = _("Rôle de %(name)s") % {"name": each["path"]}
            initial = UNSURE if each.get("unsure") else each["role"]
            initial = "" if is_left_out(each) else initial
            open_to = [(UNSURE, _("À choisir")), *choices] if initial == UNSURE else choices
            self.fields[f"role_{at}"] = _in_table(label, open_to, initial=initial)
            if each["role"] == Role.BASELINE_SUBMISSION and not is_code:
                self.fields["expected_score"] = decimal(
                    _("Score public attendu, pour la solution de référence"),
                    _("Le contrôle compare ce que la mesure qui classe lui donne."),
                    initial=each.get("expected_score"),
                )

    def clean(self) -> dict[str, Any]:
        """Want the role of each file, unless more files are sent."""
        sent: dict[str, Any] = super().clean() or {}
        for name, value in [*sent.items()]:
            if value == UNSURE and not sent.get("uploads"):
                fault = _("Dites ce qu’est ce fichier : rien n’en est publié avant.")
                self.add_error(name, fault)
        self._want_one_of_each({**sent})
        return sent

    def _want_one_of_each(self, sent: Mapping[str, Any]) -> None:
        """Name the other file of a role that only one may have, beside each of the two."""
        for at, each in self._enumerated:
            role = sent.get(f"role_{at}")
            alike = [
                o["path"] for n, o in self._enumerated if n != at and sent.get(f"role_{n}") == role
            ]
            if alike and role not in (None, "", UNSURE, Role.EXTRA):
                fault = _("« %(name)s » et « %(other)s » ont le même rôle : changez l’un des deux.")
                names = {"name": each["path"], "other": alike[0]}
                self.add_error(f"role_{at}", fault % names)

    def is_valid(self) -> bool:
        """Say whether the columns are well said too, where they are asked for."""
        return super().is_valid() and (self.columns is None or self.columns.is_valid())

    @property
    def moves_tables(self) -> bool:
        """Say whether what the columns are read from is now another file."""
        tables = {Role.SAMPLE_SUBMISSION, Role.TEST, Role.TRUTH}
        former = {each["path"]: Role(each["role"]) for each in self.listed}
        return any(
            role is not former[path] and tables & {role, former[path]}
            for path, role in self.roles.items()
        )

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """Pair each file with the field of its role."""
        return [(each, self[f"role_{at}"]) for at, each in enumerate(self.listed)]

    @property
    def roles(self) -> dict[str, Role | None]:
        """Return what each file is, by its path; None for one that is not kept.

        What is left out by default stays while others are sent: its role may still be chosen.
        """
        sends = bool(self.cleaned_data.get("uploads"))
        chosen = {
            each["path"]: self.cleaned_data[f"role_{at}"]
            for at, each in self._enumerated
            if not (sends and is_left_out(each) and not self.cleaned_data[f"role_{at}"])
        }
        return {
            path: Role(role) if role else None for path, role in chosen.items() if role != UNSURE
        }

    @property
    def _enumerated(self) -> list[tuple[int, Any]]:
        return [(at, each) for at, each in enumerate(self.listed) if f"role_{at}" in self.data]


def guessed_shape(document: Mapping[str, Any], given: Sequence[str], held: Sequence[str]) -> str:
    """Guess the shape of answers from the headers and the task; "" for one of no form."""
    known = shape_of(document)
    if known is None or document.get("submission"):
        return known or ""
    if known != ROWS:
        scored = first_named(given, "score") and not first_named(given, "rank")
        return "scores" if scored else known
    numbers = [each for each in given if each not in held]
    return "probabilites" if document.get("task") == "classification" and numbers[1:] else known


def guessed(offered: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give each role a column of its own: one that bears a usual name, else the first left."""
    guess: dict[str, str] = {}
    for is_named in (True, False):
        for role, columns in offered.items():
            left = [each for each in columns if each not in guess.values()]
            column = first_named(left, role) if is_named else next(iter(left), None)
            if role not in guess and column is not None:
                guess[role] = column
    return guess


def _plain(value: Any) -> Any:
    """Write a number that is whole as such."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The type of the answers that a task of one answer a row most often asks for.
TYPES_OF_TASKS = {
    "ordinal": "integer",
    "regression": "float",
    "forecasting": "float",
    "multilabel": "label_set",
}


def _initial(
    shape: str,
    document: Mapping[str, Any],
    offered: Mapping[str, Sequence[str]],
    given: Sequence[str],
) -> dict[str, Any]:
    """Show what the document says, or what the headers and the task suggest."""
    chosen, truth = SHAPES[shape], document.get("truth") or {}
    submission = document.get("submission") or {}
    if shape_of(document) != shape or not submission:
        submission = {}
    columns = [each for each in submission.get("columns") or [] if isinstance(each, dict)]
    by_role = {each.get("role"): each for each in columns}
    initial: dict[str, Any] = dict(guessed(offered))
    for role, names in offered.items():
        declared = TRUTH[role].find(truth) if role in TRUTH else None
        declared = declared or by_role.get(role, {}).get("name")
        initial |= {role: declared} if declared in names else {}
    initial["type"] = TYPES_OF_TASKS.get(str(document.get("task")), "string")
    usual = [name for name in PARTS if name not in offered and TRUTH[name].find(truth)]
    initial |= {name: TRUTH[name].find(truth) for name in usual}
    answer = by_role.get(chosen.layout.answer, {})
    initial |= {name: answer[name] for name in chosen.of_answer if name in answer}
    for name, first in chosen.asked.items():
        initial[name] = ANSWER[name].find(submission) or first
    numbers = [str(each.get("name")) for each in columns if each.get("role") == "target"]
    initial["numbers"] = numbers or [*given[1:]]
    return initial


class ColumnsForm(DocumentForm):
    """Say what each column of the answers means and which rows are public, before any figure.

    A column is given its role in its head: `sens_AT`. What plays none of them is asked apart.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        shape: str,
        document: Mapping[str, Any],
        given: Sequence[str],
        held: Sequence[str],
        parts: Mapping[str, Sequence[str]],
        drawn: float | None,
        strays: Mapping[str, Sequence[int]],
        test: Sequence[str] | None = None,
    ) -> None:
        """Offer the columns of the headers: given of the sample, held of the answers.

        test: those of the test, where the portal makes the sample of its ids. parts: values of the
        columns that may part the rows. drawn: share. strays: by column, how many cells are no
        number, and the line of the first. The column that parts them is proposed where
        one does, else a draw.
        """
        self.shape, self.former = SHAPES[shape], document.get("submission") or {}
        self.parts, self.held, self.given = parts, held, given
        self.in_heads = (*self.shape.layout.held, "split_column", "weight")
        self.test, self.strays = test, strays
        apart = [each for each in held if each not in (given if test is None else test)]
        split = ((document.get("truth") or {}).get("split") or {}).get("column")
        if is_new := split not in apart:
            likely = [each for each in apart if each in parts]
            split = next(iter(likely), first_named(apart, "split_column"))
        offered = self._offered([each for each in held if each != split])
        super().__init__(data, initial=_initial(shape, document, offered, given))
        self.initial["split_column"] = split if drawn is None else ""
        self.initial["share"] = str(round((drawn or USUAL_SHARE) * 100))
        if is_new and (values := parts.get(str(split))):
            self.initial["public"], self.initial["private"] = values
        for role in (each for each in offered if each not in self.in_heads):
            pairs = [(each, each) for each in offered[role]] or [("", "–")]
            self.fields[role] = field_of(role, COLUMN["name"], pairs)
        for name in self.shape.of_answer:
            self.fields[name] = field_of(name, COLUMN[name])
        for name in self.shape.asked:
            self.fields[name] = field_of(name, ANSWER[name], required=True)
        if self.shape.is_several:
            self.fields["numbers"] = forms.MultipleChoiceField(
                label=_("Colonnes des nombres, dans l’ordre de l’exemple"),
                choices=[(each, each) for each in given],
                widget=forms.CheckboxSelectMultiple,
            )
        self.asked = [*self.fields]
        meanings = [("", _("Ne pas utiliser")), *((one, MEANINGS[one]) for one in self.in_heads)]
        taken = {str(self.initial.get(name)): name for name in reversed(self.in_heads)}
        for at, column in enumerate(held):
            label = _("Sens de la colonne %(name)s") % {"name": column}
            self.fields[f"sens_{at}"] = _in_table(label, meanings, initial=taken.get(column, ""))
        groups = [each for each, meaning in self.heads if meaning.value() not in NO_GROUP]
        self.fields["cluster"] = choice(
            _("Garder ensemble les lignes d’un même"),
            [("", _("aucun groupe")), *((each, each) for each in groups)],
            error_messages={"invalid_choice": _("Cette colonne ne forme pas de groupes.")},
        )
        shares = [(each, f"{each} %") for each in SHARES]
        self.fields["share"] = choice(_("Part publique"), shares)
        for name in ("share", "cluster"):
            self.fields[name].widget.attrs["class"] = "input input-s"
        for name in ("public", "private"):
            self.fields[name] = field_of(name, TRUTH[name], required=False)

    def clean(self) -> dict[str, Any]:
        """Read the heads: each role that the answers need once, by a column that may play it."""
        offered = self._offered(self.held)
        lacking = []
        for role in self.in_heads:
            places = [at for at in range(len(self.held)) if self._meaning(at) == role]
            self.cleaned_data[role] = column = self.held[places[0]] if places else ""
            for at in places[1:]:
                self.add_error(
                    f"sens_{at}", _("« %s » est déjà une autre colonne.") % MEANINGS[role]
                )
            if not places and role in self.shape.layout.held:
                lacking.append(str(MEANINGS[role]))
            elif places and column not in offered.get(role, self.held):
                fault = _("L’exemple de réponse n’a pas cette colonne.")
                if self.test is not None:
                    fault = _("Le fichier de test a l’identifiant, et pas la réponse.")
                if role == "split_column":
                    fault = _("Les équipes la voient : l’exemple de réponse l’a aussi.")
                self.add_error(f"sens_{places[0]}", fault)
        if lacking:
            sentence = _("Aucune colonne n’est : %(roles)s.")
            self.add_error("sens_0", sentence % {"roles": ", ".join(lacking)})
        if self.stray:
            self.add_error(f"sens_{self.stray[0]}", self.stray_words)
        findings, wanted = Findings(), {"submission": self.submission(self.former)}
        read_contract(Fields(findings, {**wanted, "truth": self.truth("-")}, "", file=""))
        # The figures are chosen at the next step.
        self.note(
            Findings([each for each in findings.errors if not each.key.startswith("metrics")])
        )
        return self.cleaned_data

    def _offered(self, held: Sequence[str]) -> dict[str, list[str]]:
        """Return the columns that may play each role."""
        offered = self.shape.offered(self.given, held)
        if self.test is not None:  # its ids are there, its answers are not
            offered["id"] = [each for each in held if each in self.test]
            offered["target"] = [each for each in self.given if each in held]
            offered["target"] = [each for each in offered["target"] if each not in self.test]
            offered["split_column"] = [each for each in self.held if each not in self.test]
        return offered

    def _meaning(self, at: int) -> str:
        return str(self.cleaned_data.get(f"sens_{at}") or "")

    def _field_at(self, problem: Problem) -> str:
        above, _dot, rest = problem.key.partition(".")
        definitions = TRUTH if above == "truth" else ANSWER
        names = {".".join(one.path): name for name, one in definitions.items()}
        name = names.get(rest, rest.rpartition(".")[2])
        if above == "submission" and rest == "columns":  # of these names
            asked = {each: self.cleaned_data.get(each) for each in (*self.in_heads, *self.asked)}
            at_fault = [
                each
                for each, value in asked.items()
                if problem.value in (value if isinstance(value, list) else [value])
            ]
            name = at_fault[-1] if at_fault else ""
        places = [at for at in range(len(self.held)) if name and self._meaning(at) == name]
        return f"sens_{places[0]}" if places else name

    def submission(self, former: Mapping[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form; former: what it was."""
        sent, layout = self.cleaned_data, self.shape.layout
        size = {"max_bytes": former["max_bytes"]} if "max_bytes" in former else {}
        kept = {"formats": former.get("formats") or ["csv", "parquet", "zip"], **size}
        if self.shape.is_several:
            numbers = dict.fromkeys(sent.get("numbers") or [], "")
            return kept | written_probabilities(sent.get("id", ""), numbers)
        written = written_shape(layout, {role: sent.get(role, "") for role in layout.roles})
        columns = {each["role"]: each for each in written["columns"]}
        for name in self.shape.of_answer:
            COLUMN[name].place(columns[layout.answer], _plain(sent.get(name)))
        for name in self.shape.asked:
            ANSWER[name].place(written, sent.get(name))
        if "item" in columns:
            columns["item"]["type"] = ColumnType.CATEGORY.value
        if "rank" in columns:
            columns["rank"] |= {"min": 1, "max": sent.get("max_items")}
        return kept | written

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand; a draw has its own column."""
        sent, truth = self.cleaned_data, dict[str, Any](file=file)
        for name in (*self.shape.layout.held, "cluster", "weight"):
            TRUTH[name].place(truth, sent.get(name) or None)
        column = sent.get("split_column")
        if not column:
            split = {"column": drawn_name(self.held), "public": "public", "private": "private"}
            return truth | {"split": split}
        public, private = self.parts.get(column, ("public", "private"))
        parts = {"public": sent.get("public") or public, "private": sent.get("private") or private}
        return truth | {"split": {"column": column, **parts}}

    @property
    def public_share(self) -> float | None:
        """Return the share to draw; None where a column parts the rows."""
        sent = self.cleaned_data
        share = int(sent["share"]) / 100 if sent["share"] else USUAL_SHARE
        return None if sent["split_column"] else share

    @property
    def shape_key(self) -> str:
        """Name the shape that is shown."""
        return next(key for key, each in SHAPES.items() if each is self.shape)

    @property
    def heads(self) -> list[tuple[str, Any]]:
        """Pair each column of the answers with the field of its meaning."""
        return [(column, self[f"sens_{at}"]) for at, column in enumerate(self.held)]

    @property
    def stray(self) -> tuple[int, int, int] | None:
        """Point at answers that are no numbers, as the form stands: column, count, first line."""
        is_number = "type" in self.fields and self["type"].value() in ("integer", "float")
        roles = {"gain", "target"} if is_number else {"gain"}
        for at, (column, meaning) in enumerate(self.heads):
            if meaning.value() in roles and column in self.strays:
                return at, self.strays[column][0], self.strays[column][1]
        return None

    @property
    def stray_words(self) -> str:
        """Say which answers are no numbers."""
        _at, n, line = self.stray or (0, 0, 0)
        said = ngettext(
            "%(n)s réponse n’est pas un nombre : ligne %(line)s.",
            "%(n)s réponses ne sont pas des nombres : la première, ligne %(line)s.",
            n,
        )
        return said % {"n": number(n), "line": number(line)}

    @property
    def is_drawn(self) -> bool:
        """Say whether the parts are drawn, as the form stands."""
        return all(meaning.value() != "split_column" for _column, meaning in self.heads)

    @property
    def is_grouped(self) -> bool:
        """Say whether rows stay together in a draw, as the form stands."""
        return bool(self["cluster"].value()) or "query" in self.in_heads

    @property
    def drawing(self) -> list[Any]:
        """List the bound fields of the draw, where there is one, and of what stays together."""
        return [self[name] for name in (["share"] if self.is_drawn else []) + ["cluster"]]

    @property
    def has_further_fault(self) -> bool:
        """Say whether one of the folded fields is to be corrected."""
        return any(bound.errors for bound in self.further)

    @property
    def further(self) -> list[Any]:
        """List the bound fields that most challenges leave as they are guessed."""
        return [self[name] for name in self.asked]
