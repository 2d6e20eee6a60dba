"""The scorer that checks JSON, against a schema if there is one."""

from collections.abc import Mapping
from typing import Any

import orjson
import regex
from jsonschema.exceptions import best_match

from experiments.options import FlagField, Options
from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict
from scoring.scorers.schemas import SchemaField, validator_of
from scoring.scorers.verdicts import NO_ANSWER, right_or_wrong

FENCE = regex.compile(r"```[\w-]*[^\S\n]*\n(.*?)```", regex.DOTALL)
LONGEST_EXPLANATION = 500


class JsonValid(Scorer):
    """1 when the answer is JSON, and fits the schema, else 0."""

    label = "Valid JSON"
    help_text = "The answer is JSON, and fits a JSON Schema if one is given."
    place = Place.APART
    examples = (
        Example('{"city": "Paris"}', {"schema": {"type": "object", "required": ["city"]}}),
        Example('{"town": "Paris"}', {"schema": {"type": "object", "required": ["city"]}}),
        Example("The city is Paris."),
    )

    class Options(Options):
        """Options of json_valid."""

        schema = SchemaField(required=False, help_text="A JSON Schema without references to other places.")
        fenced = FlagField(initial=True, help_text="Take the JSON from the last ``` block where there is one.")

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        schema = options.get("schema")
        self._validator = validator_of(schema) if schema else None

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0, with the first thing that does not fit."""
        del question  # the answer alone decides
        if not answer.text.strip():
            return NO_ANSWER
        blocks = FENCE.findall(answer.text) if self.options["fenced"] else []
        block = blocks[-1] if blocks else None
        try:
            value = orjson.loads(answer.text if block is None else block)
        except orjson.JSONDecodeError as error:
            return Verdict(0.0, "not JSON", block, str(error))
        return self._against_schema(value, block)

    def _against_schema(self, value: Any, block: str | None) -> Verdict:
        errors = self._validator.iter_errors(value) if self._validator else ()
        error = best_match(errors)
        if error is None:
            return right_or_wrong(True, block)
        return Verdict(0.0, "does not fit", block, f"{error.json_path}: {error.message}"[:LONGEST_EXPLANATION])
