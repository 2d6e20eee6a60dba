"""`evalsite cluster`: the queue's processes, as `up` and `worker` start them."""

from argparse import SUPPRESS, ArgumentParser
from importlib import import_module
from types import FrameType
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django_q.cluster import Cluster

from evalsite.commands import CommandFailed, SiteCommand
from runs.lanes import stopping
from runs.queue.echoes import echo_into
from runs.queue.jobs import note_jobs


class DrainingCluster(Cluster):  # type: ignore[misc]  # django-q2 has no types
    """The queue's processes; a signal reaches the lanes at once, since the queue waits for their tasks to end."""

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Ask the lanes to end, then the queue."""
        stopping.tell()
        super().sig_handler(signum, frame)


class Command(SiteCommand):
    """Run the queue's processes until a signal comes."""

    help = "Run the queue's processes; `up` and `worker` start this one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--echoes", type=int, metavar="FD", help=SUPPRESS)  # the file that the watcher reads

    def handle(self, **options: Any) -> None:
        """Start them and wait for their end. Raises CommandFailed when they end without having been told to."""
        if options["echoes"] is not None:
            echo_into(options["echoes"])
        import_what_lanes_need()
        stopping.share()
        note_jobs()
        cluster = DrainingCluster()
        cluster.start()
        cluster.sentinel.join()
        if cluster.stop_event is not None:  # a signal's handler takes it away when it has stopped the cluster
            raise CommandFailed(f"The queue's sentinel ended with exit code {cluster.sentinel.exitcode}.")


def import_what_lanes_need() -> None:
    """Import it before processes are forked: each would else take a quarter of a second for it at its first task."""
    import_module("runs.tasks")
    for path in [*settings.EVALSITE_STAGES, *settings.EVALSITE_RUNNERS.values(), *settings.EVALSITE_SCORERS.values()]:
        import_string(path)
