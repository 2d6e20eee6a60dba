"""What somebody declares, before it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.models import Provider


@dataclass(frozen=True, slots=True)
class CandidateDeclaration:
    """A candidate as somebody declares it."""

    name: str
    provider: "Provider"
    model: str
    messages: str | Sequence[dict[str, Any]]
    """A text, or messages with role and content."""
    prompt_name: str
    """The prompt whose version the messages become; the same text is the same version."""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScorerDeclaration:
    """A scorer as somebody declares it."""

    name: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    weight: float | None = None
    """None: the kind's own default."""
    range: tuple[float, float] | None = None
    """None: the natural range of the kind."""
    higher_is_better: bool | None = None
    """None: as the kind says."""
    pass_value: float | None = None
    when: Mapping[str, Any] = field(default_factory=dict)
    """tags, split of the items that it judges; {}: all of them."""
