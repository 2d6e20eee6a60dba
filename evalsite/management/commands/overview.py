"""`evalsite` alone: what can be done."""

from typing import Any

from django.core.management import get_commands, load_command_class

from evalsite.commands import SiteCommand

APPS = ("evalsite", "experiments", "runs", "scoring")
INTERNAL = ("cluster", "overview")


class Command(SiteCommand):
    """List the commands, each with a line of help."""

    help = "List the commands."
    needs_database = False

    def handle(self, **options: Any) -> None:  # noqa: ARG002 - every command has them
        """Print one line a command."""
        names = sorted(name for name, app in get_commands().items() if app in APPS and name not in INTERNAL)
        self.stdout.write("evalsite COMMAND --help says more.\n\n")
        for name in names:
            self.stdout.write(f"  {name.replace('_', '-'):15}{load_command_class(get_commands()[name], name).help}")
        self.stdout.write("\nDjango's commands work as well: evalsite migrate, evalsite shell, ...")
