"""`evalsite remove-demo`: take the demo out of the site."""

from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from evalsite.demo.removal import remove_demo
from experiments.models import Project


class Command(SiteCommand):
    """Delete the demo's project with everything in it."""

    help = "Delete the demo: its project, experiment, runs and people. It does not come back."

    def handle(self, **options: Any) -> None:  # noqa: ARG002 - every command has them
        """Delete it. Raises CommandFailed where there is none, or while its runs go on."""
        project = Project.objects.filter(is_demo=True).first()
        if project is None:
            raise CommandFailed("There is no demo in this site.")
        remove_demo(project=project, by=None)
        self.stdout.write("The demo is removed.")
