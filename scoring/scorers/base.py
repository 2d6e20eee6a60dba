"""The contract of a scorer: from an item and an answer to a verdict. It never writes, waits or calls a model."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from experiments.options import Options


class Place(Enum):
    """Where a scorer's code runs."""

    INLINE = "inline"  # in the event loop: its time is bounded by construction
    THREAD = "thread"  # in a thread: patterns of users, through `regex` with its timeout
    APART = "apart"  # in a child process with a deadline: code whose time nobody knows
    NOWHERE = "nowhere"  # people give these scores


@dataclass(frozen=True, slots=True)
class Question:
    """The item as a scorer sees it."""

    key: str
    input: str | Mapping[str, Any]
    expected: Any
    """A value, a list of accepted values (any one is right), or None: no expected answer."""
    metadata: Mapping[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the candidate answered: only answered results (ok, truncated, refused) are scored."""

    text: str
    """"" where the model gave no text: a scorer then gives its worst value."""
    outcome: str
    latency_ms: int | None
    """Milliseconds of the call that was accepted, waiting for limits left out."""
    cost_usd: Decimal | None
    """None: no price set, or no usage reported."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A scorer's answer about one result."""

    value: float | None
    """In the scorer's range; None: it cannot be judged (then `label` or `explanation` says why)."""
    label: str = ""
    """A word: "no answer", "no expected answer", "not a number", ..."""
    extracted: str | None = None
    """What was taken from the answer and compared; None where nothing is extracted."""
    explanation: str = ""
    """One sentence, where value and label do not say all."""
    error: str = ""
    """Why the scorer failed; then value is None."""


@dataclass(frozen=True, slots=True)
class Example:
    """An answer that shows what a scorer looks at; its page judges it by the scorer itself."""

    text: str
    """The answer."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """As a file has them; {}: as by default."""
    expected: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: int | None = None
    cost_usd: Decimal | None = None


class Scorer(ABC):
    """One way of judging. An instance holds cleaned options and judges many results."""

    label: ClassVar[str]
    """The scorer's name on pages."""
    help_text: ClassVar[str]
    """One sentence for the form."""
    place: ClassVar[Place]
    natural_range: ClassVar[tuple[float, float] | None] = (0.0, 1.0)
    """Ends of its values; None: the experiment must give `range` before it may carry a weight."""
    higher_is_better: ClassVar[bool] = True
    default_weight: ClassVar[float] = 1.0
    rules_in: ClassVar[str] = ""
    """The name in an item's metadata under which its own rules for this scorer stand; "": items bring none."""
    examples: ClassVar[tuple[Example, ...]] = ()
    """Answers for its page, right ones and wrong ones; their verdicts are made when the page is shown."""
    Options: ClassVar[type[Options]] = Options

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take options that `Options.parse` has cleaned."""
        self.options = options

    @classmethod
    def range_of(cls, options: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return the ends of the values under these cleaned options; None: the experiment says them."""
        del options  # other kinds look at them
        return cls.natural_range

    @classmethod
    def compares_answer(cls, options: Mapping[str, Any]) -> bool:
        """Return whether under these options the whole answer is held against what is expected.

        Pages then show a short answer beside the expected one wherever the verdict extracted nothing.
        """
        del options  # other kinds look at them
        return False

    @classmethod
    def misfit(cls, rules: Any) -> str:
        """Return what is wrong with the rules that an item brings (`rules_in`); "": nothing."""
        del rules  # other kinds look at them
        return ""

    @abstractmethod
    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the verdict on one answered result. An exception becomes the score's error."""
