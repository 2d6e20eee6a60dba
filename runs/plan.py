"""The arithmetic of a run's plan: ordinals, and the ranges that become work units."""

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_LENGTH = 1024
MIN_UNIT, MAX_UNIT = 16, 1024
UNITS_PER_LANE = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done of a case list: the first `limit` of its `cases`, `trials` times each."""

    cases: int
    """Length of the case list, before limit and sample."""
    limit: int
    """Positions below this one are planned."""
    trials: int

    @property
    def count(self) -> int:
        """Planned results."""
        return self.limit * self.trials

    def ordinal(self, trial: int, position: int) -> int:
        """Return the number of a result in the run: trial x cases + position, for ever."""
        return trial * self.cases + position

    def place(self, ordinal: int) -> tuple[int, int]:
        """Return (trial, position) of an ordinal."""
        return divmod(ordinal, self.cases)


def unit_length(planned: int, lanes: int) -> int:
    """Return how many results a unit holds: small enough that every lane gets several."""
    return min(MAX_UNIT, max(MIN_UNIT, planned // (UNITS_PER_LANE * max(1, lanes))))


def ranges(plan: Plan, *, length: int, done: Plan | None = None) -> Iterator[tuple[int, int]]:
    """Yield (first ordinal, length) of the units that `plan` needs beyond those that `done` has.

    A range never crosses a trial or a chunk of 1,024 cases.
    """
    for trial in range(plan.trials):
        start = done.limit if done and trial < done.trials else 0
        while start < plan.limit:
            end = min(plan.limit, start + length, (start // CHUNK_LENGTH + 1) * CHUNK_LENGTH)
            yield plan.ordinal(trial, start), end - start
            start = end


def growth(done: Plan | None, wanted: Plan, *, length: int, units: int) -> Iterator[Plan]:
    """Yield the plans by which `done` grows into `wanted`, each about `units` units of `length` larger than the last.

    First more positions, then more trials, so that every one of them is a plan: limit x trials.
    """
    limit, trials = (done.limit, done.trials) if done else (0, 1)
    step = max(CHUNK_LENGTH, units // trials * length // CHUNK_LENGTH * CHUNK_LENGTH)
    while limit < wanted.limit:
        limit = min(wanted.limit, (limit // CHUNK_LENGTH) * CHUNK_LENGTH + step)
        yield Plan(wanted.cases, limit, trials)
    each = max(1, units // -(-wanted.limit // length))
    while trials < wanted.trials:
        trials = min(wanted.trials, trials + each)
        yield Plan(wanted.cases, limit, trials)
