"""Numbers in sentences."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, as in "1 error" and "2,000 errors"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
