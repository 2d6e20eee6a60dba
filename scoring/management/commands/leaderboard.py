"""`evalsite leaderboard`: the board of an experiment in the terminal, or as JSON."""

import json
from argparse import ArgumentParser
from typing import IO, Any, cast

from rich.console import Console

from evalsite.commands import SiteCommand
from experiments.named import experiment_named
from scoring.boards.board_json import board_json
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import required_of
from scoring.terminal import print_board, print_requirements


class Command(SiteCommand):
    """Print a leaderboard."""

    help = "Print the leaderboard of an experiment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the experiment's name")
        parser.add_argument("--project", metavar="NAME", help="its project, where several have one of this name")
        parser.add_argument("--json", action="store_true", help="print JSON, as `evalsite run --json` writes it")

    def handle(self, **options: Any) -> None:
        """Print the board."""
        board = leaderboard(experiment_named(options["name"], options["project"]))
        if options["json"]:
            required = [one.as_json() for one in required_of(board)]
            self.stdout.write(json.dumps({**board_json(board), "requirements": required}, indent=2))
            return
        console = Console(file=cast("IO[str]", self.stdout))
        print_board(console, board)
        print_requirements(console, required_of(board))
