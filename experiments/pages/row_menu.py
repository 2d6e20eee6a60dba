"""What may be done with one row of a board: fetched when its menu is opened, so that a board stays light."""

from dataclasses import dataclass

from django.urls import reverse

from experiments.pages.board_rows import compare_url
from runs.live.progress import Totals, counts_of
from runs.models import Run
from runs.models.runs import RUNNABLE
from scoring.boards.leaderboard import row_name, runs_on_board


@dataclass(frozen=True)
class MenuEntry:
    """One entry of a row's menu: a link, or a form that is posted."""

    label: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class RowMenu:
    """The menu of one row."""

    run: Run
    baseline: Run | None
    """The run that the others are compared with; None: there is none."""

    @classmethod
    def build(cls, run: Run) -> "RowMenu":
        """Return the menu of a run as its board has it at this moment."""
        known = run.experiment.baseline_id
        runs = runs_on_board(run.experiment) if known is not None else []
        return cls(run, next((one for one in runs if one.candidate_id == known), None))

    @property
    def name(self) -> str:
        """The row's name."""
        return row_name(self.run)

    @property
    def entries(self) -> list[MenuEntry]:
        """What may be done, most used first."""
        return [
            MenuEntry("Open the run", url=reverse("runs:run-detail", args=[self.run.uid])),
            *self._of_candidate(),
            *self._of_run(),
            *self._taking_out(),
        ]

    def _of_candidate(self) -> list[MenuEntry]:
        run, found = self.run, []
        if run.candidate is None:
            return []
        if run.candidate_id != run.experiment.baseline_id:
            args = [run.experiment.uid, run.candidate.uid]
            found.append(MenuEntry("Set as baseline", action=reverse("experiments:experiment-baseline", args=args)))
        new = reverse("experiments:candidate-new", args=[run.experiment.uid])
        return [*found, MenuEntry("Copy as a new candidate", url=f"{new}?copy={run.candidate.uid}")]

    def _of_run(self) -> list[MenuEntry]:
        run, found = self.run, []
        if url := compare_url(run, self.baseline):
            found.append(MenuEntry("Compare with the baseline", url=url))
        if run.is_finished and counts_of([run.pk]).get(run.pk, Totals()).error_count:
            found.append(MenuEntry("Retry failed", action=reverse("runs:run-retry", args=[run.uid])))
        return found

    def _taking_out(self) -> list[MenuEntry]:
        run = self.run
        if run.candidate is None or run.status in RUNNABLE:
            return []
        args = [run.experiment.uid, run.candidate.uid]
        return [MenuEntry("Take out", action=reverse("experiments:candidate-remove", args=args))]
