"""The sandbox of prompt templates: what Jinja2 may do here, and how much of it.

Jinja2's own sandbox guards attributes, not resources: a template of 20 characters may ask for a gigabyte. So only
listed nodes and filters are let through, text that grows is measured before it is built, and loops are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, meta, nodes, pass_context
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from experiments.templating.filters import KEPT_FILTERS, OWN_FILTERS, as_text, joined_text

MAX_ITERATIONS = 100_000
# Names that no template can write: the filters that the sandbox puts in, and the counter in the context.
JOINING, COUNTING, LOOP_BUDGET = "~", "for", " budget"
LOOP_NAMES = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0")
COUNTED_FILTERS = ("map", "reject", "rejectattr", "select", "selectattr")
ALLOWED_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.With),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Slice),
    *(nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.CondExpr),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
REFUSALS: dict[type[nodes.Node], str] = {
    nodes.Call: "a template cannot call anything; use a filter, like {{ text|upper }}",
    nodes.Pow: "powers are not allowed in a template",
    nodes.Macro: "macros are not allowed in a template",
    nodes.AssignBlock: "{% set %} takes a value here, not a block",
    nodes.Include: "a template cannot read other files",
    nodes.Extends: "a template cannot read other files",
    nodes.Import: "a template cannot read other files",
    nodes.FromImport: "a template cannot read other files",
}


class TemplateRefused(ValueError):
    """A template asks for something that prompts may not do, at `line`."""

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(sentence)
        self.line = line


class Absent(UndefinedError):
    """A name was read that the item does not have."""

    @property
    def name(self) -> str:
        """The name, without what stands before its dot."""
        return self.message or ""


class Missing(StrictUndefined):
    """A value that is not there: printing it, comparing it or looking inside raises Absent."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = Absent,
    ) -> None:
        del exc  # Jinja2 passes its own for accesses that it calls unsafe; here they are missing names like others
        super().__init__(hint, obj, name, Absent)

    @property
    def _undefined_message(self) -> str:
        return str(self._undefined_name)


class LoopBudget:
    """How many rounds of loops are left in one rendering."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_ITERATIONS

    def spend(self) -> None:
        """Count one round. Raises SecurityError after the last."""
        self.left -= 1
        if self.left < 0:
            raise SecurityError(f"the loops run for more than {MAX_ITERATIONS:,} rounds")


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 for prompts: values are data, so a dot or a bracket leads to keys and indexes, never to attributes."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value under a key, or what a loop says of itself; Missing otherwise."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_NAMES:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            return self.undefined(name=obj._undefined_name)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the value under a key, an index or a slice; Missing otherwise."""
        if isinstance(obj, Sequence) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(obj=obj, name=str(argument))
        return self.getattr(obj, str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return left operator right for numbers, and the sum of two short enough texts. Raises SecurityError."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            return super().call_binop(context, operator, left, right)
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return joined_text([left, right])
        raise SecurityError(f"{operator} takes numbers here; to join texts, write them side by side or with ~")


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """A template that passed the sandbox's checks."""

    tree: nodes.Template
    variables: frozenset[str]
    has_loops: bool


def parse(source: str) -> ParsedTemplate:
    """Return the checked template. Raises TemplateRefused, or TemplateSyntaxError of Jinja2."""
    environment = prompt_environment()
    tree = environment.parse(source)
    _check(tree, environment)
    variables = frozenset(_names_read(tree))
    for name in tree.find_all(nodes.Name):
        if name.name == "expected" and "expected" in {path.partition(".")[0] for path in variables}:
            raise TemplateRefused("{{ expected }}: expected answers are never shown to a model", name.lineno)
    has_loops = tree.find(nodes.For) is not None or any(
        node.name in COUNTED_FILTERS for node in tree.find_all(nodes.Filter)
    )
    return ParsedTemplate(Guarding().visit(tree), variables, has_loops)


def template_of(parsed: ParsedTemplate) -> Template:
    """Return the compiled template."""
    environment = prompt_environment()
    return Template.from_code(environment, environment.compile(parsed.tree), {})


@cache
def prompt_environment() -> PromptEnvironment:
    """Return the one environment of all prompts, made at first use."""
    environment = PromptEnvironment(undefined=Missing, keep_trailing_newline=True, finalize=as_text)
    environment.globals.clear()
    kept = {name: environment.filters[name] for name in KEPT_FILTERS}
    environment.filters.clear()
    environment.filters.update(kept | OWN_FILTERS | {JOINING: joined_text, COUNTING: _counted})
    return environment


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    budget: Any = context.resolve(LOOP_BUDGET)
    for value in values:
        budget.spend()
        yield value


class Guarding(NodeTransformer):
    """Sends `~` and whatever loops through the filters that measure and count."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja2's name
        """Return the joining of the operands as a filter."""
        self.generic_visit(node)
        operands = nodes.List(node.nodes, lineno=node.lineno)
        return _filter(operands, JOINING)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Return the loop with its values counted."""
        self.generic_visit(node)
        node.iter = _filter(node.iter, COUNTING)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """Return the filter, the values of those that look at each one counted."""
        self.generic_visit(node)
        if node.name in COUNTED_FILTERS and node.node is not None:
            node.node = _filter(node.node, COUNTING)
        return node


def _filter(operand: Any, name: str) -> nodes.Filter:
    found = nodes.Filter(operand, name, [], [], None, None, lineno=operand.lineno)
    found.set_environment(prompt_environment())
    return found


def _check(tree: nodes.Node, environment: PromptEnvironment) -> None:
    """Raise TemplateRefused for the first node that prompts may not use."""
    for node in [tree, *tree.find_all(nodes.Node)]:
        if not isinstance(node, ALLOWED_NODES):
            sentence = REFUSALS.get(type(node), f"{type(node).__name__} is not allowed in a template")
            raise TemplateRefused(sentence, node.lineno)
        if isinstance(node, nodes.Filter):
            _check_filter(node, environment)
        if isinstance(node, nodes.List | nodes.Dict) and not _is_constant(node):
            raise TemplateRefused("a list or object written in a template holds constants only", node.lineno)


def _check_filter(node: nodes.Filter, environment: PromptEnvironment) -> None:
    if node.node is None:
        raise TemplateRefused("filter blocks are not allowed in a template", node.lineno)
    if node.name not in environment.filters:
        known = ", ".join(sorted(name for name in environment.filters if name not in (JOINING, COUNTING)))
        raise TemplateRefused(f'there is no filter "{node.name}"; there are {known}', node.lineno)


def _is_constant(node: nodes.Node) -> bool:
    kinds = (nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Neg)
    return all(isinstance(child, kinds) for child in node.find_all(nodes.Node))


def _names_read(tree: nodes.Template) -> Iterator[str]:
    """Yield the names that the template takes from the item, dotted as far as they are constant."""
    free = meta.find_undeclared_variables(tree)
    inner: set[int] = set()
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name)):
        path = _path(node, inner)
        if path and path[0] in free and id(node) not in inner:
            yield ".".join(path)


def _path(node: nodes.Node, inner: set[int]) -> list[str]:
    """Return the names along a chain of dots and brackets, [] where it is none; notes the chain's inner nodes."""
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        name = node.arg.value
    else:
        return []
    path = _path(node.node, inner)
    if path:
        inner.add(id(node.node))
    return [*path, name] if path else []
