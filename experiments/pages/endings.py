"""What pages show about the end of an experiment, a prompt, a provider: archiving, deleting, what stands against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from experiments.actions import experiments_with_prompt, experiments_with_provider
from experiments.actions.archiving import EDITING, Archivable
from experiments.models import Experiment, Prompt, Provider
from experiments.models.projects import Person
from experiments.permissions import may
from experiments.wording import counted
from runs.models import Run
from scoring.deleting import ExperimentLoss, active_runs

USES_SHOWN = 20


@dataclass(frozen=True)
class Refused:
    """What was typed to delete a thing, where that was not its name."""

    typed: str
    problem: str
    """The sentence beside the field."""


@dataclass(frozen=True)
class Ending:
    """The end of one thing: what is lost by it, and what stands against it."""

    thing: Archivable
    noun: str
    lost: str
    """What would be lost, with its counts."""
    using: Sequence[Experiment]
    """The experiments that use it: it is not deleted while there are any."""
    running: Sequence[Run]
    """What goes on: it is not deleted while there is any."""
    asks_name: bool
    """Whether its name has to be typed: results would be lost."""
    can_archive: bool
    can_delete: bool

    @classmethod
    def of_experiment(cls, experiment: Experiment, user: Person) -> "Ending":
        """Return the end of an experiment."""
        loss = ExperimentLoss.of(experiment)
        parts = (counted(loss.candidates, "candidate"), counted(loss.runs, "run"), counted(loss.results, "result"))
        lost = f"{parts[0]}, {parts[1]} and {parts[2]} with scores and ratings"
        return cls(
            experiment, "experiment", lost, (), active_runs(experiment), loss.results > 0, *_may(experiment, user)
        )

    @classmethod
    def of_prompt(cls, prompt: Prompt, user: Person) -> "Ending":
        """Return the end of a prompt."""
        lost = counted(prompt.versions.count(), "version")
        return cls(prompt, "prompt", lost, experiments_with_prompt(prompt), (), False, *_may(prompt, user))

    @classmethod
    def of_provider(cls, provider: Provider, user: Person) -> "Ending":
        """Return the end of a provider."""
        using = experiments_with_provider(provider)
        lost = "its settings, its prices and a key that is stored with it"
        return cls(provider, "provider", lost, using, (), False, *_may(provider, user))

    @property
    def using_shown(self) -> Sequence[Experiment]:
        """The first of those that use it."""
        return self.using[:USES_SHOWN]

    @property
    def archive_url(self) -> str:
        """Where it is archived."""
        return reverse(f"experiments:{self.noun}-archive", args=[self.thing.uid])

    @property
    def delete_url(self) -> str:
        """Where it is deleted."""
        return reverse(f"experiments:{self.noun}-delete", args=[self.thing.uid])


def _may(thing: Archivable, user: Person) -> tuple[bool, bool]:
    return may(user, thing.project, EDITING[type(thing)]), may(user, thing.project, "delete")


@dataclass(frozen=True)
class ArchivedChoice:
    """Whether a list shows what is archived, and instead of what it leads to."""

    is_shown: bool
    count: int
    """How many archived ones there are."""

    @classmethod
    def of(cls, request: HttpRequest, rows: Any) -> "ArchivedChoice":
        """Return the choice of the address: `?archived=1` shows archived rows and no others."""
        return cls(request.GET.get("archived") == "1", rows.exclude(archived_at=None).count())

    def chosen(self, rows: Any) -> Any:
        """Return the rows that the list shows."""
        return rows.exclude(archived_at=None) if self.is_shown else rows.offered()
