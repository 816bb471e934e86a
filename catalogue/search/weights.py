"""The weights of the ranking: one place to tune."""

# BM25F: weight of each field, its length normalisation and the length that is neither
# rewarded nor punished (fixed, so that the order of two cards never depends on a third).
WEIGHTS = {
    "title": 8.0,
    "acronym": 8.0,
    "organisation": 3.0,
    "tags": 3.0,
    "files": 1.0,
    "description": 1.0,
}
NORMALISATION = {
    "title": 0.3,
    "acronym": 0.3,
    "organisation": 0.3,
    "tags": 0.3,
    "files": 0.75,
    "description": 0.75,
}
LENGTHS = {
    "title": 7,
    "acronym": 1,
    "organisation": 4,
    "tags": 6,
    "files": 10,
    "description": 60,
}
K1 = 1.2
# A word found through a synonym counts less than the word typed.
SYNONYM = 0.7
# Multipliers. Larger bonuses for exact titles were measured to lower the mean rank.
EXACT = 1.1
PHRASE = 1.1
FRESH = ((90, 1.05), (365, 1.02))
