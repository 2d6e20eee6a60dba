"""DOING it: runs, their work units and results, the lanes that work on them."""

from runs.models.due import DueTask
from runs.models.lanes import Lane, LaneKind, ProviderShare
from runs.models.limits import ProviderPace, ProviderSpending
from runs.models.money import Purse, PurseHold
from runs.models.preparations import Preparation
from runs.models.results import Billed, FailedAttempt, Result, Transcript
from runs.models.runs import ACTIVE, FINISHED, Run, RunStatus
from runs.models.units import UnitState, WorkUnit

__all__ = [
    "ACTIVE",
    "FINISHED",
    "Billed",
    "DueTask",
    "FailedAttempt",
    "Lane",
    "LaneKind",
    "Preparation",
    "ProviderPace",
    "ProviderShare",
    "ProviderSpending",
    "Purse",
    "PurseHold",
    "Result",
    "Run",
    "RunStatus",
    "Transcript",
    "UnitState",
    "WorkUnit",
]
