"""Waking lanes puts a task into the queue, of which nothing is kept when it went well."""

from typing import Any

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from runs.actions.waking import wake_lanes


@pytest.mark.django_db
def test_each_wake_up_is_a_task_by_name_whose_success_is_not_kept(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        wake_lanes()
        wake_lanes()

    tasks = [SignedPackage.loads(task.payload) for task in OrmQ.objects.all()]
    assert [(task["func"], task["name"], task["save"]) for task in tasks] == [("runs.tasks.work", "work", False)] * 2
