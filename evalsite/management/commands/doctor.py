"""`evalsite doctor`: is everything there that the site needs?"""

from argparse import ArgumentParser
from typing import Any

from evalsite.address import AddressTaken, open_listener, running_site
from evalsite.commands import CommandFailed, SiteCommand, add_address_options
from evalsite.examination import Finding, examine

MARKS = {True: "✓", False: "✗", None: "·"}


class Command(SiteCommand):
    """Look at everything and print what was found."""

    help = "Look whether everything is there that the site needs; exit code 1 when something is not."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_address_options(parser)

    def handle(self, **options: Any) -> None:
        """Print one line for each finding. Raises CommandFailed when one of them is not well."""
        bad = 0
        for finding in (*examine(), port(options["host"], options["port"])):
            self.stdout.write(f"{MARKS[finding.is_well]} {finding.text}")
            bad += finding.is_well is False
        if bad:
            raise CommandFailed(f"{bad} to mend.")


def port(host: str, number: int) -> Finding:
    """Return whether the site could listen, or does listen, there."""
    if running_site():
        return Finding(True, "The site has its port")
    try:
        open_listener(host, number).close()
    except AddressTaken as error:
        return Finding(False, str(error))
    return Finding(True, f"Port {number} of {host} is free")
