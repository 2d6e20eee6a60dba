"""What the models of the servers know: sums, and that they are ready."""

import re

SUM = re.compile(r"(\d+) ?\+ ?(\d+)")


def answer_to(text: str) -> str:
    """Return the answer to the last sum in a text; "ready" where it asks for none."""
    found = SUM.findall(text)
    return str(sum(map(int, found[-1]))) if found else "ready"
