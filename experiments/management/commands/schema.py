"""`evalsite schema`: the JSON Schema of the experiment file, for editors."""

import json
from typing import Any

from evalsite.commands import SiteCommand
from experiments.file_schema import json_schema


class Command(SiteCommand):
    """Print the JSON Schema of the experiment file."""

    help = "Print the JSON Schema of the experiment file."
    needs_database = False

    def handle(self, **_: Any) -> None:
        """Print it."""
        self.stdout.write(json.dumps(json_schema(), indent=2))
