"""The command `evalsite`: our management commands, their names with hyphens, under a shorter name."""

import os
import sys
from typing import NoReturn

from evalsite.parent import die_with_parent
from evalsite.release import VERSION

OURS = ("evalsite", "experiments", "runs", "scoring")


def main() -> None:
    """Run the management command that the arguments name; its exit code is the process's."""
    die_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["--version"]:
        print(f"Evalsite {VERSION}")  # noqa: T201 - what was asked for
        return
    try:
        execute_from_command_line(["evalsite", *as_django_knows(sys.argv[1:])])
    except ImproperlyConfigured as error:
        _refuse(error, code=2)
    except OSError as error:
        _refuse(error, code=1)
    except ModuleNotFoundError as error:
        _refuse_without(error)
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse_without(error: ModuleNotFoundError) -> NoReturn:
    """Say which package lacks; where it is one of ours its traceback says more."""
    if (error.name or "").partition(".")[0] in OURS:
        raise error
    _refuse(ImportError(f"{error}. Install what requirements.lock names (`make setup`), and start again."), code=1)


def _refuse(error: Exception, *, code: int) -> NoReturn:
    print(f"evalsite: {error}", file=sys.stderr)  # noqa: T201 - no command is there yet to say it
    sys.exit(code)


def as_django_knows(arguments: list[str]) -> list[str]:
    """Return the arguments with the command's name as its module has it; without a command the overview's."""
    command, *rest = arguments or ["overview"]
    if command in ("help", "--help", "-h"):
        return ["help", *(name.replace("-", "_") for name in rest)] if rest else ["overview"]
    return [command if command.startswith("-") else command.replace("-", "_"), *rest]


if __name__ == "__main__":
    main()
