"""What the queue runs for scoring. Every task is safe to run twice or never."""

from experiments.models import Experiment
from scoring.reweighing import sum_up_all


def stand_anew(experiment_id: int) -> None:
    """Read the scores of an experiment whose weights or policy were changed, and sum up its runs."""
    experiment = Experiment.objects.filter(pk=experiment_id).first()
    if experiment is not None:
        sum_up_all(experiment)
