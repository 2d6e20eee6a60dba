"""The verdicts that several scorers share: the same words for the same thing."""

from scoring.scorers.base import Verdict

NO_ANSWER = Verdict(0.0, "no answer")
"""The model answered, and what was asked for is not in it."""
NO_EXPECTED = Verdict(None, "no expected answer")
"""The item says nothing to compare with."""


def right_or_wrong(is_right: bool, extracted: str | None = None) -> Verdict:  # noqa: FBT001 - its only subject
    """Return 1 or 0, with what was taken from the answer."""
    return Verdict(1.0 if is_right else 0.0, extracted=extracted)
