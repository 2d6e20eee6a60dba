"""Where and how much is measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how much is measured."""

    folder: Path
    """A data directory of its own, its database made."""
    rounds: int = ROUNDS
    items: int = 10_000
    """Of the long job; the short one has a fifth of them."""
    results: int = 100_000
    """In the site whose pages are measured."""
    kept: Path = Path("build/bench")
    """Where sites that take long to fill are kept."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield a name for each round: every round is an experiment of its own."""
        return (f"{prefix}-{number}" for number in range(self.rounds))
