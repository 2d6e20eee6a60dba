"""What the queue runs. Every task is safe to run twice or never: the watcher finds the work."""

import logging
import socket
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from experiments.actions import ActionRefused
from runs.actions import preparing
from runs.actions.due import wake_due
from runs.actions.waking import wake_lanes
from runs.lanes.claims import claimable_runs
from runs.lanes.lane import work_until_idle
from runs.lanes.stopping import is_told
from runs.models import DueTask, Lane, Preparation
from runs.queue import echoes
from runs.queue.jobs import job_of_this_process

logger = logging.getLogger(__name__)


def work() -> None:
    """Be a lane, unless this host has its lanes, is to end or nothing is to be claimed; wake the next one first."""
    lanes = Lane.objects.lanes().filter(host=socket.gethostname(), is_foreground=False).count()
    if is_told() or lanes >= settings.LANES or not claimable_runs("").exists():
        return
    if lanes + 1 < settings.LANES:
        wake_lanes()
    work_until_idle()


def prepare(preparation_id: int) -> None:
    """Prepare the start of a large experiment; what does not fit is said on its runs."""
    waiting = Preparation.objects.select_related("experiment", "case_list__dataset_version")
    preparation = waiting.filter(pk=preparation_id).first()
    if preparation is not None:
        with suppress(ActionRefused):
            preparing.prepare(preparation=preparation)


def do(due_id: int) -> None:
    """Do what is due, unless it was done or another worker does the same; what raises an error waits again."""
    due, job = DueTask.objects.filter(pk=due_id).first(), job_of_this_process()
    if due is None or job is None or not due.take(job):
        return
    try:
        import_string(due.task)(*due.arguments)
    except Exception:
        due.give_back()
        raise
    due.delete()
    for following in DueTask.objects.waiting().like(due)[:1]:
        wake_due(following)


def echo() -> None:
    """Tell the watcher of this host that its queue comes round; work where a lane is wanted.

    So units that wait find the lanes of every host, whatever becomes of the tasks that are to wake them.
    """
    echoes.echo()
    try:
        work()
    except DatabaseError as error:
        logger.warning("a worker cannot look for work: %s", error)
