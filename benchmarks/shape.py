"""How many results a filled site has, and of what."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Shape:
    """One experiment: candidates x items x trials."""

    candidates: int
    items: int
    trials: int

    @classmethod
    def of(cls, results: int) -> Self:
        """Return the shape of about so many results: ten runs of ten trials."""
        return cls(candidates=10, items=max(1, results // 100), trials=10)

    @property
    def results(self) -> int:
        """Results in all, errors among them."""
        return self.candidates * self.items * self.trials
