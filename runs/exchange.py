"""What goes to a provider and what comes back: plain values that engine, runners and stages share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
"""One message: {"role": "system"|"user"|"assistant"|"tool", "parts": [{"type": "text", "text": ...}, ...]},
and for an assistant's also "tool_calls": [{"id", "name", "arguments"}], "reasoning": text, "other_choices": messages
that were answered beside it, and "partial": true where it broke off."""


@dataclass(slots=True)
class Draft:
    """The answer of a call that is still open, as far as it has arrived: a runner that streams puts it here."""

    so_far: Callable[[], "Completion | None"] | None = None
    """Returns what the answer comes to as of now, None before its first word; no such function: nothing arrived."""

    def take(self) -> "Completion | None":
        """Return what had arrived and forget it, so that the next try begins anew."""
        so_far, self.so_far = self.so_far, None
        return so_far() if so_far else None


@dataclass(frozen=True, slots=True)
class Request:
    """One call that is to be made."""

    model: str
    messages: list[Message]
    """Rendered messages, oldest first."""
    params: Mapping[str, Any]
    """temperature, max_tokens, ... as the experiment file names them; `extra_body` is sent as it is."""
    item_key: str = ""
    """The item's key in its dataset, for runners that look answers up."""
    sample: int = 0
    """Trial number from 0, for runners that can make repetitions repeatable."""
    draft: Draft = field(default_factory=Draft, compare=False, repr=False)
    """What has arrived of the answer, kept when the call runs out of time or is cut off."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a provider answered."""

    text: str
    """The answer's text, "" where there is none. Cleaned: no NUL, no lone surrogates."""
    outcome: str = "ok"
    """ok, refused or truncated."""
    detail: str = ""
    """Why, where the outcome is not ok."""
    message: Message = field(default_factory=dict)
    """The assistant's message as the transcript keeps it."""
    tokens_in: int | None = None
    """Prompt tokens as the provider counted them; None: it did not say."""
    tokens_out: int | None = None
    """Completion tokens as the provider counted them; None: it did not say."""
    cached_tokens: int | None = None
    """Those of the prompt tokens that the provider read from a cache; None: it did not say."""
    raw_response: str | None = None
    """The body as it came, where it is worth keeping (errors); else None."""
    latency_ms: int | None = None
    """How long the answer took when it was recorded; None: as long as the call."""
    first_token_ms: int | None = None
    """From the call to the first word of the answer; None: it was not streamed."""


class CallFailed(Exception):
    """A call that brought no completion, classified. Retried by the call port while `is_retriable`."""

    def __init__(
        self,
        outcome: str,
        detail: str,
        *,
        is_retriable: bool = True,
        is_unreachable: bool = False,
        was_sent: bool = True,
        retry_after_s: float | None = None,
        status: int | None = None,
        raw_response: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.outcome = outcome
        """The result's outcome once the tries are used up: rate_limited, provider_error, invalid_output, timeout."""
        self.detail = detail
        """One sentence for people."""
        self.is_retriable = is_retriable
        self.is_unreachable = is_unreachable
        """No connection came about (refused, reset, DNS, TLS): many in a row mean that the provider is down."""
        self.was_sent = was_sent
        """Whether the request may have arrived; where it was not answered it may have been billed then."""
        self.retry_after_s = retry_after_s
        """Seconds that the provider asked to wait, at most 600; None: it did not say."""
        self.status = status
        """HTTP status, None where there was no answer."""
        self.raw_response = raw_response
        self.partial: Completion | None = None
        """What had arrived of the answer when it broke off; None: nothing. Set by the call port."""

    @property
    def is_unbilled(self) -> bool:
        """Whether it surely costs nothing: the provider said no, or was not asked; not so once an answer began."""
        return (self.status is not None or not self.was_sent) and self.partial is None


class NeedsPerson(Exception):
    """No call of this candidate can succeed until a person changes something: its run pauses, nothing is stored.

    The text says what is wrong and what to do: a bad key, an unknown model, a wrong path, no credit.
    """
