"""The kinds of scorers, as each declares itself: options, examples with the scorer's own verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms

from evalsite.plugins import scorers
from experiments.files.schema import Schema, options_schema
from experiments.files.writing import as_yaml
from scoring.judging.one import Judgement, judged
from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict

MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """One option of a kind."""

    name: str
    sort: str
    """What it takes, in words: "a number", "any, all"."""
    default: str
    """As a file would have it; "": nothing."""
    help_text: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class JudgedExample:
    """An example and what the scorer says of it."""

    example: Example
    verdict: Verdict | None
    """None: people give it."""
    declared: str
    """The scorer as an experiment file has it."""

    @property
    def expected(self) -> str:
        """What is expected, as a text; "": nothing."""
        return _told(self.example.expected)

    @property
    def metadata(self) -> str:
        """The item's metadata as JSON; "": none."""
        return _told(dict(self.example.metadata))


@dataclass(frozen=True, slots=True)
class ScorerKind:
    """One kind of scorer."""

    name: str
    """As files and the API name it."""
    plugin: type[Scorer]

    @classmethod
    def all(cls) -> "list[ScorerKind]":
        """Return every kind that is there, those of the site first."""
        return [cls(name, plugin) for name, plugin in scorers.all().items()]

    @classmethod
    def of(cls, name: str) -> "ScorerKind | None":
        """Return the kind of this name; None: there is none."""
        return cls(name, scorers.get(name)) if name in scorers.kinds() else None

    # Templates call what can be called, a class too: they read the facts of the plug-in here.
    @property
    def label(self) -> str:
        """Its name on pages."""
        return self.plugin.label

    @property
    def help_text(self) -> str:
        """What it looks at, in one sentence."""
        return self.plugin.help_text

    @property
    def natural_range(self) -> tuple[float, float] | None:
        """Ends of its values; None: the experiment gives them."""
        return self.plugin.natural_range

    @property
    def higher_is_better(self) -> bool:
        """Whether higher values are better."""
        return self.plugin.higher_is_better

    @property
    def default_weight(self) -> float:
        """Its weight where the experiment says none."""
        return self.plugin.default_weight

    @property
    def is_tried(self) -> bool:
        """Whether it is code, which may be tried on an answer."""
        return self.plugin.place is not Place.NOWHERE

    @property
    def schema(self) -> dict[str, Schema]:
        """The JSON Schema of each option, with its default."""
        defaults = self.plugin.Options.defaults()
        described = options_schema(self.plugin.Options).items()
        return {name: {**one, **_default(defaults, name)} for name, one in described}

    @property
    def options(self) -> list[OptionFacts]:
        """Its options in the order of their form."""
        defaults, described = self.plugin.Options.defaults(), options_schema(self.plugin.Options)
        return [
            OptionFacts(
                name, _sort(described[name]), _told(defaults.get(name)), str(field.help_text), _is_needed(field)
            )
            for name, field in self.plugin.Options.base_fields.items()
        ]

    @property
    def examples(self) -> Sequence[JudgedExample]:
        """Its examples with their verdicts."""
        return _judged_examples(self.name)


@cache
def _judged_examples(name: str) -> tuple[JudgedExample, ...]:
    """Return the examples of a kind; they and the kind are code, so that their verdicts never change."""
    plugin: type[Scorer] = scorers.get(name)
    return tuple(_judged(name, plugin, example) for example in plugin.examples)


def _judged(name: str, plugin: type[Scorer], example: Example) -> JudgedExample:
    question = Question("", "", example.expected, example.metadata, ())
    answer = Answer(example.text, "ok", example.latency_ms, example.cost_usd)
    scorer = plugin(plugin.Options.parse(example.options))
    declared = as_yaml({"scorers": [{"kind": name, **example.options}]}).strip()
    is_given = plugin.place is Place.NOWHERE
    return JudgedExample(example, None if is_given else judged(Judgement(scorer, question, answer)), declared)


def _default(defaults: Mapping[str, Any], name: str) -> Schema:
    return {"default": defaults[name]} if name in defaults else {}


def _is_needed(field: forms.Field) -> bool:
    return field.required and field.initial is None


def _sort(schema: Schema) -> str:
    """Return in words what an option takes."""
    if "enum" in schema:
        return ", ".join(str(word) for word in schema["enum"][:MOST_WORDS])
    if "anyOf" in schema:
        return "a text or a list of texts"
    words = {"boolean": "true or false", "array": "two numbers", "number": "a number", "integer": "a whole number"}
    sort = schema.get("type")
    return "an object" if sort is None else words.get(str(sort), "a text")


def _told(value: Any) -> str:
    """Return a value as a file has it; "" for nothing."""
    if value in (None, "", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
