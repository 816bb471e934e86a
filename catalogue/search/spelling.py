"""Near words: one edit from four letters, two from seven."""


def allowed(word: str) -> int:
    """Count the edits that a word of this length forgives."""
    return 0 if len(word) < 4 or not word.isalpha() else 1 if len(word) < 7 else 2


def distance(one: str, other: str, most: int) -> int:
    """Count the insertions, deletions, replacements and swaps between two words.

    Returns most + 1 as soon as the count exceeds `most`.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
