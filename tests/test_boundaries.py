"""Who may import whom (docs/design.md): experiments <- runs <- scoring; surfaces above; the engine beside Django."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("experiments", "runs", "scoring")
TERMINAL = "terminal"
"""Drawing in a terminal: the one surface that commands of other apps use as well."""
SURFACES = {"admin", "api", "apps", "forms", "management", "pages", "templatetags", TERMINAL, "urls", "views"}
"""Names of modules and packages that face people and programs; everything else in the three apps is core."""
FOR_ALL = {"evalsite.env", "evalsite.plugins"}
OUTSIDE = {"django", "rest_framework", "django_q", "aiohttp", "httptools", "httpx", "requests", "urllib3"}
ABOVE = {"experiments": {"runs", "scoring"}, "runs": {"scoring"}, "scoring": set[str]()}


def modules() -> dict[str, Path]:
    """Return the file of every module of ours, by dotted name; tests and migrations are none."""
    files = (file for package in ("evalsite", *APPS) for file in (ROOT / package).rglob("*.py"))
    return {dotted(file): file for file in files if "migrations" not in file.parts}


def dotted(file: Path) -> str:
    """Return the dotted name of a file."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str) -> Iterator[str]:
    """Yield every dotted name that a source imports, wherever it does so; `from a import b` yields `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{name.name}" for name in node.names)


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return what a module imports: modules of ours by their name, others' as written."""
    known = modules()
    names = imported(known[module].read_text(encoding="utf-8"))
    return frozenset(name if name in known else _parent_if_known(name, known) for name in names)


def _parent_if_known(name: str, known: dict[str, Path]) -> str:
    parent = name.rpartition(".")[0]
    return parent if parent in known else name


def is_surface(module: str) -> bool:
    """Return whether a module of an app is one of its surfaces."""
    return bool(SURFACES.intersection(module.split(".")[1:]))


def app_of(module: str) -> str:
    """Return the first part of a dotted name."""
    return module.partition(".")[0]


def core(app: str) -> list[str]:
    """Return the core modules of an app."""
    return [module for module in modules() if app_of(module) == app and not is_surface(module)]


def reachable(start: str) -> set[str]:
    """Return everything that importing a module brings along, through modules of ours."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        module = waiting.pop()
        seen.add(module)
        if module in modules():
            waiting.extend(imports_of(module) - seen)
    return seen


@pytest.mark.parametrize("app", APPS)
def test_core_imports_no_app_above(app: str) -> None:
    arrows = [(module, name) for module in core(app) for name in imports_of(module) if app_of(name) in ABOVE[app]]

    assert arrows == []


@pytest.mark.parametrize("app", APPS)
def test_core_imports_no_surface(app: str) -> None:
    arrows = [
        (module, name)
        for module in core(app)
        for name in imports_of(module)
        if app_of(name) in APPS and is_surface(name)
    ]

    assert arrows == []


@pytest.mark.parametrize("app", APPS)
def test_core_imports_of_the_wiring_what_is_for_all(app: str) -> None:
    arrows = [
        (module, name)
        for module in core(app)
        for name in imports_of(module)
        if app_of(name) == "evalsite" and name not in FOR_ALL
    ]

    assert arrows == []


@pytest.mark.parametrize("app", APPS)
def test_surface_imports_no_surface_of_another_app(app: str) -> None:
    surfaces = [module for module in modules() if app_of(module) == app and is_surface(module)]
    others = set(APPS) - {app}

    arrows = [
        (module, name)
        for module in surfaces
        for name in imports_of(module)
        if app_of(name) in others and is_surface(name) and TERMINAL not in name
    ]

    assert arrows == []


@pytest.mark.parametrize("module", ["runs.execution", "scoring.statistics"])
def test_pure_module_reaches_neither_django_nor_an_http_client(module: str) -> None:
    outside = {name for name in reachable(module) if app_of(name) in OUTSIDE}

    assert outside == set()


def test_modules_are_found() -> None:
    found = set(modules())

    assert {"evalsite.settings", "runs.execution", "runs.models", "scoring.boards.leaderboard"} <= found
    assert not {module for module in found if module.endswith("__init__")}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import scoring.models", ["scoring.models"]),
        ("from scoring import models, stages", ["scoring.models", "scoring.stages"]),
        ("def late():\n    from runs.models import Run", ["runs.models.Run"]),
        ("if TYPE_CHECKING:\n    import scoring", ["scoring"]),
    ],
)
def test_imported_finds_every_form_of_import(source: str, names: list[str]) -> None:
    assert list(imported(source)) == names


def test_imports_are_never_relative() -> None:
    relative = [(module, name) for module in modules() for name in imports_of(module) if name.startswith(".")]

    assert relative == []
