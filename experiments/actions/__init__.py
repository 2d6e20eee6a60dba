"""What can be done with what is measured: the same functions behind pages, API, admin and commands."""

from experiments.actions.archiving import archive, unarchive
from experiments.actions.budgets import set_budget, set_monthly_budget
from experiments.actions.bulk_edits import cancel_bulk_edit, start_bulk_edit, undo_bulk_edit
from experiments.actions.candidates import add_candidate, declare_candidate, remove_candidate
from experiments.actions.case_lists import freeze_ad_hoc_case, freeze_case_list, freeze_single_case
from experiments.actions.datasets import create_dataset, delete_dataset, edit_dataset, experiments_using
from experiments.actions.declaring import Declaration, declare_experiment, project_named
from experiments.actions.experiments import create_experiment, set_baseline
from experiments.actions.filling import Cancelled, freeze_rows
from experiments.actions.freezing import freeze_dataset
from experiments.actions.importing import BadRows, DataFile, Imported, ImportOptions, import_file, preview_file
from experiments.actions.imports import cancel_import, start_import, upload_file
from experiments.actions.items import add_item, edit_item, remove_item, restore_item
from experiments.actions.members import (
    accept_invitation,
    change_role,
    invite,
    join_as_new,
    remove_member,
    revoke_invitation,
)
from experiments.actions.pausing import pause_provider, resume_provider
from experiments.actions.projects import archive_project, create_project, rename_project, unarchive_project
from experiments.actions.prompts import (
    create_prompt,
    delete_prompt,
    experiments_with_prompt,
    rename_prompt,
    save_prompt,
)
from experiments.actions.providers import create_provider, delete_provider, edit_provider, experiments_with_provider
from experiments.actions.refusals import ActionConflict, ActionRefused, StaleEdit
from experiments.actions.restoring import clone_dataset, restore_version
from experiments.actions.scorers import declare_scorer, person_scorer, remove_scorer, set_weights
from experiments.actions.tokens import issue_token, revoke_token
from experiments.actions.undoing import revert_item, undo_edit

__all__ = [
    "ActionConflict",
    "ActionRefused",
    "BadRows",
    "Cancelled",
    "DataFile",
    "Declaration",
    "ImportOptions",
    "Imported",
    "StaleEdit",
    "accept_invitation",
    "add_candidate",
    "add_item",
    "archive",
    "archive_project",
    "cancel_bulk_edit",
    "cancel_import",
    "change_role",
    "clone_dataset",
    "create_dataset",
    "create_experiment",
    "create_project",
    "create_prompt",
    "create_provider",
    "declare_candidate",
    "declare_experiment",
    "declare_scorer",
    "delete_dataset",
    "delete_prompt",
    "delete_provider",
    "edit_dataset",
    "edit_item",
    "edit_provider",
    "experiments_using",
    "experiments_with_prompt",
    "experiments_with_provider",
    "freeze_ad_hoc_case",
    "freeze_case_list",
    "freeze_dataset",
    "freeze_rows",
    "freeze_single_case",
    "import_file",
    "invite",
    "issue_token",
    "join_as_new",
    "pause_provider",
    "person_scorer",
    "preview_file",
    "project_named",
    "remove_candidate",
    "remove_item",
    "remove_member",
    "remove_scorer",
    "rename_project",
    "rename_prompt",
    "restore_item",
    "restore_version",
    "resume_provider",
    "revert_item",
    "revoke_invitation",
    "revoke_token",
    "save_prompt",
    "set_baseline",
    "set_budget",
    "set_monthly_budget",
    "set_weights",
    "start_bulk_edit",
    "start_import",
    "unarchive",
    "unarchive_project",
    "undo_bulk_edit",
    "undo_edit",
    "upload_file",
]
