"""Requirements of an experiment: what its board must show; not met ends `evalsite run` with exit code 3."""

from dataclasses import asdict, dataclass
from typing import Any

EVERY = "*"
TIMES = ("p50_ms", "p95_ms", "first_token_p50_ms", "first_token_p95_ms")
METRICS = ("score", "errors", "cost_per_1000_usd", *TIMES)
ON = ("value", "low", "high", "every_item")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement."""

    candidate: str = EVERY
    """A candidate's name; "*": each of them."""
    scorer: str = ""
    """A scorer's name; "": the metric is meant."""
    metric: str = ""
    """One of METRICS; "": the scorer is meant."""
    at_least: float | None = None
    at_most: float | None = None
    on: str = "value"
    """value; low or high: that end of the interval; every_item: the share of an item's trials that pass, for each."""

    @property
    def subject(self) -> str:
        """What is looked at, in words."""
        name = self.scorer or self.metric
        return name if self.on == "value" else f"{name} ({self.on.replace('_', ' ')})"

    @property
    def bound(self) -> str:
        """What it has to be, in words."""
        parts = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{word} {value:g}" for word, value in parts if value is not None)

    def holds(self, value: float) -> bool:
        """Return whether a value is within the bounds."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def as_json(self) -> dict[str, Any]:
        """Return it as the file writes it, without what is not said."""
        said = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return said if self.on != "value" else {name: value for name, value in said.items() if name != "on"}
