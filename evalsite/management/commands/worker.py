"""`evalsite worker`: work on runs on this machine, beside a site that runs elsewhere."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from evalsite.cluster import LocalCluster
from evalsite.commands import CommandFailed, SiteCommand
from evalsite.supervisor import CannotGoOn, Supervisor
from runs.watcher import Watcher


class Command(SiteCommand):
    """Work until Ctrl-C."""

    help = "Work on runs until Ctrl-C; any number of machines may do so on one PostgreSQL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--lanes", type=int, metavar="N", help="processes that work on runs (EVALSITE_LANES)")

    def handle(self, **options: Any) -> None:
        """Keep a queue cluster and a watcher alive."""
        if options["lanes"] is not None:
            if options["lanes"] < 1:
                raise CommandFailed("--lanes must be at least 1.", returncode=2)
            os.environ["EVALSITE_LANES"] = str(options["lanes"])  # the cluster reads it when it starts
        cluster = LocalCluster()
        supervisor = Supervisor([cluster.child], Path(settings.DATA_DIR))
        watcher = Watcher(queue=cluster.under(supervisor), lanes=options["lanes"])
        supervisor.on_end, supervisor.is_cut_off = watcher.stop_soon, watcher.is_cut_off
        watcher.start()
        self.stdout.write("Working. Ctrl-C ends it.")
        self.stdout.flush()
        try:
            supervisor.run()
        except CannotGoOn as error:
            raise CommandFailed(str(error)) from error
        finally:
            watcher.stop()
