"""`evalsite sign-in-link`: an address that signs somebody in once."""

from argparse import ArgumentParser
from typing import Any

from evalsite.address import sign_in_address
from evalsite.commands import SiteCommand
from evalsite.people import user_named
from experiments.models import SignInLink


class Command(SiteCommand):
    """Print a new sign-in link."""

    help = "Print an address that signs a user in once, within 15 minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username", nargs="?", help="whom it signs in; without: the first administrator")

    def handle(self, **options: Any) -> None:
        """Print the address alone, so that a script can use it."""
        self.stdout.write(sign_in_address(SignInLink.issue(user_named(options["username"]))))
