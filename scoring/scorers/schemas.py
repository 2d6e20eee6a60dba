"""JSON Schemas as options: checked when they are given, and never fetched from anywhere."""

from collections.abc import Iterator
from typing import Any

from django import forms
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
DATA = ("const", "enum", "default", "examples")
"""Keywords under which data stand, not schemas."""


def validator_of(schema: dict[str, Any]) -> Validator:
    """Return what checks values against the schema. Its registry is empty: nothing outside the schema is fetched."""
    registry: Registry[Any] = Registry()
    return validator_for(schema, default=Draft202012Validator)(schema, registry=registry)


class SchemaField(forms.JSONField):
    """A JSON Schema that needs nothing from outside."""

    def to_python(self, value: Any) -> Any:
        """Return the schema; None: none was given. Raises ValidationError saying what is wrong with it."""
        schema = super().to_python(value)
        if schema in (None, {}):
            return None
        if not isinstance(schema, dict):
            raise forms.ValidationError('Write a JSON Schema, like {"type": "object"}.')
        try:
            validator_for(schema, default=Draft202012Validator).check_schema(schema)
            _check_references(schema)
        except SchemaError as error:
            raise forms.ValidationError(f"Not a JSON Schema: {error.json_path}: {error.message}.") from None
        except RecursionError:
            raise forms.ValidationError("The schema is nested too deeply.") from None
        return schema


def _check_references(schema: dict[str, Any]) -> None:
    """Raise ValidationError unless every reference leads to a place within the schema."""
    dialect = schema.get("$schema")
    specification = specification_with(dialect, default=DRAFT202012) if dialect else DRAFT202012
    registry: Registry[Any] = Registry()
    resolver = registry.resolver_with_root(specification.create_resource(schema))
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise forms.ValidationError(f"It refers to {reference}: put that into the schema, nothing is fetched.")
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise forms.ValidationError(f"It refers to {reference}, which is not in the schema.") from None


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (schema[name] for name in REFERENCES if isinstance(schema.get(name), str))
        for name, part in schema.items():
            if name not in DATA:
                yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
