"""The queue's processes under the supervisor of this host, as the watcher sees them."""

from typing import Self

from evalsite.supervisor import Child, Supervisor
from runs.queue.echoes import Echoes

NAME = "cluster"


class LocalCluster:
    """A child of the supervisor that says in a file which both have open when it came round."""

    def __init__(self) -> None:
        self._echoes = Echoes.make()
        number = self._echoes.descriptor
        self.child = Child.of_site(NAME, "--echoes", str(number), inherited=(number,))
        self.child.has_worked = lambda: self.echoed_at() > self.started_at()

    def under(self, supervisor: Supervisor) -> Self:
        """Return it, to be started anew by this supervisor."""
        self._supervisor = supervisor
        return self

    def started_at(self) -> float:
        """Return when it was started last."""
        return self.child.started_at

    def echoed_at(self) -> float:
        """Return when it last came round."""
        return self._echoes.heard_at()

    def restart(self) -> None:
        """Have it killed and started anew."""
        self._supervisor.restart(NAME)
