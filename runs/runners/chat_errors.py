"""What answers other than a completion mean, whatever the wire format; a kind adds what only it says. Pure functions.

Source: the public reference of the Chat Completions API; the table of errors is in docs/providers.md.
"""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from experiments.cleaning import clean_text, parse_json
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import HttpResponse
from runs.runners.permission_errors import forbidden_by, is_flagged

LONGEST_WAIT_S = 600.0
V1_HINT = "the base URL often ends with /v1"
RAW_LIMIT = 64 * 1024
TEXT_LENGTH = 500
SHOWN_LENGTH = 300
FAULTY_REQUEST = (400, 413, 422)
FORBIDDEN = (401, 403)
NO_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota|billing_|credit balance|no credit", re.I)
SAYS_NO_CREDIT = (400, 403, 429)
RATE_CODE = re.compile(r"rate_limit|too_many_requests|resource_exhausted", re.I)
TOO_LONG = re.compile(
    r"context.{0,20}(length|window|limit)|maximum context|too many tokens|prompt is too long|request_too_large"
    r"|maximum (allowed )?number of bytes|input token count.{0,40}exceeds",
    re.I,
)
NO_MODEL = re.compile(
    r"model.{0,80}(not (found|exist|available)|does not exist|unknown)|model_not_found|invalid model name", re.I | re.S
)
BAD_KEY = ("no_db_connection",)  # LiteLLM's proxy without a database, of any key but its own, with status 400
RETRY_AFTER = ("Retry-After", "llm_provider-retry-after")  # the second: LiteLLM's proxy, of the provider behind it
UNSUPPORTED = re.compile(r"unsupported|unknown|unrecognized|not (supported|permitted|allowed)|extra inputs", re.I)


def no_json(response: HttpResponse, url: str, *, hint: str = V1_HINT) -> NeedsPerson | CallFailed:
    """Return what a 200 that is no JSON means: a web page at a wrong URL, or an answer that broke off."""
    if is_web_page(response):
        return NeedsPerson(f"{url} answered with a web page instead of JSON: {hint}")
    return CallFailed("invalid_output", "the answer is no JSON", status=200, raw_response=raw_of(response))


def is_web_page(response: HttpResponse) -> bool:
    """Return whether an answer is a page for browsers."""
    is_page = "text/html" in response.headers.get("Content-Type", "").lower()
    return is_page or response.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))


def classify_error(
    response: HttpResponse, *, url: str, request: Request | None, now: datetime, hint: str = V1_HINT
) -> CallFailed | NeedsPerson | Completion:
    """Return what an answer other than 200 means: an exception to raise, or a completion that was truncated.

    `hint` says what to look at where the URL is wrong.
    """
    text = error_text(_json_of(response))
    found: NeedsPerson | Completion | None = _about_the_account(response, url, text)
    if found is None and response.status in (*FAULTY_REQUEST, *FORBIDDEN):
        found = _about_the_request(response, url, text, request)
    return found or _about_the_address(response, url, text, request, hint) or _failed(response, text, now)


def _about_the_account(response: HttpResponse, url: str, text: str) -> NeedsPerson | None:
    """Return that the key or the credit is amiss; None: it is something else."""
    status = response.status
    is_about_credit = status in SAYS_NO_CREDIT and NO_CREDIT.search(text) and not _is_about_rate(response)
    if status == 402 or is_about_credit:
        return NeedsPerson(f"no credit: {url} answered {status} ({text}). Add credit, then resume.")
    error = _error_of(_json_of(response))
    if status in FORBIDDEN and not is_flagged(error):
        return _forbidden(response, url, text, error)
    if error.get("type") in BAD_KEY:
        return NeedsPerson(f"bad key: {url} answered {status} ({text}). Check the API key, then resume.")
    return None


def _forbidden(response: HttpResponse, url: str, text: str, error: dict[str, Any]) -> NeedsPerson:
    """Return what forbids a call: what the body names, else the key."""
    status, reason = response.status, forbidden_by(error, text)
    if reason is not None:
        return NeedsPerson(f"{reason.name}: {url} answered {status} ({text}). {reason.advice}, then resume.")
    if status == 403 and is_web_page(response):
        return NeedsPerson(
            f"not let through: {url} answered {status} with a web page, as a firewall or a proxy before it does. "
            "Have it let these calls pass, then resume."
        )
    return NeedsPerson(f"bad key: {url} answered {status} ({text}). Check the API key, then resume.")


def _about_the_request(
    response: HttpResponse, url: str, text: str, request: Request | None
) -> Completion | NeedsPerson | None:
    """Return what a refused request says of the item or of the parameters; None: nothing."""
    completion = _completion_of(response, text)
    if completion is not None:
        return completion
    named = _parameter_named(response, text, request)
    if not named:
        return None
    return NeedsPerson(f"{url} does not take the parameter {named} ({text}). Change the candidate's parameters.")


def _about_the_address(
    response: HttpResponse, url: str, text: str, request: Request | None, hint: str
) -> NeedsPerson | None:
    """Return that model or path are not there, or that the URL leads elsewhere; None: it is something else."""
    status = response.status
    if status in (404, 405) or (status == 400 and NO_MODEL.search(text)):
        return _not_found(response, url, text, request, hint)
    if 300 <= status < 400:
        return NeedsPerson(f"{url} answered {status}, a redirect, which is not followed: use the final URL.")
    return None


def _is_about_rate(response: HttpResponse) -> bool:
    """Whether the provider's own code says so: words about rates often name the billing page too."""
    error = _error_of(_json_of(response))
    return bool(RATE_CODE.search(f"{error.get('code')} {error.get('type')} {error.get('status')}"))


def _completion_of(response: HttpResponse, text: str) -> Completion | None:
    """Return what a refused request still says of the item: too long for the model, or filtered; None: nothing."""
    if TOO_LONG.search(text):
        outcome, detail = "truncated", "input too long"
    elif is_flagged(_error_of(_json_of(response))):
        outcome, detail = "refused", "stopped by the provider's content filter"
    else:
        return None
    return Completion("", outcome, detail, {"role": "assistant", "parts": []}, raw_response=raw_of(response))


def _not_found(response: HttpResponse, url: str, text: str, request: Request | None, hint: str) -> NeedsPerson:
    if request is not None and (NO_MODEL.search(text) or re.search(rf"(?<!\w){re.escape(request.model)}(?!\w)", text)):
        return UnknownModel(f'the model "{request.model}" is unknown at {url} ({text})')
    return NeedsPerson(f"{url} answered {response.status}: wrong path? {hint[0].upper()}{hint[1:]}.")


class UnknownModel(NeedsPerson):
    """The provider does not know the model; whoever raises it on adds what models there are."""


def _parameter_named(response: HttpResponse, text: str, request: Request | None) -> str:
    """Return the name of the parameter that the provider does not take; "": the 400 is about something else."""
    named = _error_of(_json_of(response)).get("param")
    sent = [*request.params, *(request.params.get("extra_body") or {})] if request else []
    if isinstance(named, str) and named not in ("", "model") and (named in sent or UNSUPPORTED.search(text)):
        return named
    mentioned = [name for name in sent if re.search(rf"\b{re.escape(name)}\b", text)]
    return mentioned[0] if mentioned and UNSUPPORTED.search(text) else ""


def _failed(response: HttpResponse, text: str, now: datetime) -> CallFailed:
    status = response.status
    asked_for = next((response.headers[name] for name in RETRY_AFTER if name in response.headers), None)
    retry_after_s = retry_after(asked_for, now)
    is_rate = status == 429 or (status == 503 and retry_after_s is not None)
    return CallFailed(
        "rate_limited" if is_rate else "provider_error",
        f"{status}: {text}",
        is_retriable=is_rate or status in (408, 409) or status >= 500,
        retry_after_s=retry_after_s,
        status=status,
        raw_response=raw_of(response),
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (seconds or a date), 0 to 600; None: absent or unreadable."""
    try:
        seconds = float(value or "nan")
    except ValueError:
        seconds = _seconds_until(value or "", now)
    return None if math.isnan(seconds) else min(LONGEST_WAIT_S, max(0.0, seconds))


def _seconds_until(date: str, now: datetime) -> float:
    try:
        until = parsedate_to_datetime(date)
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
        return (until - now).total_seconds()
    except (ValueError, OverflowError):
        return math.nan


def raw_of(response: HttpResponse) -> str:
    """Return a body as it is kept: at most 64 KiB of clean text."""
    return clean_text(response.body[:RAW_LIMIT].decode(errors="replace"))


def _json_of(response: HttpResponse) -> Any:
    try:
        return parse_json(response.body)
    except ValueError:
        return {"error": raw_of(response)[:SHOWN_LENGTH] or "an empty body"}


def _error_of(body: Any) -> dict[str, Any]:
    """Return the object that describes the error; {} where the body holds none."""
    error = body.get("error", body) if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def error_text(body: Any) -> str:
    """Return the message of an error body, with its code, at most 500 characters."""
    error = _error_of(body)
    if not error:
        text = body.get("error", body) if isinstance(body, dict) else body
        return clean_text(str(text))[:TEXT_LENGTH]
    words = [str(error[name]) for name in ("code", "message", "detail") if error.get(name)]
    return clean_text(": ".join(dict.fromkeys(words)) or str(error))[:TEXT_LENGTH]
