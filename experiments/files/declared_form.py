"""An experiment of the site in the form of an experiment file: what `evalsite export` and *Copy as YAML* write."""

from evalsite.plugins import scorers
from experiments.actions.refusals import ActionConflict
from experiments.configs import BLOB
from experiments.declarations import ScorerDeclaration
from experiments.files.dataset import DatasetPart
from experiments.files.experiment_file import CandidatePart, ExperimentFile
from experiments.files.providers import ProviderPart
from experiments.models import Candidate, Experiment, PromptVersion, Provider, ScorerSpec
from experiments.requirements import Requirement


def declared_form(experiment: Experiment, *, name: str = "") -> ExperimentFile:
    """Return what a file would declare; running that makes the same config_hashes. Raises ActionConflict.

    With a `name` it declares a copy that is called so.

    The dataset is named by its version. A provider with headers or recorded outputs is named too: values of headers
    may be secrets, and no file holds those.
    """
    version = experiment.dataset_version
    if version is None:
        raise ActionConflict(f"{experiment} has no dataset: a file declares experiments with one.")
    candidates = list(experiment.candidates.listed().select_related("provider", "prompt_version__prompt"))
    if not candidates:
        raise ActionConflict(f"{experiment} has no candidates yet: add one, then export.")
    prompts = _named(experiment, [candidate.prompt_version for candidate in candidates])
    providers = {candidate.provider.name: _provider(candidate.provider) for candidate in candidates}
    return ExperimentFile(
        name=name or experiment.name,
        description=experiment.description,
        tags=list(experiment.tags),
        project=experiment.project.name,
        variables=dict(experiment.variables),
        dataset=DatasetPart(
            version.dataset.name, version.number, None, dict(experiment.selection), experiment.item_limit
        ),
        providers=providers,
        prompts={name: prompt.messages for name, prompt in prompts.items()},
        candidates=[_candidate(candidate, prompts) for candidate in candidates],
        baseline=next((one.name for one in candidates if one.pk == experiment.baseline_id), ""),
        scorers=[_scorer(spec) for spec in experiment.scorers.filter(removed_at=None)],
        trials=experiment.trials,
        errors_policy=experiment.errors_policy,
        is_reusing=experiment.is_reusing,
        timeout_s=experiment.timeout_s,
        max_errors=experiment.max_errors,
        budget_usd=experiment.budget_usd,
        requirements=[Requirement(**stored) for stored in experiment.requirements],
    )


def _named(experiment: Experiment, versions: list[PromptVersion]) -> dict[str, PromptVersion]:
    """Return the prompt versions under names of their own: the prompt's, with the number where one has several."""
    named: dict[str, PromptVersion] = {}
    for version in sorted(set(versions), key=lambda version: version.pk):
        name = version.prompt.name.removeprefix(f"{experiment.name}/")
        named[f"{name} v{version.number}" if name in named else name] = version
    return named


def _provider(provider: Provider) -> ProviderPart:
    if provider.headers or provider.base_url.startswith(BLOB):
        return ProviderPart(provider.name, use=provider.name)
    return ProviderPart(
        name=provider.name,
        kind=provider.kind,
        base_url=provider.base_url,
        api_key_env=provider.api_key_env,
        options=provider.options,
        max_in_flight=provider.max_in_flight,
        requests_per_minute=provider.requests_per_minute,
        tokens_per_minute=provider.tokens_per_minute,
        timeout_s=provider.timeout_s,
        prices=provider.prices,
    )


def _candidate(candidate: Candidate, prompts: dict[str, PromptVersion]) -> CandidatePart:
    prompt = next(name for name, version in prompts.items() if version == candidate.prompt_version)
    return CandidatePart(candidate.name, candidate.provider.name, candidate.model, prompt, dict(candidate.params))


def _scorer(spec: ScorerSpec) -> ScorerDeclaration:
    """Return a scorer as it is declared: range and direction only where they are not the kind's own."""
    revision = spec.revisions.get(number=spec.revision)
    kind = scorers.get(spec.kind)
    own, low, high = kind.range_of(revision.options), spec.range_low, spec.range_high
    given = None if low is None or high is None or (low, high) == own else (low, high)
    return ScorerDeclaration(
        name=spec.name,
        kind=spec.kind,
        options=revision.options,
        weight=spec.weight,
        range=given,
        higher_is_better=None if spec.higher_is_better == kind.higher_is_better else spec.higher_is_better,
        pass_value=spec.pass_value,
        when=spec.when,
    )
