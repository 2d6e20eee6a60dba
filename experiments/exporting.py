"""From an experiment's rows back to its declared form: *Copy as YAML*, `evalsite export`, the API's export."""

from collections import Counter
from collections.abc import Iterable

from evalsite.plugins import scorers
from experiments.actions.refusals import ActionRefused
from experiments.declarations import ScorerDeclaration
from experiments.experiment_file import CandidatePart, ExperimentFile
from experiments.file_dataset import DatasetPart
from experiments.file_providers import ProviderPart
from experiments.models import Candidate, Experiment, PromptVersion, ScorerSpec


def experiment_file_of(experiment: Experiment) -> ExperimentFile:
    """Return the file that declares this experiment as it is now, for the same site: running it makes no call.

    The dataset is named with its version and the providers by `use`, so that no row and no address is repeated.
    Raises ActionRefused for an experiment without a dataset, which no file can declare.
    """
    version = experiment.dataset_version
    if version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset: a file declares experiments over one.")
    candidates = list(experiment.candidates.listed().select_related("provider", "prompt_version__prompt"))
    names = _prompt_names(experiment, {candidate.prompt_version for candidate in candidates})
    return ExperimentFile(
        name=experiment.name,
        project=experiment.project.name,
        description=experiment.description,
        tags=experiment.tags,
        variables=experiment.variables,
        dataset=DatasetPart(
            name=version.dataset.name,
            number=version.number,
            selection=experiment.selection,
            item_limit=experiment.item_limit,
        ),
        providers={candidate.provider.name: _provider(candidate) for candidate in candidates},
        prompts={name: prompt_version.messages for prompt_version, name in names.items()},
        candidates=[_candidate(candidate, names[candidate.prompt_version]) for candidate in candidates],
        baseline=experiment.baseline.name if experiment.baseline else "",
        scorers=[_scorer(spec) for spec in experiment.scorers.filter(removed_at=None)],
        errors_policy=experiment.errors_policy,
        trials=experiment.trials,
        is_reusing=experiment.is_reusing,
        timeout_s=experiment.timeout_s,
        max_errors=experiment.max_errors,
    )


def _prompt_names(experiment: Experiment, versions: Iterable[PromptVersion]) -> dict[PromptVersion, str]:
    """Return a name for each prompt version: the prompt's, and its version's where two would share it."""
    ordered = sorted(versions, key=lambda version: (version.prompt.name, version.number))
    short = {version: version.prompt.name.removeprefix(f"{experiment.name}/") for version in ordered}
    shared = Counter(short.values())
    return {version: name if shared[name] == 1 else str(version) for version, name in short.items()}


def _provider(candidate: Candidate) -> ProviderPart:
    return ProviderPart(candidate.provider.name, use=candidate.provider.name)


def _candidate(candidate: Candidate, prompt: str) -> CandidatePart:
    return CandidatePart(
        name=candidate.name,
        provider=candidate.provider.name,
        model=candidate.model,
        prompt=prompt,
        params=candidate.params,
    )


def _scorer(spec: ScorerSpec) -> ScorerDeclaration:
    """Return the declaration of a scorer; what its kind says by itself is left out."""
    kind = scorers.get(spec.kind)
    options = spec.revisions.get(number=spec.revision).options
    ends = None if spec.range_low is None or spec.range_high is None else (spec.range_low, spec.range_high)
    return ScorerDeclaration(
        name=spec.name,
        kind=spec.kind,
        options=options,
        weight=spec.weight,
        range=None if ends == kind.range_of(options) else ends,
        higher_is_better=None if spec.higher_is_better == kind.higher_is_better else spec.higher_is_better,
        pass_value=spec.pass_value,
    )
