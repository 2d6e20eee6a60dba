"""`evalsite budget`: what a project's calls may cost in a month, or an experiment's in all, and what was spent."""

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.actions import project_named, set_budget, set_monthly_budget
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.models import Experiment, Project
from experiments.wording import dollars
from runs.limits.purses import spent_of
from runs.limits.wallets import Budget, Owner

WRONG = 2


class Command(SiteCommand):
    """Show or set a budget."""

    help = "Show what was spent of a budget, or set it: a project's of a calendar month, or an experiment's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--project", default=DEFAULT_PROJECT, help="the project")
        parser.add_argument("--experiment", help="an experiment of it; without it the project's month is meant")
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--usd", metavar="N", help="the new budget")
        change.add_argument("--none", action="store_true", help="take the budget away")

    def handle(self, **options: Any) -> None:
        """Set it if asked to, then show."""
        project = project_named(options["project"])
        usd = None if options["none"] else options["usd"]
        is_changing = options["none"] or usd is not None
        if options["experiment"] is not None:
            self._experiment(self._named(project, options["experiment"]), usd, is_changing=is_changing)
            return
        if is_changing:
            set_monthly_budget(project=project, usd=usd, by=None)
        self._show(f"{project} this month", Budget(Owner.PROJECT, project.pk), project.monthly_budget_usd)

    def _experiment(self, experiment: Experiment, usd: str | None, *, is_changing: bool) -> None:
        if is_changing:
            set_budget(experiment=experiment, usd=usd, by=None)
        self._show(str(experiment), Budget(Owner.EXPERIMENT, experiment.pk), experiment.budget_usd)

    def _show(self, name: str, budget: Budget, cap_usd: Decimal | None) -> None:
        cap = "no budget" if cap_usd is None else f"of {dollars(cap_usd)}"
        self.stdout.write(f"{name}: {dollars(spent_of(budget))} spent, {cap}")

    @staticmethod
    def _named(project: Project, name: str) -> Experiment:
        found: Experiment | None = Experiment.objects.filter(project=project, name=name).first()
        if found is None:
            raise CommandFailed(f'{project} has no experiment "{name}"', returncode=WRONG)
        return found
