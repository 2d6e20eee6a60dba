"""What errors of the Gemini API mean, where they differ from those of others. Pure functions.

Source: the public reference of the Gemini API, and of Google's error details (google.rpc.RetryInfo, QuotaFailure).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from multidict import CIMultiDict

from experiments.cleaning import parse_json
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import FAULTY_REQUEST, classify_error, error_text
from runs.runners.gemini_content import CONFIG

TOO_MANY_REQUESTS = 429
BAD_KEY = re.compile(r"API_KEY_INVALID|API key (not valid|expired|not found)", re.I)
NO_CREDIT = re.compile(r"credits? (are|is|have been|has been) depleted|enable billing|prepay", re.I)
NO_PLACE = "User location is not supported"
NOT_THERE = re.compile(r'Unknown name \\?"(\w+)|^(?:\S+: )?(.{1,60}?) is not (?:enabled|supported) for', re.I)


def classify(
    response: HttpResponse, *, url: str, request: Request | None, now: datetime
) -> CallFailed | NeedsPerson | Completion:
    """Return what an answer other than 200 means. It says "quota" and "billing" of every limit: details decide."""
    error = _error_of(response)
    text = error_text({"error": error}) if error else ""
    found = _about_the_account(response, url, error, text)
    if found is not None:
        return found
    general = classify_error(_with_retry_after(response, error), url=url, request=request, now=now)
    if isinstance(general, CallFailed) and response.status in FAULTY_REQUEST and (name := _blamed(text, request)):
        return NeedsPerson(f"{url} refuses the parameter {name} ({text}). Change the candidate's parameters.")
    return general


def _about_the_account(response: HttpResponse, url: str, error: Mapping[str, Any], text: str) -> NeedsPerson | None:
    """Return that the key, the credit, the day's quota or the place is amiss; None: it is something else."""
    status, reasons = response.status, " ".join(_reasons(error))
    if status in FAULTY_REQUEST and BAD_KEY.search(f"{text} {reasons}"):
        return NeedsPerson(f"bad key: {url} answered {status} ({text}). Check the API key, then resume.")
    if NO_CREDIT.search(text):
        return NeedsPerson(f"no credit: {url} answered {status} ({text}). Add credit, then resume.")
    if status == TOO_MANY_REQUESTS and any("PerDay" in quota for quota in _quotas(error)):
        return NeedsPerson(f"no quota left today: {url} answered {status} ({text}). Resume tomorrow, or raise it.")
    if NO_PLACE in text:
        return NeedsPerson(f"{url} answered {status} ({text}). Call it from elsewhere.")
    return None


def _error_of(response: HttpResponse) -> dict[str, Any]:
    """Return the object that describes the error, which streams put into a list; {} where the body holds none."""
    try:
        body = parse_json(response.body)
    except ValueError:
        return {}
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the details of a kind."""
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and str(detail.get("@type")).endswith(f".{kind}"):
            yield detail


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    return (str(detail.get("reason")) for detail in _details(error, "ErrorInfo"))


def _quotas(error: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the quotas that are used up."""
    for detail in _details(error, "QuotaFailure"):
        for violation in detail.get("violations") or ():
            yield str(violation.get("quotaId")) if isinstance(violation, dict) else ""


def _with_retry_after(response: HttpResponse, error: Mapping[str, Any]) -> HttpResponse:
    """Return the answer with the wait that its details ask for ("27s") where a header would say it."""
    delays = [str(detail.get("retryDelay")).removesuffix("s") for detail in _details(error, "RetryInfo")]
    if not delays or "Retry-After" in response.headers:
        return response
    return replace(response, headers=CIMultiDict({**response.headers, "Retry-After": delays[0]}))


def _blamed(text: str, request: Request | None) -> str:
    """Return the parameter that a refusal names, by our name or the API's; "": it is about something else."""
    params = request.params if request else {}
    words = {name: f"{name}|{CONFIG.get(name, name)}" for name in params}
    mentioned = [name for name, pattern in words.items() if re.search(rf"\b({pattern})\b", text)]
    missing = NOT_THERE.search(text)
    return mentioned[0] if mentioned else next((name for name in missing.groups() if name), "") if missing else ""
