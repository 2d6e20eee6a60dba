"""`evalsite create-token`: a personal access token for the API."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import SiteCommand
from evalsite.people import user_named
from experiments.actions.tokens import issue_token
from experiments.models import Scope


class Command(SiteCommand):
    """Print a new access token."""

    help = "Print a new personal access token for the API; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username", nargs="?", help="whose token; without: the first administrator")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.WRITE, help="what the token is good for")
        parser.add_argument("--days", type=int, metavar="N", help="how long it holds; without: until revoked")

    def handle(self, **options: Any) -> None:
        """Print the token alone, so that a script can use it."""
        user, scope = user_named(options["username"]), Scope(options["scope"])
        _, secret = issue_token(name=options["name"], by=user, days=options["days"], scope=scope)
        self.stdout.write(secret)
