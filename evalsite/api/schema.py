"""The OpenAPI document of the API: for whoever is signed in, with the problems that every call may answer with.

**Source**: OpenAPI 3.0.3; RFC 9457.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated

from evalsite.api.problems import PROBLEM_TYPE
from experiments.authentication import TokenAuthentication

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
MEANINGS = {
    "400": "Something in the request is wrong; `errors` names the fields.",
    "401": "No valid token.",
    "403": "You may see this, but not do it.",
    "404": "It does not exist, or you may not see it.",
    "406": "The API answers in JSON.",
    "409": "It is not in the state for this.",
    "412": "It has changed since you read it.",
    "415": "Send JSON.",
    "429": "Too many requests in this minute; `Retry-After` says in how many seconds to go on.",
}
SCHEMAS = "#/components/schemas/"
SOMETIMES = {"Met"}
"""Schemas of answers that hold what there is: a requirement names what it asks for."""
ETAGGED = "_retrieve"
ROOT = "/api/v1/"
ONCE = (
    "projects/",
    "datasets/",
    "datasets/{id}/import/",
    "datasets/{id}/items/",
    "prompts/",
    "providers/",
    "experiments/",
    "experiments/{id}/candidates/",
    "experiments/{id}/scorers/",
    "experiments/{id}/clone/",
    "experiment-drafts/",
    "runs/",
    "results/{id}/again/",
)
"""Where a POST makes something, once under the same Idempotency-Key."""
OF_WRITES = ("409", "412", "415")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # their registry of subclasses
    """How a token is sent."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the definition of the scheme."""
        del auto_schema  # the same for all
        return {"type": "http", "scheme": "bearer"}


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, for a session or a token."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]


def openapi_document() -> Any:
    """Return the OpenAPI document."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


def document_presence(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Return the document in which what answers alone hold is always there: fields have defaults for requests only."""
    del generator, request, public  # what the hook is also given
    schemas = result.get("components", {}).get("schemas", {})
    operations = [one for path in result["paths"].values() for one in path.values()]
    answered = _named_in([one["responses"] for one in operations], schemas)
    sent = _named_in([one.get("requestBody") for one in operations], schemas)
    for name in answered - sent - SOMETIMES:
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])
    return result


def _named_in(part: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of the schemas that a part of the document refers to, and those that these refer to."""
    found: set[str] = set()
    parts = [part]
    while parts:
        one = parts.pop()
        if isinstance(one, dict):
            parts += one.values()
            name = str(one.get("$ref", "")).removeprefix(SCHEMAS)
            if name in schemas and name not in found:
                found.add(name)
                parts.append(schemas[name])
        elif isinstance(one, list):
            parts += one
    return found


def document_problems(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Return the document with a problem under each status that a call may end with."""
    del generator, request, public  # what the hook is also given
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            left_out = OF_WRITES if method == "get" else ()
            problems = {status: _answer(text) for status, text in MEANINGS.items() if status not in left_out}
            operation["responses"] = {**problems, **operation["responses"]}
    return result


def document_states(result: dict[str, Any], generator: Any, request: Any, public: Any) -> dict[str, Any]:
    """Return the document with the headers of single objects (their ETags) and of what makes one."""
    del generator, request, public  # what the hook is also given
    for path, operations in result["paths"].items():
        shown = operations.get("get", {})
        if path.removeprefix(ROOT) in ONCE:
            _take_header(operations["post"], "Idempotency-Key", "The same key gives the same object, for 24 hours.")
        if not path.endswith(("}/", "/leaderboard/")) or ETAGGED not in shown.get("operationId", ""):
            continue
        shown["responses"]["200"]["headers"] = {"ETag": {"description": "This state.", "schema": {"type": "string"}}}
        shown["responses"]["304"] = {"description": "You have this state already."}
        _take_header(shown, "If-None-Match", "An ETag: 304 without a body while the object is in that state.")
        for method in ("patch", "delete"):
            if method in operations:
                _take_header(operations[method], "If-Match", "An ETag: 412 when the object has changed since.")
    return result


def _take_header(operation: dict[str, Any], name: str, description: str) -> None:
    header = {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
    operation.setdefault("parameters", []).append(header)


def _answer(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {PROBLEM_TYPE: {"schema": schema}}}
