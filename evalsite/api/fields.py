"""Fields of API requests: strict about types, since "0.5", true and 0.5 are three different things in JSON."""

import json
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.templating import did_you_mean

OBJECT = "Write an object."
UNKNOWN_TOLD = 20
"""So many unknown keys of a body are named: looking for what each might mean takes time."""
METADATA_LIMIT = 64 * 1024


class RequestSerializer(serializers.Serializer[Any]):
    """A request's body: an object that refuses keys it does not know."""

    default_error_messages = {"invalid": OBJECT, "null": OBJECT}

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values. Raises ValidationError naming each key that is unknown."""
        if isinstance(data, Mapping):
            unknown = list(islice((str(name) for name in data if name not in self.fields), UNKNOWN_TOLD))
            if unknown:
                raise serializers.ValidationError({name: [self._unknown(name)] for name in unknown})
        return super().to_internal_value(data)

    def _unknown(self, name: str) -> str:
        return f"unknown field; there are: {', '.join(self.fields)}{did_you_mean(name, self.fields)}"


class OneOfField(serializers.ChoiceField):
    """One of several words; the refusal names them."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the word. Raises ValidationError naming those that there are."""
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"Write one of {', '.join(map(str, self.choices))}.")
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """A text, kept as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises ValidationError for numbers and everything else."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class NumberField(serializers.FloatField):
    """A finite number."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number. Raises ValidationError for texts, true, false, and numbers beyond all bounds."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class WholeField(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number. Raises ValidationError for texts, true, false and fractions."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(data)


class FlagField(serializers.BooleanField):
    """True or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the flag. Raises ValidationError for "true", 1 and everything else."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ShareField(serializers.FloatField):
    """A number from 0 to 1 in a query."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0.0, max_value=1.0, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        """Return the number. Raises ValidationError; NaN compares with nothing and would pass the bounds."""
        number = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        return float(number)


@extend_schema_field(OpenApiTypes.BINARY)
class UploadField(serializers.FileField):
    """A file of a form."""


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.Field[Any, Any, Any, Any]):
    """An object with any keys."""

    default_error_messages = {"invalid": "Write an object.", "large": "At most {limit} characters of JSON."}

    def __init__(self, *, limit: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object. Raises ValidationError for anything else, and for one that is too large."""
        if not isinstance(data, dict):
            self.fail("invalid")
        if self.limit is not None and len(json.dumps(data)) > self.limit:
            self.fail("large", limit=self.limit)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {}}]})
class TextOrObjectField(ObjectField):
    """A text, or an object with any keys."""

    default_error_messages = {"invalid": "Write a text or an object."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the value. Raises ValidationError for anything else."""
        return data if isinstance(data, str) else super().to_internal_value(data)


PART_SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"enum": ["text", "image", "audio", "file"]},
        "text": {"type": "string"},
        "url": {"type": "string", "description": "An address or a data URI; a template like any text."},
        "from": {"type": "string", "description": "The variable of the items that holds the URL."},
    },
    "required": ["type"],
}
CONTENT_SCHEMA = {"oneOf": [{"type": "string"}, {"type": "array", "items": PART_SCHEMA}]}
MESSAGE_SCHEMA = {
    "type": "object",
    "properties": {"role": {"enum": ["system", "user", "assistant"]}, "content": CONTENT_SCHEMA},
    "required": ["role", "content"],
}


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "array", "items": MESSAGE_SCHEMA}]})
class PromptField(serializers.Field[Any, Any, Any, Any]):
    """A prompt: a text, or messages with role and content."""

    default_error_messages = {"invalid": "Write a text, or a list of messages with role and content."}

    def to_internal_value(self, data: Any) -> Any:
        """Return the prompt, whose templates are checked later. Raises ValidationError for other types."""
        if not data or not isinstance(data, str | list):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value
