"""Having a worker do what must not be lost."""

from django.db import transaction
from django_q.tasks import async_task

from runs.models import DueTask


def do_later(task: str, *arguments: int) -> None:
    """Have a worker call the function of this dotted path, once the present transaction is committed.

    It is kept until it has been done, whatever becomes of the queue and of the worker: the function is called once
    more where its process was killed, and must be safe to be called again.
    """
    wake_due(DueTask.objects.create(task=task, arguments=list(arguments)))


def wake_due(due: DueTask) -> None:
    """Tell the queue of a task that is due; one that cannot be reached is no error: the watcher tells it again."""
    name = due.task.rpartition(".")[2]
    transaction.on_commit(lambda: async_task("runs.tasks.do", due.pk, q_options={"task_name": name}), robust=True)
