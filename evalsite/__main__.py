"""The command `evalsite`: our management commands, their names with hyphens, under a shorter name."""

import os
import sys

from evalsite.parent import die_with_parent


def main() -> None:
    """Run the management command that the arguments name; its exit code is the process's."""
    die_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    command, *arguments = sys.argv[1:] or ["overview"]
    try:
        if command in ("help", "--help", "-h") and not arguments:
            command = "overview"
        execute_from_command_line(["evalsite", command.replace("-", "_") if command[0] != "-" else command, *arguments])
    except ImproperlyConfigured as error:
        sys.exit(f"evalsite: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
