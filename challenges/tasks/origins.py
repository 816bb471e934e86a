"""Tie public challenges to the cards that went online after them."""

from challenges.organising.actions import texts
from portal.audit.duties import duty


@duty("challenges.origins", minutes=60, by_itself=True)
def catch_up() -> None:
    """Tie each public challenge to the cards that its document names."""
    texts.tie_waiting_cards()
