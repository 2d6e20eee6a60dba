"""Calling the API as somebody with a token."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from experiments.models import AccessToken, Scope

ROOT = "/api/v1/"


@dataclass
class Api:
    """A client of the API; without a person it sends no token."""

    person: Any = None
    scope: Scope = Scope.WRITE

    def __post_init__(self) -> None:
        """Make the person's token."""
        self._client = Client(raise_request_exception=True)
        self._headers = {}
        if self.person is not None:
            text = AccessToken.issue(user=self.person, name="tests", scope=self.scope)[1]
            self._headers["Authorization"] = f"Bearer {text}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer; a body that is no text is sent as JSON."""
        address = path if path.startswith(("/", "http")) else f"{ROOT}{path}"
        sent = body if isinstance(body, str | bytes) else b"" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = named.pop("Content-Type", "application/json")
        return self._client.generic(method, address, sent, content_type=kind, headers={**self._headers, **named})

    def get(self, path: str, **headers: str) -> Any:
        """Return the answer to a GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer to a POST."""
        return self.call("POST", path, body, **headers)

    def send(self, path: str, form: dict[str, Any]) -> Any:
        """Return the answer to a POST of a form with files."""
        return self._client.post(f"{ROOT}{path}", form, headers=self._headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Return the answer to a PATCH."""
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        """Return the answer to a DELETE."""
        return self.call("DELETE", path, **headers)
