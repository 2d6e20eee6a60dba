"""Which processes of the workers do a job: anything that the queue brings but a lane's work."""

import logging
import os
import socket
from typing import Any

from django.db import DatabaseError
from django_q.signals import post_execute_in_worker, pre_execute

from runs.models import Lane, LaneKind
from runs.queue.pinging import ECHO

logger = logging.getLogger(__name__)

LANES_WORK = (ECHO, "runs.tasks.work")


def note_jobs() -> None:
    """Let this process, and all that it will fork, have a row while it does a job."""
    pre_execute.connect(_begin)
    post_execute_in_worker.connect(_end)


def job_of_this_process() -> Lane | None:
    """Return the row of the job that this process does."""
    rows = Lane.objects.jobs().filter(host=socket.gethostname(), pid=os.getpid())
    return rows.first()


def _begin(task: dict[str, Any], **_: object) -> None:
    if task["func"] in LANES_WORK:
        return
    try:
        Lane.objects.create(kind=LaneKind.JOB, host=socket.gethostname(), pid=os.getpid())
    except DatabaseError as error:  # the job itself will say more of it; raised here it would end the worker
        logger.warning("a job begins that nobody knows of: %s", error)


def _end(task: dict[str, Any], **_: object) -> None:
    if task["func"] in LANES_WORK:
        return
    try:
        Lane.objects.jobs().filter(host=socket.gethostname(), pid=os.getpid()).delete()
    except DatabaseError as error:
        logger.warning("the end of a job could not be noted: %s", error)
