"""The JSON Schema of experiment files, for editors: `evalsite schema`.

**Source**: JSON Schema, draft 2020-12.
"""

from collections.abc import Mapping
from typing import Any

from django import forms

from evalsite.plugins import runners, scorers
from experiments.files.candidates import MOST
from experiments.media import TYPES
from experiments.options import Options, RangeField, TextListField
from experiments.params import CHECKS
from experiments.requirements import METRICS, ON
from experiments.rows.dataset_files import FORMATS
from experiments.templating import ROLES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
TEXTS: Schema = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
TEXT_OR_TEXTS: Schema = {"anyOf": [{"type": ["string", "number", "boolean"]}, TEXTS]}
COUNT: Schema = {"type": "integer", "minimum": 1}
SECONDS: Schema = {"type": "number", "minimum": 0.1}
RANGE: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
ANY_OBJECT: Schema = {"type": "object"}


def json_schema() -> Schema:
    """Return the schema of the whole file, with the options of every runner and scorer that is there."""
    properties: dict[str, Schema] = {
        "version": {"const": 1},
        "experiment": NAME,
        "description": TEXT,
        "tags": TEXT_OR_TEXTS,
        "project": NAME,
        "vars": ANY_OBJECT,
        "dataset": {"anyOf": [NAME, _dataset()]},
        "providers": {"type": "object", "additionalProperties": _provider()},
        "prompt": _prompt(),
        "prompts": {"type": "object", "additionalProperties": _prompt()},
        "defaults": _closed(_candidate_keys()),
        "candidates": {"type": "array", "items": _candidate(), **_count(1, MOST)},
        "baseline": NAME,
        "scorers": {"type": "array", "items": {"oneOf": _scorers()}, "minItems": 1},
        "scoring": _closed({"errors": {"enum": ["exclude", "zero"]}, "trials": {"const": "mean"}}),
        "trials": {"type": "integer", "minimum": 1, "maximum": 100},
        "reuse": {"type": "boolean"},
        "timeout_s": SECONDS,
        "budget": {"type": "number", "minimum": 0, "maximum": 10_000_000},
        "require": {"type": "array", "items": _requirement()},
        "max_errors": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?%?$"}]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Evalsite experiment",
        **_closed(properties, required=("experiment", "dataset", "candidates", "scorers")),
        "not": {"required": ["prompt", "prompts"]},
    }


def _closed(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """Return the schema of an object with these keys and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _requirement() -> Schema:
    number: Schema = {"type": "number"}
    keys: dict[str, Schema] = {"candidate": NAME, "scorer": NAME, "metric": {"enum": list(METRICS)}}
    bounds: dict[str, Schema] = {"at_least": number, "at_most": number, "on": {"enum": list(ON)}}
    return _closed({**keys, **bounds})


def _candidate() -> Schema:
    """Return the schema of one candidate, or of a matrix of them."""
    values = {"type": "array", "minItems": 1}
    matrix = {"type": "object", "additionalProperties": values, "minProperties": 1}
    rules = {"type": "array", "items": {"type": "object", "minProperties": 1}}
    return _closed({"name": NAME, "matrix": matrix, "exclude": rules, **_candidate_keys()})


def _count(low: int, high: int) -> Schema:
    return {"minItems": low, "maxItems": high}


def _dataset() -> Schema:
    column = {"anyOf": [NAME, _closed({"column": NAME, "split": TEXT}, required=("column",))]}
    columns = {"type": "object", "additionalProperties": NAME}
    select: dict[str, Schema] = {
        "split": TEXT,
        "tags": TEXT_OR_TEXTS,
        "exclude_tags": TEXT_OR_TEXTS,
        "keys": TEXT_OR_TEXTS,
        "limit": COUNT,
        "sample": COUNT,
        "seed": {"type": "integer", "minimum": 0},
    }
    item: dict[str, Schema] = {
        "key": SCALAR,
        "input": {"type": ["string", "number", "boolean", "object"]},
        "expected": {},
        "metadata": ANY_OBJECT,
        "tags": TEXT_OR_TEXTS,
        "split": TEXT,
    }
    properties: dict[str, Schema] = {
        "name": NAME,
        "file": TEXT,
        "format": {"enum": list(FORMATS)},
        "key": NAME,
        "input": {"anyOf": [NAME, columns]},
        "expected": column,
        "metadata": {"anyOf": [TEXT_OR_TEXTS, columns]},
        "tags": column,
        "split": NAME,
        "checks": NAME,
        "bad_rows": {"enum": ["stop", "skip"]},
        "items": {"type": "array", "items": _closed(item, required=("input",)), "minItems": 1},
        "select": _closed(select),
    }
    return _closed(properties, required=("name",))


def _provider() -> Schema:
    own: dict[str, Schema] = {}
    for runner in runners.all().values():
        own |= options_schema(runner.Options)
    price = {"type": "number", "minimum": 0}
    properties: dict[str, Schema] = {
        "use": NAME,
        "kind": {"enum": list(runners.kinds())},
        "base_url": TEXT,
        "file": TEXT,
        "api_key_env": TEXT,
        "headers": {"type": "object", "additionalProperties": SCALAR},
        "max_in_flight": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "requests_per_minute": COUNT,
        "tokens_per_minute": COUNT,
        "timeout_s": SECONDS,
        "prices": {
            "type": "object",
            "additionalProperties": _closed(
                {"input": price, "cached_input": price, "output": price}, required=("input", "output")
            ),
        },
    }
    return _closed({**own, **properties})


def _prompt() -> Schema:
    file = _closed({"file": TEXT}, required=("file",))
    sources: dict[str, Schema] = dict.fromkeys(("text", "url", "from", "file", "blob", "media_type"), TEXT)
    part = _closed({"type": {"enum": ["text", *TYPES]}, **sources}, required=("type",))
    parts = {"type": "array", "items": {"anyOf": [TEXT, part]}, "minItems": 1}
    message: dict[str, Schema] = {"role": {"enum": list(ROLES)}, "content": {"anyOf": [TEXT, file, parts]}}
    messages = {"type": "array", "items": _closed(message, required=("role", "content")), "minItems": 1}
    return {"anyOf": [TEXT, file, messages]}


def _candidate_keys() -> dict[str, Schema]:
    params: dict[str, Schema] = {name: {} for name in CHECKS}
    return {"provider": NAME, "model": NAME, "prompt": NAME, "params": _closed(params)}


def _scorers() -> list[Schema]:
    """Return a schema for each kind of scorer."""
    common: dict[str, Schema] = {
        "name": {"type": "string", "pattern": "^[a-z0-9_-]{1,100}$"},
        "weight": {"type": "number", "minimum": 0},
        "direction": {"enum": ["higher_is_better", "lower_is_better"]},
        "range": RANGE,
        "range_ms": RANGE,
        "range_usd": RANGE,
        "pass": {"type": "number"},
        "when": _closed({"tags": TEXT_OR_TEXTS, "split": TEXT}),
    }
    return [
        _closed({**options_schema(scorer.Options), "kind": {"const": kind}, **common}, required=("kind",))
        for kind, scorer in scorers.all().items()
    ]


def options_schema(form: type[Options]) -> dict[str, Schema]:
    """Return a schema for each option of a plug-in, by the type of its field."""
    return {name: _described(field) for name, field in form.base_fields.items()}


def _described(field: forms.Field) -> Schema:
    help_text = str(field.help_text)
    return {**_of_field(field), **({"description": help_text} if help_text else {})}


def _of_field(field: forms.Field) -> Schema:
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, forms.ChoiceField):
        return {"enum": [value for value, _ in field.choices]}  # type: ignore[misc, union-attr] # pairs, by our forms
    if isinstance(field, TextListField):
        return TEXT_OR_TEXTS
    if isinstance(field, RangeField):
        return RANGE
    if isinstance(field, forms.IntegerField):
        return {"type": "integer" if type(field) is forms.IntegerField else "number"}
    return SCALAR if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField) else {}
