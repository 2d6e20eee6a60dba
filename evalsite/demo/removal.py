"""Taking the demo out of the site, with all that belongs to it, for good."""

from evalsite.demo.mark import mark_removed
from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Project
from experiments.models.projects import Person
from experiments.permissions import require
from scoring.deleting import active_runs, delete_rows


def remove_demo(*, project: Project, by: Person | None) -> None:
    """Delete the demo's project, what its runs came to, and the demo people.

    Raises ActionRefused for a project that is no demo, ActionConflict while its runs go on.
    """
    require(by, project, "delete")
    if not project.is_demo:
        raise ActionRefused("project", f"{project} is no demo: only the demo can be removed as a whole.")
    if active_runs(project):
        raise ActionConflict("The demo goes on at this moment: wait for its end, or cancel its runs, then remove it.")
    mark_removed()
    delete_rows(project)
