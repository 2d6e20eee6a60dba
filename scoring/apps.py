"""The app that judges; it hears of changed results."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Scores, ratings, standings and the leaderboard."""

    name = "scoring"

    def ready(self) -> None:
        """Connect the receivers."""
        from scoring import catching_up, summing

        _ = catching_up, summing
