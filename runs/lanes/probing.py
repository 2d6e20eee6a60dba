"""Finding what crashes lanes: a unit whose lane died again and again is worked in smaller and smaller parts.

A first death changes nothing: kills are ordinary. After the second the unit is worked in slices, each noted before
it begins; after the third, each ordinal of the noted slice is worked alone, in a lane that has nothing else on its
way. An ordinal whose lane died three times while it was alone is given up, and what is left is worked as ever.
"""

from collections.abc import Set
from dataclasses import dataclass

SLICED_AFTER, ALONE_AFTER = 2, 3
DEATHS_ALONE = 3
SLICE = 16
GIVEN_UP = "given up: the worker died three times while it worked on this item alone; look at its scorers and runner"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a claim of a unit may work on."""

    ordinals: Set[int]
    crash_count: int
    """Deaths to count on from."""
    probing: int | None = None
    """The first ordinal of the part, to be noted before it begins; None: all that is missing."""
    is_alone: bool = False
    """Whether the lane may have nothing else on its way."""
    is_given_up: bool = False
    """Whether its one ordinal is not to be tried again."""


def next_probe(first: int, missing: Set[int], crash_count: int, probing: int | None) -> Probe:
    """Return what to work on of a unit that begins at ordinal `first`, after that many deaths of its lanes."""
    if crash_count < SLICED_AFTER or not missing:
        return Probe(missing, crash_count)
    if crash_count < ALONE_AFTER or probing is None:
        start = min(missing)
        return Probe(_slice_of(first, missing, start), crash_count, start)
    suspects = _slice_of(first, missing, probing)
    if not suspects:
        return Probe(missing, 0)
    return _alone(min(suspects), crash_count, probing)


def _slice_of(first: int, missing: Set[int], ordinal: int) -> Set[int]:
    return {other for other in missing if (other - first) // SLICE == (ordinal - first) // SLICE}


def _alone(ordinal: int, crash_count: int, probing: int) -> Probe:
    deaths = crash_count - ALONE_AFTER if ordinal == probing else 0
    is_given_up = deaths >= DEATHS_ALONE
    # One less is noted of what is given up: asked for again by a person, it has one more try.
    return Probe({ordinal}, ALONE_AFTER + deaths - is_given_up, ordinal, is_alone=True, is_given_up=is_given_up)
