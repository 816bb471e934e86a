"""The questions of a report: one short sentence, one line of help, the answers to choose from.

Sentences are written in French and marked, so that the page shows them in its own language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


def gettext_noop(sentence: str) -> str:
    """Mark a sentence that the page translates."""
    return sentence


@dataclass(frozen=True)
class Question:
    """What the organiser must answer. key: for --answer; proposal: what is kept otherwise.

    Without a proposal ("") nothing is created before an answer. sentence, hint: with the places
    of facts, as %(name)s. choices: {answer: its words}, {} when any text is read.
    """

    key: str
    sentence: str
    proposal: str = ""
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Write the question in French."""
        return filled(self.sentence, self.facts)

    def to_json(self) -> dict[str, object]:
        """Give the question as a plain mapping, its sentences in French and as they are marked."""
        return {
            "key": self.key,
            "text": self.text,
            "proposal": self.proposal,
            "help": filled(self.hint, self.facts),
            "choices": [{"value": one, "label": said} for one, said in self.choices.items()],
            "sentence": self.sentence,
            "hint": self.hint,
            "facts": dict(self.facts),
        }


def filled(sentence: str, facts: Mapping[str, str]) -> str:
    """Put facts in the places of a sentence; one without facts has no place."""
    return sentence % facts if facts else sentence


DATES = gettext_noop("Quand les dépôts ouvrent-ils et ferment-ils ?")
DATES_HINT = gettext_noop(
    "Deux dates séparées par « / », en ISO 8601 : 2027-03-01T09:00+01:00/2027-05-31T18:00+02:00. "
    "Vide, ou « / » seul : plus tard, dans l’espace organisateur."
)
QUOTAS = gettext_noop("Combien de soumissions par équipe ?")
QUOTAS_HINT = gettext_noop("Par jour, puis en tout : « 5/100 ». Rien d’un côté : sans limite.")
LICENCE = gettext_noop("Sous quelle licence sont les données ?")
LICENCE_HINT = gettext_noop(
    "Par exemple Licence Ouverte 2.0. Elle est vérifiée avant la publication."
)
LICENCE_LATER = gettext_noop("à confirmer avant la publication")
TITLE = gettext_noop("Quel est le titre du challenge ?")
TITLE_HINT = gettext_noop("Aucune page de l’archive n’en donne.")
METRIC = gettext_noop("Quelle mesure classe les équipes ?")
METRIC_HINT = gettext_noop(
    "Le code de notation de l’archive n’est pas exécuté : prenez la mesure du portail qui lui "
    "correspond."
)
METRIC_UNREAD = gettext_noop(
    "L’archive nomme « %(written)s », que le portail ne lit pas : prenez la mesure qui lui "
    "correspond."
)
DIRECTION = gettext_noop("Quel est le meilleur score ?")
DIRECTION_HINT = gettext_noop("Chaque mesure a son sens ; cette réponse ne sert qu’à le vérifier.")
NATURAL = "selon la mesure"
DIRECTIONS = {
    NATURAL: gettext_noop("celui que veut la mesure"),
    "max": gettext_noop("le plus grand"),
    "min": gettext_noop("le plus petit"),
}
COLUMNS = gettext_noop("Que donnent les %(count)s colonnes à prédire ?")
COLUMNS_HINT = gettext_noop("Colonnes : %(names)s.")
TARGETS, CLASSES = "cibles", "classes"
COLUMNS_CHOICES = {
    TARGETS: gettext_noop("autant de valeurs à prédire : une mesure par colonne, et leur moyenne"),
    CLASSES: gettext_noop("la probabilité de chaque réponse possible : une seule mesure"),
}
ROWS = gettext_noop("Plusieurs lignes portent le même identifiant. Que sont-elles ?")
ROWS_HINT = gettext_noop("Identifiant : %(id)s ; candidat : %(item)s ; pertinence : %(gain)s.")
CANDIDATES, MISTAKE = "candidats", "erreur"
ROWS_CHOICES = {
    CANDIDATES: gettext_noop("les candidats d’une requête, que les équipes classent par un score"),
    MISTAKE: gettext_noop("une erreur de l’archive : ne rien créer"),
}
SHARE = gettext_noop("Quelle part des requêtes est publique ?")
SHARE_HINT = gettext_noop("De 0,1 à 0,9. Les autres requêtes font le classement final.")
PER_DAY = gettext_noop("Combien de soumissions par jour, par équipe ?")
PER_DAY_HINT = gettext_noop(
    "L’archive ne le dit pas : CodaLab comprend 999, Codabench 5. Un nombre, ou « sans limite »."
)
ZERO = gettext_noop("Combien de soumissions sont acceptées à la main ?")
ZERO_HINT = gettext_noop(
    "L’archive dit 0 (%(place)s) : Codabench y lit « sans limite », les auteurs pensent souvent "
    "« aucune ». Un nombre, ou « sans limite »."
)
DATE = gettext_noop("Quelle date est « %(written)s » ?")
DATE_HINT = gettext_noop("Jour ou mois d’abord ? Codabench lit le mois d’abord. %(place)s")
FORM = gettext_noop("Vérifier la forme des fichiers avant la notation ?")
FORM_OF_FILE = gettext_noop("Fichier attendu : %(name)s.")
FORM_OF_LINES = gettext_noop("Fichier attendu : %(name)s, %(rows)s lignes.")
FORM_OF_ROWS = gettext_noop("Fichier attendu : %(name)s, %(rows)s lignes et un en-tête.")
FORM_OF_TABLE = gettext_noop(
    "Fichier attendu : %(name)s, colonnes %(key)s et %(column)s, %(rows)s identifiants."
)
CHECK, LEAVE = "vérifier", "ne pas vérifier"
FORM_CHOICES = {
    CHECK: gettext_noop("oui : un fichier mal formé est refusé sans coûter d’essai"),
    LEAVE: gettext_noop("non : le programme en juge seul"),
}
BOUNDS = gettext_noop("Entre quelles valeurs est le score « %(name)s » ?")
BOUNDS_HINT = gettext_noop(
    "Le plus petit et le plus grand, séparés par « / » : « 0/1 », ou « 0/ » sans plus grand. Puis, "
    "après « ; », ce que le programme écrit quand il échoue, souvent %(common)s : « 0/1 ; -1 ». "
    "Une valeur hors de là n’est jamais un score. Vide, ou « / » seul : toute valeur est prise."
)
REPORT = gettext_noop("Qui lit le compte rendu que le programme écrit ?")
REPORT_HINT = gettext_noop("Le programme l’écrit après avoir lu les réponses : il peut en dire.")
NOBODY, ORGANISER, TEAM = "personne", "organisateur", "équipe"
REPORT_CHOICES = {
    NOBODY: gettext_noop("personne ne le lit"),
    ORGANISER: gettext_noop("l’équipe organisatrice"),
    TEAM: gettext_noop("l’équipe notée"),
}
SLUG = gettext_noop("Quel nom dans l’adresse du challenge ?")
SLUG_HINT = gettext_noop("Minuscules sans accent, chiffres et tirets. Il ne change plus.")
