"""The app that wires the site: its system checks."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from django.db.models.signals import post_delete


class EvalsiteConfig(AppConfig):
    """Settings, urls, the command line and the registry of plug-ins."""

    name = "evalsite"

    def ready(self) -> None:
        """Register the checks; hear when the demo is deleted; let forked processes begin without connections.

        PostgreSQL hears with every connection how long it waits for a client that is gone.
        """
        from evalsite.checks import check_plugins
        from evalsite.demo.mark import note_removal
        from evalsite.forks import share_nothing_with_forks
        from evalsite.severed import end_severed_sessions
        from experiments.models import Project

        register(check_plugins)
        post_delete.connect(note_removal, sender=Project)
        if settings.OTEL:
            from runs.signals import run_ended
            from runs.traces.spans import tell_of_ended_run

            run_ended.connect(tell_of_ended_run)
        share_nothing_with_forks()
        end_severed_sessions()
