"""Why an action was not done, in a sentence for people."""


class ActionRefused(ValueError):
    """What was asked for does not fit; `field` names what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ActionConflict(Exception):
    """What was asked for does not fit the state that things are in."""


class StaleEdit(ActionConflict):
    """Somebody else changed the same thing since it was read."""
