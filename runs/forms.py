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


class RunFilter(forms.Form):
    """What the list of runs shows: the parameters of `GET /api/v1/runs/`, and the candidate's name."""

    experiment_id = forms.ModelChoiceField(
        Experiment.objects.none(), required=False, to_field_name="uid", empty_label="any experiment"
    )
    status = forms.ChoiceField(required=False, choices=[("", "any status"), *RunStatus.choices])
    min_score = forms.FloatField(required=False, min_value=0, max_value=1, label="score from")
    max_score = forms.FloatField(required=False, min_value=0, max_value=1, label="to")
    candidate = forms.CharField(required=False, max_length=200)
    ad_hoc = forms.ChoiceField(required=False, choices=AD_HOC)

    def __init__(self, user: Person, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.fields["experiment_id"].queryset = _experiments(user, data)  # type: ignore[attr-defined]
        for name in ("min_score", "max_score"):
            self.fields[name].widget.attrs |= {"step": "0.01", "placeholder": "0 to 1"}
        self.fields["candidate"].widget = forms.TextInput({"type": "search", "placeholder": "Candidate"})

    def clean(self) -> dict[str, Any]:
        """Return the filter; a range upside down is an error."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        low, high = cleaned.get("min_score"), cleaned.get("max_score")
        if low is not None and high is not None and low > high:
            self.add_error("min_score", f"{low:g} is above {high:g}: write the lower score first.")
        return cleaned


def _experiments(user: Person, data: Any) -> ExperimentQuerySet:
    """Return the experiments that are not archived, and the one that is chosen."""
    chosen = uid_from(data.get("experiment_id", ""))
    return Experiment.objects.visible_to(user).filter(Q(archived_at=None) | Q(uid=chosen))


class RatingForm(forms.Form):
    """One person's value for one scorer."""

    scorer_name = forms.CharField(max_length=100)
    value = forms.FloatField()
    revision = forms.IntegerField(required=False)  # of the scorer as the page showed it
