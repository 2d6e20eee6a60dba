"""What somebody declares, before it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
