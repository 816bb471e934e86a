"""The English locale is complete, and its placeholders are those of the French sentence."""

import re

from bench import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def test_every_sentence_is_translated_and_counted_as_each_language_does() -> None:
    catalogue, french = messages.read("en"), messages.read("fr")
    gathered = list(messages.gather())  # reads all sources
    missing = [
        (message, place)
        for message, context, place in gathered
        if (known := catalogue.get(message, context=context)) is None
        or not all(known.string if isinstance(known.string, tuple) else (known.string,))
    ]
    assert missing == []
    assert french.plural_expr == "(n > 1)"
    plurals = {each for each, _context, _place in gathered if isinstance(each, tuple) and each[1:2]}
    assert sorted(plurals - {message.id for message in french}) == []


def test_translations_keep_the_placeholders() -> None:
    wrong = []
    for message in messages.read("en"):
        if not isinstance(message.id, str) or not isinstance(message.string, str):
            continue
        if not message.id or not message.string:
            continue
        if sorted(PLACEHOLDER.findall(message.id)) != sorted(PLACEHOLDER.findall(message.string)):
            wrong.append(message.id)
    assert wrong == []
