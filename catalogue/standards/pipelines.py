"""What models do, as the Hub names it, and the French key word that a card says it by."""

from collections.abc import Iterable

PIPELINES = {
    "audio-classification": "classification de sons",
    "automatic-speech-recognition": "reconnaissance de la parole",
    "feature-extraction": "plongement de textes",
    "fill-mask": "prédiction de mots masqués",
    "image-classification": "classification d’images",
    "image-segmentation": "segmentation d’images",
    "image-to-text": "description d’images",
    "object-detection": "détection d’objets",
    "question-answering": "réponse à des questions",
    "reinforcement-learning": "apprentissage par renforcement",
    "sentence-similarity": "similarité de phrases",
    "summarization": "résumé de textes",
    "table-question-answering": "questions sur un tableau",
    "tabular-classification": "classification de tableaux",
    "tabular-regression": "régression sur des tableaux",
    "text-classification": "classification de textes",
    "text-generation": "génération de textes",
    "text-ranking": "classement de textes",
    "text-to-speech": "synthèse de la parole",
    "text2text-generation": "réécriture de textes",
    "time-series-forecasting": "prévision de séries temporelles",
    "token-classification": "annotation de mots",
    "translation": "traduction",
    "zero-shot-classification": "classification sans exemples",
}
BY_WORD = {word: name for name, word in PIPELINES.items()}


def told_by(tags: Iterable[str]) -> str:
    """Give what a model does as the Hub names it: a key word says it, in either name; else ""."""
    named = (BY_WORD.get(each, each) for each in tags)
    return next((each for each in named if each in PIPELINES), "")
