"""Declaring an experiment: from a file to rows. Running the same file again changes nothing."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from experiments.actions.experiments import add_candidate, declare_scorer
from experiments.actions.filling import freeze_rows
from experiments.actions.prompts import save_prompt
from experiments.actions.providers import EDITABLE, check_provider
from experiments.actions.refusals import ActionRefused
from experiments.blobs import default_store
from experiments.experiment_file import ExperimentFile
from experiments.file_providers import ProviderPart
from experiments.models import Candidate, Dataset, DatasetVersion, Experiment, Project, Provider
from experiments.models.projects import Person
from experiments.permissions import require

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
        return Project.objects.get_or_create(name=name)[0]
    found = Project.objects.filter(name=name).first()
    if found is None:
        raise ActionRefused("project", f'there is no project "{name}": make it first')
    return found


def declare_experiment(*, file: ExperimentFile, project: Project, by: Person | None) -> Declaration:
    """Bring the experiment to what the file declares. Raises ActionRefused; then no experiment has changed."""
    require(by, project, "edit_experiment")
    version = _version(file, project, by)
    with transaction.atomic():
        experiment = _experiment(file, project, version, by)
        providers = {name: _provider(part, project, by) for name, part in file.providers.items()}
        added, kept = _candidates(file, experiment, providers, by)
        removed = _remove_others(experiment, kept)
        revised = _scorers(file, experiment, by)
        _set_baseline(file, experiment)
    experiment.refresh_from_db()
    return Declaration(experiment, added, removed, revised)


def _version(file: ExperimentFile, project: Project, by: Person | None) -> DatasetVersion:
    part = file.dataset
    if part.rows is not None:
        return freeze_rows(project=project, name=part.name, rows=part.rows, by=by, note=f"from {file.name}")
    dataset = Dataset.objects.filter(project=project, name=part.name).first()
    if dataset is None:
        raise ActionRefused("dataset", f'there is no dataset "{part.name}" in {project}')
    versions = dataset.versions.all()
    found = versions.filter(number=part.number).first() if part.number else versions.first()
    if found is None:
        wanted = f"no version {part.number}" if part.number else "no frozen version"
        raise ActionRefused("dataset", f"{part.name} has {wanted}")
    return found


def _experiment(file: ExperimentFile, project: Project, version: DatasetVersion, by: Person | None) -> Experiment:
    values = {
        "description": file.description,
        "tags": file.tags,
        "dataset_version": version,
        "selection": file.dataset.selection,
        "item_limit": file.dataset.item_limit,
        "variables": file.variables,
        "trials": file.trials,
        "timeout_s": file.timeout_s,
        "is_reusing": file.is_reusing,
        "errors_policy": file.errors_policy,
        "max_errors": file.max_errors,
    }
    user = by if by is not None and by.is_authenticated else None
    experiment, _ = Experiment.objects.update_or_create(
        project=project, name=file.name, defaults=values, create_defaults={**values, "created_by": user}
    )
    return experiment


def _provider(part: ProviderPart, project: Project, by: Person | None) -> Provider:
    """Return the site's provider of this name, brought to what the file says."""
    name = part.use or part.name
    provider = Provider.objects.filter(project=project, name=name).first()
    if part.use:
        if provider is None:
            raise ActionRefused(f"providers.{part.name}.use", f'there is no provider "{name}" in {project}')
        return provider
    provider = provider or Provider(project=project, name=name)
    for field_name in EDITABLE:
        if field_name != "name":
            setattr(provider, field_name, getattr(part, field_name))
    if part.file is not None:
        with part.file.open("rb") as recorded:
            provider.base_url = f"blob:{default_store().put_stream(recorded)}"
    provider.is_from_command_line = by is None
    check_provider(provider)
    provider.save()
    return provider


def _candidates(
    file: ExperimentFile, experiment: Experiment, providers: dict[str, Provider], by: Person | None
) -> tuple[list[str], list[int]]:
    """Return the names of new candidates, and the ids of all that the file names."""
    # Names may move from one configuration to another: all are taken out first, then those of the file put back.
    listed = set(experiment.candidates.listed().values_list("pk", flat=True))
    Candidate.objects.filter(pk__in=listed).update(removed_at=timezone.now())
    added, kept = [], []
    for position, part in enumerate(file.candidates):
        version = save_prompt(
            project=experiment.project, name=f"{file.name}/{part.prompt}", messages=file.prompts[part.prompt], by=by
        )
        candidate, _ = add_candidate(
            experiment=experiment,
            name=part.name,
            provider=providers[part.provider],
            model=part.model,
            prompt_version=version,
            params=part.params,
            position=position,
            by=by,
        )
        if candidate.pk in kept:
            raise ActionRefused("candidates", f'"{part.name}" is the same candidate as an earlier one')
        kept.append(candidate.pk)
        added += [part.name] if candidate.pk not in listed else []
    return added, kept


def _remove_others(experiment: Experiment, kept: list[int]) -> list[str]:
    """Return the names of the candidates that were listed before and are not in the file."""
    gone = experiment.candidates.exclude(pk__in=kept).filter(removed_at__isnull=False)
    return [candidate.name for candidate in gone]


def _scorers(file: ExperimentFile, experiment: Experiment, by: Person | None) -> list[str]:
    names = [declaration.name for declaration in file.scorers]
    experiment.scorers.exclude(name__in=names).filter(removed_at=None).update(removed_at=timezone.now())
    revised = []
    for position, declaration in enumerate(file.scorers):
        spec, is_revised = declare_scorer(experiment=experiment, declaration=declaration, position=position, by=by)
        revised += [spec.name] if is_revised else []
    return revised


def _set_baseline(file: ExperimentFile, experiment: Experiment) -> None:
    candidates = experiment.candidates.listed()
    chosen = candidates.filter(name=file.baseline) if file.baseline else candidates
    Experiment.objects.filter(pk=experiment.pk).update(baseline=chosen.order_by("position", "id").first())
