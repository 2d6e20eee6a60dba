"""Prompt templates: sandboxed Jinja2 that can neither reach into Python nor use up the machine."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROLES = ("system", "user", "assistant")
TEMPLATE_LIMIT = 256 * 1024
OUTPUT_LIMIT = 4 * 1024 * 1024
LOOP_LIMIT = 10_000
NUMBER_LIMIT = 10**12
FORBIDDEN_FILTERS = ("center", "indent", "wordwrap", "format", "pprint", "xmlattr", "urlize", "batch", "slice")
LOOP_COUNTERS = ("index", "index0", "first", "last", "length")
SAFE_BINOPS: Mapping[str, Callable[[Any, Any], Any]] = {"*": operator.mul, "%": operator.mod}


class TemplateProblem(ValueError):
    """A template that cannot be used, or does not fit an item; the text says why and names the variable."""


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 without methods, globals, and everything that builds large things from small ones."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value under a key of an object, or a loop's counter: no methods, nothing of Python."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_COUNTERS:
            return getattr(obj, attribute)
        return self.unsafe_undefined(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of an object, a list or a text."""
        try:
            return obj[argument]
        except (LookupError, TypeError, AttributeError):
            return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, op: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Compute with numbers only: multiplied texts and powers would fill the memory."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers or op not in SAFE_BINOPS or abs(left) > NUMBER_LIMIT or abs(right) > NUMBER_LIMIT:
            raise SecurityError(f"{op} works on numbers up to {NUMBER_LIMIT:.0e} only")
        return SAFE_BINOPS[op](left, right)


def _environment() -> PromptEnvironment:
    environment = PromptEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.globals.clear()
    for name in FORBIDDEN_FILTERS:
        environment.filters.pop(name, None)
    return environment


ENVIRONMENT = _environment()


@dataclass(frozen=True, slots=True)
class CompiledPrompt:
    """A prompt that is ready to be rendered many times."""

    roles: tuple[str, ...]
    templates: tuple[Template, ...]
    variables: frozenset[str]
    """Names that the templates use."""

    def render(self, context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the messages for one item. Raises TemplateProblem naming the variable that is missing."""
        return [
            {"role": role, "parts": [{"type": "text", "text": _rendered(template, context)}]}
            for role, template in zip(self.roles, self.templates, strict=True)
        ]


def compile_messages(messages: Sequence[Mapping[str, str]]) -> CompiledPrompt:
    """Return checked messages compiled. Raises TemplateProblem."""
    parsed = [_parsed(message["content"], number) for number, message in enumerate(messages, start=1)]
    variables: set[str] = set().union(*(meta.find_undeclared_variables(tree) for tree in parsed))
    if "expected" in variables:
        raise TemplateProblem("{{ expected }} is not to be had: a model never sees the expected answer")
    templates = tuple(ENVIRONMENT.from_string(message["content"]) for message in messages)
    return CompiledPrompt(tuple(message["role"] for message in messages), templates, frozenset(variables))


def check_messages(raw: Any) -> list[dict[str, str]]:
    """Return a prompt as messages; a text is one user message. Raises TemplateProblem."""
    if isinstance(raw, str):
        raw = [{"role": "user", "content": raw}]
    if not isinstance(raw, list) or not raw:
        raise TemplateProblem("a prompt is a text, or a list of at least one message with role and content")
    checked = [_checked(message, number) for number, message in enumerate(raw, start=1)]
    compile_messages(checked)
    return checked


def item_context(
    given: str | Mapping[str, Any],
    metadata: Mapping[str, Any],
    tags: Sequence[str],
    key: str,
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the names that templates see of an item: never its expected answer."""
    named = dict(given) if isinstance(given, Mapping) else {"input": given}
    return {**named, "metadata": metadata, "tags": tags, "key": key, "vars": variables}


def _checked(message: Any, number: int) -> dict[str, str]:
    if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
        raise TemplateProblem(f"message {number}: write role and content, and nothing else")
    role, content = message["role"], message["content"]
    if role not in ROLES:
        raise TemplateProblem(f'message {number}: the role "{role}" is none of {", ".join(ROLES)}')
    if not isinstance(content, str) or not content.strip():
        raise TemplateProblem(f"message {number}: the content is empty")
    return {"role": role, "content": content}


def _parsed(source: str, number: int) -> nodes.Template:
    if len(source) > TEMPLATE_LIMIT:
        raise TemplateProblem(f"message {number}: a template holds at most {TEMPLATE_LIMIT // 1024} KiB")
    try:
        tree = ENVIRONMENT.parse(source)
        ENVIRONMENT.compile(tree)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"message {number}, line {error.lineno}: {error.message}") from None
    except TemplateError as error:
        raise TemplateProblem(f"message {number}: {error.message}") from None
    loops = list(tree.find_all(nodes.For))
    if any(list(loop.find_all(nodes.For)) for loop in loops):
        raise TemplateProblem(f"message {number}: a loop inside a loop is not allowed")
    if any(tree.find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport, nodes.Macro))):
        raise TemplateProblem(f"message {number}: templates stand alone: no include, extends, import or macro")
    return ENVIRONMENT.parse(source)


def _rendered(template: Template, context: Mapping[str, Any]) -> str:
    try:
        pieces, size = [], 0
        for piece in template.root_render_func(template.new_context(dict(context))):
            size += len(piece)
            if size > OUTPUT_LIMIT:
                raise TemplateProblem(f"the rendered message is larger than {OUTPUT_LIMIT // 1024 // 1024} MiB")
            pieces.append(piece)
        return "".join(pieces)
    except UndefinedError as error:
        raise TemplateProblem(_about_missing(error, context)) from None
    except TemplateProblem:
        raise
    except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise TemplateProblem(f"the template cannot be rendered: {error}") from None


def _about_missing(error: UndefinedError, context: Mapping[str, Any]) -> str:
    there = ", ".join(sorted(context))
    return f"{error.message or 'a variable is missing'}; there are: {there}"
