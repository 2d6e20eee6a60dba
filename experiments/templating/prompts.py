"""Prompt templates: messages in sandboxed Jinja2, checked when compiled, rendered once per case."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateError
from jinja2.exceptions import SecurityError, TemplateSyntaxError

from experiments.media import BadPart, medium
from experiments.templating.messages import BLOB_SENTENCE, TemplateProblem, blobs_in, normalised, shown_content
from experiments.templating.sandbox import (
    LOOP_BUDGET,
    Absent,
    LoopBudget,
    TemplateRefused,
    parse,
    template_of,
)

Message = dict[str, Any]
RESERVED = ("metadata", "tags", "key", "vars")
MEANT_LENGTH = 200
"""No name is longer: comparing takes time, and a body may hold a key of megabytes."""
MAX_TEMPLATE_LENGTH = 256 * 1024
MAX_OUTPUT_LENGTH = 4 * 1024 * 1024
RENDER_ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class CompiledPrompt:
    """A prompt whose templates are ready to render."""

    messages: tuple[CompiledMessage, ...]
    variables: frozenset[str]
    """The names that the templates read, dotted where they look inside: question, metadata.topic, vars.company."""

    @property
    def is_constant(self) -> bool:
        """Whether every item gets the same messages."""
        return all(name == "vars" or name.startswith("vars.") for name in self.variables)

    def render(self, context: Mapping[str, Any]) -> list[Message]:
        """Return the messages for one item. Raises TemplateProblem naming the place and what does not fit."""
        budget = LoopBudget()
        rendered = []
        for message in self.messages:
            if message.parts:
                parts = [self._part(part, context, budget) for part in message.parts]
            else:
                text = message.text if message.template is None else self._text(message, context, budget)
                parts = [{"type": "text", "text": text}]
            rendered.append({"role": message.role, "parts": parts})
        return rendered

    def _part(self, part: CompiledPart, context: Mapping[str, Any], budget: LoopBudget) -> dict[str, Any]:
        if part.kept is not None:
            return dict(part.kept)
        source = part.source
        text = source.text if source.template is None else self._text(source, context, budget)
        try:
            return {"type": "text", "text": text} if part.kind == "text" else medium(part.kind, text)
        except BadPart as bad:
            raise TemplateProblem(f"{source.place(1)}: {bad}") from bad

    def _text(self, message: CompiledMessage, context: Mapping[str, Any], budget: LoopBudget) -> str:
        template = message.template
        assert template is not None  # noqa: S101 - render() asks only for messages that have one
        values = template.new_context({**context, LOOP_BUDGET: budget} if message.has_loops else dict(context))
        try:
            return _joined(template.root_render_func(values))
        except RENDER_ERRORS as error:
            line = _line_of(template, error.__traceback__)
            sentence = self._missing(error.name, context) if isinstance(error, Absent) else _sentence(error)
            raise TemplateProblem(f"{message.place(line)}: {sentence}") from error

    def _missing(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the sentence for a name that the item does not have."""
        paths = {".".join(parts[: i + 1]) for parts in map(_parts, self.variables) for i in range(len(parts))}
        absent = [path for path in sorted(paths) if _parts(path)[-1] == name and not has_name(context, path)]
        if not absent:
            return f'"{name}" is missing'
        there = names_at(context, absent[0].rpartition(".")[0])
        known = f"there are {', '.join(there)}" if there else "there is nothing"
        return f'"{absent[0]}" is missing; {known}{did_you_mean(name, there)}'


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """One message of a prompt."""

    role: str
    text: str
    """The source; where there is nothing to render, also what it renders to."""
    template: Template | None = field(repr=False)
    """None: the text is constant."""
    has_loops: bool
    number: int
    """From 1; 0 where the prompt has one message only."""
    parts: tuple[CompiledPart, ...] = ()
    """What it is made of where it is more than one text; `text` then only shows it."""

    def place(self, line: int) -> str:
        """Return where a line of this message is, for sentences."""
        return f"message {self.number}, line {line}" if self.number else f"line {line}"


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """One of several parts of a message."""

    kind: str
    """text, image, audio or file."""
    source: CompiledMessage
    """The template of the text, or of the URL."""
    kept: Mapping[str, Any] | None = None
    """A medium that is the same for every item; None: `source` renders to the part."""


def check_messages(raw: Any, *, known_blobs: Callable[[], Collection[str]] | None = tuple) -> list[dict[str, Any]]:
    """Return messages as [{"role", "content"}]; a text becomes one user message. Content is a text or a list of parts.

    Raises TemplateProblem for anything else under the roles system, user and assistant, and for templates that are
    wrong or refused. Only what `known_blobs` returns may be named (None: any blob): the name alone gives access.
    """
    messages = normalised(raw)
    named = blobs_in(messages)
    if named and known_blobs is not None and not named <= set(known_blobs()):
        raise TemplateProblem(BLOB_SENTENCE)
    compile_messages(messages)
    return messages


def compile_messages(messages: Any) -> CompiledPrompt:
    """Return the prompt ready to render. Raises TemplateProblem for templates that are wrong or refused."""
    checked = normalised(messages)
    variables: set[str] = set()
    compiled = []
    for index, message in enumerate(checked, start=1):
        number = index if len(checked) > 1 else 0
        compiled.append(_compiled_message(message["role"], message["content"], number, variables))
    return CompiledPrompt(tuple(compiled), frozenset(variables))


def _compiled_message(role: str, content: Any, number: int, variables: set[str]) -> CompiledMessage:
    """Compile a message of one text, or of parts."""
    if isinstance(content, str):
        return _compiled(role, content, number, variables)
    parts = tuple(_compiled_part(part, number, variables) for part in content)
    return CompiledMessage(role, shown_content(content), None, has_loops=False, number=number, parts=parts)


def _compiled_part(part: Mapping[str, Any], number: int, variables: set[str]) -> CompiledPart:
    kind = part["type"]
    if kind == "text":
        return CompiledPart(kind, _compiled("", part["text"], number, variables))
    if "blob" not in part and _has_marks(part["url"]):
        return CompiledPart(kind, _compiled("", part["url"], number, variables))
    nothing = CompiledMessage("", "", None, has_loops=False, number=number)
    try:
        return CompiledPart(kind, nothing, part if "blob" in part else medium(kind, part["url"]))
    except BadPart as bad:
        raise TemplateProblem(f"{nothing.place(1)}: {bad}") from bad


def _has_marks(source: str) -> bool:
    """Return whether there is anything to render."""
    return any(mark in source for mark in ("{{", "{%", "{#"))


def _compiled(role: str, source: str, number: int, variables: set[str]) -> CompiledMessage:
    """Compile one message and add the names that it reads to `variables`."""
    plain = CompiledMessage(role, source, None, has_loops=False, number=number)
    if len(source) > MAX_TEMPLATE_LENGTH:
        raise TemplateProblem(f"{plain.place(1)}: the template is longer than {MAX_TEMPLATE_LENGTH:,} characters")
    if not _has_marks(source):
        return plain
    try:
        parsed = parse(source)
        template = template_of(parsed)
    except TemplateRefused as refusal:
        raise TemplateProblem(f"{plain.place(refusal.line)}: {refusal}") from refusal
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"{plain.place(error.lineno)}: {_sentence(error)}") from error
    except (RecursionError, SyntaxError) as error:
        raise TemplateProblem(f"{plain.place(1)}: the template is nested too deeply") from error
    variables |= parsed.variables
    return CompiledMessage(role, source, template, has_loops=parsed.has_loops, number=number)


def item_context(
    input: str | Mapping[str, Any],  # noqa: A002 - the word of the templates
    metadata: Mapping[str, Any],
    tags: Sequence[str],
    key: str,
    vars: Mapping[str, Any],  # noqa: A002
) -> dict[str, Any]:
    """Return what a template may read of an item; never what is expected."""
    names: dict[str, Any] = {"input": input} if isinstance(input, str) else dict(input)
    names["metadata"], names["tags"], names["key"], names["vars"] = metadata, tags, key, vars
    return names


def did_you_mean(name: str, there: Iterable[str]) -> str:
    """Return `; did you mean "…"?` for the name that is nearest, "" where none is near."""
    near = difflib.get_close_matches(name[:MEANT_LENGTH], list(there), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def _joined(parts: Iterable[str]) -> str:
    """Return the parts as one text. Raises TemplateRefused above the longest output allowed."""
    kept, length = [], 0
    for part in parts:
        length += len(part)
        if length > MAX_OUTPUT_LENGTH:
            raise SecurityError(f"the message would be longer than {MAX_OUTPUT_LENGTH:,} characters")
        kept.append(part)
    return "".join(kept)


def _sentence(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the values are nested too deeply"
    text = str(error.message if isinstance(error, TemplateSyntaxError) else error) or type(error).__name__
    return text.rstrip(".")


def _line_of(template: Template, traceback: TracebackType | None) -> int:
    """Return the line of the template in which an error came up."""
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__jinja_template__") is template:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _parts(path: str) -> list[str]:
    return path.split(".")


def has_name(context: Mapping[str, Any], path: str) -> bool:
    """Return whether a dotted path leads to something."""
    parent, _, name = path.rpartition(".")
    return name in names_at(context, parent)


def names_at(context: Mapping[str, Any], path: str) -> list[str]:
    """Return the names inside the object at a dotted path, those of the context for ""."""
    value: Any = context
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return sorted(map(str, value)) if isinstance(value, Mapping) else []
