"""`evalsite export`: an experiment of the site as an experiment file."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import SiteCommand
from experiments.files.declared_form import declared_form
from experiments.files.writing import to_yaml
from experiments.named import experiment_named


class Command(SiteCommand):
    """Print an experiment as YAML."""

    help = "Print an experiment as a file that `evalsite run` takes; running it makes no new call."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the experiment's name")
        parser.add_argument("--project", metavar="NAME", help="its project, where several have one of this name")

    def handle(self, **options: Any) -> None:
        """Print the file."""
        self.stdout.write(to_yaml(declared_form(experiment_named(options["name"], options["project"]))), ending="")
