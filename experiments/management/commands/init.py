"""`evalsite init`: a small commented experiment file to begin with."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.files.writing import initial_file

FILE_WRONG = 2


class Command(SiteCommand):
    """Write a first experiment file."""

    help = "Write a small commented experiment file, which runs as it is."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", nargs="?", default="experiment.yaml", help="where to write it; - prints it")

    def handle(self, **options: Any) -> None:
        """Write the file where none is."""
        name = options["file"]
        if name == "-":
            self.stdout.write(initial_file(), ending="")
            return
        try:
            with Path(name).open("x", encoding="utf-8") as file:
                file.write(initial_file(name))
        except FileExistsError:
            raise CommandFailed(f"{name} is there already: name another file.", returncode=FILE_WRONG) from None
        except OSError as error:
            raise CommandFailed(f"{name} cannot be written: {error.strerror}", returncode=FILE_WRONG) from error
        self.stdout.write(f"{name} is written. Run it: evalsite run {name}")
