"""What a result can come to: the outcomes, in their groups."""

from django.db import models


class Outcome(models.TextChoices):
    """The outcome of one result (definitions in docs/concepts.md)."""

    OK = "ok", "ok"  # the model answered
    REFUSED = "refused", "refused"  # it declined to answer: answered, scored
    TRUNCATED = "truncated", "truncated"  # it ran into a length limit: answered, scored
    TIMEOUT = "timeout", "timeout"  # no answer in time
    RATE_LIMITED = "rate_limited", "rate limited"  # refused for its rate until the tries were used up
    PROVIDER_ERROR = "provider_error", "provider error"  # the provider failed until the tries were used up
    INVALID_OUTPUT = "invalid_output", "invalid output"  # answers that are no completion, until used up
    RUNNER_ERROR = "runner_error", "runner error"  # our side failed: a crash of the runner or of the worker
    SKIPPED = "skipped", "skipped"  # not called, for a reason that is no error


ANSWERED = (Outcome.OK, Outcome.REFUSED, Outcome.TRUNCATED)
ERRORS = (
    Outcome.TIMEOUT,
    Outcome.RATE_LIMITED,
    Outcome.PROVIDER_ERROR,
    Outcome.INVALID_OUTPUT,
    Outcome.RUNNER_ERROR,
)
