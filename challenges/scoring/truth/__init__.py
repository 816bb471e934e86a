"""Compile a held-out file once: keys without a label, labels always sealed."""

from challenges.scoring.answer import TruthFault
from challenges.scoring.truth.compile import CompiledTruth, compile_truth
from challenges.scoring.truth.keys import Keys, keys_of, load_keys
from challenges.scoring.truth.labels import Labels, load_labels

__all__ = [
    "CompiledTruth",
    "Keys",
    "Labels",
    "TruthFault",
    "compile_truth",
    "keys_of",
    "load_keys",
    "load_labels",
]
