"""Every error of the API as a problem document: what is wrong, where, in sentences for people.

**Source**: RFC 9457, Problem Details for HTTP APIs.
"""

import json
import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from experiments.actions import ActionConflict, ActionRefused

PROBLEM_TYPE = "application/problem+json"
NOT_FOUND = "There is no such object, or you may not see it."
GENERAL = "non_field_errors"
ERRORS_TOLD, ERRORS_KEPT = 5, 100
"""So many errors are in the sentence, and in the list: a request may hold thousands."""
FIELD_LENGTH = 200


class PreconditionFailed(exceptions.APIException):
    """The object is not the one that the request's If-Match names."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = "This object has changed since you read it: read it again, then repeat your change."


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to an error that is the request's; None: it is ours, and goes on."""
    known = as_api_error(error)
    if isinstance(known, exceptions.UnsupportedMediaType):
        known.detail = exceptions.ErrorDetail(_what_to_send(context.get("view")))
    if known is None:
        return None
    status = HTTPStatus(known.status_code)
    errors = list(islice(_errors(known.detail), ERRORS_KEPT)) if isinstance(known, exceptions.ValidationError) else []
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": _sentence(errors) if errors else str(known.detail),
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, headers=_headers(known), content_type=PROBLEM_TYPE)


def plain_problem(status: int, sentence: str) -> HttpResponse:
    """Return a problem document outside of the views: what Django itself refuses, and errors of ours."""
    known = HTTPStatus(status)
    body = {"type": "about:blank", "title": known.phrase, "status": status, "detail": sentence}
    return HttpResponse(json.dumps(body), status=status, content_type=PROBLEM_TYPE)


def _what_to_send(view: Any) -> str:
    """Return the type of body that a view takes, as a sentence."""
    if MultiPartParser in getattr(view, "parser_classes", ()):
        return "Send the file in a form, with the header Content-Type: multipart/form-data."
    return "Send JSON, with the header Content-Type: application/json."


def as_api_error(error: Exception) -> exceptions.APIException | None:
    """Return an error of ours or Django's as REST framework's; None: nobody foresaw it."""
    if isinstance(error, exceptions.Throttled):
        return _throttled(error)
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, ActionRefused):
        return exceptions.ValidationError({error.field: [str(error)]})
    if isinstance(error, ActionConflict):
        conflict = exceptions.APIException(str(error))
        conflict.status_code = HTTPStatus.CONFLICT
        return conflict
    return None


def _throttled(error: exceptions.Throttled) -> exceptions.APIException:
    """Return the error with a sentence that says what to do, and at least a second to wait."""
    seconds = max(1, math.ceil(getattr(error, "wait", None) or 0))
    said = exceptions.Throttled(wait=seconds)
    said.detail = exceptions.ErrorDetail(f"Too many requests in this minute: go on in {seconds} s.")
    return said


def _errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Yield {field, detail} for each sentence; fields inside others with dots: config.params."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _errors(inner, _inside(path, name))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            is_nested = isinstance(inner, Mapping)
            yield from _errors(inner, f"{path}[{number}]" if is_nested else path)
    else:
        yield {"field": path[:FIELD_LENGTH], "detail": str(detail)}


def _inside(path: str, name: Any) -> str:
    if name == GENERAL:
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def _sentence(errors: list[dict[str, str]]) -> str:
    told = [f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors[:ERRORS_TOLD]]
    more = ["and more of them"] if len(errors) > ERRORS_TOLD else []
    return "; ".join([*told, *more])


def _headers(error: exceptions.APIException) -> dict[str, str]:
    header, wait_s = getattr(error, "auth_header", None), getattr(error, "wait", None)
    headers = {"WWW-Authenticate": header} if header else {}
    return headers | ({"Retry-After": str(int(wait_s))} if wait_s else {})
