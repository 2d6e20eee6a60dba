"""What a result can come to: the outcomes, in their groups."""

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of one result (docs/concepts.md)."""

    OK = "ok"  # the model answered
    REFUSED = "refused"  # it declined to answer: answered, scored
    TRUNCATED = "truncated"  # it ran into a length limit: answered, scored
    TIMEOUT = "timeout"  # no answer in time
    RATE_LIMITED = "rate_limited"  # refused for its rate until the tries were used up
    PROVIDER_ERROR = "provider_error"  # the provider failed until the tries were used up
    INVALID_OUTPUT = "invalid_output"  # answers that are no completion, until the tries were used up
    RUNNER_ERROR = "runner_error"  # our side failed: a crash of the runner or of the worker
    SKIPPED = "skipped"  # not called, for a reason that is no error

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.value.replace("_", " ")


CHOICES = [(outcome.value, outcome.label) for outcome in Outcome]
ANSWERED = (Outcome.OK, Outcome.REFUSED, Outcome.TRUNCATED)
ERRORS = (
    Outcome.TIMEOUT,
    Outcome.RATE_LIMITED,
    Outcome.PROVIDER_ERROR,
    Outcome.INVALID_OUTPUT,
    Outcome.RUNNER_ERROR,
)
