"""The app that judges; it hears of changed results."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Scores, ratings, standings and the leaderboard."""

    name = "scoring"

    def ready(self) -> None:
        """Connect the receivers."""
        from scoring.boards import summing
        from scoring.changing import catching_up

        _ = catching_up, summing
