"""`evalsite create-token`: a personal access token for the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from evalsite.people import user_named
from experiments.models import AccessToken, Scope


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
        days = options["days"]
        if days is not None and days < 1:
            raise CommandFailed("--days must be at least 1.", returncode=2)
        user = user_named(options["username"])
        expires_in, scope = days and timedelta(days=days), Scope(options["scope"])
        _, secret = AccessToken.issue(user=user, name=options["name"], expires_in=expires_in, scope=scope)
        self.stdout.write(secret)
