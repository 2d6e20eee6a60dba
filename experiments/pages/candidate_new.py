"""The page that adds a candidate from a copy of a row."""

from dataclasses import dataclass, replace

from django.http import HttpRequest

from experiments.actions import ActionRefused
from experiments.declarations import CandidateDeclaration
from experiments.files.params_text import params_text
from experiments.forms import CandidateForm
from experiments.models import Candidate, Experiment, Provider
from experiments.pages.prompt_editor import ItemPreview, PromptEditor
from experiments.pages.providers import known_models

DEFAULT_PROMPT = "default"


@dataclass(frozen=True)
class CandidateNewPage:
    """A form with the prompt, the model and the parameters of a row, ready to be changed."""

    experiment: Experiment
    copied: Candidate | None
    form: CandidateForm
    editor: PromptEditor
    item: ItemPreview
    models: list[str]

    @classmethod
    def build(cls, request: HttpRequest, experiment: Experiment) -> "CandidateNewPage":
        """Return the page; `copy` in the query names the row, else it is the first one."""
        copied = _copied(experiment, request.GET.get("copy", ""))
        if request.method == "POST":
            form, editor = CandidateForm(experiment, request.POST), PromptEditor.typed(request.POST)
        else:
            form = CandidateForm(experiment, initial=_initial(copied))
            editor = PromptEditor(copied.prompt_version.messages if copied else [])
        item = preview_in(experiment, editor, request.POST.get("item", ""))
        providers = Provider.objects.filter(project=experiment.project).offered()
        return cls(experiment, copied, form, editor, item, known_models(providers))

    @property
    def is_wrong(self) -> bool:
        """Whether something has to be mended before it can be added."""
        return bool(self.form.errors or self.editor.problem)

    def declaration(self) -> CandidateDeclaration | None:
        """Return what the form declares; None: it does not fit."""
        if not self.form.is_valid():
            return None
        values = self.form.cleaned_data
        prompt = self.copied.prompt_version.prompt.name if self.copied else f"{self.experiment.name}/{DEFAULT_PROMPT}"
        return CandidateDeclaration(
            values["name"], values["provider"], values["model"], self.editor.messages, prompt, values["params"]
        )

    def refused(self, refusal: ActionRefused) -> "CandidateNewPage":
        """Return the page with what does not fit said at its place."""
        if refusal.field == "prompt":
            return replace(self, editor=replace(self.editor, problem=str(refusal)))
        self.form.add_error(refusal.field if refusal.field in self.form.fields else None, str(refusal))
        return self


def preview_in(experiment: Experiment, editor: PromptEditor, key: str) -> ItemPreview:
    """Return a prompt as an item of the experiment would get it."""
    return ItemPreview.build(editor.messages, experiment.dataset_version, key, experiment.variables)


def _copied(experiment: Experiment, uid: str) -> Candidate | None:
    rows = experiment.candidates.select_related("provider", "prompt_version__prompt")
    named = next((one for one in rows if str(one.uid) == uid), None)
    found: Candidate | None = named or rows.filter(removed_at=None).first()
    return found


def _initial(copied: Candidate | None) -> dict[str, object]:
    if copied is None:
        return {}
    return {
        "name": f"{copied.name} (copy)",
        "provider": copied.provider,
        "model": copied.model,
        "params": params_text(copied.params),
    }
