"""Declaring an experiment: from a file to rows. Running the same file again changes nothing."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.candidates import add_candidate
from experiments.actions.editing import checked_tags
from experiments.actions.experiments import declare_scorers, set_baseline
from experiments.actions.filling import freeze_rows
from experiments.actions.prompts import save_prompt
from experiments.actions.providers import EDITABLE, create_provider, edit_provider
from experiments.actions.refusals import NAME_LENGTH, ActionRefused
from experiments.actions.scorers import PERSON
from experiments.blobs import default_store
from experiments.canonical import digest_of
from experiments.configs import BLOB
from experiments.files.experiment_file import ExperimentFile
from experiments.files.providers import ProviderPart
from experiments.models import Candidate, Dataset, DatasetVersion, Experiment, Project, Provider
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.templating.rehearsal import rehearse_file

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a declaration came to."""

    experiment: Experiment
    added: list[str] = field(default_factory=list)
    """Names of candidates that are new, or back."""
    removed: list[str] = field(default_factory=list)
    """Names of candidates that are not in the file any more."""
    revised: list[str] = field(default_factory=list)
    """Names of scorers with new options."""

    @property
    def notes(self) -> list[str]:
        """What a person should know, a sentence each."""
        notes = [f"not in the file any more, runs kept: {', '.join(self.removed)}"] if self.removed else []
        return notes + ([f"options changed: {', '.join(self.revised)}"] if self.revised else [])


def project_named(name: str) -> Project:
    """Return the project of this name; the default one is made at first use. Raises ActionRefused."""
    if name == DEFAULT_PROJECT:
        default: Project = Project.objects.get_or_create(name=name)[0]
        return default
    found: Project | None = Project.objects.filter(name=name).first()
    if found is None:
        raise ActionRefused("project", f'there is no project "{name}": make it first')
    return found


def declare_experiment(*, file: ExperimentFile, project: Project, by: Person | None) -> Declaration:
    """Bring the experiment to what the file declares. Raises ActionRefused; then no experiment has changed."""
    require(by, project, "edit_experiment")
    rehearse_file(file)
    version = _version(file, project, by)
    with transaction.atomic():
        experiment = _experiment(file, project, version, by)
        providers = {name: _provider(part, project, by) for name, part in file.providers.items()}
        before = set(experiment.candidates.listed())
        now = _candidates(file, experiment, providers, by)
        revised = _scorers(file, experiment, by)
        baseline = next(candidate for candidate in now if file.baseline in ("", candidate.name))
        set_baseline(experiment=experiment, candidate=baseline, by=by)
    experiment.refresh_from_db()
    added = [candidate.name for candidate in now if candidate not in before]
    return Declaration(experiment, added, [candidate.name for candidate in before.difference(now)], revised)


def _version(file: ExperimentFile, project: Project, by: Person | None) -> DatasetVersion:
    part = file.dataset
    if part.rows is not None:
        note = f"from {file.name}"
        return freeze_rows(project=project, name=part.name, rows=part.rows, by=by, note=note, bad_rows=part.bad_rows)
    dataset = Dataset.objects.filter(project=project, name=part.name).first()
    if dataset is None:
        raise ActionRefused("dataset", f'there is no dataset "{part.name}" in {project}')
    versions = dataset.versions.filter(number=part.number) if part.number else dataset.versions.all()
    found: DatasetVersion | None = versions.first()
    if found is None:
        wanted = f"no version {part.number}" if part.number else "no frozen version"
        raise ActionRefused("dataset", f"{part.name} has {wanted}")
    return found


def _experiment(file: ExperimentFile, project: Project, version: DatasetVersion, by: Person | None) -> Experiment:
    values: dict[str, Any] = {
        "description": file.description,
        "tags": checked_tags(file.tags),
        "dataset_version": version,
        "selection": file.dataset.selection,
        "item_limit": file.dataset.item_limit,
        "variables": file.variables,
        "trials": file.trials,
        "timeout_s": file.timeout_s,
        "is_reusing": file.is_reusing,
        "errors_policy": file.errors_policy,
        "max_errors": file.max_errors,
        "requirements": [requirement.as_json() for requirement in file.requirements],
    }
    if file.budget_usd is not None:  # a budget that was set elsewhere stays where the file says none
        values["budget_usd"] = file.budget_usd
    experiment: Experiment = Experiment.objects.update_or_create(
        project=project, name=file.name, defaults=values, create_defaults={**values, "created_by": user_of(by)}
    )[0]
    return experiment


def _provider(part: ProviderPart, project: Project, by: Person | None) -> Provider:
    """Return the site's provider of this name, brought to what the file says."""
    name = part.use or part.name
    provider: Provider | None = Provider.objects.filter(project=project, name=name).first()
    if part.use and provider is None:
        raise ActionRefused(f"providers.{part.name}.use", f'there is no provider "{name}" in {project}')
    if part.use and provider is not None:
        return provider
    values = {field_name: getattr(part, field_name) for field_name in EDITABLE}
    if part.file is not None:
        with part.file.open("rb") as recorded:
            values["base_url"] = f"{BLOB}{default_store().put_stream(recorded)}"
    if provider is None:
        provider = create_provider(project=project, by=by, **values)
    else:
        provider = edit_provider(provider=provider, by=by, changes=values)
    provider.recorded_in = part.file.name if part.file is not None else ""
    provider.save(update_fields=["recorded_in"])
    return provider


def _prompt_name(experiment: str, name: str) -> str:
    """Return what a prompt of a file is called in its project; an overlong name ends in a digest of the whole."""
    whole = f"{experiment}/{name}"
    return whole if len(whole) <= NAME_LENGTH else f"{whole[: NAME_LENGTH - 9]}~{digest_of(whole)[:8]}"


def _candidates(
    file: ExperimentFile, experiment: Experiment, providers: dict[str, Provider], by: Person | None
) -> list[Candidate]:
    """Return the candidates of the file in its order; the others are taken out."""
    # Names may move from one configuration to another: all are taken out first, then those of the file put back.
    experiment.candidates.listed().update(removed_at=timezone.now())
    versions = {
        name: save_prompt(project=experiment.project, name=_prompt_name(file.name, name), messages=messages, by=by)
        for name, messages in file.prompts.items()
        if name in {part.prompt for part in file.candidates}
    }
    return [
        add_candidate(
            experiment=experiment,
            name=part.name,
            provider=providers[part.provider],
            model=part.model,
            prompt_version=versions[part.prompt],
            params=part.params,
            position=position,
            by=by,
        )
        for position, part in enumerate(file.candidates)
    ]


def _scorers(file: ExperimentFile, experiment: Experiment, by: Person | None) -> list[str]:
    """Return the names of scorers with other options; those that are not in the file are taken out.

    What people rated without any weight stays: no file declares a scorer that the first rating made.
    """
    names = [declaration.name for declaration in file.scorers]
    others = experiment.scorers.filter(removed_at=None).exclude(name__in=names).exclude(kind=PERSON, weight=0)
    others.update(removed_at=timezone.now())
    return declare_scorers(experiment=experiment, declarations=file.scorers, by=by)
