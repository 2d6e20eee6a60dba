"""Setting budgets: what the calls of an experiment, or of a project in a month, may cost."""

from decimal import Decimal, InvalidOperation

from experiments.actions.refusals import ActionRefused
from experiments.models import Experiment, Project
from experiments.models.projects import Person
from experiments.permissions import require

MOST_USD = Decimal(10_000_000)
CENTS = Decimal("0.0001")


def set_budget(*, experiment: Experiment, usd: object, by: Person | None) -> None:
    """Set what an experiment's calls may cost; None takes the budget away. Raises ActionRefused."""
    require(by, experiment.project, "edit_experiment")
    experiment.budget_usd = checked_usd(usd)
    experiment.save(update_fields=["budget_usd"])


def set_monthly_budget(*, project: Project, usd: object, by: Person | None) -> None:
    """Set what a project's calls may cost in a calendar month; None takes the budget away. Raises ActionRefused."""
    require(by, project, "set_budget")
    project.monthly_budget_usd = checked_usd(usd)
    project.save(update_fields=["monthly_budget_usd"])


def checked_usd(usd: object) -> Decimal | None:
    """Return an amount of money to the ten-thousandth; None or an empty text: none. Raises ActionRefused."""
    if usd is None or str(usd).strip() == "":
        return None
    try:
        amount = Decimal(str(usd))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise ActionRefused("budget_usd", f"a budget is a number of USD from 0 to {MOST_USD:,}")
    return amount.quantize(CENTS)
