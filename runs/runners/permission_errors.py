"""What forbids a call besides the key: a limit, the place, the model, the network, a service. Pure functions.

Source: the public error references of the OpenAI, Anthropic and Gemini APIs, of OpenRouter, Groq, Azure and LiteLLM.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SEARCHED = 4_000
FLAGGED = ("content_filter", "content_policy_violation")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for which calls are forbidden."""

    words: re.Pattern[str]
    """Codes, types and phrases by which it is known."""
    name: str
    advice: str


def _reason(words: str, name: str, advice: str) -> Reason:
    return Reason(re.compile(words, re.I | re.S), name, advice)


REASONS = (
    _reason(
        r"SERVICE_DISABLED|API_KEY_SERVICE_BLOCKED|has not been used in project",
        "service not enabled",
        "Enable it for the key's project",
    ),
    _reason(
        r"unsupported_country|\b(country|region|territory|location)\b.{0,40}\bnot (supported|available|allowed)"
        r"|not (supported|available|allowed) in your (country|region|territory|location)",
        "place not served",
        "Call it from elsewhere",
    ),
    _reason(
        r"ip_not_authorized|_(IP_ADDRESS|HTTP_REFERRER)_BLOCKED|\bIP address\b|virtual network|firewall"
        r"|network settings",
        "network not allowed",
        "Allow this machine's address for the key",
    ),
    _reason(
        r"model_not_found|model_(access|permission)|\baccess (to )?(the |this )?models?\b|sample from this model",
        "model not allowed",
        "Allow it for the key, or choose another model",
    ),
    _reason(
        r"budget_exceeded|_(budget|key_limit)\b|\b(budget|key|spending|spend|monthly|usage) (limit|has been exceeded)"
        r"|\bquota\b|limit exceeded",
        "no quota left",
        "Raise the limit or wait for its next period",
    ),
)
"""In the order in which they are looked for, the surest first."""


def forbidden_by(error: Mapping[str, Any], text: str) -> Reason | None:
    """Return why an error and its text say that the call is forbidden; None: they name the key, or nothing."""
    said = f"{text} {json.dumps(error, ensure_ascii=False, default=str)}"[:SEARCHED]
    return next((reason for reason in REASONS if reason.words.search(said)), None)


def is_flagged(error: Mapping[str, Any]) -> bool:
    """Return whether this item's text was stopped by a filter: the other items have nothing to do with it."""
    metadata = error.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    return "flagged_input" in told or any(code in FLAGGED for code in (error.get("code"), told.get("error_type")))
