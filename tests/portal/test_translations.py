"""The English locale is complete, and its placeholders are those of the French sentence."""

import re

from portal.management import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


def test_every_sentence_is_translated() -> None:
    catalogue = messages.read("en")
    missing = [
        (message, place)
        for message, context, place in messages.gather()
        if (known := catalogue.get(message, context=context)) is None
        or not all(known.string if isinstance(known.string, tuple) else (known.string,))
    ]
    assert missing == []


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


def test_french_plurals_follow_the_french_rule() -> None:
    catalogue = messages.read("fr")
    assert catalogue.plural_expr == "(n > 1)"
    plurals = {
        message
        for message, _context, _place in messages.gather()
        if message[1:2] and isinstance(message, tuple)
    }
    assert sorted(plurals - {message.id for message in catalogue}) == []
