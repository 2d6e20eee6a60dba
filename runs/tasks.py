"""What the queue runs. Every task is safe to run twice or never: the watcher finds the work."""

import socket
from contextlib import suppress

from django.conf import settings
from django.db.models import F

from experiments.actions import ActionRefused
from runs.actions import preparing
from runs.actions.waking import wake_lanes
from runs.lanes.claims import claimable_runs
from runs.lanes.lane import work_until_idle
from runs.lanes.stopping import is_told
from runs.models import Lane, Preparation


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


def echo(host_id: int) -> None:
    """Tell the watcher of a host that its queue comes round."""
    Lane.objects.filter(pk=host_id).update(echoes=F("echoes") + 1)
