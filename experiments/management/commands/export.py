"""`evalsite export NAME`: an experiment as the file that makes it again."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import SiteCommand
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.exporting import experiment_file_of
from experiments.file_writing import to_yaml
from experiments.naming import experiment_named


class Command(SiteCommand):
    """Print an experiment as YAML; running it makes the same configurations and no call."""

    help = "Print an experiment as YAML; running it makes the same configurations and no call."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the experiment's name")
        parser.add_argument("--project", default=DEFAULT_PROJECT, help="its project")

    def handle(self, *, name: str, project: str, **_: Any) -> None:
        """Print it."""
        self.stdout.write(to_yaml(experiment_file_of(experiment_named(name, project=project))))
