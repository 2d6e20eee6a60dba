"""Budgets: what the lanes set aside of them together. One short transaction a tick, lane and budget."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from experiments.models import Experiment, Project
from experiments.wording import dollars
from runs.limits.wallets import NOTHING, Budget, Owner, Wallet
from runs.models import Lane, Purse, PurseHold, Run, WorkUnit

BLOCK_CALLS = 64
"""Calls that a lane sets money aside for beyond those that it has just seen."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a lane gets of a budget."""

    more_usd: Decimal
    """To be added to its wallet; negative: given back."""
    reason: str = ""
    """Why the budget's runs have to pause; "": they go on."""


def budgets_of(run: Run) -> list[Budget]:
    """Return the budgets that a run has to keep to."""
    experiment = run.experiment
    found = [Budget(Owner.EXPERIMENT, experiment.pk)] if experiment.budget_usd is not None else []
    if experiment.project.monthly_budget_usd is not None:
        found.append(Budget(Owner.PROJECT, experiment.project_id))
    return found


def runs_of(budget: Budget) -> "list[Run]":
    """Return the runs of a budget that may be worked on."""
    path = "experiment" if budget.owner == Owner.EXPERIMENT else "experiment__project"
    return list(Run.objects.runnable().filter(**{path: budget.pk}))


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a wallet has and needs, read once: its lane goes on spending meanwhile."""

    spent_usd: Decimal
    open_usd: Decimal
    left_usd: Decimal
    waiting_usd: Decimal
    first_usd: Decimal | None

    @classmethod
    def of(cls, wallet: Wallet) -> "_Needs":
        """Return them as of this moment."""
        spent_usd, open_usd = wallet.spent_usd, wallet.open_usd
        left_usd = wallet.granted_usd - spent_usd - open_usd
        return cls(spent_usd, open_usd, left_usd, wallet.waiting_usd, wallet.first_usd)

    def most_usd(self, new_usd: Decimal) -> Decimal:
        """Return what may be spent until the lane asks again: a block, not all that waits."""
        startable_usd = self.open_usd + 2 * new_usd + BLOCK_CALLS * (self.first_usd or NOTHING)
        return min(self.waiting_usd + 2 * new_usd, startable_usd)

    def fits(self, room_usd: Decimal) -> bool:
        """Return whether the first call that waits can be paid; with none waiting there is nothing to pay."""
        return self.first_usd is None or self.first_usd <= self.left_usd + room_usd

    def is_stuck(self, room_usd: Decimal) -> bool:
        """Return whether a call waits that what is left cannot pay."""
        return not self.fits(max(room_usd, NOTHING))

    def more_usd(self, new_usd: Decimal, room_usd: Decimal) -> Decimal:
        """Return what the wallet gets. Who is stuck gives back what is left: another lane's call may be smaller."""
        if self.is_stuck(room_usd):
            return -max(self.left_usd, NOTHING)
        wanted_usd = self.most_usd(new_usd) - self.left_usd
        return max(-max(self.left_usd, NOTHING), min(wanted_usd, room_usd))


@dataclass(slots=True)
class LanePurse:
    """A lane's side of one budget, in its database thread."""

    wallet: Wallet
    lane_id: int
    told_usd: Decimal = NOTHING
    """What the purse knows of what was spent."""

    @transaction.atomic
    def allot(self) -> Allotment:
        """Book what was spent, and take what the next calls need, as far as the budget has it."""
        needs = _Needs.of(self.wallet)
        purse, cap_usd = _locked(self.wallet.budget)
        new_usd, self.told_usd = needs.spent_usd - self.told_usd, needs.spent_usd
        Purse.objects.filter(pk=purse.pk).update(spent_usd=F("spent_usd") + new_usd)
        spent_usd = purse.spent_usd + new_usd
        others_usd, living_usd = self._others(purse)
        own_usd = needs.open_usd + needs.left_usd
        room_usd = needs.most_usd(new_usd) if cap_usd is None else cap_usd - spent_usd - others_usd - own_usd
        more_usd = needs.more_usd(new_usd, room_usd)
        PurseHold.objects.update_or_create(
            purse=purse, lane_number=self.lane_id, defaults={"held_usd": own_usd + more_usd}
        )
        is_out = needs.is_stuck(room_usd) and not needs.open_usd and not needs.fits(room_usd + living_usd)
        if cap_usd is None or not is_out:
            return Allotment(more_usd)
        return Allotment(more_usd, _reason(self.wallet.budget, cap_usd, spent_usd, others_usd - living_usd))

    def _others(self, purse: Purse) -> tuple[Decimal, Decimal]:
        """Return what the other lanes have set aside, and how much of it those that live: it may come back."""
        others = PurseHold.objects.filter(purse=purse).exclude(lane_number=self.lane_id)
        living = others.filter(lane_number__in=Lane.objects.lanes().values("pk"))
        return _sum_of(others), _sum_of(living)

    @transaction.atomic
    def close(self) -> None:
        """Book what was spent and give back the rest: the lane ends."""
        purse, _ = _locked(self.wallet.budget)
        new_usd = self.wallet.spent_usd + self.wallet.open_usd - self.told_usd
        Purse.objects.filter(pk=purse.pk).update(spent_usd=F("spent_usd") + new_usd)
        PurseHold.objects.filter(lane_number=self.lane_id, purse=purse).delete()


def spent_of(budget: Budget) -> Decimal:
    """Return what was spent of a budget so far; for a project: this month."""
    purse: Purse | None = Purse.objects.filter(**_place(budget)).first()
    return _cost_before(budget) if purse is None else purse.spent_usd


def _locked(budget: Budget) -> tuple[Purse, Decimal | None]:
    """Return a budget's purse under a lock, and the cap; None: it was taken away."""
    _purse(budget)
    purse = Purse.objects.select_for_update().get(**_place(budget))
    if budget.owner == Owner.EXPERIMENT:
        return purse, Experiment.objects.values_list("budget_usd", flat=True).get(pk=budget.pk)
    return purse, Project.objects.values_list("monthly_budget_usd", flat=True).get(pk=budget.pk)


def _place(budget: Budget) -> dict[str, int | str]:
    if budget.owner == Owner.EXPERIMENT:
        return {"experiment_id": budget.pk}
    return {"project_id": budget.pk, "month": f"{timezone.now():%Y-%m}"}


def _purse(budget: Budget) -> Purse:
    """Return a budget's purse; a new one begins with what its runs have cost before."""
    place = _place(budget)
    found: Purse | None = Purse.objects.filter(**place).first()
    return found or Purse.objects.get_or_create(**place, defaults={"spent_usd": _cost_before(budget)})[0]


def _cost_before(budget: Budget) -> Decimal:
    units = WorkUnit.objects.filter(run__experiment=budget.pk)
    if budget.owner == Owner.PROJECT:
        first = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        units = WorkUnit.objects.filter(run__experiment__project=budget.pk, run__started_at__gte=first)
    cost: Decimal = units.aggregate(sum=Sum("cost_usd"))["sum"] or NOTHING
    return cost


def _sum_of(holds: "QuerySet[PurseHold]") -> Decimal:
    total: Decimal = holds.aggregate(sum=Sum("held_usd"))["sum"] or NOTHING
    return total


def _reason(budget: Budget, cap_usd: Decimal, spent_usd: Decimal, of_dead_usd: Decimal) -> str:
    """Say that a budget is used up, and by what: also by what workers had set aside that were killed."""
    whose = "the budget of this experiment" if budget.owner == Owner.EXPERIMENT else "the project's budget of the month"
    killed = f"{dollars(of_dead_usd)} may have been by workers that were killed, " if of_dead_usd else ""
    return (
        f"{whose}, {dollars(cap_usd)}, is used up: {dollars(spent_usd)} are spent, {killed}and the next call does "
        "not fit. Raise it and resume; nothing is lost."
    )
