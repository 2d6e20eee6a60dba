"""`evalsite schema`: the JSON Schema of experiment files, for editors."""

import json
from typing import Any

from evalsite.commands import SiteCommand
from experiments.files.schema import json_schema


class Command(SiteCommand):
    """Print the JSON Schema."""

    help = "Print the JSON Schema of experiment files, for editors."
    needs_database = False

    def handle(self, **_: Any) -> None:
        """Print it."""
        self.stdout.write(json.dumps(json_schema(), indent=2))
