"""The sheet of a use case: what it promises and refuses, how it works, under which licence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName

if TYPE_CHECKING:
    from portal.demonstrator.answers import Answer
    from portal.demonstrator.forms import TrialForm
    from portal.demonstrator.service import Served

ONISEP = ("Onisep", "https://www.onisep.fr/")
IMMERSION = ("Immersion Facilitée", "https://immersion-facile.beta.gouv.fr/")
BONNE_BOITE = ("La Bonne Boîte", "https://labonneboite.francetravail.fr/")
ACCOUNT = ("Mon Compte Formation", "https://www.moncompteformation.gouv.fr/")
JOBS = ("MétierScope, de France Travail", "https://candidat.francetravail.fr/metierscope/")
# A text that is translated when it is shown.
Text = Any


@dataclass(frozen=True)
class Sheet:
    """What its page says of a use case.

    code: UC1 to UC6. refuses: what it does not do. steps: three titles with their text.
    annex_iii: where it stands in the AI Act; decides: who does, and how. questions: what the
    programme left open. limits: of the method and the data. onward: public services to go on with,
    by name and home page. measured: what the figures are of, where that is not the whole answer.
    """

    code: str
    slug: str
    icon: str
    use_case: UseCase
    title: Text
    promise: Text
    audience: Text
    refuses: tuple[Text, ...]
    steps: tuple[tuple[Text, Text], ...]
    annex_iii: Text
    decides: Text
    limits: tuple[Text, ...]
    engines: tuple[EngineName, ...]
    questions: tuple[Text, ...] = ()
    challenges: tuple[str, ...] = ()
    act: Text = ""
    measured: Text = ""
    onward: tuple[tuple[str, str], ...] = ()
    licence: str = "EUPL-1.2"


@dataclass(frozen=True)
class Case:
    """A use case that one can try: its sheet, its form, and what answers."""

    sheet: Sheet
    form: "type[TrialForm]"
    answer: "Callable[[Mapping[str, Any], Served], Answer]"
