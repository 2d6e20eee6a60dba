"""`evalsite leaderboard NAME`: the board of an experiment, in the terminal or as JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from evalsite.commands import SiteCommand
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.naming import experiment_named
from scoring.board_json import board_json
from scoring.leaderboard import leaderboard
from scoring.terminal import print_board


class Command(SiteCommand):
    """Print the leaderboard of an experiment."""

    help = "Print the leaderboard of an experiment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the experiment's name")
        parser.add_argument("--project", default=DEFAULT_PROJECT, help="its project")
        parser.add_argument("--json", action="store_true", help="print it as JSON")
        parser.add_argument("--top", type=int, metavar="N", help="the first N rows only")

    def handle(self, *, name: str, project: str, top: int | None, **options: Any) -> None:
        """Print it."""
        board = leaderboard(experiment_named(name, project=project), top_n=top)
        if options["json"]:
            self.stdout.write(json.dumps(board_json(board), indent=2))
            return
        print_board(Console(), board)
