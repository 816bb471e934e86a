"""The arguments of the OAI-PMH endpoint, before anything is looked for."""

import pytest
from defusedxml import ElementTree as ET

from catalogue.standards import oai_pmh
from portal.lib import clock


@pytest.mark.parametrize("bad", ["\x00", "\x01", "\x1f", "\ufffe", "\ud800"])
@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("ListRecords", "set"),
        ("GetRecord", "identifier"),
        ("ListSets", "resumptionToken"),
        ("ListRecords", "metadataPrefix"),
        ("Identify", "autre\x00"),
    ],
)
def test_a_character_that_xml_cannot_hold_is_never_written_back(
    verb: str, name: str, bad: str
) -> None:
    pairs = [("verb", verb), ("metadataPrefix", "oai_dc"), (name, f"kind:{bad}x")]
    pairs = pairs[:1] + pairs[2:] if name == "metadataPrefix" else pairs
    with pytest.raises(oai_pmh.OaiError) as caught:
        oai_pmh.read(pairs)
    assert caught.value.code == "badArgument"
    answer = oai_pmh.answer(
        caught.value, base="https://exemple.test/oai", arguments=pairs, at=clock.now()
    )
    assert ET.fromstring(answer).find(f"{{{oai_pmh.OAI}}}error").get("code") == "badArgument"
    assert bad.encode("utf-8", "surrogatepass") not in answer


def test_a_set_with_accents_and_emoji_is_read() -> None:
    asked = oai_pmh.read(
        [("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("set", "organisation:é 🌊")]
    )
    assert asked.set == "organisation:é 🌊"
