"""Forms of the pages about runs."""

from typing import Any

from django import forms
from django.db.models import Q

from experiments.identifiers import uid_from
from experiments.models import Experiment
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from runs.models import RunStatus

AD_HOC = [("", "planned and ad hoc"), ("false", "planned"), ("true", "ad hoc")]
BOUNDS = {"min_score": "score_from", "max_score": "score_to"}
"""The bounds of the API, 0 to 1, and the fields that say the same of 100."""


class RunFilter(forms.Form):
    """What the list of runs shows: the parameters of `GET /api/v1/runs/`, with scores of 100, as tables have them."""

    experiment_id = forms.ModelChoiceField(
        Experiment.objects.none(), required=False, to_field_name="uid", empty_label="any experiment"
    )
    status = forms.ChoiceField(required=False, choices=[("", "any status"), *RunStatus.choices])
    score_from = forms.FloatField(required=False, min_value=0, max_value=100)
    score_to = forms.FloatField(required=False, min_value=0, max_value=100)
    candidate = forms.CharField(required=False, max_length=200)
    ad_hoc = forms.ChoiceField(required=False, choices=AD_HOC)

    def __init__(self, user: Person, data: Any) -> None:
        super().__init__(_of_100(data), auto_id="filter-%s")
        self.fields["experiment_id"].queryset = _experiments(user, data)  # type: ignore[attr-defined]
        for name, end in zip(BOUNDS.values(), ("0", "100"), strict=True):
            self.fields[name].widget.attrs["placeholder"] = end
        self.fields["candidate"].widget = forms.TextInput({"type": "search", "placeholder": "Candidate"})

    def clean(self) -> dict[str, Any]:
        """Return the filter, its bounds from 0 to 1; a range upside down is an error."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        low, high = (cleaned.get(name) for name in BOUNDS.values())
        if low is not None and high is not None and low > high:
            self.add_error("score_from", f"{low:g} is above {high:g}: write the lower score first.")
        bounds = dict(zip(BOUNDS, (low, high), strict=True))
        return cleaned | {bound: None if of_100 is None else of_100 / 100 for bound, of_100 in bounds.items()}


def _of_100(data: Any) -> dict[str, Any]:
    """Return what was sent with the bounds of the API, 0 to 1, in the fields of 100."""
    sent = dict(data.items())
    for bound, name in BOUNDS.items():
        if sent.get(bound) and not sent.get(name):
            sent[name] = _hundredfold(sent[bound])
    return sent


def _hundredfold(text: str) -> str:
    """Return a number of 0 to 1 of 100; another text as it is, for the field to refuse."""
    try:
        return f"{float(text) * 100:.12g}"
    except ValueError:
        return text


def _experiments(user: Person, data: Any) -> ExperimentQuerySet:
    """Return the experiments that are not archived, and the one that is chosen."""
    chosen = uid_from(data.get("experiment_id", ""))
    return Experiment.objects.visible_to(user).filter(Q(archived_at=None) | Q(uid=chosen))


class RatingForm(forms.Form):
    """One person's value for one scorer."""

    scorer_name = forms.CharField(max_length=100)
    value = forms.FloatField()
    revision = forms.IntegerField(required=False)  # of the scorer as the page showed it
