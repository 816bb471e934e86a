"""Plain Python: what a card is worth, and the documents that tell it."""
