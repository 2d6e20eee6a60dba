"""What no error of a provider may tell: its key, the values of its headers, and those in its URL's query."""

import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qsl

from runs.exchange import CallFailed, NeedsPerson
from runs.runners.base import HttpResponse

HIDDEN = "[hidden]"
SHORTEST = 6


class Secrets:
    """Takes the secrets of one connection out of answers, errors and texts."""

    def __init__(self, *values: str) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        self._forms = sorted(forms, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text

    def hide_bytes(self, body: bytes) -> bytes:
        """Return the body without secrets."""
        for form in self._forms:
            body = body.replace(form.encode(), HIDDEN.encode())
        return body

    def cleared(self, response: HttpResponse) -> HttpResponse:
        """Return the answer without secrets, which providers echo in their errors."""
        return replace(response, body=self.hide_bytes(response.body))

    def taken_out_of(self, error: CallFailed | NeedsPerson) -> CallFailed | NeedsPerson:
        """Return the error, its texts without secrets: URLs may hold some, too."""
        error.args = (self.hide(str(error)),)
        if isinstance(error, CallFailed):
            error.detail = self.hide(error.detail)
            error.raw_response = error.raw_response and self.hide(error.raw_response)
        return error


def query_values(url: str) -> list[str]:
    """Return the values in a URL's query: some endpoints take their key there."""
    return [value for _, value in parse_qsl(url.partition("?")[2])]


def _forms(value: str) -> Iterable[str]:
    """Return a secret as it is, without its scheme ("Bearer"), and as JSON writes it."""
    return value, value.rpartition(" ")[2], json.dumps(value)[1:-1]
