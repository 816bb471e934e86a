"""The scoring worker: long work, outside any transaction, that ends in actions."""

from challenges.worker.loop import drain, run

__all__ = ["drain", "run"]
