"""Pausing a provider, and letting it go on: its runs keep what they have and wait."""

from experiments.actions.refusals import ActionConflict
from experiments.models import Provider
from experiments.models.projects import Person
from experiments.permissions import require

LONGEST_REASON = 200


def pause_provider(*, provider: Provider, by: Person | None) -> None:
    """Let no new call begin, in any run of any lane, within a second; open calls end and are stored.

    Raises ActionConflict when it is paused already.
    """
    require(by, provider.project, "stop")
    reason = f"paused by {by or 'the operator'}"[:LONGEST_REASON]
    if not Provider.objects.filter(pk=provider.pk, pause_reason="").update(pause_reason=reason):
        raise ActionConflict(f"{provider} is paused already.")
    provider.refresh_from_db(fields=["pause_reason"])


def resume_provider(*, provider: Provider, by: Person | None) -> None:
    """Let calls begin again. Raises ActionConflict when it is not paused."""
    require(by, provider.project, "start")
    if not Provider.objects.filter(pk=provider.pk).exclude(pause_reason="").update(pause_reason=""):
        raise ActionConflict(f"{provider} is not paused.")
    provider.refresh_from_db(fields=["pause_reason"])
