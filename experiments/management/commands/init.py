"""`evalsite init [FILE]`: write a small commented experiment file to begin with."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.file_writing import initial_file

FILE_WRONG = 2


class Command(SiteCommand):
    """Write a first experiment file."""

    help = "Write a small commented experiment file to begin with."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", nargs="?", type=Path, default=Path("experiment.yaml"), help="where to write it")

    def handle(self, *, file: Path, **_: Any) -> None:
        """Write it. Raises CommandFailed where a file is there already."""
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(initial_file(str(file)))
        except FileExistsError:
            raise CommandFailed(f"{file} is there already: name another file", returncode=FILE_WRONG) from None
        self.stdout.write(f"Wrote {file}. Run it with: evalsite run {file}")
