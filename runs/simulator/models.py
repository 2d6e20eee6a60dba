"""Simulated models: how often they are right, how long they take, what goes wrong with them.

Everything that happens is decided by a hash of (seed, model, prompt, sample): the same on every machine, in any order.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import Any, NamedTuple

NORMAL = NormalDist()
NUMBERS = Struct("<5I")
STEP = 2.0**-32


class Fault(StrEnum):
    """What can go wrong with a call."""

    TIMEOUT = "timeout"  # the connection is held open, no answer comes
    REFUSAL = "refusal"  # the model declines to answer
    TRUNCATION = "truncation"  # the answer stops half-way, at a length limit
    RETRY_429 = "retry_429"  # the first try is told to come again later
    ERROR = "error"  # a 500
    MALFORMED = "malformed"  # a 200 whose JSON breaks off
    DROP = "drop"  # the connection ends without an answer
    CUT = "cut"  # the connection ends half-way through the answer
    ENDLESS = "endless"  # the answer goes on and on


class Draws(NamedTuple):
    """Independent numbers in (0, 1) for what is decided about one call."""

    fault: float
    accuracy: float
    choice: float
    latency: float
    tokens: float


def draw(seed: int, model: str, prompt: str, sample: int) -> Draws:
    """Return the draws of a call; equal arguments give equal draws everywhere."""
    text = "\x1f".join((str(seed), model, str(sample), prompt))
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=NUMBERS.size).digest()
    return Draws(*[(number + 0.5) * STEP for number in NUMBERS.unpack(digest)])


@dataclass(frozen=True)
class SimulatedModel:
    """One model of the simulator. Rates are shares of the calls, 0 to 1, and together at most 1."""

    name: str
    accuracy: float = 1.0
    """Share of known questions that are answered right."""
    latency_ms: float = 0.0
    """Median time to the answer."""
    latency_sigma: float = 0.0
    """Spread of the time: the standard deviation of its logarithm; 0: always the median."""
    first_token_share: float = 1.0
    """Share of the time until the first token of a streamed answer; 1: all comes at once, at its end."""
    answer_tokens: int | None = None
    """Median of the completion tokens that are counted (reasoning included); None: the answer's length tells."""
    timeout_rate: float = 0.0
    refusal_rate: float = 0.0
    truncation_rate: float = 0.0
    retry_429_rate: float = 0.0
    error_rate: float = 0.0
    malformed_rate: float = 0.0
    drop_rate: float = 0.0
    cut_rate: float = 0.0
    endless_rate: float = 0.0
    hang_s: float = 30.0
    """Seconds for which a timeout holds the connection."""
    retry_after_s: int = 1
    """What a 429 asks to wait."""
    faults_pass: bool = False
    """Whether every fault without an answer meets the first try of a call alone, as a 429 always does."""

    def __post_init__(self) -> None:
        """Raise ValueError for numbers that fit no model."""
        rates = [self.accuracy, *(rate for _, rate in self._rates)]
        if not all(0 <= rate <= 1 for rate in rates) or sum(rates[1:]) > 1:
            raise ValueError(f"{self.name}: rates lie between 0 and 1, and those of faults add up to at most 1")
        if not 0 <= self.first_token_share <= 1:
            raise ValueError(f"{self.name}: first_token_share lies between 0 and 1")
        times = (self.latency_ms, self.latency_sigma, self.hang_s, self.retry_after_s, self.answer_tokens or 0)
        if not all(0 <= number < math.inf for number in times):
            raise ValueError(f"{self.name}: times, tokens and sigma are numbers of at least 0")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "SimulatedModel":
        """Return the model that an object of a catalogue describes. Raises ValueError naming what does not fit."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown or not isinstance(values.get("name"), str):
            raise ValueError(f"a model has a name, and no {', '.join(sorted(unknown)) or 'other type of it'}")
        try:
            return cls(**values)
        except TypeError:
            raise ValueError(f"{values['name']}: every value but the name is a number") from None

    def fault(self, draws: Draws) -> Fault | None:
        """Return what goes wrong with a call; None: nothing."""
        for until, fault in self._steps:
            if draws.fault < until:
                return fault
        return None

    def is_right(self, draws: Draws) -> bool:
        """Return whether a known question is answered right."""
        return draws.accuracy < self.accuracy

    def latency_s(self, draws: Draws) -> float:
        """Return the seconds to the answer."""
        return _around(self.latency_ms, self.latency_sigma, draws.latency) / 1000

    def tokens_out(self, text: str, draws: Draws) -> int:
        """Return the completion tokens that are counted."""
        if self.answer_tokens is None:
            return tokens_in(text)
        return max(1, round(_around(self.answer_tokens, self.latency_sigma, draws.tokens)))

    @property
    def _rates(self) -> list[tuple[Fault, float]]:
        return [(fault, getattr(self, f"{fault}_rate")) for fault in Fault]

    @cached_property
    def _steps(self) -> tuple[tuple[float, Fault], ...]:
        """The faults that occur, each with the draw below which it does."""
        steps, until = [], 0.0
        for fault, rate in self._rates:
            until += rate
            if rate:
                steps.append((until, fault))
        return tuple(steps)


def tokens_in(text: str) -> int:
    """Return how many tokens a text counts as: one for four characters begun."""
    return max(1, math.ceil(len(text) / 4))


def _around(median: float, sigma: float, uniform: float) -> float:
    """Return a lognormal value. Source: inverse transform of exp(N(ln median, sigma))."""
    return median * math.exp(sigma * NORMAL.inv_cdf(uniform)) if sigma and median else median
