"""`evalsite cluster`: the queue's processes, as `up` and `worker` start them."""

from typing import Any

from django_q.cluster import Cluster

from evalsite.commands import CommandFailed, SiteCommand


class Command(SiteCommand):
    """Run the queue's processes until a signal comes."""

    help = "Run the queue's processes; `up` and `worker` start this one."

    def handle(self, **options: Any) -> None:  # noqa: ARG002 - every command has them
        """Start them and wait for their end. Raises CommandFailed when they end without having been told to."""
        cluster = Cluster()
        cluster.start()
        cluster.sentinel.join()
        if cluster.stop_event is not None:  # a signal's handler takes it away when it has stopped the cluster
            raise CommandFailed(f"The queue's sentinel ended with exit code {cluster.sentinel.exitcode}.")
