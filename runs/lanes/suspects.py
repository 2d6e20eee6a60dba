"""Finding what crashes lanes: who buries one counts its death at each result that it worked on.

A result at which lanes died twice is worked alone, by a lane that has nothing else on its way; one that lets that lane
die too is given up.
"""

from collections.abc import Collection, Mapping

ALONE_AFTER, GIVEN_UP_AFTER = 2, 3
GIVEN_UP = "given up: three workers died while they worked on this item; look at its scorers and runner"


def with_deaths(deaths: Mapping[str, int], ordinals: Collection[int]) -> dict[str, int]:
    """Return the deaths by ordinal with one more at each of these."""
    return {**deaths, **{str(ordinal): deaths.get(str(ordinal), 0) + 1 for ordinal in ordinals}}


def has_suspect(deaths: Mapping[str, int]) -> bool:
    """Return whether an ordinal is to be worked alone."""
    return any(count >= ALONE_AFTER for count in deaths.values())


def next_alone(deaths: Mapping[str, int], missing: Collection[int]) -> int | None:
    """Return the first missing ordinal that is to be worked alone; None: there is none."""
    return min((ordinal for ordinal in missing if deaths.get(str(ordinal), 0) >= ALONE_AFTER), default=None)
