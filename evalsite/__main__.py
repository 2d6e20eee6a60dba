"""The command `evalsite`: Django's management commands under a shorter name."""

import os
import sys


def main() -> None:
    """Run the management command that the arguments name; its exit code is the process's."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line([sys.argv[0], *(sys.argv[1:] or ["help"])])


if __name__ == "__main__":
    main()
