"""Forms of the pages about experiments and providers."""

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.db.models import Q

from evalsite.body_limits import too_large
from evalsite.plugins import runners
from experiments.actions.providers import EDITABLE, refusals_of
from experiments.actions.refusals import ActionRefused
from experiments.chosen_projects import projects_for_new
from experiments.credentials import has_stored_key
from experiments.files.params_text import read_params
from experiments.identifiers import uid_from
from experiments.models import Dataset, Experiment, Project, Provider, Role, Scope
from experiments.models.datasets import DatasetQuerySet
from experiments.models.projects import Person
from experiments.models.providers import ProviderQuerySet
from experiments.permissions import may
from experiments.row_fields import HeadersField, PricesField
from runs.live.activity import STATUSES

if TYPE_CHECKING:
    ProviderModelForm = forms.ModelForm[Provider]
else:
    ProviderModelForm = forms.ModelForm  # takes no parameter at run time

HIDDEN = "[hidden]"


class ExperimentFilter(forms.Form):
    """What the list of experiments shows."""

    status = forms.ChoiceField(required=False, choices=[("", "any status"), *((name, name) for name in STATUSES)])
    dataset = forms.ModelChoiceField(
        Dataset.objects.none(), required=False, to_field_name="uid", empty_label="any dataset"
    )
    tag = forms.ChoiceField(required=False)
    mine = forms.BooleanField(required=False, label="mine")
    archived = forms.BooleanField(required=False, label="archived")

    def __init__(self, user: Person, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s")
        tags = {*Experiment.objects.visible_to(user).known_tags(), *filter(None, [data.get("tag")])}
        self.fields["tag"].choices = [("", "any tag"), *((tag, tag) for tag in sorted(tags))]  # type: ignore[attr-defined]
        self.fields["dataset"].queryset = _datasets(user, data)  # type: ignore[attr-defined]


def _datasets(user: Person, data: Any) -> DatasetQuerySet:
    """Return the datasets that are not archived, and the one that is chosen."""
    chosen = uid_from(data.get("dataset", ""))
    return Dataset.objects.visible_to(user).listed().filter(Q(archived_at=None) | Q(uid=chosen))


def missing(sentence: str) -> dict[str, str]:
    """Return the messages of a field that says what to write where nothing was written."""
    return {"required": sentence}


class PersonScorerForm(forms.Form):
    """What people are asked of every answer."""

    SCALES = {"1-5": ("1 to 5", [1.0, 5.0], {}), "0-1": ("no or yes", [0.0, 1.0], {"0": "no", "1": "yes"})}

    name = forms.CharField(
        max_length=100,
        initial="helpful",
        help_text="a-z, 0-9, _ and - only.",
        error_messages=missing("Type a name, like helpful: it is the column's on boards."),
    )
    scale = forms.ChoiceField(choices=[(key, one[0]) for key, one in SCALES.items()])
    instructions = forms.CharField(
        required=False, widget=forms.Textarea({"rows": 3}), label="Question", help_text="What the raters are asked."
    )

    def options(self) -> dict[str, Any]:
        """Return the options of the scorer."""
        _, scale, labels = self.SCALES[self.cleaned_data["scale"]]
        return {"scale": scale, "labels": labels, "instructions": self.cleaned_data["instructions"]}


class ProjectForm(forms.Form):
    """A project's name, and what it may spend in a month."""

    name = forms.CharField(max_length=100, error_messages=missing("Type a name, like Support."))
    monthly_budget_usd = forms.CharField(
        required=False,
        label="USD a month",
        help_text="What its calls may cost in a calendar month; empty: no budget. At it the runs pause.",
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, has_budget: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_budget:
            del self.fields["monthly_budget_usd"]


class TokenForm(forms.Form):
    """A token that is to be made."""

    name = forms.CharField(
        max_length=100,
        help_text="What it is for, like the script or the machine that uses it.",
        error_messages=missing("Type what the token is for, like nightly job."),
    )
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.WRITE)
    days = forms.TypedChoiceField(
        label="Expires",
        choices=[("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("0", "never")],
        initial="90",
        coerce=int,
    )

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        days = self.cleaned_data["days"] or None
        return {**self.cleaned_data, "scope": Scope(self.cleaned_data["scope"]), "days": days}


class InvitationForm(forms.Form):
    """Whom a link lets in."""

    role = forms.ChoiceField(choices=Role.choices, help_text="A viewer reads and rates, an editor also makes and runs.")
    days = forms.TypedChoiceField(
        label="Expires", choices=[("1", "in a day"), ("7", "in a week"), ("30", "in 30 days")], initial="7", coerce=int
    )
    note = forms.CharField(max_length=100, required=False, label="For", help_text="Whom you send it to, for your list.")


class JoinForm(forms.Form):
    """A new person who joins by a link."""

    username = forms.CharField(
        max_length=150,
        label="Name",
        help_text="You sign in with it, and others see it.",
        error_messages=missing("Type the name that you want to sign in with, like maria."),
    )
    password = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
        help_text="At least 8 characters.",
        error_messages=missing("Choose a password of at least 8 characters."),
    )
    password_again = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
        label="Password once more",
        error_messages=missing("Type the same password once more."),
    )

    def clean(self) -> dict[str, Any]:
        """Return the values; two passwords that differ are an error."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("password") != cleaned.get("password_again"):
            self.add_error("password_again", "The two passwords differ: write the same one twice.")
        return cleaned


class ProviderForm(ProviderModelForm):
    """A provider as a person edits it; the action checks the rest."""

    class Meta:
        model = Provider
        fields = [
            "name",
            "kind",
            "base_url",
            "api_key_env",
            "max_in_flight",
            "requests_per_minute",
            "tokens_per_minute",
            "timeout_s",
            "prices",
            "headers",
            "options",
        ]
        labels = {
            "base_url": "Base URL",
            "api_key_env": "Variable with the key",
            "max_in_flight": "Calls in flight",
            "requests_per_minute": "Requests a minute",
            "tokens_per_minute": "Tokens a minute",
            "timeout_s": "Timeout, seconds",
        }
        help_texts = {
            "base_url": "With or without /v1, like https://api.openai.com/v1.",
            "api_key_env": "The name of an environment variable, like OPENAI_API_KEY; never the key itself.",
            "max_in_flight": "How many calls may be open at once, over all runs: 1 to 10,000.",
            "options": "Options of this kind, as JSON.",
        }
        error_messages = {
            "name": missing("Type a name, like openai: candidates name their provider by it."),
            "max_in_flight": missing("Type a number from 1 to 10,000, like 16."),
            "options": {"invalid": 'This is not JSON; write it like {"stream": true}, with double quotes.'},
        }
        widgets = {"options": forms.Textarea({"rows": 3, "spellcheck": "false"})}

    prices = PricesField(
        help_text="USD per million tokens, a model a row; without, its cost is unknown. Saving brings more empty rows.",
        error_messages={"invalid": 'This is not JSON; write it like {"model": {"input": 2.5, "output": 10}}.'},
    )
    headers = HeadersField(
        help_text='Sent with every call. Values are not shown again; "[hidden]" keeps one.',
        error_messages={"invalid": 'This is not JSON; write it like {"X-Team": "evals"}.'},
    )
    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    api_key = forms.CharField(
        required=False,
        label="Or the key itself",
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text="Stored encrypted and never shown again; for owners. It goes to this base URL only.",
    )
    remove_key = forms.BooleanField(required=False, label="Remove the stored key")
    field_order = ["project", "name", "kind", "base_url", "api_key_env", "api_key", "remove_key"]

    def __init__(self, user: Person, cookies: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fit_key_fields(user)
        self.fields["kind"] = forms.ChoiceField(choices=[(kind, one.label) for kind, one in runners.all().items()])
        mine = projects_for_new(user, "edit_provider", cookies)
        self.fields["project"].queryset = mine  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields["project"]
            self.initial["headers"] = dict.fromkeys(self.instance.headers, HIDDEN)

    def _fit_key_fields(self, user: Person) -> None:
        """Leave out what this person may not do, or what there is nothing to do with."""
        is_new = not self.instance.pk
        may_type = is_new or may(user, self.instance.project, "edit_provider_key")
        is_stored = not is_new and has_stored_key(self.instance)
        if not (may_type and is_stored):
            del self.fields["remove_key"]
        if not may_type:
            del self.fields["api_key"]
        elif is_stored:
            self.fields["api_key"].help_text += " One is stored; empty keeps it."

    def _post_clean(self) -> None:
        """Leave the instance as it is stored: the action writes, and says what does not fit."""

    def clean(self) -> None:
        """Tell all that does not fit at once: what the action would refuse one after the other."""
        super().clean()
        if "project" in self.errors:
            return
        values = {name: value for name, value in self.cleaned_data.items() if name in (*EDITABLE, "project")}
        edited = copy(self.instance)
        for name, value in values.items():
            setattr(edited, name, value)
        for refusal in refusals_of(edited):
            if refusal.field in self.fields and refusal.field not in self.errors:
                self.add_error(refusal.field, str(refusal))

    def ask_for_key_again(self) -> None:
        """Say that a typed key is gone with what else is wrong: pages never hold one."""
        if self.errors and self.data.get("api_key") and "api_key" in self.fields:
            self.add_error("api_key", "Type the key again: it is not kept on the page.")

    def clean_prices(self) -> Any:
        """Return the prices; an empty field means none."""
        return self.cleaned_data["prices"] or {}

    def clean_headers(self) -> Any:
        """Return the headers, hidden values as they are stored; an empty field means none."""
        headers = self.cleaned_data["headers"] or {}
        if not isinstance(headers, dict):
            return headers
        stored = self.instance.headers
        return {name: stored.get(name, value) if value == HIDDEN else value for name, value in headers.items()}

    def clean_options(self) -> Any:
        """Return the options; an empty field means none."""
        return self.cleaned_data["options"] or {}

    def values(self) -> dict[str, Any]:
        """Return what the action takes; a key only where one is typed or removed."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "project"}
        typed, is_removed = values.pop("api_key", ""), values.pop("remove_key", False)
        if typed or is_removed:
            values["api_key"] = typed or None
        return values


class TestForm(forms.Form):
    """Which model a test asks."""

    __test__ = False  # no test class, whatever its name

    model = forms.CharField(max_length=200, required=False, help_text="Empty: the first that the provider lists.")


class CandidateForm(forms.Form):
    """A candidate as a person writes it, but for its prompt; the action checks the rest."""

    name = forms.CharField(
        max_length=200,
        help_text="Names tell candidates apart on every page.",
        error_messages=missing("Type a name, like short prompt."),
    )
    provider = forms.ModelChoiceField(Provider.objects.none(), to_field_name="uid", empty_label=None)
    model = forms.CharField(
        max_length=200,
        widget=forms.TextInput({"list": "known-models", "autocomplete": "off"}),
        error_messages=missing("Type the model by the name that its provider gives it."),
    )
    params = forms.CharField(
        required=False,
        label="Parameters",
        widget=forms.Textarea({"rows": 4, "spellcheck": "false", "class": "mono"}),
        help_text="One a line, as in an experiment file: temperature: 0. Anything else goes under extra_body.",
    )

    def __init__(self, experiment: Experiment, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["provider"].queryset = _providers(experiment)  # type: ignore[attr-defined]

    def clean_params(self) -> dict[str, Any]:
        """Return the parameters. Raises ValidationError with the line or the parameter that does not fit."""
        try:
            return read_params(self.cleaned_data["params"].replace("\r\n", "\n"))
        except ActionRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None


def _providers(experiment: Experiment) -> ProviderQuerySet:
    """Return the providers that are not archived, and those that the experiment has already."""
    mine = Q(archived_at=None) | Q(candidates__experiment=experiment)
    return Provider.objects.filter(mine, project=experiment.project).distinct().order_by("name")


class UploadForm(forms.Form):
    """A file on its way into a dataset."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    name = forms.CharField(
        max_length=200,
        required=False,
        label="Dataset",
        widget=forms.TextInput({"list": "dataset-names", "autocomplete": "off"}),
        help_text="A new name makes a dataset; for an existing one the file becomes its next version. "
        "Empty: the file's name.",
    )
    file = forms.FileField(
        allow_empty_file=True,  # the action says what is wrong with one
        help_text="CSV, TSV, JSON or JSON Lines, also packed as .gz. Its first row names the columns.",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.json,.jsonl,.gz"}),
        error_messages=missing("Choose a file, like questions.csv."),
    )

    def __init__(
        self, user: Person, cookies: Mapping[str, str], dataset: Dataset | None, data: Any, files: Any
    ) -> None:
        super().__init__(data, files)
        self._dataset = dataset
        limit = settings.UPLOAD_LIMIT_BYTES
        self.fields["file"].widget.attrs |= {"data-most-bytes": limit, "data-too-large": too_large(limit)}
        if dataset is not None:
            del self.fields["project"], self.fields["name"]
            return
        mine = projects_for_new(user, "edit_dataset", cookies)
        self.fields["project"].queryset = mine  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Return the file. Raises ValidationError for one that is larger than the site takes."""
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_LIMIT_BYTES:
            raise forms.ValidationError(too_large(settings.UPLOAD_LIMIT_BYTES))
        return file

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        if self._dataset is None:
            return dict(self.cleaned_data)
        return {"project": self._dataset.project, "name": self._dataset.name, **self.cleaned_data}
