"""Say which groups of an attribute may be shown, the same for audits and for figures by group."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.declared import Person
from challenges.scoring.audit.slices import Floors, Slice, Table, hidden, kinds_of, slices, table
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Part

Array = NDArray[Any]
LABELLED = 5  # positives, and negatives, under which what reads the truth is not shown


def tables(contract: ScoringContract, part: Part, positive: Array | None) -> list[Table]:
    """Count the audited attributes and crossings, then the attributes of figures by group.

    positive: (n,) 0 or 1, None where the truth is not a yes or no. Attributes that no figure
    and no audit cut by are left out.
    """
    cuts = cut_all(contract, part)
    nothing = np.zeros(len(part), np.int8)
    yes = nothing if positive is None else positive
    no = nothing if positive is None else 1 - positive
    clusters = None if contract.truth.cluster is None else part.bucket
    alone: dict[str, Table] = {}
    found = []
    for cut in cuts:
        parents = [alone[key] for key in cut.attributes] if cut.parents else []
        one = contract.audit is not None and contract.audit.person is Person.CLUSTER
        found.append(table(cut, yes, no, clusters, parents, one_person=one))
        if not cut.parents:
            alone[cut.attributes[0]] = found[-1]
    return found


def cut_all(contract: ScoringContract, part: Part) -> list[Slice]:
    """Cut a part by every attribute that an audit or a figure by group uses."""
    spec = contract.audit
    keys = contract.audited if spec is not None else ()
    used = dict.fromkeys((*keys, *(str(s.by) for s in contract.fairness if s.by is not None)))
    chosen = [key for key in used if key in part.groups]
    return slices(part.groups, part.group_names, chosen, spec.crossings if spec else ())


def floors(contract: ScoringContract, *, labelled: bool) -> Floors:
    """Return what a group must count to be shown, with figures that read the truth or without."""
    persons = contract.least_group
    return Floors(persons, LABELLED, LABELLED) if labelled else Floors(persons)


def closed(
    contract: ScoringContract, counted: list[Table], *, labelled: bool
) -> tuple[list[Array], list[Array]]:
    """Return the groups not to show at all, then those of which nothing reads the truth."""
    if not counted:
        return [], []
    kinds = kinds_of(counted)
    persons = hidden(counted, floors(contract, labelled=False), kinds=kinds)
    if not labelled:
        return persons, persons
    return persons, hidden(counted, floors(contract, labelled=True), persons, kinds)


def singles_out(answered: Array, least: int) -> bool:
    """Say whether an answer is the same everywhere but on a few rows, fewer than least.

    Figures by group would then tell the group of the persons of those rows. answered: (n,).
    """
    for value in np.unique(answered[:least]):  # one of the first rows is not among the few
        if 0 < len(answered) - int((answered == value).sum()) < least:
            return True
    return False


def shown(
    contract: ScoringContract, part: Part, attribute: str, positive: Any = None
) -> frozenset[str]:
    """Return the groups of an attribute whose figures may be shown: none if an answer singles out.

    positive: the positive label of the figure, None to take a truth of 0 and 1 as it is.
    """
    if part.p.ndim == 1 and part.ranks is None and singles_out(part.p, contract.least_group):
        return frozenset()
    yes = positives(part, positive)
    counted = tables(contract, part, yes)
    _, sealed = closed(contract, counted, labelled=yes is not None)
    at = next(i for i, each in enumerate(counted) if each.cut.attributes == (attribute,))
    groups = counted[at].cut.groups
    return frozenset(groups[g][0] for g in np.flatnonzero(~sealed[at]).tolist())


def positives(part: Part, positive: Any = None) -> Array | None:
    """Return which rows of the truth are positive, None where it is not a yes or no."""
    if part.y_offsets is not None or part.y.ndim != 1:
        return None
    if part.texts:
        if positive is None:
            return None
        wanted = [i for i, text in enumerate(part.texts) if text == str(positive)]
        return np.isin(part.y, wanted).astype(np.int8)
    if positive is not None:
        return np.asarray(part.y == float(positive)).astype(np.int8)
    return part.y.astype(np.int8) if np.isin(part.y, (0.0, 1.0)).all() else None
