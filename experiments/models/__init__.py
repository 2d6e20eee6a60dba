"""WHAT is measured: projects, datasets, providers, prompts, candidates, experiments; and who may see them."""

from experiments.models.access import AccessToken, Invitation, Scope, SignInLink
from experiments.models.cases import CaseChunk, CaseList
from experiments.models.datasets import Dataset, DatasetVersion, Item
from experiments.models.drafts import ExperimentDraft
from experiments.models.edits import BulkChunk, BulkEdit, BulkKind, BulkStatus, ItemEdit
from experiments.models.experiments import Candidate, ErrorsPolicy, Experiment, ScorerRevision, ScorerSpec
from experiments.models.idempotency import IdempotencyKey
from experiments.models.imports import DataImport, ImportStatus
from experiments.models.projects import Membership, Project, Role
from experiments.models.prompts import Prompt, PromptVersion
from experiments.models.providers import Provider
from experiments.models.stored_keys import StoredKey
from experiments.models.table_views import Density, TableView

__all__ = [
    "AccessToken",
    "BulkChunk",
    "BulkEdit",
    "BulkKind",
    "BulkStatus",
    "Candidate",
    "CaseChunk",
    "CaseList",
    "DataImport",
    "Dataset",
    "DatasetVersion",
    "Density",
    "ErrorsPolicy",
    "Experiment",
    "ExperimentDraft",
    "IdempotencyKey",
    "ImportStatus",
    "Invitation",
    "Item",
    "ItemEdit",
    "Membership",
    "Project",
    "Prompt",
    "PromptVersion",
    "Provider",
    "Role",
    "Scope",
    "ScorerRevision",
    "ScorerSpec",
    "SignInLink",
    "StoredKey",
    "TableView",
]
