"""A prompt shown with one item: the messages as they would be sent, and the names that the item does not have."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.templating.messages import TemplateProblem, shown_content
from experiments.templating.prompts import (
    RESERVED,
    CompiledPrompt,
    compile_messages,
    did_you_mean,
    has_name,
    names_at,
)

MOST_NAMES = 30
BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template's text."""

    text: str
    problem: str = ""
    """Why the name that it is does not fit the item; "": it is no such name."""


@dataclass(frozen=True, slots=True)
class MessagePreview:
    """One message of the prompt."""

    role: str
    source: list[Piece]
    """The template, unknown names in pieces of their own."""
    rendered: str | None
    """As it would be sent; None: it cannot be rendered."""


@dataclass(frozen=True, slots=True)
class PromptPreview:
    """A prompt with one item."""

    messages: list[MessagePreview] = field(default_factory=list)
    problem: str = ""
    """What does not fit; "": every message is rendered."""
    is_constant: bool = False
    """Whether every item would get the same messages."""


def preview_of(messages: Sequence[Mapping[str, Any]], context: Mapping[str, Any]) -> PromptPreview:
    """Return the prompt as the item of this context would get it; never raises for what a person may have typed."""
    try:
        prompt = compile_messages(messages)
    except TemplateProblem as wrong:
        sources = [MessagePreview(one["role"], [Piece(shown_content(one["content"]))], None) for one in messages]
        return PromptPreview(sources, str(wrong))
    unknown = dict(_unknown(prompt, context))
    texts, problem = _rendered(prompt, context)
    shown = [
        MessagePreview(message.role, list(_pieces(message.text, unknown)), text)
        for message, text in zip(prompt.messages, texts, strict=True)
    ]
    return PromptPreview(shown, problem, prompt.is_constant)


def names_of(context: Mapping[str, Any]) -> list[str]:
    """Return what templates may name of an item, as they write it: of its input, its metadata, `vars`, key and tags."""
    of_input = [name for name in context if name not in RESERVED]
    members = [_member(whole, name) for whole in ("metadata", "vars") for name in context[whole]]
    return [*of_input, *members, "key", "tags"][:MOST_NAMES]


def _member(whole: str, name: str) -> str:
    return f"{whole}.{name}" if name.isidentifier() else f"{whole}[{json.dumps(name, ensure_ascii=False)}]"


def _rendered(prompt: CompiledPrompt, context: Mapping[str, Any]) -> tuple[list[str | None], str]:
    """Return the texts of the messages and "", or no texts and what does not fit."""
    try:
        return [shown_content(message["parts"]) for message in prompt.render(context)], ""
    except TemplateProblem as misfit:
        return [None] * len(prompt.messages), str(misfit)


def _unknown(prompt: CompiledPrompt, context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the paths that the item does not have, each with a sentence."""
    for path in sorted(prompt.variables):
        if has_name(context, path):
            continue
        parent, _, name = path.rpartition(".")
        there = names_at(context, parent)
        known = f"there are {', '.join(there)}" if there else "there is nothing"
        yield path, f'"{path}" is missing; {known}{did_you_mean(name, there)}'


def _pieces(source: str, problems: Mapping[str, str]) -> Iterator[Piece]:
    """Yield the text in order, the names that are not there apart from the rest."""
    start = 0
    for block in BLOCK.finditer(source):
        for name in _names_in(block.group(), problems):
            first = block.start() + name.start()
            yield Piece(source[start:first])
            yield Piece(name.group(), problems[_path(name.group())])
            start = block.start() + name.end()
    yield Piece(source[start:])


def _names_in(block: str, paths: Iterable[str]) -> "Iterator[re.Match[str]]":
    longest_first = sorted(paths, key=len, reverse=True)
    if not longest_first:
        return iter(())
    patterns = (r"\s*\.\s*".join(map(re.escape, path.split("."))) for path in longest_first)
    return re.finditer(rf"(?<![\w.\"'])(?:{'|'.join(patterns)})(?![\w\"'])", block)


def _path(written: str) -> str:
    return re.sub(r"\s+", "", written)
