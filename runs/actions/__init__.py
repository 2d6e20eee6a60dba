"""What can be done with runs: the same functions behind pages, API, admin and commands."""

from runs.actions.ad_hoc import AdHocConfig, latest_again, run_again, start_ad_hoc
from runs.actions.adding import add_and_start, take_out
from runs.actions.controlling import cancel_run, pause_run, resume_run, retry_failed
from runs.actions.preparing import prepare
from runs.actions.redeclaring import lacks_runs, redeclare
from runs.actions.starting import Started, start_experiment
from runs.actions.waking import wake_lanes

__all__ = [
    "AdHocConfig",
    "Started",
    "add_and_start",
    "cancel_run",
    "lacks_runs",
    "latest_again",
    "pause_run",
    "prepare",
    "redeclare",
    "resume_run",
    "retry_failed",
    "run_again",
    "start_ad_hoc",
    "start_experiment",
    "take_out",
    "wake_lanes",
]
